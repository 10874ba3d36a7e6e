/* SPDX-License-Identifier: MIT */
/*
 * The keys that decide what is compiled again.
 *
 * Every top-level declaration is a unit: checked, emitted and cached by itself. Its key is a hash
 * of everything that can affect its output, and of nothing else:
 *
 *     interface key   path:name, interface hash, that of the file's interface blob if it has one,
 *                     and for each name the interface refers to (a struct's fields, a constant's
 *                     operands): its interface key and symbol, or "not found"
 *     unit key        fingerprint, symbol, own interface key, body hash, and for each name the
 *                     body refers to: its interface key and symbol, or "not found"
 *
 * A changed comment thus stops at unchanged hashes, a changed body at its own unit, and a changed
 * signature at the units that name it: early cutoff, with no analysis beyond hashing. Computing a
 * key checks no types. "Not found" is part of it because a name that starts to resolve is a change
 * too.
 *
 * Interfaces may refer to each other in a cycle: two classes whose methods take each other. None
 * of their keys can come first, so such a component (strongly connected: each of its members leads
 * to all others) is hashed as a whole, its members in byte order of path and name, and a reference
 * from one to another is the number of that member:
 *
 *     component       for each member the same as for an interface key, with numbers
 *     interface key   of a member: the component's hash, and its own path:name
 *
 * Interface keys are memoized per declaration, and computed without recursion, in time linear in
 * declarations and references. What has no key is what leads to something poisoned: to a name in a
 * file that has errors, or from an import that leads nowhere. It is marked, with the whole of its
 * component; the key of a unit that reaches it is worthless, and its output must not be cached.
 *
 *     program_interface_keys(&program, file, &scratch);        for each file
 *     Hash128 key = program_unit_key(&program, file, unit, &scratch, &is_cacheable);
 *
 * The idea of signatures that cut off a rebuild: SML/NJ's compilation manager, "smart
 * recompilation"; the term early cutoff: Mokhov, Mitchell, Peyton Jones, "Build Systems a la
 * Carte".
 */
#ifndef UNIT_KEYS_H
#define UNIT_KEYS_H

#include "declarations.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum KeyState { /* the later of two is that of what leads to both */
    KEY_UNKNOWN,
    KEY_VISITING, /* on the stack of the current computation */
    KEY_KNOWN,
    KEY_CIRCULAR,    /* known too: its interface is in a cycle, or leads to one */
    KEY_UNCACHEABLE, /* leads to something poisoned */
} KeyState;

#define TARGET_NONE UINT32_MAX /* the target of an import that leads nowhere: an error */
#define TARGET_ABSENT (UINT32_MAX - 1) /* the same, and it may: what it would offer is not found */

/* All memory is the caller's. interface_keys and key_states have declarations.count elements; the
 * states begin as zeros (KEY_UNKNOWN), the keys need no value. `targets` has one element per
 * import, and may be NULL if there are none. */
typedef struct ProgramFile { /* one file, as keys and code generation see it */
    Declarations declarations;
    Slice ir;
    bool ir_is_fresh; /* lowered by this process, not read from a cache */
    Slice interface;  /* its interface blob (codegen.h); empty: it has none. Else ... */
    Hash128 interface_blob_hash; /* ... part of the interface keys of all its declarations */
    Slice path;
    const uint32_t *targets; /* per import, the number of the file it leads to, TARGET_NONE or
                                 TARGET_ABSENT */
    Hash128 *interface_keys; /* per declaration; none, if it is KEY_UNCACHEABLE */
    uint8_t *key_states;     /* per declaration: KeyState of its interface key */
    const void **notes;      /* per declaration: notes of code generators (codegen.h). NULL, then in
                                all files: nothing is noted */
    bool is_poisoned; /* it has errors: no declarations here, and its own are unknown */
} ProgramFile;

/* `file` gets no context but the Program: to have your own, make a Program the first member of your
 * struct, and cast. */
typedef struct Program Program;
struct Program {
    /* The file with a number, loaded on first use. Never NULL: one that cannot be loaded is
     * poisoned, and the owner of the program remembers the failure. Valid as long as the program.
     * Any thread. */
    ProgramFile *(*file)(Program *program, uint32_t number);
    Hash128 fingerprint;
    /* The opened form of a file with an interface blob; the same whenever it is asked for. Any
     * thread. NULL: no file has one. */
    const void *(*opened)(Program *program, uint32_t number);
    const HashSecret *secret; /* lent: what keys are hashed under; NULL: public hashes, as the
                                 programs of stages 1 to 3 have. Stage 4 keeps the seed of one */
    uint32_t entry_file;
    Slice entry_point; /* the declaration in the entry file that keeps its plain name; empty: no
                          unit does */
};

/* What a reference of a declaration leads to. Only NAME_FOUND has a target. Any thread. */
Resolution program_resolve(Program *program, const ProgramFile *from, uint32_t file,
                           const Reference *reference, uint32_t *target_file,
                           uint32_t *target_declaration);

/* Computes the interface keys of all declarations of a file that are KEY_UNKNOWN, and of what
 * they refer to. One thread at a time for the whole program. `scratch` is reused memory. */
void program_interface_keys(Program *program, uint32_t file, ByteBuffer *scratch);

/* The same, but only for declarations whose interface refers to nothing. Any number of threads, on
 * different files: in a large program this does most declarations. */
void program_plain_interface_keys(const Program *program, const ProgramFile *file,
                                  ByteBuffer *scratch);

/* The unit key; the interface keys of what it refers to must be known. `is_cacheable` is false
 * if something poisoned is reached. Any thread. */
Hash128 program_unit_key(Program *program, uint32_t file, uint32_t declaration,
                         ByteBuffer *scratch, bool *is_cacheable);

/* True if the output uses the unit's plain name: the entry point. */
bool program_is_entry_point(const Program *program, uint32_t file, Slice name);

/* A hash of what a file itself offers: its names, their interfaces and what these refer to. While
 * it is unchanged, and those of the files it names, its interface keys are too. */
Hash128 program_interface_digest(Program *program, uint32_t file, ByteBuffer *scratch);

#ifdef __cplusplus
}
#endif
#endif
