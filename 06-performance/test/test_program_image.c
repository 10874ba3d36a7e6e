/* SPDX-License-Identifier: MIT */
/* What an edit costs in an image: each row of the table in program_image.h, the borders of its
 * tables, and what other tools see in it. Every image is compared with one made from nothing. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* strcasestr */
#endif

#include "elf_format.h"
#include "image_project.h"
#include "work_pool.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void write_file(const ImageProject *project, const char *name, const ByteBuffer *text)
{
    scratch_write_bytes(&project->mini.scratch, name, buffer_slice(text));
}

static void put_import(ByteBuffer *text, const char *name)
{
    buffer_put_format(text, "import \"%s.mini\" as %s;\n", name, name);
}

/* main prints what f of a, b and c returns for 1: 2, 3 and 4. */
static void write_three(ImageProject *project)
{
    ByteBuffer text = {0};
    for (char name[] = "a"; *name <= 'c'; ++*name)
        put_import(&text, name);
    buffer_put(&text, slice_from("fn main() i32 {\n    print(a.f(1));\n    print(b.f(1));\n"
                                 "    print(c.f(1));\n    return 7;\n}\n"));
    write_file(project, "main.mini", &text);
    buffer_free(&text);
    mini_project_write(&project->mini, "a.mini", "fn f(n: i32) i32 { return n + 1; }\n"
                                                 "fn g(n: i32) i32 { return n; }\n");
    mini_project_write(&project->mini, "b.mini", "fn f(n: i32) i32 { return n + 2; }\n");
    mini_project_write(&project->mini, "c.mini", "fn f(n: i32) i32 { return n + 3; }\n");
}

static int setup_three(void **state)
{
    image_project_setup(state);
    write_three(*state);
    image_project_expect(*state, PATCH_FULL, REASON_FIRST_BUILD);
    return 0;
}

static void expect_patched(ImageProject *project)
{
    image_project_expect(project, PATCH_IN_PLACE, REASON_NONE);
}

/* ---- the rows of the table ------------------------------------------------------------------- */

static void a_body_costs_its_section_and_a_few_pages(void **state)
{
    ImageProject *project = *state;
    const PatchResult *result = &project->mini.patch;
    image_project_expect_run(project, "2\n3\n4\n", 7);
    mini_project_write(&project->mini, "a.mini", "fn f(n: i32) i32 { return n * 9 + 1; }\n"
                                                 "fn g(n: i32) i32 { return n; }\n");
    expect_patched(project);
    assert_int_equal(result->sections_written, 1);
    assert_int_equal(result->bytes_moved, 0);
    /* the section; in the head a page with the build id, one of slots and one of symbols */
    assert_true(result->bytes_written <= 2 * SECTION_BLOCK + 3 * IMAGE_PAGE);
    image_project_expect_run(project, "10\n3\n4\n", 7);
    image_project_expect(project, PATCH_UP_TO_DATE, REASON_NONE);
}

static void write_long_f(const ImageProject *project, unsigned terms)
{
    ByteBuffer text = {0};
    buffer_put(&text, slice_from("fn f(n: i32) i32 {\n    var m = n + 1;\n"));
    for (unsigned i = 0; i < terms; i++)
        buffer_put(&text, slice_from("    m = m * 3 / 3;\n"));
    buffer_put(&text, slice_from("    return m;\n}\nfn g(n: i32) i32 { return n; }\n"));
    write_file(project, "a.mini", &text);
    buffer_free(&text);
}

static void a_section_that_grows_moves_those_after_it(void **state)
{
    ImageProject *project = *state;
    write_long_f(project, 100);
    expect_patched(project);
    assert_int_equal(project->mini.patch.sections_written, 1);
    assert_true(project->mini.patch.bytes_moved >= 3 * SECTION_BLOCK); /* b, c, main */
    image_project_expect_run(project, "2\n3\n4\n", 7);
    write_long_f(project, 1);
    expect_patched(project);
    assert_true(project->mini.patch.bytes_moved >= 3 * SECTION_BLOCK);
    image_project_expect_run(project, "2\n3\n4\n", 7);
}

