/* SPDX-License-Identifier: MIT */
#include "sample_table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const uint32_t IMPORTS_OF_A[] = {LIB_B}, IMPORTS_OF_B[] = {LIB_A};
static const uint32_t IMPORTS_OF_MAIN[] = {LIB_B, LIB_A};

void sample_entries(FileEntry entries[FILE_COUNT])
{
    static const char *const paths[] = {"lib/a.mini", "lib/b.mini", "main.mini", "z.mini"};
    for (uint32_t i = 0; i < FILE_COUNT; i++)
        entries[i] = (FileEntry){
            .path = slice_from(paths[i]),
            .known = {.stamp = {10 + i, 100 + i, 200 + i, 300 + i, 1}, .racy_since_ns = i},
            .content = hash_bytes(slice_from(paths[i])),
        };
    entries[LIB_A].imports = IMPORTS_OF_A;
    entries[LIB_B].imports = IMPORTS_OF_B;
    entries[MAIN].imports = IMPORTS_OF_MAIN;
    entries[LIB_A].import_count = entries[LIB_B].import_count = 1;
    entries[MAIN].import_count = 2;
}

void sample_fill(FileHashCache *cache)
{
    FileEntry entries[FILE_COUNT];
    sample_entries(entries);
    file_hash_cache_replace(cache, slice_from("main.mini"), entries, FILE_COUNT);
}

int sample_table_setup(void **state)
{
    SampleTable *sample = malloc(sizeof *sample);
    assert_non_null(sample);
    scratch_open(&sample->scratch);
    snprintf(sample->path, sizeof sample->path, "%s/file_hashes.bin", sample->scratch.path);
    *state = sample;
    return 0;
}

int sample_table_teardown(void **state)
{
    SampleTable *sample = *state;
    scratch_close(&sample->scratch);
    free(sample);
    return 0;
}

void sample_save(const SampleTable *sample)
{
    FileHashCache cache = {0};
    assert_int_equal(file_hash_cache_load(&cache, sample->path), -ENOENT);
    sample_fill(&cache);
    assert_int_equal(file_hash_cache_save(&cache, sample->path), 0);
    file_hash_cache_close(&cache);
}

void expect_sample(const FileHashCache *cache)
{
    FileEntry entries[FILE_COUNT];
    sample_entries(entries);
    assert_int_equal(cache->count, FILE_COUNT);
    assert_true(slice_equal(cache->entry, slice_from("main.mini")));
    for (uint32_t i = 0; i < FILE_COUNT; i++) {
        const FileRecord *record = &cache->records[i];
        assert_string_equal(file_hash_cache_path(cache, i).data, entries[i].path.data);
        assert_true(slice_equal(file_hash_cache_path(cache, i), entries[i].path));
        assert_memory_equal(&record->known, &entries[i].known, sizeof record->known);
        assert_true(hash_equal(record->content, entries[i].content));
        assert_int_equal(record->import_count, entries[i].import_count);
        for (uint32_t j = 0; j < record->import_count; j++)
            assert_int_equal(cache->imports[record->first_import + j], entries[i].imports[j]);
    }
}
