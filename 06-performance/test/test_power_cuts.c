/* SPDX-License-Identifier: MIT */
/*
 * After a power cut a disk may hold any of the last seconds' writes and lack any other: a rename
 * without the bytes written before it, a file without its tail, today's output under yesterday's
 * stamp. Whatever it is, the next build gives the output of a clean one and a cache in which
 * verify finds nothing, leaves no file that nobody names, and the one after that finds everything
 * up to date.
 *
 * The files are kept after each commit. A disk after a cut is put together from three commits in a
 * row: each file as one of them left it, or page by page as two of them did; missing, if one of
 * them did not have it; cut short, or with zeros at the end or inside. On every third disk the
 * cache is whole, and only the output does not belong to it. Then the system counts as restarted,
 * and the output has exactly the stamp that the manifest records.
 *
 * Twice: of a Mini program, and of one whose lists of what lowering saw are among what is lost.
 *
 * `make test` tries a sample. POWER_CUTS says how many disks per commit, POWER_CUTS_SEED which
 * ones.
 */
#include "include_project.h"
#include "kept_cache.h"

#include "file_table.h"
#include "manifest.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PARTS = 16, COMMITS = 10, WINDOW = 3, PAGE = 4096 };

/* ---- programs and their edits -------------------------------------------------------------- */

typedef void Edit(MiniProject *project, unsigned commit);

static void write_part(const MiniProject *project, unsigned number, unsigned edition, unsigned terms)
{
    ByteBuffer text = {0};
    buffer_put_format(&text, "fn add(a: i32, b: i32) i32 { return a + b + %u", edition);
    for (unsigned i = 0; i < terms; i++)
        buffer_put(&text, slice_from(" + a * b"));
    buffer_put(&text, slice_from("; }\nfn twice(n: i32) i32 { return add(n, n); }\n"));
    buffer_put_byte(&text, '\0');
    mini_project_write_part(project, number, text.data);
    buffer_free(&text);
}

static void write_all(const MiniProject *project)
{
    for (unsigned i = 0; i < PARTS; i++)
        write_part(project, i, 100, i);
    mini_project_write_main(project, PARTS - 1);
}

/* Bodies of the same and of other sizes, files added and removed, and a build that writes
 * everything again. */
static void edit_mini(MiniProject *project, unsigned commit)
{
    project->force = commit == 7;
    switch (commit) {
    case 0: write_all(project); break;
    case 3: write_part(project, 3, 103, 60); break;
    case 4: mini_project_write_main(project, PARTS); break;
    case 6: mini_project_write_main(project, PARTS - 1); break;
    default: write_part(project, commit, 100 + commit, commit); break;
    }
}

/* Texts, data and the value; some are switched back, so that there is more than one list. */
static void edit_includes(MiniProject *project, unsigned commit)
{
    static const IncludeSources sources[COMMITS] = {
        {.parts = 6},
        {.parts = 6, .shared = 1},
        {.parts = 6, .shared = 1, .data = 1},
        {.parts = 6, .data = 1},
        {.parts = 7, .data = 1},
        {.parts = 7, .data = 1, .near = 1},
        {.parts = 6, .data = 1},
        {.parts = 6, .data = 1, .body = 1},
        {.parts = 6, .data = 1, .body = 1, .value = 1},
        {.parts = 6, .data = 2, .deep = 1, .shared = 1},
    };
    project->force = commit == 7;
    include_project_write((IncludeProject *)(void *)project, &sources[commit]);
}

/* The build of the edit, and another one that finds stamps old enough to be recorded. */
static void commit_edit(MiniProject *project, Edit *edit, unsigned commit)
{
    edit(project, commit);
    scratch_age(&project->scratch, project->entry == NULL ? "main.mini" : project->entry, 10);
    assert_int_equal(mini_project_build(project), BUILD_OK);
    project->force = false;
    mini_project_settle(project);
}

/* ---- a disk after a cut -------------------------------------------------------------------- */

static const KeptFile *version_of(const KeptCache *moment, const char *name)
{
    if (strcmp(name, moment->output.name) == 0)
        return &moment->output;
    const KeptFile *file = kept_cache_find(moment, name);
    return file != NULL && strcmp(file->name, name) == 0 ? file : NULL;
}

