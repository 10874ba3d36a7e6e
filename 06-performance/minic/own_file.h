/* SPDX-License-Identifier: MIT */
/*
 * A small file that the user asked for beside the output: a list of files, a trace. Its name may be
 * that of something else, mistyped or taken long ago. So what is there is looked at first.
 *
 *     status = own_file_write("main.d", text, is_depfile);
 */
#ifndef OWN_FILE_H
#define OWN_FILE_H

#include "memory.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Does a file that somebody once asked for begin like this? */
typedef bool (*OwnFileFilter)(Slice bytes);

/* Replaces the file at `path` by the text, at once, unless that is what it holds. 0; -EEXIST if
 * what is there is neither empty nor one of ours, or is a link, and it stays as it is; or another
 * negative errno. */
int own_file_write(const char *path, Slice text, OwnFileFilter is_own);

#ifdef __cplusplus
}
#endif
#endif
