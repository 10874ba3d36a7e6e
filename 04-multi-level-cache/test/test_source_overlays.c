/* SPDX-License-Identifier: MIT */
/* Builds of sources that are not on the disk: unsaved buffers, and a whole project in memory. */
#include "build_drop.h"
#include "line_language.h"
#include "line_sample.h"
#include "memory_reader.h"
#include "output_place.h"
#include "thread_executor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A slice of a literal, also where a constant is needed. */
#define LITERAL(text) {text, sizeof(text) - 1}

static LineRequest with(const SourceOverlay *overlays, size_t count)
{
    return (LineRequest){.overlays = overlays, .overlay_count = count};
}

/* The texts that the overlays make, which must be those of a clean build, also one by itself. */
static LineRun preview(LineProject *project, const SourceOverlay *overlays, size_t count,
                       const char *path, const char *text)
{
    LineOutput texts = {0}, clean = {0};
    LineRun run = line_project_preview(project, with(overlays, count), &texts);
    LineRun plain = line_project_build_clean(project, with(overlays, count), &clean);
    assert_string_equal(run.diagnostics.data, plain.diagnostics.data);
    assert_int_equal(run.status, BUILD_OK);
    assert_true(line_output_equal(&texts, &clean));
    assert_string_equal(line_output_section(&texts, path), text);
    line_run_free(&plain);
    line_output_free(&texts);
    line_output_free(&clean);
    return run;
}

static void expect_work(LineRun run, unsigned read, unsigned lowered, unsigned emitted)
{
    assert_int_equal(run.counts.files_hashed, read);
    assert_int_equal(run.counts.files_lowered, lowered);
    assert_int_equal(run.counts.functions_emitted, emitted);
    line_run_free(&run);
}

/* ---- nothing but objects is kept ------------------------------------------------------------- */

static const SourceOverlay edited_lib[] = {
    {"lib.line", LITERAL("unit box(w h)\nunit area(a $box) added\n")}};
static const char edited_text[] = "lib.line:area(a <lib.line:box(w h)>) added\n";

typedef struct StateFiles { /* what a build records, and how */
    char *texts[64];
    size_t sizes[64];
    FileList list;
} StateFiles;

static bool is_pack(const char *path)
{
    return strstr(path, "/zir.") != NULL || strstr(path, "/air.") != NULL;
}

static StateFiles read_state(const LineProject *project)
{
    StateFiles state = {.list = scratch_list(&project->scratch, "cache")};
    for (unsigned i = 0; i < state.list.count; i++)
        state.texts[i] = scratch_read(&project->scratch, state.list.paths[i], &state.sizes[i]);
    return state;
}

static void expect_same_state(const LineProject *project, StateFiles before)
{
    StateFiles now = read_state(project);
    assert_int_equal(now.list.count, before.list.count);
    for (unsigned i = 0; i < now.list.count; i++) {
        assert_string_equal(now.list.paths[i], before.list.paths[i]);
        if (!is_pack(now.list.paths[i])) {
            assert_int_equal(now.sizes[i], before.sizes[i]);
            assert_memory_equal(now.texts[i], before.texts[i], now.sizes[i]);
        }
        free(now.texts[i]);
        free(before.texts[i]);
    }
}

static void a_preview_leaves_objects_and_no_state(void **state)
{
    LineProject *project = *state;
    line_rebuild(project);
    scratch_settle(&project->scratch);
    line_rebuild(project);
    StateFiles before = read_state(project);
    expect_work(preview(project, edited_lib, 1, "lib.line", edited_text), 1, 1, 1);
    expect_same_state(project, before);

    LineRun run = line_build(project, (LineRequest){0});
    assert_true(run.is_unchanged);
    expect_work(run, 0, 0, 0);
    scratch_write_bytes(&project->scratch, "lib.line", edited_lib[0].bytes);
    run = line_build(project, (LineRequest){0});
    assert_string_equal(run.dirty.data, "lib.line\n");
    expect_work(run, 1, 0, 0);
    assert_string_equal(line_output_section(&project->output, "lib.line"), edited_text);
}

static void a_preview_may_come_first(void **state)
{
    LineProject *project = *state;
    expect_work(preview(project, edited_lib, 1, "lib.line", edited_text), 2, 2, 2);
    LineRun run = line_build(project, (LineRequest){0});
    assert_false(run.had_state);
    expect_work(run, 2, 1, 1);
}

