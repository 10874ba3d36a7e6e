/* SPDX-License-Identifier: MIT */
/*
 * The exercises of stage 6, done in the first way that comes to mind. The answers are right; the
 * costs are not. Copy this file, reduce each cost to what is necessary, and run
 *
 *     cc -O2 -o build/mine build/mine.c && make check-mine STAGE=6 TIER=exercises CMD=build/mine
 *
 *     mine depth ENTRY.mini     the files on the longest chain of imports: `depth N`
 *     mine names FILE           how many different names a file has: `names N`
 *     mine compare OLD NEW      of two lines of `minic --stats=json`, the work that grew
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Everything in the file, and a NUL. The caller frees it. */
static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        fprintf(stderr, "%s: error: cannot be read\n", path);
        exit(2);
    }
    size_t size = (size_t)ftell(file);
    char *text = malloc(size + 1);
    rewind(file);
    size = text == NULL ? 0 : fread(text, 1, size, file);
    fclose(file);
    if (text == NULL)
        exit(3);
    text[size] = '\0';
    return text;
}

/* ---- exercise 1 ---------------------------------------------------------------------------- */

/* The next path between quotes, after `import`, cut out of the text; NULL if there is none. */
static char *next_import(char **text)
{
    char *begin = strstr(*text, "import \"");
    char *end = begin == NULL ? NULL : strchr(begin + 8, '"');
    if (end == NULL)
        return NULL;
    *end = '\0';
    *text = end + 1;
    return begin + 8;
}

static int depth_of(const char *path)
{
    char *source = read_file(path), *rest = source;
    int deepest = 0;
    for (const char *import; (import = next_import(&rest)) != NULL;) {
        int depth = depth_of(import);
        if (depth > deepest)
            deepest = depth;
    }
    free(source);
    return deepest + 1;
}

/* ---- exercise 2 ---------------------------------------------------------------------------- */

typedef struct Name {
    struct Name *next;
    char *text;
} Name;

static bool is_known(const Name *names, const char *text)
{
    for (; names != NULL; names = names->next)
        if (strcmp(names->text, text) == 0)
            return true;
    return false;
}

static int count_names(const char *path)
{
    char *source = read_file(path);
    Name *names = NULL;
    int count = 0;
    for (const char *at = source; *at != '\0';) {
        const char *begin = at;
        while (isalnum((unsigned char)*at) || *at == '_')
            at++;
        if (at == begin || isdigit((unsigned char)*begin)) {
            at += at == begin;
            continue;
        }
        Name *name = malloc(sizeof *name);
        name->text = calloc((size_t)(at - begin) + 1, 1);
        memcpy(name->text, begin, (size_t)(at - begin));
        count += !is_known(names, name->text);
        name->next = names;
        names = name;
    }
    return count;
}

/* ---- exercise 3 ---------------------------------------------------------------------------- */

/* Compares every number of OLD, `"name":12`, with the one of the same name in NEW. */
static int compare(const char *old_path, const char *new_path)
{
    const char *old = read_file(old_path), *new = read_file(new_path);
    bool grew = false;
    for (const char *colon; (colon = strstr(old, "\":")) != NULL; old = colon + 2) {
        const char *name = colon;
        while (name > old && name[-1] != '"')
            name--;
        char key[64];
        snprintf(key, sizeof key, "\"%.*s\":", (int)(colon - name), name);
        const char *found = strstr(new, key);
        double before = atof(colon + 2), after = found == NULL ? 0 : atof(found + strlen(key));
        if (after > before) {
            printf("grew %.*s %g %g\n", (int)(colon - name), name, before, after);
            grew = true;
        }
    }
    if (grew)
        fprintf(stderr, "%s: error: more work than before\n", new_path);
    return grew;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "depth") == 0)
        return printf("depth %d\n", depth_of(argv[2])) < 0;
    if (argc == 3 && strcmp(argv[1], "names") == 0)
        return printf("names %d\n", count_names(argv[2])) < 0;
    if (argc == 4 && strcmp(argv[1], "compare") == 0)
        return compare(argv[2], argv[3]);
    fprintf(stderr, "usage: mine depth ENTRY | names FILE | compare OLD NEW\n");
    return 2;
}
