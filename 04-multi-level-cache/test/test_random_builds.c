/* SPDX-License-Identifier: MIT */
/*
 * Random projects, random edits: after each, an incremental build reports and writes the same as a
 * clean build, warnings and all, and does only work that is new.
 *
 * What is new is known from outside. If a function's text was seen before with these settings and
 * this entry, it must not be emitted again. If a file's content was seen before, it must not be
 * lowered again. Damage to the cache costs work, perhaps much later, and nothing else: from then on
 * work is not counted until the cache is removed and a new one begun. Without damage, verifying the
 * cache finds no difference, and every object that a recorded entry uses is present, even if old
 * objects are dropped at nearly every step. The same holds where imports are looked for in several
 * places, and the program is a list of files now and then.
 *
 * The same also holds where the sources are not on the disk: in one run each edit is built as
 * unsaved buffers before it is written, after which nothing is left to do; in another the project
 * lives in memory, and what it is compared with is built from the disk.
 *
 * On the way, cycles of interfaces form across files, merge and split, which is counted too.
 *
 *     SEED=7 STEPS=1000 test_random_builds
 */
#include "cache_collection.h"
#include "collections.h"
#include "line_project.h"
#include "memory_reader.h"
#include "random_lines.h"
#include "thread_executor.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct Seen {
    Hash128 key;
    char value;
} Seen;

typedef enum Sources {
    ON_DISK,
    FIRST_UNSAVED, /* an edit is first built as overlays */
    IN_MEMORY,
} Sources;

typedef struct World {
    LineProject project;
    Sources sources;
    MemoryReader memory; /* the files: as they were built last; or those that are built */
    bool was_previewed;  /* the last edit */
    RandomLines lines; /* its files */
    unsigned entry, settings;
    bool is_damaged; /* the cache was damaged since it was begun */
    LineOutput outputs[RANDOM_ENTRIES][2];
    Seen *texts, *contents; /* emitted and lowered before */
    uint64_t limit_bytes; /* of the packs */
    RandomComponents components; /* of the last program that was right, */
    unsigned last_entry;         /* ... and its entry */
    unsigned formed, merged, split; /* of those that span files */
    bool is_list; /* of both entries */
    unsigned redirected, right, circular, wrong, compacted, warned, previewed;
} World;

static unsigned pick(World *world, unsigned below)
{
    return random_lines_pick(&world->lines, below);
}

/* ---- damage ---------------------------------------------------------------------------------- */

static void cut_file(const Scratch *scratch, const char *path, off_t size)
{
    int fd = openat(scratch->fd, path, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, size), 0);
    close(fd);
}

static void damage_cache(World *world)
{
    const Scratch *scratch = &world->project.scratch;
    FileList files = scratch_list(scratch, "cache");
    if (files.count < 2)
        return;
    const char *path = files.paths[pick(world, files.count)];
    bool marks_directory = strcmp(path, "cache/CACHEDIR.TAG") == 0; /* see test_cache_mark */
    if (strcmp(path, "cache/lock") == 0 || marks_directory)
        return;
    size_t size;
    free(scratch_read(scratch, path, &size));
    unsigned place = size == 0 ? 0 : pick(world, (unsigned)size);
    switch (pick(world, 3)) {
    case 0: unlinkat(scratch->fd, path, 0); break;
    case 1: cut_file(scratch, path, place); break;
    default:
        if (size != 0)
            scratch_flip(scratch, path, place, 1 << pick(world, 8));
    }
    world->is_damaged = true;
}

/* ---- what was seen --------------------------------------------------------------------------- */

static Hash128 name_text(const World *world, const char *path, Slice line)
{
    ByteBuffer key = {0};
    buffer_put_u32(&key, world->entry);
    buffer_put_u32(&key, world->settings);
    key_put_slice(&key, slice_from(path));
    key_put_slice(&key, line);
    Hash128 hash = hash_bytes(buffer_slice(&key));
    buffer_free(&key);
    return hash;
}

