/* SPDX-License-Identifier: MIT */
#include "unit_table.h"

#include <errno.h>
#include <stdlib.h>

typedef struct TableHeader {
    uint32_t file_count;
    uint32_t row_count; /* at least as many */
} TableHeader;

static const BinaryFormat table_format = {"icunits", 2};

/* What UnitRow.first_unit reaches. */
static const uint64_t LARGEST_IMAGE = (uint64_t)UINT32_MAX * 8;

/* Rows that are left free for files that come: one in 64 files. */
enum { FILES_PER_FREE_ROW = 64 };

static size_t rows_offset(uint32_t row_count)
{
    return sizeof(TableHeader) + ((size_t)row_count + 1) / 2 * 8;
}

static size_t blocks_offset(uint32_t row_count)
{
    return rows_offset(row_count) + row_count * sizeof(UnitRow);
}

static uint32_t *row_numbers(const UnitTable *table)
{
    return (uint32_t *)(void *)(table->image.data + sizeof(TableHeader));
}

static size_t row_offset(const UnitTable *table, uint32_t file)
{
    return rows_offset(table->row_count) + row_numbers(table)[file] * sizeof(UnitRow);
}

/* ---- reading -------------------------------------------------------------------------------- */

/* Units that are set in place must not hit a row. */
static bool row_is_sound(const UnitTable *table, const UnitRow *row)
{
    uint64_t begin = (uint64_t)row->first_unit * 8;
    uint64_t size = (uint64_t)row->unit_count * sizeof(UnitRecord);
    return begin >= blocks_offset(table->row_count) && begin <= table->image.size &&
           size <= table->image.size - begin;
}

static bool is_whole(UnitTable *table)
{
    const Image *image = &table->image;
    TableHeader header;
    if (image->size < sizeof header || image->size % 8 != 0)
        return false;
    memcpy(&header, image->data, sizeof header);
    table->row_count = header.row_count;
    if (header.file_count > header.row_count || header.row_count > image->size / sizeof(UnitRow) ||
        image->size < blocks_offset(header.row_count))
        return false;
    for (uint32_t file = 0; file < header.file_count; file++) {
        uint32_t number = row_numbers(table)[file];
        if (number >= header.row_count || !row_is_sound(table, unit_table_row(table, file)))
            return false;
        table->unit_count += unit_table_row(table, file)->unit_count;
        if (number >= table->rows_used)
            table->rows_used = number + 1;
    }
    table->file_count = header.file_count;
    return true;
}

static void forget(UnitTable *table)
{
    table->file_count = table->row_count = table->rows_used = 0;
    table->unit_count = 0;
}

int unit_table_open(UnitTable *table, int dir_fd, const char *name, const StateRef *ref)
{
    forget(table);
    int status = state_file_load(&table->state, &table->image, dir_fd, name, &table_format, ref);
    if (status != 0 || table->image.size == 0)
        return status;
    if (is_whole(table))
        return 0;
    forget(table);
    image_replace(&table->image, &(ByteBuffer){0});
    return -EBADMSG;
}

void unit_table_close(UnitTable *table)
{
    image_close(&table->image);
    *table = (UnitTable){0};
}

const UnitRow *unit_table_row(const UnitTable *table, uint32_t file)
{
    return (const UnitRow *)(const void *)(table->image.data + row_offset(table, file));
}

const UnitRecord *unit_table_units(const UnitTable *table, uint32_t file)
{
    size_t offset = (size_t)unit_table_row(table, file)->first_unit * 8;
    return (const UnitRecord *)(const void *)(table->image.data + offset);
}

/* ---- changing ------------------------------------------------------------------------------- */

static void put_in_place(UnitTable *table, size_t offset, const void *bytes, size_t size)
{
    memcpy(table->image.data + offset, bytes, size);
    image_mark(&table->image, offset, size);
}

int unit_table_set(UnitTable *table, uint32_t file, const UnitRow *row, const UnitRecord *units)
{
    UnitRow placed = *row;
    const UnitRow *old = unit_table_row(table, file);
    size_t size = row->unit_count * sizeof *units;
    bool is_moved = old->unit_count != row->unit_count;
    if (is_moved && size > LARGEST_IMAGE - table->image.size)
        return -E2BIG;
    table->unit_count += row->unit_count;
    table->unit_count -= old->unit_count;
    placed.first_unit = old->first_unit;
    if (!is_moved)
        put_in_place(table, (size_t)placed.first_unit * 8, units, size);
    else
        placed.first_unit = (uint32_t)(image_append(&table->image, units, size) / 8);
    put_in_place(table, row_offset(table, file), &placed, sizeof placed);
    return 0;
}

