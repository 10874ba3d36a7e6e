/* SPDX-License-Identifier: MIT */
/* The cache around a code generator, and the AirCache below it. */
#include "cached_codegen.h"
#include "key_program.h"
#include "scratch.h"
#include "thread_executor.h"

#include <stdatomic.h>
#include <stdlib.h>

static const FileSpec specs[] = {
    {"main.x", "1", "main | | calls 0:add\nwrong | | x\n"},
    {"lib.x", "", "add | a b | sum\n"},
};

typedef struct World {
    KeyProgram program;
    Scratch scratch;
    AirCache cache;
    CodegenScratch workers[4];
    CachedCodegen codegen;
    atomic_size_t emitted;
} World;

/* Emits "symbol: found, found\n"; the unit called "wrong" is wrong. */
static bool emit(void *language, const Unit *unit, const Lookup *lookup, Arena *scratch,
                 ByteBuffer *text, Diagnostics *diagnostics)
{
    World *world = language;
    const Declaration *item = &unit->declarations->items[unit->declaration];
    (void)scratch;
    atomic_fetch_add(&world->emitted, 1);
    buffer_put(text, unit->symbol);
    buffer_put_byte(text, ':');
    for (uint32_t i = 0; i < item->interface_reference_count + item->body_reference_count; i++) {
        Unit found;
        assert_int_equal(lookup->find(lookup, unit, i, &found), NAME_FOUND);
        buffer_put_byte(text, ' ');
        buffer_put(text, found.symbol);
    }
    buffer_put_byte(text, '\n');
    if (!slice_equal(declaration_name(unit->declarations, unit->declaration), slice_from("wrong")))
        return true;
    diagnostics_add(diagnostics, 7, 1, "wrong");
    return false;
}

static int setup(void **state)
{
    World *world = calloc(1, sizeof *world);
    scratch_open(&world->scratch);
    key_program_init(&world->program, specs, 2);
    assert_int_equal(air_cache_open(&world->cache, world->scratch.fd), 0);
    world->codegen = (CachedCodegen){.program = &world->program.program,
                                     .cache = &world->cache,
                                     .emit = emit,
                                     .language = world,
                                     .scratch = world->workers};
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    World *world = *state;
    for (size_t i = 0; i < sizeof world->workers / sizeof *world->workers; i++)
        codegen_scratch_free(&world->workers[i]);
    air_cache_close(&world->cache);
    key_program_free(&world->program);
    scratch_close(&world->scratch);
    free(world);
    return 0;
}

static UnitOutput generate(World *world, const char *symbol, uint32_t file, uint32_t unit,
                           Hash128 *key)
{
    UnitOutput output;
    bool is_cacheable;
    *key = key_program_key(&world->program, symbol, &is_cacheable);
    cached_codegen(&world->codegen, 0, file, unit, *key, is_cacheable, &output);
    return output;
}

static void expect_text(Slice text, const char *expected)
{
    assert_int_equal(text.size, strlen(expected));
    assert_memory_equal(text.data, expected, text.size);
}

static void test_what_was_emitted_once_is_found_in_the_next_process(void **state)
{
    World *world = *state;
    Hash128 key;
    UnitOutput output = generate(world, "main.x:main", 0, 0, &key);
    assert_int_equal(output.origin, OUTPUT_EMITTED);
    expect_text(output.text, "main: lib.x:add\n");
    air_cache_put(&world->cache, key, output.text);
    assert_int_equal(generate(world, "main.x:main", 0, 0, &key).origin, OUTPUT_CACHED);
    assert_int_equal(air_cache_commit(&world->cache, false, NULL), 0);
    air_cache_close(&world->cache);

    assert_int_equal(air_cache_open(&world->cache, world->scratch.fd), 0);
    output = generate(world, "main.x:main", 0, 0, &key);
    assert_int_equal(output.origin, OUTPUT_CACHED);
    expect_text(output.text, "main: lib.x:add\n");
    assert_int_equal(world->emitted, 1);
}

static void test_a_wrong_unit_is_reported_each_time(void **state)
{
    World *world = *state;
    Hash128 key;
    for (unsigned i = 1; i <= 2; i++) {
        UnitOutput output = generate(world, "main.x:wrong", 0, 1, &key);
        assert_int_equal(output.origin, OUTPUT_WRONG);
        assert_int_equal(output.text.size, 0);
        assert_int_equal(world->workers[0].diagnostics.count, i);
        assert_int_equal(world->workers[0].diagnostics.items[i - 1].line, 7);
        expect_text(world->workers[0].diagnostics.items[i - 1].path, "main.x");
    }
}

