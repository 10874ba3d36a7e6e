/* SPDX-License-Identifier: MIT */
/*
 * The output, written from its first byte to its last whenever anything changed. Nothing need be
 * known of the existing file: neither where a section begins, nor whether it still fits.
 */
#include "naive.h"
#include "output_layout.h"

#include <errno.h>
#include <stdio.h>

static void print_prelude(FILE *file, Slice prelude, ByteBuffer *blocks)
{
    size_t size = (size_t)prelude_blocks(prelude) * OUTPUT_BLOCK;
    buffer_reserve(blocks, size);
    prelude_write(blocks->data, prelude);
    fwrite(blocks->data, 1, size, file);
}

static void print_section(FILE *file, const Build *build, uint32_t section, ByteBuffer *blocks)
{
    uint32_t count;
    Slice path = build_section_path(build, section);
    const Slice *texts = build_section_texts(build, section, &count);
    size_t size = (size_t)section_blocks(path, texts, count) * OUTPUT_BLOCK;
    buffer_reserve(blocks, size);
    section_write(blocks->data, path, texts, count);
    fwrite(blocks->data, 1, size, file);
}

static BuildStatus print_all(Build *build, const char *path)
{
    ByteBuffer blocks = {0};
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        return build_fail(build, path, "cannot open the output", errno);
    print_prelude(file, build_prelude(build), &blocks);
    for (uint32_t i = 0; i < build_section_count(build); i++)
        print_section(file, build, i, &blocks);
    buffer_free(&blocks);
    bool is_written = !ferror(file);
    return fclose(file) == 0 && is_written
               ? BUILD_OK
               : build_fail(build, path, "cannot write the output", errno);
}

BuildStatus naive_write_output(Build *build, const char *path)
{
    build_want_all(build);
    BuildStatus status = build_emit(build);
    if (status == BUILD_OK)
        status = build_save(build);
    if (status == BUILD_OK)
        status = build_begin_output(build);
    if (status == BUILD_OK)
        status = print_all(build, path);
    return status == BUILD_OK ? build_commit(build) : status;
}
