/* SPDX-License-Identifier: MIT */
#include "file_hash_cache.h"
#include "scratch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* main → lib/a, lib/b;  lib/a ↔ lib/b;  z stands alone */
enum { LIB_A, LIB_B, MAIN, Z, FILE_COUNT };

static const uint32_t IMPORTS_OF_A[] = {LIB_B}, IMPORTS_OF_B[] = {LIB_A};
static const uint32_t IMPORTS_OF_MAIN[] = {LIB_B, LIB_A};

static void fill_entries(FileEntry entries[FILE_COUNT])
{
    static const char *const paths[] = {"lib/a.mini", "lib/b.mini", "main.mini", "z.mini"};
    for (uint32_t i = 0; i < FILE_COUNT; i++)
        entries[i] = (FileEntry){
            .path = slice_from(paths[i]),
            .stamp = {10 + i, 100 + i, 200 + i, 300 + i, 1},
            .content = hash_bytes(slice_from(paths[i])),
        };
    entries[LIB_A].imports = IMPORTS_OF_A;
    entries[LIB_B].imports = IMPORTS_OF_B;
    entries[MAIN].imports = IMPORTS_OF_MAIN;
    entries[LIB_A].import_count = entries[LIB_B].import_count = 1;
    entries[MAIN].import_count = 2;
}

static void fill(FileHashCache *cache)
{
    FileEntry entries[FILE_COUNT];
    fill_entries(entries);
    file_hash_cache_replace(cache, slice_from("main.mini"), entries, FILE_COUNT);
}

typedef struct Project {
    Scratch scratch;
    char path[512]; /* of file_hashes.bin */
} Project;

static int setup(void **state)
{
    Project *project = malloc(sizeof *project);
    scratch_open(&project->scratch);
    snprintf(project->path, sizeof project->path, "%s/file_hashes.bin", project->scratch.path);
    *state = project;
    return 0;
}

static int teardown(void **state)
{
    Project *project = *state;
    scratch_close(&project->scratch);
    free(project);
    return 0;
}

static void save_new(const Project *project)
{
    FileHashCache cache = {0};
    assert_int_equal(file_hash_cache_load(&cache, project->path), -ENOENT);
    fill(&cache);
    assert_int_equal(file_hash_cache_save(&cache, project->path), 0);
    file_hash_cache_close(&cache);
}

static void expect_equal_entries(const FileHashCache *cache)
{
    FileEntry entries[FILE_COUNT];
    fill_entries(entries);
    assert_int_equal(cache->count, FILE_COUNT);
    assert_true(slice_equal(cache->entry, slice_from("main.mini")));
    for (uint32_t i = 0; i < FILE_COUNT; i++) {
        const FileRecord *record = &cache->records[i];
        assert_string_equal(file_hash_cache_path(cache, i).data, entries[i].path.data);
        assert_true(slice_equal(file_hash_cache_path(cache, i), entries[i].path));
        assert_true(file_stamp_equal(&record->stamp, &entries[i].stamp));
        assert_true(hash_equal(record->content, entries[i].content));
        assert_int_equal(record->import_count, entries[i].import_count);
        for (uint32_t j = 0; j < record->import_count; j++)
            assert_int_equal(cache->imports[record->first_import + j], entries[i].imports[j]);
    }
}

/* ---- on disk ------------------------------------------------------------------------------ */

static void what_was_saved_is_loaded(void **state)
{
    Project *project = *state;
    save_new(project);
    FileHashCache cache = {0};
    assert_int_equal(file_hash_cache_load(&cache, project->path), 0);
    expect_equal_entries(&cache);
    file_hash_cache_close(&cache);
    assert_int_equal(cache.count, 0);
}