static void an_overlay_like_the_file_is_no_change(void **state)
{
    LineProject *project = *state;
    line_rebuild(project);
    scratch_settle(&project->scratch);
    line_rebuild(project);
    size_t size;
    char *text = scratch_read(&project->scratch, "lib.line", &size);
    const SourceOverlay same[] = {{"lib.line", slice_of(text, size)}};
    LineOutput texts = {0};
    LineRun run = line_project_preview(project, with(same, 1), &texts);
    assert_true(run.is_unchanged);
    assert_true(line_output_equal(&texts, &project->output));
    expect_work(run, 1, 0, 0);
    line_output_free(&texts);
    free(text);
}

/* What is lowered is kept if nothing had to be emitted. */
static void a_comment_is_lowered_once(void **state)
{
    LineProject *project = *state;
    const SourceOverlay comment[] = {
        {"lib.line", LITERAL("# new\nunit box(w h)\nunit area(a $box) multiplied\n")}};
    line_rebuild(project);
    scratch_settle(&project->scratch);
    line_rebuild(project);
    expect_work(preview(project, comment, 1, "lib.line",
                        "lib.line:area(a <lib.line:box(w h)>) multiplied\n"),
                1, 1, 0);
    scratch_write_bytes(&project->scratch, "lib.line", comment[0].bytes);
    expect_work(line_build(project, (LineRequest){0}), 1, 0, 0);
}

static void expect_refusal(LineSteps *steps, BuildStatus status)
{
    assert_int_equal(status, BUILD_MISUSED);
    assert_string_equal(build_failure(steps->build)->what, "a build with overlays has no output");
}

static void what_would_record_something_is_refused(void **state)
{
    LineProject *project = *state;
    LineSteps steps;
    DropCounts dropped;
    line_rebuild(project);
    StateFiles before = read_state(project);
    assert_int_equal(line_steps_open(&steps, project, with(edited_lib, 1)), BUILD_OK);
    assert_int_equal(build_plan(steps.build), BUILD_OK);
    assert_int_equal(build_emit(steps.build), BUILD_OK);
    assert_int_equal(build_save(steps.build), BUILD_OK);
    expect_refusal(&steps, build_begin_output(steps.build));
    expect_refusal(&steps, build_commit(steps.build));
    expect_refusal(&steps, build_drop(steps.build, 0, (Slice){"", 0}, &dropped));
    expect_refusal(&steps, build_drop_all(steps.build, &dropped));
    build_close(steps.build);
    expect_same_state(project, before);
}

/* ---- files that come and go ------------------------------------------------------------------ */

static void a_file_may_be_nowhere_else(void **state)
{
    LineProject *project = *state;
    const SourceOverlay files[] = {
        {"new/sub.line", LITERAL("unit sum adds\n")},
        {"./main.line", LITERAL("import \"new/sub.line\" as sub\nunit main $sub.sum\n")}};
    line_rebuild(project);
    LineRun run = preview(project, files, 2, "main.line", "main() <new/sub.line:sum()>\n");
    assert_int_equal(run.counts.files_total, 2);
    assert_int_equal(run.counts.files_removed, 1);
    line_run_free(&run);
    run = line_build(project, (LineRequest){0});
    assert_true(run.is_unchanged);
    line_run_free(&run);
}

static void a_file_may_be_hidden(void **state)
{
    LineProject *project = *state;
    const SourceOverlay hidden[] = {{"lib.line", {NULL, 0}}};
    line_rebuild(project);
    LineOutput none = {0};
    LineRun run = line_project_preview(project, with(hidden, 1), &none);
    assert_int_equal(run.status, BUILD_PROGRAM_WRONG);
    assert_string_equal(run.diagnostics.data, "main.line:1:1: error: cannot import \"lib.line\": "
                                              "there is no such file\n");
    line_run_free(&run);
    run = line_build(project, (LineRequest){0});
    assert_true(run.is_unchanged);
    line_run_free(&run);
}

static void the_entry_may_be_an_overlay(void **state)
{
    LineProject *project = *state;
    const SourceOverlay entry[] = {{"main.line", LITERAL("unit main alone\n")}};
    const SourceOverlay hidden[] = {{"main.line", {NULL, 0}}};
    LineSteps steps;
    assert_int_equal(unlinkat(project->scratch.fd, "main.line", 0), 0);
    LineRun run = preview(project, entry, 1, "main.line", "main() alone\n");
    line_run_free(&run);
    line_pair_write(project);
    assert_int_equal(line_steps_open(&steps, project, with(hidden, 1)), BUILD_MISUSED);
    assert_int_equal(build_failure(steps.build)->error, ENOENT);
    build_close(steps.build);
}