static void a_function_comes_and_goes(void **state)
{
    ImageProject *project = *state;
    uint32_t count = image_project_parts(project).unit_count;
    mini_project_write(&project->mini, "b.mini", "fn more(n: i32) i32 { return n + 30; }\n"
                                                 "fn f(n: i32) i32 { return more(n); }\n");
    expect_patched(project);
    assert_int_equal(image_project_parts(project).unit_count, count + 1);
    image_project_expect_run(project, "2\n31\n4\n", 7);
    mini_project_write(&project->mini, "b.mini", "fn f(n: i32) i32 { return n + 2; }\n");
    expect_patched(project);
    assert_int_equal(image_project_parts(project).unit_count, count);
    image_project_expect_run(project, "2\n3\n4\n", 7);
}

static void a_signature_reaches_its_callers(void **state)
{
    ImageProject *project = *state;
    mini_project_write(&project->mini, "b.mini", "fn f(n: i64) f64 { return 0.5; }\n");
    expect_patched(project);
    image_project_expect_run(project, "2\n0.5\n4\n", 7);
}

static void a_renamed_function_is_another(void **state)
{
    ImageProject *project = *state;
    mini_project_write(&project->mini, "a.mini", "fn f(n: i32) i32 { return n + 1; }\n"
                                                 "fn h(n: i32) i32 { return n; }\n");
    expect_patched(project);
    assert_int_equal(project->mini.patch.sections_written, 1);
}

static void functions_change_places_between_files(void **state)
{
    ImageProject *project = *state;
    mini_project_write(&project->mini, "a.mini", "import \"b.mini\" as b;\n"
                                                 "fn f(n: i32) i32 { return b.g(n); }\n");
    mini_project_write(&project->mini, "b.mini", "fn g(n: i32) i32 { return n + 5; }\n"
                                                 "fn f(n: i32) i32 { return n + 2; }\n");
    expect_patched(project);
    image_project_expect_run(project, "6\n3\n4\n", 7);
}

static void files_come_and_go_and_get_other_names(void **state)
{
    ImageProject *project = *state;
    mini_project_write(&project->mini, "aa.mini", "fn x(n: i32) i32 { return n + 50; }\n");
    mini_project_write(&project->mini, "b.mini", "import \"aa.mini\" as aa;\n"
                                                 "fn f(n: i32) i32 { return aa.x(n); }\n");
    expect_patched(project);
    image_project_expect_run(project, "2\n51\n4\n", 7);
    mini_project_write(&project->mini, "z.mini", "fn x(n: i32) i32 { return n + 60; }\n");
    mini_project_write(&project->mini, "b.mini", "import \"z.mini\" as z;\n"
                                                 "fn f(n: i32) i32 { return z.x(n); }\n");
    assert_int_equal(unlinkat(project->mini.scratch.fd, "aa.mini", 0), 0);
    expect_patched(project);
    image_project_expect_run(project, "2\n61\n4\n", 7);
    mini_project_write(&project->mini, "b.mini", "fn f(n: i32) i32 { return n + 2; }\n");
    expect_patched(project);
    image_project_expect_run(project, "2\n3\n4\n", 7);
}

/* ---- the border of the table of units ------------------------------------------------------- */

/* c has so many functions beside f. */
static void write_many(const ImageProject *project, unsigned count)
{
    ByteBuffer text = {0};
    buffer_put(&text, slice_from("fn f(n: i32) i32 { return n + 3; }\n"));
    for (unsigned i = 0; i < count; i++)
        buffer_put_format(&text, "fn many%u(n: i32) i32 { return n + %u; }\n", i, i);
    write_file(project, "c.mini", &text);
    buffer_free(&text);
}

static void expect_units(ImageProject *project, uint32_t count, bool is_another_table)
{
    if (is_another_table)
        image_project_expect(project, PATCH_REASSEMBLE, REASON_LAYOUT_CHANGED);
    else
        expect_patched(project);
    ImageParts parts = image_project_parts(project);
    assert_int_equal(parts.unit_count, count);
    assert_int_equal(parts.slot_count, slot_room(slot_capacity(count)));
}

static void a_table_doubles_and_halves_at_its_border(void **state)
{
    ImageProject *project = *state;
    uint32_t others = image_project_parts(project).unit_count;
    uint32_t border = slot_capacity(others + 2); /* with one more unit, this is too small */
    static const struct {
        int units; /* from the border */
        bool is_another_table;
    } steps[] = {{-1, true},  {0, false}, {1, true},  {2, false}, {1, false},
                 {0, true},   {-1, false}, {1, true}, {-1, true}, {0, false}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        uint32_t units = border + (uint32_t)steps[i].units;
        write_many(project, units - others);
        expect_units(project, units, steps[i].is_another_table);
    }
    image_project_expect_run(project, "2\n3\n4\n", 7);
}