static void an_empty_cache(void **state)
{
    Project *project = *state;
    FileHashCache cache = {0};
    assert_int_equal(file_hash_cache_find(&cache, slice_from("a")), FILE_NONE);
    Hash128 before = file_hash_cache_combined(&cache, (Hash128){0});
    file_hash_cache_replace(&cache, (Slice){0}, NULL, 0);
    assert_int_equal(file_hash_cache_save(&cache, project->path), 0);
    file_hash_cache_close(&cache);
    assert_int_equal(file_hash_cache_load(&cache, project->path), 0);
    assert_int_equal(cache.count, 0);
    assert_int_equal(cache.entry.size, 0);
    assert_true(hash_equal(file_hash_cache_combined(&cache, (Hash128){0}), before));
    file_hash_cache_close(&cache);
}

static void an_unchanged_cache_is_not_rewritten(void **state)
{
    Project *project = *state;
    save_new(project);
    struct stat before, after;
    assert_int_equal(stat(project->path, &before), 0);
    FileHashCache cache = {0};
    assert_int_equal(file_hash_cache_load(&cache, project->path), 0);
    assert_int_equal(file_hash_cache_save(&cache, project->path), 0);
    assert_int_equal(stat(project->path, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);

    FileStamp stamp = {1, 2, 3, 4, 5};
    Hash128 content = hash_bytes(slice_from("new"));
    file_hash_cache_set(&cache, LIB_B, &stamp, content);
    assert_int_equal(file_hash_cache_save(&cache, project->path), 0);
    file_hash_cache_close(&cache);
    assert_int_equal(stat(project->path, &after), 0);
    assert_int_not_equal(before.st_ino, after.st_ino);
    assert_int_equal(file_hash_cache_load(&cache, project->path), 0);
    assert_true(file_stamp_equal(&cache.records[LIB_B].stamp, &stamp));
    assert_true(hash_equal(cache.records[LIB_B].content, content));
    file_hash_cache_set(&cache, LIB_B, &(FileStamp){11, 101, 201, 301, 1},
                        hash_bytes(slice_from("lib/b.mini")));
    expect_equal_entries(&cache); /* nothing else was touched */
    file_hash_cache_close(&cache);
}

/* In a larger state, one changed record is one small journal entry. */
static void as_part_of_a_larger_state(void **state)
{
    enum { FILES = 200 };
    Project *project = *state;
    StateRef ref = {0};
    FileHashCache cache = {0};
    char names[FILES][16];
    FileEntry entries[FILES] = {{.path = {0}}};
    for (size_t i = 0; i < FILES; i++) {
        snprintf(names[i], sizeof names[i], "f%03zu.mini", i);
        entries[i].path = slice_from(names[i]);
    }
    assert_int_equal(file_hash_cache_open(&cache, project->scratch.fd, "files", &ref), 0);
    file_hash_cache_replace(&cache, entries[0].path, entries, FILES);
    assert_int_equal(state_file_commit(&cache.state, false, &ref, NULL), 0);
    file_hash_cache_set(&cache, 7, &(FileStamp){1, 2, 3, 4, 5}, (Hash128){6, 7});
    assert_int_equal(state_file_commit(&cache.state, false, &ref, NULL), 0);
    assert_int_equal(ref.generation, 1);
    assert_int_equal(ref.journal_size, 24 + 56);
    file_hash_cache_close(&cache);
    assert_int_equal(file_hash_cache_open(&cache, project->scratch.fd, "files", &ref), 0);
    assert_int_equal(cache.count, FILES);
    assert_int_equal(cache.records[7].stamp.size_bytes, 1);
    assert_int_equal(cache.records[7].content.high, 7);
    file_hash_cache_close(&cache);
}

/* ---- asking ------------------------------------------------------------------------------- */

static void files_are_found_by_path(void **state)
{
    (void)state;
    static const char *const absent[] = {"", "a", "lib/a.min", "lib/a.mini ", "main", "zz", "\xFF"};
    FileHashCache cache = {0};
    fill(&cache);
    for (uint32_t i = 0; i < FILE_COUNT; i++)
        assert_int_equal(file_hash_cache_find(&cache, file_hash_cache_path(&cache, i)), i);
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        assert_int_equal(file_hash_cache_find(&cache, slice_from(absent[i])), FILE_NONE);
    file_hash_cache_close(&cache);
}

static void current_means_known_and_equal(void **state)
{
    Project *project = *state;
    const Scratch *scratch = &project->scratch;
    FileHashCache cache = {0};
    FileStamp stamp, now;
    fill(&cache);
    assert_false(file_hash_cache_is_current(&cache, scratch->fd, LIB_A, &now)); /* no such file */
    assert_int_equal(now.inode, 0);
    scratch_write(scratch, "lib/a.mini", "x");
    assert_int_equal(file_stamp_at(scratch->fd, "lib/a.mini", &stamp), 0);
    assert_false(file_hash_cache_is_current(&cache, scratch->fd, LIB_A, &now));
    assert_true(file_stamp_equal(&now, &stamp));
    file_hash_cache_set(&cache, LIB_A, &stamp, (Hash128){0});
    assert_true(file_hash_cache_is_current(&cache, scratch->fd, LIB_A, &now));
    scratch_write(scratch, "lib/a.mini", "xy");
    assert_false(file_hash_cache_is_current(&cache, scratch->fd, LIB_A, &now));
    file_hash_cache_set(&cache, LIB_A, &(FileStamp){0}, (Hash128){0});
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
    fill_entries(entries);
    Hash128 before = combined_of(entries, FILE_COUNT, "main.mini");

    entries[LIB_A].stamp = (FileStamp){0}; /* stamps are no content */
    assert_true(hash_equal(combined_of(entries, FILE_COUNT, "main.mini"), before));
    entries[Z].content.low ^= 1;
    assert_false(hash_equal(combined_of(entries, FILE_COUNT, "main.mini"), before));
    entries[Z].content.low ^= 1;
    entries[Z].path = slice_from("zz.mini");
    assert_false(hash_equal(combined_of(entries, FILE_COUNT, "main.mini"), before));
    fill_entries(entries);
    assert_false(hash_equal(combined_of(entries, FILE_COUNT - 1, "main.mini"), before));
    assert_false(hash_equal(combined_of(entries, FILE_COUNT, "z.mini"), before));
    Hash128 swap = entries[LIB_A].content;
    entries[LIB_A].content = entries[LIB_B].content;
    entries[LIB_B].content = swap;
    assert_false(hash_equal(combined_of(entries, FILE_COUNT, "main.mini"), before));

    FileHashCache cache = {0};
    fill(&cache);
    assert_true(hash_equal(file_hash_cache_combined(&cache, (Hash128){1, 2}), before));
    assert_false(hash_equal(file_hash_cache_combined(&cache, (Hash128){1, 3}), before));
    file_hash_cache_close(&cache);
}

static void the_combined_hash_of_a_file_covers_what_it_reaches(void **state)
{
    (void)state;
    FileHashCache cache = {0};
    Hash128 before[FILE_COUNT];
    fill(&cache);
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
        file_hash_cache_set(&cache, changed, &(FileStamp){0}, (Hash128){7, 7});
        for (uint32_t i = 0; i < FILE_COUNT; i++)
            assert_int_equal(!hash_equal(file_hash_cache_combined_from(&cache, i), before[i]),
                             reaches[i][changed]);
        file_hash_cache_set(&cache, changed, &(FileStamp){0}, content);
    }
    file_hash_cache_close(&cache);
}

