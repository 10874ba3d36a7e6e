/* SPDX-License-Identifier: MIT */
/*
 * The file at the output's path: what it is, and how it is opened.
 *
 * A plain file (regular, one link, not reached through a symlink) may be written in place. A hard
 * link or a symlink is another name for the same bytes: it is replaced by a file of our own
 * (output_draft.h), and what it was linked to stays as it is, wherever it leads. A FIFO or a device
 * is written directly, and so is a descriptor that the user named ("-", "/dev/stdout"; see
 * output_place.h), from its current offset.
 *
 * The file found may be another one a moment later: anyone who can write to the directory can
 * replace it. So nothing is opened through a link or truncated by opening, and the opened file is
 * compared with the one looked at before a byte of it is written.
 *
 * Threads: any, on different files.
 */
#ifndef OUTPUT_FILE_H
#define OUTPUT_FILE_H

#include "file_stamp.h"
#include "output_place.h"

#include <sys/stat.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum OutputKind {
    OUTPUT_ABSENT,
    OUTPUT_PLAIN,
    OUTPUT_LINKED,  /* a regular file with several links, or a symlink */
    OUTPUT_SPECIAL, /* a FIFO or a device */
    OUTPUT_STREAM,  /* a descriptor of this process */
} OutputKind;

typedef struct OutputFile {
    OutputPlace place;
    OutputKind kind;
    bool is_symlink;
    FileStamp stamp;      /* of the regular file that is there or linked to; else {0} */
    bool keeps_mode;      /* it is a regular file: its replacement gets these */
    mode_t mode;          /* permissions, if it has the same owner; and anything else those of a */
    uid_t owner;          /* new file */
    mode_t execute_bits;  /* that a program gets when it is whole; 0: all who may read it may then
                             execute it */
    dev_t special_device; /* of the FIFO or device: which one it is */
    ino_t special_inode;
} OutputFile;

/* Looks. 0; -EISDIR; -ENOENT if its directory is missing; -EBADF if the path names a descriptor
 * that is not open; or another negative errno. */
int output_file_look(OutputFile *file, const char *path);

/* Opens the regular file to read and write it, or only to read it if writing is not allowed or it
 * is only linked to; sets `*is_writable` accordingly, and `*is_in_use` if the system says that it is a
 * program which runs. A descriptor; -ESTALE if it is no longer the
 * file that was looked at; or another negative errno. */
int output_file_open(const OutputFile *file, bool *is_writable, bool *is_in_use);

/* Takes the execute bits of an open file away, so that no half of a program can be started, or gives
 * it its `execute_bits`, which are those that the file had that was looked at. 0; -ENOTSUP if the
 * file system keeps no modes, and the file is as it was; or another negative errno. */
int output_file_set_executable(const OutputFile *file, int fd, bool is_executable);

/* A build that was killed left a program without its execute bits, and its mode was last known to
 * be `mode`: sets `execute_bits` to what is missing, if nothing else is different. */
void output_file_remember_mode(OutputFile *file, mode_t mode);

/* The permissions of an open file; 0 if they cannot be read. */
mode_t output_file_mode(int fd);

/* May its owner execute the file that was looked at? */
bool output_file_is_executable(const OutputFile *file);

/* Does a process execute the file that is open, or read it? Most systems refuse to open a running
 * program for writing, but not all of them, and those that do not would let it run into code that
 * is being replaced. Asked with a lease, where there are leases. */
bool output_file_is_in_use(int fd);

/* Is `fd` still the plain file that was looked at, unchanged, under its name and no other? */
bool output_file_is_still(const OutputFile *file, int fd);

/* Opens the FIFO or device to write it. Anyone who can write to its directory may have put
 * something else there since the look: -ESTALE then, and a file is neither truncated nor written.
 * A descriptor, or another negative errno. */
int output_file_open_special(const OutputFile *file);

#ifdef __cplusplus
}
#endif
#endif
