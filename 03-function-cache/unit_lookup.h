/* SPDX-License-Identifier: MIT */
/*
 * How a code generator reaches what its unit names, and nothing else.
 *
 * See codegen.h for the rule. With GUARD_LOOKUPS defined, breaking it ends the process.
 *
 *     UnitLookup lookup;
 *     unit_lookup_init(&lookup, &program, file, declaration, &arena);
 *     emit(language, &lookup.unit, &lookup.lookup, ...);
 *
 * Threads: one lookup per thread.
 */
#ifndef UNIT_LOOKUP_H
#define UNIT_LOOKUP_H

#include "codegen.h"
#include "unit_keys.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct UnitLookup {
    Lookup lookup; /* first: a UnitLookup is a Lookup */
    Unit unit;     /* the unit being emitted */
    Program *program;
    Arena *arena; /* holds the symbols returned */
    struct FoundUnit *found; /* with GUARD_LOOKUPS: everything found so far */
} UnitLookup;

/* A lookup for one unit. Everything it returns lives in `arena`. Notes are neither made nor read
 * unless lookup.notes is set to an arena that lives as long as the program. */
void unit_lookup_init(UnitLookup *lookup, Program *program, uint32_t file, uint32_t declaration,
                      Arena *arena);

#ifdef __cplusplus
}
#endif
#endif
