/* SPDX-License-Identifier: MIT */
/*
 * Code generation through the cache: a unit's output is looked up by its key, and emitted only on a
 * miss.
 *
 *     UnitOutput output;
 *     cached_codegen(&codegen, worker, file, unit, key, true, &output);
 *     if (output.origin == OUTPUT_EMITTED)              afterwards, from one thread
 *         air_cache_put_with_warnings(&cache, key, output.text, output.warnings);
 *
 * Threads: any number, each with the scratch of its own worker number.
 */
#ifndef CACHED_CODEGEN_H
#define CACHED_CODEGEN_H

#include "air_cache.h"
#include "observer.h"
#include "unit_lookup.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum OutputOrigin {
    OUTPUT_CACHED,
    OUTPUT_EMITTED, /* and right: keep it if it is cacheable */
    OUTPUT_PASSING, /* the same, but with a warning whose place cannot be kept (codegen.h) */
    OUTPUT_WRONG,   /* it, or something it names, has errors; never kept */
} OutputOrigin;

/* What is reported about a unit; the subject is path:name. */
enum UnitDecision {
    DECISION_UNIT_CACHED = DECISIONS_OF(3), /* its output was found by unit key */
    DECISION_UNIT_DIRTY,                    /* its own source changed: emitted */
    DECISION_UNIT_NEW,                      /* the last build did not know its file: emitted */
    DECISION_UNIT_LOST,                     /* nothing changed, but its output is gone: emitted */
    DECISION_UNIT_WRONG,                    /* it, or something it names, has errors: no output */
    DECISION_UNIT_DEPENDENT,                /* something it names changed: emitted */
};

typedef struct UnitOutput {
    Slice text; /* in the cache, or in the worker's results; empty for OUTPUT_WRONG */
    Slice warnings; /* the same; those that were reported, to be kept with the text. Often empty */
    size_t reported; /* how many diagnostics were added for it */
    OutputOrigin origin;
} UnitOutput;

typedef struct CodegenScratch { /* {0}; one per worker; freed with codegen_scratch_free */
    Arena arena;             /* for one unit */
    ByteBuffer text;         /* of one unit */
    Arena results;           /* texts of all units this worker emitted, and its notes */
    Diagnostics diagnostics; /* of all units this worker emitted */
} CodegenScratch;

typedef struct CachedCodegen {
    Program *program;
    const AirCache *cache; /* NULL: emit everything */
    EmitUnit emit;
    EmitFile emit_file; /* NULL: emit is called for each unit. Else it is called instead */
    void *language;
    CodegenScratch *scratch; /* per worker */
} CachedCodegen;

/* What emit reports is added to the diagnostics of the worker's scratch, in the order of the calls:
 * diagnostics_sort comes before diagnostics_format_file. The warnings of an output that was found
 * are added again; one with a subject may have moved since, and the caller places it. An output
 * whose warnings cannot be placed is emitted again. */
void cached_codegen(const CachedCodegen *codegen, unsigned worker, uint32_t file,
                    uint32_t declaration, Hash128 key, bool is_cacheable, UnitOutput *output);

/* The two halves of it, for a language that emits the units of a file together: first it is asked
 * for each unit whether its output is cached, then those that are not are emitted in one call. */
typedef struct WantedUnit {
    uint32_t declaration;
    UnitOutput *output;
} WantedUnit;

bool cached_codegen_find(const CachedCodegen *codegen, unsigned worker, uint32_t file,
                         uint32_t declaration, Hash128 key, bool is_cacheable, UnitOutput *output);
/* What is reported about one unit stays together, in the order of `wanted`. */
void cached_codegen_emit(const CachedCodegen *codegen, unsigned worker, uint32_t file,
                         const WantedUnit *wanted, size_t count);

/* Are these warnings of one output, for the same places, and not the same? */
bool unit_warnings_differ(Slice a, Slice b);

void codegen_scratch_free(CodegenScratch *scratch);

#ifdef __cplusplus
}
#endif
#endif