static size_t whole_pages(size_t size)
{
    return size / PAGE * PAGE;
}

/* Some pages as in the other version: a file overwritten in place. */
static void mix_pages(KeptFile *file, const KeptFile *other, uint64_t *random)
{
    for (size_t at = 0; at < file->size; at += PAGE) {
        size_t size = file->size - at < PAGE ? file->size - at : PAGE;
        if (random_next(random) % 2 == 0 && other != NULL && other->size >= at + size)
            memcpy(file->bytes + at, other->bytes + at, size);
    }
}

/* The length reached the disk and some of the bytes did not; or not even the length did. */
static void damage(KeptFile *file, uint64_t *random)
{
    size_t place = file->size == 0 ? 0 : random_next(random) % file->size;
    switch (random_next(random) % 5) {
    case 0: file->size = place; break;
    case 1: file->size = whole_pages(place); break;
    case 2: file->size = 0; break;
    case 3: memset(file->bytes + whole_pages(place), 0, file->size - whole_pages(place)); break;
    default:
        place = whole_pages(place);
        memset(file->bytes + place, 0, file->size - place < PAGE ? file->size - place : PAGE);
    }
}

static bool copy(KeptFile *file, const KeptFile *from)
{
    if (from == NULL)
        return false;
    *file = *from;
    file->bytes = malloc(from->size + 1);
    assert_non_null(file->bytes);
    memcpy(file->bytes, from->bytes, from->size);
    return true;
}

/* One file of the disk, from one of the moments; false if it is missing. */
static bool survive(KeptFile *file, const KeptCache *moments, const char *name, uint64_t *random)
{
    const KeptFile *other = version_of(&moments[random_next(random) % WINDOW], name);
    if (!copy(file, version_of(&moments[random_next(random) % WINDOW], name)))
        return false;
    uint64_t fate = random_next(random) % 8;
    if (fate == 0)
        damage(file, random);
    else if (fate <= 2)
        mix_pages(file, other, random);
    return true;
}

static bool is_listed(const KeptCache *disk, const char *name)
{
    for (unsigned i = 0; i < disk->count; i++)
        if (strcmp(disk->files[i].name, name) == 0)
            return true;
    return false;
}

static void mix_caches(KeptCache *disk, const KeptCache *moments, uint64_t *random)
{
    for (unsigned moment = 0; moment < WINDOW; moment++) {
        for (unsigned i = 0; i < moments[moment].count; i++) {
            const char *name = moments[moment].files[i].name;
            bool is_new = moment == 0 || version_of(&moments[moment - 1], name) == NULL;
            if (is_new && !is_listed(disk, name) &&
                survive(&disk->files[disk->count], moments, name, random))
                disk->count++;
        }
    }
}

static void cut_power(KeptCache *disk, const KeptCache *moments, uint64_t seed)
{
    uint64_t random = seed;
    *disk = (KeptCache){0};
    if (random_next(&random) % 3 != 0) {
        mix_caches(disk, moments, &random);
    } else {
        const KeptCache *whole = &moments[random_next(&random) % WINDOW];
        for (; disk->count < whole->count; disk->count++)
            copy(&disk->files[disk->count], &whole->files[disk->count]);
    }
    while (!survive(&disk->output, moments, "out.ll", &random))
        continue;
}

/* ---- after the cut ------------------------------------------------------------------------- */

/* The sources are those of the last moment. */
static void cut_after(MiniProject *project, const KeptCache *moments, unsigned commit)
{
    uint64_t tries = number_from("POWER_CUTS", 30), first = number_from("POWER_CUTS_SEED", 1);
    size_t size;
    char *expected = mini_project_clean_output(project, &size);
    assert_non_null(expected);
    for (uint64_t seed = first; seed < first + tries; seed++) {
        KeptCache disk;
        char what[80];
        snprintf(what, sizeof what, "commit %u, POWER_CUTS_SEED=%llu", commit,
                 (unsigned long long)seed);
        cut_power(&disk, moments, seed * COMMITS + commit);
        kept_cache_put_back(&disk, &project->scratch);
        kept_cache_adopt_output(&project->scratch, true);
        mini_project_expect_healed(project, slice_of(expected, size), what);
        mini_project_expect_nothing_left_over(project, what);
        kept_cache_free(&disk);
    }
    free(expected);
}

