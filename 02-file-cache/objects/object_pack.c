/* SPDX-License-Identifier: MIT */
/*
 * Appending copies headers and payloads one after another into a staging buffer and writes it
 * whenever it is full. The copy looks superfluous: one gather write could take them from where they
 * are. But for payloads of a few hundred bytes, the kernel's work per piece costs more than the
 * copy, which stays in the processor's cache. Only a large payload is written in place.
 *
 * The bytes count only when the caller says so (object_pack_extend), after the index that leads to
 * them is saved too. Until then, a failure truncates the file to its old size, and a killed process
 * leaves a tail that the next one scans, record by record, up to the first torn one.
 */
#include "object_pack.h"

#include "binary_file.h"
#include "system_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PACK_VERSION = 1, STAGE_BYTES = 512 << 10, LARGE_PAYLOAD_BYTES = 32 << 10 };

typedef struct PackHeader {
    char magic[8];
    uint32_t version;
    uint32_t reserved[5];
} PackHeader;

static const PackHeader pack_header = {.magic = "objpack", .version = PACK_VERSION};

_Static_assert(sizeof(PackHeader) == PACK_HEADER_SIZE && sizeof(PackRecord) == 32,
               "headers keep the payloads aligned");

/* ---- records ------------------------------------------------------------------------------- */

static size_t padding_of(uint64_t payload_size)
{
    return (size_t)(-payload_size % PACK_ALIGNMENT);
}

uint64_t pack_record_extent(uint64_t payload_size)
{
    return sizeof(PackRecord) + payload_size + padding_of(payload_size);
}

static uint32_t header_checksum(const PackRecord *record)
{
    return (uint32_t)hash_checksum(slice_of(record, offsetof(PackRecord, header_checksum)));
}

PackRecord pack_record_make(Hash128 key, Slice payload)
{
    PackRecord record = {key, hash_checksum(payload), (uint32_t)payload.size, 0};
    record.header_checksum = header_checksum(&record);
    return record;
}

bool pack_record_has_good_header(const PackRecord *record)
{
    return record->header_checksum == header_checksum(record);
}

bool pack_record_has_good_payload(const PackRecord *record)
{
    return record->checksum == hash_checksum(pack_record_payload(record));
}

const PackRecord *object_pack_record(const ObjectPack *pack, uint64_t offset)
{
    for (size_t i = pack->mapping_count; i-- > 0;) {
        const PackMapping *mapping = &pack->mappings[i];
        if (offset < mapping->begin || offset >= mapping->end)
            continue;
        uint64_t room = mapping->end - offset;
        if (offset % PACK_ALIGNMENT != 0 || room < sizeof(PackRecord))
            return NULL;
        const char *at = mapping->bytes + (offset - mapping->begin);
        const PackRecord *record = (const PackRecord *)(const void *)at;
        return pack_record_extent(record->size) <= room ? record : NULL;
    }
    return NULL;
}

bool object_pack_had_end(const ObjectPack *pack, const PackEnd *end)
{
    if (end->last_record == 0)
        return end->offset == PACK_HEADER_SIZE && pack->size >= PACK_HEADER_SIZE;
    const PackRecord *record = object_pack_record(pack, end->last_record);
    return record != NULL && end->last_record + pack_record_extent(record->size) == end->offset &&
           hash_checksum(slice_of(record, sizeof *record)) == end->last_record_sum;
}

/* ---- the file ------------------------------------------------------------------------------ */

