/* SPDX-License-Identifier: MIT */
/*
 * A Mini project that is edited at random.
 *
 * The project is a model, not text: files with constants, structs and functions that name each
 * other, imports that may be circular. An edit changes the model; writing renders it. The text
 * of whatever an edit did not touch stays the same to the byte, so that the incremental build
 * sees what it would see of a person's edit. Most states are programs without errors; some edits
 * break one on purpose, and a later one mends it.
 *
 * The same seed gives the same project on every machine, and the same number the same edit of
 * the same project. An edit can be left out without changing what the others draw: so a walk
 * that fails is shrunk to the few edits that matter.
 */
#ifndef RANDOM_PROJECT_H
#define RANDOM_PROJECT_H

#include "memory.h"
#include "scratch.h"

enum { MOST_FILES = 24, MOST_UNITS = 6, MOST_FIELDS = 4, MOST_CALLS = 3 };

typedef enum NumberType { NUMBER_I32, NUMBER_I64, NUMBER_F64, NUMBER_TYPES } NumberType;

typedef struct RandomConst {
    bool exists;
    NumberType type;
    uint32_t value;
    int operand; /* file whose constant 0 is added, or -1; always a later file: no cycles */
} RandomConst;

typedef struct RandomStruct {
    bool exists;
    unsigned field_count;
    NumberType fields[MOST_FIELDS];
    int inner; /* file whose struct is its last field, or -1; always a later file */
} RandomStruct;

typedef struct RandomFunction {
    bool exists;
    unsigned param_count;
    NumberType params[MOST_FIELDS];
    bool swapped_names; /* the first two parameters' names change places */
    NumberType result;
    uint32_t literal;
    bool has_comment;
    bool is_misspelled; /* it is declared by another name: its callers break */
    unsigned call_count;
    struct {
        int file, function;
    } calls[MOST_CALLS]; /* functions that do not exist are not rendered as calls */
    int constant;        /* file whose constant 0 it adds, or -1 */
    int structure;       /* file whose struct it makes, or -1 */
} RandomFunction;

typedef struct RandomFile {
    bool exists;
    bool is_broken;      /* has a syntax error */
    unsigned blank_lines;
    RandomConst constants[2];
    RandomStruct structure;
    RandomFunction functions[MOST_UNITS];
} RandomFile;

/* Who names whom, and how much there is of what. */
typedef enum RandomShape {
    SHAPE_WEB,   /* anybody names anybody */
    SHAPE_CHAIN, /* a file names the next one, and sometimes the one before */
    SHAPE_STAR,  /* everybody names file 1 */
    SHAPE_FEW,   /* three files that are full */
    SHAPE_CROWD, /* all files, with little in each */
    SHAPES
} RandomShape;

typedef struct RandomProject {
    uint64_t random; /* state of the generator */
    RandomShape shape;
    RandomFile files[MOST_FILES];
    Slice last_edit; /* what random_project_edit did; static text */
    int last_file;   /* where it did it, or -1 */
} RandomProject;

void random_project_init(RandomProject *project, uint64_t seed, RandomShape shape);
const char *random_shape_name(RandomShape shape);

/* The edit of that number. */
void random_project_edit(RandomProject *project, uint64_t number);

/* Writes the files that differ from those on disk, removes those that are gone. */
void random_project_write(const RandomProject *project, const Scratch *scratch);

uint32_t random_below(RandomProject *project, uint32_t limit);

#endif
