/* SPDX-License-Identifier: MIT */
/*
 * The smallest output format that needs all of output_format.h, for the line language:
 *
 *     head       a row of 64 bytes for each file: its place and size in blocks, and its path
 *     section    the lines of a file's units; after them, for each `<path:` in these, a line with
 *                the number of that file
 *
 * A file that comes or goes gives other numbers to those after it, and what names them is written
 * again.
 *
 *     TableFormat table;
 *     table_format_init(&table);
 *     output_write_as(build, path, &table.format, &result);
 *     table_format_free(&table);
 */
#ifndef TABLE_FORMAT_H
#define TABLE_FORMAT_H

#include "output_format.h"

typedef struct TableFormat {
    OutputFormat format; /* first */
    uint32_t most_files; /* with more than these, an output cannot be patched; 0: no limit */
    int begin_all_fails, begin_patch_fails, section_fails, end_patch_fails; /* with these */
    /* its own: */
    const Build *build;
    OutputBase base;
    uint64_t *old_places; /* file offset per section of the last output, and the end */
    ByteBuffer head, old_head, old_pages, new_pages;
} TableFormat;

void table_format_init(TableFormat *table);
void table_format_free(TableFormat *table);

#endif
