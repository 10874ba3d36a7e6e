/* SPDX-License-Identifier: MIT */
#include "table_format.h"

#include "binary_file.h"
#include "output_bytes.h"
#include "output_layout.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROW = 64, NUMBER_LINE = sizeof "# 00000000\n" - 1 };

static TableFormat *table_of(const OutputFormat *format)
{
    return (TableFormat *)(void *)format;
}

static int fail(TableFormat *table, const char *what, int error)
{
    table->format.failed = what;
    return error;
}

/* ---- sections ------------------------------------------------------------------------------ */

/* The next path between '<' and ':' in a text; false if there is none. */
static bool next_name(Slice *rest, Slice *path)
{
    const char *start = memchr(rest->data, '<', rest->size);
    const char *end = start == NULL ? NULL
                                    : memchr(start, ':', rest->size - (size_t)(start - rest->data));
    if (end == NULL)
        return false;
    *path = slice_of(start + 1, (size_t)(end - start) - 1);
    *rest = slice_of(end, rest->size - (size_t)(end - rest->data));
    return true;
}

static uint64_t blocks_of_section(const OutputFormat *format, Slice path, const Slice *texts,
                                  uint32_t count)
{
    uint64_t size = 0;
    (void)format;
    for (uint32_t i = 0; i < count; i++) {
        Slice rest = texts[i], name;
        size += texts[i].size;
        while (next_name(&rest, &name))
            size += NUMBER_LINE;
    }
    (void)path;
    return blocks_of(size);
}

static uint32_t number_of(const TableFormat *table, Slice path)
{
    uint32_t i = 0;
    while (!slice_equal(build_section_path(table->build, i), path))
        i++;
    return i;
}

static int write_section(const OutputFormat *format, char *to, uint64_t size, Slice path,
                         const Slice *texts, uint32_t count)
{
    const TableFormat *table = table_of(format);
    ByteBuffer lines = {0};
    (void)path;
    memset(to, 0, (size_t)size);
    for (uint32_t i = 0; i < count; i++)
        buffer_put(&lines, texts[i]);
    for (uint32_t i = 0; i < count; i++)
        for (Slice rest = texts[i], name; next_name(&rest, &name);)
            buffer_put_format(&lines, "# %08u\n", number_of(table, name));
    if (lines.size != 0)
        memcpy(to, lines.data, lines.size);
    buffer_free(&lines);
    return table->section_fails;
}

/* ---- the head ------------------------------------------------------------------------------ */

static uint32_t head_blocks_of(uint32_t sections)
{
    return (uint32_t)blocks_of((uint64_t)sections * ROW);
}

/* Rows for sections of these sizes, in blocks. */
static void make_head(TableFormat *table, const uint32_t *blocks)
{
    uint32_t count = build_section_count(table->build), at = head_blocks_of(count);
    table->head.size = 0;
    for (uint32_t i = 0; i < count; i++) {
        char row[ROW + 1];
        Slice path = build_section_path(table->build, i);
        snprintf(row, sizeof row, "%8u %8u %-45.*s\n", at, blocks[i], (int)path.size, path.data);
        buffer_put(&table->head, slice_of(row, ROW));
        at += blocks[i];
    }
    size_t size = (size_t)head_blocks_of(count) * OUTPUT_BLOCK;
    while (table->head.size < size)
        buffer_put_byte(&table->head, '\0');
    table->format.head = buffer_slice(&table->head);
    table->format.head_blocks = head_blocks_of(count);
}

static int begin_all(OutputFormat *format, Build *build)
{
    TableFormat *table = table_of(format);
    uint32_t count = build_section_count(build), *blocks;
    table->build = build;
    if (table->begin_all_fails != 0)
        return fail(table, "the table cannot be made", table->begin_all_fails);
    blocks = memory_allocate((count + 1) * sizeof *blocks);
    for (uint32_t i = 0; i < count; i++)
        blocks[i] = (uint32_t)(section_size(build, format, i) / OUTPUT_BLOCK);
    make_head(table, blocks);
    memory_free(blocks);
    return 0;
}

/* ---- patching ------------------------------------------------------------------------------ */

/* Does a section of the last output name one whose number is another now? */
static bool names_one_that_moved(const TableFormat *table, uint32_t last, const bool *moved)
{
    uint64_t start = table->old_places[last], size = table->old_places[last + 1] - start;
    ByteBuffer bytes = {0};
    bool found = false;
    buffer_reserve(&bytes, (size_t)size + 1);
    bytes.data[size] = '\0';
    if (read_all_at(table->base.fd, bytes.data, (size_t)size, start) == 0)
        for (const char *at = bytes.data; (at = strstr(at, "# ")) != NULL; at++)
            found |= moved[strtoul(at + 2, NULL, 10)];
    buffer_free(&bytes);
    return found;
}

