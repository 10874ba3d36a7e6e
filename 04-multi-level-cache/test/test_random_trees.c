/* SPDX-License-Identifier: MIT */
/*
 * Opened files, and random edits: after each, the incremental build equals a clean one, emits only
 * what may have changed, and parses nothing twice.
 *
 *     SEED=7 STEPS=1000 test_random_trees
 */
#include "collections.h"
#include "line_project.h"
#include "random_numbers.h"
#include "thread_executor.h"
#include "tree_language.h"

#include <stdio.h>
#include <stdlib.h>

enum { FILES = 6, TYPES = 3, FUNCTIONS = 3, WORDS = 3, NAMES = TYPES + FUNCTIONS };

enum WordKind { PLAIN, OF_SAME_FILE, REFERENCE, WORD_KINDS };

typedef struct Word {
    enum WordKind kind;
    unsigned file, name;
} Word;

typedef struct Line {
    Word interface[WORDS], body[WORDS];
    unsigned interface_count, body_count;
} Line;

typedef struct Seen {
    Hash128 key;
    char value;
} Seen;

typedef struct World {
    LineProject project;
    TreeLanguage language;
    Compiler compiler;
    Random random;
    Line lines[FILES][NAMES]; /* types first */
    unsigned about[FILES];
    Seen *seen;               /* functions, with all that they may see */
    ByteBuffer interfaces[FILES];
    unsigned right, wrong;
    uint64_t reused;
} World;

static unsigned pick(World *world, unsigned below)
{
    return random_draw(&world->random, below);
}

/* ---- a program ----------------------------------------------------------------------------- */

/* An interface refers to files with smaller numbers only: a cycle has no keys. Now and then a body
 * refers to what does not exist. */
static Word pick_word(World *world, unsigned file, bool in_body)
{
    Word word = {pick(world, WORD_KINDS), pick(world, FILES), pick(world, NAMES)};
    if (!in_body && word.kind == REFERENCE && word.file >= file)
        word.kind = OF_SAME_FILE;
    if (in_body && word.kind == REFERENCE && pick(world, 60) == 0)
        word.name = NAMES;
    return word;
}

static void pick_words(World *world, unsigned file, Line *line)
{
    line->interface_count = pick(world, WORDS + 1);
    line->body_count = 1 + pick(world, WORDS);
    for (unsigned i = 0; i < WORDS; i++) {
        line->interface[i] = pick_word(world, file, false);
        line->body[i] = pick_word(world, file, true);
    }
}

static void put_words(ByteBuffer *text, const Word *words, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (words[i].kind == REFERENCE)
            buffer_put_format(text, " $f%u.n%u", words[i].file, words[i].name);
        else
            buffer_put_format(text, words[i].kind == PLAIN ? " w%u" : " n%u", words[i].name);
    }
}

static void write_file(World *world, unsigned file)
{
    ByteBuffer text = {0}, *interface = &world->interfaces[file];
    char name[16];
    interface->size = 0;
    buffer_put_format(interface, "about a%u\n", world->about[file]);
    buffer_put(&text, buffer_slice(interface));
    for (unsigned i = 0; i < FILES; i++)
        buffer_put_format(&text, "import \"f%u.tree\" as f%u\n", i, i);
    for (unsigned i = 0; i < NAMES; i++) {
        const Line *line = &world->lines[file][i];
        size_t begin = text.size;
        buffer_put_format(&text, "%s n%u", i < TYPES ? "type" : "fn", i);
        put_words(&text, line->interface, line->interface_count);
        buffer_put(interface, slice_of(text.data + begin, text.size - begin));
        if (i >= TYPES) {
            buffer_put(&text, slice_from(" = (do"));
            put_words(&text, line->body, line->body_count);
            buffer_put(&text, slice_from(")"));
        }
        buffer_put_byte(&text, '\n');
    }
    if (file == 0)
        buffer_put(&text, slice_from("fn main = (start $n5)\n"));
    snprintf(name, sizeof name, "f%u.tree", file);
    scratch_write_bytes(&world->project.scratch, name, buffer_slice(&text));
    buffer_free(&text);
}

static void edit(World *world)
{
    unsigned file = pick(world, FILES);
    Line *line = &world->lines[file][pick(world, NAMES)], before = *line;
    pick_words(world, file, line);
    if (pick(world, 8) == 0)
        world->about[file] = pick(world, 10);
    if (pick(world, 3) != 0) { /* only the body */
        memcpy(line->interface, before.interface, sizeof line->interface);
        line->interface_count = before.interface_count;
    }
    write_file(world, file);
}

/* ---- what may have changed ----------------------------------------------------------------- */

