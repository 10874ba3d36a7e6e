/* SPDX-License-Identifier: MIT */
/*
 * An image that is changed, committed, loaded again and damaged, next to a model of it: an array of
 * bytes, copied wherever the contract promises that something is kept.
 *
 *     step u8: what happens │ its arguments
 *
 * A load returns what was committed, whatever an unfinished build left. Damaged files load as an
 * empty image; forged entries under a valid checksum change the image as they say, or are damage.
 */
#include "content_hash.h"
#include "fuzz_input.h"
#include "scratch.h"
#include "state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const BinaryFormat format = {"fuzzing", 3};

enum { LARGEST_IMAGE = 1 << 14, MOST_STEPS = 64 };

typedef struct Model {
    Scratch scratch;
    StateFile state;
    Image image;
    StateRef ref;          /* the ref a manifest would record */
    ByteBuffer expected;   /* the image as it should be in memory */
    ByteBuffer committed;  /* as it should be on disk */
    bool is_damaged;       /* a committed file is damaged; until the next commit */
} Model;

static void copy(ByteBuffer *to, const ByteBuffer *from)
{
    to->size = 0;
    buffer_put(to, buffer_slice(from));
}

static void check_image(const Model *model)
{
    FUZZ_CHECK(slice_equal(image_slice(&model->image),
                           buffer_slice(&model->expected)));
}

/* ---- a build at work --------------------------------------------------------------------- */

static void change(Model *model, FuzzInput *input)
{
    if (model->expected.size == 0)
        return;
    size_t at = fuzz_u16(input) % model->expected.size;
    Slice bytes = fuzz_bytes(input, fuzz_below(input, 32));
    if (bytes.size == 0 || bytes.size > model->expected.size - at)
        return;
    memcpy(model->expected.data + at, bytes.data, bytes.size);
    memcpy(model->image.data + at, bytes.data, bytes.size);
    image_mark(&model->image, at, bytes.size);
}

static void append(Model *model, FuzzInput *input)
{
    Slice bytes = fuzz_bytes(input, fuzz_below(input, 64));
    if (bytes.size == 0 || model->expected.size > LARGEST_IMAGE)
        return;
    while (model->expected.size % 8 != 0)
        buffer_put_byte(&model->expected, '\0');
    FUZZ_CHECK(image_append(&model->image, bytes.data, bytes.size) == model->expected.size);
    buffer_put(&model->expected, bytes);
}

static void replace(Model *model, FuzzInput *input)
{
    ByteBuffer bytes = {0};
    Slice pattern = fuzz_bytes(input, fuzz_below(input, 16));
    for (uint32_t count = fuzz_below(input, 200); count > 0; count--)
        buffer_put(&bytes, pattern);
    copy(&model->expected, &bytes);
    image_replace(&model->image, &bytes);
}

static void commit(Model *model, FuzzInput *input)
{
    uint64_t written = 0;
    FUZZ_CHECK(state_file_commit(&model->state, &model->image, false, &model->ref, &written) == 0);
    FUZZ_CHECK(!image_is_changed(&model->image));
    copy(&model->committed, &model->expected);
    model->is_damaged = false;
    if (fuzz_below(input, 4) != 0) /* otherwise it is killed before it removes the old files */
        state_file_prune(&model->state);
}

/* Loads what is committed. */
static void reopen(Model *model)
{
    image_close(&model->image);
    int status = state_file_load(&model->state, &model->image, model->scratch.fd, "state", &format,
                                 &model->ref);
    FUZZ_CHECK(status == (model->is_damaged ? -EBADMSG : 0));
    if (model->is_damaged)
        model->committed.size = 0;
    copy(&model->expected, &model->committed);
    check_image(model);
}

/* ---- files ------------------------------------------------------------------------------- */

static void file_name(const Model *model, bool is_journal, char name[64])
{
    snprintf(name, 64, "state.%llu%s", (unsigned long long)model->ref.generation,
             is_journal ? ".journal" : "");
}

