/* SPDX-License-Identifier: MIT */
/*
 * The image is checked once, on loading; after that, every offset and number in it is trusted. The
 * check demands the exact layout that file_hash_cache_replace writes: each file's imports and path
 * begin where those of the previous file end. One running sum per array then proves that no range
 * leaves its array, and no range has to be checked separately.
 *
 *     records   │ main.mini        │ math.mini        │      each names a range of
 *     imports   │ 1                │                  │      these numbers, and of
 *     paths     │ main.mini\0      │ math.mini\0      │      these bytes
 *
 * Records and paths of absent paths follow those of the files, and the numbers of further entries
 * follow those of the imports. Values stand between records and imports, their names after all
 * paths. Roles, a byte each for imports and then for files, stand before the paths.
 *
 * The image is the only copy of the data. A warm build calls stat once per record, compares 48
 * bytes, and is done.
 */
#include "file_hash_cache_image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

_Static_assert(sizeof(TableHeader) == 32 && sizeof(FileRecord) == 80 && sizeof(ValueRecord) == 32,
               "the image has no holes");

const BinaryFormat file_hash_cache_format = {"fhcache", 4};

/* ---- from image to cache ------------------------------------------------------------------ */

static bool header_is_sound(const Image *image)
{
    TableHeader header;
    if (image->size == 0)
        return true;
    if (image->size < sizeof header)
        return false;
    memcpy(&header, image->data, sizeof header);
    return file_hash_cache_image_size(&header) == image->size &&
           (uint64_t)header.count + header.absent_count + header.value_count <= FILE_ABSENT &&
           header.has_roles <= 1 &&
           (header.entry < header.count || header.entry == FILE_NONE);
}

void file_hash_cache_attach(FileHashCache *cache)
{
    *cache = (FileHashCache){.image = cache->image, .secret = cache->secret};
    if (cache->image.size == 0)
        return;
    char *data = cache->image.data;
    const TableHeader *header = (const void *)data;
    cache->records = (void *)(data + sizeof *header);
    cache->count = header->count;
    cache->absent_count = header->absent_count;
    cache->values = (void *)(cache->records + header->count + header->absent_count);
    cache->value_count = header->value_count;
    cache->imports = (const void *)(cache->values + header->value_count);
    cache->import_count = header->import_count;
    cache->more_entries = cache->imports + header->import_count;
    cache->more_entry_count = header->more_entry_count;
    cache->paths = (const char *)(cache->more_entries + header->more_entry_count);
    if (header->has_roles != 0) {
        cache->roles = (const uint8_t *)cache->paths;
        cache->file_roles = cache->roles + header->import_count;
        cache->paths += (size_t)header->import_count + header->count;
    }
    if (header->entry != FILE_NONE)
        cache->entry = file_hash_cache_path(cache, header->entry);
}

static int compare_values(const FileHashCache *cache, uint32_t value, uint32_t kind, Slice name)
{
    const ValueRecord *record = &cache->values[value];
    int order = slice_compare(file_hash_cache_value_name(cache, value), name);
    return order != 0 ? order : (record->kind > kind) - (record->kind < kind);
}

/* Their names follow the paths, up to the end. */
static bool values_are_sound(const FileHashCache *cache, uint64_t name_end, size_t paths_size)
{
    for (uint32_t i = 0; i < cache->value_count; i++) {
        if (cache->values[i].name != name_end)
            return false;
        name_end += (uint64_t)cache->values[i].name_size + 1;
        if (name_end > paths_size || cache->paths[name_end - 1] != '\0')
            return false;
        Slice name = file_hash_cache_value_name(cache, i);
        if (i != 0 && compare_values(cache, i - 1, cache->values[i].kind, name) >= 0)
            return false;
    }
    return name_end == paths_size;
}

/* Each record begins where the previous one ends, and the last ends where the arrays do. Paths end
 * in NUL and ascend strictly, those of files and then absent ones: an unsorted table would give
 * wrong answers, not crash, yet checking the order takes 20 of the 35 us for 10,000 records. */
