/* SPDX-License-Identifier: MIT */
/*
 * What changed? For each file of a project, the FileHashCache records its stamp, the hash of its
 * content and the files that it imports, as of the last build.
 *
 * It is one flat image, sorted by path, mapped and never parsed:
 *
 *     header │ FileRecord × count │ import numbers u32 × import_count │ paths, NUL-terminated
 *
 * A file's number is its place in path order. Looking up a path is a binary search; the imports of
 * a file are numbers. If nothing changed, a build makes no hash map, allocates nothing per file and
 * writes nothing.
 *
 * A language may look for an import in several places (discovery.h). The places before the one that
 * has the file are recorded as well, once each, as absent paths: a file that appears at one of them
 * is a change, although no file of the program changed. They have numbers from `count` on, in path
 * order, and records of which only the path means anything.
 *
 * A file may be lowered itself, or be read while others are lowered: its role is the strongest of
 * those of the imports that lead to it. What is no file (an environment variable, a definition) is
 * recorded as a value: kind, name, and a hash of what it is now. Values have numbers after those of
 * the absent paths. A program that has only sources has none of these two: not a byte.
 *
 *     FileHashCache cache = {0};
 *     file_hash_cache_load(&cache, "file_hashes.bin");       missing or damaged: empty
 *     for (uint32_t i = 0; i < cache.count; i++)
 *         if (!file_hash_cache_is_current(&cache, dir_fd, i, &stamp))
 *             puts(file_hash_cache_path(&cache, i).data);    paths in the cache end in NUL
 *     file_hash_cache_close(&cache);
 *
 * Threads: any number may read; one may write.
 */
#ifndef FILE_HASH_CACHE_H
#define FILE_HASH_CACHE_H

#include "content_hash.h"
#include "file_stamp.h"
#include "image.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FILE_NONE UINT32_MAX
#define FILE_ABSENT (UINT32_MAX - 1) /* where an optional import leads if it leads nowhere */

typedef enum ImportRole { /* what an import is for; the first one is the strongest */
    IMPORT_SOURCE, /* a file of the program, lowered itself */
    IMPORT_TEXT,   /* a file whose text is read while the importer is lowered; its own imports are
                      scanned */
    IMPORT_DATA,   /* a file whose bytes, or whose existence, are asked for */
    IMPORT_VALUE,  /* no file: a name that has a value, or none */
} ImportRole;

typedef struct ValueRecord {
    Hash128 content; /* hash of the value, which is not kept itself; {0}: it has none */
    uint32_t kind;   /* what the language likes */
    uint32_t name;   /* offset in the paths */
    uint32_t name_size;
    uint32_t reserved;
} ValueRecord;

typedef struct FileRecord {
    KnownStamp known; /* {0}: nothing is known, read the file */
    Hash128 content;  /* hash of its bytes */
    uint32_t path;    /* offset in the paths */
    uint32_t path_size;
    uint32_t first_import; /* place in the import numbers */
    uint32_t import_count; /* the sources, in the order of the source; the texts and data, in the
                              same order; then absent paths and values, ascending */
} FileRecord;

typedef struct FileHashCache { /* {0} is an empty cache */
    FileRecord *records;       /* in the image; change them with file_hash_cache_set */
    uint32_t count;
    uint32_t absent_count;   /* the paths of these come after the files' */
    ValueRecord *values;     /* by name, then kind */
    uint32_t value_count;
    const uint32_t *imports; /* file numbers */
    uint32_t import_count;
    const uint8_t *roles;      /* per import number; of an absent path or a value, IMPORT_VALUE.
                                  NULL: there are no texts and no data */
    const uint8_t *file_roles; /* per file; NULL in the same case */
    const uint32_t *more_entries; /* files that the program has besides what the entry reaches */
    uint32_t more_entry_count;
    const HashSecret *secret; /* lent: the secret of its hashes; NULL, as after load and open:
                                 public ones */
    bool has_gaps; /* some imports are FILE_NONE: they lead nowhere. Never on disk */
    const char *paths;
    Slice entry; /* path of the entry file, in the image; empty in an empty cache */
    Image image; /* owned */
} FileHashCache;

/* ---- on disk ---------------------------------------------------------------------------- */

/* Loads what file_hash_cache_save wrote. 0; -ENOENT or -EBADMSG: the cache is empty and usable;
 * or another negative errno. */
int file_hash_cache_load(FileHashCache *cache, const char *path);

/* Writes the cache if it changed since it was loaded. 0 or a negative errno. */
int file_hash_cache_save(FileHashCache *cache, const char *path);

void file_hash_cache_close(FileHashCache *cache);

/* The same for an image that is stored in another way (stage 4): put it in cache->image, which was
 * {0}, and let this check it. 0, or -EBADMSG: the cache is empty and usable. */
extern const BinaryFormat file_hash_cache_format;
int file_hash_cache_adopt(FileHashCache *cache);

/* ---- asking ----------------------------------------------------------------------------- */

static inline Slice file_hash_cache_path(const FileHashCache *cache, uint32_t file)
{
    return slice_of(cache->paths + cache->records[file].path, cache->records[file].path_size);
}

