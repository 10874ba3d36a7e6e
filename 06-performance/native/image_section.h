/* SPDX-License-Identifier: MIT */
/*
 * The code of one file, as it stands in an image.
 *
 *     │ head │ units │ references │ code of a │ code of b │ ... │ names, each with its NUL │ 0 ... │
 *
 * All offsets are relative to the section, so it can be moved as it is. It says itself where its
 * units are and where they name others: whoever has the image needs nothing else to patch it. Code
 * begins at multiples of 16. The names are where the symbol table of the image points to; the first
 * byte of a section is 0, which is the empty name.
 *
 * Its size depends on its own units alone, and at least one 0 follows the last name.
 *
 * Threads: any.
 */
#ifndef IMAGE_SECTION_H
#define IMAGE_SECTION_H

#include "content_hash.h"
#include "unit_code.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { SECTION_BLOCK = 256 }; /* a section is a multiple of it */

typedef struct SectionHead {
    uint64_t zero;
    Hash128 content; /* of path and units, before slots are filled in */
    uint32_t unit_count, reference_count;
    uint32_t size; /* without the zeros at the end */
    uint32_t reserved[3];
} SectionHead;

typedef struct SectionUnit {
    uint32_t code, code_size; /* offset in the section; bytes */
    uint32_t name, name_size;
} SectionUnit;

/* ---- making -------------------------------------------------------------------------------- */

/* The bytes that the units of a section take, in whole blocks; 0 if one is not well formed, or all
 * together pass 2 GiB. */
uint64_t image_section_size(const Slice *texts, uint32_t count);

/* The address that a reference receives; 0 if there is no such symbol. Any thread. */
typedef uint32_t (*FindSlot)(const void *context, ReferenceKind kind, Slice symbol);

/* Writes the section to `to`, which has `size` bytes of room and is aligned to 16. 0; or -ENOENT: a
 * symbol is missing. */
int image_section_write(char *to, uint64_t size, Slice path, const Slice *texts, uint32_t count,
                        FindSlot find, const void *context);

/* Calls `visit` for each unit, with its place in the section as it will be. */
typedef void (*VisitUnit)(void *context, const UnitCode *unit, const SectionUnit *place);
void image_section_visit(const Slice *texts, uint32_t count, VisitUnit visit, void *context);

/* The hash that stands in the head. */
Hash128 image_section_content(Slice path, const Slice *texts, uint32_t count);

/* ---- reading ------------------------------------------------------------------------------- */

typedef struct SectionView { /* valid as long as the bytes */
    const SectionHead *head;
    const SectionUnit *units;
    const uint32_t *references; /* offsets in the section of the 4 bytes, ascending */
    Slice bytes;
} SectionView;

/* The size of the part of a section that lists its units and references. */
static inline uint64_t image_section_index_size(const SectionHead *head)
{
    return sizeof *head + (uint64_t)head->unit_count * sizeof(SectionUnit) +
           (uint64_t)head->reference_count * sizeof(uint32_t);
}

/* `bytes`, aligned to 8, are a whole section. False if it is not well formed. */
bool image_section_view(Slice bytes, SectionView *view);

static inline Slice image_section_name(const SectionView *view, uint32_t unit)
{
    return slice_of(view->bytes.data + view->units[unit].name, view->units[unit].name_size);
}

/* The address in the code at a reference. */
static inline uint32_t image_section_slot(const SectionView *view, uint32_t reference)
{
    uint32_t address;
    memcpy(&address, view->bytes.data + view->references[reference], sizeof address);
    return address;
}

#ifdef __cplusplus
}
#endif
#endif
