/* SPDX-License-Identifier: MIT */
#include "own_file.h"

#include "binary_file.h"
#include "output_draft.h"

#include <errno.h>
#include <fcntl.h>

/* 0 if the file may be replaced; 1 if there is nothing to do. */
static int look(const char *path, Slice text, OwnFileFilter is_own)
{
    Arena arena = {0};
    Slice bytes;
    FileStamp stamp;
    int status = file_read(AT_FDCWD, path, &arena, &bytes, &stamp);
    if (status == 0)
        status = slice_equal(bytes, text) ? 1 : bytes.size == 0 || is_own(bytes) ? 0 : -EEXIST;
    arena_free(&arena);
    return status == -ENOENT ? 0 : status;
}

static int replace(const char *path, Slice text)
{
    OutputFile file;
    OutputDraft draft;
    FileStamp stamp;
    int status = output_file_look(&file, path);
    if (status == 0 && file.kind == OUTPUT_LINKED)
        return -EEXIST; /* what others reach by another name is no list of ours */
    if (status == 0)
        status = output_draft_open(&draft, &file);
    if (status != 0)
        return status;
    status = put_all_at(draft.fd, text, 0);
    if (status == 0)
        status = output_draft_publish(&draft, &file, false, &stamp);
    output_draft_close(&draft);
    return status;
}

int own_file_write(const char *path, Slice text, OwnFileFilter is_own)
{
    int status = look(path, text, is_own);
    return status == 0 ? replace(path, text) : status == 1 ? 0 : status;
}
