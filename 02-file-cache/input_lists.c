/* SPDX-License-Identifier: MIT */
/*
 * One object holds the lists of a file, the newest first:
 *
 *     size of the list u32 │ entries      at most MOST_LISTS times
 *     entry: what u32 │ kind u32 │ size of the name u32 │ name │ content 16
 */
#include "input_lists.h"

#include "collections.h"

enum { MOST_LISTS = 4 };

typedef struct EntryHeader {
    uint32_t what, kind, name_size;
} EntryHeader;

struct SeenInput {
    Hash128 key; /* of the bytes of an entry */
    char value;
};

/* ---- one list ----------------------------------------------------------------------------- */

void input_list_add(InputList *list, const InputEntry *entry)
{
    EntryHeader header = {(uint32_t)entry->what, entry->kind, (uint32_t)entry->name.size};
    size_t begin = list->bytes.size;
    buffer_put(&list->bytes, slice_of(&header, sizeof header));
    buffer_put(&list->bytes, entry->name);
    key_put_hash(&list->bytes, entry->content);
    Hash128 key = hash_bytes(slice_of(list->bytes.data + begin, list->bytes.size - begin));
    if (hmgeti(list->seen, key) >= 0)
        list->bytes.size = begin;
    else
        hmput(list->seen, key, 1);
}

void input_list_free(InputList *list)
{
    buffer_free(&list->bytes);
    hmfree(list->seen);
}

static void skip(Slice *bytes, size_t size)
{
    *bytes = slice_of(bytes->data + size, bytes->size - size);
}

bool input_list_next(Slice *list, InputEntry *entry)
{
    EntryHeader header;
    if (list->size < sizeof header + sizeof entry->content)
        return false;
    memcpy(&header, list->data, sizeof header);
    if (header.what > INPUT_HAS_VALUE ||
        header.name_size > list->size - sizeof header - sizeof entry->content)
        return false;
    skip(list, sizeof header);
    entry->what = (InputEntryKind)header.what;
    entry->kind = header.kind;
    entry->name = slice_of(list->data, header.name_size);
    skip(list, header.name_size);
    memcpy(&entry->content, list->data, sizeof entry->content);
    skip(list, sizeof entry->content);
    return true;
}

static bool is_so(const InputEntry *entry, const FileHashCache *files)
{
    if (entry->what == INPUT_HAS_VALUE) {
        uint32_t value = file_hash_cache_find_value(files, entry->kind, entry->name);
        return value != FILE_NONE && hash_equal(files->values[value].content, entry->content);
    }
    uint32_t file = file_hash_cache_find(files, entry->name);
    if (entry->kind != 0)
        return false;
    if (entry->what == INPUT_HAS_CONTENT)
        return file != FILE_NONE && hash_equal(files->records[file].content, entry->content);
    return (file != FILE_NONE) == (entry->what == INPUT_EXISTS);
}

bool input_list_holds(Slice list, const FileHashCache *files)
{
    InputEntry entry;
    while (input_list_next(&list, &entry))
        if (!is_so(&entry, files))
            return false;
    return list.size == 0;
}

Hash128 input_list_content(Hash128 content, Slice list)
{
    ByteBuffer key = {0};
    if (list.size == 0)
        return content;
    buffer_put(&key, slice_from("lowered with"));
    key_put_hash(&key, content);
    buffer_put(&key, list);
    Hash128 hash = hash_bytes(buffer_slice(&key));
    buffer_free(&key);
    return hash;
}

/* ---- the lists of a file ------------------------------------------------------------------ */

static Hash128 lists_content(const FileHashCache *files, uint32_t file)
{
    ByteBuffer key = {0};
    buffer_put(&key, slice_from("lists of"));
    key_put_hash(&key, files->records[file].content);
    buffer_put(&key, file_hash_cache_path(files, file));
    Hash128 hash = hash_bytes(buffer_slice(&key));
    buffer_free(&key);
    return hash;
}

static Slice lists_of(const ZirCache *cache, Hash128 fingerprint, const FileHashCache *files,
                      uint32_t file)
{
    Slice lists = {"", 0};
    (void)object_store_get(cache->store, zir_cache_key(fingerprint, lists_content(files, file)),
                           &lists);
    return lists;
}

static bool next_list(Slice *lists, Slice *list)
{
    uint32_t size;
    if (lists->size < sizeof size)
        return false;
    memcpy(&size, lists->data, sizeof size);
    skip(lists, sizeof size);
    if (size > lists->size)
        return false;
    *list = slice_of(lists->data, size);
    skip(lists, size);
    return true;
}

bool input_lists_may_have(const FileHashCache *files, uint32_t file)
{
    const FileRecord *record = &files->records[file];
    if (files->roles == NULL && files->value_count == 0)
        return false;
    for (uint32_t i = record->first_import; i < record->first_import + record->import_count; i++)
        if ((files->roles != NULL && files->roles[i] != IMPORT_SOURCE) ||
            (files->imports[i] >= files->count && files->imports[i] < FILE_ABSENT))
            return true;
    return false;
}

/* A source that once asked for nothing always does. */
bool input_lists_find(const ZirCache *cache, const FileHashCache *files, uint32_t file,
                      Hash128 *content)
{
    *content = files->records[file].content;
    if (!input_lists_may_have(files, file) ||
        object_store_has(cache->store, zir_cache_key(cache->fingerprint, *content)))
        return true;
    Slice lists = lists_of(cache, cache->fingerprint, files, file), list;
    while (next_list(&lists, &list)) {
        if (list.size == 0 || !input_list_holds(list, files))
            continue;
        *content = input_list_content(files->records[file].content, list);
        return true;
    }
    return false;
}

static void put_list(ByteBuffer *lists, Slice list)
{
    buffer_put_u32(lists, (uint32_t)list.size);
    buffer_put(lists, list);
}

Slice input_lists_join(const ZirCache *cache, const FileHashCache *files, uint32_t file, Slice list,
                       Arena *arena)
{
    ByteBuffer lists = {.arena = arena};
    Slice old = {"", 0}, next;
    int count = 1;
    if (cache != NULL)
        old = lists_of(cache, cache->fingerprint, files, file);
    put_list(&lists, list);
    while (count < MOST_LISTS && next_list(&old, &next))
        if (!slice_equal(next, list)) {
            put_list(&lists, next);
            count++;
        }
    return buffer_slice(&lists);
}

void input_lists_put(ZirCache *cache, const FileHashCache *files, uint32_t file, Slice lists)
{
    zir_cache_put_joined(cache, lists_content(files, file), lists);
}

void input_lists_visit(const ZirCache *cache, Hash128 fingerprint, const FileHashCache *files,
                       uint32_t file, void (*visit)(void *context, Hash128 key), void *context)
{
    Hash128 content = files->records[file].content;
    if (file_hash_cache_role(files, file) != IMPORT_SOURCE)
        return;
    visit(context, zir_cache_key(fingerprint, content));
    if (!input_lists_may_have(files, file))
        return;
    visit(context, zir_cache_key(fingerprint, lists_content(files, file)));
    Slice lists = lists_of(cache, fingerprint, files, file), list;
    while (next_list(&lists, &list))
        visit(context, zir_cache_key(fingerprint, input_list_content(content, list)));
}