static bool records_are_sound(const FileHashCache *cache, size_t paths_size)
{
    uint64_t path_end = 0, import_end = 0;
    Slice previous = {"", 0};
    for (uint32_t file = 0; file < cache->count + cache->absent_count; file++) {
        const FileRecord *record = &cache->records[file];
        if (record->path != path_end || record->first_import != import_end)
            return false;
        path_end += (uint64_t)record->path_size + 1;
        import_end += record->import_count;
        if (path_end > paths_size || cache->paths[path_end - 1] != '\0')
            return false;
        Slice path = file_hash_cache_path(cache, file);
        if (file != cache->count && slice_compare(previous, path) >= 0)
            return false;
        previous = path;
    }
    return values_are_sound(cache, path_end, paths_size) && import_end == cache->import_count;
}

/* What is no file has no other role than IMPORT_VALUE, and a file never has it. */
static bool roles_are_sound(const FileHashCache *cache)
{
    bool wrong = false;
    if (cache->roles == NULL)
        return true;
    for (uint32_t i = 0; i < cache->import_count; i++) {
        bool is_file = cache->imports[i] < cache->count || cache->imports[i] == FILE_ABSENT;
        wrong |= is_file ? cache->roles[i] >= IMPORT_VALUE : cache->roles[i] != IMPORT_VALUE;
    }
    for (uint32_t i = 0; i < cache->count; i++)
        wrong |= cache->file_roles[i] >= IMPORT_VALUE;
    return !wrong;
}

static bool imports_are_sound(const FileHashCache *cache)
{
    bool wrong = false;
    uint32_t end = cache->count + cache->absent_count + cache->value_count;
    for (uint32_t i = 0; i < cache->import_count; i++) /* no branch in the loop */
        wrong |= (cache->imports[i] >= end) & (cache->imports[i] != FILE_ABSENT);
    for (uint32_t i = 0; i < cache->more_entry_count; i++)
        wrong |= cache->more_entries[i] >= cache->count;
    return !wrong;
}

static bool table_is_sound(const FileHashCache *cache)
{
    const Image *image = &cache->image;
    if (image->size == 0)
        return true;
    size_t paths_size = image->size - (size_t)(cache->paths - image->data);
    return records_are_sound(cache, paths_size) && imports_are_sound(cache) &&
           roles_are_sound(cache);
}

int file_hash_cache_adopt(FileHashCache *cache)
{
    if (header_is_sound(&cache->image)) {
        file_hash_cache_attach(cache);
        if (table_is_sound(cache))
            return 0;
    }
    image_replace(&cache->image, &(ByteBuffer){0});
    file_hash_cache_attach(cache);
    return -EBADMSG;
}

int file_hash_cache_load(FileHashCache *cache, const char *path)
{
    *cache = (FileHashCache){0};
    int status = image_load(&cache->image, AT_FDCWD, path, &file_hash_cache_format, 0);
    return status != 0 ? status : file_hash_cache_adopt(cache);
}

int file_hash_cache_save(FileHashCache *cache, const char *path)
{
    return image_save(&cache->image, AT_FDCWD, path, &file_hash_cache_format, false);
}

void file_hash_cache_close(FileHashCache *cache)
{
    image_close(&cache->image);
    *cache = (FileHashCache){0};
}

/* ---- asking ------------------------------------------------------------------------------- */

/* How many records from `low` to before `high`, which are in path order, come before `path`, and
 * `low`. */
