/* SPDX-License-Identifier: MIT */
/*
 * A key of the user's own, with which caches are signed (cache_secret.h): it distinguishes a cache
 * that came with somebody's sources from one that this user made.
 *
 *     $XDG_STATE_HOME/minic/key      or ~/.local/state/minic/key; made on first use
 *
 * It never leaves that file, which only its user can access; a key that others may write is not
 * used, nor is a directory of another user (cache_mark_is_own, which may make and remove a file
 * there). If it is lost, the user's caches count as made by others: each is built again, once.
 *
 * Source: https://specifications.freedesktop.org/basedir-spec/ (where state is kept). Threads: one.
 */
#ifndef USER_KEY_H
#define USER_KEY_H

#include "content_hash.h"

/* The key of the user this process runs as. `path` receives the path of its file, NUL-terminated. 0
 * or a negative errno: then `key` is a new one, with which no cache is signed, and `path` is that
 * of the directory, or empty if the user has none. The caller frees `path`. */
int user_key_load(HashSecret *key, ByteBuffer *path);

#endif