/* It holds paths, not numbers: a file that comes in front of all others changes no other's. */
static void the_combined_hash_of_a_file_does_not_depend_on_numbers(void **state)
{
    (void)state;
    static const uint32_t of_a[] = {2}, of_b[] = {1}, of_main[] = {2, 1};
    FileHashCache before = {0}, after = {0};
    FileEntry entries[FILE_COUNT + 1] = {{.path = slice_from("first.mini")}};
    fill(&before);
    fill_entries(entries + 1);
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

/* ---- comparing ---------------------------------------------------------------------------- */

static void write_down(void *context, Slice path, FileDifference difference)
{
    buffer_put_byte(context, "=!-+"[difference]);
    buffer_put(context, path);
    buffer_put_byte(context, ' ');
}

static void expect_difference(const FileHashCache *before, const FileHashCache *after,
                              const char *expected)
{
    ByteBuffer told = {0};
    file_hash_cache_compare(before, after, write_down, &told);
    buffer_put_byte(&told, '\0');
    assert_string_equal(told.data, expected);
    buffer_free(&told);
}

static void differences_in_path_order(void **state)
{
    (void)state;
    FileHashCache before = {0}, after = {0}, empty = {0};
    fill(&before);
    const FileEntry entries[] = {
        {.path = slice_from("a.mini")},
        {.path = slice_from("lib/b.mini"), .content = {7, 7}},
        {.path = slice_from("main.mini"), .content = before.records[MAIN].content},
    };
    file_hash_cache_replace(&after, slice_from("main.mini"), entries, 3);
    expect_difference(&before, &after, "+a.mini -lib/a.mini !lib/b.mini =main.mini -z.mini ");
    expect_difference(&empty, &after, "+a.mini +lib/b.mini +main.mini ");
    expect_difference(&after, &empty, "-a.mini -lib/b.mini -main.mini ");
    expect_difference(&empty, &empty, "");
    file_hash_cache_close(&before);
    file_hash_cache_close(&after);
}

static void a_new_table_may_be_made_from_the_old_one(void **state)
{
    (void)state;
    FileHashCache cache = {0};
    fill(&cache);
    const FileEntry kept = {.path = file_hash_cache_path(&cache, Z)};
    file_hash_cache_replace(&cache, kept.path, &kept, 1);
    assert_int_equal(cache.count, 1);
    assert_string_equal(cache.paths, "z.mini");
    assert_true(slice_equal(cache.entry, slice_from("z.mini")));
    file_hash_cache_close(&cache);
}

/* ---- damaged images ----------------------------------------------------------------------- */

/* Uses all that an image offers. The address sanitizer sees what leaves it. */
static void use_everything(const FileHashCache *cache)
{
    for (uint32_t i = 0; i < cache->count; i++) {
        file_hash_cache_combined_from(cache, i);
        assert_int_equal(file_hash_cache_find(cache, file_hash_cache_path(cache, i)), i);
        Slice path = file_hash_cache_path(cache, i);
        assert_int_equal(path.data[path.size], 0);
    }
    file_hash_cache_combined(cache, (Hash128){0});
    assert_true(cache->entry.size == 0 || file_hash_cache_find(cache, cache->entry) != FILE_NONE);
}

/* Saves the image as it is, with a right checksum, and loads it. True if it was accepted. */
static bool is_accepted(const Project *project, Slice image)
{
    static const BinaryFormat format = {"fhcache", 1};
    FileHashCache cache = {0};
    assert_int_equal(
        binary_file_write(project->scratch.fd, "file_hashes.bin", &format, &image, 1, false), 0);
    int status = file_hash_cache_load(&cache, project->path);
    assert_true(status == 0 || status == -EBADMSG);
    assert_true(status == 0 || cache.count == 0);
    use_everything(&cache);
    file_hash_cache_close(&cache);
    return status == 0;
}

static void every_number_of_an_image_is_checked(void **state)
{
    Project *project = *state;
    FileHashCache cache = {0};
    fill(&cache);
    size_t size = cache.state.size;
    char *image = malloc(size);
    memcpy(image, cache.state.image, size);
    assert_true(is_accepted(project, slice_of(image, size)));

    static const uint32_t wrong[] = {0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 5, 100, 1000};
    size_t imports = (size_t)((const char *)cache.imports - cache.state.image);
    for (size_t at = 0; at < imports + 4 * cache.import_count; at += 4) {
        bool is_payload = at >= 16 && at < imports && (at - 16) % sizeof(FileRecord) < 56;
        uint32_t right;
        memcpy(&right, image + at, 4);
        for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
            memcpy(image + at, &wrong[i], 4);
            assert_int_equal(is_accepted(project, slice_of(image, size)), is_payload);
        }
        memcpy(image + at, &right, 4);
    }
    file_hash_cache_close(&cache);
    free(image);
}

