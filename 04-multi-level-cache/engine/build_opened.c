/* SPDX-License-Identifier: MIT */
/*
 * Interface blobs as the language likes to read them: each is opened when a unit first asks for it,
 * and at most once.
 *
 * Of several threads that ask, the first one opens and the others wait for it. No lock is held
 * meanwhile, so different files are opened at the same time; and `open` sees nothing but the blob,
 * so it cannot wait for another one.
 */
#include "build_internal.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#ifdef GUARD_LOOKUPS
#include <stdio.h>
#endif

enum OpenedState { IS_CLOSED, IS_BEING_OPENED, IS_OPEN };

typedef struct OpenedFile {
    _Atomic unsigned char state; /* OpenedState */
    const void *form;            /* once it is open */
    Arena memory;                /* of the form */
#ifdef GUARD_LOOKUPS
    ChunkSource chunks; /* of that memory, which it knows: */
    ByteBuffer known;   /* Slices */
    Hash128 hash;       /* of all it held when it was opened */
#endif
} OpenedFile;

struct OpenedFiles {
    OpenedFile *files;    /* per file */
    pthread_mutex_t lock; /* guards every change of a state */
    pthread_cond_t change;
};

/* ---- the guard: nobody writes to a form ---------------------------------------------------- */

#ifdef GUARD_LOOKUPS

/* Zeroed, because all of it is hashed. */
static void *take(ChunkSource *source, size_t *size)
{
    OpenedFile *file = (OpenedFile *)(void *)((char *)source - offsetof(OpenedFile, chunks));
    Slice chunk = slice_of(memory_allocate_zeroed(1, *size), *size);
    buffer_put(&file->known, slice_of(&chunk, sizeof chunk));
    return (void *)(uintptr_t)chunk.data;
}

static void give(ChunkSource *source, void *chunk, size_t size)
{
    (void)source, (void)size;
    memory_free(chunk);
}

static Hash128 hash_form(const OpenedFile *file)
{
    ByteBuffer hashes = {0};
    const Slice *chunks = (const Slice *)(const void *)file->known.data;
    for (size_t i = 0; i < file->known.size / sizeof *chunks; i++)
        key_put_hash(&hashes, hash_bytes(chunks[i]));
    Hash128 hash = hash_bytes(buffer_slice(&hashes));
    buffer_free(&hashes);
    return hash;
}

static void watch(OpenedFile *file)
{
    file->chunks = (ChunkSource){take, give};
    file->memory.source = &file->chunks;
}

static void check_unchanged(const Build *build, uint32_t number)
{
    const OpenedFile *file = &build->opened->files[number];
    if (hash_equal(file->hash, hash_form(file)))
        return;
    Slice path = file_hash_cache_path(&build->cache.files, number);
    fprintf(stderr, "lookup guard: %.*s: its opened form was written to\n", (int)path.size,
            path.data);
    abort();
}

#endif

/* ------------------------------------------------------------------------------------------- */

void build_make_opened(Build *build)
{
    if (build->request.compiler->open == NULL)
        return;
    OpenedFiles *opened = memory_allocate_zeroed(1, sizeof *opened);
    opened->files = memory_allocate_zeroed(build->cache.files.count + 1, sizeof *opened->files);
    pthread_mutex_init(&opened->lock, NULL);
    pthread_cond_init(&opened->change, NULL);
    build->opened = opened;
    build->program.opened = build_opened_file;
}

static void open_file(Build *build, uint32_t number)
{
    const Compiler *compiler = build->request.compiler;
    OpenedFile *file = &build->opened->files[number];
    file->memory.source = build->request.executor->chunks;
#ifdef GUARD_LOOKUPS
    watch(file);
#endif
    file->form = compiler->open(compiler->language,
                                build_program_file(&build->program, number)->interface,
                                &file->memory);
#ifdef GUARD_LOOKUPS
    file->hash = hash_form(file);
#endif
}

/* True for the one caller that must open the file. Others return when that is done. */
static bool claim(OpenedFiles *opened, OpenedFile *file)
{
    pthread_mutex_lock(&opened->lock);
    bool is_claimed = file->state == IS_CLOSED;
    if (is_claimed)
        file->state = IS_BEING_OPENED;
    while (!is_claimed && file->state != IS_OPEN)
        pthread_cond_wait(&opened->change, &opened->lock);
    pthread_mutex_unlock(&opened->lock);
    return is_claimed;
}

const void *build_opened_file(Program *program, uint32_t number)
{
    Build *build = build_of(program);
    OpenedFiles *opened = build->opened;
    OpenedFile *file = &opened->files[number];
    if (atomic_load_explicit(&file->state, memory_order_acquire) != IS_OPEN &&
        claim(opened, file)) {
        open_file(build, number);
        pthread_mutex_lock(&opened->lock);
        atomic_store_explicit(&file->state, IS_OPEN, memory_order_release);
        build->counts.files_opened++;
        pthread_cond_broadcast(&opened->change);
        pthread_mutex_unlock(&opened->lock);
    }
    return file->form;
}

void build_free_opened(Build *build)
{
    OpenedFiles *opened = build->opened;
    if (opened == NULL)
        return;
    for (uint32_t i = 0; i < build->cache.files.count; i++) {
#ifdef GUARD_LOOKUPS
        if (opened->files[i].state == IS_OPEN)
            check_unchanged(build, i);
        buffer_free(&opened->files[i].known);
#endif
        arena_free(&opened->files[i].memory);
    }
    pthread_cond_destroy(&opened->change);
    pthread_mutex_destroy(&opened->lock);
    memory_free(opened->files);
    memory_free(opened);
}
