/* SPDX-License-Identifier: MIT */
#include "depfile.h"

#include "output_draft.h"
#include "system_calls.h"

#include <errno.h>
#include <fcntl.h>

/* ---- the rules ------------------------------------------------------------------------------- */

/* As make and ninja both read it. */
static void put_name(ByteBuffer *text, Slice name)
{
    for (size_t i = 0; i < name.size; i++) {
        char byte = name.data[i];
        if (byte == '$')
            buffer_put_byte(text, '$');
        if (byte == ' ' || byte == '#' || byte == ':')
            buffer_put_byte(text, '\\');
        buffer_put_byte(text, byte);
    }
}

static const char rule_begin[] = ": \\\n"; /* what the first line ends with */

void depfile_put(ByteBuffer *text, Slice output, const Slice *paths, size_t count)
{
    put_name(text, output);
    buffer_put(text, slice_from(rule_begin));
    for (size_t i = 0; i < count; i++) {
        buffer_put(text, slice_from("  "));
        put_name(text, paths[i]);
        buffer_put(text, slice_from(i + 1 < count ? " \\\n" : "\n"));
    }
    for (size_t i = 1; i < count; i++) {
        buffer_put_byte(text, '\n');
        put_name(text, paths[i]);
        buffer_put(text, slice_from(":\n"));
    }
}

/* ---- the file -------------------------------------------------------------------------------- */

static bool is_depfile(Slice bytes)
{
    const char *end = memchr(bytes.data, '\n', bytes.size);
    size_t size = end == NULL ? 0 : (size_t)(end + 1 - bytes.data), ending = sizeof rule_begin - 1;
    return size > ending && memcmp(end + 1 - ending, rule_begin, ending) == 0;
}

/* 0 if the file may be replaced; 1 if there is nothing to do. */
static int look(const char *path, Slice text)
{
    Arena arena = {0};
    Slice bytes;
    FileStamp stamp;
    int status = file_read(AT_FDCWD, path, &arena, &bytes, &stamp);
    if (status == 0)
        status = slice_equal(bytes, text) ? 1 : bytes.size == 0 || is_depfile(bytes) ? 0 : -EEXIST;
    arena_free(&arena);
    return status == -ENOENT ? 0 : status;
}

static int replace(const char *path, Slice text)
{
    OutputFile file;
    OutputDraft draft;
    FileStamp stamp;
    int status = output_file_look(&file, path);
    if (status == 0 && file.kind == OUTPUT_LINKED)
        return -EEXIST; /* what others reach by another name is no list of ours */
    if (status == 0)
        status = output_draft_open(&draft, &file);
    if (status != 0)
        return status;
    status = put_all_at(draft.fd, text, 0);
    if (status == 0)
        status = output_draft_publish(&draft, &file, false, &stamp);
    output_draft_close(&draft);
    return status;
}

int depfile_write(const char *path, Slice text)
{
    int status = look(path, text);
    return status == 0 ? replace(path, text) : status == 1 ? 0 : status;
}
