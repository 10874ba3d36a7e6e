/* SPDX-License-Identifier: MIT */
/*
 * The record of the output that the last build left.
 *
 *     blob "output"     one OutputRecord, then the absolute path. All that a build in which
 *                       nothing changed looks at: one stat decides
 *     blob "sections"   the StateRef of <entry id>.sections
 *     that state        SectionRecord × section count, in path order
 *
 * A section's place is not recorded: it is the sum of the blocks before it. So when a section
 * grows, one record changes and not all after it; and a place cannot disagree with a size.
 *
 * Every commit of an entry must go through output_write: another caller of build_commit would leave
 * blobs that no longer describe the output.
 */
#ifndef OUTPUT_STATE_H
#define OUTPUT_STATE_H

#include "incremental_build.h"
#include "state_file.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct SectionRecord {
    Hash128 bytes; /* keyed hash of all bytes of the section, marker and padding included */
    uint32_t blocks; /* its size, see output_layout.h */
    uint32_t reserved;
} SectionRecord;

typedef struct OutputRecord {
    KnownStamp known;       /* after it was written */
    uint64_t size_bytes;    /* OUTPUT_NOT_KEPT: it went to a FIFO or a device */
    Hash128 prelude;        /* sum of the keyed hashes of its pages, see output_bytes.h */
    uint32_t prelude_blocks;
    uint32_t mode;          /* permissions of a program, as the build left them; otherwise 0 */
} OutputRecord;

#define OUTPUT_NOT_KEPT UINT64_MAX

typedef struct OutputState { /* {0}: nothing is known */
    bool is_known;           /* `record` and `path` are the last build's */
    OutputRecord record;
    char *path;              /* owned */
    Image sections;          /* SectionRecord × count, after output_state_load */
    StateFile state;         /* of these on disk */
    bool is_loaded;
} OutputState;

/* Reads the blob "output". The caller closes. */
void output_state_open(OutputState *state, const Build *build);

/* Loads the sections. 0; -EBADMSG if they are damaged or do not belong to this record and
 * `section_count`: the state is usable with output_state_replace; or another negative errno. */
int output_state_load(OutputState *state, const Build *build, uint32_t section_count);

/* Numbered as in the build that wrote them. */
static inline SectionRecord *output_state_sections(const OutputState *state)
{
    return (SectionRecord *)(void *)state->sections.data;
}

static inline uint32_t output_state_count(const OutputState *state)
{
    return (uint32_t)(state->sections.size / sizeof(SectionRecord));
}

/* Makes `records`, an array of SectionRecord (taken over, emptied), the sections. */
void output_state_replace(OutputState *state, ByteBuffer *records);

/* Replaces the records of `dirty` sections by `records`, and numbers all as in `plan`. The loaded
 * sections are those of the build before. */
void output_state_update(OutputState *state, const BuildPlan *plan, const uint32_t *dirty,
                         uint32_t dirty_count, const SectionRecord *records);

/* Writes the sections and sets the blob "sections". 0 or a negative errno. */
int output_state_save(OutputState *state, Build *build, uint64_t *written);

/* Sets the blob "output". */
void output_state_record(OutputState *state, Build *build, const OutputRecord *record,
                         const char *path);

/* After build_commit: removes what the commit superseded. 0, or a negative errno if it is still
 * there. */
int output_state_prune(OutputState *state);

void output_state_close(OutputState *state);

#ifdef __cplusplus
}
#endif
#endif
