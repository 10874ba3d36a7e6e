/* SPDX-License-Identifier: MIT */
/*
 * Random projects, random edits: after each, an incremental build says and writes what a clean
 * build says and writes, and does no more than is new.
 *
 * What is new is known from outside. A function's text was seen before with these settings and
 * this entry: it must not be emitted again. A file's content was seen before: it must not be
 * lowered again. Damage to the cache costs work, perhaps much later, and nothing else: from then
 * on work is not counted until the cache is removed and a new one begun. As long as there is no
 * damage, verifying the cache finds no difference, and every object that a recorded entry uses is
 * there: also if old objects are dropped at nearly every step.
 *
 *     SEED=7 STEPS=1000 test_random_builds
 */
#include "cache_collection.h"
#include "collections.h"
#include "line_project.h"
#include "thread_executor.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FILES = 9, UNITS = 5, IMPORTS = 4, REFERENCES = 3, ENTRIES = 2, NOWHERE = 99 };

typedef struct RandomUnit {
    bool exists;
    unsigned name; /* u0, u1, ...; an interface refers to smaller names only, so to no cycle */
    unsigned parameters, body;
    unsigned interface_file, body_files[REFERENCES]; /* imports' places; IMPORTS: its own file */
    unsigned interface_name, body_names[REFERENCES];
} RandomUnit;

typedef struct RandomFile {
    bool is_missing, is_broken, declares;
    unsigned number, comment, declared;
    unsigned imports[IMPORTS]; /* file numbers; NOWHERE: none */
    RandomUnit units[UNITS];
} RandomFile;

typedef struct Seen {
    Hash128 key;
    char value;
} Seen;

typedef struct World {
    LineProject project;
    RandomFile files[FILES];
    uint64_t random;
    unsigned entry, settings;
    bool is_damaged; /* the cache was damaged since it was begun */
    LineOutput outputs[ENTRIES][2];
    Seen *texts, *contents; /* emitted and lowered before */
    uint64_t limit_bytes; /* of the packs */
    unsigned right, wrong, compacted;
} World;

static unsigned pick(World *world, unsigned below)
{
    world->random = world->random * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(world->random >> 33) % below;
}

/* ---- the project --------------------------------------------------------------------------- */

static void file_path(unsigned file, char path[32])
{
    snprintf(path, 32, file % 3 == 2 ? "d/f%u.line" : "f%u.line", file);
}

static void put(ByteBuffer *text, const char *word)
{
    buffer_put(text, slice_from(word));
}

static void put_number(ByteBuffer *text, const char *word, unsigned number)
{
    put(text, word);
    buffer_put_decimal(text, number);
}

/* A file that imports itself calls its units by their plain names all the same: two ways to
 * write one thing have two keys and one text. */
static void put_reference(ByteBuffer *text, const RandomFile *file, unsigned import, unsigned name)
{
    if (import < IMPORTS && file->imports[import] != NOWHERE &&
        file->imports[import] != file->number) {
        put_number(text, " $f", file->imports[import]);
        put_number(text, ".u", name);
    } else {
        put_number(text, " $u", name);
    }
}

static void put_unit(ByteBuffer *text, const RandomFile *file, const RandomUnit *unit)
{
    if (!unit->exists)
        return;
    put_number(text, "unit u", unit->name);
    put_number(text, "(p", unit->parameters);
    if (unit->name != 0 && unit->interface_name < unit->name)
        put_reference(text, file, unit->interface_file, unit->interface_name);
    put(text, ")");
    if (unit->body != 0) {
        put_number(text, " b", unit->body);
        for (unsigned i = 0; i < REFERENCES; i++)
            if (unit->body_names[i] < UNITS)
                put_reference(text, file, unit->body_files[i], unit->body_names[i]);
    }
    put(text, "\n");
}

static void put_imports(ByteBuffer *text, const RandomFile *file, bool is_inner)
{
    char path[32];
    for (unsigned i = 0; i < IMPORTS; i++) {
        if (file->imports[i] == NOWHERE)
            continue;
        file_path(file->imports[i], path);
        put(text, "import \"");
        put(text, is_inner ? "../" : "");
        put(text, path);
        put_number(text, "\" as f", file->imports[i]);
        put(text, "\n");
    }
}

