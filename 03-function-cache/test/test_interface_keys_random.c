/* SPDX-License-Identifier: MIT */
/*
 * Interface keys of random programs, held against a model: two are equal exactly if the texts of
 * all that the two interfaces lead to are equal.
 *
 * A round makes a program and a hundred variants of it, each an edit or two away from the one
 * before. Files change their numbers between variants, and the order in which they are asked. A
 * text knows nothing of components: it lists what is reached, sorted, with the identity of what
 * each reference leads to. Compared are all keys of all variants with each other.
 *
 *     SEED=7 STEPS=1000 test_interface_keys_random
 */
#include "key_program.h"
#include "random_numbers.h"
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>

enum { FILES = 4, UNITS = 5, NAMES = 6, REFERENCES = 3, IMPORTS = 3, VARIANTS = 100 };
enum { ALL_UNITS = FILES * UNITS, NOWHERE = FILES };

static const char *const paths[FILES] = {"a.x", "a.x.x", "b.x", "lib/a.x"};
static const char *const names[NAMES] = {"main", "p", "q", "r", "s", "gone"};

typedef struct ModelReference {
    unsigned import; /* IMPORTS: its own file */
    unsigned name;   /* NAMES: no reference */
} ModelReference;

typedef struct ModelUnit {
    bool exists;
    unsigned name, word;
    ModelReference references[REFERENCES];
} ModelUnit;

typedef struct ModelFile {
    unsigned imports[IMPORTS]; /* files, or NOWHERE */
    bool is_poisoned;
    ModelUnit units[UNITS];
} ModelFile;

typedef struct Keyed { /* one interface of one variant */
    Hash128 key, text;
    KeyState state;
} Keyed;

typedef struct World {
    Random random;
    ModelFile files[FILES];
    unsigned entry;
    Keyed all[VARIANTS * ALL_UNITS];
    unsigned count;
    unsigned equal, circular, uncacheable; /* pairs, and keys, so that none of it is for nothing */
} World;

static unsigned pick(World *world, unsigned below)
{
    return random_draw(&world->random, below);
}

/* ---- the model ----------------------------------------------------------------------------- */

typedef enum Lead { LEADS_NOWHERE, LEADS_TO_UNIT, LEADS_TO_POISON } Lead;

/* Units are numbered through all files. */
static const ModelUnit *unit_at(const World *world, unsigned unit)
{
    return &world->files[unit / UNITS].units[unit % UNITS];
}

static Lead follow(const World *world, unsigned from, unsigned number, unsigned *to)
{
    const ModelFile *own = &world->files[from / UNITS];
    const ModelReference *reference = &unit_at(world, from)->references[number];
    unsigned file = reference->import == IMPORTS ? from / UNITS : own->imports[reference->import];
    if (file == NOWHERE || world->files[file].is_poisoned)
        return LEADS_TO_POISON;
    for (unsigned i = 0; i < UNITS; i++) {
        const ModelUnit *unit = &world->files[file].units[i];
        *to = file * UNITS + i;
        if (unit->exists && unit->name == reference->name)
            return LEADS_TO_UNIT;
    }
    return LEADS_NOWHERE;
}

static bool has_reference(const ModelUnit *unit, unsigned number)
{
    return unit->references[number].name < NAMES;
}

/* Marks what the unit leads to, itself only if it leads back. False if something poisoned is. */
static bool mark_reached(const World *world, unsigned from, bool reached[ALL_UNITS])
{
    bool is_clean = true;
    for (unsigned i = 0; i < REFERENCES; i++) {
        unsigned to;
        if (!has_reference(unit_at(world, from), i))
            continue;
        Lead lead = follow(world, from, i, &to);
        is_clean &= lead != LEADS_TO_POISON;
        if (lead != LEADS_TO_UNIT || reached[to])
            continue;
        reached[to] = true;
        is_clean &= mark_reached(world, to, reached);
    }
    return is_clean;
}

static void put_symbol(const World *world, unsigned unit, ByteBuffer *text)
{
    bool is_plain = unit / UNITS == world->entry && unit_at(world, unit)->name == 0;
    buffer_put_format(text, " %s%s:%s", is_plain ? "plain " : "", paths[unit / UNITS],
                      names[unit_at(world, unit)->name]);
}

/* The same name through the same import is one reference, through another import a second one, even
 * if both imports lead to one file. */
static bool is_repeated(const ModelUnit *unit, unsigned number, unsigned *first)
{
    const ModelReference *reference = &unit->references[number];
    *first = 0;
    for (unsigned i = 0; i < number; i++) {
        const ModelReference *other = &unit->references[i];
        unsigned ignored;
        if (other->name == reference->name && other->import == reference->import)
            return true;
        *first += has_reference(unit, i) && !is_repeated(unit, i, &ignored);
    }
    return false;
}

