/* SPDX-License-Identifier: MIT */
/*
 * Shared by program_image.c, which makes an image, and image_patch.c, which finds out what an edit
 * changes in one.
 */
#ifndef IMAGE_INTERNAL_H
#define IMAGE_INTERNAL_H

#include "incremental_build.h"
#include "program_image.h"

/* How far the units of a run-time section or of a section were collected. */
typedef struct UnitCollector {
    ProgramImage *image;
    ByteBuffer *units;     /* ImageSymbol */
    ByteBuffer *c_symbols; /* ImageSymbol; one may occur many times */
    uint32_t base;         /* added to offsets in the section */
    uint32_t section;      /* noted in the units */
} UnitCollector;

void image_collect(UnitCollector *collector, const Slice *texts, uint32_t count);

/* By hash; equal hashes by name. */
int image_compare_symbols(const void *a, const void *b);

/* Sorts, and leaves one of each. */
void image_sort_unique(ByteBuffer *symbols);

/* Gives the C symbols, which are in order, their slots, and makes the table to find them. */
void image_give_c_slots(ProgramImage *image);

/* The prelude of a build's compiler: the texts of the run-time section. */
Slice image_runtime_texts(const Build *build);

/* Collects the C symbols that the run-time section names, and not its units. */
void image_collect_runtime_c(ProgramImage *image, Slice texts, ByteBuffer *c_symbols);

/* Makes the run-time section, once slots are given. 0, or a negative errno, with `failed`. */
int image_make_runtime(ProgramImage *image, Slice texts);

/* Plans the head and sets its size in blocks. 0 or -EFBIG, with `failed`. */
int image_plan_head(ProgramImage *image);

/* Collects the units of a section. 0 or a negative errno, with `failed`. */
int image_collect_section(UnitCollector *collector, Slice path, const Slice *texts,
                          uint32_t count);

int image_fail(ProgramImage *image, const char *what, int status);

/* The slot of a unit in the image being patched; SLOT_NONE if there is none. */
uint32_t image_patch_find(const struct ImagePatch *patch, uint64_t hash, Slice name);

/* Frees what is known of the last image. */
void image_forget_patch(ProgramImage *image);

/* The two ways of output_format.h in image_patch.c. They fail with -EXDEV alone. */
int image_begin_patch(OutputFormat *format, Build *build, const OutputBase *base,
                      ByteBuffer *more);
int image_end_patch(OutputFormat *format, Build *build, const OutputPatch *patch,
                    const DirtyParts *dirty);

static inline ImageSymbol *image_symbols(const ByteBuffer *symbols)
{
    return (ImageSymbol *)(void *)symbols->data;
}

static inline uint32_t image_symbol_count(const ByteBuffer *symbols)
{
    return (uint32_t)(symbols->size / sizeof(ImageSymbol));
}

static inline ProgramImage *image_of(const OutputFormat *format)
{
    return (ProgramImage *)(void *)format;
}

#endif