static void a_list_may_name_overlays(void **state)
{
    static const char *const list[] = {"tool.line"};
    LineProject *project = *state;
    const SourceOverlay tool[] = {{"tool.line", LITERAL("unit work done\n")}};
    LineRequest request = with(tool, 1);
    request.more_entries = list;
    request.more_entry_count = 1;
    LineOutput texts = {0};
    LineRun run = line_project_preview(project, request, &texts);
    assert_int_equal(run.status, BUILD_OK);
    assert_string_equal(line_output_section(&texts, "tool.line"), "tool.line:work() done\n");
    line_run_free(&run);
    line_output_free(&texts);
}

static void a_path_that_no_file_can_have_is_refused(void **state)
{
    LineProject *project = *state;
    const SourceOverlay files[] = {edited_lib[0], {"lib/..", LITERAL("")}};
    LineSteps steps;
    assert_int_equal(line_steps_open(&steps, project, with(files, 2)), BUILD_MISUSED);
    assert_string_equal(build_failure(steps.build)->path, "lib/..");
    build_close(steps.build);
    assert_false(scratch_exists(&project->scratch, "cache"));
}

/* ---- what errors may quote ------------------------------------------------------------------- */

/* What an editor does at each pause. State and output stay as they are. The caller asks the build
 * for its diagnostics, and closes it. */
static BuildStatus check_unsaved(BuildRequest request, const SourceOverlay *unsaved, size_t count,
                                 Build **build)
{
    request.overlays = unsaved;
    request.overlay_count = count;
    BuildStatus status = build_open(build, &request);
    if (status == BUILD_OK)
        status = build_plan(*build);
    if (status == BUILD_OK)
        status = build_emit(*build); /* keeps what was lowered even if there is nothing to emit */
    return status;
}

static void an_error_quotes_what_is_unsaved(void **state)
{
    LineProject *project = *state;
    const SourceOverlay wrong[] = {{"lib.line", LITERAL("unit box(w h)\nbroken\n")}};
    Compiler compiler = line_language("");
    Build *build;
    Slice source;
    Arena arena = {0};
    ByteBuffer shown = {0};
    char entry[512];
    line_rebuild(project);
    snprintf(entry, sizeof entry, "%s/main.line", project->scratch.path);
    BuildRequest request = {.compiler = &compiler, .entry = entry, .executor = &executor_serial};
    assert_int_equal(check_unsaved(request, wrong, 1, &build), BUILD_PROGRAM_WRONG);
    assert_int_equal(build_diagnostics(build)->count, 1);
    const Diagnostic *diagnostic = &build_diagnostics(build)->items[0];
    assert_true(build_source(build, diagnostic->path, &arena, &source));
    diagnostic_format(diagnostic, source, &shown);
    buffer_put_byte(&shown, '\0');
    assert_string_equal(shown.data, "lib.line:2:1: error: what is this line?: 'broken'\n"
                                    "broken\n^\n");
    build_close(build);
    buffer_free(&shown);
    arena_free(&arena);
}

static void expect_quote(const LineSteps *steps, const char *path, const char *text)
{
    Arena arena = {0};
    Slice source;
    bool may_quote = build_source(steps->build, slice_from(path), &arena, &source);
    assert_int_equal(may_quote, text != NULL);
    assert_true(slice_equal(source, slice_from(text == NULL ? "" : text)));
    arena_free(&arena);
}

static void overlays_are_quoted_where_their_files_would_be(void **state)
{
    LineProject *project = *state;
    char absolute[512], outside[512];
    const Scratch *scratch = &project->scratch;
    snprintf(absolute, sizeof absolute, "%s/absolute.line", scratch->path);
    snprintf(outside, sizeof outside, "%s-other/x.line", scratch->path);
    assert_int_equal(symlinkat("/etc/passwd", scratch->fd, "link.line"), 0);
    const SourceOverlay files[] = {
        {"lib.line", LITERAL("laid over")}, {"new/x.line", LITERAL("new")},
        {"../x.line", LITERAL("above")},    {"link.line", LITERAL("elsewhere")},
        {absolute, LITERAL("inside")},      {outside, LITERAL("outside")}};
    LineSteps steps;
    assert_int_equal(line_steps_open(&steps, project, with(files, 6)), BUILD_OK);
    expect_quote(&steps, "lib.line", "laid over");
    expect_quote(&steps, "new/x.line", "new");
    expect_quote(&steps, absolute, "inside");
    expect_quote(&steps, outside, NULL);
    expect_quote(&steps, "../x.line", NULL);
    expect_quote(&steps, "link.line", NULL); /* the disk has it, and not here */
    expect_quote(&steps, "cache/secret", NULL);
    expect_quote(&steps, "none.line", NULL);
    build_close(steps.build);
}

