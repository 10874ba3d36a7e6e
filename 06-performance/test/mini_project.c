/* SPDX-License-Identifier: MIT */
#include "mini_project.h"

#include "agreeing_counts.h"
#include "output_verify.h"

#include <stdio.h>
#include <stdlib.h>

void mini_project_open(MiniProject *project)
{
    *project = (MiniProject){0};
    scratch_open(&project->scratch);
    assert_int_equal(
        mini_compiler_init(&project->compiler, &(MiniSettings){0}, &project->prelude), 0);
}

void mini_project_close(MiniProject *project)
{
    scratch_close(&project->scratch);
    buffer_free(&project->prelude);
    buffer_free(&project->said);
}

void mini_project_write(const MiniProject *project, const char *name, const char *text)
{
    scratch_write(&project->scratch, name, text);
}

void mini_project_write_main(const MiniProject *project, unsigned parts)
{
    ByteBuffer text = {0};
    for (unsigned i = 0; i < parts; i++)
        buffer_put_format(&text, "import \"part%u.mini\" as part%u;\n", i, i);
    buffer_put(&text, slice_from("fn main() i32 {\n    var sum = 0;\n"));
    for (unsigned i = 0; i < parts; i++)
        buffer_put_format(&text, "    sum = sum + part%u.twice(%u);\n", i, i);
    buffer_put(&text, slice_from("    print(sum);\n    return 0;\n}\n"));
    buffer_put_byte(&text, '\0');
    mini_project_write(project, "main.mini", text.data);
    buffer_free(&text);
}

void mini_project_write_part(const MiniProject *project, unsigned number, const char *text)
{
    char name[32];
    snprintf(name, sizeof name, "part%u.mini", number);
    mini_project_write(project, name, text);
}

/* ---- building ------------------------------------------------------------------------------ */

static void note_what_was_said(MiniProject *project, const Build *build)
{
    const Diagnostics *diagnostics = build_diagnostics(build);
    const BuildFailure *failure = build_failure(build);
    project->said.size = 0;
    for (size_t i = 0; i < diagnostics->count; i++)
        diagnostic_format(&diagnostics->items[i], (Slice){"", 0}, &project->said);
    if (failure->what != NULL) {
        buffer_put(&project->said, slice_from(failure->path));
        buffer_put(&project->said, slice_from(": "));
        buffer_put(&project->said, slice_from(failure->what));
    }
    buffer_put_byte(&project->said, '\0');
}

typedef struct Paths {
    char entry[512], cache[512], output[512];
} Paths;

static BuildRequest request_in(const MiniProject *project, const Scratch *place, Paths *paths)
{
    snprintf(paths->entry, sizeof paths->entry, "%s/%s", project->scratch.path,
             project->entry == NULL ? "main.mini" : project->entry);
    snprintf(paths->cache, sizeof paths->cache, "%s/cache", place->path);
    snprintf(paths->output, sizeof paths->output, "%s/out.ll", place->path);
    return (BuildRequest){.compiler = &project->compiler,
                          .entry = paths->entry,
                          .cache_dir = paths->cache,
                          .executor = project->executor == NULL ? &executor_serial
                                                                : project->executor,
                          .force = project->force,
                          .paranoid = project->paranoid,
                          .sync = project->sync};
}

BuildStatus mini_project_build_in(MiniProject *project, const Scratch *place)
{
    Paths paths;
    Build *build;
    BuildRequest request = request_in(project, place, &paths);
    project->patch = (PatchResult){0};
    project->status = build_open(&build, &request);
    if (project->status == BUILD_OK)
        project->status = build_plan(build);
    if (project->status == BUILD_OK)
        project->status =
            output_write_as(build, paths.output, project->format, &project->patch);
    project->counts = *build_counts(build);
    assert_true(counts_agree(&project->counts));
    project->was_damaged = project->status != BUILD_MACHINE_FAILED &&
                           build_planned(build)->state_was_damaged;
    note_what_was_said(project, build);
    build_close(build);
    return project->status;
}

BuildStatus mini_project_build(MiniProject *project)
{
    return mini_project_build_in(project, &project->scratch);
}

void mini_project_settle(MiniProject *project)
{
    do
        assert_int_equal(mini_project_build(project), BUILD_OK);
    while (project->patch.strategy != PATCH_UP_TO_DATE || project->counts.files_hashed != 0);
}

/* ---- comparing ----------------------------------------------------------------------------- */