/* ---- C symbols ------------------------------------------------------------------------------ */

static size_t count_c_symbols(const ImageProject *project)
{
    ImageParts parts;
    ByteBuffer symbols = {0};
    size_t size;
    char *bytes = image_project_read(project, &size);
    assert_true(image_head_read(slice_of(bytes, size), &parts));
    assert_true(image_head_c_symbols(slice_of(bytes, (size_t)parts.slots), &parts,
                                     project->settings.hash_bits, &symbols));
    size_t count = symbols.size / sizeof(ImageSymbol);
    buffer_free(&symbols);
    free(bytes);
    return count;
}

static void a_c_symbol_goes_with_the_last_that_names_it(void **state)
{
    static const char naming[] = "extern fn abs(n: i32) i32;\n"
                                 "fn f(n: i32) i32 { return abs(0 - n) + 1; }\n";
    static const char not_naming[] = "fn f(n: i32) i32 { return n + 1; }\n";
    ImageProject *project = *state;
    size_t others = count_c_symbols(project);
    mini_project_write(&project->mini, "a.mini", naming);
    expect_patched(project);
    assert_int_equal(count_c_symbols(project), others + 1);
    image_project_expect_run(project, "2\n3\n4\n", 7);
    mini_project_write(&project->mini, "b.mini", naming);
    expect_patched(project);
    assert_int_equal(count_c_symbols(project), others + 1);
    mini_project_write(&project->mini, "a.mini", not_naming);
    expect_patched(project);
    assert_int_equal(count_c_symbols(project), others + 1);
    image_project_expect_run(project, "2\n2\n4\n", 7);
    mini_project_write(&project->mini, "b.mini", not_naming);
    expect_patched(project);
    assert_int_equal(count_c_symbols(project), others);
    image_project_expect_run(project, "2\n2\n4\n", 7);
}

/* a names so many functions of C, which nobody has: such a program is made, and not run. */
static void write_externs(const ImageProject *project, unsigned count)
{
    ByteBuffer text = {0};
    for (unsigned i = 0; i < count; i++)
        buffer_put_format(&text, "extern fn a_function_with_quite_a_long_name_%u(n: i32) i32;\n",
                          i);
    buffer_put(&text, slice_from("fn f(n: i32) i32 {\n    var m = n;\n"));
    for (unsigned i = 0; i < count; i++)
        buffer_put_format(&text, "    m = a_function_with_quite_a_long_name_%u(m);\n", i);
    buffer_put(&text, slice_from("    return m;\n}\n"));
    write_file(project, "a.mini", &text);
    buffer_free(&text);
}

/* Names fill the first page; the slots then stand a page further behind. */
static void c_symbols_grow_over_a_page(void **state)
{
    ImageProject *project = *state;
    uint64_t before = image_project_parts(project).slots, now = before;
    unsigned count = 0, others = (unsigned)count_c_symbols(project);
    while (now == before) {
        write_externs(project, ++count);
        expect_patched(project);
        now = image_project_parts(project).slots;
        assert_true(count + others < 32);
    }
    assert_int_equal(now, before + IMAGE_PAGE);
    write_externs(project, count - 1);
    expect_patched(project);
    assert_int_equal(image_project_parts(project).slots, before);
}

static void the_table_of_c_symbols_doubles_and_halves_at_its_border(void **state)
{
    ImageProject *project = *state;
    unsigned others = (unsigned)count_c_symbols(project);
    static const struct {
        unsigned symbols;
        bool is_another_table;
    } steps[] = {{31, false}, {32, false}, {33, true}, {34, false}, {33, false}, {32, true}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        write_externs(project, steps[i].symbols - others);
        if (steps[i].is_another_table)
            image_project_expect(project, PATCH_REASSEMBLE, REASON_LAYOUT_CHANGED);
        else
            expect_patched(project);
        assert_int_equal(count_c_symbols(project), steps[i].symbols);
    }
}

