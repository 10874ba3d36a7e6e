/* SPDX-License-Identifier: MIT */
/* Interfaces that refer to each other in a cycle: their component has one key, and each of its
 * members one made from it. */
#include "key_program.h"
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- what is in a cycle -------------------------------------------------------------------- */

/* The names of a file's units whose interface keys are in this state. */
static void expect_state(const ProgramFile *file, KeyState state, const char *names)
{
    char found[256] = "";
    for (uint32_t i = 0; i < file->declarations.count; i++) {
        Slice name = declaration_name(&file->declarations, i);
        if (file->key_states[i] == state)
            strcat(strncat(found, name.data, name.size), " ");
    }
    assert_string_equal(found, names);
}

static void expect_circular(const char *units, const char *known, const char *circular)
{
    KeyProgram program;
    FileSpec spec = {"main.x", "0", units};
    key_program_init(&program, &spec, 1);
    expect_state(&program.files[0], KEY_KNOWN, known);
    expect_state(&program.files[0], KEY_CIRCULAR, circular);
    for (uint32_t i = 0; i < program.files[0].declarations.count; i++) {
        bool is_cacheable;
        program_unit_key(&program.program, 0, i, &program.scratch, &is_cacheable);
        assert_true(is_cacheable);
    }
    key_program_free(&program);
}

static void test_cycles_and_what_leads_into_them_are_marked(void **state)
{
    (void)state;
    expect_circular("a | @a\nb | \n", "b ", "a ");
    expect_circular("a | @b\nb | @a\nc | @d\nd | \n", "c d ", "a b ");
    expect_circular("a | 0:b\nb | 0:a\n", "", "a b ");
    expect_circular("user | @a @fine\na | @b\nb | @c\nc | @b\nfine | @leaf\nleaf | \n",
                    "fine leaf ", "user a b c ");
    /* The cycle is met again from a member that is no longer on the path. */
    expect_circular("a | @b @c\nb | @a\nc | @b\nd | @c @leaf\nleaf | \n", "leaf ", "a b c d ");
    /* Two cycles in one component, closed in the wrong order. */
    expect_circular("a | @b\nb | @c @a\nc | @b @leaf\nleaf | \ne | @leaf\n", "leaf e ", "a b c ");
    /* What names a cycle in its body only has an interface like any other. */
    expect_circular("a | @a\nb | | @a\nc | @b\n", "b c ", "a ");
    /* Bodies may form cycles. */
    expect_circular("a | | @b\nb | | @a\n", "a b ", "");
}

/* types.x is poisoned. One of its names is enough for all that leads to the component, and the
 * component is met from another side first. */
static void test_a_component_that_reaches_the_poisoned_is_uncacheable_whole(void **state)
{
    (void)state;
    static const FileSpec specs[] = {
        {"main.x", "12", "leads | 0:b\nuser | | 0:c\nbeside | @ring\nring | @ring\nrest | \n"},
        {"lib.x", "2", "a | @b\nb | @c\nc | @a @d\nd | @c 0:Gone\ninner | @inner\nown | | 0:x\n"},
        {"types.x", "", ""},
    };
    KeyProgram program;
    key_program_init(&program, specs, 3);
    program.files[2].is_poisoned = true;
    for (uint32_t file = 0; file < 2; file++)
        memset(program.files[file].key_states, KEY_UNKNOWN,
               program.files[file].declarations.count);
    program_interface_keys(&program.program, 0, &program.scratch);
    program_interface_keys(&program.program, 1, &program.scratch);
    expect_state(&program.files[0], KEY_UNCACHEABLE, "leads ");
    expect_state(&program.files[0], KEY_CIRCULAR, "beside ring ");
    expect_state(&program.files[1], KEY_UNCACHEABLE, "a b c d ");
    expect_state(&program.files[1], KEY_CIRCULAR, "inner ");
    bool is_cacheable;
    key_program_key(&program, "main.x:user", &is_cacheable);
    assert_false(is_cacheable);
    key_program_key(&program, "main.x:rest", &is_cacheable);
    assert_true(is_cacheable);
    key_program_free(&program);
}

/* ---- what changes a key -------------------------------------------------------------------- */

/* a, b and c are one component, whichever of the others one of them names. */
#define LIB "a | @b\nb | x @c @a\nc | @b @a 0:Out\n"
#define TYPES "Out | o\nOther | o\n"

typedef struct Change {
    const char *what, *lib, *types;
    const char *changed; /* the interface keys that the program did not have before */
} Change;

