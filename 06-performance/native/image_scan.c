/* SPDX-License-Identifier: MIT */
#include "image_scan.h"

#include "binary_file.h"

enum { SECTIONS_PER_BATCH = 64 };

/* Several workers may say so at once. */
static void set(bool *flag)
{
    __atomic_store_n(flag, true, __ATOMIC_RELAXED);
}

static bool is_moved(const bool *moved, uint32_t slot)
{
    return moved != NULL && moved[slot];
}

static void scan_section(ImageScan *scan, uint32_t section, const SectionView *view)
{
    const ImageParts *parts = scan->parts;
    for (uint32_t i = 0; i < view->head->reference_count; i++) {
        bool is_c;
        uint32_t slot;
        if (!image_slot_at(image_section_slot(view, i), &is_c, &slot) ||
            slot >= (is_c ? parts->c_slot_count : parts->slot_count)) {
            set(&scan->is_damaged);
            return;
        }
        if (is_c)
            set(&scan->used_c[slot]);
        scan->names_moved[section] |= is_moved(is_c ? scan->moved_c : scan->moved_units, slot);
    }
}

static void scan_batch(void *arg, size_t index, unsigned worker)
{
    ImageScan *scan = arg;
    ByteBuffer *bytes = &scan->buffers[worker];
    uint32_t first = (uint32_t)index * SECTIONS_PER_BATCH, count = scan->section_count;
    uint32_t end = count - first < SECTIONS_PER_BATCH ? count : first + SECTIONS_PER_BATCH;
    uint64_t start = scan->places[first], size = scan->places[end] - start;
    bytes->size = 0;
    buffer_reserve(bytes, (size_t)size);
    if (read_all_at(scan->fd, bytes->data, (size_t)size, start) != 0) {
        set(&scan->is_damaged);
        return;
    }
    for (uint32_t i = first; i < end; i++) {
        SectionView view;
        Slice section = slice_of(bytes->data + (scan->places[i] - start),
                                 (size_t)(scan->places[i + 1] - scan->places[i]));
        if (scan->skipped[i])
            continue;
        if (image_section_view(section, &view))
            scan_section(scan, i, &view);
        else
            set(&scan->is_damaged);
    }
}

bool image_scan(ImageScan *scan, Executor *executor)
{
    size_t batches = ((size_t)scan->section_count + SECTIONS_PER_BATCH - 1) / SECTIONS_PER_BATCH;
    scan->buffers = memory_allocate_zeroed(executor->workers, sizeof *scan->buffers);
    executor_run(executor, batches, scan_batch, scan);
    for (unsigned i = 0; i < executor->workers; i++)
        buffer_free(&scan->buffers[i]);
    memory_free(scan->buffers);
    return !scan->is_damaged;
}