/* ---- displaced symbols ---------------------------------------------------------------------- */

enum { CALLERS = 400 };

static void write_callers(const ImageProject *project)
{
    ByteBuffer text = {0};
    char name[32];
    for (unsigned i = 0; i < CALLERS; i++) {
        snprintf(name, sizeof name, "p%03u.mini", i);
        mini_project_write(&project->mini, name, "import \"a.mini\" as a;\n"
                                                 "fn f(n: i32) i32 { return a.f(n); }\n");
        buffer_put_format(&text, "import \"p%03u.mini\" as p%u;\n", i, i);
    }
    buffer_put(&text, slice_from("fn main() i32 {\n    var sum = 0;\n"));
    for (unsigned i = 0; i < CALLERS; i++)
        buffer_put_format(&text, "    sum = sum + p%u.f(1);\n", i);
    buffer_put(&text, slice_from("    print(sum);\n    return 0;\n}\n"));
    write_file(project, "main.mini", &text);
    buffer_free(&text);
}

/* The number of a symbol, `prefix` and it, that takes the slot of another one. */
static unsigned find_displacing(const char *prefix, const char *displaced, uint32_t capacity)
{
    unsigned shift = slot_shift(capacity);
    uint64_t hash = slot_hash(slice_from(displaced), 0);
    for (unsigned i = 0;; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s%u", prefix, i);
        uint64_t other = slot_hash(slice_from(name), 0);
        if (other >> shift == hash >> shift && other < hash)
            return i;
    }
}

static void a_displaced_function_costs_those_that_call_it(void **state)
{
    ImageProject *project = *state;
    char text[128];
    write_callers(project);
    mini_project_write(&project->mini, "a.mini", "fn f(n: i32) i32 { return n + 1; }\n");
    image_project_expect(project, PATCH_FULL, REASON_FIRST_BUILD);
    image_project_expect_run(project, "800\n", 0);
    uint32_t capacity = slot_capacity(image_project_parts(project).unit_count + 1);
    snprintf(text, sizeof text, "fn f(n: i32) i32 { return n + 1; }\n"
                                "fn g%u(n: i32) i32 { return n; }\n",
             find_displacing("a.mini:g", "a.mini:f", capacity));
    mini_project_write(&project->mini, "a.mini", text);
    assert_int_equal(mini_project_build(&project->mini), BUILD_OK);
    mini_project_expect_clean(&project->mini);
    /* Patched or made new, whatever costs less; no caller is compiled again. */
    assert_int_equal(project->mini.counts.functions_emitted, 1);
    assert_true(project->mini.patch.sections_written > CALLERS);
    image_project_expect_run(project, "800\n", 0);
}

/* The program is not run: nobody has the C symbol. */
static void a_displaced_c_symbol_costs_those_that_name_it(void **state)
{
    ImageProject *project = *state;
    char text[200];
    unsigned number = find_displacing("symbol", "abs", 64);
    mini_project_write(&project->mini, "b.mini", "extern fn abs(n: i32) i32;\n"
                                                 "fn f(n: i32) i32 { return abs(n); }\n");
    expect_patched(project);
    snprintf(text, sizeof text, "extern fn symbol%u(n: i32) i32;\n"
                                "fn f(n: i32) i32 { return symbol%u(n); }\n", number, number);
    mini_project_write(&project->mini, "a.mini", text);
    expect_patched(project);
    assert_int_equal(project->mini.patch.sections_written, 2);
    assert_int_equal(project->mini.counts.functions_emitted, 1);
    mini_project_write(&project->mini, "a.mini", "fn f(n: i32) i32 { return n + 1; }\n");
    expect_patched(project);
    assert_int_equal(project->mini.patch.sections_written, 2);
    image_project_expect_run(project, "2\n1\n4\n", 7);
}

/* ---- long texts ----------------------------------------------------------------------------- */

static void long_texts_are_units(void **state)
{
    ImageProject *project = *state;
    uint32_t count = image_project_parts(project).unit_count;
    static const char *const words[] = {"one", "another"};
    for (size_t i = 0; i < 2; i++) {
        char text[256], printed[256];
        snprintf(text, sizeof text, "const text: str = \"%070d, %s\";\n"
                                    "fn f(n: i32) i32 { print(text); return n; }\n", 0, words[i]);
        snprintf(printed, sizeof printed, "2\n%070d, %s\n1\n4\n", 0, words[i]);
        mini_project_write(&project->mini, "b.mini", text);
        expect_patched(project);
        assert_int_equal(image_project_parts(project).unit_count, count + 1);
        image_project_expect_run(project, printed, 7);
    }
}

