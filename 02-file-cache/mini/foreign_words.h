/* SPDX-License-Identifier: MIT */
/*
 * Words of other languages, and what Mini has in their place.
 *
 * None of them is a word of Mini: each may be a name in a program. They are looked up only where a
 * program is wrong, to say more than that. Threads: any.
 */
#ifndef FOREIGN_WORDS_H
#define FOREIGN_WORDS_H

#include "slice.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum ForeignKind { /* where the word stands, in its own language */
    FOREIGN_LINE,   /* at the beginning of a statement that ends with it */
    FOREIGN_LOOP,   /* before a block that is repeated */
    FOREIGN_BRANCH, /* before a block that is not */
    FOREIGN_CASES,  /* before a block that is not one of statements */
    FOREIGN_TYPE,   /* as a type; also before a name, at the beginning of a declaration */
    FOREIGN_TOP,    /* at the beginning of a declaration of the top level */
    FOREIGN_NAME,   /* as a value or a function */
    FOREIGN_SIGN,   /* as an operator */
} ForeignKind;

typedef struct ForeignWord {
    char word[10]; /* arrays: an address in a table costs every start of the program */
    unsigned char kind; /* ForeignKind */
    char advice[64];    /* goes on after "there is no 'word': "; of a FOREIGN_TYPE the type of Mini,
                           or empty */
} ForeignWord;

/* NULL if the word is none of them. */
const ForeignWord *foreign_word(Slice word);

/* The word of Mini's own, a keyword or a built-in name, that this one is a misspelling of: one of
 * those that begin a statement, a declaration of the top level, or any. Empty: of none. */
typedef enum OwnWords { OWN_STATEMENTS, OWN_DECLARATIONS, OWN_TYPES } OwnWords;
Slice foreign_own_word(Slice word, OwnWords words);

#ifdef __cplusplus
}
#endif
#endif
