/* SPDX-License-Identifier: MIT */
/* Whatever bytes a file table is loaded from, it is refused, or everything in it can be used. */
#include "sample_table.h"

#include <errno.h>
#include <stdlib.h>

/* Uses everything in an image. The address sanitizer catches any access outside it. */
static void use_everything(const FileHashCache *cache)
{
    for (uint32_t i = 0; i < cache->count; i++) {
        file_hash_cache_combined_from(cache, i);
        assert_int_equal(file_hash_cache_find(cache, file_hash_cache_path(cache, i)), i);
        Slice path = file_hash_cache_path(cache, i);
        assert_int_equal(path.data[path.size], 0);
        assert_true(file_hash_cache_targets(cache, i) <= cache->records[i].import_count);
    }
    for (uint32_t i = 0; i < cache->absent_count; i++) {
        Slice path = file_hash_cache_path(cache, cache->count + i);
        assert_int_equal(path.data[path.size], 0);
    }
    file_hash_cache_combined(cache, (Hash128){0});
    assert_true(cache->entry.size == 0 || file_hash_cache_find(cache, cache->entry) != FILE_NONE);
}

/* Saves the image as it is, with a correct checksum, and loads it. True if it is accepted. */
static bool is_accepted(const SampleTable *sample, Slice image)
{
    static const BinaryFormat format = {"fhcache", 4};
    FileHashCache cache = {0};
    assert_int_equal(
        binary_file_write(sample->scratch.fd, "file_hashes.bin", &format, &image, 1, false), 0);
    int status = file_hash_cache_load(&cache, sample->path);
    assert_true(status == 0 || status == -EBADMSG);
    assert_true(status == 0 || cache.count == 0);
    use_everything(&cache);
    file_hash_cache_close(&cache);
    return status == 0;
}

static void check_every_number(const SampleTable *sample, const FileHashCache *cache)
{
    size_t size = cache->image.size;
    char *image = malloc(size);
    memcpy(image, cache->image.data, size);
    assert_true(is_accepted(sample, slice_of(image, size)));

    static const uint32_t wrong[] = {0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 7, 100, 1000};
    size_t values = (size_t)((const char *)cache->values - cache->image.data);
    size_t imports = (size_t)((const char *)cache->imports - cache->image.data);
    size_t entries = (size_t)((const char *)cache->more_entries - cache->image.data);
    for (size_t at = 0; at < entries + 4 * cache->more_entry_count; at += 4) {
        bool is_payload =
            (at >= 32 && at < values &&
             (at - 32) % sizeof(FileRecord) < offsetof(FileRecord, path)) ||
            (at >= values && at < imports &&
             ((at - values) % sizeof(ValueRecord) < offsetof(ValueRecord, name) ||
              (at - values) % sizeof(ValueRecord) >= offsetof(ValueRecord, reserved)));
        uint32_t right;
        memcpy(&right, image + at, 4);
        for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
            memcpy(image + at, &wrong[i], 4);
            /* An optional import. */
            bool is_absent = at >= imports && at < entries && wrong[i] == FILE_ABSENT;
            assert_int_equal(is_accepted(sample, slice_of(image, size)), is_payload || is_absent);
        }
        memcpy(image + at, &right, 4);
    }
    free(image);
}

static void every_number_of_an_image_is_checked(void **state)
{
    FileHashCache cache = {0};
    sample_fill(&cache);
    check_every_number(*state, &cache);
    file_hash_cache_close(&cache);
}

static void so_are_those_of_absent_paths_and_of_entries(void **state)
{
    static const uint32_t imports[] = {LIB_A, FILE_ABSENT, FILE_COUNT, FILE_COUNT + 1}, entry = Z;
    const Slice absents[] = {slice_from("inc/y"), slice_from("x")};
    FileHashCache none = {0}, cache = {0};
    FileEntry entries[FILE_COUNT];
    sample_entries(entries);
    entries[MAIN].imports = imports;
    entries[MAIN].import_count = 4;
    FileSplice all = {.entries = entries,
                      .entry_count = FILE_COUNT,
                      .absents = absents,
                      .absent_count = 2,
                      .more_entries = &entry,
                      .more_entry_count = 1};
    assert_int_equal(file_hash_cache_splice(&cache, &none, entries[MAIN].path, &all), 0);
    assert_int_equal(file_hash_cache_targets(&cache, MAIN), 2);
    check_every_number(*state, &cache);
    file_hash_cache_close(&cache);
}

static void so_are_those_of_values(void **state)
{
    static const uint32_t imports[] = {LIB_A, FILE_COUNT, FILE_COUNT + 1};
    static const FileValue values[] = {{{"A", 1}, 7, {1, 2}}, {{"B", 1}, 3, {0, 0}}};
    FileHashCache none = {0}, cache = {0};
    FileEntry entries[FILE_COUNT];
    sample_entries(entries);
    entries[MAIN].imports = imports;
    entries[MAIN].import_count = 3;
    FileSplice all = {
        .entries = entries, .entry_count = FILE_COUNT, .values = values, .value_count = 2};
    assert_int_equal(file_hash_cache_splice(&cache, &none, entries[MAIN].path, &all), 0);
    assert_int_equal(file_hash_cache_targets(&cache, MAIN), 1);
    assert_int_equal(file_hash_cache_find_value(&cache, 3, slice_from("B")), 1);
    assert_int_equal(file_hash_cache_find_value(&cache, 7, slice_from("B")), FILE_NONE);
    check_every_number(*state, &cache);
    file_hash_cache_close(&cache);
}

