/* SPDX-License-Identifier: MIT */
/*
 * Planning: a cursor goes through old and new output at once. As long as both offsets are equal,
 * clean sections are only counted. Sections keep their order, so those that came or went are found
 * on the way:
 *
 *     old    │ prelude │ a │ b │ d │ e │       last numbers of a, c, d, e:  0, none, 2, 3
 *     new    │ prelude │ a │ c    │ d │ e │    c is written after a; then b is passed over
 *
 * Moving is memmove for a file, through a buffer that stays in the cache:
 *
 *     old    │ a │ b    │ c │ d │         b shrinks: c moves left, from its front to its end
 *     new    │ a │ b │ c │ D      │ e │   d grows: e moves right, from its end to its front
 *
 * Of several runs, those that move left go first, front to back, then those that move right, back
 * to front. A run can only hit the old place of one ahead of it that moves the same way, and that
 * one has already moved: between a run that moves right and a later one that moves left, and the
 * other way round, the new places keep the order of the old ones.
 */
#include "output_patch.h"

#include "binary_file.h"
#include "output_bytes.h"
#include "output_layout.h"
#include "system_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { MOVE_BUFFER = 256 * 1024 };

/* ---- planning ------------------------------------------------------------------------------ */

typedef struct Cursor {
    const BuildPlan *plan;
    const SectionRecord *old_sections;
    uint32_t old_section, section; /* the next ones */
    uint64_t old_at, new_at;
} Cursor;

static void add_run(ByteBuffer *runs, PatchRun run)
{
    buffer_put(runs, slice_of(&run, sizeof run));
}

/* Over old sections that are gone, up to the one that was called `end`. */
static void pass_removed(Cursor *cursor, uint32_t end)
{
    for (; cursor->old_section < end; cursor->old_section++)
        cursor->old_at += cursor->old_sections[cursor->old_section].blocks * (uint64_t)OUTPUT_BLOCK;
}

/* Over clean sections up to `end`, in runs that have no removed section between them. */
static void pass_clean(OutputPatch *patch, Cursor *cursor, uint32_t end)
{
    while (cursor->section < end) {
        uint64_t blocks = 0;
        pass_removed(cursor, build_last_number(cursor->plan, cursor->section));
        do {
            blocks += cursor->old_sections[cursor->old_section++].blocks;
            cursor->section++;
        } while (cursor->section < end &&
                 build_last_number(cursor->plan, cursor->section) == cursor->old_section);
        uint64_t size = blocks * OUTPUT_BLOCK;
        if (cursor->old_at != cursor->new_at) {
            add_run(&patch->moved_runs, (PatchRun){cursor->new_at, size, cursor->old_at, 0});
            patch->bytes_moved += size;
        }
        cursor->old_at += size;
        cursor->new_at += size;
    }
}

static void add_dirty(OutputPatch *patch, Cursor *cursor, uint64_t size, size_t source)
{
    add_run(&patch->dirty_runs, (PatchRun){cursor->new_at, size, 0, source});
    cursor->new_at += size;
}

static int plan_prelude(OutputPatch *patch, Cursor *cursor, Build *build,
                        const OutputFormat *format, bool is_dirty)
{
    uint64_t old_size = (uint64_t)patch->output.prelude_blocks * OUTPUT_BLOCK;
    cursor->old_at = old_size;
    if (format != NULL) {
        cursor->new_at = (uint64_t)format->head_blocks * OUTPUT_BLOCK;
        return 0;
    }
    if (!is_dirty) {
        cursor->new_at = old_size;
        return 0;
    }
    int status = prelude_make(build, NULL, &patch->dirty_bytes, &patch->output);
    add_dirty(patch, cursor, patch->dirty_bytes.size, 0);
    return status;
}

static int plan_section(OutputPatch *patch, Cursor *cursor, const Build *build,
                        const OutputFormat *format)
{
    SectionRecord record;
    uint32_t section = cursor->section++, last = build_last_number(cursor->plan, section);
    if (last != FILE_NONE)
        pass_removed(cursor, last + 1); /* its old bytes are gone as well */
    uint64_t size = section_size(build, format, section);
    size_t source = patch->dirty_bytes.size;
    buffer_reserve(&patch->dirty_bytes, (size_t)size);
    int status = section_make(build, format, section, patch->dirty_bytes.data + source, size,
                              &record);
    patch->dirty_bytes.size += (size_t)size;
    buffer_put(&patch->records, slice_of(&record, sizeof record));
    add_dirty(patch, cursor, size, source);
    return status;
}

/* Takes the old pages out of the hash of the head, and puts the new ones in. */
static void replace_pages(const Build *build, const OutputFormat *format, const PatchRun *run,
                          OutputRecord *record)
{
    for (uint64_t done = 0; done < run->size; done += HEAD_PAGE) {
        uint64_t left = run->size - done, offset = run->offset + done;
        size_t size = left < HEAD_PAGE ? (size_t)left : HEAD_PAGE, at = run->source + (size_t)done;
        Hash128 old = head_page_hash(build, offset, slice_of(format->old_pages.data + at, size));
        Hash128 new = head_page_hash(build, offset, slice_of(format->head.data + at, size));
        record->prelude = hash_add(hash_subtract(record->prelude, old), new);
    }
}

