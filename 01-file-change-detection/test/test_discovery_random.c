/* SPDX-License-Identifier: MIT */
/*
 * Random edits: a warm discovery, which knows the last build, finds what a cold one finds.
 *
 * Files come, go, are renamed and import others that may not exist; in circles too. The table of the
 * last discovery without errors is kept in a file, as a build keeps that of its last commit.
 *
 * In the third, imports are of texts, data and values as well, and a file may be imported as
 * several of these at once. Which sources are lowered from something else is found naively.
 *
 * In the second test imports are looked for in several places. The same name comes and goes in each
 * of them, and is a directory or a link that leads nowhere now and then; the places themselves
 * change their names.
 */
#include "random_numbers.h"
#include "sample_project.h"
#include "thread_executor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAMES = 24, MOST_IMPORTS = 4, ROUNDS = 400, MOST_ROUNDS = 4000, VALUES = 5 };

typedef struct World {
    SampleProject *project;
    Random random;
    char table[600]; /* path of the kept one */
    unsigned with_gaps, unreadable, renumbered, redirected, kept, other_input, other_role;
} World;

/* The first is the entry. Directories make paths that are relative to their importer. */
static const char *name_of(uint32_t file, char name[32])
{
    if (file == 0)
        return "main.mini";
    snprintf(name, 32, file % 3 == 0 ? "lib/f%02u.mini" : "f%02u.mini", (unsigned)file);
    return name;
}

/* As an import names it that is looked for; some are optional. */
static const char *searched_name_of(uint32_t file, char name[32])
{
    snprintf(name, 32, file % 4 == 3 ? "maybe%02u.mini" : "f%02u.mini", (unsigned)file);
    return file == 0 ? "main.mini" : name;
}

/* Where it is written, or goes: in one of the places, drawn anew each time. */
static const char *place_of(World *world, uint32_t file, char place[48])
{
    static const char *const directories[] = {"", "lib/", "inc/", "sys/"};
    char name[32];
    bool is_anywhere = world->project->searches && file != 0;
    snprintf(place, 48, "%s%s", is_anywhere ? directories[random_draw(&world->random, 4)] : "",
             world->project->searches ? searched_name_of(file, name) : name_of(file, name));
    return place;
}

static void clear_place(const World *world, const char *place)
{
    int fd = world->project->scratch.fd;
    if (unlinkat(fd, place, 0) != 0)
        unlinkat(fd, place, AT_REMOVEDIR);
}

/* ---- edits --------------------------------------------------------------------------------- */

/* Near numbers import each other more often, so that most of the program hangs together. */
static void write_file(World *world, uint32_t file)
{
    char place[48], target[32], source[MOST_IMPORTS * 64 + 64] = "";
    bool searches = world->project->searches;
    uint32_t count = random_draw(&world->random, MOST_IMPORTS + 1);
    for (uint32_t i = 0; i < count + (file == 0); i++) {
        uint32_t to = (file + 1 + random_draw(&world->random, 6)) % NAMES;
        if (random_draw(&world->random, 8) == 0)
            to = random_draw(&world->random, NAMES);
        size_t size = strlen(source);
        uint32_t role = world->project->inputs ? random_draw(&world->random, 4) : 0;
        if (role == IMPORT_VALUE) {
            snprintf(source + size, sizeof source - size, "   import \"V%u\" as i%u;\n",
                     (unsigned)random_draw(&world->random, VALUES), (unsigned)i);
            continue;
        }
        snprintf(source + size, sizeof source - size, "%.*simport \"%s%s\" as i%u;\n",
                 (int)role, "  ",
                 !searches && file != 0 && file % 3 == 0 ? "../" : "",
                 searches ? searched_name_of(to, target) : name_of(to, target), (unsigned)i);
    }
    size_t size = strlen(source);
    snprintf(source + size, sizeof source - size, "const x = %u;\n",
             (unsigned)random_draw(&world->random, 3));
    place_of(world, file, place);
    clear_place(world, place);
    scratch_write(&world->project->scratch, place, source);
}

