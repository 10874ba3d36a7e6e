/* SPDX-License-Identifier: MIT */
/*
 * The keys of each file's units, as of the last committed build.
 *
 * A body edit needs the keys of one file and the interface keys of the few it names; so the
 * table is an image (image.h) in which each file has one row and a block of units, found by
 * file number. Setting a file's units writes in place if their number is the same; otherwise the
 * block moves to the end, and its old place is wasted until the whole table is replaced.
 *
 *     header │ number of its row u32 × rows │ UnitRow × rows │ UnitRecord blocks ...
 *
 * A file that comes or goes moves the numbers of all files after it. Their rows stay where they are:
 * only the four bytes per file that say which row is whose are written again. The new file takes a
 * row that was left free.
 *
 * Threads: any number may read; one may write.
 */
#ifndef UNIT_TABLE_H
#define UNIT_TABLE_H

#include "content_hash.h"
#include "state_file.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct UnitRecord {
    Hash128 interface_key; /* none, if it leads to something poisoned: so in unit_key */
    Hash128 unit_key;
    uint64_t own_hash; /* of its own source: name, interface, body, the names in both */
} UnitRecord;

typedef struct UnitRow {
    Hash128 section_key;      /* path and unit keys, in order */
    Hash128 interface_digest; /* see program_interface_digest */
    uint64_t prelude_digest;  /* of the lines it needs in the prelude; 0: none */
    uint32_t first_unit;      /* offset in the image, in units of 8 bytes */
    uint32_t unit_count;
    uint32_t function_count;
    uint32_t warnings; /* where there are some: bits of RowWarnings */
} UnitRow;

enum RowWarnings {
    WARNED_LOWERED = 1, /* kept with the file's lowered form */
    WARNED_OUTPUTS = 2  /* kept with the outputs of some of its units */
};

#define UNIT_FILE_NONE UINT32_MAX

typedef struct UnitTable { /* {0} is an empty table */
    Image image;
    StateFile state; /* of the image on disk */
    uint32_t file_count;
    uint32_t row_count, rows_used; /* of these, from the first on, some file has or had its row */
    uint64_t unit_count; /* of all files */
} UnitTable;

/* As state_file_load, and checks every row. */
int unit_table_open(UnitTable *table, int dir_fd, const char *name, const StateRef *ref);
void unit_table_close(UnitTable *table);

/* Valid until the table is changed. */
const UnitRow *unit_table_row(const UnitTable *table, uint32_t file);
const UnitRecord *unit_table_units(const UnitTable *table, uint32_t file);

/* Replaces one file's row and units; row->first_unit is set by the table. 0; or -E2BIG if the image
 * would pass 32 GiB, and the table is as it was. */
int unit_table_set(UnitTable *table, uint32_t file, const UnitRow *row, const UnitRecord *units);

/* Files come and go: file i is from now on what was file old_number[i], or, with UNIT_FILE_NONE, one
 * without units, which the caller sets. The old numbers ascend. False if there are not enough free
 * rows for those that come; the table is then as it was, and must be replaced. Cost: a few bytes per
 * file. */
bool unit_table_splice(UnitTable *table, const uint32_t *old_number, uint32_t file_count);

/* True if more than half of the image is old places of moved blocks: time to replace it. */
bool unit_table_is_wasteful(const UnitTable *table);

/* Replaces everything: `rows` and, for each, its units. 0 or -E2BIG, in the same way. */
int unit_table_replace(UnitTable *table, const UnitRow *rows, const UnitRecord *const *units,
                       uint32_t file_count);

#ifdef __cplusplus
}
#endif
#endif
