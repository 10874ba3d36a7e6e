/* SPDX-License-Identifier: MIT */
/*
 * Two things take turns until both have nothing left to do:
 *
 *     a stack of known files      popped by one thread; their imports are on record, or in a reading
 *     a round of added files      read by all workers; their imports go to the stack or to the
 *                                 next round
 *
 * In a warm build the stack does nearly everything: 0.1 ms for 10,000 files. In a cold build there
 * is no known file. A round lasts as long as its slowest file; a program is much wider than it is
 * deep, and a chain of imports, in which each round has one file, has no work to share anyway.
 *
 * Each file has the strongest role that an import gives it. Data has no imports: a file that is met
 * as data, and then as something else, is followed the second time.
 *
 * One lock guards the end of both lists and the map from path to file. It is held once per file,
 * for a hash lookup per import; reading and hashing happen outside.
 */
#include "graph_walk.h"

#include "collections.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

typedef struct PathToAdded {
    char *key;      /* lent by the reading */
    uint32_t value; /* its target */
} PathToAdded;

/* The content is part of it: on some file systems inode numbers mean nothing. */
typedef struct Identity {
    uint64_t device, inode;
    Hash128 content;
} Identity;

typedef struct NamesOfFile {
    Identity key;
    uint32_t value; /* how many names lead to it */
} NamesOfFile;

typedef struct Walker {
    const WalkInput *input;
    Reading **round;       /* what is read now */
    pthread_mutex_t lock;  /* guards the walk and all below */
    GraphWalk *walk;
    uint32_t *stack;       /* known files that are reached and not yet followed */
    uint32_t depth;
    Reading **pending;     /* to be read, or scanned, in the next round */
    uint32_t pending_count, pending_capacity;
    PathToAdded *by_path;
    NamesOfFile *names;
    uint32_t room;       /* how many more files may be met */
    atomic_bool is_over; /* some file has too many names, there are too many files, or it was
                            cancelled */
} Walker;

/* The lock is held for a microsecond, and a sleeping thread takes fifty to wake up: spin for a
 * while first. */
static void lock(Walker *walker)
{
    enum { TRIES = 1000 };
    for (int i = 0; i < TRIES; i++)
        if (pthread_mutex_trylock(&walker->lock) == 0)
            return;
    pthread_mutex_lock(&walker->lock);
}

static void unlock(Walker *walker)
{
    pthread_mutex_unlock(&walker->lock);
}

/* ---- meeting a file, with the lock held ---------------------------------------------------- */

static bool has_room(Walker *walker)
{
    if (walker->room == 0) {
        walker->walk->has_too_many_files = true;
        atomic_store(&walker->is_over, true);
        return false;
    }
    walker->room--;
    return true;
}

static uint32_t meet_known(Walker *walker, uint32_t file, ImportRole role)
{
    uint8_t *known = &walker->walk->roles[file];
    if (role >= *known || (*known == IMPORT_VALUE && !has_room(walker)))
        return file;
    if (*known >= IMPORT_DATA && role < IMPORT_DATA)
        walker->stack[walker->depth++] = file;
    *known = (uint8_t)role;
    return file;
}

static void add_pending(Walker *walker, Reading *reading)
{
    if (walker->pending_count == walker->pending_capacity) {
        uint32_t capacity = walker->pending_capacity;
        walker->pending_capacity = capacity == 0 ? 64 : capacity * 2;
        walker->pending =
            memory_resize(walker->pending, walker->pending_capacity * sizeof *walker->pending);
    }
    walker->pending[walker->pending_count++] = reading;
}

static uint32_t add_file(Walker *walker, Slice path, ImportRole role)
{
    GraphWalk *walk = walker->walk;
    if (!has_room(walker))
        return FILE_NONE; /* which nobody will ask for: the walk is over */
    if (walk->added_count == walk->added_capacity) {
        walk->added_capacity = walk->added_capacity == 0 ? 64 : walk->added_capacity * 2;
        walk->added = memory_resize(walk->added, walk->added_capacity * sizeof *walk->added);
    }
    Reading *file = arena_allocate(&walk->arena, sizeof *file);
    *file = (Reading){.path = slice_of(arena_copy(&walk->arena, path), path.size), .role = role};
    add_pending(walker, file);
    uint32_t target = walker->input->last->count + walk->added_count;
    walk->added[walk->added_count++] = file;
    shput(walker->by_path, (char *)file->path.data, target);
    return target;
}

/* One that is being read just now is scanned when it is followed. */
static uint32_t meet_added(Walker *walker, uint32_t target, ImportRole role)
{
    Reading *reading = walker->walk->added[target - walker->input->last->count];
    if (role < IMPORT_DATA && reading->role == IMPORT_DATA && reading->is_read)
        add_pending(walker, reading);
    if (role < reading->role)
        reading->role = role;
    return target;
}

static uint32_t meet(Walker *walker, Slice path, ImportRole role)
{
    uint32_t known = file_hash_cache_find(walker->input->last, path);
    if (known != FILE_NONE)
        return meet_known(walker, known, role);
    ptrdiff_t met = shgeti(walker->by_path, path.data);
    return met >= 0 ? meet_added(walker, walker->by_path[met].value, role)
                    : add_file(walker, path, role);
}

/* True if the file has too many of them. */
static bool count_name(Walker *walker, const Reading *reading)
{
    if (reading->import_count == 0 || reading->inode == 0) /* too large, or edited meanwhile */
        return false;
    Identity file = {reading->device, reading->inode, reading->content};
    ptrdiff_t met = hmgeti(walker->names, file);
    uint32_t count = met < 0 ? 1 : walker->names[met].value + 1;
    hmput(walker->names, file, count);
    return count > MOST_NAMES;
}

