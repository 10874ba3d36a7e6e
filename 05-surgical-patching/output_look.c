/* SPDX-License-Identifier: MIT */
/*
 * What is at the output's path, is it as the last build left it, and what must be written?
 *
 *     one stat        says whether the file is there, plain, and has the recorded stamp
 *     its bytes       are compared section by section if the stamp proves nothing: it is racily clean,
 *                     it differs, --paranoid, or the system was restarted
 *     what differs    is written again, together with what the program changed
 */
#include "output_job.h"

#include "output_layout.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

BuildStatus output_job_fail(const OutputJob *job, const char *what, int error)
{
    if (error == -EILSEQ)
        return build_fail(job->build, job->path,
                          "emitted text holds a line that reads as a file marker", 0);
    return build_fail(job->build, job->path, what, error);
}

/* ---- looking ------------------------------------------------------------------------------- */

/* What must not be overwritten; NULL if nothing. A file made by us, with no second name, and whose
 * program has the same sources as when we made it, may be overwritten. */
static const char *refusal(const OutputJob *job)
{
    const PatchSituation *s = &job->situation;
    const FileStamp *there = &job->file.stamp, *made = &job->state.record.known.stamp;
    if (output_place_is_in_cache(job->build, &job->file.place))
        return "is in the cache directory";
    if (s->output_is_plain && s->same_output_path && !s->files_changed &&
        made->inode == there->inode && made->device == there->device)
        return NULL;
    if (output_place_is_source(job->build, there))
        return "is a source of the program";
    bool is_reached = job->file.kind == OUTPUT_LINKED || job->file.kind == OUTPUT_STREAM;
    return is_reached && output_place_is_cache_file(job->build, there) ? "is a file of the cache"
                                                                       : NULL;
}

/* Does the stamp alone prove that the output is as the last build left it? */
static bool stamp_proves(const OutputJob *job)
{
    return job->situation.same_output_path &&
           file_stamp_proves(&job->state.record.known, &job->file.stamp) &&
           !job->request->paranoid && !job->plan->may_be_unsynced;
}

static void describe_situation(OutputJob *job)
{
    const BuildPlan *plan = job->plan;
    const OutputState *state = &job->state;
    bool is_same = state->is_known && strcmp(state->path, job->file.place.path) == 0;
    job->situation = (PatchSituation){
        .forced = job->request->force,
        .had_state = plan->had_state && state->is_known && !job->request->in_memory,
        .state_damaged = plan->state_was_damaged,
        .settings_changed = plan->settings_changed,
        .last_unfinished = plan->output_is_in_progress,
        .files_changed = plan->last_number != NULL,
        .same_output_path = is_same,
        .output_exists = job->file.kind != OUTPUT_ABSENT,
        .output_is_plain = job->file.kind == OUTPUT_PLAIN,
        .output_is_writable = true,
        .output_is_whole =
            is_same && (uint64_t)job->file.stamp.size_bytes == state->record.size_bytes,
    };
    /* Not every file system notes in the stamp that permissions changed. */
    job->situation.output_is_untouched = stamp_proves(job) && output_job_mode_is_known(job);
}

static BuildStatus look_at_file(OutputJob *job)
{
    int error = output_file_look(&job->file, job->path);
    if (error == -ENOENT)
        return output_job_fail(job, "cannot find the directory of the output", error);
    if (error != 0)
        return output_job_fail(job, "cannot write the output", error);
    output_state_open(&job->state, job->build);
    describe_situation(job);
    if (job->situation.same_output_path)
        output_file_remember_mode(&job->file, (mode_t)job->state.record.mode);
    const char *why_not = refusal(job);
    if (why_not == NULL)
        return BUILD_OK;
    output_job_fail(job, why_not, 0);
    return BUILD_MISUSED;
}

/* ---- what is to be written? ---------------------------------------------------------------- */

/* Merges two ascending lists into one without repetitions. */
static uint32_t merge(uint32_t *to, const uint32_t *a, uint32_t a_count, const uint32_t *b,
                      uint32_t b_count)
{
    uint32_t count = 0, i = 0, j = 0;
    while (i < a_count || j < b_count) {
        uint32_t x = i < a_count ? a[i] : UINT32_MAX;
        uint32_t y = j < b_count ? b[j] : UINT32_MAX;
        to[count++] = x < y ? x : y;
        i += x <= y;
        j += y <= x;
    }
    return count;
}

/* The sections that the program changed, and those that others changed in the output. */
static void collect_dirty(OutputJob *job)
{
    const BuildPlan *plan = job->plan;
    const OutputDifference *difference = &job->difference;
    job->dirty = memory_allocate((plan->dirty_count + difference->count + 1) * sizeof *job->dirty);
    job->dirty_count = merge(job->dirty, plan->dirty, plan->dirty_count, difference->sections,
                             difference->count);
    job->prelude_is_dirty = plan->prelude_is_dirty || difference->prelude_differs;
}

