/* SPDX-License-Identifier: MIT */
/*
 * Both loops know the place of every section before they start: the sizes are summed first.
 *
 *     places[i] .. places[i + 1]     bytes of section i; the prelude ends at places[0]
 */
#include "output_bytes.h"

#include "binary_file.h"
#include "output_layout.h"

#include <errno.h>
#include <stdlib.h>

enum { BATCH = 64 }; /* sections; 80 KB of them fit into any core's cache */

/* ---- one section --------------------------------------------------------------------------- */

uint64_t section_size(const Build *build, const OutputFormat *format, uint32_t section)
{
    uint32_t count;
    const Slice *texts = build_section_texts(build, section, &count);
    Slice path = build_section_path(build, section);
    uint64_t blocks = format == NULL ? section_blocks(path, texts, count)
                                     : format->section_blocks(format, path, texts, count);
    return blocks * OUTPUT_BLOCK;
}

static int write_text_section(char *to, uint64_t size, Slice path, const Slice *texts,
                              uint32_t count)
{
    section_write(to, path, texts, count);
    return blocks_hold_marker(slice_of(to, (size_t)size)) ? -EILSEQ : 0;
}

int section_make(const Build *build, const OutputFormat *format, uint32_t section, char *to,
                 uint64_t size, SectionRecord *record)
{
    uint32_t count;
    const Slice *texts = build_section_texts(build, section, &count);
    Slice path = build_section_path(build, section);
    int status = format == NULL ? write_text_section(to, size, path, texts, count)
                                : format->section_write(format, to, size, path, texts, count);
    *record = (SectionRecord){
        hash_keyed(build_planned(build)->secret, slice_of(to, (size_t)size)),
        (uint32_t)(size / OUTPUT_BLOCK), 0};
    return status;
}

/* The place is in the hash: two pages that change places are a change. */
Hash128 head_page_hash(const Build *build, uint64_t offset, Slice page)
{
    const HashSecret *secret = build_planned(build)->secret;
    Hash128 placed[] = {hash_keyed(secret, page), {offset, page.size}};
    return hash_keyed(secret, slice_of(placed, sizeof placed));
}

static Hash128 hash_head(const Build *build, Slice head)
{
    Hash128 sum = {0};
    for (size_t at = 0; at < head.size; at += HEAD_PAGE) {
        size_t size = head.size - at < HEAD_PAGE ? head.size - at : HEAD_PAGE;
        sum = hash_add(sum, head_page_hash(build, at, slice_of(head.data + at, size)));
    }
    return sum;
}

void record_head(const Build *build, Slice head, OutputRecord *record)
{
    record->prelude_blocks = (uint32_t)(head.size / OUTPUT_BLOCK);
    record->prelude = hash_head(build, head);
}

int prelude_make(Build *build, const OutputFormat *format, ByteBuffer *bytes,
                 OutputRecord *record)
{
    if (format != NULL) {
        buffer_put(bytes, format->head);
        record_head(build, format->head, record);
        return 0;
    }
    Slice prelude = build_prelude(build);
    size_t size = (size_t)prelude_blocks(prelude) * OUTPUT_BLOCK;
    buffer_reserve(bytes, size);
    Slice blocks = slice_of(bytes->data + bytes->size, size);
    prelude_write(bytes->data + bytes->size, prelude);
    bytes->size += size;
    record_head(build, blocks, record);
    return blocks_hold_marker(blocks) ? -EILSEQ : 0;
}

/* ---- places -------------------------------------------------------------------------------- */

typedef struct BatchLoop {
    const Build *build;
    const OutputFormat *format;
    int fd;
    bool is_stream;
    uint32_t count;         /* of sections */
    SectionRecord *records; /* per section */
    uint64_t *places;       /* per section, and the end */
    ByteBuffer *buffers;    /* per worker */
    int *errors;            /* per batch */
    bool *differs;          /* per section; only when comparing */
} BatchLoop;

static size_t batch_count(const BatchLoop *loop)
{
    return ((size_t)loop->count + BATCH - 1) / BATCH;
}

static void sum_up(BatchLoop *loop, uint32_t prelude)
{
    loop->places[0] = (uint64_t)prelude * OUTPUT_BLOCK;
    for (uint32_t i = 0; i < loop->count; i++)
        loop->places[i + 1] = loop->places[i] + (uint64_t)loop->records[i].blocks * OUTPUT_BLOCK;
}

static void batch_loop_init(BatchLoop *loop, const Build *build, uint32_t count)
{
    unsigned workers = build_request(build)->executor->workers;
    loop->build = build;
    loop->count = count;
    loop->places = memory_allocate((loop->count + 1) * sizeof *loop->places);
    loop->buffers = memory_allocate_zeroed(workers, sizeof *loop->buffers);
    loop->errors = memory_allocate_zeroed(batch_count(loop) + 1, sizeof *loop->errors);
}

static void batch_loop_free(BatchLoop *loop)
{
    for (unsigned i = 0; i < build_request(loop->build)->executor->workers; i++)
        buffer_free(&loop->buffers[i]);
    memory_free(loop->buffers);
    memory_free(loop->places);
    memory_free(loop->errors);
    memory_free(loop->differs);
}

/* The sections of a batch, and a buffer that holds them all. */
static char *batch_open(BatchLoop *loop, size_t index, unsigned worker, uint32_t *first,
                        uint32_t *end)
{
    *first = (uint32_t)index * BATCH;
    *end = loop->count - *first < BATCH ? loop->count : *first + BATCH;
    buffer_reserve(&loop->buffers[worker], (size_t)(loop->places[*end] - loop->places[*first]));
    return loop->buffers[worker].data;
}