/* Does it reach a cycle of interfaces? Only there `&` writes a symbol without its parameters. */
static bool reaches_cycle(Slice line)
{
    for (size_t i = 0; i + 1 < line.size; i++)
        if (line.data[i] == '&' && line.data[i + 1] != '<')
            return true;
    return false;
}

/* How many functions in the output are new. */
static unsigned count_new_texts(World *world, const LineOutput *output)
{
    unsigned count = 0;
    bool has_cycle = false;
    for (uint32_t i = 0; i < output->count; i++) {
        const char *line = output->sections[i].text.data;
        for (const char *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
            Slice text = slice_of(line, (size_t)(end - line));
            Hash128 hash = name_text(world, output->sections[i].path, text);
            has_cycle |= reaches_cycle(text);
            count += hmgeti(world->texts, hash) < 0;
            hmput(world->texts, hash, 1);
        }
    }
    world->circular += has_cycle;
    return count;
}

static unsigned count_new_contents(World *world, const LineOutput *output)
{
    unsigned count = 0;
    Seen *now = NULL; /* equal contents in one build may both be lowered */
    for (uint32_t i = 0; i < output->count; i++) {
        size_t size;
        char *text = scratch_read(&world->project.scratch, output->sections[i].path, &size);
        Hash128 hash = hash_bytes(slice_of(text, size));
        hash.low ^= world->settings;
        count += hmgeti(world->contents, hash) < 0;
        hmput(now, hash, 1);
        free(text);
    }
    for (ptrdiff_t i = 0; i < hmlen(now); i++)
        hmput(world->contents, now[i].key, 1);
    hmfree(now);
    return count;
}

static void forget(World *world)
{
    hmfree(world->texts);
    hmfree(world->contents);
}

static void begin_cache_anew(World *world)
{
    line_project_clean(&world->project);
    world->is_damaged = false;
    forget(world);
}

/* ---- components of interfaces ---------------------------------------------------------------- */

static bool spans_files(uint64_t members)
{
    for (unsigned i = 0; i < RANDOM_FILES; i++)
        if ((members & ~(((UINT64_C(1) << UNITS) - 1) << i * UNITS)) == 0)
            return false;
    return true;
}

/* How many pairs are together in `now`, in a component that spans files, and were in components
 * before; in two, or in none. */
static void count_joined(const RandomComponents *before, const RandomComponents *now,
                         unsigned *merged, unsigned *formed)
{
    bool is_merged = false, is_formed = false;
    for (unsigned i = 0; i < RANDOM_FILES * UNITS; i++) {
        uint64_t old = before->members[i], joined = now->members[i] & ~old;
        if (joined == 0 || !spans_files(now->members[i]))
            continue;
        is_formed |= old == 0;
        for (unsigned k = 0; k < RANDOM_FILES * UNITS; k++)
            is_merged |= old != 0 && (joined >> k & 1) != 0 && before->members[k] != 0;
    }
    *merged += is_merged;
    *formed += is_formed;
}

static void count_components(World *world)
{
    unsigned ended = 0;
    RandomComponents now;
    random_lines_components(&world->lines, world->entry, &now);
    if (world->right != 0 && world->last_entry == world->entry) {
        count_joined(&world->components, &now, &world->merged, &world->formed);
        count_joined(&now, &world->components, &world->split, &ended);
    }
    world->components = now;
    world->last_entry = world->entry;
}

/* ---- choices, and what is checked ------------------------------------------------------------ */

static LineRequest choose_request(World *world)
{
    static const char *const entries[RANDOM_ENTRIES] = {"f0.line", "f1.line"};
    static const char *const settings[] = {"", "other"};
    if (pick(world, 12) == 0)
        world->entry = pick(world, RANDOM_ENTRIES);
    if (pick(world, 12) == 0)
        world->settings = pick(world, 2);
    if (world->lines.searches && pick(world, 12) == 0)
        world->is_list = !world->is_list;
    return (LineRequest){
        .entry = entries[world->entry],
        .settings = settings[world->settings],
        .directories = world->lines.searches ? world->lines.directories : NULL,
        .more_entries = entries,
        .more_entry_count = world->is_list ? RANDOM_ENTRIES : 0,
        .executor = pick(world, 8) == 0 ? &thread_executor : NULL,
        .force = pick(world, 30) == 0,
        .paranoid = pick(world, 30) == 0,
        .sync = pick(world, 60) == 0,
        .warnings_are_errors = pick(world, 6) == 0,
        .together = pick(world, 2) == 0,
        .limit_bytes = world->limit_bytes,
    };
}