static inline Slice file_hash_cache_value_name(const FileHashCache *cache, uint32_t value)
{
    return slice_of(cache->paths + cache->values[value].name, cache->values[value].name_size);
}

static inline ImportRole file_hash_cache_role(const FileHashCache *cache, uint32_t file)
{
    return cache->file_roles == NULL ? IMPORT_SOURCE : (ImportRole)cache->file_roles[file];
}

/* How many sources a file imports: these are the first of its numbers. */
static inline uint32_t file_hash_cache_targets(const FileHashCache *cache, uint32_t file)
{
    const FileRecord *record = &cache->records[file];
    uint32_t count = record->import_count;
    if (cache->roles != NULL) {
        const uint8_t *roles = cache->roles + record->first_import;
        for (uint32_t i = 0; i < record->import_count; i++)
            if (roles[i] != IMPORT_SOURCE)
                return i;
        return count;
    }
    if (cache->absent_count + cache->value_count == 0)
        return count;
    const uint32_t *numbers = cache->imports + record->first_import;
    while (count != 0 && numbers[count - 1] >= cache->count && numbers[count - 1] < FILE_ABSENT)
        count--;
    return count;
}

/* The number of the file with the name `path`, or FILE_NONE. Cost: log2(count) comparisons. */
uint32_t file_hash_cache_find(const FileHashCache *cache, Slice path);

/* The same for an absent path. */
uint32_t file_hash_cache_find_absent(const FileHashCache *cache, Slice path);

/* How many files have a name before `path`, in byte order: where it is, or where it would be. */
uint32_t file_hash_cache_place(const FileHashCache *cache, Slice path);

/* The place of a value in the values, or FILE_NONE. Its number is this, counted from those of files
 * and absent paths on. */
uint32_t file_hash_cache_find_value(const FileHashCache *cache, uint32_t kind, Slice name);

/* One stat: true if it proves that the file is unchanged. `stamp` is set to what stat says now, {0}
 * if it fails. Paths are relative to `dir_fd`. */
bool file_hash_cache_is_current(const FileHashCache *cache, int dir_fd, uint32_t file,
                                FileStamp *stamp);

/* The hash of all paths and content hashes, and of all values, under `seed`: equal to the last
 * build's exactly when no file changed, came or went, and all values are what they were. */
Hash128 file_hash_cache_combined(const FileHashCache *cache, Hash128 seed);

/* The combined hash of one file and everything it imports, from the recorded hashes. Cost: one
 * visit to each file it reaches. */
Hash128 file_hash_cache_combined_from(const FileHashCache *cache, uint32_t file);

/* ---- changing --------------------------------------------------------------------------- */

/* Replaces stamp and content hash of one file. In place. */
void file_hash_cache_set(FileHashCache *cache, uint32_t file, const KnownStamp *known,
                         Hash128 content);

/* Replaces the hash of a value. In place. */
void file_hash_cache_set_value(FileHashCache *cache, uint32_t value, Hash128 content);

typedef struct FileEntry { /* what a new table is made from */
    Slice path;
    KnownStamp known;
    Hash128 content;
    const uint32_t *imports; /* numbers in the new table, as in a record */
    uint32_t import_count;
    const uint8_t *roles; /* of each import; NULL: sources */
} FileEntry;

typedef struct FileValue {
    Slice name;
    uint32_t kind;
    Hash128 content;
} FileValue;

typedef struct FileSplice { /* which files of the last table stay, and which come */
    const uint32_t *new_number; /* per file of the last table; ascending; FILE_NONE: it goes */
    const FileEntry *entries;   /* files that come, and files that stay and are not as they were */
    const uint32_t *numbers;    /* of the entries, ascending */
    uint32_t entry_count;
    const Slice *absents; /* all absent paths of the new table, in path order */
    uint32_t absent_count;
    const uint32_t *new_absent; /* per absent path of the last table its place in `absents`, if a
                                   file that stays as it was asks for it */
    const uint32_t *more_entries; /* numbers in the new table */
    uint32_t more_entry_count;
    const FileValue *values; /* all of the new table, by name, then kind */
    uint32_t value_count;
    const uint32_t *new_value; /* as new_absent, for the values of the last table */
    const uint8_t *file_roles; /* per file of the new table; NULL: sources */
} FileSplice;

/* Makes `cache` hold the files of `last`, another table, as `splice` changes them; their imports get
 * the new numbers. The new numbers are the places in path order, without gaps or repetition, and the
 * entry file has one. What `last` lent stays valid. Cost: what comes, and a copy of what stays, in
 * one piece from one change to the next. 0; or -E2BIG for 4 GiB of paths or 2^32 imports, and the
 * cache is as it was. */
int file_hash_cache_splice(FileHashCache *cache, const FileHashCache *last, Slice entry,
                           const FileSplice *splice);

/* Makes the cache hold exactly these files, which must be sorted by path, without repetition, and
 * include the entry. The paths may be in the old cache; afterwards nothing that it lent is valid.
 * 0; or -E2BIG for 4 GiB of paths or 2^32 imports, and the cache is as it was. */
int file_hash_cache_replace(FileHashCache *cache, Slice entry, const FileEntry *files,
                            uint32_t count);

#ifdef __cplusplus
}
#endif
#endif
