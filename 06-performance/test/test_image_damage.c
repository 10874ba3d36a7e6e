/* SPDX-License-Identifier: MIT */
/*
 * Damage in an image. What others change shows in its stamp, and it is made new. Damage that does
 * not show, since the disk lies, cannot be told from what was written; but whatever is read there,
 * patching refuses it or makes a plan, and nothing is read or written outside of what it has. The
 * latter is for the sanitizers to say: make test SANITIZE=address,undefined ONLY=image_damage.
 *
 * IMAGE_DAMAGE_STEP in the environment is how many bytes lie between those that are tried; 1: all.
 */
#include "image_project.h"
#include "output_patch.h"
#include "random_numbers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void write_sources(const MiniProject *mini, const char *a)
{
    mini_project_write(mini, "main.mini", "import \"a.mini\" as a;\nimport \"b.mini\" as b;\n"
                                          "fn main() i32 { print(b.f(a.f(1))); return 0; }\n");
    mini_project_write(mini, "b.mini", "extern fn abs(n: i32) i32;\n"
                                       "fn f(n: i32) i32 { return abs(n); }\n"
                                       "fn g(n: i32) i32 { return f(n); }\n");
    mini_project_write(mini, "a.mini", a);
}

static const char first[] = "extern fn toupper(n: i32) i32;\n"
                            "fn f(n: i32) i32 { return toupper(n); }\n"
                            "fn g(n: i32) i32 { return f(n); }\n";

static int setup(void **state)
{
    image_project_setup(state);
    ImageProject *project = *state;
    write_sources(&project->mini, first);
    image_project_expect(project, PATCH_FULL, REASON_FIRST_BUILD);
    return 0;
}

/* ---- damage that shows ---------------------------------------------------------------------- */

static void what_others_changed_is_made_new(void **state)
{
    ImageProject *project = *state;
    ImageParts parts = image_project_parts(project);
    size_t size;
    free(image_project_read(project, &size));
    const uint64_t places[] = {0,           24,            parts.build_id,  parts.data,
                               parts.slots, parts.symbols, parts.text + 64, parts.text + 1000,
                               size - 900,  size - 1};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        scratch_flip(&project->mini.scratch, "out.ll", (off_t)places[i], 0x40);
        image_project_expect(project, PATCH_REASSEMBLE, REASON_OUTPUT_CHANGED);
        image_project_expect_run(project, "1\n", 0);
    }
}

/* ---- damage that does not ------------------------------------------------------------------- */

typedef struct Patching { /* of an image that can be damaged, again and again */
    Build *build;
    OutputState state;
    OutputBase base;
    OutputFormat *format;
    unsigned refused, planned;
} Patching;

static void patching_open(Patching *patching, ImageProject *project)
{
    char paths[3][400];
    static const char *const names[] = {"main.mini", "cache", "out.ll"};
    for (int i = 0; i < 3; i++)
        snprintf(paths[i], sizeof paths[i], "%s/%s", project->mini.scratch.path, names[i]);
    BuildRequest request = {.compiler = &project->mini.compiler,
                            .entry = paths[0],
                            .cache_dir = paths[1],
                            .executor = &executor_serial};
    *patching = (Patching){.format = &project->image.format};
    assert_int_equal(build_open(&patching->build, &request), BUILD_OK);
    assert_int_equal(build_plan(patching->build), BUILD_OK);
    build_want_all(patching->build); /* whatever it will want to be written */
    assert_int_equal(build_emit(patching->build), BUILD_OK);
    const BuildPlan *plan = build_planned(patching->build);
    output_state_open(&patching->state, patching->build);
    assert_int_equal(
        output_state_load(&patching->state, patching->build, plan->last_section_count), 0);
    patching->base = (OutputBase){open(paths[2], O_RDWR | O_CLOEXEC),
                                  patching->state.record.prelude_blocks,
                                  output_state_sections(&patching->state),
                                  output_state_count(&patching->state),
                                  plan->dirty,
                                  plan->dirty_count};
    assert_true(patching->base.fd >= 0);
}

static void patching_close(Patching *patching)
{
    close(patching->base.fd);
    output_state_close(&patching->state);
    build_close(patching->build);
}

