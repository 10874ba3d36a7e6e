/* SPDX-License-Identifier: MIT */
/* The file table as part of a larger state. */
#include "file_table.h"
#include "scratch.h"

#include <errno.h>
#include <stdio.h>

/* One changed record is one small journal entry. */
static void as_part_of_a_larger_state(void **state)
{
    enum { FILES = 200 };
    Scratch *scratch = *state;
    StateRef ref = {0};
    FileHashCache cache;
    StateFile table;
    char names[FILES][16];
    FileEntry entries[FILES] = {{.path = {0}}};
    for (size_t i = 0; i < FILES; i++) {
        snprintf(names[i], sizeof names[i], "f%03zu.mini", i);
        entries[i].path = slice_from(names[i]);
    }
    assert_int_equal(file_table_load(&cache, &table, scratch->fd, "files", &ref), 0);
    file_hash_cache_replace(&cache, entries[0].path, entries, FILES);
    assert_int_equal(state_file_commit(&table, &cache.image, false, &ref, NULL), 0);
    file_hash_cache_set(&cache, 7, &(KnownStamp){{1, 2, 3, 4, 5}, 0}, (Hash128){6, 7});
    assert_int_equal(state_file_commit(&table, &cache.image, false, &ref, NULL), 0);
    assert_int_equal(ref.generation, 1);
    assert_int_equal(ref.journal_size, 24 + 64);
    file_hash_cache_close(&cache);
    assert_int_equal(file_table_load(&cache, &table, scratch->fd, "files", &ref), 0);
    assert_int_equal(cache.count, FILES);
    assert_int_equal(cache.records[7].known.stamp.size_bytes, 1);
    assert_int_equal(cache.records[7].content.high, 7);
    file_hash_cache_close(&cache);
}

/* Bytes committed whole that are not a table load as empty; the next commit rebuilds it. */
static void an_image_that_is_no_table_is_damage(void **state)
{
    Scratch *scratch = *state;
    StateRef ref = {0};
    FileHashCache cache;
    StateFile table;
    ByteBuffer bytes = {0};
    buffer_put(&bytes, slice_from("these are no records"));
    assert_int_equal(file_table_load(&cache, &table, scratch->fd, "files", &ref), 0);
    image_replace(&cache.image, &bytes);
    assert_int_equal(state_file_commit(&table, &cache.image, false, &ref, NULL), 0);
    file_hash_cache_close(&cache);

    assert_int_equal(file_table_load(&cache, &table, scratch->fd, "files", &ref), -EBADMSG);
    assert_int_equal(cache.count + cache.image.size, 0);
    FileEntry entry = {.path = slice_from("main.mini")};
    file_hash_cache_replace(&cache, entry.path, &entry, 1);
    assert_int_equal(state_file_commit(&table, &cache.image, false, &ref, NULL), 0);
    file_hash_cache_close(&cache);
    assert_int_equal(file_table_load(&cache, &table, scratch->fd, "files", &ref), 0);
    assert_int_equal(cache.count, 1);
    file_hash_cache_close(&cache);

    ref.generation++;
    assert_int_equal(file_table_load(&cache, &table, scratch->fd, "files", &ref), -ENOENT);
    assert_int_equal(cache.count + cache.image.size, 0);
    file_hash_cache_close(&cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_IN_SCRATCH(as_part_of_a_larger_state),
        CASE_IN_SCRATCH(an_image_that_is_no_table_is_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