static void rename_file(World *world, uint32_t file)
{
    char from[48], to[48];
    uint32_t other = 1 + random_draw(&world->random, NAMES - 1);
    int fd = world->project->scratch.fd;
    if (file == 0 || !scratch_exists(&world->project->scratch, place_of(world, file, from)))
        return;
    place_of(world, other, to);
    if (strcmp(from, to) != 0)
        clear_place(world, to);
    (void)renameat(fd, from, fd, to); /* there may be no such directory */
}

/* Too large to be read: a failure of the machine, once something imports it. */
static void write_unreadable(World *world, uint32_t file)
{
    char place[48];
    place_of(world, file, place);
    clear_place(world, place);
    scratch_write(&world->project->scratch, place, "");
    int fd = openat(world->project->scratch.fd, place, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)3 << 30), 0);
    close(fd);
}

/* What is there and is no file. */
static void write_no_file(World *world, uint32_t file)
{
    char place[48];
    int fd = world->project->scratch.fd;
    place_of(world, file, place);
    clear_place(world, place);
    if (random_draw(&world->random, 2) == 0)
        (void)mkdirat(fd, place, 0777);
    else
        (void)symlinkat("nothing", fd, place);
}

static void exchange_places(World *world)
{
    static const char *const directories[] = {"lib", "inc", "sys"};
    const char *a = directories[random_draw(&world->random, 3)];
    const char *b = directories[random_draw(&world->random, 3)];
    int fd = world->project->scratch.fd;
    (void)renameat(fd, a, fd, "between");
    (void)renameat(fd, b, fd, a);
    (void)renameat(fd, "between", fd, b);
}

/* Or takes it away: the name of an entry whose name is empty is never asked for. */
static void set_value(World *world)
{
    static const char *const names[VALUES] = {"V0", "V1", "V2", "V3", "V4"};
    static const char *const values[] = {"", "a", "b"};
    uint32_t value = random_draw(&world->random, VALUES);
    const char *name = random_draw(&world->random, 4) == 0 ? "" : names[value];
    world->project->values[value][0] = name;
    world->project->values[value][1] = values[random_draw(&world->random, 3)];
}

static void edit(World *world)
{
    char place[48];
    uint32_t file = random_draw(&world->random, NAMES), kind = random_draw(&world->random, 20);
    if (kind < 3 && file != 0)
        clear_place(world, place_of(world, file, place));
    else if (kind < 5)
        rename_file(world, file);
    else if (kind == 5 && random_draw(&world->random, 3) == 0)
        write_unreadable(world, file);
    else if (kind == 6 && world->project->searches && file != 0)
        write_no_file(world, file);
    else if (kind == 7 && world->project->searches)
        exchange_places(world);
    else if (kind < 11 && world->project->inputs)
        set_value(world);
    else
        write_file(world, file);
}

/* ---- what was found ------------------------------------------------------------------------- */

static ImportRole role_of(const FileHashCache *cache, uint32_t place)
{
    return cache->roles == NULL ? IMPORT_SOURCE : (ImportRole)cache->roles[place];
}

static void put_files(ByteBuffer *text, const FileHashCache *cache)
{
    for (uint32_t file = 0; file < cache->count; file++) {
        const FileRecord *record = &cache->records[file];
        buffer_put(text, file_hash_cache_path(cache, file));
        buffer_put_format(text, " %016llx, role %d:", (unsigned long long)record->content.low,
                          (int)file_hash_cache_role(cache, file));
        for (uint32_t i = 0; i < record->import_count; i++) {
            uint32_t target = cache->imports[record->first_import + i];
            uint32_t value = target - cache->count - cache->absent_count;
            buffer_put_format(text, " %d ", (int)role_of(cache, record->first_import + i));
            if (target < FILE_ABSENT && target >= cache->count + cache->absent_count)
                buffer_put(text, file_hash_cache_value_name(cache, value));
            else
                buffer_put(text, target == FILE_NONE     ? slice_from("?")
                             : target == FILE_ABSENT ? slice_from("-")
                                                     : file_hash_cache_path(cache, target));
        }
        buffer_put_byte(text, '\n');
    }
    for (uint32_t i = 0; i < cache->absent_count; i++) {
        buffer_put(text, file_hash_cache_path(cache, cache->count + i));
        buffer_put(text, slice_from(" is absent\n"));
    }
    for (uint32_t i = 0; i < cache->value_count; i++) {
        buffer_put(text, file_hash_cache_value_name(cache, i));
        buffer_put_format(text, " of kind %u is %016llx\n", cache->values[i].kind,
                          (unsigned long long)cache->values[i].content.low);
    }
}

