/* SPDX-License-Identifier: MIT */
/*
 * Sources that include texts, embed data and ask for values, and random edits of all of these:
 * after each, the incremental build equals a clean one, exactly those sources are lowered whose
 * answers changed, and nothing is emitted that was seen before.
 *
 * A naive model asks the disk what lowering would ask now. Whether a source must be lowered follows
 * from what it asked the last times, four of which are kept.
 *
 *     SEED=7 STEPS=1000 test_random_includes
 */
#include "collections.h"
#include "include_language.h"
#include "line_project.h"
#include "random_numbers.h"
#include "source_path.h"
#include "thread_executor.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SOURCES = 4, HEADERS = 5, DATA = 3, VALUES = 3, PLACES = 3, LINES = 5, KEPT = 4,
       FUNCTIONS = 2, FILES = SOURCES + PLACES * (HEADERS + DATA) };

typedef struct File { /* as on disk */
    char path[24];
    ByteBuffer text;
    bool is_there;
} File;

typedef struct Seen {
    Hash128 key;
    char value;
} Seen;

typedef struct Lowerings {
    Hash128 key;  /* of a source: its content, which has its number in it */
    struct {
        Hash128 asked[KEPT]; /* the newest first */
    } value;
} Lowerings;

typedef struct World {
    LineProject project;
    IncludeLanguage language;
    Compiler compiler;
    Random random;
    File files[FILES], before[FILES];
    const char *values_before[VALUES];
    Lowerings *lowered;
    Seen *emitted;
    Arena memory;
    unsigned right, wrong, lowerings, unlowered_edits;
} World;

static unsigned pick(World *world, unsigned below)
{
    return random_draw(&world->random, below);
}

/* ---- a program ----------------------------------------------------------------------------- */

static File *source(World *world, unsigned number)
{
    return &world->files[number];
}

static File *header(World *world, unsigned number, unsigned place)
{
    return &world->files[SOURCES + number * PLACES + place];
}

static File *data(World *world, unsigned number, unsigned place)
{
    return &world->files[SOURCES + (HEADERS + number) * PLACES + place];
}

static void put(World *world, File *file)
{
    if (file->is_there)
        scratch_write_bytes(&world->project.scratch, file->path, buffer_slice(&file->text));
    else
        (void)unlinkat(world->project.scratch.fd, file->path, 0);
}

/* `name` begins the names of types: a file includes another as often as it likes. */
static void put_line(World *world, ByteBuffer *text, const char *name, unsigned line)
{
    switch (pick(world, 10)) {
    case 0:
    case 9: buffer_put_format(text, "include? \"h%u.h\"\n", pick(world, HEADERS)); break;
    case 1: buffer_put_format(text, "define M%u w%u\n", pick(world, 4), pick(world, 5)); break;
    case 2: buffer_put_format(text, "env V%u\n", pick(world, VALUES)); break;
    case 3:
        buffer_put_format(text, "ifexists \"d%u\"\nembed? %s_%u \"d%u\"\nendif\n", DATA - 1, name,
                          line, DATA - 1);
        break;
    case 4:
        buffer_put_format(text, "embed %s_%u \"d%u\"\n", name, line, pick(world, DATA - 1));
        break;
    case 5:
        buffer_put_format(text, "ifdef %c%u\ninclude? \"h%u.h\"\nendif\n", "MV"[pick(world, 2)],
                          pick(world, 3), pick(world, HEADERS));
        break;
    case 6: buffer_put_format(text, "warn %s says w%u\n", name, pick(world, 4)); break;
    case 7: buffer_put_format(text, "type %s_%u %%M%u\n", name, line, pick(world, 4)); break;
    default: buffer_put_format(text, "# w%u\n", pick(world, 9)); break;
    }
}

/* Guarded, so that each stands once in what is lowered. */
static void make_header(World *world, unsigned number, unsigned place)
{
    File *file = header(world, number, place);
    char name[16];
    snprintf(name, sizeof name, "h%u", number);
    file->text.size = 0;
    buffer_put_format(&file->text, "ifndef H%u\ndefine H%u yes\n", number, number);
    for (unsigned i = pick(world, LINES); i > 0; i--)
        put_line(world, &file->text, name, i);
    buffer_put(&file->text, slice_from("endif\n"));
}

static void make_data(World *world, unsigned number, unsigned place)
{
    File *file = data(world, number, place);
    static const char bytes[] = {'\0', '\xff', '\n'};
    file->text.size = 0;
    for (unsigned i = pick(world, 40); i > 0; i--)
        buffer_put_byte(&file->text, bytes[pick(world, sizeof bytes)]);
}

