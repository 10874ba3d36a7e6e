/* SPDX-License-Identifier: MIT */
/*
 * What a code generator is asked, and what it may ask in return.
 *
 * A unit is emitted from its own IR and from the interfaces it names. It reaches these only through
 * a Lookup, by reference number: its own references, and the interface references of what it found.
 * That is exactly the closure its key was made from. In builds with GUARD_LOOKUPS the lookup ends
 * the process with a message when asked for anything outside that closure: a hole in the keys
 * becomes a failing test instead of a stale output.
 *
 * What follows from an interface and everything it refers to is the same for every unit: the value
 * of a constant, the layout of a struct. If it were computed for each unit, a thousand units that
 * use a constant made from a thousand others would cost a million steps. A code generator may
 * therefore note it, once for the whole program, and find it again in later units.
 *
 * The same holds for parsing. A front end whose IR is not used where it lies, but parsed, would
 * parse an interface for each unit that names something in it. It may make a form of a whole file
 * instead, which is opened at most once in a process:
 *
 *     lower             also returns an interface blob: all that others may see of the file
 *     open              that blob → a form of any kind
 *     Lookup.opened     the form of the file of a unit that was found, or of the one being emitted
 *
 * All of a form may be looked at: the whole blob is in the key of each unit that finds something in
 * the file, and of the file's own units. That is the price: they are all emitted again when any
 * interface of the file changes. What a form names in a third file is asked for as ever, by the
 * reference numbers of a unit that was found. Nobody writes to a form: many threads read it, and
 * with GUARD_LOOKUPS a build in which its memory has changed ends the process.
 *
 * Of another file with such a blob a unit sees the form only; its IR is not handed out. Of its own
 * file's IR it may look at its own part, and at what is the same whatever the bodies of the other
 * units are: these are not in its key. What depends on them is found by build_verify (stage 4) once
 * one of them was edited.
 *
 * Threads: emit is called from any thread; it keeps nothing but notes.
 */
#ifndef CODEGEN_H
#define CODEGEN_H

#include "declarations.h"
#include "diagnostics.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct Unit { /* one declaration of one file, with everything known about it */
    const Declarations *declarations; /* of its file */
    Slice ir; /* blob of its file; empty for a unit of another file that has an interface blob */
    bool ir_is_fresh;                 /* lowered by this process: not read from anywhere */
    uint32_t file;
    uint32_t declaration; /* in declarations->items */
    Slice path;           /* of its file */
    Slice symbol;         /* its name in the output: path:name, or the entry point's own name */
    bool is_entry_point;  /* the declaration where the program starts */
} Unit;

typedef struct Lookup Lookup;
struct Lookup {
    /* Finds what reference number `reference` of `from` names. `from` is the unit being emitted, or
     * a unit found before; of the latter, only interface references may be asked. `found` is set if
     * the name is found, and stays valid until emit returns. If it is missing,
     * found->declarations is what its file has instead, or NULL: for an error that suggests one of
     * them, and for nothing else, since it is not in the key. */
    Resolution (*find)(const Lookup *lookup, const Unit *from, uint32_t reference, Unit *found);

    /* The place of the note about a unit that was found; the place holds NULL while there is no
     * note. Two threads may make one at once: use unit_note_read and unit_note_write. Returns NULL,
     * no place, for a unit that leads to something poisoned, and for one in a cycle of interfaces
     * or that leads to one. Only a cycle whose keys stand since the last build, which had no error,
     * may have places. All units that a unit with a place leads to have places too. */
    const void **(*note)(const Lookup *lookup, const Unit *found);

    /* A unit that a note names: one that the unit it is about leads to. */
    Unit (*unit)(const Lookup *lookup, uint32_t file, uint32_t declaration);

    /* The opened form of the file of `found`, which is the unit being emitted, or was found. NULL
     * if the file has no interface blob, or `open` made nothing of it. */
    const void *(*opened)(const Lookup *lookup, const Unit *found);

    Arena *notes; /* memory for notes: they live as long as the program. NULL: make none */
};

static inline const void *unit_note_read(const void **place)
{
    return __atomic_load_n(place, __ATOMIC_ACQUIRE);
}

/* Of two notes about one unit, which are equal, the later one stays. */
static inline void unit_note_write(const void **place, const void *note)
{
    __atomic_store_n(place, note, __ATOMIC_RELEASE);
}

/* Appends the unit's output to `text` and returns true; or returns false, after adding diagnostics
 * (at lines of the unit's own file) if the unit itself is wrong, or silently if something it names
 * is: that unit reports it. A unit that names something poisoned is checked for the rest: it may
 * report only what is wrong whatever that name turns out to be. Text that comes with false, or with
 * an error, is never kept. The caller reuses `scratch` as soon as emit returns.
 *
 * Warnings, with their notes, are kept with the text and reported again with it, so they must
 * follow from what the text follows from. Their places may also follow from the place of the
 * declaration, and from the unit's part of the IR: if that differs from the one they came with, the
 * unit is emitted again. (If places in it are measured from the declaration, one that only moved is
 * not.) A note to another unit points to its name, by diagnostic_point_to; with a place in another
 * file that was not set so, nothing is kept. No message says where something is. */
typedef bool (*EmitUnit)(void *language, const Unit *unit, const Lookup *lookup, Arena *scratch,
                         ByteBuffer *text, Diagnostics *diagnostics);

/* Makes a diagnostic that emit adds point to a unit that was found, and follow it: the place is
 * that of its name, now and whenever it is reported again. */
static inline void diagnostic_point_to(Diagnostic *diagnostic, const Unit *found)
{
    const Declaration *at = &found->declarations->items[found->declaration];
    diagnostic->path = found->path;
    diagnostic->line = at->line;
    diagnostic->column = at->column;
    diagnostic->subject = declaration_name(found->declarations, found->declaration);
}

/* The form of an interface blob: made of nothing but the blob, in `memory`. Blob and memory live as
 * long as the program, so the form may point into both. NULL if the blob is not one of lower's. */
typedef const void *(*OpenInterface)(void *language, Slice interface, Arena *memory);

/* All units of one file that must be emitted, in one call: for a front end that parses its own file
 * once for all of them. For each it does what emit would, and sets is_right to what emit would
 * return: a text may not depend on which other units are emitted, or in which order they come. */
typedef struct UnitEmission {
    const Unit *unit;
    const Lookup *lookup; /* for this unit only */
    ByteBuffer *text;
    Diagnostics *diagnostics;
    bool is_right; /* false when emit_file is called */
} UnitEmission;

typedef void (*EmitFile)(void *language, UnitEmission *units, size_t count, Arena *scratch);

#ifdef __cplusplus
}
#endif
#endif
