/* SPDX-License-Identifier: MIT */
/*
 * A malloc for each token, for each text, for each part of a path, and a free for each malloc:
 * every small thing has its own owner and can be freed when no longer needed. In a compiler nothing
 * is freed before everything is.
 */
#include "naive.h"

#include <stdlib.h>

static char *copy(const char *text, size_t size)
{
    char *copied = memory_allocate(size + 1);
    memcpy(copied, text, size);
    copied[size] = '\0';
    return copied;
}

/* ---- tokens -------------------------------------------------------------------------------- */

TokenNode *naive_tokens(Slice source)
{
    Lexer lexer = {source.data, source.data, source.data + source.size};
    TokenNode *first = NULL, **end = &first;
    for (Token token; (token = lexer_next(&lexer)).kind != TOKEN_END;) {
        TokenNode *node = memory_allocate(sizeof *node);
        *node = (TokenNode){NULL, copy(source.data + token.offset, token.size), token.kind};
        *end = node;
        end = &node->next;
    }
    return first;
}

void naive_tokens_free(TokenNode *list)
{
    while (list != NULL) {
        TokenNode *next = list->next;
        free(list->text);
        free(list);
        list = next;
    }
}

/* ---- paths --------------------------------------------------------------------------------- */

typedef struct PathParts {
    char **parts;
    size_t count;
} PathParts;

static void add_part(PathParts *path, const char *part, size_t size)
{
    bool is_up = size == 2 && memcmp(part, "..", 2) == 0;
    if (size == 0 || (size == 1 && *part == '.'))
        return;
    if (is_up && path->count != 0 && strcmp(path->parts[path->count - 1], "..") != 0) {
        free(path->parts[--path->count]);
        return;
    }
    path->parts = memory_resize(path->parts, (path->count + 1) * sizeof *path->parts);
    path->parts[path->count++] = copy(part, size);
}

static void add_parts(PathParts *path, const char *text, const char *end)
{
    for (const char *part = text; part < end;) {
        size_t size = strcspn(part, "/");
        if (size > (size_t)(end - part))
            size = (size_t)(end - part);
        add_part(path, part, size);
        part += size + 1;
    }
}

static char *join_and_free(PathParts *path)
{
    char *joined = copy("", 0);
    for (size_t i = 0; i < path->count; i++) {
        size_t before = strlen(joined), size = strlen(path->parts[i]);
        joined = memory_resize(joined, before + size + 2);
        if (before != 0)
            joined[before++] = '/';
        memcpy(joined + before, path->parts[i], size + 1);
        free(path->parts[i]);
    }
    free(path->parts);
    return joined;
}

char *naive_resolve(const char *importer, const char *import)
{
    const char *slash = strrchr(import, '/'), *name = slash == NULL ? import : slash + 1;
    const char *directory = strrchr(importer, '/');
    PathParts path = {0};
    if (*import == '/' || *name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return NULL;
    if (directory != NULL)
        add_parts(&path, importer, directory);
    add_parts(&path, import, import + strlen(import));
    char *joined = join_and_free(&path);
    if (strlen(joined) < 4096)
        return joined;
    free(joined);
    return NULL;
}