/* ---- a project in memory --------------------------------------------------------------------- */

static const char *const PAIR[] = {"main.line", "lib.line", NULL};

typedef struct InMemory {
    LineProject *project;
    MemoryReader memory;
} InMemory;

static int open_memory(void **state)
{
    InMemory *in_memory = calloc(1, sizeof *in_memory);
    assert_non_null(in_memory);
    line_pair_setup((void **)&in_memory->project);
    memory_reader_open(&in_memory->memory);
    memory_reader_load(&in_memory->memory, &in_memory->project->scratch, PAIR);
    for (int i = 0; PAIR[i] != NULL; i++)
        assert_int_equal(unlinkat(in_memory->project->scratch.fd, PAIR[i], 0), 0);
    *state = in_memory;
    return 0;
}

static int close_memory(void **state)
{
    InMemory *in_memory = *state;
    memory_reader_close(&in_memory->memory);
    line_project_teardown((void **)&in_memory->project);
    free(in_memory);
    return 0;
}

static LineRequest from(const InMemory *in_memory)
{
    return (LineRequest){.reader = &in_memory->memory.reader};
}

static void a_project_may_live_in_memory(void **state)
{
    InMemory *in_memory = *state;
    LineProject *project = in_memory->project;
    LineRequest request = from(in_memory);
    expect_work(line_build(project, request), 2, 2, 2);
    LineRun run = line_build(project, request);
    assert_true(run.is_unchanged);
    expect_work(run, 0, 0, 0);
    memory_reader_put_bytes(&in_memory->memory, "lib.line", edited_lib[0].bytes);
    request.executor = &thread_executor;
    expect_work(line_build(project, request), 1, 1, 1);
    assert_string_equal(line_output_section(&project->output, "lib.line"), edited_text);
    ByteBuffer differences = line_project_verify(project, request, NULL);
    assert_string_equal(differences.data, "");
    buffer_free(&differences);
    memory_reader_put(&in_memory->memory, "lib.line", "unit area(a) new\n");
    differences = line_project_verify(project, request, NULL);
    assert_string_equal(differences.data, "lib.line: was edited since the last build\n");
    buffer_free(&differences);
}

/* With the same bytes: the versions were never seen on the disk, nor its stamps in memory. */
static void the_disk_and_the_memory_share_a_cache(void **state)
{
    InMemory *in_memory = *state;
    LineProject *project = in_memory->project;
    line_pair_write(project);
    expect_work(line_build(project, from(in_memory)), 2, 2, 2);
    LineRun run = line_build(project, (LineRequest){0});
    assert_true(run.is_unchanged);
    expect_work(run, 2, 0, 0);
    run = line_build(project, from(in_memory));
    assert_true(run.is_unchanged);
    expect_work(run, 2, 0, 0);
}

static void overlays_lie_over_a_reader(void **state)
{
    InMemory *in_memory = *state;
    LineRequest request = from(in_memory);
    LineOutput texts = {0};
    expect_work(line_build(in_memory->project, request), 2, 2, 2);
    request.overlays = edited_lib;
    request.overlay_count = 1;
    expect_work(line_project_preview(in_memory->project, request, &texts), 1, 1, 1);
    assert_string_equal(line_output_section(&texts, "lib.line"), edited_text);
    line_output_free(&texts);
    expect_work(line_build(in_memory->project, from(in_memory)), 0, 0, 0);
}

static void what_the_reader_has_may_be_quoted_inside_the_project(void **state)
{
    InMemory *in_memory = *state;
    LineSteps steps;
    memory_reader_put(&in_memory->memory, "../above.line", "secret");
    memory_reader_put(&in_memory->memory, "lib.line", "unit x\n");
    assert_int_equal(line_steps_open(&steps, in_memory->project, from(in_memory)), BUILD_OK);
    expect_quote(&steps, "lib.line", "unit x\n");
    expect_quote(&steps, "../above.line", NULL);
    expect_quote(&steps, "none.line", "");
    build_close(steps.build);
}

