/* SPDX-License-Identifier: MIT */
/*
 * The state of one call of output_write. Private to surgical_patch.c, which acts, and
 * output_look.c, which inspects.
 */
#ifndef OUTPUT_JOB_H
#define OUTPUT_JOB_H

#include "output_bytes.h"
#include "surgical_patch.h"

typedef struct OutputJob {
    Build *build;
    const BuildPlan *plan;
    const BuildRequest *request;
    const char *path; /* as the user wrote it */
    OutputFormat *format; /* NULL: text */
    PatchResult *result;
    OutputFile file;
    OutputState state;
    int fd; /* of the output as it is, or -1 */
    KnownStamp compared; /* the stamp to record, if the bytes were found to be right */
    OutputDifference difference;
    uint32_t *dirty;    /* sections to write, ascending */
    uint32_t dirty_count;
    bool prelude_is_dirty;
    PatchSituation situation;
} OutputJob;

static inline bool output_job_is_program(const OutputJob *job)
{
    return job->format != NULL && job->format->is_program;
}

/* Has a program the permissions that were recorded? */
static inline bool output_job_mode_is_known(const OutputJob *job)
{
    return !output_job_is_program(job) || job->file.mode == job->state.record.mode;
}

/* Records a failure; -EILSEQ means a text that holds a marker. */
BuildStatus output_job_fail(const OutputJob *job, const char *what, int error);

/* Looks at output and state as closely as the decision needs, and fills in the situation. If
 * nothing changed and the output has the recorded stamp, it opens neither. */
BuildStatus output_job_look(OutputJob *job);

/* Loads what is recorded of the sections. Damage is no failure: the situation has it. */
BuildStatus output_job_load(OutputJob *job);

/* Adds sections, ascending, to those that are written. */
void output_job_add_dirty(OutputJob *job, const uint32_t *sections, uint32_t count);

void output_job_free(OutputJob *job);

#endif
