/* SPDX-License-Identifier: MIT */
/*
 * The image is checked once, when it is loaded; afterwards every offset and number in it is
 * believed. The check asks for the very layout that file_hash_cache_replace writes: each file's
 * imports and path begin where the file's before it end. So one running sum per array proves
 * that no range leaves its array, and no range has to be checked by itself.
 *
 *     records   │ main.mini        │ math.mini        │      each names a range of
 *     imports   │ 1                │                  │      these numbers, and of
 *     paths     │ main.mini\0      │ math.mini\0      │      these bytes
 *
 * The image is the only copy of the data. A warm build looks at it, calls stat once per record,
 * compares 48 bytes, and is done.
 */
#include "file_hash_cache.h"

#include <errno.h>
#include <stdlib.h>

typedef struct ImageHeader {
    uint32_t count;
    uint32_t import_count;
    uint32_t paths_size;
    uint32_t entry; /* file number; FILE_NONE in an empty cache */
} ImageHeader;

_Static_assert(sizeof(ImageHeader) == 16 && sizeof(FileRecord) == 80, "the image has no holes");

static const BinaryFormat FORMAT = {"fhcache", 2};

/* ---- from image to cache ------------------------------------------------------------------ */

static uint64_t image_size(const ImageHeader *header)
{
    return sizeof *header + (uint64_t)header->count * sizeof(FileRecord) +
           (uint64_t)header->import_count * sizeof(uint32_t) + header->paths_size;
}

static bool header_is_sound(const StateFile *state)
{
    ImageHeader header;
    if (state->size == 0)
        return true;
    if (state->size < sizeof header)
        return false;
    memcpy(&header, state->image, sizeof header);
    return image_size(&header) == state->size &&
           (header.entry < header.count || header.entry == FILE_NONE);
}

/* Sets the cache's pointers into the image, which is empty or as long as its header says. */
static void attach(FileHashCache *cache)
{
    *cache = (FileHashCache){.state = cache->state, .secret = cache->secret};
    if (cache->state.size == 0)
        return;
    char *image = cache->state.image;
    const ImageHeader *header = (const void *)image;
    size_t imports = sizeof *header + (size_t)header->count * sizeof(FileRecord);
    size_t paths = imports + (size_t)header->import_count * sizeof(uint32_t);
    cache->records = (void *)(image + sizeof *header);
    cache->count = header->count;
    cache->imports = (const void *)(image + imports);
    cache->import_count = header->import_count;
    cache->paths = image + paths;
    if (header->entry != FILE_NONE)
        cache->entry = file_hash_cache_path(cache, header->entry);
}

/* Each record begins where the one before it ends, and the last ends where the arrays do. Paths
 * end in NUL and ascend strictly: a table that is not sorted would answer wrongly, not crash,
 * but to know costs 20 of the 35 us that the check of 10,000 records takes. */
static bool records_are_sound(const FileHashCache *cache, size_t paths_size)
{
    uint64_t path_end = 0, import_end = 0;
    Slice previous = {"", 0};
    for (uint32_t file = 0; file < cache->count; file++) {
        const FileRecord *record = &cache->records[file];
        if (record->path != path_end || record->first_import != import_end)
            return false;
        path_end += (uint64_t)record->path_size + 1;
        import_end += record->import_count;
        if (path_end > paths_size || cache->paths[path_end - 1] != '\0')
            return false;
        Slice path = file_hash_cache_path(cache, file);
        if (slice_compare(previous, path) >= 0)
            return false;
        previous = path;
    }
    return path_end == paths_size && import_end == cache->import_count;
}

static bool imports_are_sound(const FileHashCache *cache)
{
    bool wrong = false;
    for (uint32_t i = 0; i < cache->import_count; i++)
        wrong |= cache->imports[i] >= cache->count; /* no branch in the loop */
    return !wrong;
}

static bool image_is_sound(const FileHashCache *cache)
{
    const StateFile *state = &cache->state;
    if (state->size == 0)
        return true;
    size_t paths_size = state->size - (size_t)(cache->paths - state->image);
    return records_are_sound(cache, paths_size) && imports_are_sound(cache);
}

/* Believes the image from now on, or drops it. */
static int adopt_image(FileHashCache *cache)
{
    if (header_is_sound(&cache->state)) {
        attach(cache);
        if (image_is_sound(cache))
            return 0;
    }
    state_file_replace(&cache->state, &(ByteBuffer){0});
    attach(cache);
    return -EBADMSG;
}

int file_hash_cache_load(FileHashCache *cache, const char *path)
{
    *cache = (FileHashCache){0};
    int status = state_file_load(&cache->state, path, &FORMAT);
    int structure = adopt_image(cache);
    return status != 0 ? status : structure;
}

int file_hash_cache_save(FileHashCache *cache, const char *path)
{
    return state_file_save(&cache->state, path, &FORMAT);
}

int file_hash_cache_open(FileHashCache *cache, int dir_fd, const char *name, const StateRef *ref)
{
    *cache = (FileHashCache){0};
    int status = state_file_open(&cache->state, dir_fd, name, &FORMAT, ref);
    int structure = adopt_image(cache);
    return status != 0 ? status : structure;
}

void file_hash_cache_close(FileHashCache *cache)
{
    state_file_close(&cache->state);
    *cache = (FileHashCache){0};
}

/* ---- asking ------------------------------------------------------------------------------- */

