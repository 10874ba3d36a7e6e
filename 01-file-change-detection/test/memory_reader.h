/* SPDX-License-Identifier: MIT */
/*
 * Sources in memory: a reader for tests, which can be told to fail, and counts what it is asked.
 *
 *     MemoryReader memory;
 *     memory_reader_open(&memory);
 *     memory_reader_put(&memory, "main.mini", "fn main() i32 { return 0; }");
 *     request.reader = &memory.reader;
 *     memory_reader_close(&memory);
 *
 * Threads: its files are changed between builds, and read by any thread.
 */
#ifndef MEMORY_READER_H
#define MEMORY_READER_H

#include "scratch.h"
#include "source_reader.h"

#include <stdatomic.h>

typedef struct MemoryFile {
    char path[96];
    ByteBuffer bytes;
    uint64_t version;  /* counts up with each put; 0: it has no stamp */
    int stamp_status, read_status; /* what the functions return instead of an answer; 0: nothing */
    unsigned changes_after; /* from that read on, other bytes than before; 0: never */
    atomic_uint reads;
} MemoryFile;

typedef struct MemoryReader { /* must not be moved */
    SourceReader reader;
    MemoryFile files[160];
    unsigned count;
    uint64_t last_version;
    atomic_uint stamps; /* how often it was asked for one */
} MemoryReader;

void memory_reader_open(MemoryReader *memory);
void memory_reader_close(MemoryReader *memory);

/* Adds or replaces a file; with the same bytes it keeps its version. Valid until one is removed. */
MemoryFile *memory_reader_put(MemoryReader *memory, const char *path, const char *text);
void memory_reader_put_bytes(MemoryReader *memory, const char *path, Slice bytes);

/* The test fails if there is none, but with memory_reader_get: NULL. */
MemoryFile *memory_reader_file(MemoryReader *memory, const char *path);
MemoryFile *memory_reader_get(MemoryReader *memory, const char *path);
void memory_reader_remove(MemoryReader *memory, const char *path);

/* Holds these files of the disk, and no others. A name of NULL ends the list; files that are not
 * there are left out. */
void memory_reader_load(MemoryReader *memory, const Scratch *scratch, const char *const *names);

#endif
