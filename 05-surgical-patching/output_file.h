/* SPDX-License-Identifier: MIT */
/*
 * The file at the output's path: what it is, and how it is replaced.
 *
 * A plain file (regular, one link, reached by no symlink) may be written into. A hard link or a
 * symlink is somebody else's view of the same bytes: it is replaced by a file of our own, and
 * what it was linked to stays as it is, wherever it leads. A FIFO or a device is written straight,
 * and so is a descriptor that the user named ("-", "/dev/stdout"; see output_place.h), from where
 * it stands.
 *
 * What a look found may be another file a moment later: whoever can write into the directory can
 * exchange it. So nothing is opened through a link or cut off by being opened, and what was opened
 * is compared with what was looked at before a byte of it is written.
 *
 * Replacing goes through a draft: a file beside the output that gets its name when it is whole.
 *
 *     OutputDraft draft;
 *     output_draft_open(&draft, &file, "c0ffee");
 *     ... write to draft.fd ...
 *     output_draft_publish(&draft, &file, false, &stamp);
 *     output_draft_close(&draft);               removes it, unless it was published
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
    FileStamp stamp;      /* of the regular file that is there, or is linked to; else {0} */
    bool keeps_mode;      /* it is a regular file: its replacement gets these */
    mode_t mode;          /* permissions, if it has the same owner; and anything else those of a */
    uid_t owner;          /* new file */
    dev_t special_device; /* of the FIFO or device: which one it is */
    ino_t special_inode;
} OutputFile;

/* Looks. 0; -EISDIR; -ENOENT if its directory is missing; -EBADF if a descriptor is named that is
 * not open; or another negative errno. */
int output_file_look(OutputFile *file, const char *path);

/* Opens the regular file to read and write it; if that is not allowed or it is only linked to, to
 * read it, and sets `*is_writable` accordingly. A descriptor; -ESTALE if there is another file by
 * now than was looked at; or another negative errno. */
int output_file_open(const OutputFile *file, bool *is_writable);

/* Is `fd` still the plain file that was looked at, under its name and no other, unchanged? */
bool output_file_is_still(const OutputFile *file, int fd);

typedef struct OutputDraft {
    int fd;              /* -1 once it is published */
    bool is_stream;      /* what is written straight: bytes go out in order, there is no draft */
    char path[PATH_MAX]; /* "" once published */
} OutputDraft;

/* Makes a draft beside the output; or opens the FIFO or device, or the descriptor again. `unique`
 * (a few characters) must differ between drafts that are written at the same time; one that a
 * killed process left is replaced. Where something has its name that cannot be removed, the draft
 * has a random one. 0; -ESTALE if there is something else by now than was looked
 * at; or another negative errno. The caller closes in every case. */
int output_draft_open(OutputDraft *draft, const OutputFile *file, const char *unique);

/* Closes the draft and gives it the output's name, or just closes the stream; with `sync`, fsyncs
 * it before and the directory after. Sets `*written` to what a draft's stamp was at its last byte
 * ({0} for a stream). 0 or a negative errno, and then the output is as it was: also if it is close
 * that fails, by which a server says that the user's quota is exceeded. */
int output_draft_publish(OutputDraft *draft, const OutputFile *file, bool sync,
                         FileStamp *written);

void output_draft_close(OutputDraft *draft);

/* Removes the draft of that name, if a process that was killed left one. */
void output_draft_remove(const OutputFile *file, const char *unique);

#ifdef __cplusplus
}
#endif
#endif
