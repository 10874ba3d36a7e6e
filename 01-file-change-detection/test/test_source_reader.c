/* SPDX-License-Identifier: MIT */
/* Sources that are not on the disk: a project in memory, and overlays over the disk and over a
 * reader. */
#include "memory_reader.h"
#include "sample_project.h"
#include "thread_executor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const NAMES[] = {"b.mini", "lib/a.mini", "main.mini", "shared.mini", NULL};

typedef struct Fixture {
    SampleProject *project;
    MemoryReader memory;
    Arena arena;
} Fixture;

/* The four files are in memory, and none is on the disk. */
static int open_memory(void **state)
{
    Fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    sample_project_setup((void **)&fixture->project);
    memory_reader_open(&fixture->memory);
    memory_reader_load(&fixture->memory, &fixture->project->scratch, NAMES);
    for (int i = 0; NAMES[i] != NULL; i++)
        assert_int_equal(unlinkat(fixture->project->scratch.fd, NAMES[i], 0), 0);
    fixture->project->reader = &fixture->memory.reader;
    *state = fixture;
    return 0;
}

static int close_memory(void **state)
{
    Fixture *fixture = *state;
    sample_project_teardown((void **)&fixture->project);
    memory_reader_close(&fixture->memory);
    arena_free(&fixture->arena);
    free(fixture);
    return 0;
}

static void expect(Fixture *fixture, const char *reported, unsigned read)
{
    assert_int_equal(sample_project_discover(fixture->project), 0);
    assert_string_equal(fixture->project->reported.data, reported);
    assert_int_equal(fixture->project->found.files_hashed, read);
}

static const char added[] =
    "added b.mini\nadded lib/a.mini\nadded main.mini\nadded shared.mini\n";
static const char same[] = "same b.mini\nsame lib/a.mini\nsame main.mini\nsame shared.mini\n";

/* ---- a reader -------------------------------------------------------------------------------- */

/* A version needs no clock, and is trusted at once. */
static void versions_are_trusted_without_a_clock(void **state)
{
    Fixture *fixture = *state;
    int clock_fd = fixture->project->clock.fd;
    fixture->project->clock.fd = -1;
    expect(fixture, added, 4);
    expect(fixture, same, 0);
    fixture->project->clock.fd = clock_fd;
    assert_int_equal(fixture->memory.stamps, 4);
    memory_reader_put(&fixture->memory, "shared.mini", "const x = 2;\n");
    expect(fixture, "same b.mini\nsame lib/a.mini\nsame main.mini\nchanged shared.mini\n", 1);
    memory_reader_put(&fixture->memory, "shared.mini", "const x = 2; \n");
    memory_reader_put(&fixture->memory, "shared.mini", "const x = 2;\n");
    expect(fixture, "same b.mini\nsame lib/a.mini\nsame main.mini\ntouched shared.mini\n", 1);
}

static void what_has_no_stamp_is_read_every_time(void **state)
{
    Fixture *fixture = *state;
    memory_reader_file(&fixture->memory, "b.mini")->version = 0;
    expect(fixture, added, 4);
    for (int i = 0; i < 2; i++)
        expect(fixture, "touched b.mini\nsame lib/a.mini\nsame main.mini\nsame shared.mini\n", 1);
}

/* The stamp of a file on some disk is no proof without that disk's clock, nor is it one at once. */
static int stamp_as_a_disk_would(void *context, const char *path, FileStamp *stamp)
{
    int status = ((MemoryReader *)context)->reader.stamp(context, path, stamp);
    int64_t version = (int64_t)stamp->inode;
    *stamp = (FileStamp){.size_bytes = version, .mtime_ns = 1, .ctime_ns = 2, .inode = 3};
    return status;
}

static int read_as_a_disk_would(void *context, const char *path, size_t limit, Arena *arena,
                                Slice *bytes, FileStamp *stamp)
{
    int status = ((MemoryReader *)context)->reader.read(context, path, limit, arena, bytes, stamp);
    return status != 0 ? status : stamp_as_a_disk_would(context, path, stamp);
}

static void the_stamp_of_a_disk_is_judged_as_one(void **state)
{
    Fixture *fixture = *state;
    SourceReader reader = {stamp_as_a_disk_would, read_as_a_disk_would, &fixture->memory};
    fixture->project->reader = &reader;
    expect(fixture, added, 4);
    expect(fixture, "touched b.mini\ntouched lib/a.mini\ntouched main.mini\n"
                    "touched shared.mini\n", 4);
    for (uint32_t i = 0; i < fixture->project->cache.count; i++)
        assert_int_not_equal(fixture->project->cache.records[i].known.racy_since_ns, 0);
}