static const Change changes[] = {
    {"nothing", LIB, TYPES, ""},
    {"a member that names another member", "a | @c\nb | x @c @a\nc | @b @a 0:Out\n", TYPES,
     "main.x:user lib.x:a lib.x:b lib.x:c "},
    {"... at another place", "a | @b\nb | x @a @c\nc | @b @a 0:Out\n", TYPES,
     "main.x:user lib.x:a lib.x:b lib.x:c "},
    {"... and itself", "a | @b\nb | x @c @b\nc | @b @a 0:Out\n", TYPES,
     "main.x:user lib.x:a lib.x:b lib.x:c "},
    {"a member's own interface", "a | @b\nb | y @c @a\nc | @b @a 0:Out\n", TYPES,
     "main.x:user lib.x:a lib.x:b lib.x:c "},
    {"what a member names outside", LIB, "Out | p\nOther | o\n",
     "main.x:user lib.x:a lib.x:b lib.x:c types.x:Out "},
    {"another one outside, which looks the same", "a | @b\nb | x @c @a\nc | @b @a 0:Other\n", TYPES,
     "main.x:user lib.x:a lib.x:b lib.x:c "},
    {"a name outside that is gone", LIB, "Other | o\n", "main.x:user lib.x:a lib.x:b lib.x:c "},
    {"a renamed member", "a | @d\nd | x @c @a\nc | @d @a 0:Out\n", TYPES,
     "main.x:user lib.x:a lib.x:d lib.x:c "},
    {"a member that is gone", "a | @b\nc | @b @a 0:Out\n", TYPES, "main.x:user lib.x:a lib.x:c "},
    {"one more member", LIB "d | @a\n", "Out | o 0:d\nOther | o\n",
     "main.x:user lib.x:a lib.x:b lib.x:c lib.x:d types.x:Out "},
    {"a component that splits", "a | @a\nb | x @c @a\nc | @b @a 0:Out\n", TYPES,
     "main.x:user lib.x:a lib.x:b lib.x:c "},
    {"a cycle that ends", "a | \nb | x @a @a\nc | @b @a 0:Out\n", TYPES,
     "main.x:user lib.x:a lib.x:b lib.x:c "},
    {"members in another order", "c | @b @a 0:Out\nb | x @c @a\na | @b\n", TYPES, ""},
    {"bodies, and what they name", "a | @b | @c\nb | x @c @a | y\nc | @b @a 0:Out | 0:Other\n",
     TYPES, ""},
    {"a user", LIB "new | @a\n", TYPES, "lib.x:new "},
};

static void make_program(KeyProgram *program, const char *lib, const char *types)
{
    const FileSpec specs[] = {{"main.x", "1", "user | 0:a\nrest | r\n"},
                              {"lib.x", "2", lib},
                              {"types.x", "1", types}};
    key_program_init(program, specs, 3);
}

static bool has_key(const ProgramFile *file, Hash128 key)
{
    for (uint32_t i = 0; i < file->declarations.count; i++)
        if (hash_equal(file->interface_keys[i], key))
            return true;
    return false;
}

static void expect_changed(const KeyProgram *before, const KeyProgram *after, const char *changed)
{
    char found[256] = "";
    for (uint32_t file = 0; file < after->file_count; file++) {
        const ProgramFile *made = &after->files[file];
        for (uint32_t i = 0; i < made->declarations.count; i++) {
            Slice name = declaration_name(&made->declarations, i);
            if (!has_key(&before->files[file], made->interface_keys[i]))
                snprintf(found + strlen(found), sizeof found - strlen(found), "%s:%.*s ",
                         made->path.data, (int)name.size, name.data);
        }
    }
    assert_string_equal(found, changed);
}

static void test_each_change_in_a_component_changes_all_its_keys(void **state)
{
    KeyProgram before, after;
    (void)state;
    make_program(&before, LIB, TYPES);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        fprintf(stderr, "%s\n", changes[i].what);
        make_program(&after, changes[i].lib, changes[i].types);
        expect_changed(&before, &after, changes[i].changed);
        key_program_free(&after);
    }
    key_program_free(&before);
}