/* The head of a format says where the sections are: it is made last. */
static int plan_head(OutputPatch *patch, Build *build, OutputFormat *format,
                     const DirtyParts *dirty)
{
    int status = format->end_patch(format, build, patch, dirty);
    const PatchRun *runs = (const PatchRun *)(const void *)format->head_runs.data;
    if (status != 0)
        return status;
    if (format->head_blocks != patch->output.prelude_blocks)
        record_head(build, format->head, &patch->output);
    else
        for (size_t i = 0; i < patch_run_count(&format->head_runs); i++)
            replace_pages(build, format, &runs[i], &patch->output);
    size_t source = patch->dirty_bytes.size;
    buffer_put(&patch->dirty_bytes, format->head);
    for (size_t i = 0; i < patch_run_count(&format->head_runs); i++)
        add_run(&patch->dirty_runs,
                (PatchRun){runs[i].offset, runs[i].size, 0, source + runs[i].source});
    return 0;
}

int output_patch_plan(OutputPatch *patch, Build *build, OutputFormat *format,
                      const OutputState *state, const DirtyParts *dirty)
{
    Cursor cursor = {.plan = build_planned(build), .old_sections = output_state_sections(state)};
    patch->output = state->record;
    patch->old_size = state->record.size_bytes;
    int status = plan_prelude(patch, &cursor, build, format, dirty->prelude);
    for (uint32_t i = 0; i < dirty->count && status == 0; i++) {
        pass_clean(patch, &cursor, dirty->sections[i]);
        status = plan_section(patch, &cursor, build, format);
    }
    if (status == 0)
        pass_clean(patch, &cursor, cursor.plan->section_count);
    patch->output.size_bytes = cursor.new_at;
    if (status == 0 && format != NULL)
        status = plan_head(patch, build, format, dirty);
    return status;
}

/* ---- carrying it out ----------------------------------------------------------------------- */

static const PatchRun *runs_of(const ByteBuffer *runs)
{
    return (const PatchRun *)(const void *)runs->data;
}

/* If this fails too, the next build sees the wrong size and makes a new file. */
void output_patch_cancel(const OutputPatch *patch, int fd)
{
    if (patch->output.size_bytes > patch->old_size && resize_fd(fd, (off_t)patch->old_size) != 0)
        return;
}

int output_patch_prepare(const OutputPatch *patch, int fd)
{
    if (patch->output.size_bytes <= patch->old_size)
        return 0;
    int status = reserve_space(fd, patch->old_size, patch->output.size_bytes);
    if (status != 0)
        output_patch_cancel(patch, fd);
    return status;
}

static bool moves_right(const PatchRun *run)
{
    return run->offset > run->old_offset;
}

static int move_run(const PatchRun *run, int fd, char *buffer)
{
    int status = 0;
    for (uint64_t done = 0; done < run->size && status == 0;) {
        uint64_t left = run->size - done;
        size_t size = left < MOVE_BUFFER ? (size_t)left : MOVE_BUFFER;
        uint64_t at = moves_right(run) ? left - size : done;
        status = read_all_at(fd, buffer, size, run->old_offset + at);
        if (status == -EBADMSG) /* somebody truncated the file */
            status = -EIO;
        if (status == 0)
            status = put_all_at(fd, slice_of(buffer, size), run->offset + at);
        done += size;
    }
    return status;
}

static int move_runs(const OutputPatch *patch, int fd)
{
    const PatchRun *runs = runs_of(&patch->moved_runs);
    size_t count = patch_run_count(&patch->moved_runs);
    char *buffer = memory_allocate(MOVE_BUFFER);
    int status = 0;
    for (size_t i = 0; i < count && status == 0; i++)
        if (!moves_right(&runs[i]))
            status = move_run(&runs[i], fd, buffer);
    for (size_t i = count; i-- > 0 && status == 0;)
        if (moves_right(&runs[i]))
            status = move_run(&runs[i], fd, buffer);
    memory_free(buffer);
    return status;
}

static int put_dirty(const OutputPatch *patch, int fd)
{
    const PatchRun *runs = runs_of(&patch->dirty_runs);
    int status = 0;
    for (size_t i = 0; i < patch_run_count(&patch->dirty_runs) && status == 0; i++)
        status = put_all_at(
            fd, slice_of(patch->dirty_bytes.data + runs[i].source, (size_t)runs[i].size),
            runs[i].offset);
    return status;
}

int output_patch_apply(const OutputPatch *patch, int fd)
{
    int status = patch->bytes_moved == 0 ? 0 : move_runs(patch, fd);
    if (status == 0)
        status = put_dirty(patch, fd);
    if (status == 0 && patch->output.size_bytes < patch->old_size &&
        resize_fd(fd, (off_t)patch->output.size_bytes) != 0)
        status = -errno;
    return status;
}

void output_patch_free(OutputPatch *patch)
{
    buffer_free(&patch->dirty_bytes);
    buffer_free(&patch->dirty_runs);
    buffer_free(&patch->moved_runs);
    buffer_free(&patch->records);
    *patch = (OutputPatch){0};
}