static void what_is_found_is_what_the_disk_would_give(void **state)
{
    Fixture *fixture = *state;
    SampleProject *project = fixture->project;
    expect(fixture, added, 4);
    Hash128 in_memory = file_hash_cache_combined(&project->cache, (Hash128){0});
    file_hash_cache_close(&project->cache);
    sample_project_write(project);
    project->reader = NULL;
    expect(fixture, added, 4);
    assert_true(hash_equal(in_memory, file_hash_cache_combined(&project->cache, (Hash128){0})));
}

static void many_workers_may_read(void **state)
{
    enum { FILES = 24 };
    Fixture *fixture = *state;
    ByteBuffer imports = {0};
    fixture->project->executor = &thread_executor;
    for (int i = 0; i < FILES; i++) {
        char name[32];
        snprintf(name, sizeof name, "f%02d.mini", i);
        buffer_put_format(&imports, "import \"%s\" as f%d;\n", name, i);
        memory_reader_put(&fixture->memory, name, "import \"shared.mini\" as shared;\n");
    }
    memory_reader_put_bytes(&fixture->memory, "main.mini", buffer_slice(&imports));
    buffer_free(&imports);
    assert_int_equal(sample_project_discover(fixture->project), 0);
    assert_int_equal(fixture->project->found.files_hashed, FILES + 2);
    assert_int_equal(sample_project_discover(fixture->project), 0);
    assert_int_equal(fixture->project->found.files_hashed, 0);
    for (int i = 0; i < FILES; i++)
        assert_int_equal(fixture->memory.files[4 + i].reads, 1);
}

/* Many files may have one version, if that is a hash of their bytes: these are no names of one. */
static void equal_versions_are_no_links(void **state)
{
    Fixture *fixture = *state;
    ByteBuffer imports = {0};
    for (int i = 0; i < 120; i++) {
        char name[32];
        snprintf(name, sizeof name, "f%d.mini", i);
        buffer_put_format(&imports, "import \"%s\" as f%d;\n", name, i);
        memory_reader_put(&fixture->memory, name, "import \"shared.mini\" as s;\n")->version = 9;
    }
    memory_reader_put_bytes(&fixture->memory, "main.mini", buffer_slice(&imports));
    buffer_free(&imports);
    assert_int_equal(sample_project_discover(fixture->project), 0);
    assert_int_equal(fixture->project->cache.count, 122);
}

/* ---- failures -------------------------------------------------------------------------------- */

static void a_file_that_cannot_be_read_fails_and_is_named(void **state)
{
    Fixture *fixture = *state;
    MemoryFile *file = memory_reader_file(&fixture->memory, "b.mini");
    for (int is_warm = 0; is_warm < 2; is_warm++) {
        file->read_status = file->stamp_status = -EIO;
        assert_int_equal(sample_project_discover(fixture->project), -EIO);
        assert_string_equal(fixture->project->found.error_path, "b.mini");
        file->read_status = file->stamp_status = 0;
        file_hash_cache_close(&fixture->project->cache);
        expect(fixture, added, 4);
    }
}

/* A stamp that comes with an error proves nothing, even if it is the recorded one. */
static void a_stamp_that_fails_proves_nothing(void **state)
{
    Fixture *fixture = *state;
    expect(fixture, added, 4);
    memory_reader_file(&fixture->memory, "b.mini")->stamp_status = -EIO;
    expect(fixture, "touched b.mini\nsame lib/a.mini\nsame main.mini\nsame shared.mini\n", 1);
}

static void a_stamp_of_what_is_not_there_helps_nobody(void **state)
{
    Fixture *fixture = *state;
    memory_reader_file(&fixture->memory, "b.mini")->read_status = -ENOENT;
    for (int searches = 0; searches < 2; searches++) {
        fixture->project->searches = searches;
        assert_int_equal(sample_project_discover(fixture->project), -EBADMSG);
        const Diagnostic *first = &fixture->project->diagnostics.items[0];
        assert_string_equal(first->path.data, "lib/a.mini");
        assert_non_null(strstr(first->message.data, "there is no such file"));
        file_hash_cache_close(&fixture->project->cache);
    }
}