void output_job_add_dirty(OutputJob *job, const uint32_t *sections, uint32_t count)
{
    uint32_t *before = job->dirty;
    job->dirty = memory_allocate((job->dirty_count + count + 1) * sizeof *job->dirty);
    job->dirty_count = merge(job->dirty, before, job->dirty_count, sections, count);
    memory_free(before);
}

/* Before anything is emitted: assumes that every dirty section keeps its size. */
static void estimate_costs(OutputJob *job)
{
    PatchSituation *s = &job->situation;
    uint64_t blocks = job->prelude_is_dirty ? job->state.record.prelude_blocks : 0;
    for (uint32_t i = 0; i < job->dirty_count; i++) {
        uint32_t last = build_last_number(job->plan, job->dirty[i]);
        blocks += last == FILE_NONE ? 1 : output_state_sections(&job->state)[last].blocks;
    }
    s->writes = job->dirty_count + job->prelude_is_dirty;
    s->bytes_dirty = blocks * OUTPUT_BLOCK;
    s->bytes_total = job->state.record.size_bytes;
    s->sections_clean = job->plan->section_count - job->dirty_count;
}

/* From the last build's numbers to this one's; both ascend. What was removed is left out. */
static void renumber(OutputDifference *difference, const BuildPlan *plan)
{
    uint32_t next = 0, kept = 0;
    for (uint32_t i = 0; i < plan->section_count && next < difference->count; i++) {
        uint32_t last = build_last_number(plan, i);
        while (last != FILE_NONE && next < difference->count && difference->sections[next] < last)
            next++;
        if (next < difference->count && difference->sections[next] == last) {
            difference->sections[kept++] = i;
            next++;
        }
    }
    difference->count = kept;
}

/* Without a clock the bytes still decide; only their stamp cannot be used next time. */
static void compare_bytes(OutputJob *job)
{
    FileClock clock;
    FileStamp before, after;
    (void)build_probe_clock(job->build, &clock); /* the build can be asked for it */
    if (file_stamp_of(job->fd, &before) != 0)
        return;
    output_compare(job->fd, job->build, &job->state, &job->difference);
    job->situation.output_is_untouched =
        job->difference.count == 0 && !job->difference.prelude_differs;
    renumber(&job->difference, job->plan);
    if (file_stamp_of(job->fd, &after) == 0 && file_stamp_equal(&before, &after)) {
        job->compared = file_stamp_judge(&after, &job->state.record.known, &clock);
        job->file.stamp = after;
    }
}

/* Could this output be the one that the last build left, in whole or in part? */
static bool has_predecessor(const PatchSituation *s)
{
    return !s->forced && s->had_state && !s->state_damaged && !s->last_unfinished &&
           s->same_output_path && s->output_exists && s->output_is_whole;
}

BuildStatus output_job_load(OutputJob *job)
{
    int error = output_state_load(&job->state, job->build, job->plan->last_section_count);
    job->situation.state_damaged |= error == -EBADMSG;
    return error == 0 || error == -EBADMSG
               ? BUILD_OK
               : output_job_fail(job, "cannot read the output's state", error);
}

/* Bytes that others changed say nothing of what was there. A program without its execute bits is
 * written, if only to get them back. One with other permissions than were recorded is not patched:
 * killed in between, the build would have taken its execute bits away, and nobody would know which
 * they were. A new file has them from the start, and they are recorded. */
static void look_at_format(OutputJob *job)
{
    PatchSituation *s = &job->situation;
    if (job->difference.count != 0 || job->difference.prelude_differs)
        s->output_is_whole = false;
    if (!job->format->is_program)
        return;
    if (output_file_is_executable(&job->file) && !output_job_mode_is_known(job))
        s->output_is_whole = false;
    s->output_is_in_use |= s->output_is_writable && output_file_is_in_use(job->fd);
    s->output_is_untouched &= output_file_is_executable(&job->file);
}

static BuildStatus examine(OutputJob *job)
{
    PatchSituation *s = &job->situation;
    bool nothing_to_write = s->output_is_untouched && job->plan->is_unchanged;
    if (nothing_to_write || !has_predecessor(s))
        return BUILD_OK;
    BuildStatus status = output_job_load(job);
    if (status != BUILD_OK || s->state_damaged)
        return status;
    job->fd = output_file_open(&job->file, &s->output_is_writable, &s->output_is_in_use);
    if (job->fd < 0)
        s->output_is_whole = false; /* what cannot be read is unknown */
    else if (!s->output_is_untouched)
        compare_bytes(job);
    if (job->format != NULL && job->fd >= 0)
        look_at_format(job);
    collect_dirty(job);
    estimate_costs(job);
    return BUILD_OK;
}

BuildStatus output_job_look(OutputJob *job)
{
    double start = build_now();
    build_enter(job->build, BUILD_LOOKS);
    BuildStatus status = look_at_file(job);
    if (status == BUILD_OK)
        status = examine(job);
    job->result->look_seconds = build_lap(&start);
    return status;
}

void output_job_free(OutputJob *job)
{
    if (job->fd >= 0)
        close(job->fd);
    memory_free(job->dirty);
    memory_free(job->difference.sections);
    output_state_close(&job->state);
}