static void find_more(const TableFormat *table, const BuildPlan *plan, ByteBuffer *more)
{
    bool *moved = memory_allocate_zeroed(table->base.section_count + (size_t)1, sizeof *moved);
    for (uint32_t i = 0; i < plan->section_count; i++) {
        uint32_t last = build_last_number(plan, i);
        if (last != FILE_NONE && last != i)
            moved[last] = true;
    }
    for (uint32_t i = 0; i < plan->section_count; i++) {
        uint32_t last = build_last_number(plan, i);
        if (last != FILE_NONE && names_one_that_moved(table, last, moved))
            buffer_put_u32(more, i);
    }
    memory_free(moved);
}

static int begin_patch(OutputFormat *format, Build *build, const OutputBase *base, ByteBuffer *more)
{
    TableFormat *table = table_of(format);
    const BuildPlan *plan = build_planned(build);
    table->build = build;
    table->base = *base;
    if (table->begin_patch_fails != 0)
        return fail(table, "the table cannot be read", table->begin_patch_fails);
    if (table->most_files != 0 && plan->section_count > table->most_files)
        return -EXDEV;
    memory_free(table->old_places);
    table->old_places = memory_allocate((base->section_count + (size_t)1) * sizeof(uint64_t));
    table->old_places[0] = (uint64_t)base->head_blocks * OUTPUT_BLOCK;
    for (uint32_t i = 0; i < base->section_count; i++)
        table->old_places[i + 1] =
            table->old_places[i] + (uint64_t)base->sections[i].blocks * OUTPUT_BLOCK;
    size_t size = (size_t)table->old_places[0];
    table->old_head.size = 0;
    buffer_reserve(&table->old_head, size);
    table->old_head.size = size;
    find_more(table, plan, more);
    format->head_blocks = head_blocks_of(plan->section_count);
    return read_all_at(base->fd, table->old_head.data, size, 0);
}

/* The pages that differ. */
static void compare_heads(TableFormat *table)
{
    ByteBuffer *runs = &table->format.head_runs;
    for (size_t at = 0; at < table->head.size; at += HEAD_PAGE) {
        size_t left = table->head.size - at, size = left < HEAD_PAGE ? left : HEAD_PAGE;
        if (memcmp(table->head.data + at, table->old_head.data + at, size) == 0)
            continue;
        buffer_put(runs, slice_of(&(PatchRun){at, size, 0, table->new_pages.size},
                                  sizeof(PatchRun)));
        buffer_put(&table->new_pages, slice_of(table->head.data + at, size));
        buffer_put(&table->old_pages, slice_of(table->old_head.data + at, size));
    }
    table->format.head = buffer_slice(&table->new_pages);
    table->format.old_pages = buffer_slice(&table->old_pages);
}

static int end_patch(OutputFormat *format, Build *build, const OutputPatch *patch,
                     const DirtyParts *dirty)
{
    TableFormat *table = table_of(format);
    const BuildPlan *plan = build_planned(build);
    const SectionRecord *records = (const SectionRecord *)(const void *)patch->records.data;
    uint32_t next = 0, *blocks = memory_allocate((plan->section_count + 1) * sizeof *blocks);
    for (uint32_t i = 0; i < plan->section_count; i++)
        blocks[i] = next < dirty->count && dirty->sections[next] == i
                        ? records[next++].blocks
                        : table->base.sections[build_last_number(plan, i)].blocks;
    make_head(table, blocks);
    memory_free(blocks);
    format->head_runs.size = table->new_pages.size = table->old_pages.size = 0;
    format->old_pages = (Slice){0};
    if (table->head.size == table->old_head.size)
        compare_heads(table);
    else
        buffer_put(&format->head_runs,
                   slice_of(&(PatchRun){0, table->head.size, 0, 0}, sizeof(PatchRun)));
    return table->end_patch_fails == 0
               ? 0
               : fail(table, "the table cannot be ended", table->end_patch_fails);
}

/* ---- life ---------------------------------------------------------------------------------- */

void table_format_init(TableFormat *table)
{
    *table = (TableFormat){.format = {.begin_all = begin_all,
                                      .begin_patch = begin_patch,
                                      .end_patch = end_patch,
                                      .section_blocks = blocks_of_section,
                                      .section_write = write_section}};
}

void table_format_free(TableFormat *table)
{
    memory_free(table->old_places);
    buffer_free(&table->head);
    buffer_free(&table->old_head);
    buffer_free(&table->old_pages);
    buffer_free(&table->new_pages);
    buffer_free(&table->format.head_runs);
}