/* Those that the format wants written, too, follow their sections: both lists are in order. */
static void merge_dirty(const OutputBase *base, const ByteBuffer *more, ByteBuffer *dirty)
{
    uint32_t next = 0;
    for (uint32_t i = 0; i < base->section_count + base->dirty_count; i++) {
        bool is_dirty = next < base->dirty_count && base->dirty[next] == i;
        next += is_dirty;
        for (size_t j = 0; j < more->size / sizeof(uint32_t); j++)
            is_dirty |= ((const uint32_t *)(const void *)more->data)[j] == i;
        if (is_dirty)
            buffer_put_u32(dirty, i);
    }
}

static int make_plan(Patching *patching)
{
    ByteBuffer more = {0}, dirty = {0};
    OutputPatch patch = {0};
    OutputFormat *format = patching->format;
    int status = format->begin_patch(format, patching->build, &patching->base, &more);
    merge_dirty(&patching->base, &more, &dirty);
    DirtyParts parts = {(const uint32_t *)(const void *)dirty.data,
                        (uint32_t)(dirty.size / sizeof(uint32_t)), false};
    if (status == 0)
        status = output_patch_plan(&patch, patching->build, format, &patching->state, &parts);
    output_patch_free(&patch);
    buffer_free(&more);
    buffer_free(&dirty);
    return status;
}

static void damage(Patching *patching, off_t place, unsigned char bits)
{
    unsigned char byte, damaged;
    int fd = patching->base.fd;
    assert_int_equal(pread(fd, &byte, 1, place), 1);
    damaged = byte ^ bits;
    assert_int_equal(pwrite(fd, &damaged, 1, place), 1);
    int status = make_plan(patching);
    if (status != 0 && status != -EXDEV)
        fail_msg("byte %lld, bits %x: %d", (long long)place, bits, status);
    patching->refused += status != 0;
    patching->planned += status == 0;
    assert_int_equal(pwrite(fd, &byte, 1, place), 1);
}

static void damage_everywhere(ImageProject *project)
{
    Patching patching;
    uint64_t step = number_from("IMAGE_DAMAGE_STEP", 7);
    Random random = random_begin();
    patching_open(&patching, project);
    assert_int_equal(make_plan(&patching), 0);
    off_t end = (off_t)patching.state.record.size_bytes;
    for (off_t place = (off_t)random_draw(&random, (uint32_t)step); place < end;
         place += (off_t)step) {
        damage(&patching, place, 0xff);
        damage(&patching, place, (unsigned char)(1 << random_draw(&random, 8)));
    }
    print_message("# %u times refused, %u times not\n", patching.refused, patching.planned);
    assert_true(patching.refused > 20 && patching.planned > 20);
    assert_int_equal(make_plan(&patching), 0);
    patching_close(&patching);
}

static void a_body_in_a_damaged_image(void **state)
{
    ImageProject *project = *state;
    write_sources(&project->mini, "extern fn toupper(n: i32) i32;\n"
                                  "fn f(n: i32) i32 { return toupper(n) + 1; }\n"
                                  "fn g(n: i32) i32 { return f(n); }\n");
    damage_everywhere(project);
}

static void functions_that_come_and_go_in_a_damaged_image(void **state)
{
    ImageProject *project = *state;
    write_sources(&project->mini, "extern fn toupper(n: i32) i32;\n"
                                  "fn f(n: i32) i32 { return toupper(n); }\n"
                                  "fn h(n: i32) i32 { return n; }\nfn i(n: i32) i32 { return n; }\n"
                                  "fn j(n: i32) i32 { return n; }\n"
                                  "fn k(n: i32) i32 { return n; }\n");
    damage_everywhere(project);
}

static void c_symbols_that_come_and_go_in_a_damaged_image(void **state)
{
    ImageProject *project = *state;
    write_sources(&project->mini, "extern fn isalpha(n: i32) i32;\n"
                                  "fn f(n: i32) i32 { return isalpha(n); }\n"
                                  "fn g(n: i32) i32 { return f(n); }\n");
    damage_everywhere(project);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, image_project_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_others_changed_is_made_new),
        CASE(a_body_in_a_damaged_image),
        CASE(functions_that_come_and_go_in_a_damaged_image),
        CASE(c_symbols_that_come_and_go_in_a_damaged_image),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
