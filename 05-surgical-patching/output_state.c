/* SPDX-License-Identifier: MIT */
/*
 * The blobs come from a manifest that is checked as a whole, but their sizes and their agreement
 * are checked here: number of sections, sum of their blocks, size of the output.
 */
#include "output_state.h"

#include "output_layout.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const BinaryFormat sections_format = {"icsects", 1};

void output_state_open(OutputState *state, const Build *build)
{
    Slice blob;
    *state = (OutputState){0};
    if (!build_blob(build, "output", &blob) || blob.size <= sizeof state->record)
        return;
    memcpy(&state->record, blob.data, sizeof state->record);
    size_t path_size = blob.size - sizeof state->record;
    state->path = memory_allocate(path_size + 1);
    memcpy(state->path, blob.data + sizeof state->record, path_size);
    state->path[path_size] = '\0';
    state->is_known = true;
}

static bool is_consistent(const OutputState *state, uint32_t section_count)
{
    if (!state->is_known || state->sections.size != section_count * sizeof(SectionRecord))
        return false;
    const SectionRecord *records = output_state_sections(state);
    uint64_t blocks = state->record.prelude_blocks;
    for (uint32_t i = 0; i < section_count; i++)
        blocks += records[i].blocks;
    return blocks * OUTPUT_BLOCK == state->record.size_bytes;
}

int output_state_load(OutputState *state, const Build *build, uint32_t section_count)
{
    Slice blob;
    StateRef ref = {0};
    char name[64];
    if (build_blob(build, "sections", &blob) && blob.size == sizeof ref)
        memcpy(&ref, blob.data, sizeof ref);
    const BuildPlan *plan = build_planned(build);
    snprintf(name, sizeof name, "%s.sections", plan->entry_id);
    int status = state_file_load(&state->state, &state->sections, plan->cache_fd, name,
                                 &sections_format, &ref);
    state->is_loaded = true;
    if (status == -ENOENT || (status == 0 && !is_consistent(state, section_count)))
        status = -EBADMSG;
    return status;
}

void output_state_replace(OutputState *state, ByteBuffer *records)
{
    image_replace(&state->sections, records);
}

/* The records of this build's sections: those of the last one that are still there, and gaps for
 * new ones. */
static ByteBuffer renumbered(const OutputState *state, const BuildPlan *plan)
{
    const SectionRecord *last = output_state_sections(state);
    ByteBuffer moved = {0};
    buffer_reserve(&moved, plan->section_count * sizeof *last);
    for (uint32_t i = 0; i < plan->section_count; i++) {
        SectionRecord *to = (SectionRecord *)(void *)(moved.data + moved.size);
        uint32_t number = plan->last_number[i];
        *to = number == FILE_NONE ? (SectionRecord){0} : last[number];
        moved.size += sizeof *to;
    }
    return moved;
}

void output_state_update(OutputState *state, const BuildPlan *plan, const uint32_t *dirty,
                         uint32_t dirty_count, const SectionRecord *records)
{
    if (plan->last_number != NULL) {
        ByteBuffer moved = renumbered(state, plan);
        output_state_replace(state, &moved);
    }
    for (uint32_t i = 0; i < dirty_count; i++) {
        output_state_sections(state)[dirty[i]] = records[i];
        image_mark(&state->sections, dirty[i] * sizeof *records, sizeof *records);
    }
}

int output_state_save(OutputState *state, Build *build, uint64_t *written)
{
    StateRef ref;
    int status = state_file_commit(&state->state, &state->sections, build_request(build)->sync,
                                   &ref, written);
    if (status == 0)
        build_set_blob(build, "sections", slice_of(&ref, sizeof ref));
    return status;
}

void output_state_record(OutputState *state, Build *build, const OutputRecord *record,
                         const char *path)
{
    ByteBuffer blob = {0};
    buffer_put(&blob, slice_of(record, sizeof *record));
    buffer_put(&blob, slice_from(path));
    build_set_blob(build, "output", buffer_slice(&blob));
    buffer_free(&blob);
    state->record = *record;
}

int output_state_prune(OutputState *state)
{
    return state->is_loaded ? state_file_prune(&state->state) : 0;
}

void output_state_close(OutputState *state)
{
    image_close(&state->sections);
    memory_free(state->path);
    *state = (OutputState){0};
}
