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
#include "file_hash_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

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

_Static_assert(sizeof(TableHeader) == 32 && sizeof(FileRecord) == 80 && sizeof(ValueRecord) == 32,
               "the image has no holes");

const BinaryFormat file_hash_cache_format = {"fhcache", 4};

/* ---- from image to cache ------------------------------------------------------------------ */

static uint64_t table_size(const TableHeader *header)
{
    uint64_t records = (uint64_t)header->count + header->absent_count;
    uint64_t numbers = (uint64_t)header->import_count + header->more_entry_count;
    uint64_t roles = (uint64_t)header->import_count + header->count;
    return sizeof *header + records * sizeof(FileRecord) +
           header->value_count * sizeof(ValueRecord) + numbers * sizeof(uint32_t) +
           (header->has_roles != 0 ? roles : 0) + header->paths_size;
}

static bool header_is_sound(const Image *image)
{
    TableHeader header;
    if (image->size == 0)
        return true;
    if (image->size < sizeof header)
        return false;
    memcpy(&header, image->data, sizeof header);
    return table_size(&header) == image->size &&
           (uint64_t)header.count + header.absent_count + header.value_count <= FILE_ABSENT &&
           header.has_roles <= 1 &&
           (header.entry < header.count || header.entry == FILE_NONE);
}

/* Sets the cache's pointers into the image, which is empty or as long as its header says. */
static void attach(FileHashCache *cache)
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
    for (uint32_t i = 0; i < cache->value_count; i++) {
        if (cache->values[i].name != path_end)
            return false;
        path_end += (uint64_t)cache->values[i].name_size + 1;
        if (path_end > paths_size || cache->paths[path_end - 1] != '\0' ||
            (i != 0 && compare_values(cache, i - 1, cache->values[i].kind,
                                      file_hash_cache_value_name(cache, i)) >= 0))
            return false;
    }
    return path_end == paths_size && import_end == cache->import_count;
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
        attach(cache);
        if (table_is_sound(cache))
            return 0;
    }
    image_replace(&cache->image, &(ByteBuffer){0});
    attach(cache);
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