static void test_what_is_not_cacheable_is_not_looked_up(void **state)
{
    World *world = *state;
    UnitOutput output;
    Hash128 key;
    generate(world, "lib.x:add", 1, 0, &key);
    air_cache_put(&world->cache, key, slice_from("stale"));
    cached_codegen(&world->codegen, 0, 1, 0, key, false, &output);
    assert_int_equal(output.origin, OUTPUT_EMITTED);
    world->codegen.cache = NULL;
    cached_codegen(&world->codegen, 0, 1, 0, key, true, &output);
    assert_int_equal(output.origin, OUTPUT_EMITTED);
}

static void test_a_unit_that_its_file_does_not_have_is_wrong(void **state)
{
    World *world = *state;
    UnitOutput output;
    cached_codegen(&world->codegen, 0, 1, 5, (Hash128){1, 1}, true, &output);
    assert_int_equal(output.origin, OUTPUT_WRONG);
    assert_int_equal(world->emitted, 0);
}

static void test_a_forgotten_output_is_emitted_again(void **state)
{
    World *world = *state;
    Hash128 key;
    air_cache_put(&world->cache, (generate(world, "lib.x:add", 1, 0, &key), key),
                  slice_from("text"));
    air_cache_invalidate(&world->cache, key);
    assert_int_equal(generate(world, "lib.x:add", 1, 0, &key).origin, OUTPUT_EMITTED);
    air_cache_put(&world->cache, key, slice_from("text"));
    assert_int_equal(air_cache_clear(&world->cache), 0);
    assert_int_equal(generate(world, "lib.x:add", 1, 0, &key).origin, OUTPUT_EMITTED);
}

/* ---- the units of a file, in one call ------------------------------------------------------ */

/* As emit, for each; counts calls, and says in a diagnostic how many units there were. */
static void emit_all(void *language, UnitEmission *units, size_t count, Arena *scratch)
{
    for (size_t i = 0; i < count; i++) {
        assert_false(units[i].is_right);
        units[i].is_right = emit(language, units[i].unit, units[i].lookup, scratch, units[i].text,
                                 units[i].diagnostics);
        if (!units[i].is_right)
            diagnostics_add(units[i].diagnostics, 8, 1, "one of %d", (int)count);
    }
}

static void test_the_units_of_a_file_are_emitted_in_one_call(void **state)
{
    World *world = *state;
    UnitOutput outputs[3];
    WantedUnit wanted[] = {{1, &outputs[1]}, {5, &outputs[2]}, {0, &outputs[0]}};
    world->codegen.emit_file = emit_all;
    world->codegen.emit = NULL;
    cached_codegen_emit(&world->codegen, 0, 0, wanted, 3);
    assert_int_equal(outputs[0].origin, OUTPUT_EMITTED);
    expect_text(outputs[0].text, "main: lib.x:add\n");
    assert_int_equal(outputs[1].origin, OUTPUT_WRONG);
    assert_int_equal(outputs[1].text.size, 0);
    assert_int_equal(outputs[2].origin, OUTPUT_WRONG); /* its file does not have it */
    const Diagnostics *found = &world->workers[0].diagnostics;
    assert_int_equal(found->count, 2);
    expect_text(found->items[1].path, "main.x");
    expect_text(found->items[1].message, "one of 2");
}

static void test_one_unit_is_such_a_call_too(void **state)
{
    World *world = *state;
    Hash128 key;
    world->codegen.emit_file = emit_all;
    world->codegen.emit = NULL;
    UnitOutput output = generate(world, "lib.x:add", 1, 0, &key);
    expect_text(output.text, "lib.x:add:\n");
    air_cache_put(&world->cache, key, output.text);
    assert_int_equal(generate(world, "lib.x:add", 1, 0, &key).origin, OUTPUT_CACHED);
    assert_int_equal(world->emitted, 1);
}

/* ---- warnings ------------------------------------------------------------------------------ */

static Declaration *item_of(World *world, uint32_t file, uint32_t unit)
{
    return (Declaration *)(uintptr_t)&world->program.files[file].declarations.items[unit];
}

