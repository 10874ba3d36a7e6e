/* SPDX-License-Identifier: MIT */
/* What must change a key, and what must not. */
#include "key_program.h"
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>

/* main uses area and limit of lib; area takes a box, of types; a box has points. */
static const FileSpec sample[] = {
    {"main.x", "12", "main | | draws 0:area 0:limit\n"
                     "idle | | rests\n"},
    {"lib.x", "3", "area | a 0:Box b | times @scale\n"
                   "scale | | twice\n"
                   "limit | 5\n"},
    {"twin.x", "3", "area | a 0:Box b | times @scale\n"
                    "scale | | twice\n"
                    "limit | 5\n"},
    {"types.x", "", "Box | from @Point to @Point\n"
                    "Point | x y\n"
                    "Other | z\n"},
};

enum { SAMPLE_FILES = sizeof sample / sizeof *sample };

static bool had_key(KeyProgram *before, uint32_t file, Hash128 key)
{
    bool is_cacheable;
    for (uint32_t i = 0; i < before->files[file].declarations.count; i++)
        if (hash_equal(key, program_unit_key(&before->program, file, i, &before->scratch,
                                             &is_cacheable)))
            return true;
    return false;
}

/* Expects that exactly the units `changed` ("path:name " each) have keys that no unit of their file
 * had before. */
static void expect_between(KeyProgram *before, KeyProgram *after, const char *changed)
{
    ByteBuffer found = {0};
    for (uint32_t file = 0; file < after->file_count; file++) {
        const Declarations *view = &after->files[file].declarations;
        for (uint32_t i = 0; i < view->count; i++) {
            bool is_cacheable;
            Hash128 key = program_unit_key(&after->program, file, i, &after->scratch,
                                           &is_cacheable);
            assert_true(is_cacheable);
            if (had_key(before, file, key))
                continue;
            buffer_put(&found, after->files[file].path);
            buffer_put_byte(&found, ':');
            buffer_put(&found, declaration_name(view, i));
            buffer_put_byte(&found, ' ');
        }
    }
    buffer_put_byte(&found, '\0');
    assert_string_equal(found.data, changed);
    buffer_free(&found);
}

static void expect_change(uint32_t file, const char *imports, const char *units,
                          const char *changed)
{
    KeyProgram before, after;
    FileSpec specs[SAMPLE_FILES];
    memcpy(specs, sample, sizeof sample);
    if (imports != NULL)
        specs[file].imports = imports;
    if (units != NULL)
        specs[file].units = units;
    key_program_init(&before, sample, SAMPLE_FILES);
    key_program_init(&after, specs, SAMPLE_FILES);
    expect_between(&before, &after, changed);
    key_program_free(&before);
    key_program_free(&after);
}

/* ---- one edit after another ---------------------------------------------------------------- */

typedef struct Edit {
    const char *what;
    uint32_t file;
    const char *imports, *units, *changed;
} Edit;

static const Edit edits[] = {
    {"nothing", 0, NULL, NULL, ""},
    {"a body", 1, NULL, "area | a 0:Box b | plus @scale\nscale | | twice\nlimit | 5\n",
     "lib.x:area "},
    {"the body of what a body calls", 1, NULL,
     "area | a 0:Box b | times @scale\nscale | | thrice\nlimit | 5\n", "lib.x:scale "},
    {"a parameter's type", 1, NULL,
     "area | a 0:Point b | times @scale\nscale | | twice\nlimit | 5\n",
     "main.x:main lib.x:area "},
    {"swapped parameters", 1, NULL,
     "area | b 0:Box a | times @scale\nscale | | twice\nlimit | 5\n", "main.x:main lib.x:area "},
    {"a constant's value", 1, NULL,
     "area | a 0:Box b | times @scale\nscale | | twice\nlimit | 6\n", "main.x:main lib.x:limit "},
    {"a struct two files away", 3, NULL, "Box | from @Point to @Point\nPoint | x y z\nOther | z\n",
     "main.x:main lib.x:area twin.x:area types.x:Box types.x:Point "},
    {"a struct that nobody names", 3, NULL,
     "Box | from @Point to @Point\nPoint | x y\nOther | z w\n", "types.x:Other "},
    {"a reference of an interface that leads elsewhere", 3, NULL,
     "Box | from @Point to @Other\nPoint | x y\nOther | z\n",
     "main.x:main lib.x:area twin.x:area types.x:Box "},
    {"units in another order", 1, NULL,
     "limit | 5\nscale | | twice\narea | a 0:Box b | times @scale\n", ""},
    {"a unit between others", 1, NULL,
     "area | a 0:Box b | times @scale\nnew | | one\nscale | | twice\nlimit | 5\n", "lib.x:new "},
    {"a unit that vanishes", 1, NULL, "area | a 0:Box b | times @scale\nscale | | twice\n",
     "main.x:main "},
    {"a renamed unit", 1, NULL,
     "area | a 0:Box b | times @scales\nscales | | twice\nlimit | 5\n",
     "lib.x:area lib.x:scales "},
    {"an import that leads to a twin", 0, "22", NULL, "main.x:main "},
    {"one more import, after the others", 0, "123", NULL, ""},
    {"a name that starts to resolve", 0, NULL, "main | | draws 0:area 0:limit 0:scale\n"
                                               "idle | | rests\n", "main.x:main "},
    {"a body that goes", 1, NULL, "area | a 0:Box b | times @scale\nscale | \nlimit | 5\n",
     "lib.x:scale "},
};