static void images_cut_short_or_padded(void **state)
{
    Project *project = *state;
    FileHashCache cache = {0};
    fill(&cache);
    for (size_t size = 1; size < cache.state.size; size++)
        assert_false(is_accepted(project, slice_of(cache.state.image, size)));
    ByteBuffer longer = {0};
    buffer_put(&longer, slice_of(cache.state.image, cache.state.size));
    buffer_put_byte(&longer, '\0');
    assert_false(is_accepted(project, buffer_slice(&longer)));
    longer.data[8]++; /* the header says so, but the byte belongs to no file */
    assert_false(is_accepted(project, buffer_slice(&longer)));
    buffer_free(&longer);
    file_hash_cache_close(&cache);
}

static void paths_out_of_order_or_unterminated(void **state)
{
    Project *project = *state;
    FileHashCache cache = {0};
    fill(&cache);
    char *paths = (char *)(uintptr_t)cache.paths;
    Slice image = slice_of(cache.state.image, cache.state.size);
    static const struct {
        size_t at;
        char byte;
    } damages[] = {{10, 'x'}, {4, 'b'}, {4, 'c'}, {0, 'n'}, {22, 'a'}};
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        char right = paths[damages[i].at];
        paths[damages[i].at] = damages[i].byte;
        assert_false(is_accepted(project, image));
        paths[damages[i].at] = right;
    }
    assert_true(is_accepted(project, image));
    file_hash_cache_close(&cache);
}