static void check_work(World *world, const LineRequest *request, const LineRun *run)
{
    const LineOutput *output = &world->project.output;
    unsigned texts = count_new_texts(world, output);
    unsigned contents = count_new_contents(world, output);
    if (request->force || world->is_damaged || world->limit_bytes != 0)
        return;
    assert_true(run->counts.functions_emitted <= texts);
    assert_true(run->counts.files_lowered <= contents);
    if (world->was_previewed)
        assert_int_equal(run->counts.functions_emitted + run->counts.files_lowered, 0);
}

static void expect_all(const ObjectStore *store, const KeySet *used)
{
    Slice payload;
    for (size_t i = 0; i < used->count; i++)
        assert_true(object_store_get(store, used->keys[i].key, &payload));
}

/* Nothing that a recorded entry uses is gone, and the record of this one is right. */
static void check_cache(World *world, const LineRequest *request, const LineRun *run)
{
    UsedObjects used;
    ObjectStore *store;
    world->compacted += strstr(run->decisions.data, "compacted ") != NULL;
    assert_null(strstr(run->decisions.data, "not-compacted"));
    if (world->is_damaged)
        return;
    line_project_used(&world->project, &used);
    int fd = openat(world->project.scratch.fd, "cache", O_RDONLY | O_DIRECTORY);
    assert_int_equal(object_store_open_read_only(&store, fd, "zir"), 0);
    expect_all(store, &used.zir);
    object_store_close(store);
    assert_int_equal(object_store_open_read_only(&store, fd, "air"), 0);
    expect_all(store, &used.air);
    object_store_close(store);
    used_objects_free(&used);
    close(fd);
    LineRequest verified = *request;
    verified.together = pick(world, 2) == 0;
    ByteBuffer differences = line_project_verify(&world->project, verified, NULL);
    assert_string_equal(differences.data, "");
    buffer_free(&differences);
}

/* A build with nothing to do reports the same, and does nothing else. */
static void expect_it_again(World *world, LineRequest request, const LineRun *before)
{
    request.force = request.paranoid = false;
    LineRun run = line_project_build(&world->project, request);
    assert_int_equal(run.status, BUILD_OK);
    assert_string_equal(run.diagnostics.data, before->diagnostics.data);
    if (!world->is_damaged) {
        assert_true(run.is_unchanged);
        assert_int_equal(run.counts.files_lowered, 0);
        assert_int_equal(run.counts.functions_emitted, 0);
    }
    world->warned += run.diagnostics.data[0] != '\0';
    line_run_free(&run);
}

/* ---- sources that are not on the disk -------------------------------------------------------- */

/* Which files of the disk are not as the memory has them. NULL is the content of one that is
 * gone. */
static size_t find_edited(World *world, SourceOverlay edited[RANDOM_FILES])
{
    size_t count = 0;
    for (unsigned i = 0; i < RANDOM_FILES; i++) {
        const char *name = random_lines_names[i];
        const MemoryFile *before = memory_reader_get(&world->memory, name);
        Slice now = {NULL, 0};
        if (scratch_exists(&world->project.scratch, name))
            now.data = scratch_read(&world->project.scratch, name, &now.size);
        if (before == NULL ? now.data != NULL
                           : now.data == NULL || !slice_equal(now, buffer_slice(&before->bytes)))
            edited[count++] = (SourceOverlay){name, now};
        else
            free((char *)now.data);
    }
    return count;
}

