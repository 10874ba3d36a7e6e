/* SPDX-License-Identifier: MIT */
/*
 * The state as lines of text: nothing to install, and diff and grep work on it.
 *
 *     entry main.mini
 *     file 9f.. 120 1700000000000000000 1700000000000000000 4711 2049 main.mini
 *     import math.mini
 */
#include "naive.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- saving -------------------------------------------------------------------------------- */

static void print_file(FILE *file, const FileHashCache *cache, uint32_t number)
{
    const FileRecord *record = &cache->records[number];
    const FileStamp *stamp = &record->known.stamp;
    char hex[HASH_HEX_SIZE + 1];
    hash_to_hex(record->content, hex);
    fprintf(file, "file %s %" PRId64 " %" PRId64 " %" PRId64 " %" PRIu64 " %" PRIu64 " %s\n", hex,
            stamp->size_bytes, stamp->mtime_ns, stamp->ctime_ns, stamp->inode, stamp->device,
            file_hash_cache_path(cache, number).data);
    for (uint32_t i = 0; i < record->import_count; i++)
        fprintf(file, "import %s\n",
                file_hash_cache_path(cache, cache->imports[record->first_import + i]).data);
}

static bool fits_lines(const FileHashCache *cache)
{
    for (uint32_t i = 0; i < cache->count; i++)
        if (strchr(file_hash_cache_path(cache, i).data, '\n') != NULL)
            return false;
    return true;
}

int text_state_save(const FileHashCache *cache, const char *path)
{
    if (!fits_lines(cache))
        return -EINVAL;
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return -errno;
    fprintf(file, "entry %.*s\n", (int)cache->entry.size, cache->entry.data);
    for (uint32_t i = 0; i < cache->count; i++)
        print_file(file, cache, i);
    bool is_written = !ferror(file);
    return fclose(file) == 0 && is_written ? 0 : -EIO;
}

/* ---- loading ------------------------------------------------------------------------------- */

static int parse_file(NaiveState *state, const char *line)
{
    char hex[HASH_HEX_SIZE + 1];
    FileStamp stamp;
    int path = 0;
    int fields = sscanf(line,
                        "file %32s %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNu64 " %" SCNu64 "%n",
                        hex, &stamp.size_bytes, &stamp.mtime_ns, &stamp.ctime_ns, &stamp.inode,
                        &stamp.device, &path);
    if (fields != 6 || line[path] != ' ')
        return -EBADMSG;
    NaiveFile *file = naive_state_add(state, line + path + 1);
    file->stamp = stamp;
    return naive_hash_from_hex(hex, &file->content) ? 0 : -EBADMSG;
}

static int parse_line(NaiveState *state, const char *line)
{
    if (strncmp(line, "file ", 5) == 0)
        return parse_file(state, line);
    if (strncmp(line, "import ", 7) == 0 && state->count != 0) {
        naive_state_add_import(state, line + 7);
        return 0;
    }
    if (strncmp(line, "entry ", 6) == 0 && state->entry == NULL) {
        state->entry = strcpy(memory_allocate(strlen(line + 6) + 1), line + 6);
        return 0;
    }
    return -EBADMSG;
}

int text_state_load(NaiveState *state, const char *path)
{
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return -errno;
    char *line = NULL;
    size_t capacity = 0;
    int status = 0;
    for (ssize_t size; status == 0 && (size = getline(&line, &capacity, file)) > 0;) {
        if (line[size - 1] == '\n')
            line[size - 1] = '\0';
        status = parse_line(state, line);
    }
    free(line);
    fclose(file);
    return status == 0 && state->entry == NULL ? -EBADMSG : status;
}