/* ---- what is in it -------------------------------------------------------------------------- */

static void any_number_of_workers_makes_the_same(void **state)
{
    ImageProject *project = *state;
    Scratch places[2];
    char *images[2];
    size_t sizes[2];
    write_many(project, 300);
    for (unsigned i = 0; i < 2; i++) {
        WorkPool pool;
        work_pool_init(&pool, i == 0 ? 1 : 4);
        project->mini.executor = &pool.executor;
        scratch_open(&places[i]);
        if (mini_project_build_in(&project->mini, &places[i]) != BUILD_OK)
            fail_msg("build failed: %s", project->mini.said.data);
        images[i] = scratch_read(&places[i], "out.ll", &sizes[i]);
        scratch_close(&places[i]);
        work_pool_free(&pool);
    }
    project->mini.executor = NULL;
    assert_int_equal(sizes[0], sizes[1]);
    assert_memory_equal(images[0], images[1], sizes[0]);
    free(images[0]);
    free(images[1]);
}

static void no_page_is_both_written_and_executed(void **state)
{
    size_t size;
    char *bytes = image_project_read(*state, &size);
    const ElfHeader *header = (const ElfHeader *)(const void *)bytes;
    const ElfSegment *segments = (const ElfSegment *)(const void *)(bytes + header->segments);
    unsigned executed = 0, stacks = 0;
    for (unsigned i = 0; i < header->segment_count; i++) {
        bool is_written = (segments[i].flags & SEGMENT_WRITE) != 0;
        bool is_executed = (segments[i].flags & SEGMENT_EXECUTE) != 0;
        assert_false(is_written && is_executed);
        executed += segments[i].type == SEGMENT_LOAD && is_executed;
        stacks += segments[i].type == SEGMENT_STACK;
        for (unsigned j = 0; j < i; j++) /* that no two share a page in memory */
            assert_true(segments[i].type != SEGMENT_LOAD || segments[j].type != SEGMENT_LOAD ||
                        segments[j].address + segments[j].memory_size <=
                            segments[i].address / IMAGE_PAGE * IMAGE_PAGE);
    }
    assert_int_equal(executed, 1);
    assert_int_equal(stacks, 1);
    free(bytes);
}

static Hash128 build_id(const ImageProject *project)
{
    Hash128 id;
    size_t size;
    char *bytes = image_project_read(project, &size);
    memcpy(&id, bytes + image_project_parts(project).build_id, sizeof id);
    free(bytes);
    return id;
}

static void programs_that_differ_have_other_build_ids(void **state)
{
    ImageProject *project = *state;
    Hash128 first = build_id(project);
    mini_project_write(&project->mini, "b.mini", "fn f(n: i32) i32 { return n + 5; }\n");
    expect_patched(project);
    assert_false(hash_equal(build_id(project), first));
    mini_project_write(&project->mini, "b.mini", "fn f(n: i32) i32 { return n + 2; }\n");
    expect_patched(project);
    assert_true(hash_equal(build_id(project), first));
}

/* ---- while it runs -------------------------------------------------------------------------- */

/* It waits for a byte, and its status is that. It runs when this returns. */
static pid_t start(const ImageProject *project, int *to)
{
    char path[400], *arguments[] = {path, NULL}, *environment[] = {NULL};
    int ends[2];
    pid_t child;
    posix_spawn_file_actions_t actions;
    snprintf(path, sizeof path, "%s/out.ll", project->mini.scratch.path);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fcntl(ends[1], F_SETFD, FD_CLOEXEC), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
    assert_int_equal(posix_spawn(&child, path, &actions, NULL, arguments, environment), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[0]);
    *to = ends[1];
    return child;
}