static void so_is_every_role(void **state)
{
    static const uint32_t imports[] = {LIB_A, Z, FILE_COUNT};
    static const uint8_t roles[] = {IMPORT_SOURCE, IMPORT_DATA, IMPORT_VALUE};
    static const FileValue value = {{"A", 1}, 7, {1, 2}};
    uint8_t file_roles[FILE_COUNT] = {0};
    FileHashCache none = {0}, cache = {0};
    FileEntry entries[FILE_COUNT];
    sample_entries(entries);
    entries[MAIN].imports = imports;
    entries[MAIN].import_count = 3;
    entries[MAIN].roles = roles;
    file_roles[Z] = IMPORT_DATA;
    FileSplice all = {.entries = entries,
                      .entry_count = FILE_COUNT,
                      .values = &value,
                      .value_count = 1,
                      .file_roles = file_roles};
    assert_int_equal(file_hash_cache_splice(&cache, &none, entries[MAIN].path, &all), 0);
    assert_int_equal(file_hash_cache_targets(&cache, MAIN), 1);
    assert_int_equal(file_hash_cache_role(&cache, Z), IMPORT_DATA);
    ByteBuffer image = {0};
    buffer_put(&image, image_slice(&cache.image));
    assert_true(is_accepted(*state, buffer_slice(&image)));
    size_t first = (size_t)((const char *)cache.roles - cache.image.data);
    for (uint32_t i = 0; i < cache.import_count + cache.count; i++)
        for (int role = 0; role < 6; role++) {
            char *at = image.data + first + i, right = *at;
            bool is_value = i < cache.import_count && cache.imports[i] >= cache.count;
            *at = (char)role;
            assert_int_equal(is_accepted(*state, buffer_slice(&image)),
                             is_value ? role == IMPORT_VALUE : role < IMPORT_VALUE);
            *at = right;
        }
    buffer_free(&image);
    file_hash_cache_close(&cache);
}

static void images_cut_short_or_padded(void **state)
{
    SampleTable *sample = *state;
    FileHashCache cache = {0};
    sample_fill(&cache);
    for (size_t size = 1; size < cache.image.size; size++)
        assert_false(is_accepted(sample, slice_of(cache.image.data, size)));
    ByteBuffer longer = {0};
    buffer_put(&longer, image_slice(&cache.image));
    buffer_put_byte(&longer, '\0');
    assert_false(is_accepted(sample, buffer_slice(&longer)));
    longer.data[8]++; /* the header says so, but the byte belongs to no file */
    assert_false(is_accepted(sample, buffer_slice(&longer)));
    buffer_free(&longer);
    file_hash_cache_close(&cache);
}

static void paths_out_of_order_or_unterminated(void **state)
{
    SampleTable *sample = *state;
    FileHashCache cache = {0};
    sample_fill(&cache);
    char *paths = (char *)(uintptr_t)cache.paths;
    Slice image = image_slice(&cache.image);
    static const struct {
        size_t at;
        char byte;
    } damages[] = {{10, 'x'}, {4, 'b'}, {4, 'c'}, {0, 'n'}, {22, 'a'}};
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        char right = paths[damages[i].at];
        paths[damages[i].at] = damages[i].byte;
        assert_false(is_accepted(sample, image));
        paths[damages[i].at] = right;
    }
    assert_true(is_accepted(sample, image));
    file_hash_cache_close(&cache);
}

static void a_damaged_file_is_a_cold_start(void **state)
{
    SampleTable *sample = *state;
    sample_save(sample);
    scratch_write(&sample->scratch, "file_hashes.bin", "damaged");
    FileHashCache cache = {0};
    assert_int_equal(file_hash_cache_load(&cache, sample->path), -EBADMSG);
    assert_int_equal(cache.count, 0);
    sample_fill(&cache);
    assert_int_equal(file_hash_cache_save(&cache, sample->path), 0);
    file_hash_cache_close(&cache);
    assert_int_equal(file_hash_cache_load(&cache, sample->path), 0);
    expect_sample(&cache);
    file_hash_cache_close(&cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_WITH_SAMPLE(every_number_of_an_image_is_checked),
        CASE_WITH_SAMPLE(so_are_those_of_absent_paths_and_of_entries),
        CASE_WITH_SAMPLE(so_are_those_of_values),
        CASE_WITH_SAMPLE(so_is_every_role),
        CASE_WITH_SAMPLE(images_cut_short_or_padded),
        CASE_WITH_SAMPLE(paths_out_of_order_or_unterminated),
        CASE_WITH_SAMPLE(a_damaged_file_is_a_cold_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