static void a_damaged_file_is_a_cold_start(void **state)
{
    Project *project = *state;
    save_new(project);
    scratch_write(&project->scratch, "file_hashes.bin", "damaged");
    FileHashCache cache = {0};
    assert_int_equal(file_hash_cache_load(&cache, project->path), -EBADMSG);
    assert_int_equal(cache.count, 0);
    fill(&cache);
    assert_int_equal(file_hash_cache_save(&cache, project->path), 0);
    file_hash_cache_close(&cache);
    assert_int_equal(file_hash_cache_load(&cache, project->path), 0);
    expect_equal_entries(&cache);
    file_hash_cache_close(&cache);
}

int main(void)
{
#define CASE_IN_SCRATCH(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE_IN_SCRATCH(what_was_saved_is_loaded),
        CASE_IN_SCRATCH(an_empty_cache),
        CASE_IN_SCRATCH(an_unchanged_cache_is_not_rewritten),
        CASE_IN_SCRATCH(as_part_of_a_larger_state),
        cmocka_unit_test(files_are_found_by_path),
        CASE_IN_SCRATCH(current_means_known_and_equal),
        cmocka_unit_test(the_combined_hash_changes_with_content_paths_and_list),
        cmocka_unit_test(the_combined_hash_of_a_file_covers_what_it_reaches),
        cmocka_unit_test(the_combined_hash_of_a_file_does_not_depend_on_numbers),
        cmocka_unit_test(differences_in_path_order),
        cmocka_unit_test(a_new_table_may_be_made_from_the_old_one),
        CASE_IN_SCRATCH(every_number_of_an_image_is_checked),
        CASE_IN_SCRATCH(images_cut_short_or_padded),
        CASE_IN_SCRATCH(paths_out_of_order_or_unterminated),
        CASE_IN_SCRATCH(a_damaged_file_is_a_cold_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