/* A warning two lines below the name, with a note to what the unit names. */
static bool emit_warnings(void *language, const Unit *unit, const Lookup *lookup, Arena *scratch,
                          ByteBuffer *text, Diagnostics *diagnostics)
{
    Unit found;
    bool is_right = emit(language, unit, lookup, scratch, text, diagnostics);
    uint32_t line = unit->declarations->items[unit->declaration].line;
    Diagnostic *added = diagnostics_add(diagnostics, line + 2, 5, "careful");
    added->severity = SEVERITY_WARNING;
    if (lookup->find(lookup, unit, 0, &found) != NAME_FOUND)
        return is_right;
    added = diagnostics_add(diagnostics, 1, 1, "of this");
    added->severity = SEVERITY_NOTE;
    diagnostic_point_to(added, &found);
    return is_right;
}

static UnitOutput generate_and_keep(World *world)
{
    Hash128 key;
    world->workers[0].diagnostics.count = 0;
    UnitOutput output = generate(world, "main.x:main", 0, 0, &key);
    if (output.origin == OUTPUT_EMITTED)
        air_cache_put_with_warnings(&world->cache, key, output.text, output.warnings);
    return output;
}

/* ... and the line of the one warning. */
static void expect_warning(World *world, OutputOrigin origin, uint32_t line)
{
    const Diagnostics *list = &world->workers[0].diagnostics;
    UnitOutput output = generate_and_keep(world);
    assert_int_equal(output.origin, origin);
    expect_text(output.text, "main: lib.x:add\n");
    assert_int_equal(list->count, 2);
    assert_int_equal(list->items[0].severity, SEVERITY_WARNING);
    assert_int_equal(list->items[0].line, line);
    assert_int_equal(list->items[0].column, 5);
    expect_text(list->items[0].path, "main.x");
    assert_int_equal(list->items[1].severity, SEVERITY_NOTE);
    expect_text(list->items[1].path, "lib.x");
    expect_text(list->items[1].subject, "add");
}

static void test_warnings_come_with_what_is_found_and_move_with_it(void **state)
{
    World *world = *state;
    world->codegen.emit = emit_warnings;
    expect_warning(world, OUTPUT_EMITTED, 3);
    expect_warning(world, OUTPUT_CACHED, 3);
    item_of(world, 0, 0)->line = 40;
    expect_warning(world, OUTPUT_CACHED, 42);
    assert_int_equal(world->emitted, 1);
}

/* What the places of its warnings are made from is not in the key. */
static void test_a_unit_in_another_form_is_emitted_again_for_its_warnings(void **state)
{
    World *world = *state;
    ProgramFile *file = &world->program.files[0];
    world->codegen.emit = emit_warnings;
    file->ir = slice_from("of-main of-wrong");
    item_of(world, 0, 0)->ir_size = 7;
    expect_warning(world, OUTPUT_EMITTED, 3);
    file->ir = slice_from("of-main of-other");
    expect_warning(world, OUTPUT_CACHED, 3);
    file->ir = slice_from("OF-MAIN of-wrong");
    expect_warning(world, OUTPUT_EMITTED, 3);
    expect_warning(world, OUTPUT_CACHED, 3);
    world->codegen.emit = emit; /* without warnings, no form matters */
    key_program_set(&world->program, 0, &(FileSpec){"main.x", "1", "main | | other 0:add\n"});
    program_interface_keys(&world->program.program, 0, &world->program.scratch);
    file->ir = slice_from("a");
    assert_int_equal(generate_and_keep(world).origin, OUTPUT_EMITTED);
    file->ir = slice_from("b");
    assert_int_equal(generate_and_keep(world).origin, OUTPUT_CACHED);
}

static bool emit_and_point(void *language, const Unit *unit, const Lookup *lookup, Arena *scratch,
                           ByteBuffer *text, Diagnostics *diagnostics)
{
    bool is_right = emit_warnings(language, unit, lookup, scratch, text, diagnostics);
    diagnostics->items[diagnostics->count - 1].subject = (Slice){"", 0};
    return is_right;
}

static void test_a_place_that_nothing_follows_is_not_kept(void **state)
{
    World *world = *state;
    world->codegen.emit = emit_and_point;
    assert_int_equal(generate_and_keep(world).origin, OUTPUT_PASSING);
    assert_int_equal(generate_and_keep(world).origin, OUTPUT_PASSING);
    assert_int_equal(world->workers[0].diagnostics.count, 2);
}

