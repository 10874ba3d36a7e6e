/* SPDX-License-Identifier: MIT */
/*
 * What a file offers and what it uses, in a form independent of the language.
 *
 * A front end lowers a file to two blobs: its IR, which only the language understands, and its
 * declarations, which the caches understand. For each top-level declaration these hold its name, a
 * hash of its interface (what others can see of it), a hash of its body (what they cannot), and the
 * names that each of the two refers to. The keys that decide what must be compiled again (stage 3)
 * are made from this alone.
 *
 * The blob is flat and position-independent; it holds no path of its own file, so that two
 * files with equal bytes share one. Layout:
 *
 *     header │ ImportEntry × n │ Declaration × n │ Reference × n │ name order u32 × n │ text
 *
 * The name order lists the numbers of the declarations, sorted by name: finding one is a binary
 * search, and resolving the references of a large file needs no hash map.
 *
 * References are numbered per declaration: first those of the interface, then those of the body. If
 * a front end passes these numbers to its later stages, they cannot look at anything that the key
 * leaves out.
 *
 * Threads: any number may read a view.
 */
#ifndef DECLARATIONS_H
#define DECLARATIONS_H

#include "content_hash.h"

#ifdef __cplusplus
extern "C" {
#endif

#define IMPORT_SELF UINT32_MAX      /* a reference to the file's own declarations */
#define DECLARATION_NONE UINT32_MAX

typedef struct TextRange { /* in the blob's text */
    uint32_t offset;
    uint32_t size;
} TextRange;

typedef struct ImportEntry {
    TextRange path; /* as written, escapes resolved */
    uint32_t line, column;
} ImportEntry;

typedef struct Declaration {
    Hash128 interface_hash; /* with the names it refers to unresolved */
    Hash128 body_hash;      /* {0} if it has no body */
    TextRange name;
    TextRange prelude_symbol; /* if not empty: a line that the whole program needs once, ... */
    TextRange prelude_line;   /* ... and two lines that differ for one symbol are an error */
    uint32_t first_reference;
    uint32_t interface_reference_count;
    uint32_t body_reference_count;
    uint32_t ir_offset, ir_size; /* of its part in the IR blob */
    uint32_t line, column;       /* of its name */
    uint32_t reserved;
} Declaration;

typedef struct Reference {
    uint32_t import; /* number of an import of this file, or IMPORT_SELF */
    TextRange name;
} Reference;

typedef enum Resolution { /* what a reference leads to */
    NAME_MISSING,    /* there is no such declaration */
    NAME_FOUND,
    NAME_POISONED, /* the file that would answer has errors, or the import leads nowhere: neither
                        right nor wrong, and no consequence of it may be reported */
} Resolution;

typedef struct Declarations { /* a checked view of a blob; lives as long as the blob */
    const ImportEntry *imports;
    const Declaration *items;
    const Reference *references;
    const uint32_t *name_order; /* numbers of declarations, in byte order of their names */
    const char *text;
    uint32_t import_count, count, reference_count, text_size;
} Declarations;

/* Checks every count, range and number, and that the name order is one. False if the blob is not
 * well formed or not 8-byte aligned. The IR blob's own reader checks what is at ir_offset. */
bool declarations_view(Slice blob, Declarations *view);

static inline Slice declarations_text(const Declarations *view, TextRange range)
{
    return slice_of(view->text + range.offset, range.size);
}

static inline Slice declaration_name(const Declarations *view, uint32_t declaration)
{
    return declarations_text(view, view->items[declaration].name);
}

/* The declaration called `name`, or DECLARATION_NONE. Names are unique in a file; if a front end
 * allows duplicates, the first. Cost: log2 of the declarations. */
uint32_t declarations_find(const Declarations *view, Slice name);

/* How many declarations have a name before this one: where it is in the name order, or would be. */
uint32_t declarations_place(const Declarations *view, Slice name);

/* The i-th reference of a declaration: interface references come first. */
static inline const Reference *declaration_reference(const Declarations *view,
                                                     uint32_t declaration, uint32_t i)
{
    return &view->references[view->items[declaration].first_reference + i];
}

/* ---- writing, for front ends --------------------------------------------------------------- */

/*
 *     DeclarationsBuilder builder = {0};
 *     declarations_add_import(&builder, slice_from("math.mini"), 1, 1);
 *     Declaration *added = declarations_add(&builder, slice_from("main"), 3, 4);
 *     added->interface_hash = ...;                 (valid until the next declarations_add)
 *     number = declarations_add_reference(&builder, 0, slice_from("add"), false);
 *     ...                                          the number goes into the IR of the body
 *     added->body_hash = ...;                      {0} if it has no body
 *     added->ir_offset = ...;                      of its part in the IR blob
 *     added->ir_size = ...;
 *     blob = declarations_finish(&builder, arena);
 *     declarations_builder_free(&builder);
 */
typedef struct DeclarationsBuilder { /* {0} is empty; declarations_builder_reset reuses memory */
    ByteBuffer imports, items, references, text;
    ByteBuffer slots; /* finds references, for a declaration that has many */
} DeclarationsBuilder;

/* An empty builder with its memory in an arena; it need not be freed. */
DeclarationsBuilder declarations_builder_in(Arena *arena);

void declarations_add_import(DeclarationsBuilder *builder, Slice path, uint32_t line,
                             uint32_t column);

/* Adds a declaration without references or prelude line. */
Declaration *declarations_add(DeclarationsBuilder *builder, Slice name, uint32_t line,
                              uint32_t column);

/* Adds a reference to the newest declaration and returns its number in it. One that is already
 * there is not added again (a body shares those of its interface). All interface references
 * must be added before the first one of the body. Cost: constant, whatever the number.
 *
 * Keep the returned number in your IR: numbers are per distinct name, not per use, and emit must
 * ask the Lookup by that number. */
uint32_t declarations_add_reference(DeclarationsBuilder *builder, uint32_t import, Slice name,
                                    bool in_interface);

/* Gives the newest declaration a line for the program's prelude. */
void declarations_set_prelude(DeclarationsBuilder *builder, Slice symbol, Slice line);

/* The finished blob, in the arena, 16-byte aligned. */
Slice declarations_finish(const DeclarationsBuilder *builder, Arena *arena);

void declarations_builder_reset(DeclarationsBuilder *builder);
void declarations_builder_free(DeclarationsBuilder *builder);

#ifdef __cplusplus
}
#endif
#endif
