/* SPDX-License-Identifier: MIT */
#include "memory_reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

MemoryFile *memory_reader_get(MemoryReader *memory, const char *path)
{
    for (unsigned i = 0; i < memory->count; i++)
        if (strcmp(memory->files[i].path, path) == 0)
            return &memory->files[i];
    return NULL;
}

MemoryFile *memory_reader_file(MemoryReader *memory, const char *path)
{
    MemoryFile *file = memory_reader_get(memory, path);
    assert_non_null(file);
    return file;
}

static FileStamp stamp_of(const MemoryFile *file)
{
    return file_stamp_of_version(file->version, 1);
}

static int stamp(void *context, const char *path, FileStamp *now)
{
    MemoryReader *memory = context;
    const MemoryFile *file = memory_reader_get(memory, path);
    atomic_fetch_add(&memory->stamps, 1);
    if (file == NULL)
        return -ENOENT;
    *now = stamp_of(file); /* which an error must make useless */
    return file->stamp_status;
}

static int read_file(void *context, const char *path, size_t limit, Arena *arena, Slice *bytes,
                     FileStamp *now)
{
    MemoryFile *file = memory_reader_get(context, path);
    (void)limit;
    if (file == NULL)
        return -ENOENT;
    unsigned reads = 1 + atomic_fetch_add(&file->reads, 1);
    ByteBuffer text = {.arena = arena};
    buffer_put(&text, buffer_slice(&file->bytes));
    if (file->changes_after != 0 && reads >= file->changes_after)
        buffer_put(&text, slice_from("\n"));
    buffer_put_byte(&text, '\0');
    *bytes = slice_of(text.data, text.size - 1);
    *now = stamp_of(file);
    return file->read_status;
}

void memory_reader_open(MemoryReader *memory)
{
    *memory = (MemoryReader){.reader = {stamp, read_file, memory}};
}

void memory_reader_close(MemoryReader *memory)
{
    for (unsigned i = 0; i < memory->count; i++)
        buffer_free(&memory->files[i].bytes);
    memory->count = 0;
}

static MemoryFile *put(MemoryReader *memory, const char *path, Slice bytes)
{
    MemoryFile *file = memory_reader_get(memory, path);
    if (file == NULL) {
        assert_true(memory->count < sizeof memory->files / sizeof *memory->files);
        file = &memory->files[memory->count++];
        *file = (MemoryFile){.version = 0};
        snprintf(file->path, sizeof file->path, "%s", path);
    } else if (slice_equal(buffer_slice(&file->bytes), bytes)) {
        return file;
    }
    file->bytes.size = 0;
    buffer_put(&file->bytes, bytes);
    file->version = ++memory->last_version;
    return file;
}

MemoryFile *memory_reader_put(MemoryReader *memory, const char *path, const char *text)
{
    return put(memory, path, slice_from(text));
}

void memory_reader_put_bytes(MemoryReader *memory, const char *path, Slice bytes)
{
    put(memory, path, bytes);
}

void memory_reader_remove(MemoryReader *memory, const char *path)
{
    MemoryFile *file = memory_reader_file(memory, path);
    buffer_free(&file->bytes);
    *file = memory->files[--memory->count];
}

void memory_reader_load(MemoryReader *memory, const Scratch *scratch, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (!scratch_exists(scratch, *names)) {
            if (memory_reader_get(memory, *names) != NULL)
                memory_reader_remove(memory, *names);
            continue;
        }
        size_t size;
        char *text = scratch_read(scratch, *names, &size);
        memory_reader_put_bytes(memory, *names, slice_of(text, size));
        free(text);
    }
}
