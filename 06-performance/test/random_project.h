/* SPDX-License-Identifier: MIT */
/*
 * A Mini project drawn at random.
 *
 * The project is a model, not text: files with constants, structs and functions that name each
 * other and functions of C, imports that may be circular. An edit (random_edit.h) changes the
 * model; writing renders it. Most states are programs without errors.
 *
 * The same seed gives the same project on every machine.
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
    bool swapped_names; /* the names of the first two parameters are swapped */
    NumberType result;
    uint32_t literal;
    bool has_comment;
    bool is_misspelled; /* it is declared under another name: its callers break */
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

/* Who names whom, and how many of each. */
typedef enum RandomShape {
    SHAPE_WEB,   /* any file names any other */
    SHAPE_CHAIN, /* a file names the next one, and sometimes the one before */
    SHAPE_STAR,  /* all files name file 1 */
    SHAPE_FEW,   /* three files that are full */
    SHAPE_CROWD, /* all files, with little in each */
    SHAPES
} RandomShape;

typedef struct RandomProject {
    uint64_t random; /* state of the generator */
    RandomShape shape;
    RandomFile files[MOST_FILES];
    Slice last_edit; /* what the last edit did; static text */
    int last_file;   /* the file it edited, or -1 */
} RandomProject;

void random_project_init(RandomProject *project, uint64_t seed, RandomShape shape);
const char *random_shape_name(RandomShape shape);

/* File numbers are below it. */
int random_shape_files(RandomShape shape);

/* Writes the files that differ from those on disk, removes deleted ones. */
void random_project_write(const RandomProject *project, const Scratch *scratch);

/* ---- parts of edits ------------------------------------------------------------------------ */

uint32_t random_below(RandomProject *project, uint32_t limit);
bool random_chance(RandomProject *project, uint32_t percent);

/* Each is drawn again, whatever was there before. */
void random_project_make_file(RandomProject *project, int file);
void random_project_make_const(RandomProject *project, int file, int number);
void random_project_make_struct(RandomProject *project, int file);
void random_project_make_function(RandomProject *project, int file, int number);
void random_project_make_calls(RandomProject *project, int file, RandomFunction *function);

#endif