static void a_program_that_runs_is_replaced(void **state)
{
    ImageProject *project = *state;
    int to, status;
    mini_project_write(&project->mini, "main.mini",
                       "import \"a.mini\" as a;\nextern fn getchar() i32;\n"
                       "fn main() i32 {\n    const n = getchar();\n    return a.f(n);\n}\n");
    mini_project_write(&project->mini, "a.mini", "fn f(n: i32) i32 { return n + 1; }\n");
    image_project_expect(project, PATCH_FULL, REASON_FIRST_BUILD);
    if (!IMAGES_RUN_HERE) {
        print_message("skipped: this machine does not run x86-64 Linux code\n");
        skip();
    }
    pid_t child = start(project, &to);
    mini_project_write(&project->mini, "a.mini", "fn f(n: i32) i32 { return n + 2; }\n");
    image_project_expect(project, PATCH_REASSEMBLE, REASON_OUTPUT_IN_USE);
    assert_int_equal(write(to, "A", 1), 1);
    close(to);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 'A' + 1);
    child = start(project, &to);
    assert_int_equal(write(to, "A", 1), 1);
    close(to);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), 'A' + 2);
    mini_project_write(&project->mini, "a.mini", "fn f(n: i32) i32 { return n + 3; }\n");
    expect_patched(project);
}

/* ---- what other tools see ------------------------------------------------------------------- */

/* What a command says of the image, on both streams; false if there is no such command. */
static bool ask(const ImageProject *project, const char *command, ByteBuffer *answer)
{
    char line[400], part[4096];
    size_t size;
    snprintf(line, sizeof line, "%s '%s/out.ll' 2>&1", command, project->mini.scratch.path);
    FILE *stream = popen(line, "r");
    assert_non_null(stream);
    while ((size = fread(part, 1, sizeof part, stream)) != 0)
        buffer_put(answer, slice_of(part, size));
    buffer_put_byte(answer, '\0');
    return pclose(stream) >> 8 != 127;
}

static void tools_see_the_functions(void **state)
{
    ImageProject *project = *state;
    ByteBuffer answer = {0};
    static const char *const functions[] = {" t main\n", " t a.mini:f\n", " t a.mini:g\n",
                                            " t b.mini:f\n", " t c.mini:f\n", " t _start\n"};
    if (!ask(project, "nm", &answer)) {
        buffer_free(&answer);
        print_message("skipped: there is no nm\n");
        skip();
    }
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (strstr(answer.data, functions[i]) == NULL)
            fail_msg("nm does not list%s in\n%s", functions[i], answer.data);
    uint32_t count = 0;
    for (const char *at = answer.data; (at = strstr(at, " t ")) != NULL; at++)
        count++;
    assert_int_equal(count, image_project_parts(project).unit_count);
    buffer_free(&answer);
}

static void tools_have_nothing_to_complain_of(void **state)
{
    ImageProject *project = *state;
    ByteBuffer answer = {0};
    write_many(project, 5);
    expect_patched(project);
    if (!ask(project, "LC_ALL=C readelf -aW", &answer)) {
        buffer_free(&answer);
        print_message("skipped: there is no readelf\n");
        skip();
    }
    if (strcasestr(answer.data, "warning") != NULL || strcasestr(answer.data, "error") != NULL)
        fail_msg("readelf says\n%s", answer.data);
    assert_non_null(strstr(answer.data, "a.mini:f"));
    buffer_free(&answer);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup_three, image_project_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_body_costs_its_section_and_a_few_pages),
        CASE(a_section_that_grows_moves_those_after_it),
        CASE(a_function_comes_and_goes),
        CASE(a_signature_reaches_its_callers),
        CASE(a_renamed_function_is_another),
        CASE(functions_change_places_between_files),
        CASE(files_come_and_go_and_get_other_names),
        CASE(a_table_doubles_and_halves_at_its_border),
        CASE(a_c_symbol_goes_with_the_last_that_names_it),
        CASE(c_symbols_grow_over_a_page),
        CASE(the_table_of_c_symbols_doubles_and_halves_at_its_border),
        CASE_IN_IMAGE(a_displaced_function_costs_those_that_call_it),
        CASE(a_displaced_c_symbol_costs_those_that_name_it),
        CASE(long_texts_are_units),
        CASE(any_number_of_workers_makes_the_same),
        CASE(no_page_is_both_written_and_executed),
        CASE(programs_that_differ_have_other_build_ids),
        CASE_IN_IMAGE(a_program_that_runs_is_replaced),
        CASE(tools_see_the_functions),
        CASE(tools_have_nothing_to_complain_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