static void test_each_edit_changes_these_keys_and_no_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        fprintf(stderr, "%s\n", edits[i].what);
        expect_change(edits[i].file, edits[i].imports, edits[i].units, edits[i].changed);
    }
}

static bool same_digest(KeyProgram *a, KeyProgram *b, uint32_t file)
{
    return hash_equal(program_interface_digest(&a->program, file, &a->scratch),
                      program_interface_digest(&b->program, file, &b->scratch));
}

/* Who sees one declaration of the file sees the whole blob; so do the file's own units. */
static void test_an_interface_blob_is_in_the_keys_of_all_who_see_the_file(void **state)
{
    (void)state;
    static const struct {
        uint32_t file;
        const char *changed;
    } cases[] = {
        {0, "main.x:main main.x:idle "},
        {1, "main.x:main lib.x:area lib.x:scale lib.x:limit "},
        {2, "twin.x:area twin.x:scale twin.x:limit "},
        {3, "main.x:main lib.x:area twin.x:area types.x:Box types.x:Point types.x:Other "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        KeyProgram before, after;
        key_program_init(&before, sample, SAMPLE_FILES);
        key_program_init(&after, sample, SAMPLE_FILES);
        key_program_set_interface(&after, cases[i].file, "one");
        expect_between(&before, &after, cases[i].changed);
        assert_false(same_digest(&before, &after, cases[i].file));
        key_program_set_interface(&before, cases[i].file, "one");
        expect_between(&before, &after, "");
        assert_true(same_digest(&before, &after, cases[i].file));
        key_program_set_interface(&after, cases[i].file, "another");
        expect_between(&before, &after, cases[i].changed);
        assert_false(same_digest(&before, &after, cases[i].file));
        key_program_free(&before);
        key_program_free(&after);
    }
}

static void test_a_name_that_stops_and_starts_to_resolve(void **state)
{
    (void)state;
    static const FileSpec lacking[] = {{"main.x", "1", "main | | calls 0:gone\nidle | 0:gone\n"},
                                       {"lib.x", "", ""}};
    static const FileSpec having[] = {{"main.x", "1", "main | | calls 0:gone\nidle | 0:gone\n"},
                                      {"lib.x", "", "gone | \n"}};
    KeyProgram before, after;
    key_program_init(&before, lacking, 2);
    key_program_init(&after, having, 2);
    expect_between(&before, &after, "main.x:main main.x:idle lib.x:gone ");
    expect_between(&after, &before, "main.x:main main.x:idle ");
    key_program_free(&before);
    key_program_free(&after);
}

static void test_the_settings_are_in_every_key(void **state)
{
    (void)state;
    KeyProgram before, after;
    key_program_init(&before, sample, SAMPLE_FILES);
    key_program_init(&after, sample, SAMPLE_FILES);
    after.program.fingerprint = hash_bytes(slice_from("another compiler"));
    expect_between(&before, &after, "main.x:main main.x:idle lib.x:area lib.x:scale lib.x:limit "
                                    "twin.x:area twin.x:scale twin.x:limit types.x:Box "
                                    "types.x:Point types.x:Other ");
    key_program_free(&before);
    key_program_free(&after);
}

static void test_equal_files_in_two_places_have_two_keys(void **state)
{
    (void)state;
    KeyProgram program;
    bool is_cacheable;
    key_program_init(&program, sample, SAMPLE_FILES);
    assert_false(hash_equal(key_program_key(&program, "lib.x:scale", &is_cacheable),
                            key_program_key(&program, "twin.x:scale", &is_cacheable)));
    key_program_free(&program);
}

/* `main` of the entry has the symbol main; imported, it is main.x:main. Code that names it, in a
 * body or an interface, prints that symbol. */
static void test_an_entry_point_is_another_symbol(void **state)
{
    (void)state;
    static const FileSpec specs[] = {
        {"main.x", "", "main | | starts\ncalls | | @main\nholds | @main | kept\nfar | @holds | x\n"
                       "idle | | rests\n"},
        {"other.x", "0", "main | | 0:main\n"},
    };
    KeyProgram before, after;
    key_program_init(&before, specs, 2);
    key_program_init(&after, specs, 2);
    after.program.entry_file = 1;
    for (uint32_t i = 0; i < 2; i++) {
        key_program_set(&after, i, &specs[i]);
        program_interface_keys(&after.program, i, &after.scratch);
    }
    expect_between(&before, &after, "main.x:main main.x:calls main.x:holds main.x:far "
                                    "other.x:main ");
    key_program_free(&before);
    key_program_free(&after);
}

/* ---- interface digests --------------------------------------------------------------------- */

static Hash128 digest(const char *imports, const char *units)
{
    KeyProgram program;
    FileSpec specs[SAMPLE_FILES];
    memcpy(specs, sample, sizeof sample);
    specs[1].imports = imports;
    specs[1].units = units;
    key_program_init(&program, specs, SAMPLE_FILES);
    Hash128 hash = program_interface_digest(&program.program, 1, &program.scratch);
    key_program_free(&program);
    return hash;
}

static void test_the_digest_sees_interfaces_and_no_bodies(void **state)
{
    (void)state;
    Hash128 base = digest("3", sample[1].units);
    assert_true(hash_equal(base, digest("3", "area | a 0:Box b | other\nscale | | x\nlimit | 5\n")));
    assert_false(hash_equal(base, digest("3", "area | a 0:Box c | times @scale\nscale | | twice\n"
                                              "limit | 5\n")));
    assert_false(hash_equal(base, digest("0", sample[1].units)));
    assert_false(hash_equal(base, digest("3", "scale | | twice\narea | a 0:Box b | times @scale\n"
                                              "limit | 5\n")));
}

/* ---- under a secret ------------------------------------------------------------------------ */

/* Everything else is the same, including the fingerprint. */
static void test_all_keys_depend_on_the_secret(void **state)
{
    (void)state;
    KeyProgram public, secret;
    const unsigned char seed[HASH_SEED_SIZE] = {1};
    HashSecret hidden;
    bool is_cacheable;
    hash_secret_make(&hidden, seed);
    key_program_init(&public, sample, SAMPLE_FILES);
    key_program_init(&secret, sample, SAMPLE_FILES);
    secret.program.secret = &hidden;
    assert_false(hash_equal(program_interface_digest(&public.program, 1, &public.scratch),
                            program_interface_digest(&secret.program, 1, &secret.scratch)));
    /* the interface keys are still public ones */
    assert_false(hash_equal(key_program_key(&public, "lib.x:area", &is_cacheable),
                            key_program_key(&secret, "lib.x:area", &is_cacheable)));
    for (uint32_t file = 0; file < SAMPLE_FILES; file++) {
        ProgramFile *made = &secret.files[file];
        memset(made->key_states, KEY_UNKNOWN, made->declarations.count);
        if (file % 2 == 0)
            program_plain_interface_keys(&secret.program, made, &secret.scratch);
    }
    for (uint32_t file = 0; file < SAMPLE_FILES; file++) {
        program_interface_keys(&secret.program, file, &secret.scratch);
        for (uint32_t i = 0; i < secret.files[file].declarations.count; i++)
            assert_false(hash_equal(secret.files[file].interface_keys[i],
                                    public.files[file].interface_keys[i]));
    }
    key_program_free(&public);
    key_program_free(&secret);
}

/* ---- plain keys ---------------------------------------------------------------------------- */

static void test_plain_keys_are_the_same_keys(void **state)
{
    (void)state;
    KeyProgram all, plain;
    key_program_init(&all, sample, SAMPLE_FILES);
    key_program_init(&plain, sample, SAMPLE_FILES);
    for (uint32_t file = 0; file < SAMPLE_FILES; file++) {
        ProgramFile *made = &plain.files[file];
        memset(made->key_states, KEY_UNKNOWN, made->declarations.count);
        program_plain_interface_keys(&plain.program, made, &plain.scratch);
        for (uint32_t i = 0; i < made->declarations.count; i++) {
            bool is_plain = made->declarations.items[i].interface_reference_count == 0;
            assert_int_equal(made->key_states[i], is_plain ? KEY_KNOWN : KEY_UNKNOWN);
            assert_true(hash_equal(made->interface_keys[i], all.files[file].interface_keys[i]));
        }
    }
    key_program_free(&all);
    key_program_free(&plain);
}

/* ---- what is poisoned ---------------------------------------------------------------------- */

static void expect_uncacheable(const KeyProgram *program, uint32_t file, const char *names)
{
    char found[256] = "";
    const ProgramFile *made = &program->files[file];
    for (uint32_t i = 0; i < made->declarations.count; i++) {
        assert_true(made->key_states[i] == KEY_KNOWN || made->key_states[i] == KEY_UNCACHEABLE);
        Slice name = declaration_name(&made->declarations, i);
        if (made->key_states[i] == KEY_UNCACHEABLE)
            strcat(strncat(found, name.data, name.size), " ");
    }
    assert_string_equal(found, names);
}

/* lib.x has errors; import 2 of main.x leads nowhere. A body may name it, without affecting its
 * user. */
static void test_what_reaches_the_poisoned_has_no_key(void **state)
{
    (void)state;
    static const FileSpec specs[] = {
        {"main.x", "11", "a | 0:s\nb | 1:s\nc | @a @gone\nd | | 0:f\ne | | @d\nf | @gone | @e\n"},
        {"lib.x", "", ""},
    };
    static uint32_t targets[] = {1, TARGET_NONE};
    KeyProgram program;
    uint32_t file, declaration;
    key_program_init(&program, specs, 2);
    ProgramFile *made = &program.files[0];
    made->targets = targets;
    program.files[1].is_poisoned = true;
    memset(made->key_states, KEY_UNKNOWN, made->declarations.count);
    program_interface_keys(&program.program, 0, &program.scratch);
    expect_uncacheable(&program, 0, "a b c ");
    static const char *const units[] = {"main.x:a", "main.x:b", "main.x:c",
                                        "main.x:d", "main.x:e", "main.x:f"};
    for (size_t i = 0; i < 6; i++) {
        bool is_cacheable;
        key_program_key(&program, units[i], &is_cacheable);
        assert_int_equal(is_cacheable, i >= 4);
    }
    static const Resolution of_first_reference[] = {
        NAME_POISONED, NAME_POISONED, NAME_FOUND, NAME_POISONED, NAME_FOUND, NAME_MISSING};
    for (uint32_t i = 0; i < 6; i++)
        assert_int_equal(program_resolve(&program.program, made, 0,
                                         declaration_reference(&made->declarations, i, 0), &file,
                                         &declaration),
                         of_first_reference[i]);
    key_program_free(&program);
}

/* ---- size ---------------------------------------------------------------------------------- */

enum { LINKS = 100000 };

/* c0 refers to c1, c1 to c2 ... */
static char *make_chain(const char *last)
{
    ByteBuffer text = {0};
    char line[64];
    for (int i = 0; i + 1 < LINKS; i++) {
        snprintf(line, sizeof line, "c%d | @c%d\n", i, i + 1);
        buffer_put(&text, slice_from(line));
    }
    snprintf(line, sizeof line, "c%d | %s\n", LINKS - 1, last);
    buffer_put(&text, slice_from(line));
    buffer_put_byte(&text, '\0');
    return text.data;
}

static Hash128 key_of_chain(const char *last)
{
    char *units = make_chain(last);
    FileSpec spec = {"main.x", "", units};
    KeyProgram program;
    bool is_cacheable;
    key_program_init(&program, &spec, 1);
    Hash128 key = key_program_key(&program, "main.x:c0", &is_cacheable);
    assert_true(is_cacheable);
    key_program_free(&program);
    free(units);
    return key;
}

/* The stack does not run out, as it would with recursion. Cycles: test_interface_cycles.c */
static void test_a_chain_of_100000_constants(void **state)
{
    (void)state;
    assert_false(hash_equal(key_of_chain("1"), key_of_chain("2")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_edit_changes_these_keys_and_no_others),
        cmocka_unit_test(test_an_interface_blob_is_in_the_keys_of_all_who_see_the_file),
        cmocka_unit_test(test_a_name_that_stops_and_starts_to_resolve),
        cmocka_unit_test(test_the_settings_are_in_every_key),
        cmocka_unit_test(test_equal_files_in_two_places_have_two_keys),
        cmocka_unit_test(test_an_entry_point_is_another_symbol),
        cmocka_unit_test(test_the_digest_sees_interfaces_and_no_bodies),
        cmocka_unit_test(test_all_keys_depend_on_the_secret),
        cmocka_unit_test(test_plain_keys_are_the_same_keys),
        cmocka_unit_test(test_what_reaches_the_poisoned_has_no_key),
        cmocka_unit_test(test_a_chain_of_100000_constants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
