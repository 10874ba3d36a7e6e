/* SPDX-License-Identifier: MIT */
/*
 * An executable file as the output of a build: made from the code of all units, and patched where
 * they changed.
 *
 *     head (image_head.h) │ section │ section │ ...          in byte order of the paths
 *
 * It knows no language. A unit's text is its machine code with references (unit_code.h); the
 * compiler's prelude is the code of the units that every program has, its run-time section. The
 * bytes of an image are a function of these texts, of the paths, and of the settings.
 *
 *     edit                       what is written
 *     a body                     its section; a slot and a symbol for each unit of it that moved
 *     a section grows            also those after it, unchanged, and the slots of their units
 *     a function comes or goes   also the slots after it up to the next free one, and the sections
 *                                whose code names a slot that moved: for a function that ten
 *                                thousand others call, ten thousand sections
 *     the table has to grow      everything
 *
 *     ProgramImage image;
 *     program_image_init(&image, &settings);
 *     status = output_write_as(build, "program", &image.format, &result);
 *     program_image_free(&image);
 *
 * Threads: as output_format.h says.
 */
#ifndef PROGRAM_IMAGE_H
#define PROGRAM_IMAGE_H

#include "image_head.h"
#include "image_section.h"
#include "output_format.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The symbol of the unit, in the run-time section, where a program starts. */
#define IMAGE_START_SYMBOL "_start"

typedef struct ProgramImage {
    OutputFormat format; /* first */
    ImageSettings settings;
    ImageHead head;      /* of the image being made */
    ImageParts parts;
    ByteBuffer units, c_symbols; /* ImageSymbol each, in slot order */
    uint32_t *unit_at, *c_at; /* per slot: number of its symbol + 1; 0: free */
    ByteBuffer runtime;       /* bytes of its section */
    ByteBuffer bytes;         /* of the head, or of its pages that change */
    ByteBuffer old_pages;     /* what these were */
    struct ImagePatch *patch; /* what is known of that; NULL: nothing */
} ProgramImage;

/* `settings` is lent, with what it names. */
void program_image_init(ProgramImage *image, const ImageSettings *settings);
void program_image_free(ProgramImage *image);

#ifdef __cplusplus
}
#endif
#endif
