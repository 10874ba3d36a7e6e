/* SPDX-License-Identifier: MIT */
/* A table becomes valid with the rename of the manifest that names it. */
#include "cache_mark.h"
#include "manifest.h"

static const BinaryFormat format = {.magic = "TABLE", .version = 1};

static bool write_table(int dir_fd, Slice bytes)
{
    Manifest manifest = {.header = {.generation = 1}};
    StateFile state;
    Image table;
    state_file_load(&state, &table, dir_fd, "table", &format, &manifest.header.files);
    image_append(&table, bytes.data, bytes.size);
    bool is_right =
        state_file_commit(&state, &table, false, &manifest.header.files, NULL) == 0 &&
        manifest_store(&manifest, dir_fd, "program", false, NULL) == 0; /* from here on */
    state_file_prune(&state);
    image_close(&table);
    manifest_free(&manifest);
    return is_right;
}

static bool read_table(int dir_fd, Slice expected)
{
    Manifest manifest = {0};
    StateFile state;
    Image table;
    bool is_right =
        manifest_load(&manifest, dir_fd, "program") == 0 &&
        state_file_load(&state, &table, dir_fd, "table", &format, &manifest.header.files) == 0;
    if (is_right) {
        is_right = slice_equal(slice_of(table.data, expected.size), expected);
        image_close(&table);
    }
    manifest_free(&manifest);
    return is_right;
}

int main(void)
{
    Slice bytes = slice_from("rows of a table.");
    int dir_fd = cache_mark_open("my_cache");
    return !(dir_fd >= 0 && write_table(dir_fd, bytes) && read_table(dir_fd, bytes));
}
