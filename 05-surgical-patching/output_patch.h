/* SPDX-License-Identifier: MIT */
/*
 * Writing into an existing output.
 *
 *     before    │ prelude │ a │ b │ c    │ d │ e │
 *     after     │ prelude │ a │ B  B │ c    │ d │ E │      b grew by a block, e changed in place
 *                             └─dirty┘└─moved──┘└dirty
 *
 * A plan consists of the new bytes of the dirty sections, and of the runs of clean sections that
 * move. A new section is a dirty one that was empty; one that is gone makes those after it move.
 * Everything before the first section that changed its size stays where it is and is neither read
 * nor written; the same holds for what follows once shrinking and growing cancel out.
 *
 *     OutputPatch patch = {0};
 *     output_patch_plan(&patch, build, &state, &dirty);     after build_emit
 *     output_patch_prepare(&patch, fd);                     may fail for lack of space
 *     output_patch_apply(&patch, fd);                       from here on the output is a mix
 *     output_patch_free(&patch);
 *
 * Threads: one.
 */
#ifndef OUTPUT_PATCH_H
#define OUTPUT_PATCH_H

#include "output_state.h"

struct OutputFormat;

#ifdef __cplusplus
extern "C" {
#endif

typedef struct PatchRun { /* bytes of the new output */
    uint64_t offset;
    uint64_t size;
    uint64_t old_offset; /* of a moved run: where it was */
    size_t source;       /* of a dirty run: where in `dirty_bytes` it is */
} PatchRun;

typedef struct DirtyParts { /* written by the patch, not moved */
    const uint32_t *sections; /* ascending */
    uint32_t count;
    bool prelude;
} DirtyParts;

typedef struct OutputPatch { /* {0} is an empty patch */
    ByteBuffer dirty_bytes;
    ByteBuffer dirty_runs, moved_runs; /* PatchRun each, ascending; a format's head comes last */
    ByteBuffer records;                /* SectionRecord of each dirty section */
    OutputRecord output;               /* with the new size and prelude */
    uint64_t old_size, bytes_moved;
} OutputPatch;

static inline size_t patch_run_count(const ByteBuffer *runs)
{
    return runs->size / sizeof(PatchRun);
}

/* Makes the plan; `state` is loaded and describes the output as it is. With a format (output_format.h;
 * NULL: text), after its begin_patch. 0, -EILSEQ, or an error of the format. Cost: the dirty
 * sections, and one addition per section. */
int output_patch_plan(OutputPatch *patch, Build *build, struct OutputFormat *format,
                      const OutputState *state, const DirtyParts *dirty);

/* Makes the file as long as it will be during writing. 0 or a negative errno; then the file is as
 * it was. */
int output_patch_prepare(const OutputPatch *patch, int fd);

/* Undoes prepare. */
void output_patch_cancel(const OutputPatch *patch, int fd);

/* Writes. 0 or a negative errno. */
int output_patch_apply(const OutputPatch *patch, int fd);

void output_patch_free(OutputPatch *patch);

#ifdef __cplusplus
}
#endif
#endif
