/* SPDX-License-Identifier: MIT */
#include "known_files.h"

#include <stdlib.h>

/* ---- before discovery ---------------------------------------------------------------------- */

static ImportRole role_of(const FileHashCache *cache, uint32_t place)
{
    return cache->roles == NULL ? IMPORT_SOURCE : (ImportRole)cache->roles[place];
}

static bool is_file(const FileHashCache *cache, uint32_t number)
{
    return number < cache->count || number == FILE_ABSENT;
}

static bool is_value(const FileHashCache *cache, uint32_t number)
{
    return number != FILE_ABSENT && number >= cache->count + cache->absent_count;
}

static bool same_import(const FileHashCache *a, uint32_t a_place, const FileHashCache *b,
                        uint32_t b_place)
{
    uint32_t left = a->imports[a_place], right = b->imports[b_place];
    if (is_file(a, left) != is_file(b, right) || is_value(a, left) != is_value(b, right) ||
        (is_file(a, left) && role_of(a, a_place) != role_of(b, b_place)))
        return false;
    if (left == FILE_ABSENT || right == FILE_ABSENT)
        return left == right;
    if (is_value(a, left)) {
        left -= a->count + a->absent_count;
        right -= b->count + b->absent_count;
        return a->values[left].kind == b->values[right].kind &&
               slice_equal(file_hash_cache_value_name(a, left),
                           file_hash_cache_value_name(b, right));
    }
    return slice_equal(file_hash_cache_path(a, left), file_hash_cache_path(b, right));
}

bool known_files_same_imports(const FileHashCache *a, uint32_t a_file, const FileHashCache *b,
                              uint32_t b_file)
{
    const FileRecord *left = &a->records[a_file], *right = &b->records[b_file];
    if (left->import_count != right->import_count)
        return false;
    for (uint32_t i = 0; i < left->import_count; i++)
        if (!same_import(a, left->first_import + i, b, right->first_import + i))
            return false;
    return true;
}

/* Of data nobody knows what it would import as a text. */
static bool may_import_same(const FileHashCache *files, uint32_t file, const FileHashCache *others,
                            uint32_t other)
{
    return file_hash_cache_role(files, file) == file_hash_cache_role(others, other) &&
           known_files_same_imports(files, file, others, other);
}

/* With the same content, the imports stay as this table has them: whether they lead elsewhere by
 * now, discovery finds out. */
static void take(KnownFiles *known, FileHashCache *files, uint32_t file,
                 const FileHashCache *others, uint32_t other)
{
    const FileRecord *own = &files->records[file], *theirs = &others->records[other];
    bool same = hash_equal(own->content, theirs->content);
    if (same && memcmp(&own->known, &theirs->known, sizeof own->known) == 0)
        return;
    if (!same && !may_import_same(files, file, others, other))
        return;
    if (!same)
        known->changed[known->changed_count++] = file;
    file_hash_cache_set(files, file, &theirs->known, theirs->content);
}

void known_files_take(KnownFiles *known, FileHashCache *files, const FileHashCache *others)
{
    uint32_t file = 0, other = 0;
    known->changed = memory_allocate((files->count + 1) * sizeof *known->changed);
    while (file < files->count && other < others->count) {
        int order = slice_compare(file_hash_cache_path(files, file),
                                  file_hash_cache_path(others, other));
        if (order == 0)
            take(known, files, file, others, other);
        file += order <= 0;
        other += order >= 0;
    }
}

void known_files_copy(FileHashCache *files, const FileHashCache *others)
{
    ByteBuffer bytes = {0};
    buffer_put(&bytes, image_slice(&others->image));
    image_replace(&files->image, &bytes);
    (void)file_hash_cache_adopt(files); /* it was sound where it comes from */
}

/* ---- after it ------------------------------------------------------------------------------ */

/* The numbers ascend, before and after. `from` is where to look on. FILE_NONE: it is gone. */
static uint32_t number_now(const Discovery *found, uint32_t file_count, uint32_t old,
                           uint32_t *from)
{
    if (!found->renumbered)
        return old;
    while (*from < file_count &&
           (found->old_number[*from] == FILE_NONE || found->old_number[*from] < old))
        ++*from;
    return *from < file_count && found->old_number[*from] == old ? *from : FILE_NONE;
}

/* Discovery compared what it read with what was taken over, and not with what was there before. */
void known_files_add(const KnownFiles *known, Discovery *found, const FileHashCache *files)
{
    size_t next = 0, count = 0;
    uint32_t from = 0;
    if (known->changed_count == 0)
        return;
    FileChange *all =
        memory_allocate((found->change_count + known->changed_count) * sizeof *all);
    for (uint32_t i = 0; i < known->changed_count; i++) {
        uint32_t file = number_now(found, files->count, known->changed[i], &from);
        if (file == FILE_NONE)
            continue;
        while (next < found->change_count && found->changes[next].file < file)
            all[count++] = found->changes[next++];
        FileChange change = {file, FILE_CHANGED, {NULL, 0}};
        if (next < found->change_count && found->changes[next].file == file)
            change.source = found->changes[next++].source;
        all[count++] = change;
    }
    while (next < found->change_count)
        all[count++] = found->changes[next++];
    memory_free(found->changes);
    found->changes = all;
    found->change_count = count;
    discovery_add_dependents(found, files);
}

void known_files_free(KnownFiles *known)
{
    memory_free(known->changed);
    *known = (KnownFiles){0};
}
