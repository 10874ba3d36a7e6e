/* SPDX-License-Identifier: MIT */
/* The file table: it is loaded again, answers lookups, and has one hash over all of it. For damage
 * see test_file_hash_cache_damage.c. */
#include "sample_table.h"

#include <errno.h>
#include <sys/stat.h>

/* ---- on disk ------------------------------------------------------------------------------ */

static void what_was_saved_is_loaded(void **state)
{
    SampleTable *sample = *state;
    sample_save(sample);
    FileHashCache cache = {0};
    assert_int_equal(file_hash_cache_load(&cache, sample->path), 0);
    expect_sample(&cache);
    file_hash_cache_close(&cache);
    assert_int_equal(cache.count, 0);
}

static void an_empty_cache(void **state)
{
    SampleTable *sample = *state;
    FileHashCache cache = {0};
    assert_int_equal(file_hash_cache_find(&cache, slice_from("a")), FILE_NONE);
    Hash128 before = file_hash_cache_combined(&cache, (Hash128){0});
    file_hash_cache_replace(&cache, (Slice){0}, NULL, 0);
    assert_int_equal(file_hash_cache_save(&cache, sample->path), 0);
    file_hash_cache_close(&cache);
    assert_int_equal(file_hash_cache_load(&cache, sample->path), 0);
    assert_int_equal(cache.count, 0);
    assert_int_equal(cache.entry.size, 0);
    assert_true(hash_equal(file_hash_cache_combined(&cache, (Hash128){0}), before));
    file_hash_cache_close(&cache);
}

