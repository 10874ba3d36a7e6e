/* SPDX-License-Identifier: MIT */
/*
 * One look at a project, as the demos of stages 1 to 3 use this stage.
 *
 *     Look look;
 *     look_begin(&look);
 *     if (look_find(&look, "main.mini", NULL) == LOOK_OK) {
 *         ... look.files and look.found ...
 *         look_save(&look);
 *     }
 *     look_end(&look);
 *
 * The entry is in the working directory, and the state of the files is kept beside it.
 */
#ifndef DEMO_LOOK_H
#define DEMO_LOOK_H

#include "discovery.h"

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LOOK_STATE ".mini_cache/file_hashes.bin"

typedef enum LookStatus { /* the exit statuses of the contract */
    LOOK_OK = 0,
    LOOK_SOURCES_WRONG = 1,
    LOOK_MISUSED = 2,
    LOOK_MACHINE_FAILED = 3
} LookStatus;

typedef struct Look {
    int cache_fd; /* of .mini_cache; a negative errno if it cannot be opened */
    FileHashCache files;
    Discovery found;
} Look;

/* The main function of a demo with an entry: changes to its directory and runs `program` there with
 * its name. Returns an exit status. */
int look_command(int argument_count, char **arguments, int (*program)(const char *entry));

/* 0, or a negative errno if .mini_cache cannot be opened; then nothing can be saved. */
int look_begin(Look *look);
void look_end(Look *look);

/* Finds the files of the program and reports changes to the observer, if any. Import errors are
 * printed; look->found says which file could not be read. */
LookStatus look_find(Look *look, const char *entry, const Observer *observer);

/* Prints which file could not be read, if any, and why. */
void look_report_unreadable(const Look *look, const char *entry);

/* Remembers the files for the next look, in LOOK_STATE. 0, or a negative errno. */
int look_save(Look *look);

/* What an error of look_begin or look_save means. */
const char *look_error_text(int error);

/* Prints an untrusted name in a form that is safe on a terminal, in at least `width` columns. */
void print_name(FILE *stream, Slice name, int width);

/* Prints the errors, with their source lines unless `source` is empty, and discards them. For a
 * file outside the working directory it prints only the kinds of its errors. */
void diagnostics_report(Diagnostics *errors, Slice source);

#ifdef __cplusplus
}
#endif

#endif
