/* SPDX-License-Identifier: MIT */
/* Private to file_hash_cache.c, which explains the image, and file_hash_cache_splice.c. */
#ifndef FILE_HASH_CACHE_IMAGE_H
#define FILE_HASH_CACHE_IMAGE_H

#include "file_hash_cache.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct TableHeader {
    uint32_t count;
    uint32_t import_count;
    uint32_t paths_size;
    uint32_t entry; /* file number; FILE_NONE in an empty cache */
    uint32_t absent_count;
    uint32_t more_entry_count;
    uint32_t value_count;
    uint32_t has_roles; /* 0 or 1 */
} TableHeader;

static inline uint64_t file_hash_cache_image_size(const TableHeader *header)
{
    uint64_t records = (uint64_t)header->count + header->absent_count;
    uint64_t numbers = (uint64_t)header->import_count + header->more_entry_count;
    uint64_t roles = (uint64_t)header->import_count + header->count;
    return sizeof *header + records * sizeof(FileRecord) +
           header->value_count * sizeof(ValueRecord) + numbers * sizeof(uint32_t) +
           (header->has_roles != 0 ? roles : 0) + header->paths_size;
}

/* Sets the cache's pointers into the image, which is empty or as long as its header says. */
void file_hash_cache_attach(FileHashCache *cache);

#ifdef __cplusplus
}
#endif
#endif
