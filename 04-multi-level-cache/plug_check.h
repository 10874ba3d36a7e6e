/* SPDX-License-Identifier: MIT */
/*
 * Is a plug right? For the tests of your own compiler: what it does to some sources is held against
 * the rules of compiler.h, and each rule that is broken is named, with the function that breaks it.
 *
 *     static void report(void *context, const char *function, Slice subject, const char *rule)
 *     {
 *         printf("%s(%.*s): %s\n", function, (int)subject.size, subject.data, rule);
 *     }
 *
 *     PlugFile files[] = {{slice_from("main.x"), slice_from("...")}, ...};
 *     PlugCheck check = {.breaks = report, .executor = &pool.executor};
 *     uint64_t broken = plug_check(&compiler, files, 2, &check);
 *
 * What lower_with_inputs asks for is answered from the files; what it names must be among those
 * that scan_imports finds.
 *
 * Each function is called several times with equal arguments in different memory, from as many
 * threads as the executor has, and must answer alike. Nothing is read from disk or written.
 *
 * What this cannot see: a fingerprint that leaves something out, a hash that does, and whatever
 * these sources do not reach. Give it the test programs of your compiler, wrong ones among them,
 * and run it with the sanitizers.
 */
#ifndef PLUG_CHECK_H
#define PLUG_CHECK_H

#include "compiler.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct PlugFile { /* lent */
    Slice path;           /* from the directory of the entry, normalised */
    Slice source;
    ImportRole role;      /* of what no source imports as one: IMPORT_TEXT or IMPORT_DATA */
} PlugFile;

typedef struct PlugCheck {
    /* Called for each rule that is broken. `function` is a field of Compiler; the subject is a path
     * or path:name, valid during the call; the rule is static text. */
    void (*breaks)(void *context, const char *function, Slice subject, const char *rule);
    void *context;
    Executor *executor; /* never NULL; with several workers, functions run at the same time */
} PlugCheck;

/* Checks the plug on these files, in any order, of different paths; the first one is the entry. An
 * import may lead to any of them; one that leads elsewhere is poisoned. Returns how many rules were
 * broken: 0 if all is well. One thread. */
uint64_t plug_check(const Compiler *compiler, const PlugFile *files, uint32_t count,
                    const PlugCheck *check);

#ifdef __cplusplus
}
#endif
#endif