static uint32_t place_between(const FileHashCache *cache, uint32_t low, uint32_t high, Slice path)
{
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (slice_compare(file_hash_cache_path(cache, middle), path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static uint32_t find_between(const FileHashCache *cache, uint32_t low, uint32_t high, Slice path)
{
    uint32_t place = place_between(cache, low, high, path);
    bool is_there = place < high && slice_equal(file_hash_cache_path(cache, place), path);
    return is_there ? place : FILE_NONE;
}

uint32_t file_hash_cache_place(const FileHashCache *cache, Slice path)
{
    return place_between(cache, 0, cache->count, path);
}

uint32_t file_hash_cache_find(const FileHashCache *cache, Slice path)
{
    return find_between(cache, 0, cache->count, path);
}

uint32_t file_hash_cache_find_absent(const FileHashCache *cache, Slice path)
{
    return find_between(cache, cache->count, cache->count + cache->absent_count, path);
}

uint32_t file_hash_cache_find_value(const FileHashCache *cache, uint32_t kind, Slice name)
{
    uint32_t low = 0, high = cache->value_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = compare_values(cache, middle, kind, name);
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return FILE_NONE;
}

bool file_hash_cache_is_current(const FileHashCache *cache, int dir_fd, uint32_t file,
                                FileStamp *stamp)
{
    const FileRecord *record = &cache->records[file];
    file_stamp_in_mount(dir_fd, cache->paths + record->path, stamp);
    return file_stamp_proves(&record->known, stamp);
}

/* ---- combined hashes ---------------------------------------------------------------------- */

static Slice all_paths(const FileHashCache *cache)
{
    if (cache->count == 0)
        return (Slice){0};
    const FileRecord *last = &cache->records[cache->count - 1];
    return slice_of(cache->paths, (size_t)last->path + last->path_size + 1);
}

/* All of them, or those whose numbers are marked. */
static void put_values(ByteBuffer *key, const FileHashCache *cache, const bool *marked)
{
    for (uint32_t i = 0; i < cache->value_count; i++) {
        if (marked != NULL && !marked[cache->count + cache->absent_count + i])
            continue;
        buffer_put_u32(key, cache->values[i].kind);
        key_put_slice(key, file_hash_cache_value_name(cache, i));
        key_put_hash(key, cache->values[i].content);
    }
}

/* The paths are contiguous and are hashed in one piece; the contents are collected. */
Hash128 file_hash_cache_combined(const FileHashCache *cache, Hash128 seed)
{
    ByteBuffer key = {0};
    buffer_reserve(&key, (cache->count + 4) * sizeof(Hash128));
    key_put_hash(&key, seed);
    key_put_slice(&key, cache->entry);
    key_put_hash(&key, hash_keyed(cache->secret, all_paths(cache)));
    for (uint32_t file = 0; file < cache->count; file++)
        key_put_hash(&key, cache->records[file].content);
    put_values(&key, cache, NULL);
    Hash128 combined = hash_keyed(cache->secret, buffer_slice(&key));
    buffer_free(&key);
    return combined;
}

static void put_file(ByteBuffer *key, const FileHashCache *cache, uint32_t file)
{
    key_put_slice(key, file_hash_cache_path(cache, file));
    key_put_hash(key, cache->records[file].content);
}

/* Marks what `file` reaches, itself included, by number. The caller frees the marks. */
static bool *mark_reached(const FileHashCache *cache, uint32_t file)
{
    size_t end = (size_t)cache->count + cache->absent_count + cache->value_count;
    bool *reached = memory_allocate_zeroed(end, sizeof *reached);
    uint32_t *stack = memory_allocate(cache->count * sizeof *stack);
    uint32_t depth = 0;
    stack[depth++] = file;
    reached[file] = true;
    while (depth != 0) {
        const FileRecord *record = &cache->records[stack[--depth]];
        for (uint32_t i = 0; i < record->import_count; i++) {
            uint32_t target = cache->imports[record->first_import + i];
            if (target == FILE_NONE || target == FILE_ABSENT || reached[target])
                continue;
            if (target < cache->count)
                stack[depth++] = target;
            reached[target] = true;
        }
    }
    memory_free(stack);
    return reached;
}

/* The file comes first: files of one cycle reach the same set but must have different hashes. The
 * others follow in path order, however they were reached. */
Hash128 file_hash_cache_combined_from(const FileHashCache *cache, uint32_t file)
{
    bool *reached = mark_reached(cache, file);
    ByteBuffer key = {0};
    put_file(&key, cache, file);
    for (uint32_t other = 0; other < cache->count; other++)
        if (reached[other] && other != file)
            put_file(&key, cache, other);
    put_values(&key, cache, reached);
    Hash128 combined = hash_keyed(cache->secret, buffer_slice(&key));
    buffer_free(&key);
    memory_free(reached);
    return combined;
}

/* ---- changing ----------------------------------------------------------------------------- */

void file_hash_cache_set(FileHashCache *cache, uint32_t file, const KnownStamp *known,
                         Hash128 content)
{
    FileRecord *record = &cache->records[file];
    record->known = *known;
    record->content = content;
    size_t offset = (size_t)((char *)record - cache->image.data);
    image_mark(&cache->image, offset, offsetof(FileRecord, path));
}

void file_hash_cache_set_value(FileHashCache *cache, uint32_t value, Hash128 content)
{
    ValueRecord *record = &cache->values[value];
    record->content = content;
    size_t offset = (size_t)((char *)record - cache->image.data);
    image_mark(&cache->image, offset, sizeof record->content);
}
