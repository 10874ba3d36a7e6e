/* SPDX-License-Identifier: MIT */
/*
 * The file at the output's path: what it is, and how it is replaced.
 *
 * A plain file (regular, one link, not reached through a symlink) may be written in place. A hard
 * link or a symlink is another name for the same bytes: it is replaced by a file of our own, and
 * what it was linked to stays as it is, wherever it leads. A FIFO or a device is written directly,
 * and so is a descriptor that the user named ("-", "/dev/stdout"; see output_place.h), from its
 * current offset.
 *
 * The file found may be another one a moment later: anyone who can write to the directory can
 * exchange it. So nothing is opened through a link or truncated by opening, and the opened file is
 * compared with the one looked at before a byte of it is written.
 *
 * An output is replaced through a draft: a file beside it that gets its name once it is whole.
 *
 *     OutputDraft draft;
 *     output_draft_open(&draft, &file, "c0ffee");
 *     ... write to draft.fd ...
 *     output_draft_publish(&draft, &file, false, &stamp);
 *     output_draft_close(&draft);               removes it, unless published
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
    dev_t special_device; /* of the FIFO or device: which one it is */
    ino_t special_inode;
} OutputFile;

/* Looks. 0; -EISDIR; -ENOENT if its directory is missing; -EBADF if the path names a descriptor
 * that is not open; or another negative errno. */
int output_file_look(OutputFile *file, const char *path);

/* Opens the regular file to read and write it, or only to read it if writing is not allowed or it
 * is only linked to; sets `*is_writable` accordingly. A descriptor; -ESTALE if it is no longer the
 * file that was looked at; or another negative errno. */
int output_file_open(const OutputFile *file, bool *is_writable);

/* Is `fd` still the plain file that was looked at, unchanged, under its name and no other? */
bool output_file_is_still(const OutputFile *file, int fd);

typedef struct OutputDraft {
    int fd;              /* -1 once it is published */
    bool is_stream;      /* written directly: bytes go out in order, without a draft */
    char path[PATH_MAX]; /* "" once published */
} OutputDraft;

/* Makes a draft beside the output; or opens the FIFO or device, or the descriptor again. `unique`
 * (a few characters) must differ between drafts written at the same time; one left by a killed
 * process is replaced. If its name is taken by something that cannot be removed, the draft gets a
 * random one. 0; -ESTALE if the output is no longer what was looked at; or another negative errno.
 * The caller closes in every case. */
int output_draft_open(OutputDraft *draft, const OutputFile *file, const char *unique);

/* Closes the draft and gives it the output's name, or just closes the stream; with `sync`, fsyncs
 * it before and the directory after. Sets `*written` to the draft's stamp at its last byte ({0} for
 * a stream). 0 or a negative errno, and then the output is as it was: even if close fails, by which
 * a server reports that the user's quota is exceeded. */
int output_draft_publish(OutputDraft *draft, const OutputFile *file, bool sync,
                         FileStamp *written);

void output_draft_close(OutputDraft *draft);

/* Removes the draft of that name, if a killed process left one. */
void output_draft_remove(const OutputFile *file, const char *unique);

#ifdef __cplusplus
}
#endif
#endif
