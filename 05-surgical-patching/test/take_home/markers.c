/* SPDX-License-Identifier: MIT */
/* Marks two sections and finds them again. */
#include "file_marker.h"

static void put_section(ByteBuffer *output, const char *path, const char *code)
{
    Slice name = slice_from(path);
    buffer_reserve(output, file_marker_size(name));
    file_marker_write(output->data + output->size, name, hash_bytes(slice_from(code)));
    output->size += file_marker_size(name);
    buffer_put(output, slice_from(code));
}

int main(void)
{
    ByteBuffer output = {0};
    OutputSections sections = {0};
    put_section(&output, "a.x", "code of a\n");
    put_section(&output, "b:\n.x", "code of b\n");
    output_sections_parse(&sections, buffer_slice(&output), 1);
    bool is_right =
        sections.count == 2 && slice_equal(sections.items[1].path, slice_from("b:\n.x"));
    output_sections_free(&sections);
    buffer_free(&output);
    return !is_right;
}