static void put_on_disk(const World *world, const char *name, Slice bytes)
{
    if (bytes.data != NULL)
        scratch_write_bytes(&world->project.scratch, name, bytes);
    else if (scratch_exists(&world->project.scratch, name))
        assert_int_equal(unlinkat(world->project.scratch.fd, name, 0), 0);
}

static void undo_on_disk(World *world, const SourceOverlay *edited, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const MemoryFile *before = memory_reader_get(&world->memory, edited[i].path);
        put_on_disk(world, edited[i].path,
                    before == NULL ? (Slice){NULL, 0} : buffer_slice(&before->bytes));
    }
}

/* The build of the overlays says and makes what that of the saved files will. */
static void preview(World *world, LineRequest request)
{
    SourceOverlay edited[RANDOM_FILES];
    LineOutput texts = {0}, clean = {0};
    size_t count = find_edited(world, edited);
    world->was_previewed = count != 0;
    request.overlays = edited;
    request.overlay_count = count;
    if (count != 0) {
        undo_on_disk(world, edited, count);
        LineRun run = line_project_preview(&world->project, request, &texts);
        for (size_t i = 0; i < count; i++)
            put_on_disk(world, edited[i].path, edited[i].bytes);
        request.overlay_count = 0;
        LineRun plain = line_project_build_clean(&world->project, request, &clean);
        assert_int_equal(run.status, plain.status);
        assert_string_equal(run.diagnostics.data, plain.diagnostics.data);
        assert_true(line_output_equal(&texts, &clean));
        world->previewed += run.status == BUILD_OK;
        line_run_free(&run);
        line_run_free(&plain);
    }
    for (size_t i = 0; i < count; i++)
        free((char *)edited[i].bytes.data);
    line_output_free(&texts);
    line_output_free(&clean);
}

/* The directory of the entry, without a file in it. */
static LineRequest in_memory(const World *world, LineRequest request)
{
    static const char *const entries[RANDOM_ENTRIES] = {"empty/f0.line", "empty/f1.line"};
    if (world->sources != IN_MEMORY)
        return request;
    request.entry = entries[world->entry];
    request.reader = &world->memory.reader;
    return request;
}

/* ---- one step -------------------------------------------------------------------------------- */

static void step(World *world)
{
    LineRequest disk = choose_request(world);
    world->was_previewed = false;
    if (world->sources == FIRST_UNSAVED)
        preview(world, disk);
    if (world->sources != ON_DISK)
        memory_reader_load(&world->memory, &world->project.scratch, random_lines_names);
    LineRequest request = in_memory(world, disk);
    LineOutput clean = {0};
    LineOutput *kept = &world->outputs[world->entry][0];
    world->project.output = *kept;
    if (pick(world, 20) == 0) { /* a build that did not finish */
        LineRequest stopped = request;
        *(pick(world, 2) == 0 ? &stopped.stop_midway : &stopped.check_only) = true;
        LineRun run = line_project_build(&world->project, stopped);
        line_run_free(&run);
    }
    LineRun run = line_project_build(&world->project, request);
    request.executor = disk.executor = NULL;
    request.together = disk.together = false;
    LineRun plain = line_project_build_clean(&world->project, disk, &clean);
    *kept = world->project.output;
    world->redirected += strstr(run.decisions.data, "redirected ") != NULL;

    assert_int_equal(run.status, plain.status);
    assert_string_equal(run.diagnostics.data, plain.diagnostics.data);
    if (run.status == BUILD_OK) {
        assert_true(line_output_equal(kept, &clean));
        assert_int_equal(run.counts.functions_total, plain.counts.functions_total);
        check_work(world, &request, &run);
        check_cache(world, &request, &run);
        if (!world->lines.searches) /* where imports lead, the model of components does not ask */
            count_components(world);
        if (pick(world, 3) == 0)
            expect_it_again(world, request, &run);
        *kept = world->project.output;
        world->right++;
    } else {
        assert_int_equal(run.status, BUILD_PROGRAM_WRONG);
        world->wrong++;
    }
    line_run_free(&run);
    line_run_free(&plain);
    line_output_free(&clean);
}