/* Maps the bytes from `begin` to `end`. Pages begin at multiples of their size. */
static int map_records(ObjectPack *pack, uint64_t begin, uint64_t end)
{
    if (begin >= end)
        return 0;
    uint64_t page_size = (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t first_page = begin / page_size * page_size;
    PackMapping mapping = {.page_bytes = (size_t)(end - first_page), .begin = begin, .end = end};
    mapping.pages = mmap(NULL, mapping.page_bytes, PROT_READ, MAP_PRIVATE, pack->fd,
                         (off_t)first_page);
    if (mapping.pages == MAP_FAILED)
        return -errno;
    mapping.bytes = (const char *)mapping.pages + (begin - first_page);
    size_t count = pack->mapping_count++;
    pack->mappings = memory_resize(pack->mappings, (count + 1) * sizeof mapping);
    pack->mappings[count] = mapping;
    return 0;
}

/* A file is empty if its first append failed. One that is not a pack of ours is removed, and one
 * that cannot be read now may be intact. */
static int load(ObjectPack *pack)
{
    PackHeader header;
    if (pack->size == 0)
        return 0;
    int status = read_all_at(pack->fd, (char *)&header, sizeof header, 0);
    if (status == 0 && memcmp(&header, &pack_header, sizeof header) != 0)
        status = -EBADMSG;
    if (status == 0)
        return map_records(pack, PACK_HEADER_SIZE, pack->size);
    if (status != -EBADMSG)
        return status;
    status = object_pack_remove(pack);
    return status != 0 ? status : -EBADMSG;
}

int object_pack_open(ObjectPack *pack, int dir_fd, const char *name, bool read_only)
{
    *pack = (ObjectPack){.dir_fd = dir_fd, .fd = -1, .is_read_only = read_only};
    if (strlen(name) >= sizeof pack->name)
        return -ENAMETOOLONG;
    strcpy(pack->name, name);
    int fd = open_regular(dir_fd, name, read_only ? O_RDONLY : O_RDWR, &pack->size);
    if (fd < 0)
        return fd == -ENOENT ? 0 : fd == -EBADMSG ? -EINVAL : fd;
    pack->fd = fd;
    int status = load(pack);
    if (status != 0 && status != -EBADMSG)
        object_pack_close(pack);
    return status;
}

void object_pack_close(ObjectPack *pack)
{
    for (size_t i = 0; i < pack->mapping_count; i++)
        munmap(pack->mappings[i].pages, pack->mappings[i].page_bytes);
    memory_free(pack->mappings);
    pack->mappings = NULL;
    pack->mapping_count = 0;
    if (pack->fd >= 0)
        close(pack->fd);
    pack->fd = -1;
    pack->size = 0;
}

int object_pack_remove(ObjectPack *pack)
{
    object_pack_close(pack);
    if (pack->is_read_only)
        return 0;
    return unlinkat(pack->dir_fd, pack->name, 0) == 0 || errno == ENOENT ? 0 : -errno;
}

int object_pack_truncate(ObjectPack *pack, uint64_t size)
{
    if (pack->fd < 0)
        return 0;
    if (!pack->is_read_only && resize_fd(pack->fd, (off_t)size) != 0)
        return -errno;
    for (size_t i = 0; i < pack->mapping_count; i++)
        if (pack->mappings[i].end > size)
            pack->mappings[i].end = size;
    pack->size = size;
    return 0;
}

uint64_t object_pack_end(const ObjectPack *pack)
{
    return pack->size < PACK_HEADER_SIZE ? PACK_HEADER_SIZE : pack->size;
}

/* ---- appending ----------------------------------------------------------------------------- */

typedef struct Stage {
    int fd;
    uint64_t offset; /* in the file, of the staged bytes */
    ByteBuffer bytes;
} Stage;

/* Writes the staged bytes, then `more`. */
static int flush(Stage *stage, Slice more)
{
    Slice parts[] = {buffer_slice(&stage->bytes), more};
    int status = write_all_at(stage->fd, parts, 2, stage->offset);
    stage->offset += stage->bytes.size + more.size;
    stage->bytes.size = 0;
    return status;
}

/* The checksum is made here and not when the object is put: the payload is read once for both. */
static int stage_object(Stage *stage, const PackObject *object)
{
    static const char zeros[PACK_ALIGNMENT];
    int status = 0;
    PackRecord record = pack_record_make(object->key, object->payload);
    buffer_put(&stage->bytes, slice_of(&record, sizeof record));
    if (object->payload.size < LARGE_PAYLOAD_BYTES)
        buffer_put(&stage->bytes, object->payload);
    else
        status = flush(stage, object->payload);
    buffer_put(&stage->bytes, slice_of(zeros, padding_of(object->payload.size)));
    if (status == 0 && stage->bytes.size >= STAGE_BYTES)
        status = flush(stage, slice_from(""));
    return status;
}

static int write_objects(const ObjectPack *pack, const PackObject *objects, size_t count,
                         uint64_t *written)
{
    Stage stage = {.fd = pack->fd, .offset = pack->size};
    if (pack->size == 0)
        buffer_put(&stage.bytes, slice_of(&pack_header, sizeof pack_header));
    int status = 0;
    for (size_t i = 0; i < count && status == 0; i++)
        status = stage_object(&stage, &objects[i]);
    if (status == 0)
        status = flush(&stage, slice_from(""));
    *written += stage.offset - pack->size;
    buffer_free(&stage.bytes);
    return status;
}

/* For a large write, the space is reserved at once: a full disk is noticed before the first byte,
 * and a file system that has allocated all blocks writes a quarter faster. */
static int reserve(const ObjectPack *pack, const PackObject *objects, size_t count)
{
    uint64_t start = object_pack_end(pack), end = start;
    if (count != 0)
        end = objects[count - 1].offset + pack_record_extent(objects[count - 1].payload.size);
    return end > start + STAGE_BYTES ? reserve_space(pack->fd, start, end) : 0;
}

int object_pack_append(ObjectPack *pack, const PackObject *objects, size_t count, bool sync,
                       uint64_t *written)
{
    if (pack->fd < 0)
        pack->fd = open_at(pack->dir_fd, pack->name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW);
    int status = pack->fd < 0 ? -errno : 0;
    if (status == 0)
        status = reserve(pack, objects, count);
    if (status == 0)
        status = write_objects(pack, objects, count, written);
    if (status == 0 && ((sync && sync_fd(pack->fd) != 0) || flush_fd(pack->fd) != 0))
        status = -errno;
    if (status != 0)
        (void)object_pack_truncate(pack, pack->size);
    return status;
}

/* If mapping fails, the appended records are misses until the pack is opened again. */
void object_pack_extend(ObjectPack *pack, uint64_t size)
{
    (void)map_records(pack, object_pack_end(pack), size);
    pack->size = size;
}
