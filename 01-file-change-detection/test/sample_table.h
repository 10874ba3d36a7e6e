/* SPDX-License-Identifier: MIT */
/* A file table of four files, and the file that holds it.
 *
 *     main → lib/a, lib/b;  lib/a ↔ lib/b;  z is alone
 */
#ifndef SAMPLE_TABLE_H
#define SAMPLE_TABLE_H

#include "file_hash_cache.h"
#include "scratch.h"

enum { LIB_A, LIB_B, MAIN, Z, FILE_COUNT };

typedef struct SampleTable {
    Scratch scratch;
    char path[512]; /* of file_hashes.bin, which does not exist at first */
} SampleTable;

/* A test with a SampleTable for its *state. */
#define CASE_WITH_SAMPLE(name) \
    cmocka_unit_test_setup_teardown(name, sample_table_setup, sample_table_teardown)
int sample_table_setup(void **state);
int sample_table_teardown(void **state);

void sample_entries(FileEntry entries[FILE_COUNT]);
void sample_fill(FileHashCache *cache);

/* Saves the table for the first time. */
void sample_save(const SampleTable *sample);

/* Fails the test unless the table is what sample_fill made of it. */
void expect_sample(const FileHashCache *cache);

#endif