/* The first `synced` commits are made with --sync. */
static void walk(Edit *edit, unsigned synced)
{
    IncludeProject opened;
    MiniProject *project = &opened.mini;
    KeptCache moments[COMMITS];
    if (edit == edit_includes)
        include_project_open(&opened);
    else
        mini_project_open(project);
    for (unsigned commit = 0; commit < COMMITS; commit++) {
        project->sync = commit < synced;
        commit_edit(project, edit, commit);
        kept_cache_read(&moments[commit], &project->scratch);
        project->sync = false;
        if (commit + 1 < WINDOW)
            continue;
        cut_after(project, &moments[commit + 1 - WINDOW], commit);
        kept_cache_put_back(&moments[commit], &project->scratch);
        kept_cache_adopt_output(&project->scratch, false);
    }
    for (unsigned commit = 0; commit < COMMITS; commit++)
        kept_cache_free(&moments[commit]);
    mini_project_close(project);
    print_message("# tried: %llu disks after a power cut\n",
                  (unsigned long long)number_from("POWER_CUTS", 30) * (COMMITS - WINDOW + 1));
}

static void test_power_cuts(void **state)
{
    (void)state;
    walk(edit_mini, 0);
    walk(edit_includes, 0);
}

/* What was synced is there; what later builds wrote without --sync may be there too. */
static void test_power_cuts_after_synced_commits(void **state)
{
    (void)state;
    walk(edit_mini, COMMITS / 2);
    walk(edit_includes, COMMITS / 2);
}

/* ---- a source ------------------------------------------------------------------------------ */

/* Records the present stamp of a source with its previous content, and a restart. */
static void record_present_stamp(const MiniProject *project, const char *source)
{
    char id[17] = "", name[64];
    KeptCache kept;
    Manifest manifest;
    FileHashCache files;
    StateFile state;
    KnownStamp known = {0};
    uint64_t written = 0;
    int dir_fd = openat(project->scratch.fd, "cache", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    kept_cache_read(&kept, &project->scratch);
    memcpy(id, kept_cache_find(&kept, ".manifest")->name, 16);
    kept_cache_free(&kept);
    snprintf(name, sizeof name, "%s.files", id);
    assert_int_equal(manifest_load(&manifest, dir_fd, id), 0);
    assert_int_equal(file_table_load(&files, &state, dir_fd, name, &manifest.header.files), 0);
    uint32_t file = file_hash_cache_find(&files, slice_from(source));
    assert_int_equal(file_stamp_at(project->scratch.fd, source, &known.stamp), 0);
    file_hash_cache_set(&files, file, &known, files.records[file].content);
    assert_int_equal(state_file_commit(&state, &files.image, false, &manifest.header.files, NULL), 0);
    manifest.header.boot.low++;
    assert_int_equal(manifest_store(&manifest, dir_fd, id, false, &written), 0);
    file_hash_cache_close(&files);
    manifest_free(&manifest);
    close(dir_fd);
}

/* An editor saves, a build reads the file from memory, and then the disk has the stamp but not the
 * bytes. */
static void test_a_source_whose_bytes_were_lost(void **state)
{
    MiniProject project;
    (void)state;
    mini_project_open(&project);
    for (unsigned commit = 0; commit < 2; commit++)
        commit_edit(&project, edit_mini, commit);
    write_part(&project, 1, 999, 1);
    record_present_stamp(&project, "part1.mini");
    assert_int_equal(mini_project_build(&project), BUILD_OK);
    mini_project_expect_clean(&project);
    mini_project_build(&project); /* once: from now on stamps are trusted again */
    assert_true(project.counts.files_hashed <= 1);
    mini_project_close(&project);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_power_cuts),
        cmocka_unit_test(test_power_cuts_after_synced_commits),
        cmocka_unit_test(test_a_source_whose_bytes_were_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