static void write_file(World *world, unsigned number)
{
    char path[32];
    ByteBuffer text = {0};
    const RandomFile *file = &world->files[number];
    file_path(number, path);
    if (file->is_missing) {
        unlinkat(world->project.scratch.fd, path, 0);
        return;
    }
    put_imports(&text, file, number % 3 == 2);
    put_number(&text, "# ", file->comment);
    put(&text, "\n");
    if (number < ENTRIES)
        put_reference((put(&text, "unit main starts"), &text), file, 0, 0);
    put(&text, file->is_broken ? "\nbroken\n" : "\n");
    if (file->declares)
        put_number(&text, "declare puts as ", file->declared);
    put(&text, "\n");
    for (unsigned i = 0; i < UNITS; i++)
        put_unit(&text, file, &file->units[i]);
    scratch_write_bytes(&world->project.scratch, path, buffer_slice(&text));
    buffer_free(&text);
}

static void make_unit(World *world, RandomUnit *unit, unsigned name)
{
    *unit = (RandomUnit){.exists = pick(world, 8) != 0, .name = name};
    unit->parameters = pick(world, 3);
    unit->body = pick(world, 4);
    unit->interface_file = pick(world, IMPORTS + 1);
    unit->interface_name = pick(world, 2 * UNITS);
    for (unsigned i = 0; i < REFERENCES; i++) {
        unit->body_files[i] = pick(world, IMPORTS + 1);
        unit->body_names[i] = pick(world, 3 * UNITS);
    }
}

static void make_file(World *world, unsigned number)
{
    RandomFile *file = &world->files[number];
    *file = (RandomFile){.number = number, .comment = pick(world, 3)};
    for (unsigned i = 0; i < IMPORTS; i++)
        file->imports[i] = pick(world, 2) == 0 ? pick(world, FILES) : NOWHERE;
    for (unsigned i = 0; i < IMPORTS; i++)
        for (unsigned k = 0; k < i; k++)
            if (file->imports[i] == file->imports[k])
                file->imports[i] = NOWHERE;
    for (unsigned i = 0; i < UNITS; i++)
        make_unit(world, &file->units[i], i);
}

/* ---- edits --------------------------------------------------------------------------------- */

static void swap_units(World *world, RandomFile *file)
{
    unsigned a = pick(world, UNITS), b = pick(world, UNITS);
    RandomUnit unit = file->units[a];
    file->units[a] = file->units[b];
    file->units[b] = unit;
}

static void change_import(World *world, RandomFile *file)
{
    unsigned target = pick(world, FILES + 3), place = pick(world, IMPORTS);
    for (unsigned i = 0; i < IMPORTS; i++)
        if (file->imports[i] == target)
            return;
    file->imports[place] = target < FILES ? target : NOWHERE;
}

static void edit_file(World *world)
{
    unsigned number = pick(world, FILES);
    RandomFile *file = &world->files[number];
    RandomUnit *unit = &file->units[pick(world, UNITS)];
    switch (pick(world, 16)) {
    case 0: file->comment++; break;
    case 1: case 2: case 3: unit->body = 1 + pick(world, 1000); break;
    case 4: case 5: unit->parameters = pick(world, 1000); break;
    case 6: unit->exists = !unit->exists; break;
    case 7: unit->body_names[0] = pick(world, 2 * UNITS); break;
    case 8: unit->interface_name = pick(world, 2 * UNITS); break;
    case 9: swap_units(world, file); break;
    case 10: case 11: change_import(world, file); break;
    case 12: file->is_broken = true; break;
    case 13: file->is_missing = number >= ENTRIES; break;
    case 14: file->declares = !file->declares, file->declared = pick(world, 8) == 0; break;
    default: break; /* only touched */
    }
    write_file(world, number);
}

/* So that most steps are programs that are right: what is broken is soon repaired. */
static void repair(World *world)
{
    for (unsigned i = 0; i < FILES; i++) {
        RandomFile *file = &world->files[i];
        if (!file->is_broken && !file->is_missing && file->declared == 0)
            continue;
        file->is_broken = file->is_missing = false;
        file->declared = 0;
        write_file(world, i);
    }
}