static void a_directory_is_no_file(void **state)
{
    Fixture *fixture = *state;
    MemoryFile *file = memory_reader_file(&fixture->memory, "b.mini");
    file->read_status = file->stamp_status = -EISDIR;
    assert_int_equal(sample_project_discover(fixture->project), -EBADMSG);
    const Diagnostic *first = &fixture->project->diagnostics.items[0];
    assert_non_null(strstr(first->message.data, "it is a directory"));
}

static int read_nothing(void *context, const char *path, size_t limit, Arena *arena, Slice *bytes,
                        FileStamp *stamp)
{
    (void)context, (void)path, (void)limit, (void)arena;
    *bytes = (Slice){NULL, 0};
    *stamp = file_stamp_of_version(1, 1);
    return 0;
}

/* A change without data is one that was not read. */
static void an_empty_file_has_bytes(void **state)
{
    Fixture *fixture = *state;
    SourceReader reader = {fixture->memory.reader.stamp, read_nothing, &fixture->memory};
    fixture->project->reader = &reader;
    expect(fixture, "added main.mini\n", 1);
    assert_non_null(fixture->project->found.changes[0].source.data);
}

/* Whoever refuses large files gets one byte more than is allowed, and the file is never trusted. */
static void a_large_file_is_cut_and_not_trusted(void **state)
{
    Fixture *fixture = *state;
    fixture->project->largest_source = 60;
    memory_reader_put(&fixture->memory, "shared.mini",
                      "const x = 1; // 0123456789012345678901234567890123456789012345678901234567");
    expect(fixture, added, 4);
    const FileChange *change = &fixture->project->found.changes[3];
    assert_int_equal(change->source.size, 61);
    assert_int_equal(change->source.data[61], '\0');
    expect(fixture, "same b.mini\nsame lib/a.mini\nsame main.mini\ntouched shared.mini\n", 1);
}

/* ---- where imports lead ---------------------------------------------------------------------- */

static void absent_paths_are_asked_of_the_reader(void **state)
{
    Fixture *fixture = *state;
    fixture->project->searches = true;
    memory_reader_put(&fixture->memory, "main.mini", "import \"x.mini\" as x;\n");
    memory_reader_put(&fixture->memory, "inc/x.mini", "");
    scratch_write(&fixture->project->scratch, "x.mini", "on the disk it is no candidate");
    expect(fixture, "added inc/x.mini\nadded main.mini\n", 2);
    memory_reader_put(&fixture->memory, "x.mini", "");
    expect(fixture, "removed inc/x.mini\nredirected main.mini\nadded x.mini\n", 2);
    memory_reader_remove(&fixture->memory, "x.mini");
    expect(fixture, "removed x.mini\nadded inc/x.mini\nredirected main.mini\n", 2);
}

/* ---- overlays -------------------------------------------------------------------------------- */

static void lay_over(Fixture *fixture, SourceOverlays *overlays, const SourceOverlay *files,
                     size_t count)
{
    assert_null(source_overlays_make(overlays, files, count, fixture->project->scratch.fd,
                                     fixture->project->reader, &fixture->arena));
    fixture->project->reader = &overlays->reader;
}

static void write_trusted(Fixture *fixture)
{
    fixture->project->reader = NULL;
    sample_project_write(fixture->project);
    scratch_settle(&fixture->project->scratch);
}

static void an_overlay_is_read_instead_of_the_disk(void **state)
{
    Fixture *fixture = *state;
    SourceOverlays overlays;
    const SourceOverlay files[] = {{"shared.mini", slice_from("const x = 3;\n")},
                                   {"./lib/../b.mini", slice_from("import \"new.mini\" as n;\n")},
                                   {"new.mini", slice_from("const n = 1;\n")}};
    write_trusted(fixture);
    expect(fixture, added, 4);
    lay_over(fixture, &overlays, files, 3);
    expect(fixture, "changed b.mini\nsame lib/a.mini\nsame main.mini\nadded new.mini\n"
                    "changed shared.mini\n", 3);
    fixture->project->reader = NULL;
    expect(fixture, "removed new.mini\nchanged b.mini\nsame lib/a.mini\nsame main.mini\n"
                    "changed shared.mini\n", 2);
}

/* Nothing is taken for the file on the disk: with equal bytes, no stamp is recorded either. */
static void the_stamp_of_an_overlay_is_never_recorded(void **state)
{
    Fixture *fixture = *state;
    SourceOverlays overlays;
    const SourceOverlay files[] = {{"shared.mini", slice_from("const x = 1;\n")}};
    write_trusted(fixture);
    expect(fixture, added, 4);
    lay_over(fixture, &overlays, files, 1);
    expect(fixture, "same b.mini\nsame lib/a.mini\nsame main.mini\ntouched shared.mini\n", 1);
    uint32_t file = file_hash_cache_find(&fixture->project->cache, slice_from("shared.mini"));
    const FileStamp none = {0};
    assert_memory_equal(&fixture->project->cache.records[file].known.stamp, &none, sizeof none);
}

