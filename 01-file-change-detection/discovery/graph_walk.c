/* SPDX-License-Identifier: MIT */
/*
 * The array of nodes must not move while other workers read it. It consists of blocks that double
 * in size and are never reallocated:
 *
 *     blocks[0] ─► 1024 nodes    blocks[1] ─► 1024    blocks[2] ─► 2048    blocks[3] ─► 4096 ...
 *
 * One lock guards the end of the array and the map from path to node. It is held once per file,
 * for a hash lookup per import; reading and hashing happen outside.
 */
#include "graph_walk.h"

#include "collections.h"

#include <pthread.h>

enum { FIRST_BLOCK = 1024 };

typedef struct PathToNode {
    char *key; /* lent by the node */
    uint32_t value;
} PathToNode;

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
    GraphWalk *walk;
    pthread_mutex_t lock;  /* guards the walk and all below */
    PathToNode *by_path;
    NamesOfFile *names;
    uint32_t *node_of_old; /* per file of the last build; FILE_NONE: not met */
    atomic_size_t count;
    atomic_uint_fast64_t files_read;
    atomic_bool is_over; /* some file has too many names, or there are too many files */
    size_t most_files;
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

static unsigned block_of(size_t index, size_t *place)
{
    unsigned block = 0;
    size_t begin = 0, size = FIRST_BLOCK;
    while (index >= begin + size) {
        begin += size;
        size = begin;
        block++;
    }
    *place = index - begin;
    return block;
}

static WalkNode *node_at(const Walker *walker, size_t index)
{
    size_t place;
    unsigned block = block_of(index, &place);
    return &walker->walk->blocks[block][place];
}

/* With the lock held. The new node is visible to the loop as soon as the count is raised. One too
 * many has the number FILE_NONE, which nobody will ask for: the walk is over. */
static uint32_t add_node(Walker *walker, Slice path, uint32_t old_file)
{
    size_t index = atomic_load(&walker->count), place;
    if (index == walker->most_files) {
        walker->walk->has_too_many_files = true;
        atomic_store(&walker->is_over, true);
        return FILE_NONE;
    }
    unsigned block = block_of(index, &place);
    if (place == 0) {
        size_t size = block == 0 ? FIRST_BLOCK : (size_t)FIRST_BLOCK << (block - 1);
        walker->walk->blocks[block] = memory_allocate_zeroed(size, sizeof(WalkNode));
    }
    WalkNode *node = &walker->walk->blocks[block][place];
    node->path = slice_of(arena_copy(&walker->walk->arena, path), path.size);
    node->old_file = old_file;
    if (old_file != FILE_NONE)
        walker->node_of_old[old_file] = (uint32_t)index;
    else
        shput(walker->by_path, (char *)node->path.data, (uint32_t)index);
    atomic_store(&walker->count, index + 1);
    return (uint32_t)index;
}

/* With the lock held. */
static uint32_t node_for_old(Walker *walker, uint32_t old_file)
{
    uint32_t node = walker->node_of_old[old_file];
    if (node == FILE_NONE)
        node = add_node(walker, file_hash_cache_path(walker->input->last, old_file), old_file);
    return node;
}

/* With the lock held. */
static uint32_t node_for_path(Walker *walker, Slice path)
{
    uint32_t old_file = file_hash_cache_find(walker->input->last, path);
    if (old_file != FILE_NONE)
        return node_for_old(walker, old_file);
    ptrdiff_t met = shgeti(walker->by_path, path.data);
    return met >= 0 ? walker->by_path[met].value : add_node(walker, path, FILE_NONE);
}

static void follow_record(Walker *walker, WalkNode *node, Arena *arena)
{
    const FileHashCache *last = walker->input->last;
    const FileRecord *record = &last->records[node->old_file];
    node->imports = arena_allocate(arena, record->import_count * sizeof *node->imports);
    lock(walker);
    for (uint32_t i = 0; i < record->import_count; i++) {
        uint32_t target = node_for_old(walker, last->imports[record->first_import + i]);
        node->imports[i] = (NodeImport){target, 0, 0, NULL};
    }
    unlock(walker);
    node->import_count = record->import_count;
}

/* With the lock held. False if the file has too many of them. */
static bool count_name(Walker *walker, const Reading *reading)
{
    if (reading->import_count == 0 || reading->inode == 0) /* too large, or edited meanwhile */
        return true;
    Identity file = {reading->device, reading->inode, reading->content};
    ptrdiff_t met = hmgeti(walker->names, file);
    uint32_t count = met < 0 ? 1 : walker->names[met].value + 1;
    hmput(walker->names, file, count);
    return count <= MOST_NAMES;
}

static void follow_reading(Walker *walker, WalkNode *node, Arena *arena)
{
    const Reading *reading = node->reading;
    node->imports = arena_allocate(arena, reading->import_count * sizeof *node->imports);
    lock(walker);
    if (!count_name(walker, reading)) {
        walker->walk->has_too_many_names = true;
        atomic_store(&walker->is_over, true);
    }
    for (uint32_t i = 0; i < reading->import_count; i++) {
        const ResolvedImport *import = &reading->imports[i];
        uint32_t target =
            import->error == PATH_OK ? node_for_path(walker, import->path) : FILE_NONE;
        node->imports[i] = (NodeImport){target, import->line, import->column, import};
    }
    unlock(walker);
    node->import_count = reading->import_count;
}

static void visit(void *arg, size_t index, unsigned worker)
{
    Walker *walker = arg;
    const WalkInput *input = walker->input;
    ReadingScratch *scratch = &input->scratch[worker];
    WalkNode *node = node_at(walker, index);
    if (atomic_load_explicit(&walker->is_over, memory_order_relaxed))
        return;
    if (node->old_file != FILE_NONE) {
        node->reading = input->known_readings[node->old_file];
    } else {
        node->reading = arena_allocate(scratch->arena, sizeof *node->reading);
        source_read(node->reading, input->request, input->clock, node->path, NULL, scratch);
        atomic_fetch_add(&walker->files_read, 1);
    }
    if (node->reading != NULL && node->reading->error != 0)
        return;
    if (node->reading != NULL && node->reading->is_scanned)
        follow_reading(walker, node, scratch->arena);
    else
        follow_record(walker, node, scratch->arena);
}

void graph_walk(GraphWalk *walk, const WalkInput *input)
{
    uint32_t most_files = input->request->most_files;
    Walker walker = {.input = input, .walk = walk};
    walker.most_files = most_files == 0 ? WALK_MOST_FILES : most_files;
    pthread_mutex_init(&walker.lock, NULL);
    walker.node_of_old = memory_allocate((input->last->count + 1) * sizeof(uint32_t));
    for (uint32_t i = 0; i < input->last->count; i++)
        walker.node_of_old[i] = FILE_NONE;

    node_for_path(&walker, input->request->entry);
    executor_run_growing(input->request->executor, &walker.count, visit, &walker);

    walk->count = (uint32_t)atomic_load(&walker.count);
    walk->files_read = atomic_load(&walker.files_read);
    walk->nodes = memory_allocate(walk->count * sizeof *walk->nodes);
    for (uint32_t i = 0; i < walk->count; i++)
        walk->nodes[i] = node_at(&walker, i);
    shfree(walker.by_path);
    hmfree(walker.names);
    free(walker.node_of_old);
    pthread_mutex_destroy(&walker.lock);
}

void graph_walk_free(GraphWalk *walk)
{
    free(walk->nodes);
    for (unsigned block = 0; block < WALK_BLOCKS; block++)
        free(walk->blocks[block]);
    arena_free(&walk->arena);
    *walk = (GraphWalk){0};
}