static void put_line(const World *world, unsigned at, ByteBuffer *text)
{
    const ModelUnit *unit = unit_at(world, at);
    buffer_put_format(text, "%s:%s w%u", paths[at / UNITS], names[unit->name], unit->word);
    for (unsigned i = 0; i < REFERENCES; i++) {
        unsigned to, first;
        if (!has_reference(unit, i))
            continue;
        if (is_repeated(unit, i, &first))
            buffer_put_format(text, " as %u", first);
        else if (follow(world, at, i, &to) == LEADS_TO_UNIT)
            put_symbol(world, to, text);
        else
            buffer_put(text, slice_from(" ?"));
    }
    buffer_put_byte(text, '\n');
}

/* The own line, and those of all that is reached, in one order: by path and name. */
static Hash128 text_of(const World *world, unsigned unit, const bool reached[ALL_UNITS])
{
    ByteBuffer text = {0};
    put_line(world, unit, &text);
    for (unsigned file = 0; file < FILES; file++)
        for (unsigned name = 0; name < NAMES; name++)
            for (unsigned i = 0; i < UNITS; i++) {
                unsigned other = file * UNITS + i;
                if (reached[other] && unit_at(world, other)->name == name)
                    put_line(world, other, &text);
            }
    Hash128 hash = hash_bytes(buffer_slice(&text));
    buffer_free(&text);
    return hash;
}

static bool leads_to_cycle(const World *world, unsigned unit, const bool reached[ALL_UNITS])
{
    for (unsigned i = 0; i < ALL_UNITS; i++) {
        bool back[ALL_UNITS] = {false};
        if (reached[i] || i == unit)
            mark_reached(world, i, back);
        if (back[i])
            return true;
    }
    return false;
}

static Keyed judge(const World *world, unsigned unit)
{
    bool reached[ALL_UNITS] = {false};
    if (!mark_reached(world, unit, reached))
        return (Keyed){.state = KEY_UNCACHEABLE};
    KeyState state = leads_to_cycle(world, unit, reached) ? KEY_CIRCULAR : KEY_KNOWN;
    return (Keyed){.text = text_of(world, unit, reached), .state = state};
}

/* ---- the same for stage 3 ------------------------------------------------------------------ */

static void put_unit(const ModelUnit *unit, ByteBuffer *text)
{
    buffer_put_format(text, "%s | w%u", names[unit->name], unit->word);
    for (unsigned i = 0; i < REFERENCES; i++) {
        const ModelReference *reference = &unit->references[i];
        if (has_reference(unit, i) && reference->import == IMPORTS)
            buffer_put_format(text, " @%s", names[reference->name]);
        else if (has_reference(unit, i))
            buffer_put_format(text, " %u:%s", reference->import, names[reference->name]);
    }
    buffer_put_byte(text, '\n');
}

/* The file gets its number from `places`. */
static void set_file(KeyProgram *program, const World *world, unsigned file,
                     const unsigned places[FILES])
{
    ByteBuffer text = {0};
    const ModelFile *model = &world->files[file];
    for (unsigned i = 0; i < UNITS; i++)
        if (model->units[i].exists && !model->is_poisoned)
            put_unit(&model->units[i], &text);
    buffer_put_byte(&text, '\0');
    key_program_set(program, places[file], &(FileSpec){paths[file], "000", text.data});
    ProgramFile *made = &program->files[places[file]];
    uint32_t *targets = arena_allocate(&program->arena, IMPORTS * sizeof *targets);
    for (unsigned i = 0; i < IMPORTS; i++)
        targets[i] = model->imports[i] == NOWHERE ? TARGET_NONE : places[model->imports[i]];
    made->targets = targets;
    made->is_poisoned = model->is_poisoned;
    buffer_free(&text);
}

static void shuffle(World *world, unsigned numbers[FILES])
{
    for (unsigned i = 0; i < FILES; i++) {
        unsigned other = pick(world, i + 1);
        numbers[i] = numbers[other];
        numbers[other] = i;
    }
}

static void make_keys(World *world, KeyProgram *program, unsigned places[FILES])
{
    unsigned order[FILES];
    key_program_init(program, NULL, 0);
    shuffle(world, places);
    shuffle(world, order);
    program->file_count = FILES;
    program->program.entry_file = places[world->entry];
    for (unsigned i = 0; i < FILES; i++)
        set_file(program, world, i, places);
    for (unsigned i = 0; i < FILES; i++)
        if (pick(world, 2) == 0)
            program_plain_interface_keys(&program->program, &program->files[i], &program->scratch);
    for (unsigned i = 0; i < FILES; i++)
        program_interface_keys(&program->program, order[i], &program->scratch);
}