/* Also returns how that build ended. */
static char *clean_output(const MiniProject *project, size_t *size, BuildStatus *status)
{
    MiniProject clean = *project;
    Scratch place;
    char *output = NULL;
    clean.said = (ByteBuffer){0};
    scratch_open(&place);
    mini_project_build_in(&clean, &place);
    if (clean.status == BUILD_OK)
        output = scratch_read(&place, "out.ll", size);
    scratch_close(&place);
    buffer_free(&clean.said);
    *status = clean.status;
    return output;
}

char *mini_project_clean_output(const MiniProject *project, size_t *size)
{
    BuildStatus status;
    return clean_output(project, size, &status);
}

bool mini_project_output_is(const MiniProject *project, Slice bytes)
{
    size_t size;
    if (!scratch_exists(&project->scratch, "out.ll"))
        return false;
    char *output = scratch_read(&project->scratch, "out.ll", &size);
    bool is_equal = slice_equal(slice_of(output, size), bytes);
    free(output);
    return is_equal;
}

void mini_project_expect_as_clean(MiniProject *project, BuildStatus status)
{
    Scratch place;
    assert_int_equal(mini_project_build(project), status);
    char *said = strdup(project->said.data);
    scratch_open(&place);
    assert_int_equal(mini_project_build_in(project, &place), status);
    scratch_close(&place);
    assert_string_equal(said, project->said.data);
    free(said);
}

void mini_project_expect_clean(const MiniProject *project)
{
    size_t size;
    BuildStatus status;
    char *expected = clean_output(project, &size, &status);
    if (project->status != status)
        fail_msg("the build ends with status %d, a clean one with %d: %s", project->status, status,
                 project->said.data);
    if (expected != NULL && !mini_project_output_is(project, slice_of(expected, size)))
        fail_msg("the output is not that of a clean build");
    free(expected);
}

static void note_difference(void *context, Slice subject, const char *what)
{
    ByteBuffer *found = context;
    buffer_put(found, subject);
    buffer_put_format(found, ": %s\n", what);
}

void mini_project_expect_verified(MiniProject *project, const char *what)
{
    Paths paths;
    Build *build;
    ByteBuffer found = {0};
    Verification verification = {.differs = note_difference, .context = &found};
    BuildRequest request = request_in(project, &project->scratch, &paths);
    request.in_memory = true;
    assert_int_equal(build_open(&build, &request), BUILD_OK);
    assert_int_equal(build_verify(build, &verification), BUILD_OK);
    assert_int_equal(output_verify(build, paths.output, project->format, &verification), BUILD_OK);
    build_close(build);
    buffer_put_byte(&found, '\0');
    if (verification.differences != 0)
        fail_msg("%s: %s", what, found.data);
    buffer_free(&found);
}

/* ---- healing ------------------------------------------------------------------------------- */

/* The files of a table have the number that the manifest names: all the same one. */
void mini_project_expect_nothing_left_over(const MiniProject *project, const char *what)
{
    static const char *const tables[] = {".files.", ".units.", ".sections."};
    uint64_t numbers[3] = {0};
    FileList files = scratch_list(&project->scratch, "cache");
    for (unsigned i = 0; i < files.count; i++) {
        const char *name = files.paths[i];
        if (strstr(name, ".tmp") != NULL)
            fail_msg("%s: %s is left over", what, name);
        for (unsigned table = 0; table < 3; table++) {
            const char *at = strstr(name, tables[table]);
            uint64_t number = at == NULL ? 0 : strtoull(at + strlen(tables[table]), NULL, 10);
            if (number != 0 && numbers[table] != 0 && number != numbers[table])
                fail_msg("%s: %s is there, and so is number %llu", what, name,
                         (unsigned long long)numbers[table]);
            numbers[table] = number == 0 ? numbers[table] : number;
        }
    }
}

void mini_project_expect_healed(MiniProject *project, Slice expected, const char *what)
{
    if (mini_project_build(project) != BUILD_OK)
        fail_msg("%s: the build ends with status %d: %s", what, project->status,
                 project->said.data);
    if (!mini_project_output_is(project, expected))
        fail_msg("%s: the output is wrong (%s)", what,
                 patch_strategy_name(project->patch.strategy));
    mini_project_expect_verified(project, what);
    mini_project_build(project);
    if (project->status != BUILD_OK || project->was_damaged ||
        project->patch.strategy != PATCH_UP_TO_DATE || !mini_project_output_is(project, expected))
        fail_msg("%s: one build does not heal (%s)", what,
                 patch_strategy_name(project->patch.strategy));
}

/* ---- many tries ---------------------------------------------------------------------------- */

uint64_t number_from(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text == NULL ? otherwise : strtoull(text, NULL, 0);
}

uint64_t random_next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}