/* A reference to a function that there is not makes the program wrong, not its lowering. */
static void make_source(World *world, unsigned number)
{
    ByteBuffer *text = &source(world, number)->text;
    char name[16];
    snprintf(name, sizeof name, "f%u", number);
    text->size = 0;
    buffer_put_format(text, "# source %u\n", number);
    for (unsigned i = 0; i < SOURCES; i++)
        buffer_put_format(text, "import \"f%u.tree\" as f%u\n", i, i);
    for (unsigned i = pick(world, LINES) + 1; i > 0; i--)
        put_line(world, text, name, i);
    for (unsigned i = 0; i < FUNCTIONS; i++)
        buffer_put_format(text, "fn n%u %%M%u = (do %%V%u %%M%u w%u $f%u.n%u)\n", i,
                          pick(world, 4), pick(world, VALUES), pick(world, 4), pick(world, 9),
                          pick(world, SOURCES), pick(world, 60) == 0 ? 9 : pick(world, FUNCTIONS));
    if (number == 0)
        buffer_put(text, slice_from("fn main = (start $n0)\n"));
}

static void make_world(World *world)
{
    static const char *const places[PLACES] = {"", "near/", "far/"};
    static const char *const names[VALUES] = {"V0", "V1", "V2"};
    for (unsigned i = 0; i < SOURCES; i++) {
        snprintf(source(world, i)->path, sizeof source(world, i)->path, "f%u.tree", i);
        source(world, i)->is_there = true;
        make_source(world, i);
    }
    for (unsigned place = 0; place < PLACES; place++) {
        for (unsigned i = 0; i < HEADERS; i++) {
            File *file = header(world, i, place);
            snprintf(file->path, sizeof file->path, "%sh%u.h", places[place], i);
            file->is_there = pick(world, 2) == 0;
            make_header(world, i, place);
        }
        for (unsigned i = 0; i < DATA; i++) { /* all but the last are always somewhere */
            File *file = data(world, i, place);
            snprintf(file->path, sizeof file->path, "%sd%u", places[place], i);
            file->is_there = pick(world, 3) == 0 || (i + 1 < DATA && place + 1 == PLACES);
            make_data(world, i, place);
        }
    }
    for (unsigned i = 0; i < VALUES; i++)
        world->language.values[i][0] = names[i];
    for (unsigned i = 0; i < FILES; i++)
        put(world, &world->files[i]);
}

/* ---- edits --------------------------------------------------------------------------------- */

static void remember(World *world)
{
    for (unsigned i = 0; i < FILES; i++) {
        world->before[i].is_there = world->files[i].is_there;
        world->before[i].text.size = 0;
        buffer_put(&world->before[i].text, buffer_slice(&world->files[i].text));
    }
    for (unsigned i = 0; i < VALUES; i++)
        world->values_before[i] = world->language.values[i][1];
}

static void switch_back(World *world)
{
    for (unsigned i = 0; i < FILES; i++) {
        File *file = &world->files[i], *old = &world->before[i];
        ByteBuffer text = file->text;
        bool is_there = file->is_there;
        file->text = old->text;
        file->is_there = old->is_there;
        old->text = text;
        old->is_there = is_there;
        put(world, file);
    }
    for (unsigned i = 0; i < VALUES; i++) {
        const char *value = world->language.values[i][1];
        world->language.values[i][1] = world->values_before[i];
        world->values_before[i] = value;
    }
}

static void edit(World *world)
{
    static const char *const values[] = {NULL, "", "low", "high"};
    unsigned place = pick(world, PLACES), number;
    File *file = NULL;
    switch (pick(world, 6)) {
    case 0:
        number = pick(world, SOURCES);
        make_source(world, number);
        file = source(world, number);
        break;
    case 1:
    case 2:
        number = pick(world, HEADERS);
        file = header(world, number, place);
        make_header(world, number, place);
        break;
    case 3:
        number = pick(world, HEADERS);
        file = header(world, number, place);
        file->is_there = !file->is_there;
        break;
    case 4:
        number = pick(world, DATA);
        file = data(world, number, place);
        make_data(world, number, place);
        if (number + 1 == DATA || place + 1 != PLACES)
            file->is_there = pick(world, 2) == 0;
        break;
    default: world->language.values[pick(world, VALUES)][1] = values[pick(world, 4)]; break;
    }
    if (file != NULL)
        put(world, file);
}

/* ---- what lowering would ask now ------------------------------------------------------------ */

