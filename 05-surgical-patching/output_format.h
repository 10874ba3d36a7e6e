/* SPDX-License-Identifier: MIT */
/*
 * An output whose bytes are not the texts of its units, one after the other: a program.
 *
 *     head, whole blocks │ section │ section │ ...
 *
 * In a text, what stands before the sections is known before any of them is put together, and a
 * section depends on its own units alone. In a program neither holds: the head says where each
 * function is, and code names functions by numbers, which may change when others come or go. A
 * format therefore sees the sections of an output before their bytes are made, and may ask that
 * sections be written again although their units did not change.
 *
 *     all of it                                     in place
 *     begin_all      slots, sizes, the head         begin_patch    slots; which sections name one
 *     section_*      the bytes, any thread                         that moved?
 *                                                   section_*      the bytes of what is written
 *                                                   end_patch      the head, once places are known
 *
 * What it makes depends on the texts and paths of all sections and on the prelude, and on nothing
 * else: not on the output that is there. So a patched output equals a freshly built one.
 *
 * The struct is the first member of the format's own. One output_write or output_verify at a time.
 */
#ifndef OUTPUT_FORMAT_H
#define OUTPUT_FORMAT_H

#include "output_patch.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct OutputBase { /* the output of the last build, as that build left it */
    int fd;
    uint32_t head_blocks;
    const SectionRecord *sections; /* in the numbers of that build */
    uint32_t section_count;
    const uint32_t *dirty; /* sections of this build that are written in any case, ascending */
    uint32_t dirty_count;
} OutputBase;

typedef struct OutputFormat OutputFormat;
struct OutputFormat {
    /* After build_emit of all sections. 0 or a negative errno, with `failed`. Sets `head`. */
    int (*begin_all)(OutputFormat *format, Build *build);

    /* After build_emit of the dirty sections. Appends to `more` the numbers (u32, ascending) of
     * others that must be written too, and sets `head_blocks`. 0; -EXDEV if what is there cannot be
     * patched, and a new file must be made; or another negative errno, with `failed`. */
    int (*begin_patch)(OutputFormat *format, Build *build, const OutputBase *base,
                       ByteBuffer *more);

    /* Once the place of every section is known: sets `head` to the new bytes of those pages of the
     * head that change, one after the other, `old_pages` to their old bytes, and `head_runs` to
     * where they are. If the head has another size than before, it is all of it, and there are no
     * old pages. Returns what begin_patch does. */
    int (*end_patch)(OutputFormat *format, Build *build, const OutputPatch *patch,
                     const DirtyParts *dirty);

    /* The blocks of a section, and its bytes in `size` bytes of room: 0 or a negative errno, -EXDEV
     * as begin_patch. Any thread. */
    uint64_t (*section_blocks)(const OutputFormat *format, Slice path, const Slice *texts,
                               uint32_t count);
    int (*section_write)(const OutputFormat *format, char *to, uint64_t size, Slice path,
                         const Slice *texts, uint32_t count);

    uint32_t head_blocks;
    Slice head, old_pages; /* owned by the format */
    ByteBuffer head_runs;  /* PatchRun; `source` is an offset in `head`. Owned by the format */
    bool is_program;       /* may be executed, and only while it is whole: its execute bits go
                              before a patch and come back after it */
    const char *failed;    /* static text: what could not be done */
};

#ifdef __cplusplus
}
#endif
#endif
