/* SPDX-License-Identifier: MIT */
/*
 * A random program in the line language, and random edits of it: bodies, interfaces, imports and
 * the order of units change; files are added and removed, broken and mended. Interfaces come to
 * refer to each other in cycles, within a file and across several; two cycles become one, and that
 * one two again. A few of them are errors, and all are broken now and then. There are warnings in
 * many files and units.
 *
 * If it searches, imports are looked for in several places. Each file then comes and goes in each
 * place, a little different everywhere; in some there is a directory of its name, or a link that
 * leads nowhere. Some imports are optional.
 *
 *     RandomLines lines;
 *     random_lines_make(&lines, &scratch, random_begin(), false);
 *     random_lines_edit(&lines);
 */
#ifndef RANDOM_LINES_H
#define RANDOM_LINES_H

#include "random_numbers.h"
#include "scratch.h"

/* f0.line and f1.line are entries. */
enum { RANDOM_FILES = 9, RANDOM_ENTRIES = 2, UNITS = 5, IMPORTS = 4, REFERENCES = 3, PLACES = 4 };

typedef struct RandomUnit {
    bool exists;
    unsigned name; /* u0, u1, ...; an interface holds only smaller names, and points to any */
    unsigned parameters, body;
    /* Imports' places; IMPORTS: its own file. */
    unsigned interface_file, pointer_file, bridge_file, body_files[REFERENCES];
    /* UNITS and above: none. The bridge is a second pointer, which joins two cycles. */
    unsigned interface_name, pointer_name, bridge_name, body_names[REFERENCES];
} RandomUnit;

typedef enum RandomPlaceKind {
    PLACE_EMPTY,
    PLACE_FILE,
    PLACE_DIRECTORY,
    PLACE_LINK, /* to nothing */
} RandomPlaceKind;

typedef struct RandomPlace { /* what stands there under the name of a file */
    RandomPlaceKind kind;
    unsigned variation;
} RandomPlace;

typedef struct RandomFile {
    bool is_missing, is_broken, declares;
    bool holds_all; /* also what its interfaces point to: in a cycle, an error */
    unsigned number, comment, declared;
    unsigned imports[IMPORTS]; /* file numbers; RANDOM_FILES: none */
    RandomUnit units[UNITS];
    bool demands_brackets;     /* how its imports are written */
    bool imports_are_optional; /* never changes: a name has another key with `~` than with `$` */
    RandomPlace places[PLACES];
} RandomFile;

typedef struct RandomLines {
    const Scratch *scratch; /* lent: where the files are */
    Random random;
    bool searches;
    char system[300];                    /* an absolute directory */
    const char *directories[PLACES + 1]; /* where imports are looked for; NULL at the end */
    RandomFile files[RANDOM_FILES];
} RandomLines;

typedef struct RandomComponents {
    /* For unit u of file f, [f * UNITS + u]: the bits of all that its interface leads to and that
     * lead back, its own included; 0: it is in no cycle, or not in the program. */
    uint64_t members[RANDOM_FILES * UNITS];
} RandomComponents;

/* Writes a program without errors, whose entry f0.line reaches a cycle. The numbers say which. */
void random_lines_make(RandomLines *lines, const Scratch *scratch, Random random, bool searches);

/* Some edits; in half of all cases earlier faults are mended, and names lead somewhere. */
void random_lines_edit(RandomLines *lines);

/* The names of all files, which may be missing; NULL at the end. If it searches, there are more. */
extern const char *const random_lines_names[RANDOM_FILES + 1];

/* The cycles of interfaces in the program of an entry. */
void random_lines_components(const RandomLines *lines, unsigned entry,
                             RandomComponents *components);

/* A random number below that, also for other random choices of a test. */
unsigned random_lines_pick(RandomLines *lines, unsigned below);

#endif
