/* SPDX-License-Identifier: MIT */
/* A code generator gets what its unit's key was made from, and nothing else. */
#include "key_program.h"
#include "scratch.h"
#include "unit_lookup.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* main: reference 0 is lib's Box (of its interface), 1 is lib's area, 2 leads nowhere. */
static const FileSpec specs[] = {
    {"main.x", "1", "main | a 0:Box | draws 0:area @gone\n"
                    "idle | | rests\n"},
    {"lib.x", "2", "area | a @Box b | times @scale\n"
                   "scale | | twice\n"
                   "Box | 0:Point\n"},
    {"types.x", "", "Point | x y\n"},
};

enum { BOX, AREA, GONE, REFERENCES }; /* of main */

typedef struct World {
    KeyProgram program;
    Arena arena;
    UnitLookup lookup; /* for main.x:main */
} World;

static int setup(void **state)
{
    World *world = calloc(1, sizeof *world);
    key_program_init(&world->program, specs, 3);
    unit_lookup_init(&world->lookup, &world->program.program, 0, 0, &world->arena);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    World *world = *state;
    arena_free(&world->arena);
    key_program_free(&world->program);
    free(world);
    return 0;
}

static Resolution find(World *world, const Unit *from, uint32_t reference, Unit *found)
{
    return world->lookup.lookup.find(&world->lookup.lookup, from, reference, found);
}

static void expect_text(Slice text, const char *expected)
{
    assert_int_equal(text.size, strlen(expected));
    assert_memory_equal(text.data, expected, text.size);
}

static void test_a_unit_finds_what_it_names(void **state)
{
    World *world = *state;
    const Unit *main_unit = &world->lookup.unit;
    Unit found;
    expect_text(main_unit->symbol, "main");
    expect_text(main_unit->path, "main.x");
    assert_true(main_unit->is_entry_point);
    assert_int_equal(find(world, main_unit, AREA, &found), NAME_FOUND);
    expect_text(found.symbol, "lib.x:area");
    assert_false(found.is_entry_point);
    assert_int_equal(found.file, 1);
    assert_int_equal(find(world, main_unit, GONE, &found), NAME_MISSING);
    assert_int_not_equal(found.declarations->count, 0); /* what there is instead */
}

static void test_interfaces_are_followed_as_far_as_they_lead(void **state)
{
    World *world = *state;
    Unit area, box, point;
    assert_int_equal(find(world, &world->lookup.unit, AREA, &area), NAME_FOUND);
    assert_int_equal(find(world, &area, 0, &box), NAME_FOUND);
    expect_text(box.symbol, "lib.x:Box");
    assert_int_equal(find(world, &box, 0, &point), NAME_FOUND);
    expect_text(point.symbol, "types.x:Point");
}

/* Anything asked for must still be part of the key. */
static void test_a_file_with_errors_answers_that_nobody_knows(void **state)
{
    World *world = *state;
    ProgramFile *types = &world->program.files[2];
    Unit box, found;
    assert_int_equal(find(world, &world->lookup.unit, BOX, &box), NAME_FOUND);
    *types = (ProgramFile){.path = types->path, .is_poisoned = true};
    assert_int_equal(find(world, &box, 0, &found), NAME_POISONED);
    assert_int_equal(find(world, &world->lookup.unit, GONE, &found), NAME_MISSING);
}

/* ---- opened forms -------------------------------------------------------------------------- */

/* The blob stands for the form made of it. */
static const void *open_file(Program *program, uint32_t number)
{
    return ((KeyProgram *)program)->files[number].interface.data;
}

static void give_forms(World *world)
{
    world->program.program.opened = open_file;
    world->program.files[1].ir = slice_from("ir of lib");
    key_program_set_interface(&world->program, 1, "what lib offers");
}

static const void *opened(const UnitLookup *lookup, const Unit *found)
{
    return lookup->lookup.opened(&lookup->lookup, found);
}

static void test_the_form_of_a_file_comes_with_what_was_found_in_it(void **state)
{
    World *world = *state;
    Unit area, point, box;
    give_forms(world);
    const char *form = world->program.files[1].interface.data;
    assert_int_equal(find(world, &world->lookup.unit, AREA, &area), NAME_FOUND);
    assert_ptr_equal(opened(&world->lookup, &area), form);
    assert_int_equal(find(world, &area, 0, &box), NAME_FOUND);
    assert_ptr_equal(opened(&world->lookup, &box), form);
    assert_int_equal(find(world, &box, 0, &point), NAME_FOUND);
    assert_null(opened(&world->lookup, &point)); /* types.x has no interface blob */
    assert_null(opened(&world->lookup, &world->lookup.unit));
}

/* A body of another file is not even handed out. */
static void test_only_its_own_file_sees_the_ir_beside_a_form(void **state)
{
    World *world = *state;
    UnitLookup own;
    Unit area, box;
    give_forms(world);
    assert_int_equal(find(world, &world->lookup.unit, AREA, &area), NAME_FOUND);
    assert_int_equal(area.ir.size, 0);
    unit_lookup_init(&own, &world->program.program, 1, 0, &world->arena);
    expect_text(own.unit.ir, "ir of lib");
    assert_ptr_equal(opened(&own, &own.unit), world->program.files[1].interface.data);
    assert_int_equal(own.lookup.find(&own.lookup, &own.unit, 0, &box), NAME_FOUND);
    expect_text(box.ir, "ir of lib");
}