/* Takes a free row for a file that has no units yet. */
static uint32_t take_row(UnitTable *table)
{
    UnitRow none = {.first_unit = (uint32_t)(blocks_offset(table->row_count) / 8)};
    size_t offset = rows_offset(table->row_count) + table->rows_used * sizeof none;
    put_in_place(table, offset, &none, sizeof none);
    return table->rows_used++;
}

/* The row numbers of the files as they are from now on. Of those that go, the units are forgotten:
 * their places are wasted. */
static void splice_rows(UnitTable *table, const uint32_t *old_number, uint32_t file_count,
                        uint32_t *rows)
{
    uint32_t old = 0;
    for (uint32_t file = 0; file < file_count; file++) {
        if (old_number[file] == UNIT_FILE_NONE) {
            rows[file] = take_row(table);
            continue;
        }
        for (; old < old_number[file]; old++)
            table->unit_count -= unit_table_row(table, old)->unit_count;
        rows[file] = row_numbers(table)[old++];
    }
    for (; old < table->file_count; old++)
        table->unit_count -= unit_table_row(table, old)->unit_count;
}

bool unit_table_splice(UnitTable *table, const uint32_t *old_number, uint32_t file_count)
{
    TableHeader header = {file_count, table->row_count};
    uint32_t come = 0, first = 0;
    for (uint32_t file = 0; file < file_count; file++)
        come += old_number[file] == UNIT_FILE_NONE;
    if (table->image.size == 0 || come > table->row_count - table->rows_used)
        return false;
    uint32_t *rows = memory_allocate((file_count + 1) * sizeof *rows);
    splice_rows(table, old_number, file_count, rows);
    const uint32_t *before = row_numbers(table);
    while (first < file_count && first < table->file_count && rows[first] == before[first])
        first++;
    put_in_place(table, 0, &header, sizeof header);
    put_in_place(table, sizeof header + first * sizeof *rows, rows + first,
                 (file_count - first) * sizeof *rows);
    table->file_count = file_count;
    memory_free(rows);
    return true;
}

bool unit_table_is_wasteful(const UnitTable *table)
{
    size_t used = blocks_offset(table->row_count) + table->unit_count * sizeof(UnitRecord);
    return table->image.size > 2 * used;
}

/* Row n is that of file n, and the units come in the same order; what follows them is free rows. */
static void put_rows(ByteBuffer *image, const UnitRow *rows, uint32_t file_count,
                     uint32_t row_count)
{
    static const UnitRow free_row;
    size_t offset = blocks_offset(row_count);
    for (uint32_t i = 0; i < row_count; i++)
        buffer_put_u32(image, i);
    if (row_count % 2 != 0)
        buffer_put_u32(image, 0);
    for (uint32_t i = 0; i < file_count; i++) {
        UnitRow placed = rows[i];
        placed.first_unit = (uint32_t)(offset / 8);
        buffer_put(image, slice_of(&placed, sizeof placed));
        offset += rows[i].unit_count * sizeof(UnitRecord);
    }
    for (uint32_t i = file_count; i < row_count; i++)
        buffer_put(image, slice_of(&free_row, sizeof free_row));
}

int unit_table_replace(UnitTable *table, const UnitRow *rows, const UnitRecord *const *units,
                       uint32_t file_count)
{
    ByteBuffer image = {0};
    uint32_t row_count = file_count + file_count / FILES_PER_FREE_ROW;
    TableHeader header = {file_count, row_count};
    uint64_t unit_count = 0;
    for (uint32_t i = 0; i < file_count; i++)
        unit_count += rows[i].unit_count;
    uint64_t total = blocks_offset(row_count) + unit_count * sizeof(UnitRecord);
    if (total > LARGEST_IMAGE)
        return -E2BIG;
    buffer_reserve(&image, (size_t)total);
    buffer_put(&image, slice_of(&header, sizeof header));
    put_rows(&image, rows, file_count, row_count);
    for (uint32_t i = 0; i < file_count; i++)
        buffer_put(&image, slice_of(units[i], rows[i].unit_count * sizeof(UnitRecord)));
    image_replace(&table->image, &image);
    table->file_count = table->rows_used = file_count;
    table->row_count = row_count;
    table->unit_count = unit_count;
    return 0;
}
