/* SPDX-License-Identifier: MIT */
/*
 * The parts of the importer's directory and of the import are pushed one by one onto the result:
 * "." and empty parts are skipped, ".." removes the last part, unless there is none or it is itself
 * a "..": then the path leaves the project's directory and ".." is kept.
 *
 *     lib/net/http.mini  imports  "../json.mini"   →  lib/json.mini
 *     main.mini          imports  "../shared.mini" →  ../shared.mini
 */
#include "source_path.h"

enum { PATH_LIMIT = 4096 };

typedef struct PathBuilder {
    char *text;
    size_t size;
} PathBuilder;

static bool is_dot(Slice part)
{
    return part.size == 1 && part.data[0] == '.';
}

static bool is_dot_dot(Slice part)
{
    return part.size == 2 && part.data[0] == '.' && part.data[1] == '.';
}

static Slice last_part(Slice path)
{
    size_t start = path.size;
    while (start != 0 && path.data[start - 1] != '/')
        start--;
    return slice_of(path.data + start, path.size - start);
}

static void push(PathBuilder *path, Slice part)
{
    if (path->size != 0)
        path->text[path->size++] = '/';
    memcpy(path->text + path->size, part.data, part.size);
    path->size += part.size;
}

static void add_part(PathBuilder *path, Slice part)
{
    Slice last = last_part(slice_of(path->text, path->size));
    if (part.size == 0 || is_dot(part))
        return;
    if (!is_dot_dot(part) || path->size == 0 || is_dot_dot(last))
        push(path, part);
    else
        path->size -= last.size == path->size ? last.size : last.size + 1;
}

static void add_parts(PathBuilder *path, Slice parts)
{
    const char *start = parts.data, *end = parts.data + parts.size;
    while (start != end) {
        const char *slash = memchr(start, '/', (size_t)(end - start));
        const char *stop = slash == NULL ? end : slash;
        add_part(path, slice_of(start, (size_t)(stop - start)));
        start = slash == NULL ? end : slash + 1;
    }
}

static bool is_absolute(Slice path)
{
    return path.size != 0 && path.data[0] == '/';
}

static PathError check(Slice path, bool may_be_absolute)
{
    if (path.size == 0)
        return PATH_EMPTY;
    if (memchr(path.data, '\0', path.size) != NULL)
        return PATH_HAS_NUL;
    if (is_absolute(path) && !may_be_absolute)
        return PATH_ABSOLUTE;
    Slice name = last_part(path);
    return name.size == 0 || is_dot(name) || is_dot_dot(name) ? PATH_EMPTY : PATH_OK;
}

/* With room for a slash before and after the parts, and NUL. */
static PathBuilder begin(size_t size, Arena *arena)
{
    char *memory = arena_allocate(arena, size + 3);
    return (PathBuilder){memory + 1, 0};
}

/* The root's ".." is the root. */
static void make_absolute(PathBuilder *path)
{
    while (path->size > 3 && memcmp(path->text, "../", 3) == 0) {
        path->text += 3;
        path->size -= 3;
    }
    *--path->text = '/';
    path->size++;
}

static PathError finish(PathBuilder *result, bool makes_absolute, Slice *path)
{
    if (makes_absolute)
        make_absolute(result);
    if (result->size >= PATH_LIMIT)
        return PATH_TOO_LONG;
    result->text[result->size] = '\0';
    *path = slice_of(result->text, result->size);
    return PATH_OK;
}

PathError source_path_resolve(Slice importer, Slice import, Arena *arena, Slice *path)
{
    PathError error = check(import, false);
    if (error != PATH_OK)
        return error;
    Slice directory = slice_of(importer.data, importer.size - last_part(importer).size);
    PathBuilder result = begin(directory.size + import.size, arena);
    if (directory.size != 0)
        add_parts(&result, directory);
    add_parts(&result, import);
    return finish(&result, is_absolute(importer), path);
}

PathError source_path_normalize(Slice path, Arena *arena, Slice *normal)
{
    PathError error = check(path, true);
    if (error != PATH_OK)
        return error;
    PathBuilder result = begin(path.size, arena);
    add_parts(&result, path);
    return finish(&result, is_absolute(path), normal);
}

const char *path_error_text(PathError error)
{
    switch (error) {
    case PATH_OK: return "the import path is fine";
    case PATH_EMPTY: return "the import path names no file";
    case PATH_ABSOLUTE:
        return "the import path is absolute; write it relative to the importing file";
    case PATH_HAS_NUL: return "the import path contains a NUL byte";
    case PATH_TOO_LONG: return "the import path is too long";
    case PATH_NOWHERE: return "there is no such file";
    }
    return "the import path is wrong";
}
