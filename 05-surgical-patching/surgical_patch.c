/* SPDX-License-Identifier: MIT */
/*
 * The order of steps, and what a process killed in between leaves:
 *
 *                                  patch                     new file
 *     1  emit uncached units       objects in the packs: found again
 *     2  bytes, hashes, space      the file may be longer    a draft beside the output
 *     3  state to disk             no build looks at it yet
 *     4  build_begin_output        known to be unsettled: the next build reassembles
 *     5  the output                pwrite                    rename
 *     6  stamp, build_commit       the new state is valid
 *
 * All steps that need space come before 4, and until 4 the old output and the old state are valid:
 * a longer file is recognized by its size, a draft is replaced by the next one or removed by the
 * next commit.
 */
#include "output_job.h"
#include "output_patch.h"

#include "binary_file.h"
#include "system_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- finishing ----------------------------------------------------------------------------- */

static BuildStatus commit(OutputJob *job)
{
    BuildStatus status = build_commit(job->build);
    if (status != BUILD_OK)
        return status;
    if (output_state_prune(&job->state) != 0)
        build_note_leftover(job->build);
    output_draft_remove_leftovers(&job->file);
    return BUILD_OK;
}

/* Is the file under the output's name the one that was written, as it was at its last byte? It was
 * renamed after that: the ctime may differ. */
static bool is_as_written(const FileStamp *now, const FileStamp *written)
{
    return now->inode == written->inode && now->device == written->device &&
           now->size_bytes == written->size_bytes && now->mtime_ns == written->mtime_ns;
}

/* {0} if somebody else was faster. The stamp is read before the clock: a later change of the file
 * then cannot have a stamp that the clock calls older. */
static KnownStamp stamp_output(const OutputJob *job, const FileStamp *written)
{
    const KnownStamp unknown = {0};
    FileClock clock;
    FileStamp now;
    if (file_stamp_at(AT_FDCWD, job->file.place.path, &now) != 0 || !is_as_written(&now, written))
        return unknown;
    (void)build_probe_clock(job->build, &clock); /* without one, no stamp is trusted */
    return file_stamp_judge(&now, &unknown, &clock);
}

/* Called after close, by which a server can still report that the bytes are lost. `written` is the
 * stamp that the output had before; {0} if it is not kept. */
static BuildStatus record_output(OutputJob *job, const FileStamp *written, OutputRecord *record)
{
    record->known = (KnownStamp){0};
    if (record->size_bytes != OUTPUT_NOT_KEPT)
        record->known = stamp_output(job, written);
    output_state_record(&job->state, job->build, record, job->file.place.path);
    return commit(job);
}

/* The engine's mark comes first: with it the cache says "at work". */
static BuildStatus save_state(OutputJob *job)
{
    BuildStatus status = build_save(job->build);
    if (status != BUILD_OK)
        return status;
    int error = output_state_save(&job->state, job->build, &job->result->state_bytes_written);
    return error == 0 ? BUILD_OK : output_job_fail(job, "cannot write the output's state", error);
}

static void report(const OutputJob *job)
{
    static const Decision decisions[] = {
        [PATCH_UP_TO_DATE] = DECISION_UP_TO_DATE,
        [PATCH_IN_PLACE] = DECISION_OUTPUT_PATCHED,
        [PATCH_REASSEMBLE] = DECISION_OUTPUT_REASSEMBLED,
        [PATCH_FULL] = DECISION_OUTPUT_FULL,
    };
    const PatchResult *result = job->result;
    const char *subject = result->strategy == PATCH_UP_TO_DATE ? job->request->entry
                                                               : patch_reason_name(result->reason);
    observe(job->request->observer, decisions[result->strategy], slice_from(subject));
}

/* ---- up to date ---------------------------------------------------------------------------- */

/* The bytes were compared, and more is known about their current stamp. */
static bool has_better_stamp(const OutputJob *job)
{
    const KnownStamp *before = &job->state.record.known, *now = &job->compared;
    return now->stamp.inode != 0 && (now->racy_since_ns != before->racy_since_ns ||
                                     !file_stamp_equal(&now->stamp, &before->stamp));
}

