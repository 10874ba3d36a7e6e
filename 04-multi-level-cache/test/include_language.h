/* SPDX-License-Identifier: MIT */
/*
 * The tree language with a preprocessor: a file is lowered together with what it includes, embeds
 * and asks for. It is the largest language of the tests: its interfaces are parsed, at some
 * expense. Lines of its own, beside those of a file of trees:
 *
 *     include "list.h"          its lines stand here; "import" lines of a text are left out
 *     include? "list.h"         may be nowhere
 *     define NAME TEXT          %NAME in what follows is TEXT
 *     env NAME                  defines it as the value of a name, if that has one
 *     embed NAME "list.bin"     type NAME and a word made from the bytes; also embed?
 *     ifdef NAME                up to the matching endif; also ifndef
 *     ifexists "list.h"         may be nowhere
 *     warn TEXT                 a warning at this line, in whatever file it is
 *
 * A file is looked for beside the one that names it, then in the directories `near` and `far`. The
 * scan knows nothing of conditions: it finds more than is asked for.
 */
#ifndef INCLUDE_LANGUAGE_H
#define INCLUDE_LANGUAGE_H

#include "tree_language.h"

enum { INCLUDE_ENVIRONMENT = 1 }; /* the kind of a value */

typedef enum IncludeMistake { /* what a wrong compiler does */
    INCLUDE_IS_RIGHT,
    INCLUDE_SCANS_NO_EMBED, /* data is not found, and is asked for */
    INCLUDE_SCANS_NO_ENV,   /* neither are values */
    INCLUDE_ASKS_FROM_SELF, /* for what a text includes, as if it stood in the file */
    INCLUDE_ASKS_MORE_EACH_TIME, /* some calls ask once more */
    INCLUDE_VALUE_CHANGES, /* each time it is asked for */
} IncludeMistake;

typedef struct IncludeLanguage { /* {0} is right */
    TreeLanguage tree;           /* first */
    const char *values[8][2];    /* name and value; name NULL: the end, value NULL: it has none */
    IncludeMistake mistake;
    uint64_t values_asked, lowered; /* counted, by all threads */
} IncludeLanguage;

/* The plug; `language` is lent. */
Compiler include_language(IncludeLanguage *language);

/* A source with all that it includes, as trees. False: something was refused. */
bool include_expand(Inputs *inputs, Slice source, Arena *arena, Diagnostics *diagnostics,
                    ByteBuffer *expanded);

#endif
