/* SPDX-License-Identifier: MIT */
#include "depfile.h"

#include "own_file.h"

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

int depfile_write(const char *path, Slice text)
{
    return own_file_write(path, text, is_depfile);
}