/* With --sync a build guarantees that the output is on disk: its bytes and its name, which builds
 * without --sync may have left in memory. */
static int sync_output(const OutputJob *job, int fd)
{
    if (!job->request->sync)
        return 0;
    return sync_fd(fd) == 0 ? sync_directory_of(AT_FDCWD, job->file.place.path) : -errno;
}

static int sync_kept_output(const OutputJob *job)
{
    if (!job->request->sync)
        return 0;
    int fd = open_at(AT_FDCWD, job->file.place.path, O_RDONLY | O_NONBLOCK);
    int status = fd < 0 ? -errno : sync_output(job, fd);
    if (fd >= 0)
        close(fd);
    return status;
}

/* Nothing to write. New knowledge is kept: stamps of touched files, the hash of a file with an
 * edited comment, the stamp of the output. */
static BuildStatus keep(OutputJob *job)
{
    bool is_learnt = (has_better_stamp(job) || !output_job_mode_is_known(job)) &&
                     !job->plan->cache_is_read_only;
    if (is_learnt) {
        OutputRecord record = job->state.record;
        record.known = job->compared;
        record.mode = output_job_is_program(job) ? (uint32_t)job->file.mode : 0;
        output_state_record(&job->state, job->build, &record, job->file.place.path);
    }
    int error = sync_kept_output(job);
    if (error != 0)
        return output_job_fail(job, "cannot sync the output", error);
    if (!is_learnt && !job->plan->wants_commit)
        return BUILD_OK;
    BuildStatus status = build_save(job->build);
    return status == BUILD_OK ? commit(job) : status;
}

/* ---- writing ------------------------------------------------------------------------------- */

/* Where no modes are kept, everything may be executed at any time. */
static int set_executable(const OutputJob *job, int fd, bool is_executable)
{
    int status = output_file_set_executable(&job->file, fd, is_executable);
    return status == -ENOTSUP ? 0 : status;
}

static const char *what_failed(const OutputJob *job, const char *what)
{
    return job->format != NULL && job->format->failed != NULL ? job->format->failed : what;
}

static BuildStatus write_draft(OutputJob *job, OutputDraft *draft, ByteBuffer *records,
                               OutputRecord *record)
{
    double start = build_now();
    build_enter(job->build, BUILD_WRITES);
    int error = output_draft_open(draft, &job->file);
    if (error == 0 && output_job_is_program(job) && !draft->is_stream)
        error = set_executable(job, draft->fd, false);
    if (error == 0)
        error = output_write_all(draft, job->build, job->format, records, record);
    if (error == 0 && output_job_is_program(job) && !draft->is_stream) {
        error = set_executable(job, draft->fd, true);
        record->mode = (uint32_t)output_file_mode(draft->fd);
    }
    job->result->write_seconds += build_lap(&start);
    job->result->sections_written = job->plan->section_count;
    job->result->bytes_written = record->size_bytes;
    return error == 0
               ? BUILD_OK
               : output_job_fail(job, what_failed(job, "cannot write the output"), error);
}

static BuildStatus publish(OutputJob *job, OutputDraft *draft, FileStamp *written)
{
    bool is_stream = draft->is_stream;
    int error = output_draft_publish(draft, &job->file, job->request->sync, written);
    if (error == 0)
        return BUILD_OK;
    return output_job_fail(job, is_stream ? "cannot write the output" : "cannot replace the output",
                           error);
}

/* A stream has no state of its own, and nothing recorded is put at risk. */
static BuildStatus write_new_file(OutputJob *job)
{
    OutputDraft draft = {.fd = -1};
    OutputRecord record = {0};
    ByteBuffer records = {0};
    FileStamp written;
    BuildStatus status = write_draft(job, &draft, &records, &record);
    if (status == BUILD_OK && !job->state.is_loaded) /* if only to be removed after the commit */
        status = output_job_load(job);
    if (status == BUILD_OK) {
        output_state_replace(&job->state, &records);
        status = save_state(job);
    }
    if (status == BUILD_OK && !draft.is_stream)
        status = build_begin_output(job->build);
    if (status == BUILD_OK)
        status = publish(job, &draft, &written);
    if (draft.is_stream)
        record.size_bytes = OUTPUT_NOT_KEPT;
    if (status == BUILD_OK)
        status = record_output(job, &written, &record);
    buffer_free(&records);
    output_draft_close(&draft);
    return status;
}