/* Everything that must not depend on what was known. */
static char *describe(const SampleProject *project, int status)
{
    ByteBuffer text = {0};
    buffer_put_format(&text, "status %d\n", status);
    if (project->found.error != 0) {
        buffer_put(&text, slice_from(project->found.error_path));
    } else {
        buffer_put_format(&text, "entry %.*s, gaps %d\n", (int)project->cache.entry.size,
                          project->cache.entry.data, project->cache.has_gaps);
        put_files(&text, &project->cache);
    }
    for (size_t i = 0; i < project->diagnostics.count; i++) {
        const Diagnostic *diagnostic = &project->diagnostics.items[i];
        buffer_put(&text, diagnostic->path);
        buffer_put_format(&text, ":%u:%u ", diagnostic->line, diagnostic->column);
        buffer_put(&text, diagnostic->message);
        buffer_put_byte(&text, '\n');
    }
    buffer_put_byte(&text, '\0');
    return text.data;
}

/* Its imports without absent paths and values. */
static uint32_t count_files(const FileHashCache *cache, uint32_t file)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < cache->records[file].import_count; i++) {
        uint32_t number = cache->imports[cache->records[file].first_import + i];
        count += number < cache->count || number >= FILE_ABSENT;
    }
    return count;
}

static bool leads_to_same(const FileHashCache *a, uint32_t from_a, const FileHashCache *b,
                          uint32_t from_b)
{
    const uint32_t *left = a->imports + a->records[from_a].first_import;
    const uint32_t *right = b->imports + b->records[from_b].first_import;
    uint32_t count = count_files(a, from_a);
    if (count != count_files(b, from_b))
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (role_of(a, a->records[from_a].first_import + i) !=
                role_of(b, b->records[from_b].first_import + i) ||
            left[i] >= FILE_ABSENT || right[i] >= FILE_ABSENT
                ? left[i] != right[i]
                : !slice_equal(file_hash_cache_path(a, left[i]), file_hash_cache_path(b, right[i])))
            return false;
    return true;
}

static bool is_or_was_data(const FileHashCache *now, uint32_t file, const FileHashCache *last,
                           uint32_t old)
{
    return file_hash_cache_role(now, file) == IMPORT_DATA ||
           (old != FILE_NONE && file_hash_cache_role(last, old) == IMPORT_DATA);
}

/* Does a source read something that is another than in the last build? Naively. */
static bool reads_other(const SampleProject *project, const FileHashCache *last, uint32_t file,
                        bool *visited)
{
    const FileHashCache *now = &project->cache;
    const FileRecord *record = &now->records[file];
    if (visited[file])
        return false;
    visited[file] = true;
    for (uint32_t i = record->first_import; i < record->first_import + record->import_count; i++) {
        uint32_t number = now->imports[i];
        if (number >= FILE_ABSENT || (number < now->count && role_of(now, i) == IMPORT_SOURCE))
            continue;
        if (number >= now->count + now->absent_count) {
            uint32_t value = number - now->count - now->absent_count;
            uint32_t old = file_hash_cache_find_value(last, now->values[value].kind,
                                                      file_hash_cache_value_name(now, value));
            if (old != FILE_NONE &&
                !hash_equal(last->values[old].content, now->values[value].content))
                return true;
        } else if (number < now->count) {
            uint32_t old = file_hash_cache_find(last, file_hash_cache_path(now, number));
            if (old == FILE_NONE ||
                !hash_equal(last->records[old].content, now->records[number].content) ||
                (!is_or_was_data(now, number, last, old) &&
                 !leads_to_same(last, old, now, number)) ||
                reads_other(project, last, number, visited))
                return true;
        }
    }
    return false;
}

