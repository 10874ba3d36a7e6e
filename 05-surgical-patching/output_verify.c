/* SPDX-License-Identifier: MIT */
/*
 * The places of a clean build's sections are summed first, as for writing; then each section is
 * made in a buffer of the worker, and the bytes of the file at that place are read into another. An
 * output with an extra section, or one of another size, differs in every section from there on.
 */
#include "output_verify.h"

#include "binary_file.h"
#include "output_bytes.h"
#include "output_layout.h"
#include "system_calls.h"

#include <stdlib.h>
#include <unistd.h>

typedef struct SectionLook {
    uint64_t offset, size; /* in the output of a clean build */
    bool bytes_differ, record_differs;
} SectionLook;

typedef struct OutputLook {
    Build *build;
    Verification *verification;
    OutputFormat *format; /* NULL: text */
    const char *path; /* NULL: no output to compare */
    int fd;           /* of the output, or -1 */
    bool is_wrong;    /* some byte of it */
    OutputState state;
    const SectionRecord *records; /* what is recorded; NULL: nothing */
    OutputRecord clean;           /* what would be recorded of a clean build's output */
    SectionLook *sections;
    ByteBuffer *buffers; /* two per worker */
} OutputLook;

static void report_output(const OutputLook *look, const char *what)
{
    verification_report(look->verification, slice_from(look->path), what);
}

static void report_state(const OutputLook *look, const char *what)
{
    ByteBuffer name = {0};
    buffer_put(&name, slice_from(build_planned(look->build)->entry_id));
    buffer_put(&name, slice_from(".sections"));
    verification_report(look->verification, buffer_slice(&name), what);
    buffer_free(&name);
}

/* ---- opening ------------------------------------------------------------------------------- */

static bool is_kept(const OutputLook *look)
{
    return look->state.is_known && look->state.record.size_bytes != OUTPUT_NOT_KEPT;
}

static BuildStatus load_state(OutputLook *look)
{
    output_state_open(&look->state, look->build);
    if (!look->state.is_known)
        report_state(look, "nothing is recorded of the output");
    if (!is_kept(look))
        return BUILD_OK;
    int status = output_state_load(&look->state, look->build, build_section_count(look->build));
    if (status == 0)
        look->records = output_state_sections(&look->state);
    else if (status == -EBADMSG)
        report_state(look, "is missing, damaged or contradicts itself");
    else
        return build_fail(look->build, look->path == NULL ? "" : look->path,
                          "cannot read the output's state", status);
    return BUILD_OK;
}