/* A version has no number of a file, and the reader may well show what is on the disk. */
static void a_source_on_the_disk_is_no_place_for_the_output(void **state)
{
    InMemory *in_memory = *state;
    LineSteps steps;
    FileStamp there;
    line_pair_write(in_memory->project);
    scratch_write(&in_memory->project->scratch, "out", "");
    assert_int_equal(line_steps_open(&steps, in_memory->project, from(in_memory)), BUILD_OK);
    assert_int_equal(build_plan(steps.build), BUILD_OK);
    assert_int_equal(file_stamp_at(in_memory->project->scratch.fd, "lib.line", &there), 0);
    assert_true(output_place_is_source(steps.build, &there));
    assert_int_equal(file_stamp_at(in_memory->project->scratch.fd, "out", &there), 0);
    assert_false(output_place_is_source(steps.build, &there));
    build_close(steps.build);
}

/* ---- readers that fail ----------------------------------------------------------------------- */

static void a_file_that_cannot_be_read_fails_the_build(void **state)
{
    InMemory *in_memory = *state;
    LineProject *project = in_memory->project;
    for (int i = 0; PAIR[i] != NULL; i++) {
        MemoryFile *file = memory_reader_file(&in_memory->memory, PAIR[i]);
        file->stamp_status = file->read_status = -EIO;
        LineRun run = line_project_build(project, from(in_memory));
        assert_int_equal(run.status, BUILD_MACHINE_FAILED);
        assert_int_equal(run.failure.error, EIO);
        assert_non_null(strstr(run.failure.path, PAIR[i]));
        line_run_free(&run);
        file->stamp_status = file->read_status = 0;
    }
    expect_work(line_build(project, from(in_memory)), 2, 2, 2);
}

static void remove_pack(const LineProject *project)
{
    assert_int_equal(unlinkat(project->scratch.fd, "cache/zir.pack", 0), 0);
}

/* The lowered form is lost, and the file that it is made from again has other bytes by now, which
 * its version hides. */
static void other_bytes_at_the_second_read_are_found(void **state)
{
    InMemory *in_memory = *state;
    LineProject *project = in_memory->project;
    MemoryFile *lib = memory_reader_file(&in_memory->memory, "lib.line");
    lib->changes_after = 2;
    LineRun run = line_project_build(project, from(in_memory));
    assert_int_equal(run.status, BUILD_OK);
    line_run_free(&run);
    assert_int_equal(lib->reads, 1);
    remove_pack(project);
    memory_reader_put(&in_memory->memory, "main.line",
                      "import \"lib.line\" as lib\nunit main twice $lib.area\n");
    run = line_project_build(project, from(in_memory));
    assert_int_equal(run.status, BUILD_MACHINE_FAILED);
    assert_string_equal(run.failure.path, "lib.line");
    assert_string_equal(run.failure.what, "the file was changed while it was built");
    assert_int_equal(lib->reads, 2);
    line_run_free(&run);
    lib->changes_after = 0;
    run = line_build(project, from(in_memory));
    line_run_free(&run);
}

#define CASE_IN_MEMORY(name) cmocka_unit_test_setup_teardown(name, open_memory, close_memory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_WITH_PAIR(a_preview_leaves_objects_and_no_state),
        CASE_WITH_PAIR(a_preview_may_come_first),
        CASE_WITH_PAIR(an_overlay_like_the_file_is_no_change),
        CASE_WITH_PAIR(a_comment_is_lowered_once),
        CASE_WITH_PAIR(what_would_record_something_is_refused),
        CASE_WITH_PAIR(a_file_may_be_nowhere_else),
        CASE_WITH_PAIR(a_file_may_be_hidden),
        CASE_WITH_PAIR(the_entry_may_be_an_overlay),
        CASE_WITH_PAIR(a_list_may_name_overlays),
        CASE_WITH_PAIR(a_path_that_no_file_can_have_is_refused),
        CASE_WITH_PAIR(an_error_quotes_what_is_unsaved),
        CASE_WITH_PAIR(overlays_are_quoted_where_their_files_would_be),
        CASE_IN_MEMORY(a_project_may_live_in_memory),
        CASE_IN_MEMORY(the_disk_and_the_memory_share_a_cache),
        CASE_IN_MEMORY(overlays_lie_over_a_reader),
        CASE_IN_MEMORY(what_the_reader_has_may_be_quoted_inside_the_project),
        CASE_IN_MEMORY(a_source_on_the_disk_is_no_place_for_the_output),
        CASE_IN_MEMORY(a_file_that_cannot_be_read_fails_the_build),
        CASE_IN_MEMORY(other_bytes_at_the_second_read_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
