/* SPDX-License-Identifier: MIT */
/*
 * Random edits: a warm discovery, which knows the last build, finds what a cold one finds.
 *
 * Files come, go, are renamed and import others that may not exist; in circles too. The table of the
 * last discovery without errors is kept in a file, as a build keeps that of its last commit.
 */
#include "random_numbers.h"
#include "sample_project.h"
#include "thread_executor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { NAMES = 24, MOST_IMPORTS = 4, ROUNDS = 400 };

typedef struct World {
    SampleProject *project;
    Random random;
    char table[600]; /* path of the kept one */
    unsigned with_gaps, unreadable, renumbered, kept;
} World;

/* The first is the entry. Directories make paths that are relative to their importer. */
static const char *name_of(uint32_t file, char name[32])
{
    if (file == 0)
        return "main.mini";
    snprintf(name, 32, file % 3 == 0 ? "lib/f%02u.mini" : "f%02u.mini", (unsigned)file);
    return name;
}

/* ---- edits --------------------------------------------------------------------------------- */

/* Near numbers import each other more often, so that most of the program hangs together. */
static void write_file(World *world, uint32_t file)
{
    char name[32], target[32], source[MOST_IMPORTS * 64 + 64] = "";
    uint32_t count = random_draw(&world->random, MOST_IMPORTS + 1);
    for (uint32_t i = 0; i < count + (file == 0); i++) {
        uint32_t to = (file + 1 + random_draw(&world->random, 6)) % NAMES;
        if (random_draw(&world->random, 8) == 0)
            to = random_draw(&world->random, NAMES);
        size_t size = strlen(source);
        snprintf(source + size, sizeof source - size, "import \"%s%s\" as i%u;\n",
                 file != 0 && file % 3 == 0 ? "../" : "", name_of(to, target), (unsigned)i);
    }
    size_t size = strlen(source);
    snprintf(source + size, sizeof source - size, "const x = %u;\n",
             (unsigned)random_draw(&world->random, 3));
    scratch_write(&world->project->scratch, name_of(file, name), source);
}

static void rename_file(World *world, uint32_t file)
{
    char from[32], to[32];
    uint32_t other = 1 + random_draw(&world->random, NAMES - 1);
    int fd = world->project->scratch.fd;
    if (file != 0 && scratch_exists(&world->project->scratch, name_of(file, from)))
        assert_int_equal(renameat(fd, from, fd, name_of(other, to)), 0);
}

/* Too large to be read: a failure of the machine, once something imports it. */
static void write_unreadable(World *world, uint32_t file)
{
    char name[32];
    int fd = openat(world->project->scratch.fd, name_of(file, name), O_WRONLY | O_CREAT, 0666);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)3 << 30), 0);
    close(fd);
}

static void edit(World *world)
{
    char name[32];
    uint32_t file = random_draw(&world->random, NAMES), kind = random_draw(&world->random, 20);
    if (kind < 3 && file != 0)
        unlinkat(world->project->scratch.fd, name_of(file, name), 0);
    else if (kind < 5)
        rename_file(world, file);
    else if (kind == 5 && random_draw(&world->random, 3) == 0)
        write_unreadable(world, file);
    else
        write_file(world, file);
}

/* ---- what was found ------------------------------------------------------------------------- */

static void put_files(ByteBuffer *text, const FileHashCache *cache)
{
    for (uint32_t file = 0; file < cache->count; file++) {
        const FileRecord *record = &cache->records[file];
        buffer_put(text, file_hash_cache_path(cache, file));
        buffer_put_format(text, " %016llx:", (unsigned long long)record->content.low);
        for (uint32_t i = 0; i < record->import_count; i++) {
            uint32_t target = cache->imports[record->first_import + i];
            buffer_put_byte(text, ' ');
            buffer_put(text, target == FILE_NONE ? slice_from("?")
                                                 : file_hash_cache_path(cache, target));
        }
        buffer_put_byte(text, '\n');
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

/* The changes and the numbers, from the two tables. */
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
        if (next == found->change_count || found->changes[next].file != file) {
            assert_true(is_same);
            continue;
        }
        const FileChange *change = &found->changes[next++];
        assert_int_equal(change->kind, old == FILE_NONE ? FILE_ADDED
                                       : is_same        ? FILE_TOUCHED
                                                        : FILE_CHANGED);
        assert_true(hash_equal(hash_bytes(change->source), now->records[file].content));
    }
    assert_int_equal(next, found->change_count);
    assert_int_equal(found->removed, last->count - stayed);
    assert_int_equal(found->renumbered, moved != 0 || found->removed != 0);
    assert_int_equal(found->last_count, last->count);
    if (!now->has_gaps)
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
    char *warm = discover_from(world, &known, &status);
    if (world->project->found.error == 0)
        check_changes(world->project, &last);
    world->renumbered += world->project->found.renumbered;
    world->with_gaps += status == -EBADMSG;
    world->unreadable += world->project->found.error != 0;
    if (status == 0)
        keep_table(world);
    char *cold = discover_from(world, &none, &cold_status);
    assert_string_equal(warm, cold);
    file_hash_cache_close(&last);
    free(warm);
    free(cold);
}

static void test_warm_is_cold(void **state)
{
    World world = {.project = *state, .random = random_begin()};
    snprintf(world.table, sizeof world.table, "%s/table", world.project->clock.path);
    for (uint32_t file = 0; file < NAMES; file++)
        write_file(&world, file);
    for (unsigned round = 0; round < ROUNDS; round++) {
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
    print_message("%u kept, %u renumbered, %u with gaps, %u unreadable\n", world.kept,
                  world.renumbered, world.with_gaps, world.unreadable);
    assert_true(world.kept > ROUNDS / 20);
    assert_true(world.renumbered > ROUNDS / 20);
    assert_true(world.with_gaps > ROUNDS / 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_WITH_PROJECT(test_warm_is_cold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
