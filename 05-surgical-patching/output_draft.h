/* SPDX-License-Identifier: MIT */
/*
 * An output is replaced through a draft: a file beside it that gets its name once it is whole.
 *
 *     OutputDraft draft;
 *     output_draft_open(&draft, &file);         after output_file_look
 *     ... write to draft.fd ...
 *     output_draft_publish(&draft, &file, false, &stamp);
 *     output_draft_close(&draft);               removes it, unless published
 *
 * Threads: any, on different files.
 */
#ifndef OUTPUT_DRAFT_H
#define OUTPUT_DRAFT_H

#include "output_file.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct OutputDraft {
    int fd;              /* -1 once it is closed */
    bool is_stream;      /* written directly: bytes go out in order, without a draft */
    char path[PATH_MAX]; /* "" once published */
} OutputDraft;

/* Makes a draft beside the output; or opens the FIFO or device, or the descriptor again. A draft
 * that a killed process left is replaced. 0; -ESTALE if the output is no longer what was looked at;
 * or another negative errno. The caller closes in every case. */
int output_draft_open(OutputDraft *draft, const OutputFile *file);

/* Flushes the draft and gives it the output's name, or just closes the stream; with `sync`, fsyncs
 * it before and the directory after. Sets `*written` to the draft's stamp at its last byte ({0} for
 * a stream). 0 or a negative errno, and then the output is as it was: even if only closing
 * fails, by which a server reports that the user's quota is exceeded. */
int output_draft_publish(OutputDraft *draft, const OutputFile *file, bool sync,
                         FileStamp *written);

void output_draft_close(OutputDraft *draft);

/* Is this, without its directory, the name of a draft? Of any output. */
bool output_draft_owns(const char *name);

/* Removes the drafts of this output that killed processes left, whichever caches they used. */
void output_draft_remove_leftovers(const OutputFile *file);

#ifdef __cplusplus
}
#endif
#endif
