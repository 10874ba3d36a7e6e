/* SPDX-License-Identifier: MIT */
/*
 * Restoring a file means writing it, which changes its ctime. The sources are not written again: an
 * edit is made once, after the state was kept. The output is written, so its stamp in the kept
 * manifest is replaced by its present one.
 */
#include "damaged_project.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- the sources --------------------------------------------------------------------------- */

static void write_part(const DamagedProject *in, unsigned number, unsigned edition)
{
    char text[400];
    if (in->is_tiny)
        snprintf(text, sizeof text, "fn twice(n: i32) i32 { return %u%u; }\n", in->flavour,
                 edition);
    else
        snprintf(text, sizeof text,
                 "struct Pair { first: i32, second: i32 }\nconst base: i32 = %u;\n"
                 "fn add(a: i32, b: i32) i32 { const p = Pair{ first: a, second: b };\n"
                 "    return p.first + p.second + %u; }\n"
                 "fn twice(n: i32) i32 { return add(n, n) * base; }\n",
                 in->flavour + number % 4, edition);
    mini_project_write_part(&in->project, number, text);
}

static void write_sources(const DamagedProject *in, unsigned files)
{
    for (unsigned i = 0; i + 1 < files; i++)
        write_part(in, i, 100);
    mini_project_write_main(&in->project, files - 1);
}

/* ---- opening ------------------------------------------------------------------------------- */

static void build_until_settled(MiniProject *project)
{
    scratch_settle(&project->scratch);
    mini_project_settle(project);
}

static void open_mini(DamagedProject *project, unsigned files)
{
    MiniProject *in = &project->project;
    mini_project_open(in);
    write_sources(project, files);
    build_until_settled(in);
    for (unsigned edition = 101; edition < 104 && !project->is_tiny; edition++) {
        write_part(project, (edition - 100) % (files - 1), edition);
        build_until_settled(in);
    }
}

static void write_included(DamagedProject *in, unsigned files, unsigned edition)
{
    include_project_write(&in->including,
                          &(IncludeSources){.parts = files - 1, .shared = edition, .data = 1});
}

/* Each of the files has two lists, or more than are kept. */
static void open_including(DamagedProject *project, unsigned files)
{
    include_project_open(&project->including);
    for (unsigned edition = 0; edition < (project->is_tiny ? 2 : 6); edition++) {
        write_included(project, files, edition);
        build_until_settled(&project->project);
    }
}

void damaged_project_open(DamagedProject *project, unsigned files, Situation situation,
                          Flavour flavour)
{
    MiniProject *in = &project->project;
    *project = (DamagedProject){
        .situation = situation, .flavour = flavour, .is_tiny = files == 2};
    if (flavour == FLAVOUR_INCLUDES)
        open_including(project, files);
    else
        open_mini(project, files);
    project->cache_fd = openat(in->scratch.fd, "cache", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(project->cache_fd >= 0);
    kept_cache_read(&project->kept, &in->scratch);
    if (situation != DAMAGED_ONLY && flavour == FLAVOUR_INCLUDES)
        write_included(project, files, project->is_tiny ? 0 : 4); /* back: a kept list is right */
    else if (situation != DAMAGED_ONLY)
        write_part(project, 0, 222);
    project->new_output = mini_project_clean_output(in, &project->new_size);
    assert_non_null(project->new_output);
}

void damaged_project_close(DamagedProject *project)
{
    kept_cache_free(&project->kept);
    free(project->new_output);
    close(project->cache_fd);
    mini_project_close(&project->project);
}

/* ---- restoring ----------------------------------------------------------------------------- */

void damaged_project_restore(DamagedProject *project)
{
    const Scratch *scratch = &project->project.scratch;
    kept_cache_put_back(&project->kept, scratch);
    kept_cache_adopt_output(scratch, false);
    if (project->situation == DAMAGED_AND_NO_OUTPUT)
        assert_int_equal(unlinkat(scratch->fd, "out.ll", 0), 0);
}

/* ---- the oracle ---------------------------------------------------------------------------- */

void damaged_project_expect_rebuilding(DamagedProject *project, const char *what)
{
    MiniProject *in = &project->project;
    Slice expected = slice_of(project->new_output, project->new_size);
    project->tries++;
    if (mini_project_build(in) != BUILD_OK)
        fail_msg("%s, situation %d: the build ends with status %d: %s", what, project->situation,
                 in->status, in->said.data);
    if (!mini_project_output_is(in, expected))
        fail_msg("%s, situation %d: the output is wrong", what, project->situation);
    mini_project_build(in);
    if (in->status != BUILD_OK || in->was_damaged || in->patch.strategy != PATCH_UP_TO_DATE ||
        !mini_project_output_is(in, expected))
        fail_msg("%s, situation %d: one build does not heal (%s)", what, project->situation,
                 patch_strategy_name(in->patch.strategy));
}