/* ---- writing all --------------------------------------------------------------------------- */

static void measure_section(void *arg, size_t index, unsigned worker)
{
    BatchLoop *loop = arg;
    (void)worker;
    loop->records[index].blocks =
        (uint32_t)(section_size(loop->build, loop->format, (uint32_t)index) / OUTPUT_BLOCK);
}

static int put(const BatchLoop *loop, Slice bytes, uint64_t offset)
{
    return loop->is_stream ? write_parts(loop->fd, &bytes, 1)
                           : put_all_at(loop->fd, bytes, offset);
}

static void write_batch(void *arg, size_t index, unsigned worker)
{
    BatchLoop *loop = arg;
    uint32_t first, end;
    char *bytes = batch_open(loop, index, worker, &first, &end);
    uint64_t start = loop->places[first];
    int error = 0;
    for (uint32_t i = first; i < end && error == 0; i++)
        error = section_make(loop->build, loop->format, i, bytes + (loop->places[i] - start),
                             loop->places[i + 1] - loop->places[i], &loop->records[i]);
    if (error == 0)
        error = put(loop, slice_of(bytes, (size_t)(loop->places[end] - start)), start);
    loop->errors[index] = error;
}

static int first_error(const BatchLoop *loop)
{
    for (size_t i = 0; i < batch_count(loop); i++)
        if (loop->errors[i] != 0)
            return loop->errors[i];
    return 0;
}

/* A stream takes its bytes in order, one batch after another. */
static int write_sections(BatchLoop *loop)
{
    Executor *executor =
        loop->is_stream ? &executor_serial : build_request(loop->build)->executor;
    executor_run(executor, batch_count(loop), write_batch, loop);
    return first_error(loop);
}

/* The space is allocated at once. A full disk is detected before the first section is written, and
 * the rename need not wait: ext4 flushes a file that replaces another, unless its blocks are
 * already allocated on disk (2 ms instead of 8 for 12.5 MB). */
int output_write_all(const OutputDraft *draft, Build *build, OutputFormat *format,
                     ByteBuffer *records, OutputRecord *record)
{
    BatchLoop loop = {.format = format, .fd = draft->fd, .is_stream = draft->is_stream};
    ByteBuffer prelude = {0};
    batch_loop_init(&loop, build, build_planned(build)->section_count);
    int error = format == NULL ? 0 : format->begin_all(format, build);
    if (error == 0)
        error = prelude_make(build, format, &prelude, record);
    if (error == 0)
        error = put(&loop, buffer_slice(&prelude), 0);
    buffer_free(&prelude);
    if (error != 0) {
        batch_loop_free(&loop);
        return error;
    }

    size_t size = loop.count * sizeof *loop.records;
    buffer_reserve(records, size);
    memset(records->data, 0, size);
    records->size = size;
    loop.records = (SectionRecord *)(void *)records->data;
    executor_run(build_request(build)->executor, loop.count, measure_section, &loop);
    sum_up(&loop, record->prelude_blocks);
    record->size_bytes = loop.places[loop.count];
    if (!loop.is_stream)
        error = reserve_space(loop.fd, 0, record->size_bytes);
    if (error == 0)
        error = write_sections(&loop);
    batch_loop_free(&loop);
    return error;
}

/* ---- comparing ----------------------------------------------------------------------------- */

static void compare_batch(void *arg, size_t index, unsigned worker)
{
    BatchLoop *loop = arg;
    uint32_t first, end;
    char *bytes = batch_open(loop, index, worker, &first, &end);
    uint64_t start = loop->places[first];
    int error = read_all_at(loop->fd, bytes, (size_t)(loop->places[end] - start), start);
    for (uint32_t i = first; i < end; i++) {
        Slice section = slice_of(bytes + (loop->places[i] - start),
                                 (size_t)(loop->places[i + 1] - loop->places[i]));
        loop->differs[i] =
            error != 0 || !hash_equal(hash_keyed(build_planned(loop->build)->secret, section),
                                      loop->records[i].bytes);
    }
}

static bool prelude_differs(int fd, const Build *build, const OutputRecord *record)
{
    ByteBuffer bytes = {0};
    bytes.size = (size_t)record->prelude_blocks * OUTPUT_BLOCK;
    bytes.data = memory_allocate(bytes.size);
    bool differs = read_all_at(fd, bytes.data, bytes.size, 0) != 0 ||
                   !hash_equal(hash_head(build, buffer_slice(&bytes)), record->prelude);
    buffer_free(&bytes);
    return differs;
}

static void collect_differences(const BatchLoop *loop, OutputDifference *difference)
{
    difference->count = 0;
    difference->sections = memory_allocate((loop->count + 1) * sizeof *difference->sections);
    for (uint32_t i = 0; i < loop->count; i++)
        if (loop->differs[i])
            difference->sections[difference->count++] = i;
}

void output_compare(int fd, const Build *build, const OutputState *state,
                    OutputDifference *difference)
{
    BatchLoop loop = {.fd = fd, .records = output_state_sections(state)};
    batch_loop_init(&loop, build, output_state_count(state));
    loop.differs = memory_allocate_zeroed(loop.count + 1, sizeof *loop.differs);
    sum_up(&loop, state->record.prelude_blocks);
    executor_run(build_request(build)->executor, batch_count(&loop), compare_batch, &loop);
    difference->prelude_differs = prelude_differs(fd, build, &state->record);
    collect_differences(&loop, difference);
    batch_loop_free(&loop);
}