/* The name leads to a unit, be it that the file gets one. */
static void mend_reference(World *world, unsigned file, unsigned import, unsigned name)
{
    RandomFile *from = &world->files[file];
    unsigned target =
        import < IMPORTS && from->imports[import] != NOWHERE ? from->imports[import] : file;
    for (unsigned i = 0; i < UNITS; i++)
        if (world->files[target].units[i].name == name)
            world->files[target].units[i].exists = true;
}

static void mend_names(World *world)
{
    for (unsigned file = 0; file < FILES; file++) {
        if (file < ENTRIES)
            mend_reference(world, file, 0, 0);
        for (unsigned i = 0; i < UNITS; i++) {
            const RandomUnit *unit = &world->files[file].units[i];
            if (unit->interface_name < unit->name)
                mend_reference(world, file, unit->interface_file, unit->interface_name);
            for (unsigned r = 0; r < REFERENCES; r++)
                if (unit->body_names[r] < UNITS)
                    mend_reference(world, file, unit->body_files[r], unit->body_names[r]);
        }
    }
    for (unsigned file = 0; file < FILES; file++)
        write_file(world, file);
}

/* ---- damage -------------------------------------------------------------------------------- */

static unsigned list_cache(World *world, char names[32][64])
{
    unsigned count = 0;
    int fd = openat(world->project.scratch.fd, "cache", O_RDONLY | O_DIRECTORY);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    if (list == NULL)
        return 0;
    for (struct dirent *item; (item = readdir(list)) != NULL && count < 32;)
        if (item->d_name[0] != '.' && strcmp(item->d_name, "lock") != 0)
            snprintf(names[count++], 64, "cache/%.50s", item->d_name);
    closedir(list);
    return count;
}

static void damage_cache(World *world)
{
    char names[32][64], byte;
    struct stat status;
    unsigned count = list_cache(world, names);
    if (count == 0)
        return;
    const char *name = names[pick(world, count)];
    int fd = openat(world->project.scratch.fd, name, O_RDWR);
    assert_true(fd >= 0 && fstat(fd, &status) == 0);
    off_t place = status.st_size == 0 ? 0 : (off_t)pick(world, (unsigned)status.st_size);
    switch (pick(world, 3)) {
    case 0: unlinkat(world->project.scratch.fd, name, 0); break;
    case 1: assert_int_equal(ftruncate(fd, place), 0); break;
    default:
        if (pread(fd, &byte, 1, place) == 1) {
            byte = (char)(byte ^ (1 << pick(world, 8)));
            assert_int_equal(pwrite(fd, &byte, 1, place), 1);
        }
    }
    close(fd);
    world->is_damaged = true;
}

/* ---- what was seen ------------------------------------------------------------------------- */

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

/* How many of the functions in the output are new; from now on they are not. */
static unsigned count_new_texts(World *world, const LineOutput *output)
{
    unsigned count = 0;
    for (uint32_t i = 0; i < output->count; i++) {
        const char *line = output->sections[i].text.data;
        for (const char *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
            Hash128 hash = name_text(world, output->sections[i].path,
                                     slice_of(line, (size_t)(end - line)));
            count += hmgeti(world->texts, hash) < 0;
            hmput(world->texts, hash, 1);
        }
    }
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
    char path[512];
    BuildFailure failure;
    snprintf(path, sizeof path, "%s/cache", world->project.scratch.path);
    assert_int_equal(build_clean(path, NULL, &failure), BUILD_OK);
    world->is_damaged = false;
    forget(world);
}

/* ---- one step ------------------------------------------------------------------------------ */