typedef struct Model { /* answers from the disk, and notes all */
    Inputs inputs; /* first */
    World *world;
    const File *of; /* the source */
    ByteBuffer asked;
} Model;

static const File *look(Model *model, uint32_t from, const ScannedImport *import)
{
    World *world = model->world;
    ImportCandidates candidates = {.arena = &world->memory};
    const File *found = NULL;
    Slice importer = slice_from(from == INPUT_SELF ? model->of->path : world->files[from].path);
    world->compiler.resolve(&world->language, importer, import, &candidates);
    for (uint32_t i = 0; i < candidates.count && found == NULL; i++) {
        for (unsigned f = 0; f < FILES; f++)
            if (world->files[f].is_there &&
                slice_equal(candidates.items[i], slice_from(world->files[f].path)))
                found = &world->files[f];
        key_put_slice(&model->asked, candidates.items[i]);
    }
    memory_free(candidates.items);
    buffer_put(&model->asked, slice_from(found == NULL ? "nowhere" : "found"));
    return found;
}

static InputAnswer model_read(Inputs *inputs, uint32_t from, const ScannedImport *import,
                              InputText *text)
{
    Model *model = (Model *)(void *)inputs;
    const File *found = look(model, from, import);
    if (found == NULL)
        return INPUT_ABSENT;
    *text = (InputText){slice_from(found->path), buffer_slice(&found->text),
                        (uint32_t)(found - model->world->files)};
    key_put_slice(&model->asked, text->bytes);
    return INPUT_FOUND;
}

static InputAnswer model_exists(Inputs *inputs, uint32_t from, const ScannedImport *import)
{
    return look((Model *)(void *)inputs, from, import) == NULL ? INPUT_ABSENT : INPUT_FOUND;
}

static InputAnswer model_value(Inputs *inputs, uint32_t kind, Slice name, Slice *value)
{
    Model *model = (Model *)(void *)inputs;
    const IncludeLanguage *language = &model->world->language;
    (void)kind;
    for (unsigned i = 0; i < VALUES; i++) {
        if (!slice_equal(name, slice_from(language->values[i][0])))
            continue;
        bool has_value = language->values[i][1] != NULL;
        key_put_slice(&model->asked, name);
        key_put_slice(&model->asked, slice_from(has_value ? language->values[i][1] : "none"));
        buffer_put_byte(&model->asked, has_value ? 'y' : 'n');
        if (has_value)
            *value = slice_from(language->values[i][1]);
        return has_value ? INPUT_FOUND : INPUT_ABSENT;
    }
    return INPUT_REFUSED;
}

/* The source as trees, and a hash of all that was asked. */
static Hash128 expand(World *world, unsigned number, ByteBuffer *expanded)
{
    Model model = {.inputs = {model_read, model_exists, model_value}, .world = world,
                   .of = source(world, number)};
    Diagnostics ignored = {0};
    key_put_slice(&model.asked, buffer_slice(&model.of->text));
    assert_true(include_expand(&model.inputs, buffer_slice(&model.of->text), &world->memory,
                               &ignored, expanded));
    Hash128 key = hash_bytes(buffer_slice(&model.asked));
    diagnostics_free(&ignored);
    buffer_free(&model.asked);
    return key;
}

static bool note_lowered(World *world, unsigned number, Hash128 key)
{
    Hash128 content = hash_bytes(buffer_slice(&source(world, number)->text));
    Lowerings none = {.key = content};
    if (hmgeti(world->lowered, content) < 0)
        hmputs(world->lowered, none);
    Hash128 *kept = hmgetp(world->lowered, content)->value.asked;
    for (unsigned i = 0; i < KEPT; i++)
        if (hash_equal(kept[i], key))
            return false;
    memmove(kept + 1, kept, (KEPT - 1) * sizeof *kept);
    kept[0] = key;
    return true;
}

/* Of a function: its line, and the lines that all files show (coarse: all of them). */
static unsigned count_unseen(World *world, const ByteBuffer *expanded)
{
    ByteBuffer shown = {0};
    unsigned count = 0;
    for (unsigned i = 0; i < SOURCES; i++)
        for (const char *line = expanded[i].data; *line != '\0'; line = strchr(line, '\n') + 1) {
            size_t size = strcspn(line, "=\n");
            if (line[0] == 't' || line[0] == 'f')
                buffer_put(&shown, slice_of(line, size));
        }
    for (unsigned i = 0; i < SOURCES; i++)
        for (const char *line = expanded[i].data; *line != '\0'; line = strchr(line, '\n') + 1) {
            if (strncmp(line, "fn ", 3) != 0)
                continue;
            size_t before = shown.size;
            buffer_put_format(&shown, "%u", i);
            buffer_put(&shown, slice_of(line, strcspn(line, "\n")));
            Hash128 key = hash_bytes(buffer_slice(&shown));
            count += hmgeti(world->emitted, key) < 0;
            hmput(world->emitted, key, 1);
            shown.size = before;
        }
    buffer_free(&shown);
    return count;
}