static void an_unchanged_cache_is_not_rewritten(void **state)
{
    SampleTable *sample = *state;
    sample_save(sample);
    struct stat before, after;
    assert_int_equal(stat(sample->path, &before), 0);
    FileHashCache cache = {0};
    assert_int_equal(file_hash_cache_load(&cache, sample->path), 0);
    assert_int_equal(file_hash_cache_save(&cache, sample->path), 0);
    assert_int_equal(stat(sample->path, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);

    KnownStamp known = {{1, 2, 3, 4, 5}, 6};
    Hash128 content = hash_bytes(slice_from("new"));
    file_hash_cache_set(&cache, LIB_B, &known, content);
    assert_int_equal(file_hash_cache_save(&cache, sample->path), 0);
    file_hash_cache_close(&cache);
    assert_int_equal(stat(sample->path, &after), 0);
    assert_int_not_equal(before.st_ino, after.st_ino);
    assert_int_equal(file_hash_cache_load(&cache, sample->path), 0);
    assert_memory_equal(&cache.records[LIB_B].known, &known, sizeof known);
    assert_true(hash_equal(cache.records[LIB_B].content, content));
    file_hash_cache_set(&cache, LIB_B, &(KnownStamp){{11, 101, 201, 301, 1}, 1},
                        hash_bytes(slice_from("lib/b.mini")));
    expect_sample(&cache); /* nothing else was touched */
    file_hash_cache_close(&cache);
}

/* ---- asking ------------------------------------------------------------------------------- */

static void files_are_found_by_path(void **state)
{
    (void)state;
    static const char *const absent[] = {"", "a", "lib/a.min", "lib/a.mini ", "main", "zz", "\xFF"};
    FileHashCache cache = {0};
    sample_fill(&cache);
    for (uint32_t i = 0; i < FILE_COUNT; i++)
        assert_int_equal(file_hash_cache_find(&cache, file_hash_cache_path(&cache, i)), i);
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        assert_int_equal(file_hash_cache_find(&cache, slice_from(absent[i])), FILE_NONE);
    file_hash_cache_close(&cache);
}

static void current_means_known_and_equal(void **state)
{
    SampleTable *sample = *state;
    const Scratch *scratch = &sample->scratch;
    FileHashCache cache = {0};
    KnownStamp known = {0};
    FileStamp now;
    sample_fill(&cache);
    assert_false(file_hash_cache_is_current(&cache, scratch->fd, LIB_A, &now)); /* no such file */
    assert_int_equal(now.inode, 0);
    scratch_write(scratch, "lib/a.mini", "x");
    assert_int_equal(file_stamp_at(scratch->fd, "lib/a.mini", &known.stamp), 0);
    assert_false(file_hash_cache_is_current(&cache, scratch->fd, LIB_A, &now));
    assert_true(file_stamp_equal(&now, &known.stamp));
    known.racy_since_ns = 1;
    file_hash_cache_set(&cache, LIB_A, &known, (Hash128){0});
    assert_false(file_hash_cache_is_current(&cache, scratch->fd, LIB_A, &now));
    known.racy_since_ns = 0;
    file_hash_cache_set(&cache, LIB_A, &known, (Hash128){0});
    assert_true(file_hash_cache_is_current(&cache, scratch->fd, LIB_A, &now));
    scratch_write(scratch, "lib/a.mini", "xy");
    assert_false(file_hash_cache_is_current(&cache, scratch->fd, LIB_A, &now));
    file_hash_cache_set(&cache, LIB_A, &(KnownStamp){0}, (Hash128){0});
    assert_false(file_hash_cache_is_current(&cache, scratch->fd, LIB_A, &now));
    file_hash_cache_close(&cache);
}

/* ---- combined hashes ---------------------------------------------------------------------- */

static Hash128 combined_of(const FileEntry *entries, uint32_t count, const char *entry)
{
    FileHashCache cache = {0};
    file_hash_cache_replace(&cache, slice_from(entry), entries, count);
    Hash128 combined = file_hash_cache_combined(&cache, (Hash128){1, 2});
    file_hash_cache_close(&cache);
    return combined;
}

static void the_combined_hash_changes_with_content_paths_and_list(void **state)
{
    (void)state;
    FileEntry entries[FILE_COUNT];
    sample_entries(entries);
    Hash128 before = combined_of(entries, FILE_COUNT, "main.mini");

    entries[LIB_A].known = (KnownStamp){0}; /* stamps are not content */
    assert_true(hash_equal(combined_of(entries, FILE_COUNT, "main.mini"), before));
    entries[Z].content.low ^= 1;
    assert_false(hash_equal(combined_of(entries, FILE_COUNT, "main.mini"), before));
    entries[Z].content.low ^= 1;
    entries[Z].path = slice_from("zz.mini");
    assert_false(hash_equal(combined_of(entries, FILE_COUNT, "main.mini"), before));
    sample_entries(entries);
    assert_false(hash_equal(combined_of(entries, FILE_COUNT - 1, "main.mini"), before));
    assert_false(hash_equal(combined_of(entries, FILE_COUNT, "z.mini"), before));
    Hash128 swap = entries[LIB_A].content;
    entries[LIB_A].content = entries[LIB_B].content;
    entries[LIB_B].content = swap;
    assert_false(hash_equal(combined_of(entries, FILE_COUNT, "main.mini"), before));

    FileHashCache cache = {0};
    sample_fill(&cache);
    assert_true(hash_equal(file_hash_cache_combined(&cache, (Hash128){1, 2}), before));
    assert_false(hash_equal(file_hash_cache_combined(&cache, (Hash128){1, 3}), before));
    file_hash_cache_close(&cache);
}

static void the_combined_hash_of_a_file_covers_what_it_reaches(void **state)
{
    (void)state;
    FileHashCache cache = {0};
    Hash128 before[FILE_COUNT];
    sample_fill(&cache);
    for (uint32_t i = 0; i < FILE_COUNT; i++)
        before[i] = file_hash_cache_combined_from(&cache, i);
    assert_false(hash_equal(before[LIB_A], before[LIB_B])); /* one cycle, two files */
    static const bool reaches[FILE_COUNT][FILE_COUNT] = {
        [LIB_A] = {[LIB_A] = true, [LIB_B] = true},
        [LIB_B] = {[LIB_A] = true, [LIB_B] = true},
        [MAIN] = {[LIB_A] = true, [LIB_B] = true, [MAIN] = true},
        [Z] = {[Z] = true},
    };
    for (uint32_t changed = 0; changed < FILE_COUNT; changed++) {
        Hash128 content = cache.records[changed].content;
        file_hash_cache_set(&cache, changed, &(KnownStamp){0}, (Hash128){7, 7});
        for (uint32_t i = 0; i < FILE_COUNT; i++)
            assert_int_equal(!hash_equal(file_hash_cache_combined_from(&cache, i), before[i]),
                             reaches[i][changed]);
        file_hash_cache_set(&cache, changed, &(KnownStamp){0}, content);
    }
    file_hash_cache_close(&cache);
}

/* It holds paths, not numbers: a new file before all others does not change their hashes. */
static void the_combined_hash_of_a_file_does_not_depend_on_numbers(void **state)
{
    (void)state;
    static const uint32_t of_a[] = {2}, of_b[] = {1}, of_main[] = {2, 1};
    FileHashCache before = {0}, after = {0};
    FileEntry entries[FILE_COUNT + 1] = {{.path = slice_from("first.mini")}};
    sample_fill(&before);
    sample_entries(entries + 1);
    entries[1].imports = of_a;
    entries[2].imports = of_b;
    entries[3].imports = of_main;
    file_hash_cache_replace(&after, slice_from("main.mini"), entries, FILE_COUNT + 1);
    for (uint32_t i = 0; i < FILE_COUNT; i++)
        assert_true(hash_equal(file_hash_cache_combined_from(&before, i),
                               file_hash_cache_combined_from(&after, i + 1)));
    file_hash_cache_close(&before);
    file_hash_cache_close(&after);
}

/* ---- changing ---------------------------------------------------------------------------- */

static void a_new_table_may_be_made_from_the_old_one(void **state)
{
    (void)state;
    FileHashCache cache = {0};
    sample_fill(&cache);
    const FileEntry kept = {.path = file_hash_cache_path(&cache, Z)};
    file_hash_cache_replace(&cache, kept.path, &kept, 1);
    assert_int_equal(cache.count, 1);
    assert_string_equal(cache.paths, "z.mini");
    assert_true(slice_equal(cache.entry, slice_from("z.mini")));
    file_hash_cache_close(&cache);
}

/* Sizes are summed before a byte is read: there are no such paths and imports. */
static void what_the_numbers_do_not_reach_is_refused(void **state)
{
    (void)state;
    static const uint32_t no_imports[1];
    const Slice gigabytes = {"", (size_t)2 << 30};
    const FileEntry long_paths[] = {{.path = gigabytes}, {.path = gigabytes}};
    const FileEntry many_imports[] = {
        {.path = slice_from("a"), .imports = no_imports, .import_count = UINT32_MAX},
        {.path = slice_from("b"), .imports = no_imports, .import_count = 1},
    };
    FileHashCache cache = {0};
    sample_fill(&cache);
    assert_int_equal(file_hash_cache_replace(&cache, slice_from("a"), long_paths, 2), -E2BIG);
    assert_int_equal(file_hash_cache_replace(&cache, slice_from("a"), many_imports, 2), -E2BIG);
    assert_int_equal(cache.count, FILE_COUNT);
    assert_int_equal(file_hash_cache_replace(&cache, slice_from("a"), NULL, 0), 0);
    file_hash_cache_close(&cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_WITH_SAMPLE(what_was_saved_is_loaded),
        CASE_WITH_SAMPLE(an_empty_cache),
        CASE_WITH_SAMPLE(an_unchanged_cache_is_not_rewritten),
        cmocka_unit_test(files_are_found_by_path),
        CASE_WITH_SAMPLE(current_means_known_and_equal),
        cmocka_unit_test(the_combined_hash_changes_with_content_paths_and_list),
        cmocka_unit_test(the_combined_hash_of_a_file_covers_what_it_reaches),
        cmocka_unit_test(the_combined_hash_of_a_file_does_not_depend_on_numbers),
        cmocka_unit_test(a_new_table_may_be_made_from_the_old_one),
        cmocka_unit_test(what_the_numbers_do_not_reach_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