/* ---- following the imports of one ----------------------------------------------------------- */

static void follow_reading(Walker *walker, Reading *reading)
{
    lock(walker);
    if (count_name(walker, reading)) {
        walker->walk->has_too_many_names = true;
        atomic_store(&walker->is_over, true);
    }
    reading->is_read = true;
    if (!reading->is_scanned && reading->error == 0 && reading->role < IMPORT_DATA)
        add_pending(walker, reading);
    for (uint32_t i = 0; i < reading->import_count; i++) {
        ResolvedImport *import = &reading->imports[i];
        if (import->error == PATH_OK)
            import->target = meet(walker, import->path, import->role);
    }
    unlock(walker);
}

static void follow_record(Walker *walker, const FileRecord *record)
{
    const FileHashCache *last = walker->input->last;
    for (uint32_t i = record->first_import; i < record->first_import + record->import_count; i++)
        if (last->imports[i] < last->count) /* else it is an absent path, or a value */
            meet_known(walker, last->imports[i],
                       last->roles == NULL ? IMPORT_SOURCE : (ImportRole)last->roles[i]);
}

/* What was data in the last build has no imports on record. */
static bool is_unscanned(const Walker *walker, uint32_t file)
{
    const Reading *reading = walker->input->known_readings[file];
    return file_hash_cache_role(walker->input->last, file) == IMPORT_DATA &&
           (reading == NULL || (reading->error == 0 && !reading->is_scanned));
}

static void scan_in_next_round(Walker *walker, uint32_t file)
{
    const WalkInput *input = walker->input;
    Reading *reading = input->known_readings[file];
    if (reading == NULL) {
        reading = arena_allocate(&walker->walk->arena, sizeof *reading);
        *reading = (Reading){.path = file_hash_cache_path(input->last, file),
                             .last = &input->last->records[file]};
        input->known_readings[file] = reading;
    }
    reading->role = IMPORT_TEXT; /* it may be more: only data is read in another way */
    add_pending(walker, reading);
}

/* A file that was read and has the content on record has its imports on record, too. */
static void follow_known_files(Walker *walker)
{
    while (walker->depth != 0) {
        uint32_t file = walker->stack[--walker->depth];
        Reading *reading = walker->input->known_readings[file];
        if (is_unscanned(walker, file))
            scan_in_next_round(walker, file);
        else if (reading == NULL || (reading->error == 0 && !reading->is_scanned))
            follow_record(walker, &walker->input->last->records[file]);
        else
            follow_reading(walker, reading);
    }
}

static void read_added(void *arg, size_t index, unsigned worker)
{
    Walker *walker = arg;
    const WalkInput *input = walker->input;
    Reading *file = walker->round[index];
    if (atomic_load_explicit(&walker->is_over, memory_order_relaxed))
        return;
    if (reading_is_cancelled(input->request, &input->scratch[worker])) {
        atomic_store(&walker->is_over, true);
        return;
    }
    if (file->is_read)
        source_scan(file, input->request, &input->scratch[worker]);
    else
        source_read(file, input->request, input->clock, true, &input->scratch[worker]);
    follow_reading(walker, file);
}

/* Between rounds: while they are read, their roles may change. */
static void begin_round(Walker *walker)
{
    uint32_t count = walker->pending_count;
    walker->round = memory_resize(walker->round, count * sizeof *walker->round);
    memcpy(walker->round, walker->pending, count * sizeof *walker->round);
    for (uint32_t i = 0; i < count; i++)
        walker->round[i]->is_data = walker->round[i]->role == IMPORT_DATA;
    walker->pending_count = 0;
}

static void follow_all(Walker *walker)
{
    for (;;) {
        follow_known_files(walker);
        uint32_t count = walker->pending_count;
        if (count == 0 || atomic_load(&walker->is_over))
            return;
        begin_round(walker);
        executor_run(walker->input->request->executor, count, read_added, walker);
    }
}

void graph_walk(GraphWalk *walk, const WalkInput *input)
{
    uint32_t most = input->request->most_files, entries = input->request->more_entry_count;
    Walker walker = {.input = input, .walk = walk, .room = most == 0 ? WALK_MOST_FILES : most};
    walk->arena.source = input->request->executor->chunks;
    walk->roles = memory_allocate(input->last->count + 1);
    memset(walk->roles, IMPORT_VALUE, input->last->count + 1);
    walk->more_entries = memory_allocate((entries + 1) * sizeof *walk->more_entries);
    walker.stack = memory_allocate((input->last->count + 1) * sizeof *walker.stack);
    pthread_mutex_init(&walker.lock, NULL);
    meet(&walker, input->request->entry, IMPORT_SOURCE);
    for (uint32_t i = 0; i < entries; i++)
        walk->more_entries[i] = meet(&walker, input->request->more_entries[i], IMPORT_SOURCE);
    follow_all(&walker);
    pthread_mutex_destroy(&walker.lock);
    shfree(walker.by_path);
    hmfree(walker.names);
    memory_free(walker.stack);
    memory_free(walker.round);
    memory_free(walker.pending);
}

void graph_walk_free(GraphWalk *walk)
{
    memory_free(walk->roles);
    memory_free(walk->added);
    memory_free(walk->more_entries);
    arena_free(&walk->arena);
    *walk = (GraphWalk){0};
}
