/* SPDX-License-Identifier: MIT */
/* A Mini source lowered for a test, with results as comparable text. */
#ifndef LOWERED_SOURCE_H
#define LOWERED_SOURCE_H

#include "parser.h"
#include "zir.h"

typedef struct LoweredSource {
    bool succeeded;
    Lowered lowered;
    Declarations declarations; /* if successful */
    Diagnostics diagnostics;
    Arena arena;
    ByteBuffer text;
} LoweredSource;

void lowered_source_open(LoweredSource *source, Slice text);
void lowered_source_close(LoweredSource *source);

/* The part of a declaration; fails the test if it does not exist. */
void lowered_source_part(LoweredSource *source, const char *name, Zir *zir);

/* All declarations as zir_print lists them, each after a line "NAME:". Valid until the next call
 * for this source. */
const char *lowered_source_listing(LoweredSource *source);

/* The errors, sorted, one "LINE:COLUMN MESSAGE" a line. Valid until the next call. */
const char *lowered_source_errors(LoweredSource *source);

#endif