/* Which side a component is entered from, and what had a key before, leaves no trace. */
static void test_keys_do_not_depend_on_where_the_walk_begins(void **state)
{
    static const FileSpec specs[] = {
        {"main.x", "12", "z | 0:y\nuser | @z @m\nm | @m\n"},
        {"lib.x", "20", "y | 0:x 0:m 1:z\nm | \n"},
        {"types.x", "01", "x | 0:z 1:y @m\nm | 1:m @x\n"},
    };
    static const uint32_t orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                         {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    KeyProgram first, other;
    (void)state;
    key_program_init(&first, specs, 3);
    key_program_init(&other, specs, 3);
    for (unsigned i = 0; i < 12; i++) {
        for (uint32_t file = 0; file < 3; file++) {
            ProgramFile *made = &other.files[file];
            memset(made->key_states, KEY_UNKNOWN, made->declarations.count);
            if (i >= 6)
                program_plain_interface_keys(&other.program, made, &other.scratch);
        }
        for (uint32_t k = 0; k < 3; k++)
            program_interface_keys(&other.program, orders[i % 6][k], &other.scratch);
        expect_changed(&first, &other, "");
    }
    key_program_free(&first);
    key_program_free(&other);
}

/* A cycle leads from each member to each other one, but their symbols differ. */
static void expect_all_different(const char *units)
{
    KeyProgram program;
    const FileSpec specs[] = {{"main.x", "", "rest | \n"}, {"a.x", "", units}, {"b.x", "", units}};
    key_program_init(&program, specs, 3);
    const ProgramFile *a = &program.files[1], *b = &program.files[2];
    for (uint32_t i = 0; i < a->declarations.count; i++) {
        assert_false(has_key(b, a->interface_keys[i]));
        for (uint32_t k = 0; k < i; k++)
            assert_false(hash_equal(a->interface_keys[i], a->interface_keys[k]));
    }
    key_program_free(&program);
}

static void test_no_two_members_have_one_key(void **state)
{
    (void)state;
    expect_all_different("a | @a\n");
    expect_all_different("a | @b\nb | @a\n");
    expect_all_different("a | @b @c\nb | @a @c\nc | @a @b\n");
    expect_all_different("a | @a\nb | @b\n");
    /* A name leads to the first that has it; the second is outside. */
    expect_all_different("a | @a\na | @a\n");
    expect_all_different("a | @b\nb | @a\na | @b\nb | @a\n");
}

/* main is printed as main here, and as other.x:main where it is imported. */
static void test_the_symbol_of_a_member_is_in_all_keys(void **state)
{
    static const FileSpec specs[] = {{"main.x", "1", "main | 0:a\nuser | @main\n"},
                                     {"lib.x", "0", "a | 0:main\nb | \n"}};
    KeyProgram before, after;
    (void)state;
    key_program_init(&before, specs, 2);
    key_program_init(&after, specs, 2);
    after.program.entry_file = 1;
    for (uint32_t i = 0; i < 2; i++)
        key_program_set(&after, i, &specs[i]);
    for (uint32_t i = 0; i < 2; i++)
        program_interface_keys(&after.program, i, &after.scratch);
    expect_changed(&before, &after, "main.x:main main.x:user lib.x:a ");
    key_program_free(&before);
    key_program_free(&after);
}

/* ---- size ---------------------------------------------------------------------------------- */

typedef struct CountedProgram {
    KeyProgram made; /* first */
    uint64_t asked;  /* how often for a file */
} CountedProgram;

static ProgramFile *count_file(Program *program, uint32_t number)
{
    CountedProgram *counted = (CountedProgram *)program;
    counted->asked++;
    return &counted->made.files[number];
}

/* All members lead on to the next one and back to the first; every third also far ahead. */
static char *make_ring(unsigned links)
{
    ByteBuffer text = {0};
    char line[96];
    for (unsigned i = 0; i < links; i++) {
        snprintf(line, sizeof line, "c%u | @c%u @c0", i, (i + 1) % links);
        buffer_put(&text, slice_from(line));
        snprintf(line, sizeof line, i % 3 == 0 ? " @c%u\n" : "\n", (i + links / 2) % links);
        buffer_put(&text, slice_from(line));
    }
    buffer_put_byte(&text, '\0');
    return text.data;
}

/* Each reference is followed once by the walk and once for the key. */
static void expect_linear(unsigned links)
{
    CountedProgram counted = {0};
    char *units = make_ring(links);
    FileSpec spec = {"main.x", "", units};
    key_program_init(&counted.made, &spec, 1);
    counted.made.program.file = count_file;
    ProgramFile *made = &counted.made.files[0];
    memset(made->key_states, KEY_UNKNOWN, made->declarations.count);
    program_interface_keys(&counted.made.program, 0, &counted.made.scratch);
    assert_int_equal(made->key_states[links / 2], KEY_CIRCULAR);
    assert_true(counted.asked <= 1 + 2 * (uint64_t)made->declarations.reference_count);
    key_program_free(&counted.made);
    free(units);
}

static void test_a_component_of_100000_is_linear(void **state)
{
    (void)state;
    expect_linear(1000);
    expect_linear(100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cycles_and_what_leads_into_them_are_marked),
        cmocka_unit_test(test_a_component_that_reaches_the_poisoned_is_uncacheable_whole),
        cmocka_unit_test(test_each_change_in_a_component_changes_all_its_keys),
        cmocka_unit_test(test_keys_do_not_depend_on_where_the_walk_begins),
        cmocka_unit_test(test_no_two_members_have_one_key),
        cmocka_unit_test(test_the_symbol_of_a_member_is_in_all_keys),
        cmocka_unit_test(test_a_component_of_100000_is_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