/* Adds all interfaces of the variant to those of the round; their states must be right. */
static void add_variant(World *world)
{
    KeyProgram program;
    unsigned places[FILES];
    make_keys(world, &program, places);
    for (unsigned file = 0; file < FILES; file++) {
        const ProgramFile *made = &program.files[places[file]];
        uint32_t declaration = 0;
        for (unsigned i = 0; i < UNITS; i++) {
            if (!world->files[file].units[i].exists || world->files[file].is_poisoned)
                continue;
            Keyed keyed = judge(world, file * UNITS + i);
            keyed.key = made->interface_keys[declaration];
            assert_int_equal(made->key_states[declaration++], keyed.state);
            world->circular += keyed.state == KEY_CIRCULAR;
            world->uncacheable += keyed.state == KEY_UNCACHEABLE;
            if (keyed.state != KEY_UNCACHEABLE)
                world->all[world->count++] = keyed;
        }
    }
    key_program_free(&program);
}

/* ---- random programs ----------------------------------------------------------------------- */

static ModelReference make_reference(World *world)
{
    return (ModelReference){pick(world, IMPORTS + 1), pick(world, NAMES + 4)};
}

static void make_program(World *world)
{
    world->entry = 0;
    for (unsigned file = 0; file < FILES; file++) {
        ModelFile *made = &world->files[file];
        *made = (ModelFile){0};
        for (unsigned i = 0; i < IMPORTS; i++)
            made->imports[i] = pick(world, FILES + (pick(world, 8) == 0));
        for (unsigned i = 0; i < UNITS; i++) {
            made->units[i] = (ModelUnit){.exists = true, .name = i, .word = pick(world, 2)};
            for (unsigned r = 0; r < REFERENCES; r++)
                made->units[i].references[r] = make_reference(world);
        }
    }
}

static bool has_name(const ModelFile *file, unsigned name)
{
    for (unsigned i = 0; i < UNITS; i++)
        if (file->units[i].name == name)
            return true;
    return false;
}

static void edit(World *world)
{
    ModelFile *file = &world->files[pick(world, FILES)];
    ModelUnit *unit = &file->units[pick(world, UNITS)], *other = &file->units[pick(world, UNITS)];
    unsigned name = pick(world, NAMES);
    ModelUnit swapped = *other;
    switch (pick(world, 12)) {
    case 0: case 1: unit->word = pick(world, 2); break;
    case 2: case 3: unit->references[pick(world, REFERENCES)] = make_reference(world); break;
    case 4: case 5: unit->references[pick(world, REFERENCES)].name = pick(world, UNITS); break;
    case 6: unit->exists = !unit->exists; break;
    case 7: file->imports[pick(world, IMPORTS)] = pick(world, FILES + (pick(world, 8) == 0)); break;
    case 8: unit->name = has_name(file, name) ? unit->name : name; break;
    case 9: *other = *unit, *unit = swapped; break;
    case 10: file->is_poisoned = !file->is_poisoned && pick(world, 4) == 0; break;
    default: world->entry = pick(world, 4) == 0 ? pick(world, FILES) : 0;
    }
}

static void compare_all(World *world)
{
    for (unsigned i = 0; i < world->count; i++)
        for (unsigned k = 0; k < i; k++) {
            const Keyed *a = &world->all[i], *b = &world->all[k];
            bool are_equal = hash_equal(a->text, b->text);
            assert_int_equal(hash_equal(a->key, b->key), are_equal);
            world->equal += are_equal && a->state == KEY_CIRCULAR;
        }
}

/* Otherwise the comparison may have seen equal keys only where nothing was edited. */
static bool is_varied(const World *world)
{
    return world->equal != 0 && world->circular != 0 && world->uncacheable != 0;
}

static void test_keys_are_equal_exactly_if_all_that_is_reached_is(void **state)
{
    const char *given = getenv("STEPS");
    unsigned long rounds = given == NULL || given[0] == '\0' ? 20 : strtoul(given, NULL, 10);
    World *world = memory_allocate_zeroed(1, sizeof *world);
    (void)state;
    world->random = random_begin();
    for (unsigned long round = 0; round < rounds || (round < 10 * rounds && !is_varied(world));
         round++) {
        make_program(world);
        world->count = 0;
        for (unsigned i = 0; i < VARIANTS; i++) {
            add_variant(world);
            for (unsigned edits = 1 + pick(world, 2); edits > 0; edits--)
                edit(world);
        }
        compare_all(world);
    }
    fprintf(stderr, "%u pairs of circular interfaces were equal; %u keys were circular, %u none\n",
            world->equal, world->circular, world->uncacheable);
    assert_true(is_varied(world));
    free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_are_equal_exactly_if_all_that_is_reached_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
