/* SPDX-License-Identifier: MIT */
/* The files of a small store made in two commits, to be damaged, and what the store must still do
 * then. A test may change the bytes in memory at will: see open_with. */
#ifndef STORE_FILES_H
#define STORE_FILES_H

#include "opened_store.h"

enum { OBJECTS = 6, FIRST_COMMIT = 4, PACK_HEADER = 32, INDEX_HEADER = 64, SLOT = 32 };

typedef struct StoreFiles {
    Scratch scratch;
    char *pack, *index, *first_index; /* the last one is that of the first commit */
    size_t pack_size, index_size, first_index_size;
    size_t ends[OBJECTS]; /* where each object's record ends in the pack */
} StoreFiles;

/* A test with StoreFiles for its *state. */
#define CASE_WITH_FILES(name) \
    cmocka_unit_test_setup_teardown(name, store_files_setup, store_files_teardown)
int store_files_setup(void **state);
int store_files_teardown(void **state);

/* Writes these bytes to disk; the second also opens the store. */
void write_files(const StoreFiles *files, Slice pack, Slice index);
ObjectStore *open_with(const StoreFiles *files, Slice pack, Slice index);

static inline Slice whole_pack(const StoreFiles *files)
{
    return slice_of(files->pack, files->pack_size);
}

static inline Slice whole_index(const StoreFiles *files)
{
    return slice_of(files->index, files->index_size);
}

static inline void flip_bit(char *bytes, size_t bit)
{
    bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
}

/* ---- the objects, numbered from 0 ------------------------------------------------------------ */

Slice payload_of_object(uint32_t number);
void put_object(ObjectStore *store, uint32_t number);

/* Does the object exist? If so, it must be the right one. */
bool is_intact(const ObjectStore *store, uint32_t number);
unsigned count_intact(const ObjectStore *store);

/* Whatever happened, missing objects can be put again, and stay. Closes the store. */
void expect_usable(const Scratch *scratch, ObjectStore *store);

/* For loops over bits: one bit of each byte is tried fully, which writes files. */
void expect_usable_or_close(const Scratch *scratch, ObjectStore *store, size_t bit);

#endif