/* Adds the interface of a file, and those of all that its interfaces refer to. */
static void put_visible(const World *world, unsigned file, bool *visited, ByteBuffer *key)
{
    if (visited[file])
        return;
    visited[file] = true;
    buffer_put_u32(key, file);
    key_put_slice(key, buffer_slice(&world->interfaces[file]));
    for (unsigned i = 0; i < NAMES; i++)
        for (unsigned w = 0; w < world->lines[file][i].interface_count; w++)
            if (world->lines[file][i].interface[w].kind == REFERENCE)
                put_visible(world, world->lines[file][i].interface[w].file, visited, key);
}

/* All that a function can see: itself, its file, and the files that it names. */
static Hash128 see(const World *world, unsigned file, unsigned name)
{
    ByteBuffer key = {0};
    bool visited[FILES] = {false};
    const Line *line = &world->lines[file][name];
    put_visible(world, file, visited, &key);
    for (unsigned i = 0; i < line->body_count; i++)
        if (line->body[i].kind == REFERENCE)
            put_visible(world, line->body[i].file, visited, &key);
    buffer_put_u32(&key, name);
    put_words(&key, line->body, line->body_count);
    Hash128 hash = hash_bytes(buffer_slice(&key));
    buffer_free(&key);
    return hash;
}

static unsigned count_unseen(World *world)
{
    unsigned count = 0;
    for (unsigned file = 0; file < FILES; file++)
        for (unsigned i = TYPES; i < NAMES; i++) {
            Hash128 hash = see(world, file, i);
            count += hmgeti(world->seen, hash) < 0;
            hmput(world->seen, hash, 1);
        }
    return count;
}

/* ---- one step ------------------------------------------------------------------------------ */

static LineRequest choose_request(World *world)
{
    world->language = (TreeLanguage){.emits_each = pick(world, 4) == 0};
    world->compiler = tree_language(&world->language);
    return (LineRequest){.entry = "f0.tree",
                         .compiler = &world->compiler,
                         .executor = pick(world, 2) == 0 ? &thread_executor : NULL};
}

/* The forms are open when something is emitted, and each once. */
static void check_work(World *world, const LineRun *run, unsigned unseen)
{
    const TreeLanguage *language = &world->language;
    assert_true(run->counts.functions_emitted <= unseen + 1); /* main */
    world->reused += run->counts.functions_cached;
    assert_int_equal(run->counts.files_opened, language->opened);
    assert_true(language->opened <= FILES);
    if (!language->emits_each)
        assert_true(language->parsed <= run->counts.sections_dirty);
}

static void step(World *world)
{
    LineOutput clean = {0};
    LineRequest request = choose_request(world);
    LineRun run = line_project_build(&world->project, request);
    check_work(world, &run, count_unseen(world));
    request.executor = NULL;
    LineRun plain = line_project_build_clean(&world->project, request, &clean);
    assert_int_equal(run.status, plain.status);
    assert_string_equal(run.diagnostics.data, plain.diagnostics.data);
    if (run.status == BUILD_OK) {
        assert_true(line_output_equal(&world->project.output, &clean));
        ByteBuffer found = line_project_verify(&world->project, request, NULL);
        assert_string_equal(found.data, "");
        buffer_free(&found);
        world->right++;
    } else {
        assert_int_equal(run.status, BUILD_PROGRAM_WRONG);
        world->wrong++;
    }
    line_run_free(&run);
    line_run_free(&plain);
    line_output_free(&clean);
}

static unsigned long steps_or(unsigned long otherwise)
{
    const char *steps = getenv("STEPS");
    return steps == NULL || steps[0] == '\0' ? otherwise : strtoul(steps, NULL, 10);
}

static void test_incremental_builds_equal_clean_ones(void **state)
{
    (void)state;
    unsigned long steps = steps_or(200);
    World *world = memory_allocate_zeroed(1, sizeof *world);
    line_project_open(&world->project);
    world->random = random_begin();
    for (unsigned file = 0; file < FILES; file++)
        for (unsigned i = 0; i < NAMES; i++)
            pick_words(world, file, &world->lines[file][i]);
    for (unsigned file = 0; file < FILES; file++)
        write_file(world, file);
    for (unsigned long i = 0; i < steps || (i < 10 * steps && world->reused == 0); i++) {
        step(world);
        for (unsigned edits = pick(world, 3); edits > 0; edits--)
            edit(world);
    }
    fprintf(stderr, "%u programs were right, %u wrong\n", world->right, world->wrong);
    assert_true(world->reused != 0);
    for (unsigned file = 0; file < FILES; file++)
        buffer_free(&world->interfaces[file]);
    hmfree(world->seen);
    line_project_close(&world->project);
    free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_incremental_builds_equal_clean_ones)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