static void check_inputs(World *world, const FileHashCache *last)
{
    SampleProject *project = world->project;
    const Discovery *found = &project->found;
    const FileHashCache *now = &project->cache;
    uint32_t next = 0;
    for (uint32_t file = 0; file < now->count && !now->has_gaps; file++) {
        uint32_t old = file_hash_cache_find(last, file_hash_cache_path(now, file));
        bool is_same = old != FILE_NONE && hash_equal(last->records[old].content,
                                                      now->records[file].content);
        bool is_data = is_or_was_data(now, file, last, old);
        bool visited[4 * NAMES + 1] = {false};
        int kind = old == FILE_NONE                                  ? FILE_ADDED
                   : !is_same                                        ? FILE_CHANGED
                   : !is_data && !leads_to_same(last, old, now, file) ? FILE_REDIRECTED
                                                                     : -1;
        if (kind < 0 && file_hash_cache_role(now, file) == IMPORT_SOURCE &&
            reads_other(project, last, file, visited))
            kind = FILE_OTHER_INPUT;
        else if (kind < 0 && file_hash_cache_role(now, file) != file_hash_cache_role(last, old))
            kind = FILE_OTHER_ROLE;
        bool is_found = next < found->change_count && found->changes[next].file == file;
        if (!is_found) {
            assert_int_equal(kind, -1);
            continue;
        }
        const FileChange *change = &found->changes[next++];
        if (change->kind != FILE_TOUCHED || kind != -1)
            assert_int_equal(change->kind, kind);
        assert_true(change->source.data == NULL ? is_same
                                                : hash_equal(hash_bytes(change->source),
                                                             now->records[file].content));
        world->other_input += kind == FILE_OTHER_INPUT;
        world->other_role += kind == FILE_OTHER_ROLE;
    }
}

/* The changes and the numbers, from the two tables. In a table with gaps, a file may have one
 * without a change of its own. */
static void check_changes(const SampleProject *project, const FileHashCache *last)
{
    const Discovery *found = &project->found;
    const FileHashCache *now = &project->cache;
    uint32_t stayed = 0, next = 0, moved = 0;
    for (uint32_t file = 0; file < now->count; file++) {
        uint32_t old = file_hash_cache_find(last, file_hash_cache_path(now, file));
        bool is_same = old != FILE_NONE && hash_equal(last->records[old].content,
                                                      now->records[file].content);
        stayed += old != FILE_NONE;
        moved += old != file;
        if (found->renumbered)
            assert_int_equal(found->old_number[file], old);
        bool is_redirected =
            project->searches && is_same && !leads_to_same(last, old, now, file);
        if (next == found->change_count || found->changes[next].file != file) {
            assert_true(is_same && (!is_redirected || now->has_gaps));
            continue;
        }
        const FileChange *change = &found->changes[next++];
        if (!now->has_gaps || change->kind == FILE_REDIRECTED)
            assert_int_equal(change->kind == FILE_REDIRECTED, is_redirected);
        if (change->kind != FILE_REDIRECTED)
            assert_int_equal(change->kind, old == FILE_NONE ? FILE_ADDED
                                           : is_same        ? FILE_TOUCHED
                                                            : FILE_CHANGED);
        assert_true(hash_equal(hash_bytes(change->source), now->records[file].content));
    }
    assert_int_equal(next, found->change_count);
    assert_int_equal(found->removed, last->count - stayed);
    assert_int_equal(found->renumbered, moved != 0 || found->removed != 0);
    assert_int_equal(found->last_count, last->count);
    if (!now->has_gaps && !project->searches)
        assert_int_equal(found->files_stat, last->count + now->count - stayed);
}