static LineRequest choose_request(World *world)
{
    static const char *const entries[ENTRIES] = {"f0.line", "f1.line"};
    static const char *const settings[] = {"", "other"};
    if (pick(world, 12) == 0)
        world->entry = pick(world, ENTRIES);
    if (pick(world, 12) == 0)
        world->settings = pick(world, 2);
    return (LineRequest){
        .entry = entries[world->entry],
        .settings = settings[world->settings],
        .executor = pick(world, 8) == 0 ? &thread_executor : NULL,
        .force = pick(world, 30) == 0,
        .paranoid = pick(world, 30) == 0,
        .sync = pick(world, 60) == 0,
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
}

static void expect_all(const ObjectStore *store, const KeySet *used)
{
    Slice payload;
    for (size_t i = 0; i < used->count; i++)
        assert_true(object_store_get(store, used->keys[i], &payload));
}

/* Nothing that any recorded entry uses is gone, and what is recorded of this one is right. */
static void check_cache(World *world, const LineRequest *request, const LineRun *run)
{
    UsedObjects used;
    ObjectStore *store;
    world->compacted += strstr(run->decisions.data, "compacted ") != NULL;
    assert_null(strstr(run->decisions.data, "not-compacted"));
    if (world->is_damaged)
        return;
    int fd = openat(world->project.scratch.fd, "cache", O_RDONLY | O_DIRECTORY);
    assert_int_equal(used_objects_gather(&used, fd), 0);
    assert_int_equal(object_store_open_read_only(&store, fd, "zir"), 0);
    expect_all(store, &used.zir);
    object_store_close(store);
    assert_int_equal(object_store_open_read_only(&store, fd, "air"), 0);
    expect_all(store, &used.air);
    object_store_close(store);
    used_objects_free(&used);
    close(fd);
    ByteBuffer differences = line_project_verify(&world->project, *request, NULL);
    assert_string_equal(differences.data, "");
    buffer_free(&differences);
}

static void step(World *world)
{
    LineRequest request = choose_request(world);
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
    request.executor = NULL;
    LineRun plain = line_project_build_clean(&world->project, request, &clean);
    *kept = world->project.output;

    assert_int_equal(run.status, plain.status);
    assert_string_equal(run.diagnostics.data, plain.diagnostics.data);
    if (run.status == BUILD_OK) {
        assert_true(line_output_equal(kept, &clean));
        assert_int_equal(run.counts.functions_total, plain.counts.functions_total);
        check_work(world, &request, &run);
        check_cache(world, &request, &run);
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
    for (unsigned edits = 1 + pick(world, 3); edits > 0; edits--)
        edit_file(world);
    if (pick(world, 2) == 0)
        repair(world);
    if (pick(world, 2) == 0)
        mend_names(world);
    if (pick(world, world->is_damaged ? 4 : 40) == 0)
        damage_cache(world);
    else if (world->is_damaged && pick(world, 6) == 0)
        begin_cache_anew(world);
}

static unsigned long from_environment(const char *name, unsigned long otherwise)
{
    const char *value = getenv(name);
    return value == NULL || value[0] == '\0' ? otherwise : strtoul(value, NULL, 10);
}

static unsigned run_steps(unsigned long steps, uint64_t limit_bytes)
{
    World *world = memory_allocate_zeroed(1, sizeof *world);
    world->random = from_environment("SEED", (unsigned long)time(NULL));
    world->limit_bytes = limit_bytes;
    fprintf(stderr, "SEED=%lu STEPS=%lu\n", (unsigned long)world->random, steps);
    line_project_open(&world->project);
    for (unsigned i = 0; i < FILES; i++)
        make_file(world, i);
    mend_names(world);
    while (steps-- > 0) {
        step(world);
        edit(world);
    }
    fprintf(stderr, "%u programs were right, %u wrong; %u times old objects were dropped\n",
            world->right, world->wrong, world->compacted);
    unsigned compacted = world->compacted;
    world->project.output = (LineOutput){0};
    for (unsigned i = 0; i < ENTRIES; i++)
        line_output_free(&world->outputs[i][0]);
    forget(world);
    line_project_close(&world->project);
    free(world);
    return compacted;
}

static void test_incremental_builds_equal_clean_ones(void **state)
{
    (void)state;
    assert_int_equal(run_steps(from_environment("STEPS", 300), 0), 0);
}

static void test_so_do_those_whose_cache_is_small(void **state)
{
    (void)state;
    unsigned long steps = from_environment("STEPS", 200);
    unsigned compacted = run_steps(steps, 1);
    assert_true(steps < 100 || compacted > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_incremental_builds_equal_clean_ones),
        cmocka_unit_test(test_so_do_those_whose_cache_is_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
