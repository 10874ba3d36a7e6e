/* SPDX-License-Identifier: MIT */
/*
 * The pairs that bench/techniques measures: a technique and its naive version, each as a function
 * that prepares, does its work between two readings of the clock, checks the result, and cleans up.
 */
#ifndef PAIRS_H
#define PAIRS_H

#include "ours.h"

#include <limits.h>

typedef struct OutputWay { /* one way to keep an output up to date, with its own cache and file */
    const char *name;
    bool is_naive;
    char cache_dir[PATH_MAX], output[PATH_MAX];
} OutputWay;

typedef struct KeyedObject {
    Hash128 key;
    Slice bytes;
} KeyedObject;

typedef struct Bench {
    int corpus, work, ladder; /* descriptors of directories */
    char entry[PATH_MAX];
    char image[PATH_MAX], json[PATH_MAX], text[PATH_MAX]; /* the state, three times */
    unsigned rungs;                                       /* of the ladder */
    Compiler compiler;
    OutputWay patched, reassembled, full;
    MultiLevelCache cache; /* of the patched output; open until outputs are measured */
    Slice *sources;        /* per file */
    KeyedObject *objects;  /* per file: its lowered form, in the cache */
    bool *changed;         /* per file */
    uint64_t units, tokens, imports, visits; /* the amount of work */
    int pack, loose;       /* descriptors of the directories where objects were last written */
    unsigned places;       /* number of such directories */
    double begun, ended;   /* milliseconds */
} Bench;

typedef struct Pair {
    const char *name, *title, *naive_title;
    void (*ours)(Bench *bench);
    void (*naive)(Bench *bench);
    bool wants_edit; /* one function body differs in each round */
} Pair;

extern const Pair pairs[];
extern const size_t pair_count;

/* Brings one of the outputs up to date, whatever that takes; the time after the plan counts. */
void bring_up_to_date(Bench *bench, const OutputWay *way, Executor *executor, bool force);

/* End the process, with one line. */
_Noreturn void die(const char *what);
void check(int status, const char *what);

#endif