/* Writes after the recorded length of the journal. */
static void put_behind_journal(const Model *model, Slice bytes)
{
    char name[64];
    file_name(model, true, name);
    int fd = openat(model->scratch.fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    FUZZ_CHECK(fd >= 0 && write_all_at(fd, &bytes, 1, model->ref.journal_size) == 0);
    close(fd);
}

/* A build killed before its manifest was in place. */
static void leave_a_tail(Model *model, FuzzInput *input)
{
    put_behind_journal(model, fuzz_bytes(input, fuzz_below(input, 64)));
    reopen(model);
}

/* An entry with a valid checksum (which also covers that of the entry before) and an offset and
 * size that need not fit. */
static void forge_entry(Model *model, FuzzInput *input)
{
    ByteBuffer entry = {0};
    uint64_t header[3] = {0, fuzz_u16(input), fuzz_below(input, 64)};
    for (int i = 1; i < 3; i++)
        if (fuzz_below(input, 8) == 0)
            header[i] = (uint64_t)0 - fuzz_u8(input);
    Slice bytes = fuzz_bytes(input, fuzz_below(input, 64));
    buffer_put(&entry, slice_of(header, sizeof header));
    buffer_put(&entry, bytes);
    while (entry.size % 8 != 0)
        buffer_put_byte(&entry, '\0');
    Slice covered[] = {slice_of(&model->ref.checksum, sizeof model->ref.checksum),
                       slice_of(entry.data + 8, entry.size - 8)};
    header[0] = hash_checksum_parts(covered, 2);
    memcpy(entry.data, header, sizeof header[0]);
    put_behind_journal(model, buffer_slice(&entry));

    uint64_t size = header[2];
    bool fits = header[1] <= model->committed.size && size <= model->committed.size - header[1] &&
                24 + (size + 7) / 8 * 8 == entry.size;
    if (fits && size != 0)
        memcpy(model->committed.data + header[1], entry.data + 24, size);
    model->ref.journal_size += entry.size;
    model->ref.checksum = header[0];
    buffer_free(&entry);
    model->is_damaged = !fits;
    reopen(model);
}

/* Changes any byte of a committed file: a checksum catches it. */
static void damage_file(Model *model, FuzzInput *input)
{
    char name[64];
    uint8_t byte;
    bool is_journal = fuzz_below(input, 2) == 1 && model->ref.journal_size != 0;
    file_name(model, is_journal, name);
    uint64_t size = is_journal ? model->ref.journal_size
                               : BINARY_HEADER_SIZE + model->ref.base_size;
    off_t at = (off_t)(fuzz_u16(input) % size);
    int fd = openat(model->scratch.fd, name, O_RDWR | O_CLOEXEC);
    FUZZ_CHECK(fd >= 0 && pread(fd, &byte, 1, at) == 1);
    byte ^= (uint8_t)(1u << fuzz_below(input, 8));
    FUZZ_CHECK(pwrite(fd, &byte, 1, at) == 1);
    close(fd);
    model->is_damaged = true;
    reopen(model);
}

static void cut_file(Model *model, FuzzInput *input)
{
    char name[64];
    bool is_journal = fuzz_below(input, 2) == 1 && model->ref.journal_size != 0;
    file_name(model, is_journal, name);
    uint64_t size = is_journal ? model->ref.journal_size
                               : BINARY_HEADER_SIZE + model->ref.base_size;
    int fd = openat(model->scratch.fd, name, O_RDWR | O_CLOEXEC);
    FUZZ_CHECK(fd >= 0 && ftruncate(fd, (off_t)(fuzz_u16(input) % size)) == 0);
    close(fd);
    model->is_damaged = true;
    reopen(model);
}

/* A ref that no manifest of ours would hold. Whatever it loads can be read. */
static void forge_ref(Model *model, FuzzInput *input)
{
    StateFile state;
    Image image;
    StateRef ref = model->ref;
    uint64_t *fields[] = {&ref.generation, &ref.base_size, &ref.image_size, &ref.journal_size,
                          &ref.checksum};
    uint64_t *field = fields[fuzz_below(input, 5)];
    uint64_t number = fuzz_u16(input);
    *field = fuzz_below(input, 2) == 0 ? number : *field - number;
    int status = state_file_load(&state, &image, model->scratch.fd, "state", &format, &ref);
    FUZZ_CHECK(status == 0 || status == -EBADMSG || status == -ENOENT);
    FUZZ_CHECK(status == 0 || image.size == 0);
    hash_checksum(image_slice(&image));
    image_close(&image);
}

/* A base whose content is any bytes, and whose header may be any. */
static void forge_base(Model *model, FuzzInput *input)
{
    ByteBuffer file = {0};
    MappedFile mapped;
    Slice content = fuzz_bytes(input, fuzz_below(input, 64));
    FUZZ_CHECK(binary_file_write(model->scratch.fd, "forged", &format, &content, 1, false) == 0);
    size_t size;
    char *bytes = scratch_read(&model->scratch, "forged", &size);
    buffer_put(&file, slice_of(bytes, size));
    free(bytes);
    fuzz_damage(input, &file);
    scratch_write_bytes(&model->scratch, "forged", buffer_slice(&file));
    int status = binary_file_map(model->scratch.fd, "forged", &format, fuzz_u16(input), &mapped);
    FUZZ_CHECK(status == 0 || status == -EBADMSG);
    if (status == 0)
        hash_checksum(slice_of(mapped.content, mapped.content_size + mapped.room));
    mapped_file_close(&mapped);
    buffer_free(&file);
}

/* ------------------------------------------------------------------------------------------ */

static void take_step(Model *model, FuzzInput *input)
{
    bool has_files = model->ref.generation != 0 && !model->is_damaged;
    switch (fuzz_below(input, has_files ? 13 : 9)) {
    case 0: case 1: change(model, input); break;
    case 2: append(model, input); break;
    case 3: replace(model, input); break;
    case 4: case 5: commit(model, input); break;
    case 6: reopen(model); break;
    case 7: forge_ref(model, input); break;
    case 8: forge_base(model, input); break;
    case 9: leave_a_tail(model, input); break;
    case 10: forge_entry(model, input); break;
    case 11: damage_file(model, input); break;
    default: cut_file(model, input); break;
    }
    check_image(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = {data, data + size};
    Model model = {0};
    scratch_open(&model.scratch);
    FUZZ_CHECK(state_file_load(&model.state, &model.image, model.scratch.fd, "state", &format,
                               &model.ref) == 0);
    for (int step = 0; step < MOST_STEPS && !fuzz_is_over(&input); step++)
        take_step(&model, &input);
    image_close(&model.image);
    buffer_free(&model.expected);
    buffer_free(&model.committed);
    scratch_close(&model.scratch);
    return 0;
}
