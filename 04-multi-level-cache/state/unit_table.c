/* SPDX-License-Identifier: MIT */
#include "unit_table.h"

#include <errno.h>

typedef struct TableHeader {
    uint32_t file_count;
    uint32_t reserved;
} TableHeader;

static const BinaryFormat table_format = {"icunits", 1};

/* What UnitRow.first_unit reaches. */
static const uint64_t LARGEST_IMAGE = (uint64_t)UINT32_MAX * 8;

static size_t row_offset(uint32_t file)
{
    return sizeof(TableHeader) + file * sizeof(UnitRow);
}

static bool is_whole(UnitTable *table)
{
    const Image *image = &table->image;
    TableHeader header;
    uint64_t unit_count = 0;
    if (image->size < sizeof header || image->size % 8 != 0)
        return false;
    memcpy(&header, image->data, sizeof header);
    if (header.file_count > (image->size - sizeof header) / sizeof(UnitRow))
        return false;
    const UnitRow *rows = (const UnitRow *)(const void *)(image->data + row_offset(0));
    size_t blocks = row_offset(header.file_count); /* units set in place must not hit a row */
    for (uint32_t i = 0; i < header.file_count; i++) {
        uint64_t begin = (uint64_t)rows[i].first_unit * 8;
        uint64_t size = (uint64_t)rows[i].unit_count * sizeof(UnitRecord);
        if (begin < blocks || begin > image->size || size > image->size - begin)
            return false;
        unit_count += rows[i].unit_count;
    }
    table->file_count = header.file_count;
    table->unit_count = unit_count;
    return true;
}

int unit_table_open(UnitTable *table, int dir_fd, const char *name, const StateRef *ref)
{
    table->file_count = 0;
    table->unit_count = 0;
    int status = state_file_load(&table->state, &table->image, dir_fd, name, &table_format, ref);
    if (status != 0 || table->image.size == 0)
        return status;
    if (is_whole(table))
        return 0;
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
    return (const UnitRow *)(const void *)(table->image.data + row_offset(file));
}

const UnitRecord *unit_table_units(const UnitTable *table, uint32_t file)
{
    size_t offset = (size_t)unit_table_row(table, file)->first_unit * 8;
    return (const UnitRecord *)(const void *)(table->image.data + offset);
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
    if (!is_moved) {
        placed.first_unit = old->first_unit;
        memcpy(table->image.data + (size_t)placed.first_unit * 8, units, size);
        image_mark(&table->image, (size_t)placed.first_unit * 8, size);
    } else {
        placed.first_unit = (uint32_t)(image_append(&table->image, units, size) / 8);
    }
    memcpy(table->image.data + row_offset(file), &placed, sizeof placed);
    image_mark(&table->image, row_offset(file), sizeof placed);
    return 0;
}

bool unit_table_is_wasteful(const UnitTable *table)
{
    size_t used = row_offset(table->file_count) + table->unit_count * sizeof(UnitRecord);
    return table->image.size > 2 * used;
}

int unit_table_replace(UnitTable *table, const UnitRow *rows, const UnitRecord *const *units,
                       uint32_t file_count)
{
    ByteBuffer image = {0};
    TableHeader header = {file_count, 0};
    size_t offset = row_offset(file_count), total = offset;
    for (uint32_t i = 0; i < file_count; i++)
        total += rows[i].unit_count * sizeof(UnitRecord);
    if (total > LARGEST_IMAGE)
        return -E2BIG;
    buffer_reserve(&image, total);
    buffer_put(&image, slice_of(&header, sizeof header));
    for (uint32_t i = 0; i < file_count; i++) {
        UnitRow placed = rows[i];
        placed.first_unit = (uint32_t)(offset / 8);
        buffer_put(&image, slice_of(&placed, sizeof placed));
        offset += rows[i].unit_count * sizeof(UnitRecord);
    }
    for (uint32_t i = 0; i < file_count; i++)
        buffer_put(&image, slice_of(units[i], rows[i].unit_count * sizeof(UnitRecord)));
    image_replace(&table->image, &image);
    table->file_count = file_count;
    table->unit_count = (total - row_offset(file_count)) / sizeof(UnitRecord);
    return 0;
}