/* ---- notes --------------------------------------------------------------------------------- */

/* What follows from an interface in a cycle may depend on where one began. */
static void test_what_leads_to_a_cycle_has_no_place_for_notes(void **state)
{
    static const FileSpec spec = {
        "main.x", "", "main | | @plain @leads\n"
                      "plain | x\nleads | @ring\nring | @back\nback | @ring\n"};
    World *world = *state;
    KeyProgram program;
    UnitLookup lookup;
    const void *notes[5] = {NULL};
    key_program_init(&program, &spec, 1);
    unit_lookup_init(&lookup, &program.program, 0, 0, &world->arena);
    program.files[0].notes = notes;
    for (uint32_t i = 0; i < 5; i++) {
        Unit unit = {.declaration = i};
        const void **place = i < 2 ? &notes[i] : NULL;
        assert_ptr_equal(lookup.lookup.note(&lookup.lookup, &unit), place);
    }
    program.files[0].notes = NULL; /* nothing is noted */
    assert_null(lookup.lookup.note(&lookup.lookup, &lookup.unit));
    key_program_free(&program);
}

/* ---- the guard ----------------------------------------------------------------------------- */

/* As a reference number: asks for the opened form. */
enum { FORM = 1000 };

/* True if the question ends the process. The guard's message is discarded. */
static bool is_refused(World *world, const Unit *from, uint32_t reference)
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        Unit found;
        int nowhere = open("/dev/null", O_WRONLY);
        dup2(nowhere, STDERR_FILENO);
        signal(SIGABRT, SIG_DFL);
        if (reference == FORM)
            (void)opened(&world->lookup, from);
        else
            (void)find(world, from, reference, &found);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void skip_without_guard(void)
{
#ifndef GUARD_LOOKUPS
    skip();
#endif
}

/* With the guard it is refused, without it nothing is found: never a step past the end. */
static void test_a_number_that_no_reference_has_finds_nothing(void **state)
{
    World *world = *state;
    Unit found;
#ifdef GUARD_LOOKUPS
    (void)found;
    assert_true(is_refused(world, &world->lookup.unit, UINT32_MAX));
#else
    assert_int_equal(find(world, &world->lookup.unit, REFERENCES, &found), NAME_MISSING);
    assert_int_equal(find(world, &world->lookup.unit, UINT32_MAX, &found), NAME_MISSING);
#endif
}

static void test_a_reference_that_is_not_the_units_is_refused(void **state)
{
    World *world = *state;
    skip_without_guard();
    assert_false(is_refused(world, &world->lookup.unit, AREA));
    assert_true(is_refused(world, &world->lookup.unit, REFERENCES));
}

static void test_a_body_of_another_unit_is_refused(void **state)
{
    World *world = *state;
    Unit area;
    skip_without_guard();
    assert_int_equal(find(world, &world->lookup.unit, AREA, &area), NAME_FOUND);
    assert_false(is_refused(world, &area, 0));
    assert_true(is_refused(world, &area, 1)); /* scale, which area's body names */
}

static void test_a_unit_that_was_not_found_is_refused(void **state)
{
    World *world = *state;
    UnitLookup other;
    Unit box;
    skip_without_guard();
    unit_lookup_init(&other, &world->program.program, 1, 2, &world->arena); /* lib.x:Box */
    give_forms(world);
    assert_true(is_refused(world, &other.unit, 0));
    assert_true(is_refused(world, &other.unit, FORM));
    assert_int_equal(find(world, &world->lookup.unit, BOX, &box), NAME_FOUND);
    assert_false(is_refused(world, &other.unit, 0));
    assert_false(is_refused(world, &other.unit, FORM));
}

static void test_a_key_that_was_never_computed_is_refused(void **state)
{
    World *world = *state;
    skip_without_guard();
    world->program.files[1].key_states[0] = KEY_UNKNOWN; /* lib.x:area */
    assert_true(is_refused(world, &world->lookup.unit, AREA));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_a_unit_finds_what_it_names),
        TEST(test_interfaces_are_followed_as_far_as_they_lead),
        TEST(test_a_file_with_errors_answers_that_nobody_knows),
        TEST(test_the_form_of_a_file_comes_with_what_was_found_in_it),
        TEST(test_only_its_own_file_sees_the_ir_beside_a_form),
        TEST(test_what_leads_to_a_cycle_has_no_place_for_notes),
        TEST(test_a_number_that_no_reference_has_finds_nothing),
        TEST(test_a_reference_that_is_not_the_units_is_refused),
        TEST(test_a_body_of_another_unit_is_refused),
        TEST(test_a_unit_that_was_not_found_is_refused),
        TEST(test_a_key_that_was_never_computed_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
