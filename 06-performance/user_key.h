/* SPDX-License-Identifier: MIT */
/*
 * A key of the user's own: what a cache is signed with (cache_secret.h), so that one that came with
 * somebody's sources is known from one that this user made.
 *
 *     $XDG_STATE_HOME/minic/key      else ~/.local/state/minic/key; made when it is first wanted
 *
 * It never leaves that file, which nobody else may read or write. Where it is lost, the user's
 * caches are as good as made by others: they are built anew, once.
 *
 * Source: https://specifications.freedesktop.org/basedir-spec/ (where state is kept). One thread.
 */
#ifndef USER_KEY_H
#define USER_KEY_H

#include "content_hash.h"

/* The key of the user that this process runs as. `path` becomes the path of its file, with a NUL
 * behind it. 0 or a negative errno: then `key` is a new one, which no cache is signed with. */
int user_key_load(HashSecret *key, ByteBuffer *path);

#endif
