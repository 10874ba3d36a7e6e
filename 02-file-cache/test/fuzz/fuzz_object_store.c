/* SPDX-License-Identifier: MIT */
/*
 * An object store is filled, committed, reopened and damaged, next to a model: for each of a few
 * keys, whether it must exist, must not, or may.
 *
 *     step u8: what happens │ its arguments
 *
 * An object's bytes follow from its key, so the result of every get can be checked. Damage turns
 * must into may: a miss keeps the promise, other bytes break it. And the store is rebuilt: what is
 * put after the damage must exist.
 */
#include "fuzz_input.h"
#include "object_index.h"
#include "object_store.h"
#include "scratch.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { KEYS = 12, LARGEST_OBJECT = 200, MOST_STEPS = 80 };

typedef enum Presence { ABSENT, PRESENT, MAYBE } Presence;

typedef struct Model {
    Scratch scratch;
    ObjectStore *store;
    Presence now[KEYS];       /* for the open store */
    Presence committed[KEYS]; /* after reopening */
    bool was_damaged;         /* an index may have slots that no probe reaches yet */
    char payloads[KEYS][LARGEST_OBJECT];
} Model;

/* Some keys begin their probe at the same slot. */
static Hash128 key_of(uint32_t key)
{
    return (Hash128){key / 3, key + 1};
}

static Slice payload_of(const Model *model, uint32_t key)
{
    return slice_of(model->payloads[key], key * 17 % LARGEST_OBJECT);
}

/* ---- asking ------------------------------------------------------------------------------ */

static void check_key(const Model *model, uint32_t key)
{
    Slice payload;
    bool is_found = object_store_get(model->store, key_of(key), &payload);
    FUZZ_CHECK(!is_found || slice_equal(payload, payload_of(model, key)));
    FUZZ_CHECK(!is_found || object_store_has(model->store, key_of(key)));
    FUZZ_CHECK(model->now[key] == MAYBE || is_found == (model->now[key] == PRESENT));
}

static void check_all(const Model *model)
{
    for (uint32_t key = 0; key < KEYS; key++)
        check_key(model, key);
}

/* ---- a build at work --------------------------------------------------------------------- */

static void open_store(Model *model)
{
    FUZZ_CHECK(object_store_open(&model->store, model->scratch.fd, "objects") == 0);
    memcpy(model->now, model->committed, sizeof model->now);
}

static void put(Model *model, FuzzInput *input)
{
    uint32_t key = fuzz_below(input, KEYS);
    Slice parts[2] = {payload_of(model, key)};
    size_t cut = fuzz_u8(input);
    size_t part_count = 1;
    if (cut < parts[0].size) {
        parts[1] = slice_of(parts[0].data + cut, parts[0].size - cut);
        parts[0].size = cut;
        part_count = 2;
    }
    object_store_put(model->store, key_of(key), parts, part_count);
    model->now[key] = PRESENT;
}

static void invalidate(Model *model, FuzzInput *input)
{
    uint32_t key = fuzz_below(input, KEYS);
    object_store_invalidate(model->store, key_of(key));
    model->now[key] = model->was_damaged ? MAYBE : ABSENT;
}

static void commit(Model *model)
{
    uint64_t written = 0;
    FUZZ_CHECK(object_store_commit(model->store, false, &written) == 0);
    memcpy(model->committed, model->now, sizeof model->now);
}

static void clear(Model *model)
{
    FUZZ_CHECK(object_store_clear(model->store) == 0);
    memset(model->now, 0, sizeof model->now);
    memset(model->committed, 0, sizeof model->committed);
    model->was_damaged = false;
}

/* ---- damage ------------------------------------------------------------------------------ */

static void damage_file(Model *model, FuzzInput *input, const char *name)
{
    ByteBuffer bytes = {0};
    size_t size;
    if (!scratch_exists(&model->scratch, name))
        return;
    char *text = scratch_read(&model->scratch, name, &size);
    buffer_put(&bytes, slice_of(text, size));
    fuzz_damage(input, &bytes);
    scratch_write_bytes(&model->scratch, name, buffer_slice(&bytes));
    buffer_free(&bytes);
    free(text);
}

static void append_to_pack(Model *model, Slice bytes)
{
    int fd = openat(model->scratch.fd, "objects.pack", O_WRONLY | O_APPEND | O_CLOEXEC);
    if (fd < 0)
        return;
    FUZZ_CHECK(write(fd, bytes.data, bytes.size) == (ssize_t)bytes.size);
    close(fd);
}

