/* SPDX-License-Identifier: MIT */
/*
 * The state as JSON, with Jansson (https://github.com/akheron/jansson), whose integers have 64
 * bits: a double would not hold a time in nanoseconds.
 *
 *     {"entry": "main.mini", "files": [{"path": "main.mini", "hash": "9f..", "size": 120,
 *       "mtime_ns": .., "ctime_ns": .., "inode": .., "device": .., "imports": ["math.mini"]}]}
 *
 * Anyone can read it, every tool can print it. To read any part of it, all of it is parsed.
 */
#include "naive.h"

#include <errno.h>
#include <jansson.h>

/* ---- saving -------------------------------------------------------------------------------- */

static json_t *path_of(const FileHashCache *cache, uint32_t file)
{
    Slice path = file_hash_cache_path(cache, file);
    return json_stringn(path.data, path.size);
}

static json_t *file_to_json(const FileHashCache *cache, uint32_t number)
{
    const FileRecord *record = &cache->records[number];
    char hex[HASH_HEX_SIZE + 1];
    hash_to_hex(record->content, hex);
    json_t *imports = json_array();
    for (uint32_t i = 0; i < record->import_count; i++)
        json_array_append_new(imports, path_of(cache, cache->imports[record->first_import + i]));
    return json_pack("{so ss sI sI sI sI sI so}", "path", path_of(cache, number), "hash", hex,
                     "size", (json_int_t)record->known.stamp.size_bytes,
                     "mtime_ns", (json_int_t)record->known.stamp.mtime_ns,
                     "ctime_ns", (json_int_t)record->known.stamp.ctime_ns,
                     "inode", (json_int_t)record->known.stamp.inode,
                     "device", (json_int_t)record->known.stamp.device, "imports", imports);
}

/* -EINVAL for a path that is not UTF-8, which JSON strings must be. */
int json_state_save(const FileHashCache *cache, const char *path)
{
    json_t *files = json_array();
    int failed = 0;
    for (uint32_t i = 0; i < cache->count; i++)
        failed |= json_array_append_new(files, file_to_json(cache, i));
    Slice entry = cache->count == 0 ? slice_from("") : cache->entry;
    json_t *state = json_pack("{ss% so}", "entry", entry.data, entry.size, "files", files);
    int status = failed || state == NULL ? -EINVAL : 0;
    if (status == 0 && json_dump_file(state, path, JSON_COMPACT) != 0)
        status = -EIO;
    json_decref(state);
    return status;
}

/* ---- loading ------------------------------------------------------------------------------- */

static int file_from_json(NaiveState *state, json_t *json)
{
    const char *path, *hex;
    json_int_t size, mtime, ctime, inode, device;
    json_t *imports, *import;
    size_t i;
    if (json_unpack(json, "{ss ss sI sI sI sI sI so}", "path", &path, "hash", &hex, "size", &size,
                    "mtime_ns", &mtime, "ctime_ns", &ctime, "inode", &inode, "device", &device,
                    "imports", &imports) != 0)
        return -EBADMSG;
    NaiveFile *file = naive_state_add(state, path);
    file->stamp = (FileStamp){size, mtime, ctime, (uint64_t)inode, (uint64_t)device};
    if (!naive_hash_from_hex(hex, &file->content) || !json_is_array(imports))
        return -EBADMSG;
    json_array_foreach(imports, i, import) {
        if (!json_is_string(import))
            return -EBADMSG;
        naive_state_add_import(state, json_string_value(import));
    }
    return 0;
}

int json_state_load(NaiveState *state, const char *path)
{
    const char *entry;
    json_t *files, *file;
    size_t i;
    json_t *root = json_load_file(path, 0, NULL);
    int status = -EBADMSG;
    if (root != NULL && json_unpack(root, "{ss so}", "entry", &entry, "files", &files) == 0 &&
        json_is_array(files)) {
        state->entry = strcpy(memory_allocate(strlen(entry) + 1), entry);
        status = 0;
        json_array_foreach(files, i, file)
            if (status == 0)
                status = file_from_json(state, file);
    }
    json_decref(root);
    return status;
}