/* The output of a build in memory, of which nothing is recorded. */
static BuildStatus write_unrecorded(OutputJob *job)
{
    OutputDraft draft = {.fd = -1};
    OutputRecord record = {0};
    ByteBuffer records = {0};
    FileStamp written;
    BuildStatus status = write_draft(job, &draft, &records, &record);
    if (status == BUILD_OK)
        status = publish(job, &draft, &written);
    buffer_free(&records);
    output_draft_close(&draft);
    return status;
}

static int close_output(OutputJob *job)
{
    int fd = job->fd;
    job->fd = -1;
    return close_fd(fd) == 0 ? 0 : -errno;
}

/* With --sync, the execute bits are gone from the disk before the first byte changes there, and
 * back after the last one. */
static int apply_patch(const OutputJob *job, const OutputPatch *patch)
{
    bool is_synced = output_job_is_program(job) && job->request->sync;
    int error = is_synced && sync_fd(job->fd) != 0 ? -errno : 0;
    if (error == 0)
        error = output_patch_apply(patch, job->fd);
    if (error == 0 && is_synced && sync_fd(job->fd) != 0)
        error = -errno;
    if (error == 0 && output_job_is_program(job))
        error = output_file_set_executable(&job->file, job->fd, true);
    return error;
}

static void cancel_patch(const OutputJob *job, const OutputPatch *patch)
{
    output_patch_cancel(patch, job->fd);
    if (output_job_is_program(job))
        (void)output_file_set_executable(&job->file, job->fd, true);
}

static BuildStatus write_in_place(OutputJob *job, const OutputPatch *patch)
{
    FileStamp written;
    job->result->sections_written = job->dirty_count;
    job->result->bytes_moved = patch->bytes_moved;
    job->result->bytes_written = patch->dirty_bytes.size + patch->bytes_moved;
    int error = output_patch_prepare(patch, job->fd);
    if (error != 0) {
        cancel_patch(job, patch);
        return output_job_fail(job, "cannot write the output", error);
    }
    output_state_update(&job->state, job->plan, job->dirty, job->dirty_count,
                        (const SectionRecord *)(const void *)patch->records.data);
    BuildStatus status = save_state(job);
    if (status == BUILD_OK)
        status = build_begin_output(job->build);
    if (status != BUILD_OK) {
        cancel_patch(job, patch);
        return status;
    }
    double start = build_now();
    build_enter(job->build, BUILD_WRITES);
    OutputRecord record = patch->output;
    error = apply_patch(job, patch);
    if (output_job_is_program(job))
        record.mode = (uint32_t)output_file_mode(job->fd);
    if (error == 0) /* before the sync, which takes long: what others write meanwhile is not ours */
        error = file_stamp_of(job->fd, &written);
    if (error == 0)
        error = sync_output(job, job->fd);
    if (error == 0)
        error = close_output(job);
    job->result->write_seconds += build_lap(&start);
    if (error != 0)
        return output_job_fail(job, "cannot write the output", error);
    return record_output(job, &written, &record);
}

/* ---- choosing ------------------------------------------------------------------------------ */

static void choose(OutputJob *job)
{
    job->result->strategy = patch_strategy_choose(&job->situation, &job->result->reason);
}

/* Once the new sizes are known, is patching still possible, and cheaper? */
static void choose_again(OutputJob *job, const OutputPatch *patch)
{
    PatchSituation *s = &job->situation;
    s->moves = patch_run_count(&patch->moved_runs);
    s->writes = patch_run_count(&patch->dirty_runs) + s->moves;
    s->bytes_dirty = patch->dirty_bytes.size;
    s->bytes_moved = patch->bytes_moved;
    s->bytes_total = patch->output.size_bytes;
    s->output_is_whole = output_file_is_still(&job->file, job->fd);
    choose(job);
}

