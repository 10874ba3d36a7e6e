/* SPDX-License-Identifier: MIT */
/* A table becomes valid with the rename of the manifest that names it. */
#include "manifest.h"

#include <fcntl.h>

static const BinaryFormat format = {.magic = "TABLE", .version = 1};

static bool write_table(Slice bytes)
{
    Manifest manifest = {.header = {.generation = 1}};
    StateFile table;
    state_file_open(&table, AT_FDCWD, "table", &format, &manifest.header.files);
    state_file_append(&table, bytes.data, bytes.size);
    bool is_right =
        state_file_commit(&table, false, &manifest.header.files, NULL) == 0 &&
        manifest_store(&manifest, AT_FDCWD, "program", false, NULL) == 0; /* from here on */
    state_file_settle(&table);
    state_file_close(&table);
    manifest_free(&manifest);
    return is_right;
}

static bool read_table(Slice expected)
{
    Manifest manifest = {0};
    StateFile table;
    bool is_right =
        manifest_load(&manifest, AT_FDCWD, "program") == 0 &&
        state_file_open(&table, AT_FDCWD, "table", &format, &manifest.header.files) == 0;
    if (is_right) {
        is_right = slice_equal(slice_of(table.image, expected.size), expected);
        state_file_close(&table);
    }
    manifest_free(&manifest);
    return is_right;
}

int main(void)
{
    Slice bytes = slice_from("rows of a table.");
    return !(write_table(bytes) && read_table(bytes));
}
