/* SPDX-License-Identifier: MIT */
/* Stage 1 alone around a compiler that cannot be trusted with more than one file: it counts in a
 * global, and exits at an error. A header is edited, and the sources that reach it are compiled. */
#include "discovery.h"
#include "forked_call.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static Slice take_line(Slice *text)
{
    const char *end = memchr(text->data, '\n', text->size);
    Slice line = slice_of(text->data, end == NULL ? text->size : (size_t)(end - text->data));
    size_t size = line.size + (end != NULL);
    *text = slice_of(text->data + size, text->size - size);
    return line;
}

/* ---- the compiler: not ours to change ------------------------------------------------------- */

static unsigned lines; /* never set back */

/* "<NAME" includes a text. */
static void compile(Slice source, ForkedChild *child, ByteBuffer *code)
{
    while (source.size != 0) {
        Slice line = take_line(&source);
        if (line.size != 0 && line.data[0] == '<')
            compile(forked_ask(child, slice_of(line.data + 1, line.size - 1)), child, code);
        else if (line.size != 0 && line.data[0] == '!')
            _exit(1);
        else
            buffer_put_format(code, "%u %.*s\n", ++lines, (int)line.size, line.data);
    }
}

/* ---- around it ------------------------------------------------------------------------------ */

static void scan(void *language, Slice source, ImportScan *imports)
{
    (void)language;
    for (uint32_t number = 1; source.size != 0; number++) {
        Slice line = take_line(&source);
        if (line.size > 1 && line.data[0] == '<')
            import_scan_add(imports, slice_of(line.data + 1, line.size - 1), number, 1)->role =
                IMPORT_TEXT;
    }
}

static void answer(void *context, Slice path, ByteBuffer *text)
{
    Arena *arena = context;
    FileStamp stamp;
    Slice bytes;
    if (file_read(AT_FDCWD, arena_copy(arena, path), arena, &bytes, &stamp) == 0)
        buffer_put(text, bytes);
}

static bool compile_file(void *context, ForkedChild *child, ByteBuffer *code)
{
    compile(forked_ask(child, *(const Slice *)context), child, code);
    return true;
}

/* The number of sources compiled, or a negative errno: then the table stays as it was, and the next
 * run compiles them again. */
static int build(const char *table, ByteBuffer *code)
{
    static const Slice more[] = {{"b.txt", 5}};
    Diagnostics errors = {0};
    FileHashCache cache = {0};
    Discovery found = {0};
    Arena arena = {0};
    DiscoveryRequest request = {.dir_fd = AT_FDCWD,
                                .clock_dir_fd = AT_FDCWD,
                                .entry = slice_from("a.txt"),
                                .more_entries = more,
                                .more_entry_count = 1,
                                .scan = scan,
                                .executor = &executor_serial,
                                .diagnostics = &errors};
    int compiled = 0;
    file_hash_cache_load(&cache, table);
    int error = discover(&found, &request, &cache);
    for (size_t i = 0; error == 0 && i < found.change_count; i++) {
        uint32_t file = found.changes[i].file;
        Slice path = file_hash_cache_path(&cache, file);
        if (file_hash_cache_role(&cache, file) != IMPORT_SOURCE ||
            found.changes[i].kind == FILE_TOUCHED)
            continue;
        error = forked_call(compile_file, &path, answer, &arena, code);
        compiled++;
    }
    if (error == 0)
        error = file_hash_cache_save(&cache, table);
    discovery_free(&found);
    file_hash_cache_close(&cache);
    diagnostics_free(&errors);
    arena_free(&arena);
    return error != 0 ? error : compiled;
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    if (file != NULL) {
        fputs(text, file);
        fclose(file);
    }
}

int main(void)
{
    char table[64];
    ByteBuffer code = {0};
    /* Everything that reaches the code and is in no file. */
    Hash128 settings = hash_bytes(slice_from("compiler 1.0 -O2"));
    snprintf(table, sizeof table, "forked.%016llx", (unsigned long long)settings.low);
    write_file("a.txt", "<h.txt\nfirst\n");
    write_file("b.txt", "second\n");
    write_file("h.txt", "shared\n");
    bool is_right = build(table, &code) == 2 && build(table, &code) == 0;
    write_file("h.txt", "!\n");
    is_right = is_right && build(table, &code) < 0; /* the compiler exits */
    write_file("h.txt", "edited\n");
    is_right = is_right && build(table, &code) == 1;
    buffer_put_byte(&code, '\0');
    is_right =
        is_right &&
        strcmp(code.data, "1 shared\n2 first\n1 second\n1 edited\n2 first\n") == 0;
    buffer_free(&code);
    return !is_right;
}