static BuildStatus emit_sections(OutputJob *job, const uint32_t *sections, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        build_want_section(job->build, sections[i]);
    return build_emit(job->build);
}

/* Sections that the format wants written, besides those that changed. */
static BuildStatus begin_format(OutputJob *job)
{
    OutputBase base = {job->fd,
                       job->state.record.prelude_blocks,
                       output_state_sections(&job->state),
                       output_state_count(&job->state),
                       job->dirty,
                       job->dirty_count};
    ByteBuffer more = {0};
    int error = job->format->begin_patch(job->format, job->build, &base, &more);
    uint32_t count = (uint32_t)(more.size / sizeof(uint32_t));
    const uint32_t *sections = (const uint32_t *)(const void *)more.data;
    BuildStatus status = BUILD_OK;
    job->situation.layout_changed = error == -EXDEV;
    if (error != 0 && error != -EXDEV)
        status = output_job_fail(job, what_failed(job, "cannot read the output"), error);
    if (error == 0 && count != 0) {
        output_job_add_dirty(job, sections, count);
        status = emit_sections(job, sections, count);
    }
    buffer_free(&more);
    return status;
}

/* From here on it cannot be started, until it is whole again. */
static void hide_program(OutputJob *job)
{
    if (!output_job_is_program(job) || job->result->strategy != PATCH_IN_PLACE)
        return;
    job->situation.output_is_writable = output_file_set_executable(&job->file, job->fd, false) == 0;
    choose(job);
}

static BuildStatus plan_patch(OutputJob *job, OutputPatch *patch)
{
    BuildStatus status = emit_sections(job, job->difference.sections, job->difference.count);
    if (status == BUILD_OK && job->format != NULL)
        status = begin_format(job);
    if (status != BUILD_OK)
        return status;
    DirtyParts dirty = {job->dirty, job->dirty_count, job->prelude_is_dirty};
    int error = job->situation.layout_changed
                    ? -EXDEV
                    : output_patch_plan(patch, job->build, job->format, &job->state, &dirty);
    job->situation.layout_changed = error == -EXDEV;
    if (error == -EXDEV) {
        choose(job);
        return BUILD_OK;
    }
    if (error != 0)
        return output_job_fail(job, what_failed(job, "cannot write the output"), error);
    choose_again(job, patch);
    hide_program(job);
    return BUILD_OK;
}

static BuildStatus emit_all(OutputJob *job)
{
    build_want_all(job->build);
    return build_emit(job->build);
}

BuildStatus output_write(Build *build, const char *path, PatchResult *result)
{
    return output_write_as(build, path, NULL, result);
}

BuildStatus output_write_as(Build *build, const char *path, OutputFormat *format,
                            PatchResult *result)
{
    OutputJob job = {.build = build,
                     .plan = build_planned(build),
                     .request = build_request(build),
                     .path = path,
                     .format = format,
                     .result = result,
                     .fd = -1};
    OutputPatch patch = {0};
    *result = (PatchResult){.sections_total = job.plan->section_count};
    /* With overlays, build_begin_output refuses, and here before anything is done. */
    BuildStatus status = job.request->overlay_count != 0 ? build_begin_output(build) : BUILD_OK;
    if (status == BUILD_OK)
        status = output_job_look(&job);
    if (status == BUILD_OK)
        choose(&job);
    if (status == BUILD_OK && result->strategy == PATCH_IN_PLACE)
        status = plan_patch(&job, &patch);
    if (status == BUILD_OK && result->strategy > PATCH_IN_PLACE)
        status = emit_all(&job);
    if (status == BUILD_OK)
        report(&job);
    if (status == BUILD_OK)
        status = result->strategy == PATCH_UP_TO_DATE ? keep(&job)
                 : result->strategy == PATCH_IN_PLACE ? write_in_place(&job, &patch)
                 : job.request->in_memory             ? write_unrecorded(&job)
                                                      : write_new_file(&job);
    output_patch_free(&patch);
    output_job_free(&job);
    return status;
}