/* A record with a valid header and a payload that may be short, torn or different. */
static void forge_record(Model *model, FuzzInput *input)
{
    ByteBuffer bytes = {0};
    uint32_t key = fuzz_below(input, KEYS);
    PackRecord record = pack_record_make(key_of(key), payload_of(model, key));
    if (fuzz_below(input, 2) == 1) {
        record.size = fuzz_below(input, 4) == 0 ? UINT32_MAX - fuzz_u8(input) : fuzz_u16(input);
        record.header_checksum = (uint32_t)hash_checksum(
            slice_of(&record, offsetof(PackRecord, header_checksum)));
    }
    buffer_put(&bytes, slice_of(&record, sizeof record));
    buffer_put(&bytes, payload_of(model, key));
    while (bytes.size % PACK_ALIGNMENT != 0)
        buffer_put_byte(&bytes, '\0');
    bytes.size -= fuzz_below(input, 4) == 0 ? fuzz_below(input, (uint32_t)bytes.size) : 0;
    append_to_pack(model, buffer_slice(&bytes));
    buffer_free(&bytes);
}

/* A number of the header (slots as a power of two; keys, slots in use, the pack's end, its last
 * record) changes: small, a power of two, or one less. */
static void forge_number(FuzzInput *input, char *header)
{
    static const size_t fields[] = {12, 16, 24, 32, 40};
    uint64_t number = fuzz_u8(input);
    if (number >= 128)
        number = ((uint64_t)1 << number % 64) - (fuzz_u8(input) & 1);
    size_t field = fields[fuzz_below(input, sizeof fields / sizeof *fields)];
    memcpy(header + field, &number, field == fields[0] ? sizeof(uint32_t) : sizeof number);
}

/* Damages the index, mainly the numbers in its header, and makes the header's checksum match
 * again. */
static void forge_index(Model *model, FuzzInput *input)
{
    enum { COVERED = 56, HEADER = 64 };
    size_t size;
    damage_file(model, input, "objects.index");
    if (!scratch_exists(&model->scratch, "objects.index"))
        return;
    char *bytes = scratch_read(&model->scratch, "objects.index", &size);
    if (size >= HEADER) {
        if (fuzz_below(input, 2) == 1)
            forge_number(input, bytes);
        uint64_t checksum = hash_checksum(slice_of(bytes, COVERED));
        memcpy(bytes + COVERED, &checksum, sizeof checksum);
        scratch_write_bytes(&model->scratch, "objects.index", slice_of(bytes, size));
    }
    free(bytes);
}

static void do_damage(Model *model, FuzzInput *input)
{
    object_store_close(model->store);
    switch (fuzz_below(input, 6)) {
    case 0: damage_file(model, input, "objects.pack"); break;
    case 1: damage_file(model, input, "objects.index"); break;
    case 2: unlinkat(model->scratch.fd, "objects.index", 0); break;
    case 3: append_to_pack(model, fuzz_bytes(input, fuzz_below(input, 64))); break;
    case 4: forge_record(model, input); break;
    default: forge_index(model, input); break;
    }
    for (uint32_t key = 0; key < KEYS; key++)
        model->committed[key] = MAYBE;
    model->was_damaged = true;
    open_store(model);
}

/* ------------------------------------------------------------------------------------------ */

static void take_step(Model *model, FuzzInput *input)
{
    switch (fuzz_below(input, 9)) {
    case 0: case 1: case 2: put(model, input); break;
    case 3: invalidate(model, input); break;
    case 4: case 5: commit(model); break;
    case 6:
        object_store_close(model->store);
        open_store(model);
        break;
    case 7: do_damage(model, input); break;
    default:
        if (fuzz_u8(input) % 4 == 0)
            clear(model);
        break;
    }
    check_all(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = {data, data + size};
    Model model = {0};
    for (uint32_t key = 0; key < KEYS; key++)
        memset(model.payloads[key], (int)('a' + key), LARGEST_OBJECT);
    scratch_open(&model.scratch);
    open_store(&model);
    for (int step = 0; step < MOST_STEPS && !fuzz_is_over(&input); step++)
        take_step(&model, &input);
    object_store_close(model.store);
    scratch_close(&model.scratch);
    return 0;
}