static void open_output(OutputLook *look)
{
    struct stat status;
    if (look->path == NULL && is_kept(look))
        look->path = look->state.path;
    if (look->path == NULL)
        return;
    look->fd = open_file_at(AT_FDCWD, look->path, O_RDONLY);
    if (look->fd < 0) {
        bool is_other = errno == EINVAL || errno == EISDIR;
        report_output(look, errno == ENOENT ? "does not exist"
                            : is_other      ? "is not a regular file"
                                            : "cannot be read");
    } else if (fstat(look->fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        close(look->fd);
        look->fd = -1;
        report_output(look, "is not a regular file");
    }
}

/* ---- sections ------------------------------------------------------------------------------ */

static void measure_section(void *arg, size_t index, unsigned worker)
{
    OutputLook *look = arg;
    (void)worker;
    look->sections[index].size = section_size(look->build, look->format, (uint32_t)index);
}

static void sum_up(OutputLook *look)
{
    uint64_t offset = (uint64_t)look->clean.prelude_blocks * OUTPUT_BLOCK;
    for (uint32_t i = 0; i < build_section_count(look->build); i++) {
        look->sections[i].offset = offset;
        offset += look->sections[i].size;
    }
    look->clean.size_bytes = offset;
}

static bool file_has(const OutputLook *look, Slice expected, uint64_t offset, ByteBuffer *buffer)
{
    buffer->size = 0;
    buffer_reserve(buffer, expected.size);
    return read_all_at(look->fd, buffer->data, expected.size, offset) == 0 &&
           slice_equal(slice_of(buffer->data, expected.size), expected);
}

/* A text that holds a marker would not be written at all: it differs from any bytes. */
static void compare_section(void *arg, size_t index, unsigned worker)
{
    OutputLook *look = arg;
    SectionLook *section = &look->sections[index];
    ByteBuffer *buffers = &look->buffers[(size_t)worker * 2];
    SectionRecord clean;
    buffers[0].size = 0;
    buffer_reserve(&buffers[0], section->size);
    int status = section_make(look->build, look->format, (uint32_t)index, buffers[0].data,
                              section->size, &clean);
    Slice expected = slice_of(buffers[0].data, (size_t)section->size);
    if (look->fd >= 0)
        section->bytes_differ =
            status != 0 || !file_has(look, expected, section->offset, &buffers[1]);
    const SectionRecord *record = look->records == NULL ? NULL : &look->records[index];
    section->record_differs = record != NULL && (!hash_equal(record->bytes, clean.bytes) ||
                                                 record->blocks != clean.blocks);
}

static void compare_prelude(OutputLook *look)
{
    ByteBuffer bytes = {0};
    int status = prelude_make(look->build, look->format, &bytes, &look->clean);
    if (look->fd >= 0 &&
        (status != 0 || !file_has(look, buffer_slice(&bytes), 0, &look->buffers[0]))) {
        look->is_wrong = true;
        report_output(look, "its prelude is wrong");
    }
    buffer_free(&bytes);
}

static void report_sections(OutputLook *look)
{
    for (uint32_t i = 0; i < build_section_count(look->build); i++) {
        const SectionLook *section = &look->sections[i];
        Slice path = build_section_path(look->build, i);
        look->is_wrong |= section->bytes_differ;
        if (section->bytes_differ)
            verification_report(look->verification, path, "its section of the output is wrong");
        if (section->record_differs)
            verification_report(look->verification, path,
                                "what is recorded of its section is wrong");
    }
}

/* ---- the output as a whole ----------------------------------------------------------------- */

/* Would the next build take it as untouched? */
static bool stamp_is_believed(const OutputLook *look)
{
    FileStamp now;
    return look->state.is_known && file_stamp_of(look->fd, &now) == 0 &&
           file_stamp_proves(&look->state.record.known, &now);
}

static void compare_whole(OutputLook *look)
{
    struct stat status;
    if (look->fd < 0)
        return;
    if (fstat(look->fd, &status) == 0 && (uint64_t)status.st_size != look->clean.size_bytes) {
        look->is_wrong = true;
        report_output(look, "its size is wrong");
    }
    if (look->is_wrong && stamp_is_believed(look))
        report_output(look, "its stamp says that nobody changed it");
}

static void compare_record(const OutputLook *look)
{
    const OutputRecord *kept = &look->state.record, *clean = &look->clean;
    if (!look->state.is_known)
        return;
    if (!hash_equal(kept->prelude, clean->prelude) || kept->prelude_blocks != clean->prelude_blocks)
        report_state(look, "what is recorded of the prelude is wrong");
    if (is_kept(look) && kept->size_bytes != clean->size_bytes)
        report_state(look, "the recorded size of the output is wrong");
}

static void compare(OutputLook *look)
{
    Executor *executor = build_request(look->build)->executor;
    uint32_t count = build_section_count(look->build);
    look->sections = memory_allocate_zeroed(count + 1, sizeof *look->sections);
    look->buffers = memory_allocate_zeroed((size_t)executor->workers * 2, sizeof *look->buffers);
    compare_prelude(look);
    executor_run(executor, count, measure_section, look);
    sum_up(look);
    executor_run(executor, count, compare_section, look);
    report_sections(look);
    compare_whole(look);
    compare_record(look);
    look->verification->sections += count;
    look->verification->bytes += look->clean.size_bytes;
    for (unsigned i = 0; i < executor->workers * 2; i++)
        buffer_free(&look->buffers[i]);
    memory_free(look->buffers);
    memory_free(look->sections);
}

/* What cannot be put together is reported as such; no output can be right then. */
static BuildStatus begin_format(OutputLook *look)
{
    int status = look->format == NULL ? 0 : look->format->begin_all(look->format, look->build);
    return status == 0 ? BUILD_OK
                       : build_fail(look->build, look->path == NULL ? "" : look->path,
                                    look->format->failed, status);
}

BuildStatus output_verify(Build *build, const char *path, OutputFormat *format,
                          Verification *verification)
{
    OutputLook look = {.build = build, .format = format, .verification = verification,
                       .path = path, .fd = -1};
    if (verification->is_stale)
        return BUILD_OK;
    build_enter(build, BUILD_COMPARES);
    BuildStatus status = load_state(&look);
    if (status == BUILD_OK)
        status = begin_format(&look);
    if (status == BUILD_OK) {
        open_output(&look);
        compare(&look);
    }
    if (look.fd >= 0)
        close(look.fd);
    output_state_close(&look.state);
    return status;
}
