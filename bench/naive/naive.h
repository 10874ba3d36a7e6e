/* SPDX-License-Identifier: MIT */
/*
 * How you would do it first.
 *
 * Each technique of the six stages has here the version it replaces: the first that comes to mind,
 * written as plainly as possible. Each is right, and test_naive.c checks that its result equals
 * that of the stage; it is only slow. bench/techniques measures how slow, side by side.
 *
 *     read_everything.c   read and hash every file            stage 1: one stat per file
 *     json_state.c        the state as JSON                   stage 1: a mapped image
 *     text_state.c        the state as lines of text          stage 1: a mapped image
 *     every_key.c         compute and compare every key       stage 4: one combined hash
 *     whole_output.c      write the whole output              stage 5: patch it where it changed
 *     every_path.c        follow imports without a set        stage 1: each file is visited once
 *     malloc_each.c       a malloc for each small thing       stage 1: an arena
 *     loose_objects.c     a file for each object              stage 2: one pack
 *
 * Every int is 0 or a negative errno, unless it says otherwise. Threads: one.
 */
#ifndef NAIVE_H
#define NAIVE_H

#include "file_hash_cache.h"
#include "incremental_build.h"
#include "lexer.h"
#include "multi_level_cache.h"

/* ---- plain files (plain_files.c) ----------------------------------------------------------- */

/* The whole file in new memory, NUL-terminated; the caller frees. NULL, and errno, if it cannot be
 * read. */
char *naive_read(int dir_fd, const char *path, size_t *size);

int naive_write(int dir_fd, const char *path, Slice bytes);

/* ---- what changed? ------------------------------------------------------------------------- */

/* Sets changed[i] for each file that differs from its record in the cache; returns their number. */
size_t naive_find_changed(const FileHashCache *known, int dir_fd, bool *changed);

/* ---- the state of the last build ----------------------------------------------------------- */

typedef struct NaiveFile { /* as FileRecord, with separate memory for everything */
    char *path;
    FileStamp stamp;
    Hash128 content;
    char **imports; /* paths */
    size_t import_count;
} NaiveFile;

typedef struct NaiveState { /* {0} is empty */
    char *entry;
    NaiveFile *files;
    size_t count;
} NaiveState;

void naive_state_free(NaiveState *state);

/* Adds an import to the newest file; `path` is copied. */
void naive_state_add_import(NaiveState *state, const char *path);

/* Adds a file without imports; `path` is copied. */
NaiveFile *naive_state_add(NaiveState *state, const char *path);

/* The 32 hex digits of a hash, read back. False if they are not valid. */
bool naive_hash_from_hex(const char *hex, Hash128 *hash);

/* The caller frees what was loaded, whatever the result. -EBADMSG: not a state file. */
int json_state_save(const FileHashCache *cache, const char *path);
int json_state_load(NaiveState *state, const char *path);

/* -EINVAL if a path holds a newline, which lines of text cannot hold. */
int text_state_save(const FileHashCache *cache, const char *path);
int text_state_load(NaiveState *state, const char *path);

/* ---- must anything be done? ---------------------------------------------------------------- */

typedef struct KeyComparison {
    uint64_t units;     /* whose keys were computed ... */
    uint64_t different; /* ... and differ from those on record, or are not on record */
} KeyComparison;

/* `cache` is open, with units and objects, and its file table describes the files as they are.
 * -ENOENT if the lowered form of a file is not in the cache. */
int naive_compare_keys(MultiLevelCache *cache, Slice entry_point, KeyComparison *result);

/* ---- the output ---------------------------------------------------------------------------- */

/* As output_write, but the file is written from its first byte to its last: from the texts in the
 * cache or, if the build was opened with `force`, from newly emitted texts. */
BuildStatus naive_write_output(Build *build, const char *path);

/* ---- which files does the program have? ---------------------------------------------------- */

typedef struct NaiveVisits { /* {0} is empty */
    char **paths;            /* owned, each of them too */
    size_t count, capacity;
} NaiveVisits;

/* Appends the path of each file met along all imports, as often as it is met. Imports must not be
 * circular: it would never end. */
int naive_visit(int dir_fd, const char *path, NaiveVisits *visits);

/* Sorts the paths and drops repetitions: the files of the program. */
void naive_visits_unique(NaiveVisits *visits);
void naive_visits_free(NaiveVisits *visits);

/* ---- small things in memory ---------------------------------------------------------------- */

typedef struct TokenNode TokenNode;
struct TokenNode {
    TokenNode *next;
    char *text;
    TokenKind kind;
};

/* The tokens of a source as a list, up to TOKEN_END, exclusive. */
TokenNode *naive_tokens(Slice source);
void naive_tokens_free(TokenNode *list);

/* As source_path_resolve: the path that `import`, written in file `importer`, names; NULL if none.
 * The caller frees. */
char *naive_resolve(const char *importer, const char *import);

/* ---- objects ------------------------------------------------------------------------------- */

int loose_put(int dir_fd, Hash128 key, Slice bytes);

/* The caller frees. NULL, and errno, if it is not there. */
char *loose_get(int dir_fd, Hash128 key, size_t *size);

#endif