/* ---- rounds --------------------------------------------------------------------------------- */

static char *discover_from(World *world, FileHashCache *cache, int *status)
{
    SampleProject *project = world->project;
    file_hash_cache_close(&project->cache);
    project->cache = *cache;
    *status = sample_project_discover(project);
    return describe(project, *status);
}

static void keep_table(World *world)
{
    assert_int_equal(file_hash_cache_save(&world->project->cache, world->table), 0);
    world->kept++;
}

static void check_round(World *world)
{
    FileHashCache last, known, none = {0};
    int status, cold_status;
    (void)file_hash_cache_load(&last, world->table);
    (void)file_hash_cache_load(&known, world->table);
    world->project->values_asked = 0;
    char *warm = discover_from(world, &known, &status);
    if (world->project->found.error == 0 && world->project->inputs)
        check_inputs(world, &last);
    else if (world->project->found.error == 0)
        check_changes(world->project, &last);
    world->redirected += strstr(world->project->reported.data, "redirected ") != NULL;
    world->renumbered += world->project->found.renumbered;
    world->with_gaps += status == -EBADMSG;
    world->unreadable += world->project->found.error != 0;
    if (world->project->found.error == 0)
        assert_int_equal(world->project->values_asked, world->project->found.values_asked);
    if (status == 0)
        keep_table(world);
    char *cold = discover_from(world, &none, &cold_status);
    assert_string_equal(warm, cold);
    file_hash_cache_close(&last);
    free(warm);
    free(cold);
}

/* Did all that the test is about happen often enough? */
static bool is_varied(const World *world)
{
    const SampleProject *project = world->project;
    return world->kept > ROUNDS / 20 && world->renumbered > ROUNDS / 20 &&
           world->with_gaps > ROUNDS / 20 &&
           (world->redirected > (project->inputs ? 0 : ROUNDS / 80) || !project->searches) &&
           ((world->other_input > ROUNDS / 80 && world->other_role != 0) || !project->inputs);
}

/* A few imports, drawn at random, decide how many files the entry reaches: where they are too few for
 * anything to happen, a walk goes on until it has. */
static void run(SampleProject *project)
{
    World world = {.project = project, .random = random_begin()};
    snprintf(world.table, sizeof world.table, "%s/table", world.project->clock.path);
    for (uint32_t file = 0; file < NAMES; file++)
        write_file(&world, file);
    for (unsigned round = 0;
         round < ROUNDS || (round < MOST_ROUNDS && !is_varied(&world)); round++) {
        world.project->executor = round % 2 == 0 ? &thread_executor : &executor_serial;
        if (random_draw(&world.random, 2) == 0) /* otherwise no stamp can be trusted yet */
            scratch_settle(&world.project->scratch);
        check_round(&world);
        for (uint32_t i = random_draw(&world.random, 4); i != 0; i--)
            edit(&world);
        if (round % 12 == 11) /* there are gaps nearly always, if nobody closes them */
            for (uint32_t file = 0; file < NAMES; file++)
                write_file(&world, file);
    }
    print_message("%u kept, %u renumbered, %u redirected, %u with gaps, %u unreadable\n",
                  world.kept, world.renumbered, world.redirected, world.with_gaps,
                  world.unreadable);
    assert_true(is_varied(&world));
}

static void test_warm_is_cold(void **state)
{
    run(*state);
}

static void test_warm_is_cold_where_imports_are_looked_for(void **state)
{
    SampleProject *project = *state;
    project->searches = true;
    run(project);
}

static void test_warm_is_cold_with_texts_data_and_values(void **state)
{
    SampleProject *project = *state;
    project->searches = project->inputs = true;
    for (uint32_t i = 0; i < VALUES; i++)
        project->values[i][0] = project->values[i][1] = "";
    run(project);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_WITH_PROJECT(test_warm_is_cold),
        CASE_WITH_PROJECT(test_warm_is_cold_where_imports_are_looked_for),
        CASE_WITH_PROJECT(test_warm_is_cold_with_texts_data_and_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
