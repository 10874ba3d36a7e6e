/* SPDX-License-Identifier: MIT */
/*
 * A new table from the last one. Files that stay as they are, and stand next to each other in both,
 * are copied in one piece; only their offsets and numbers move.
 */
#include "file_hash_cache_image.h"

#include <errno.h>

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
    buffer_reserve(image, (size_t)file_hash_cache_image_size(&header));
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
    file_hash_cache_attach(cache);
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