uint32_t file_hash_cache_find(const FileHashCache *cache, Slice path)
{
    uint32_t low = 0, high = cache->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = slice_compare(file_hash_cache_path(cache, middle), path);
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

/* The paths lie together already and are hashed in one piece; the contents are collected. */
Hash128 file_hash_cache_combined(const FileHashCache *cache, Hash128 seed)
{
    ByteBuffer key = {0};
    buffer_reserve(&key, (cache->count + 4) * sizeof(Hash128));
    key_put_hash(&key, seed);
    key_put_slice(&key, cache->entry);
    key_put_hash(&key, hash_keyed(cache->secret, all_paths(cache)));
    for (uint32_t file = 0; file < cache->count; file++)
        key_put_hash(&key, cache->records[file].content);
    Hash128 combined = hash_keyed(cache->secret, buffer_slice(&key));
    buffer_free(&key);
    return combined;
}

static void put_file(ByteBuffer *key, const FileHashCache *cache, uint32_t file)
{
    key_put_slice(key, file_hash_cache_path(cache, file));
    key_put_hash(key, cache->records[file].content);
}

/* Marks what `file` reaches, itself included. The marks are the caller's to free. */
static bool *mark_reached(const FileHashCache *cache, uint32_t file)
{
    bool *reached = memory_allocate_zeroed(cache->count, sizeof *reached);
    uint32_t *stack = memory_allocate(cache->count * sizeof *stack);
    uint32_t depth = 0;
    stack[depth++] = file;
    reached[file] = true;
    while (depth != 0) {
        const FileRecord *record = &cache->records[stack[--depth]];
        for (uint32_t i = 0; i < record->import_count; i++) {
            uint32_t target = cache->imports[record->first_import + i];
            if (target == FILE_NONE || reached[target])
                continue;
            stack[depth++] = target;
            reached[target] = true;
        }
    }
    free(stack);
    return reached;
}

/* The file comes first, for files of one cycle reach the same set and are yet not the same.
 * The others follow in path order, whatever way they were reached by. */
Hash128 file_hash_cache_combined_from(const FileHashCache *cache, uint32_t file)
{
    bool *reached = mark_reached(cache, file);
    ByteBuffer key = {0};
    put_file(&key, cache, file);
    for (uint32_t other = 0; other < cache->count; other++)
        if (reached[other] && other != file)
            put_file(&key, cache, other);
    Hash128 combined = hash_keyed(cache->secret, buffer_slice(&key));
    buffer_free(&key);
    free(reached);
    return combined;
}

/* ---- comparing ---------------------------------------------------------------------------- */

/* Which cache has the smaller next path: negative `before`, positive `after`, zero both. */
static int compare_next(const FileHashCache *before, uint32_t b, const FileHashCache *after,
                        uint32_t a)
{
    if (b == before->count)
        return 1;
    if (a == after->count)
        return -1;
    return slice_compare(file_hash_cache_path(before, b), file_hash_cache_path(after, a));
}

void file_hash_cache_compare(const FileHashCache *before, const FileHashCache *after,
                             void (*tell)(void *context, Slice path, FileDifference difference),
                             void *context)
{
    uint32_t b = 0, a = 0;
    while (b < before->count || a < after->count) {
        int order = compare_next(before, b, after, a);
        if (order < 0) {
            tell(context, file_hash_cache_path(before, b++), FILE_ONLY_BEFORE);
        } else if (order > 0) {
            tell(context, file_hash_cache_path(after, a++), FILE_ONLY_AFTER);
        } else {
            bool equal = hash_equal(before->records[b++].content, after->records[a].content);
            tell(context, file_hash_cache_path(after, a++),
                 equal ? FILE_IN_BOTH_EQUAL : FILE_IN_BOTH_DIFFERENT);
        }
    }
}

/* ---- changing ----------------------------------------------------------------------------- */

void file_hash_cache_set(FileHashCache *cache, uint32_t file, const KnownStamp *known,
                         Hash128 content)
{
    FileRecord *record = &cache->records[file];
    record->known = *known;
    record->content = content;
    size_t offset = (size_t)((char *)record - cache->state.image);
    state_file_mark(&cache->state, offset, offsetof(FileRecord, path));
}

static void put_records(ByteBuffer *image, const FileEntry *files, uint32_t count)
{
    uint32_t path = 0, import = 0;
    for (uint32_t i = 0; i < count; i++) {
        FileRecord record = {
            .known = files[i].known,
            .content = files[i].content,
            .path = path,
            .path_size = (uint32_t)files[i].path.size,
            .first_import = import,
            .import_count = files[i].import_count,
        };
        buffer_put(image, slice_of(&record, sizeof record));
        path += record.path_size + 1;
        import += record.import_count;
    }
}

static ImageHeader make_header(const FileEntry *files, uint32_t count, Slice entry)
{
    ImageHeader header = {.count = count, .entry = FILE_NONE};
    for (uint32_t i = 0; i < count; i++) {
        header.import_count += files[i].import_count;
        header.paths_size += (uint32_t)files[i].path.size + 1;
        if (slice_equal(files[i].path, entry))
            header.entry = i;
    }
    return header;
}

void file_hash_cache_replace(FileHashCache *cache, Slice entry, const FileEntry *files,
                             uint32_t count)
{
    ImageHeader header = make_header(files, count, entry);
    ByteBuffer image = {0};
    buffer_reserve(&image, (size_t)image_size(&header));
    buffer_put(&image, slice_of(&header, sizeof header));
    put_records(&image, files, count);
    for (uint32_t i = 0; i < count; i++)
        buffer_put(&image, slice_of(files[i].imports, files[i].import_count * sizeof(uint32_t)));
    for (uint32_t i = 0; i < count; i++) {
        buffer_put(&image, files[i].path);
        buffer_put_byte(&image, '\0');
    }
    state_file_replace(&cache->state, &image);
    attach(cache);
}