static void an_overlay_may_hide_a_file(void **state)
{
    Fixture *fixture = *state;
    SourceOverlays overlays;
    const SourceOverlay files[] = {{"shared.mini", {NULL, 0}}};
    write_trusted(fixture);
    expect(fixture, added, 4);
    lay_over(fixture, &overlays, files, 1);
    assert_int_equal(sample_project_discover(fixture->project), -EBADMSG);
    assert_int_equal(fixture->project->diagnostics.count, 2);
    fixture->project->reader = NULL;
    expect(fixture, added, 4); /* a table with gaps is not started from */
}

static void overlays_lie_over_a_reader_as_well(void **state)
{
    Fixture *fixture = *state;
    SourceOverlays lower, upper;
    const SourceOverlay first[] = {{"shared.mini", slice_from("const x = 2;\n")},
                                   {"shared.mini", slice_from("const x = 3;\n")}};
    const SourceOverlay second[] = {{"b.mini", slice_from("")}};
    expect(fixture, added, 4);
    lay_over(fixture, &lower, first, 2);
    lay_over(fixture, &upper, second, 1);
    expect(fixture, "changed b.mini\nsame lib/a.mini\nsame main.mini\nchanged shared.mini\n", 2);
    size_t at = 1; /* of two with one path, the last counts */
    assert_true(slice_equal(fixture->project->found.changes[at].source, first[1].bytes));
}

static void a_path_that_no_file_can_have_is_returned(void **state)
{
    Fixture *fixture = *state;
    SourceOverlays overlays;
    const SourceOverlay files[] = {{"b.mini", slice_from("")}, {"lib/", slice_from("")}};
    assert_ptr_equal(source_overlays_make(&overlays, files, 2, -1, &fixture->memory.reader,
                                          &fixture->arena), &files[1]);
}

static void an_overlay_is_cut_at_the_limit(void **state)
{
    Fixture *fixture = *state;
    SourceOverlays overlays;
    const SourceOverlay files[] = {{"b.mini", slice_from("0123456789")}};
    Slice bytes;
    FileStamp stamp;
    lay_over(fixture, &overlays, files, 1);
    for (size_t limit = 0; limit < 12; limit++) {
        assert_int_equal(source_read_bytes(&overlays.reader, -1, "b.mini", limit, &fixture->arena,
                                           &bytes, &stamp), 0);
        assert_int_equal(bytes.size, limit == 0 || limit > 10 ? 10 : limit);
        assert_int_equal(bytes.data[bytes.size], '\0');
    }
}

#define CASE_IN_MEMORY(name) cmocka_unit_test_setup_teardown(name, open_memory, close_memory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_IN_MEMORY(versions_are_trusted_without_a_clock),
        CASE_IN_MEMORY(what_has_no_stamp_is_read_every_time),
        CASE_IN_MEMORY(the_stamp_of_a_disk_is_judged_as_one),
        CASE_IN_MEMORY(what_is_found_is_what_the_disk_would_give),
        CASE_IN_MEMORY(many_workers_may_read),
        CASE_IN_MEMORY(equal_versions_are_no_links),
        CASE_IN_MEMORY(a_file_that_cannot_be_read_fails_and_is_named),
        CASE_IN_MEMORY(a_stamp_that_fails_proves_nothing),
        CASE_IN_MEMORY(a_stamp_of_what_is_not_there_helps_nobody),
        CASE_IN_MEMORY(a_directory_is_no_file),
        CASE_IN_MEMORY(an_empty_file_has_bytes),
        CASE_IN_MEMORY(a_large_file_is_cut_and_not_trusted),
        CASE_IN_MEMORY(absent_paths_are_asked_of_the_reader),
        CASE_IN_MEMORY(an_overlay_is_read_instead_of_the_disk),
        CASE_IN_MEMORY(the_stamp_of_an_overlay_is_never_recorded),
        CASE_IN_MEMORY(an_overlay_may_hide_a_file),
        CASE_IN_MEMORY(overlays_lie_over_a_reader_as_well),
        CASE_IN_MEMORY(a_path_that_no_file_can_have_is_returned),
        CASE_IN_MEMORY(an_overlay_is_cut_at_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
