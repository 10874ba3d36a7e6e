/* SPDX-License-Identifier: MIT */
/* A directory for one test, below $TMPDIR, and small operations in it. Every function fails the
 * running cmocka test if the machine reports an error. */
#ifndef SCRATCH_H
#define SCRATCH_H

#include "slice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/types.h>

#include <cmocka.h>

typedef struct Scratch {
    char path[256];
    int fd; /* of the directory */
} Scratch;

void scratch_open(Scratch *scratch);
/* Removes the directory and its contents. */
void scratch_close(Scratch *scratch);

/* A test with a Scratch for its *state. */
#define CASE_IN_SCRATCH(name) \
    cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)
int scratch_setup(void **state);
int scratch_teardown(void **state);

typedef struct FileList {
    unsigned count;
    char paths[64][96]; /* in byte order, as for the other functions */
} FileList;

/* Writes a file, and makes its parent directories. */
void scratch_write(const Scratch *scratch, const char *name, const char *text);
void scratch_write_bytes(const Scratch *scratch, const char *name, Slice bytes);
/* The whole file, NUL-terminated; the caller frees. *size may be NULL. */
char *scratch_read(const Scratch *scratch, const char *name, size_t *size);
/* Moves a file's mtime into the past, and waits until the file system's clock has passed the
 * resulting ctime: a stamp probed from now on is newer than the file's. */
void scratch_age(const Scratch *scratch, const char *name, int seconds);
/* Waits until files written from now on get stamps newer than all existing ones. */
void scratch_settle(const Scratch *scratch);
bool scratch_exists(const Scratch *scratch, const char *name);
/* The contents of a directory, without names that begin with a dot. Empty if it does not exist. */
FileList scratch_list(const Scratch *scratch, const char *directory);
/* Edits a file: replaces the first `from`, which must exist, by `to`. */
void scratch_edit(const Scratch *scratch, const char *name, const char *from, const char *to);
/* Flips these bits of the byte at `place` of a file. */
void scratch_flip(const Scratch *scratch, const char *name, off_t place, int bits);

/* A limit on the size of files stands in for a full disk: writing past it fails. */
void full_disk_begin(size_t file_size);
void full_disk_end(void);

#endif