/* How many sources must be lowered, and how many functions may be emitted. */
static unsigned foresee(World *world, unsigned *emitted)
{
    ByteBuffer expanded[SOURCES] = {{0}};
    unsigned lowered = 0;
    for (unsigned i = 0; i < SOURCES; i++) {
        lowered += note_lowered(world, i, expand(world, i, &expanded[i]));
        buffer_put_byte(&expanded[i], '\0');
    }
    *emitted = count_unseen(world, expanded);
    for (unsigned i = 0; i < SOURCES; i++)
        buffer_free(&expanded[i]);
    arena_reset(&world->memory);
    return lowered;
}

/* ---- one step ------------------------------------------------------------------------------ */

static LineRequest choose_request(World *world)
{
    world->language.tree.emits_each = pick(world, 4) == 0;
    world->compiler = include_language(&world->language);
    return (LineRequest){.entry = "f0.tree",
                         .compiler = &world->compiler,
                         .paranoid = pick(world, 10) == 0,
                         .executor = pick(world, 2) == 0 ? &thread_executor : NULL};
}

/* Nothing is read, each value is asked for once. */
static void expect_no_change(World *world, LineRequest request)
{
    request.paranoid = false;
    scratch_settle(&world->project.scratch);
    LineRun run = line_project_build(&world->project, request);
    line_run_free(&run); /* its stamps are trusted from now on */
    world->language.values_asked = world->language.lowered = 0;
    run = line_project_build(&world->project, request);
    assert_true(run.is_unchanged);
    assert_int_equal(run.counts.files_hashed, 0);
    assert_int_equal(run.counts.bytes_written, 0);
    assert_int_equal(world->language.lowered, 0);
    assert_int_equal(world->language.values_asked, run.counts.values_asked);
    assert_true(run.counts.values_asked <= VALUES);
    line_run_free(&run);
}

static void step(World *world)
{
    LineOutput clean = {0};
    LineRequest request = choose_request(world);
    unsigned emitted, lowered = foresee(world, &emitted);
    world->language.lowered = 0;
    LineRun run = line_project_build(&world->project, request);
    assert_int_equal(run.counts.files_lowered, lowered);
    assert_int_equal(world->language.lowered, lowered);
    assert_true(run.counts.functions_emitted <= emitted);
    world->lowerings += lowered;
    world->unlowered_edits += lowered == 0;
    request.executor = NULL;
    LineRun plain = line_project_build_clean(&world->project, request, &clean);
    assert_int_equal(run.status, plain.status);
    assert_string_equal(run.diagnostics.data, plain.diagnostics.data);
    if (run.status == BUILD_OK) {
        assert_true(line_output_equal(&world->project.output, &clean));
        ByteBuffer found = line_project_verify(&world->project, request, NULL);
        assert_string_equal(found.data, "");
        buffer_free(&found);
        expect_no_change(world, request);
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

/* Did all that a walk is about happen? */
static bool is_varied(const World *world)
{
    return world->right != 0 && world->lowerings > SOURCES && world->unlowered_edits != 0;
}

static void test_incremental_builds_equal_clean_ones(void **state)
{
    unsigned long steps = steps_or(150);
    (void)state;
    World *world = memory_allocate_zeroed(1, sizeof *world);
    line_project_open(&world->project);
    world->random = random_begin();
    make_world(world);
    remember(world);
    for (unsigned long i = 0; i < steps || (i < 10 * steps && !is_varied(world)); i++) {
        step(world);
        if (pick(world, 5) == 0) {
            switch_back(world);
            continue;
        }
        remember(world);
        for (unsigned edits = 1 + pick(world, 3); edits > 0; edits--)
            edit(world);
    }
    fprintf(stderr, "%u programs were right, %u wrong; %u files lowered, none after %u edits\n",
            world->right, world->wrong, world->lowerings, world->unlowered_edits);
    assert_true(is_varied(world));
    for (unsigned i = 0; i < FILES; i++) {
        buffer_free(&world->files[i].text);
        buffer_free(&world->before[i].text);
    }
    hmfree(world->emitted);
    hmfree(world->lowered);
    arena_free(&world->memory);
    line_project_close(&world->project);
    memory_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_incremental_builds_equal_clean_ones)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
