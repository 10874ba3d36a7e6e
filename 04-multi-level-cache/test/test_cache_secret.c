/* SPDX-License-Identifier: MIT */
/* The secret of a cache: how it is kept, what happens to a cache that others made, and that nothing
 * in a cache is used without it. */
#include "build_internal.h"
#include "cache_secret.h"
#include "line_project.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static HashSecret maker_number(unsigned char number)
{
    HashSecret maker;
    const unsigned char seed[HASH_SEED_SIZE] = {number};
    hash_secret_make(&maker, seed);
    return maker;
}

/* ---- the file ------------------------------------------------------------------------------ */

static CacheSecret open_secret(const Scratch *scratch, const HashSecret *maker, bool trust)
{
    CacheSecret secret;
    assert_int_equal(cache_secret_open(&secret, scratch->fd, maker, trust), 0);
    return secret;
}

static void renew(const Scratch *scratch, CacheSecret *secret, const HashSecret *maker)
{
    assert_int_equal(cache_secret_renew(secret, scratch->fd, maker), 0);
    assert_int_equal(secret->origin, SECRET_OWN);
}

static bool same(const CacheSecret *a, const CacheSecret *b)
{
    return memcmp(&a->hash, &b->hash, sizeof a->hash) == 0;
}

static void test_a_new_one_is_kept(void **state)
{
    Scratch *scratch = *state;
    HashSecret maker = maker_number(1);
    CacheSecret first = open_secret(scratch, &maker, false);
    assert_int_equal(first.origin, SECRET_NONE);
    CacheSecret other = open_secret(scratch, &maker, false);
    assert_false(same(&first, &other));
    renew(scratch, &first, &maker);
    CacheSecret again = open_secret(scratch, &maker, false);
    assert_int_equal(again.origin, SECRET_OWN);
    assert_true(again.is_signed && same(&first, &again));
    struct stat status;
    assert_int_equal(fstatat(scratch->fd, "secret", &status, 0), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void test_that_of_another_maker_is_not_used_unless_trusted(void **state)
{
    Scratch *scratch = *state;
    HashSecret maker = maker_number(1), stranger = maker_number(2);
    CacheSecret theirs = open_secret(scratch, &stranger, false);
    renew(scratch, &theirs, &stranger);
    CacheSecret mine = open_secret(scratch, &maker, false);
    assert_int_equal(mine.origin, SECRET_FOREIGN);
    assert_false(same(&theirs, &mine));

    CacheSecret trusted = open_secret(scratch, &maker, true);
    assert_int_equal(trusted.origin, SECRET_OWN);
    assert_true(same(&theirs, &trusted));
    assert_false(trusted.is_signed);
    renew(scratch, &trusted, &maker);
    CacheSecret signed_now = open_secret(scratch, &maker, false);
    assert_int_equal(signed_now.origin, SECRET_OWN);
    assert_true(same(&theirs, &signed_now));
}

/* A program without a key uses any cache; no program with a key uses the cache it makes. */
static void test_who_has_no_key_signs_nothing(void **state)
{
    Scratch *scratch = *state;
    HashSecret maker = maker_number(1);
    CacheSecret unsigned_one = open_secret(scratch, NULL, false);
    renew(scratch, &unsigned_one, NULL);
    assert_int_equal(open_secret(scratch, NULL, false).origin, SECRET_OWN);
    assert_int_equal(open_secret(scratch, &maker, false).origin, SECRET_FOREIGN);
}

static void test_a_damaged_one_is_none(void **state)
{
    Scratch *scratch = *state;
    size_t size;
    CacheSecret secret = open_secret(scratch, NULL, false);
    renew(scratch, &secret, NULL);
    char *bytes = scratch_read(scratch, "secret", &size);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (char)(bytes[i] ^ 4);
        scratch_write_bytes(scratch, "secret", slice_of(bytes, size));
        bytes[i] = (char)(bytes[i] ^ 4);
        CacheSecret damaged = open_secret(scratch, NULL, false);
        bool is_reserved = i >= 12 && i < 16;
        assert_true(is_reserved || damaged.origin == SECRET_NONE);
        scratch_write_bytes(scratch, "secret", slice_of(bytes, i));
        assert_int_equal(open_secret(scratch, NULL, false).origin, SECRET_NONE);
    }
    free(bytes);
}

/* ---- builds -------------------------------------------------------------------------------- */

typedef struct Expected {
    CacheOrigin origin;
    unsigned emitted;
} Expected;

static void expect_build(LineProject *project, LineRequest request, Expected expected)
{
    LineRun run = line_project_build(project, request);
    assert_string_equal(run.diagnostics.data, "");
    assert_int_equal(run.status, BUILD_OK);
    assert_int_equal(run.origin, expected.origin);
    assert_int_equal(run.counts.functions_emitted, expected.emitted);
    line_run_free(&run);
    line_project_expect_clean(project, (LineRequest){0});
}

static void open_project(LineProject *project)
{
    line_project_open(project);
    scratch_write(&project->scratch, "main.line", "unit main hello\n");
}

static void test_a_cache_of_others_is_set_aside(void **state)
{
    (void)state;
    LineProject project;
    HashSecret maker = maker_number(1), stranger = maker_number(2);
    open_project(&project);
    expect_build(&project, (LineRequest){.maker = &stranger}, (Expected){CACHE_OWN, 1});
    expect_build(&project, (LineRequest){.maker = &maker}, (Expected){CACHE_SET_ASIDE, 1});
    assert_true(scratch_exists(&project.scratch, "cache.untrusted/secret"));
    assert_true(scratch_exists(&project.scratch, "cache.untrusted/zir.pack"));
    expect_build(&project, (LineRequest){.maker = &maker}, (Expected){CACHE_OWN, 0});

    /* the name is taken: the next one is emptied */
    expect_build(&project, (LineRequest){.maker = &stranger}, (Expected){CACHE_EMPTIED, 1});
    expect_build(&project, (LineRequest){.maker = &stranger}, (Expected){CACHE_OWN, 0});
    line_project_close(&project);
}

static void test_one_that_is_trusted_is_used_and_signed(void **state)
{
    (void)state;
    LineProject project;
    HashSecret maker = maker_number(1), stranger = maker_number(2);
    open_project(&project);
    expect_build(&project, (LineRequest){.maker = &stranger}, (Expected){CACHE_OWN, 1});
    expect_build(&project, (LineRequest){.maker = &maker, .trust_cache = true},
                 (Expected){CACHE_OWN, 0});
    expect_build(&project, (LineRequest){.maker = &maker}, (Expected){CACHE_OWN, 0});
    assert_false(scratch_exists(&project.scratch, "cache.untrusted"));
    line_project_close(&project);
}

/* Caches copied or moved by their maker stay the maker's own. */
static void test_a_cache_that_was_moved_is_used(void **state)
{
    (void)state;
    LineProject project;
    HashSecret maker = maker_number(1);
    open_project(&project);
    expect_build(&project, (LineRequest){.maker = &maker}, (Expected){CACHE_OWN, 1});
    assert_int_equal(renameat(project.scratch.fd, "cache", project.scratch.fd, "moved"), 0);
    expect_build(&project, (LineRequest){.maker = &maker, .cache = "moved"},
                 (Expected){CACHE_OWN, 0});
    line_project_close(&project);
}

/* Whatever else remains in the directory is unreachable without the secret. */
static void test_without_the_secret_nothing_is_found(void **state)
{
    (void)state;
    LineProject project;
    open_project(&project);
    expect_build(&project, (LineRequest){0}, (Expected){CACHE_OWN, 1});
    assert_int_equal(unlinkat(project.scratch.fd, "cache/secret", 0), 0);
    LineRun run = line_project_build(&project, (LineRequest){0});
    assert_int_equal(run.counts.functions_emitted, 1);
    assert_true(run.was_damaged);
    assert_false(run.settings_changed);
    line_run_free(&run);
    expect_build(&project, (LineRequest){0}, (Expected){CACHE_OWN, 0});
    line_project_close(&project);
}

/* ---- what is recorded ---------------------------------------------------------------------- */

/* The hashes that a cache records for a.line: of the file's contents, and of the whole program. */
typedef struct Recorded {
    Hash128 content, combined, prelude, interface_digest, interface_key, unit_key, section_key;
    uint64_t own_hash, prelude_digest;
} Recorded;

static Recorded recorded_in(LineProject *project, const char *cache)
{
    LineSteps steps;
    LineRequest request = {.cache = cache};
    expect_build(project, request, (Expected){CACHE_OWN, 2});
    assert_int_equal(line_steps_open(&steps, project, request), BUILD_OK);
    MultiLevelCache *open = &steps.build->cache;
    assert_int_equal(multi_level_cache_open_units(open), 0);
    uint32_t file = file_hash_cache_find(&open->files, slice_from("a.line"));
    const UnitRow *row = unit_table_row(&open->units, file);
    const UnitRecord *unit = unit_table_units(&open->units, file);
    Recorded recorded = {
        open->files.records[file].content, open->manifest.header.combined,
        open->manifest.header.prelude,     row->interface_digest,
        unit->interface_key,               unit->unit_key,
        row->section_key,                  unit->own_hash,
        row->prelude_digest,
    };
    build_close(steps.build);
    return recorded;
}

/* One program in two caches: the hashes of one reveal none of the other. */
static void test_all_that_is_recorded_depends_on_the_secret(void **state)
{
    (void)state;
    LineProject project;
    line_project_open(&project);
    scratch_write(&project.scratch, "main.line", "import \"a.line\" as a\nunit main calls $a.f\n");
    scratch_write(&project.scratch, "a.line", "unit f body\ndeclare s line\n");
    Recorded one = recorded_in(&project, "cache"), other = recorded_in(&project, "second");
    const uint64_t *ours = (const void *)&one, *theirs = (const void *)&other;
    for (size_t i = 0; i < sizeof one / sizeof *ours; i++) {
        if (ours[i] == theirs[i] || ours[i] == 0)
            fail_msg("number %zu is the same in both, or none", i);
    }
    line_project_close(&project);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_IN_SCRATCH(test_a_new_one_is_kept),
        CASE_IN_SCRATCH(test_that_of_another_maker_is_not_used_unless_trusted),
        CASE_IN_SCRATCH(test_who_has_no_key_signs_nothing),
        CASE_IN_SCRATCH(test_a_damaged_one_is_none),
        cmocka_unit_test(test_a_cache_of_others_is_set_aside),
        cmocka_unit_test(test_one_that_is_trusted_is_used_and_signed),
        cmocka_unit_test(test_a_cache_that_was_moved_is_used),
        cmocka_unit_test(test_without_the_secret_nothing_is_found),
        cmocka_unit_test(test_all_that_is_recorded_depends_on_the_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
