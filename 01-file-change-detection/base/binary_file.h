/* SPDX-License-Identifier: MIT */
/*
 * Checked, versioned files: what the caches keep on disk.
 *
 *     magic[8]  version u32  reserved u32  size u64  checksum u64  │ size bytes of content
 *     └──────────────────── 32 bytes ────────────────────────────┘
 *
 * Loading is one mmap and one pass of the checksum: nothing is parsed, no object is built. A
 * file is written under a temporary name and renamed, so a reader finds the old content or the
 * new, never half of one. Everything read back is untrusted: a wrong magic, version, length or
 * checksum makes the file damaged (-EBADMSG), and damage means "start cold", never an error.
 *
 *     static const BinaryFormat format = {"exmpl", 1};
 *     Slice parts[] = {slice_from("hello")};
 *     binary_file_write(AT_FDCWD, "greeting.bin", &format, parts, 1, false);
 *     MappedFile file;
 *     if (binary_file_map(AT_FDCWD, "greeting.bin", &format, 0, &file) == 0)
 *         mapped_file_close(&file);
 *
 * The bytes on disk are little-endian. Threads: any, on different files.
 */
#ifndef BINARY_FILE_H
#define BINARY_FILE_H

#include "slice.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { BINARY_HEADER_SIZE = 32 };

typedef struct BinaryFormat {
    char magic[8]; /* at most seven characters; the rest is zero */
    uint32_t version;
} BinaryFormat;

typedef struct MappedFile { /* {0} maps nothing */
    void *mapping;          /* private, writable pages; writes never reach the file */
    size_t mapping_size;
    char *content;       /* after the header, 32-byte aligned */
    size_t content_size; /* bytes of the file's content */
    size_t room;         /* zeroed bytes that may be written after the content */
    uint64_t checksum;   /* hash_checksum of the content, as it was when it was mapped */
} MappedFile;

/* Writes header and parts to a temporary file beside `name` and renames it over `name`; with
 * `sync`, fsyncs the file and then its directory. 0 or a negative errno; on failure `name` is
 * as it was (after a failed fsync of the directory it may be the new one). `dir_fd` may be
 * AT_FDCWD. */
int binary_file_write(int dir_fd, const char *name, const BinaryFormat *format, const Slice *parts,
                      size_t part_count, bool sync);

/* Writes header and parts from the beginning of an open file, fsyncs it with `sync`, and always
 * closes it. 0 or a negative errno; until it returns 0 the file is damaged. */
int binary_file_fill(int fd, const BinaryFormat *format, const Slice *parts, size_t part_count,
                     bool sync);

/* Maps the file and checks it. `room` zeroed bytes follow the content. 0, -ENOENT, -EBADMSG
 * (damaged, truncated, another version, not a regular file) or another negative errno. Cost:
 * one pass over the content. The caller closes. */
int binary_file_map(int dir_fd, const char *name, const BinaryFormat *format, size_t room,
                    MappedFile *file);

/* Reads content of a fixed size into `content`, which changes only if the result is 0. Errors are
 * those of binary_file_map; another size is -EBADMSG. */
int binary_file_read(int dir_fd, const char *name, const BinaryFormat *format, void *content,
                     size_t size);

void mapped_file_close(MappedFile *file);

/* ---- what other files of a cache are written with --------------------------------------- */

/* Opens a file of a cache, with the `flags` of open. It never follows a symlink or waits for a
 * FIFO. A file of our own that we may not open is given the permissions that its owner needs.
 * Returns the descriptor, with the file's size in *size, or a negative errno; -EBADMSG if the name
 * is that of something other than a regular file. */
int open_regular(int dir_fd, const char *name, int flags, uint64_t *size);

/* Reads `size` bytes at `offset`, across interruptions and short reads. 0; -EBADMSG if the file
 * ends first; or another negative errno. */
int read_all_at(int fd, char *bytes, size_t size, uint64_t offset);

/* Writes all bytes at `offset` of a regular file, in the same way, without moving the descriptor's
 * position: several threads may call it at once. 0 or a negative errno. */
int put_all_at(int fd, Slice bytes, uint64_t offset);

/* Extends the file to `end`, with disk space for everything after `start`. 0 or a negative errno;
 * the file may have grown even if it failed. */
int reserve_space(int fd, uint64_t start, uint64_t end);

/* Writes all parts, one after the other, at the descriptor's position; the file may be a pipe or a
 * terminal. Continues after interruptions and short writes, and waits where a plain write would
 * return EAGAIN. 0 or a negative errno. */
int write_parts(int fd, const Slice *parts, size_t part_count);

/* The same in a regular file, starting at `offset`; the descriptor's position ends up after
 * them. */
int write_all_at(int fd, const Slice *parts, size_t part_count, uint64_t offset);

/* Makes the creation, removal or renaming of a file survive a power cut: fsyncs its directory. 0 or
 * a negative errno. */
int sync_directory_of(int dir_fd, const char *name);

#ifdef __cplusplus
}
#endif
#endif
