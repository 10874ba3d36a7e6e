/* SPDX-License-Identifier: MIT */
/*
 * A small language whose lowered forms must be parsed: for tests of opened files. A file is a list
 * of lines:
 *
 *     import "lib/other.tree" as other
 *     about WORD ...                     stands at the name of everything in the file
 *     type NAME WORD ...
 *     fn NAME WORD ... = EXPRESSION      an expression is a word, or several in parentheses
 *
 * `$other.name` and `$name` refer to a type or function; any other word that is the name of one in
 * the same file stands for it. A function is emitted as one line, in which what
 * it names is spelled out:
 *
 *     about flat
 *     type box w h
 *     fn area box = (mul w h)          lib.tree[flat]:area{box{w h}} = (mul w h)
 *     fn main = (print $lib.area)      main.tree[]:main{} = (print lib.tree[flat]:area{box{w h}})
 *
 * `flat` and `box` in the last line are found in the opened interface of lib.tree, and nowhere
 * else: nothing refers to them.
 */
#ifndef TREE_LANGUAGE_H
#define TREE_LANGUAGE_H

#include "compiler.h"

typedef enum TreeMistake { /* what a wrong compiler does */
    TREE_IS_RIGHT,
    TREE_WRITES_TO_FORM,   /* and looks at nothing that it wrote */
    TREE_COUNTS_IN_CALL,   /* a text has the number of units that were emitted in the call before */
    TREE_SEES_ORDER,       /* a text says whether the first unit of the call comes after the last */
    TREE_READS_NEXT_BODY,  /* a text has the first byte of the body of the next function */
} TreeMistake;

typedef struct TreeLanguage { /* Compiler.language; {0} is right and cheap */
    TreeMistake mistake;
    bool emits_each;    /* has no emit_file: parses the bodies one by one */
    bool shares_nothing; /* parses interfaces for each unit that needs them, as without `open` */
    unsigned expense;   /* rounds of work for each byte that is parsed */
    unsigned pause_ms;  /* in which an interface is opened */
    /* Counted, by all threads: interfaces that were parsed, and calls that parsed bodies. */
    uint64_t opened, opened_bytes, parsed, parsed_bytes;
    uint64_t sum; /* of what the work found */
} TreeLanguage;

/* The plug; `language` is lent. */
Compiler tree_language(TreeLanguage *language);

#endif
