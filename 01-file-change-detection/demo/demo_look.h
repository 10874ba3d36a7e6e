/* SPDX-License-Identifier: MIT */
/*
 * One look at a project: how the demos of stages 1 to 3 use this stage.
 *
 *     Look look;
 *     look_begin(&look);
 *     if (look_find(&look, "main.mini", NULL) == LOOK_OK) {
 *         ... look.files and look.found ...
 *         look_save(&look);
 *     }
 *     look_end(&look);
 *
 * The entry is in the working directory, and what is known of the files is kept beside it.
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

/* The main function of a demo that is given an entry: changes to its directory, and runs `program`
 * with its name there. Returns an exit status. */
int look_command(int argument_count, char **arguments, int (*program)(const char *entry));

/* 0, or a negative errno if .mini_cache cannot be opened: then nothing can be kept. */
int look_begin(Look *look);
void look_end(Look *look);

/* Finds the files of the program, and reports what changed to the observer, if there is one. Errors
 * of their imports are printed; look->found says which file could not be read. */
LookStatus look_find(Look *look, const char *entry, const Observer *observer);

/* Prints which file could not be read, if there is one, and why. */
void look_report_unreadable(const Look *look, const char *entry);

/* Remembers the files for the next look, in LOOK_STATE. 0, or a negative errno. */
int look_save(Look *look);

/* What an error of look_begin or look_save means. */
const char *look_error_text(int error);

/* Prints a name that somebody else chose as a terminal may see it, in `width` columns at least. */
void print_name(FILE *stream, Slice name, int width);

/* Prints the errors, with their lines of the source where that is not empty, and forgets them. Of a
 * file outside of the working directory it prints only the kinds of its errors. */
void diagnostics_report(Diagnostics *errors, Slice source);

#ifdef __cplusplus
}
#endif

#endif
