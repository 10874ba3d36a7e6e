/* SPDX-License-Identifier: MIT */
#include "demo_view.h"
#include "file_stamp.h"

#include <fcntl.h>

int view_open(View *view, const char *path, size_t alignment)
{
    FileStamp stamp;
    *view = (View){0};
    int status = file_read(AT_FDCWD, path, &view->arena, &view->bytes, &stamp);
    if (status != 0)
        view->bytes = (Slice){"", 0};
    output_sections_parse(&view->sections, view->bytes, alignment);
    return status;
}

void view_close(View *view)
{
    output_sections_free(&view->sections);
    arena_free(&view->arena);
}

const char *section_verdict(SectionDifference difference)
{
    static const char *const words[] = {"unchanged", "changed", "new", "removed"};
    return words[difference];
}

Slice path_in_marker(Slice path, Arena *arena)
{
    static const size_t before = sizeof "; ==== FILE: " - 1, behind = sizeof ": ====\n" - 1;
    size_t size = file_marker_size(path);
    char *marker = arena_allocate(arena, size);
    file_marker_write(marker, path, (Hash128){0});
    return slice_of(marker + before, size - before - behind - HASH_HEX_SIZE);
}
