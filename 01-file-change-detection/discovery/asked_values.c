/* SPDX-License-Identifier: MIT */
#include "asked_values.h"

#include "collections.h"

#include <pthread.h>

typedef struct NameToAsked {
    Hash128 key; /* of kind and name */
    AskedValue *value;
} NameToAsked;

struct AskedValues {
    const DiscoveryRequest *request;
    const FileHashCache *last;
    const HashSecret *secret;
    AskedValue *of_last;    /* per value of the last build ... */
    bool *differs;          /* ... and whether it is another one now */
    uint32_t of_last_count;
    pthread_mutex_t lock;   /* guards what follows */
    NameToAsked *by_name;
    Arena arena;
    FileValue *numbered;
};

/* No value is kept in memory either. */
static Hash128 ask(const AskedValues *asked, uint32_t kind, Slice name)
{
    const DiscoveryRequest *request = asked->request;
    Arena arena = {0};
    Slice value = {"", 0};
    Hash128 content = {0, 0};
    if (request->value != NULL &&
        request->value(request->language, kind, name, &arena, &value))
        content = hash_keyed(asked->secret, value);
    arena_free(&arena);
    return content;
}

static void ask_again(void *arg, size_t index, unsigned worker)
{
    AskedValues *asked = arg;
    uint32_t place = (uint32_t)index, kind = asked->last->values[place].kind;
    Slice name = file_hash_cache_value_name(asked->last, place);
    (void)worker;
    asked->of_last[place] =
        (AskedValue){.name = name, .kind = kind, .content = ask(asked, kind, name)};
    asked->differs[place] =
        !hash_equal(asked->of_last[place].content, asked->last->values[place].content);
}

AskedValues *asked_values_open(const DiscoveryRequest *request, const FileHashCache *last)
{
    AskedValues *asked = memory_allocate_zeroed(1, sizeof *asked);
    uint32_t count = last->value_count;
    asked->request = request;
    asked->last = last;
    asked->secret = last->secret;
    asked->of_last_count = count;
    asked->of_last = memory_allocate_zeroed((size_t)count + 1, sizeof *asked->of_last);
    asked->differs = memory_allocate_zeroed((size_t)count + 1, sizeof *asked->differs);
    pthread_mutex_init(&asked->lock, NULL);
    executor_run(request->executor, count, ask_again, asked);
    return asked;
}

AskedValue *asked_values_last(const AskedValues *asked, uint32_t place)
{
    return &asked->of_last[place];
}

bool asked_values_differs(const AskedValues *asked, uint32_t place)
{
    return asked->differs[place];
}

/* ---- asking ------------------------------------------------------------------------------ */

static Hash128 key_of(const AskedValues *asked, uint32_t kind, Slice name)
{
    ByteBuffer key = {0};
    buffer_put_u32(&key, kind);
    buffer_put(&key, name);
    Hash128 hash = hash_keyed(asked->secret, buffer_slice(&key));
    buffer_free(&key);
    return hash;
}

/* With the lock held: so that nobody else asks for the same. */
static AskedValue *get(AskedValues *asked, uint32_t kind, Slice name)
{
    Hash128 key = key_of(asked, kind, name);
    ptrdiff_t met = hmgeti(asked->by_name, key);
    if (met >= 0)
        return asked->by_name[met].value;
    AskedValue *value = arena_allocate(&asked->arena, sizeof *value);
    *value = (AskedValue){.name = slice_of(arena_copy(&asked->arena, name), name.size),
                          .kind = kind};
    value->content = ask(asked, kind, value->name);
    hmput(asked->by_name, key, value);
    return value;
}

AskedValue *asked_values_get(AskedValues *asked, uint32_t kind, Slice name)
{
    uint32_t place = file_hash_cache_find_value(asked->last, kind, name);
    if (place != FILE_NONE)
        return &asked->of_last[place];
    pthread_mutex_lock(&asked->lock);
    AskedValue *value = get(asked, kind, name);
    pthread_mutex_unlock(&asked->lock);
    return value;
}

uint64_t asked_values_count(const AskedValues *asked)
{
    return asked->of_last_count + (uint64_t)hmlen(asked->by_name);
}

/* ---- numbering --------------------------------------------------------------------------- */

static int compare_asked(const void *a, const void *b)
{
    const AskedValue *left = *(AskedValue *const *)a, *right = *(AskedValue *const *)b;
    int order = slice_compare(left->name, right->name);
    return order != 0 ? order : (left->kind > right->kind) - (left->kind < right->kind);
}

const FileValue *asked_values_number(AskedValues *asked, uint32_t *count)
{
    uint32_t used = 0, met = (uint32_t)hmlen(asked->by_name);
    AskedValue **all = memory_allocate(((size_t)asked->of_last_count + met + 1) * sizeof *all);
    for (uint32_t i = 0; i < asked->of_last_count; i++)
        if (asked->of_last[i].is_used)
            all[used++] = &asked->of_last[i];
    for (uint32_t i = 0; i < met; i++)
        if (asked->by_name[i].value->is_used)
            all[used++] = asked->by_name[i].value;
    qsort(all, used, sizeof *all, compare_asked);
    asked->numbered = memory_allocate(((size_t)used + 1) * sizeof *asked->numbered);
    for (uint32_t i = 0; i < used; i++) {
        all[i]->number = i;
        asked->numbered[i] = (FileValue){all[i]->name, all[i]->kind, all[i]->content};
    }
    memory_free(all);
    *count = used;
    return asked->numbered;
}

void asked_values_close(AskedValues *asked)
{
    if (asked == NULL)
        return;
    pthread_mutex_destroy(&asked->lock);
    hmfree(asked->by_name);
    arena_free(&asked->arena);
    memory_free(asked->of_last);
    memory_free(asked->differs);
    memory_free(asked->numbered);
    memory_free(asked);
}