uint32_t file_hash_cache_place(const FileHashCache *cache, Slice path)
{
    uint32_t low = 0, high = cache->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (slice_compare(file_hash_cache_path(cache, middle), path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t file_hash_cache_find(const FileHashCache *cache, Slice path)
{
    uint32_t place = file_hash_cache_place(cache, path);
    bool is_there = place < cache->count && slice_equal(file_hash_cache_path(cache, place), path);
    return is_there ? place : FILE_NONE;
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

static void put_value(ByteBuffer *key, const FileHashCache *cache, uint32_t value)
{
    buffer_put_u32(key, cache->values[value].kind);
    key_put_slice(key, file_hash_cache_value_name(cache, value));
    key_put_hash(key, cache->values[value].content);
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
    for (uint32_t value = 0; value < cache->value_count; value++)
        put_value(&key, cache, value);
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
    for (uint32_t value = 0; value < cache->value_count; value++)
        if (reached[cache->count + cache->absent_count + value])
            put_value(&key, cache, value);
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

/* The rows of a new table: a run of old files that stay as they are, or one entry. */
typedef struct Piece {
    const FileEntry *entry; /* NULL: a run */
    const FileRecord *first, *last;
} Piece;

typedef struct NewTable {
    const FileHashCache *last;
    const FileSplice *splice;
    uint32_t count;
    uint64_t import_count, paths_size; /* may be more than the header can hold */
    Piece *pieces;
    uint32_t piece_count;
} NewTable;

static void add_entry(NewTable *table, const FileEntry *entry)
{
    table->pieces[table->piece_count++] = (Piece){entry, NULL, NULL};
    table->count++;
    table->import_count += entry->import_count;
    table->paths_size += entry->path.size + 1;
}

static void add_old(NewTable *table, const FileRecord *record)
{
    Piece *end = table->pieces + table->piece_count;
    if (table->piece_count != 0 && end[-1].entry == NULL && end[-1].last + 1 == record)
        end[-1].last = record;
    else
        table->pieces[table->piece_count++] = (Piece){NULL, record, record};
    table->count++;
    table->import_count += record->import_count;
    table->paths_size += (uint64_t)record->path_size + 1;
}

/* Merges the old files that stay with the entries, both in path order. */
static void merge(NewTable *table)
{
    const FileSplice *splice = table->splice;
    uint32_t next = 0; /* entry */
    for (uint32_t file = 0; file < table->last->count; file++) {
        uint32_t number = splice->new_number[file];
        if (number == FILE_NONE)
            continue;
        while (next < splice->entry_count && table->count < number)
            add_entry(table, &splice->entries[next++]);
        if (next < splice->entry_count && splice->numbers[next] == number)
            add_entry(table, &splice->entries[next++]);
        else
            add_old(table, &table->last->records[file]);
    }
    while (next < splice->entry_count)
        add_entry(table, &splice->entries[next++]);
}

/* The first record of a run, as it is in the new table, decides how far all of them move. */
static void put_run(ByteBuffer *image, const Piece *run, const FileRecord *first)
{
    size_t count = (size_t)(run->last - run->first) + 1;
    FileRecord *records = (void *)(image->data + image->size);
    buffer_put(image, slice_of(run->first, count * sizeof *records));
    for (size_t i = 0; i < count; i++) {
        records[i].path += first->path - run->first->path;
        records[i].first_import += first->first_import - run->first->first_import;
    }
}

static void put_records(ByteBuffer *image, const NewTable *table)
{
    FileRecord next = {0}; /* its places in the two arrays */
    const FileSplice *splice = table->splice;
    for (const Piece *piece = table->pieces; piece != table->pieces + table->piece_count; piece++) {
        const FileEntry *entry = piece->entry;
        if (entry != NULL) {
            next.known = entry->known;
            next.content = entry->content;
            next.path_size = (uint32_t)entry->path.size;
            next.import_count = entry->import_count;
            buffer_put(image, slice_of(&next, sizeof next));
        } else {
            put_run(image, piece, &next);
        }
        const FileRecord *end = (const void *)(image->data + image->size - sizeof *end);
        next.path = end->path + end->path_size + 1;
        next.first_import = end->first_import + end->import_count;
    }
    for (uint32_t i = 0; i < splice->absent_count; i++) {
        uint32_t size = (uint32_t)splice->absents[i].size;
        FileRecord absent = {
            .path = next.path, .path_size = size, .first_import = next.first_import};
        buffer_put(image, slice_of(&absent, sizeof absent));
        next.path += size + 1;
    }
    for (uint32_t i = 0; i < splice->value_count; i++) {
        const FileValue *value = &splice->values[i];
        uint32_t size = (uint32_t)value->name.size;
        ValueRecord record = {
            .content = value->content, .kind = value->kind, .name = next.path, .name_size = size};
        buffer_put(image, slice_of(&record, sizeof record));
        next.path += size + 1;
    }
}

static uint32_t new_number_of(const NewTable *table, uint32_t old)
{
    const FileSplice *splice = table->splice;
    uint32_t absents = table->last->count, values = absents + table->last->absent_count;
    if (old < absents)
        return splice->new_number[old];
    if (old == FILE_ABSENT)
        return FILE_ABSENT;
    return old < values ? table->count + splice->new_absent[old - absents]
                        : table->count + splice->absent_count + splice->new_value[old - values];
}

static void put_imports(ByteBuffer *image, const NewTable *table)
{
    for (const Piece *piece = table->pieces; piece != table->pieces + table->piece_count; piece++) {
        if (piece->entry != NULL) {
            buffer_put(image, slice_of(piece->entry->imports,
                                       piece->entry->import_count * sizeof(uint32_t)));
            continue;
        }
        const uint32_t *imports = table->last->imports + piece->first->first_import;
        uint32_t end = piece->last->first_import + piece->last->import_count;
        uint32_t count = end - piece->first->first_import;
        uint32_t *numbers = (void *)(image->data + image->size);
        for (uint32_t i = 0; i < count; i++)
            numbers[i] = new_number_of(table, imports[i]);
        image->size += count * sizeof *numbers;
    }
    buffer_put(image, slice_of(table->splice->more_entries,
                               table->splice->more_entry_count * sizeof(uint32_t)));
}

/* Of the imports in their order. True if any is a text or data. */
static bool list_roles(const NewTable *table, uint8_t *roles)
{
    const FileHashCache *last = table->last;
    bool has_some = false;
    uint32_t first = 0;
    for (const Piece *piece = table->pieces; piece != table->pieces + table->piece_count; piece++) {
        const FileEntry *entry = piece->entry;
        const uint32_t *imports = entry != NULL ? entry->imports
                                                : last->imports + piece->first->first_import;
        const uint8_t *known = entry != NULL ? entry->roles
                               : last->roles == NULL ? NULL
                                                     : last->roles + piece->first->first_import;
        uint32_t end = entry != NULL ? table->count : last->count; /* above: no file's number */
        uint32_t count = entry != NULL ? entry->import_count
                                       : piece->last->first_import + piece->last->import_count -
                                             piece->first->first_import;
        for (uint32_t i = 0; i < count; i++) {
            bool is_file = imports[i] < end || imports[i] >= FILE_ABSENT;
            uint8_t role = known == NULL ? (uint8_t)IMPORT_SOURCE : known[i];
            roles[first + i] = is_file ? role : (uint8_t)IMPORT_VALUE;
            has_some |= is_file && role != IMPORT_SOURCE;
        }
        first += count;
    }
    return has_some;
}

/* Should there be any? Else they need not be listed. */
static bool may_have_roles(const NewTable *table)
{
    bool may = table->last->roles != NULL;
    for (uint32_t i = 0; i < table->splice->entry_count; i++)
        may |= table->splice->entries[i].roles != NULL;
    return may;
}

static void put_paths(ByteBuffer *image, const NewTable *table)
{
    for (const Piece *piece = table->pieces; piece != table->pieces + table->piece_count; piece++) {
        if (piece->entry != NULL) {
            buffer_put(image, piece->entry->path);
            buffer_put_byte(image, '\0');
            continue;
        }
        uint32_t end = piece->last->path + piece->last->path_size + 1;
        buffer_put(image, slice_of(table->last->paths + piece->first->path,
                                   end - piece->first->path));
    }
    for (uint32_t i = 0; i < table->splice->absent_count; i++) {
        buffer_put(image, table->splice->absents[i]);
        buffer_put_byte(image, '\0');
    }
    for (uint32_t i = 0; i < table->splice->value_count; i++) {
        buffer_put(image, table->splice->values[i].name);
        buffer_put_byte(image, '\0');
    }
}

static void make_image(ByteBuffer *image, const NewTable *table)
{
    TableHeader header = {.count = table->count,
                          .import_count = (uint32_t)table->import_count,
                          .paths_size = (uint32_t)table->paths_size,
                          .entry = FILE_NONE,
                          .absent_count = table->splice->absent_count,
                          .more_entry_count = table->splice->more_entry_count,
                          .value_count = table->splice->value_count};
    uint8_t *roles = NULL;
    if (may_have_roles(table)) {
        roles = memory_allocate((size_t)table->import_count + 1);
        header.has_roles = list_roles(table, roles);
    }
    buffer_reserve(image, (size_t)table_size(&header));
    buffer_put(image, slice_of(&header, sizeof header));
    put_records(image, table);
    put_imports(image, table);
    if (header.has_roles) {
        buffer_put(image, slice_of(roles, (size_t)table->import_count));
        buffer_put(image, slice_of(table->splice->file_roles, table->count));
    }
    put_paths(image, table);
    memory_free(roles);
}

int file_hash_cache_splice(FileHashCache *cache, const FileHashCache *last, Slice entry,
                           const FileSplice *splice)
{
    NewTable table = {.last = last, .splice = splice};
    ByteBuffer image = {0};
    size_t rows = (size_t)last->count + splice->entry_count;
    table.pieces = memory_allocate((rows + 1) * sizeof *table.pieces);
    merge(&table);
    for (uint32_t i = 0; i < splice->absent_count; i++)
        table.paths_size += splice->absents[i].size + 1;
    for (uint32_t i = 0; i < splice->value_count; i++)
        table.paths_size += splice->values[i].name.size + 1;
    bool fits = table.import_count <= UINT32_MAX && table.paths_size <= UINT32_MAX &&
                (uint64_t)table.count + splice->absent_count + splice->value_count <= FILE_ABSENT;
    if (fits)
        make_image(&image, &table);
    memory_free(table.pieces);
    if (!fits)
        return -E2BIG;
    image_replace(&cache->image, &image);
    attach(cache);
    uint32_t number = file_hash_cache_find(cache, entry);
    ((TableHeader *)(void *)cache->image.data)->entry = number;
    if (number != FILE_NONE)
        cache->entry = file_hash_cache_path(cache, number);
    return 0;
}

int file_hash_cache_replace(FileHashCache *cache, Slice entry, const FileEntry *files,
                            uint32_t count)
{
    FileHashCache none = {0}, next = {.secret = cache->secret};
    FileSplice all = {.entries = files, .entry_count = count};
    int status = file_hash_cache_splice(&next, &none, entry, &all);
    if (status != 0)
        return status;
    file_hash_cache_close(cache);
    *cache = next;
    return 0;
}
