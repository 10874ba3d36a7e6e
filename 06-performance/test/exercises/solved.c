/* SPDX-License-Identifier: MIT */
/*
 * The exercises of stage 6, solved. Each file is visited once; memory is allocated when an array
 * doubles; of two statistics only the counts of work are compared.
 *
 * The first two exercises keep names in one table: a name's number is its place in an array, and a
 * hash table of numbers finds it.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Text {
    const char *data;
    size_t size;
} Text;

static void *resize(void *pointer, size_t size)
{
    void *resized = realloc(pointer, size);
    if (resized == NULL)
        exit(3);
    return resized;
}

static Text read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        fprintf(stderr, "%s: error: cannot be read\n", path);
        exit(2);
    }
    size_t size = (size_t)ftell(file);
    char *text = resize(NULL, size + 1);
    rewind(file);
    size = fread(text, 1, size, file);
    fclose(file);
    text[size] = '\0';
    return (Text){text, size};
}

/* ---- numbered names ------------------------------------------------------------------------ */

typedef struct Names {
    Text *items;
    uint32_t *slots; /* number + 1; 0: free. A power of two, at least half of them free */
    uint32_t count, slot_count;
} Names;

static uint32_t *slot_of(const Names *names, Text name)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < name.size; i++)
        hash = (hash ^ (unsigned char)name.data[i]) * 16777619u;
    for (;; hash++) {
        uint32_t *slot = &names->slots[hash & (names->slot_count - 1)];
        if (*slot == 0 || (names->items[*slot - 1].size == name.size &&
                           memcmp(names->items[*slot - 1].data, name.data, name.size) == 0))
            return slot;
    }
}

static void grow(Names *names)
{
    names->slot_count = names->slot_count == 0 ? 64 : names->slot_count * 2;
    names->items = resize(names->items, names->slot_count / 2 * sizeof *names->items);
    names->slots = resize(names->slots, names->slot_count * sizeof *names->slots);
    memset(names->slots, 0, names->slot_count * sizeof *names->slots);
    for (uint32_t i = 0; i < names->count; i++)
        *slot_of(names, names->items[i]) = i + 1;
}

/* The number of a name. The text must not move. */
static uint32_t number_of(Names *names, Text name)
{
    if (names->count * 2 >= names->slot_count)
        grow(names);
    uint32_t *slot = slot_of(names, name);
    if (*slot == 0) {
        names->items[names->count] = name;
        *slot = ++names->count;
    }
    return *slot - 1;
}

/* ---- exercise 1 ---------------------------------------------------------------------------- */

typedef struct File {
    uint32_t first_import, import_count; /* in imports */
    uint32_t waiting;                    /* importers whose depth is not final */
    uint32_t depth;                      /* longest chain from the entry to here */
} File;

typedef struct Graph {
    File *files;
    uint32_t *imports, file_count, import_count;
} Graph;

/* Room for one more: the array doubles. */
static void *one_more(void *array, uint32_t count, size_t size)
{
    bool is_full = (count & (count - 1)) == 0;
    return is_full ? resize(array, (count == 0 ? 1 : count * 2) * size) : array;
}

static void read_imports(Graph *graph, Names *names, Text path)
{
    char terminated[4096];
    snprintf(terminated, sizeof terminated, "%.*s", (int)path.size, path.data);
    const char *at = read_file(terminated).data;
    while ((at = strstr(at, "import \"")) != NULL) {
        at += strlen("import \"");
        graph->imports = one_more(graph->imports, graph->import_count, sizeof *graph->imports);
        graph->imports[graph->import_count++] = number_of(names, (Text){at, strcspn(at, "\"")});
    }
}

/* Each file once, by number: the loop runs over an array that grows while it runs. */
static void read_graph(Graph *graph, const char *entry)
{
    Names names = {0};
    number_of(&names, (Text){entry, strlen(entry)});
    for (uint32_t f = 0; f < names.count; f++) {
        graph->files = one_more(graph->files, f, sizeof *graph->files);
        graph->files[f] = (File){.first_import = graph->import_count};
        read_imports(graph, &names, names.items[f]);
        graph->files[f].import_count = graph->import_count - graph->files[f].first_import;
    }
    graph->file_count = names.count;
    for (uint32_t i = 0; i < graph->import_count; i++)
        graph->files[graph->imports[i]].waiting++;
}

/* Importers before what they import: a file is final when no importer is left that could deepen
 * it. */
static uint32_t depth_of(const char *entry)
{
    Graph graph = {0};
    uint32_t deepest = 0, ready_count = 1;
    read_graph(&graph, entry);
    uint32_t *ready = resize(NULL, graph.file_count * sizeof *ready);
    ready[0] = 0;
    graph.files[0].depth = 1;
    for (uint32_t r = 0; r < ready_count; r++) {
        const File *file = &graph.files[ready[r]];
        deepest = file->depth > deepest ? file->depth : deepest;
        for (uint32_t i = 0; i < file->import_count; i++) {
            File *target = &graph.files[graph.imports[file->first_import + i]];
            if (target->depth < file->depth + 1)
                target->depth = file->depth + 1;
            if (--target->waiting == 0)
                ready[ready_count++] = (uint32_t)(target - graph.files);
        }
    }
    return deepest;
}

/* ---- exercise 2 ---------------------------------------------------------------------------- */

static int count_names(const char *path)
{
    Names names = {0};
    for (const char *at = read_file(path).data; *at != '\0';) {
        const char *begin = at;
        while (isalnum((unsigned char)*at) || *at == '_')
            at++;
        if (at == begin)
            at++;
        else if (!isdigit((unsigned char)*begin))
            number_of(&names, (Text){begin, (size_t)(at - begin)});
    }
    return (int)names.count;
}

/* ---- exercise 3 ---------------------------------------------------------------------------- */

static bool counts_work(Text name)
{
    static const char *const others[] = {"status", "workers", "peak_memory_bytes"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strlen(others[i]) == name.size && memcmp(others[i], name.data, name.size) == 0)
            return false;
    return true;
}

/* The counts come before the seconds; a name is in quotes before its colon. */
static int compare(const char *old_path, const char *new_path)
{
    const char *old = read_file(old_path).data, *new = read_file(new_path).data;
    const char *end = strstr(old, "\"seconds\"");
    bool grew = false;
    for (const char *colon; (colon = strstr(old, "\":")) != NULL; old = colon + 2) {
        if (end != NULL && colon > end)
            break;
        Text name = {colon, 0};
        for (; name.data > old && name.data[-1] != '"'; name.size++)
            name.data--;
        char key[64];
        snprintf(key, sizeof key, "\"%.*s\":", (int)name.size, name.data);
        const char *found = strstr(new, key);
        long long before = atoll(colon + 2), after = found == NULL ? 0 : atoll(found + strlen(key));
        if (after > before && counts_work(name)) {
            printf("grew %.*s %lld %lld\n", (int)name.size, name.data, before, after);
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
        return printf("depth %u\n", depth_of(argv[2])) < 0;
    if (argc == 3 && strcmp(argv[1], "names") == 0)
        return printf("names %d\n", count_names(argv[2])) < 0;
    if (argc == 4 && strcmp(argv[1], "compare") == 0)
        return compare(argv[2], argv[3]);
    fprintf(stderr, "usage: mine depth ENTRY | names FILE | compare OLD NEW\n");
    return 2;
}