static void edit(World *world)
{
    random_lines_edit(&world->lines);
    if (pick(world, world->is_damaged ? 4 : 40) == 0)
        damage_cache(world);
    else if (world->is_damaged && pick(world, 6) == 0)
        begin_cache_anew(world);
}

/* $STEPS, if there is one. */
static unsigned long steps_or(unsigned long otherwise)
{
    const char *steps = getenv("STEPS");
    return steps == NULL || steps[0] == '\0' ? otherwise : strtoul(steps, NULL, 10);
}

/* Did all that a walk is about happen? A short one need not. */
static bool is_varied(const World *world, bool is_short, bool searches)
{
    bool has_cycles = world->formed != 0 && world->merged != 0 && world->split != 0;
    return world->circular != 0 && (world->redirected != 0) == searches &&
           (world->previewed != 0) == (world->sources == FIRST_UNSAVED) &&
           (is_short || searches || has_cycles);
}

/* Where chance is against it, a walk goes on until all has happened. */
static unsigned run_steps(unsigned long steps, uint64_t limit_bytes, bool searches, Sources sources)
{
    World *world = memory_allocate_zeroed(1, sizeof *world);
    bool is_short = steps < 100;
    world->limit_bytes = limit_bytes;
    world->sources = sources;
    line_project_open(&world->project);
    memory_reader_open(&world->memory);
    scratch_write(&world->project.scratch, "empty/nothing", "");
    random_lines_make(&world->lines, &world->project.scratch, random_begin(), searches);
    for (unsigned long i = 0;
         i < steps || (i < 10 * steps && !is_varied(world, is_short, searches)); i++) {
        step(world);
        edit(world);
    }
    fprintf(stderr, "%u programs were right, %u of them with circles, %u wrong; "
                    "%u with redirected imports; %u times old objects were dropped, "
                    "%u times the same warnings were expected\n"
                    "cycles through files: %u times some formed, %u merged, %u split; "
                    "%u right programs were unsaved\n",
            world->right, world->circular, world->wrong, world->redirected, world->compacted,
            world->warned, world->formed, world->merged, world->split, world->previewed);
    unsigned compacted = world->compacted;
    assert_true(is_varied(world, is_short, searches));
    world->project.output = (LineOutput){0};
    for (unsigned i = 0; i < RANDOM_ENTRIES; i++)
        line_output_free(&world->outputs[i][0]);
    forget(world);
    memory_reader_close(&world->memory);
    line_project_close(&world->project);
    free(world);
    return compacted;
}

static void test_incremental_builds_equal_clean_ones(void **state)
{
    (void)state;
    assert_int_equal(run_steps(steps_or(300), 0, false, ON_DISK), 0);
}

static void test_so_do_those_that_look_for_imports(void **state)
{
    (void)state;
    assert_int_equal(run_steps(steps_or(200), 0, true, ON_DISK), 0);
}

static void test_so_do_those_whose_cache_is_small(void **state)
{
    (void)state;
    unsigned long steps = steps_or(200);
    unsigned compacted = run_steps(steps, 1, false, ON_DISK);
    assert_true(steps < 100 || compacted > 5);
}

static void test_so_do_those_of_what_is_not_saved_yet(void **state)
{
    (void)state;
    assert_int_equal(run_steps(steps_or(100), 0, false, FIRST_UNSAVED), 0);
}

static void test_so_do_those_of_a_project_in_memory(void **state)
{
    (void)state;
    assert_int_equal(run_steps(steps_or(100), 0, false, IN_MEMORY), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_incremental_builds_equal_clean_ones),
        cmocka_unit_test(test_so_do_those_that_look_for_imports),
        cmocka_unit_test(test_so_do_those_whose_cache_is_small),
        cmocka_unit_test(test_so_do_those_of_what_is_not_saved_yet),
        cmocka_unit_test(test_so_do_those_of_a_project_in_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