/* Warnings of the first unit of the file, and an error of the other. */
static void emit_all_warnings(void *language, UnitEmission *units, size_t count, Arena *scratch)
{
    for (size_t i = 0; i < count; i++) {
        EmitUnit emit_one = units[i].unit->declaration == 0 ? emit_warnings : emit;
        units[i].is_right = emit_one(language, units[i].unit, units[i].lookup, scratch,
                                     units[i].text, units[i].diagnostics);
    }
}

static void test_each_unit_of_a_call_keeps_its_own_warnings(void **state)
{
    World *world = *state;
    UnitOutput alone, together[2];
    WantedUnit first = {0, &alone}, both[] = {{1, &together[1]}, {0, &together[0]}};
    world->codegen.emit_file = emit_all_warnings;
    world->codegen.emit = NULL;
    cached_codegen_emit(&world->codegen, 0, 0, &first, 1);
    cached_codegen_emit(&world->codegen, 0, 0, both, 2);
    assert_int_equal(together[0].origin, OUTPUT_EMITTED);
    assert_true(alone.warnings.size != 0);
    assert_true(slice_equal(alone.warnings, together[0].warnings));
    assert_int_equal(together[1].origin, OUTPUT_WRONG);
    assert_int_equal(together[1].warnings.size, 0);
    expect_warning(world, OUTPUT_EMITTED, 3);
    item_of(world, 0, 0)->line = 40;
    expect_warning(world, OUTPUT_CACHED, 42);
}

static bool emit_error(void *language, const Unit *unit, const Lookup *lookup, Arena *scratch,
                       ByteBuffer *text, Diagnostics *diagnostics)
{
    diagnostics_add(diagnostics, 1, 1, "wrong, and yet true");
    return emit(language, unit, lookup, scratch, text, diagnostics);
}

static void test_an_error_is_one_whatever_is_returned(void **state)
{
    World *world = *state;
    world->codegen.emit = emit_error;
    UnitOutput output = generate_and_keep(world);
    assert_int_equal(output.origin, OUTPUT_WRONG);
    assert_int_equal(output.text.size, 0);
    assert_int_equal(output.warnings.size, 0);
}

static void test_warnings_of_another_form_are_not_compared(void **state)
{
    (void)state;
    Slice none = {"", 0}, one = slice_from("sixteen bytes...one"),
          two = slice_from("sixteen bytes...two"), other = slice_from("16 other bytes..two");
    assert_false(unit_warnings_differ(none, none) || unit_warnings_differ(one, one));
    assert_true(unit_warnings_differ(one, two));
    assert_true(unit_warnings_differ(one, none) && unit_warnings_differ(none, one));
    assert_false(unit_warnings_differ(two, other));
}

/* ---- threads ------------------------------------------------------------------------------- */

typedef struct Race {
    World *world;
    UnitOutput outputs[64];
} Race;

static void generate_one(void *arg, size_t index, unsigned worker)
{
    Race *race = arg;
    cached_codegen(&race->world->codegen, worker, (uint32_t)index % 2, 0, (Hash128){index, 1},
                   true, &race->outputs[index]);
}

static void test_each_worker_has_results_of_its_own(void **state)
{
    Race race = {.world = *state};
    executor_run(&thread_executor, 64, generate_one, &race);
    for (size_t i = 0; i < 64; i++)
        expect_text(race.outputs[i].text, i % 2 == 0 ? "main: lib.x:add\n" : "lib.x:add:\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_what_was_emitted_once_is_found_in_the_next_process),
        TEST(test_a_wrong_unit_is_reported_each_time),
        TEST(test_what_is_not_cacheable_is_not_looked_up),
        TEST(test_a_unit_that_its_file_does_not_have_is_wrong),
        TEST(test_a_forgotten_output_is_emitted_again),
        TEST(test_the_units_of_a_file_are_emitted_in_one_call),
        TEST(test_one_unit_is_such_a_call_too),
        TEST(test_each_worker_has_results_of_its_own),
        TEST(test_warnings_come_with_what_is_found_and_move_with_it),
        TEST(test_a_unit_in_another_form_is_emitted_again_for_its_warnings),
        TEST(test_a_place_that_nothing_follows_is_not_kept),
        TEST(test_each_unit_of_a_call_keeps_its_own_warnings),
        TEST(test_an_error_is_one_whatever_is_returned),
        TEST(test_warnings_of_another_form_are_not_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
