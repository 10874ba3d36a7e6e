/* SPDX-License-Identifier: MIT */
/*
 * The hash that names everything: XXH3 with 128 bits.
 *
 * A key stands for the bytes it was made from. With 128 bits, two different things share a key
 * by chance about once in 10^19 times for a billion keys: never, for a build. On purpose is another
 * matter. XXH3 is not a cryptographic hash, and its constants are public: two sources that collide
 * can be made in a second. If a user built the first and then pulls the second, nothing seems to
 * have changed. Whatever decides that a result is used again is therefore hashed under a random
 * secret, which each cache draws for itself: without it, nobody can know what will collide. That
 * costs nothing. What leaves the cache (the markers of an output) is hashed without it, and is the
 * same for everybody. The cache that draws a secret is that of stage 4, which keeps its seed in a
 * file (cache_secret.h). The parts of stages 1 to 3 draw none: they take one from their caller, and
 * NULL is the public hash.
 *
 *     Hash128 hash = hash_bytes(slice_from("fn main() i32 { return 0; }"));
 *     char hex[HASH_HEX_SIZE + 1];
 *     hash_to_hex(hash, hex);
 *
 * A key over several fields hashes their lengths too ("ab","c" is not "a","bc"): collect them in a
 * ByteBuffer with key_put_*, then hash the buffer.
 *
 * Source: XXH3, https://xxhash.com. Threads: any function, any thread.
 */
#ifndef CONTENT_HASH_H
#define CONTENT_HASH_H

#include "memory.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { HASH_HEX_SIZE = 32 };

typedef struct Hash128 { /* {0} stands for "no hash" */
    uint64_t low;
    uint64_t high;
} Hash128;

/* The hash of the bytes. */
Hash128 hash_bytes(Slice bytes);

/* ---- under a secret ------------------------------------------------------------------- */

enum { HASH_SEED_SIZE = 32, HASH_SECRET_SIZE = 192 };

typedef struct HashSecret {
    unsigned char bytes[HASH_SECRET_SIZE];
} HashSecret;

/* A random seed. 0 or a negative errno. */
int hash_seed_make(unsigned char seed[HASH_SEED_SIZE]);

/* The secret that follows from a seed; as hard to guess as the seed. */
void hash_secret_make(HashSecret *secret, const unsigned char seed[HASH_SEED_SIZE]);

/* The hash of the bytes under the secret. NULL: the public one, hash_bytes. */
Hash128 hash_keyed(const HashSecret *secret, Slice bytes);

/* ---- checksums ------------------------------------------------------------------------ */

/* 64 bits: the checksum of file contents, not a key. */
uint64_t hash_checksum(Slice bytes);

/* The same for bytes in several places, as if concatenated. */
uint64_t hash_checksum_parts(const Slice *parts, size_t part_count);

static inline bool hash_equal(Hash128 a, Hash128 b)
{
    return a.low == b.low && a.high == b.high;
}

static inline bool hash_is_none(Hash128 hash)
{
    return (hash.low | hash.high) == 0;
}

/* Sums, modulo 2^128: the hash of a set. Its members may come in any order, and one can be taken out
 * again. */
static inline Hash128 hash_add(Hash128 a, Hash128 b)
{
    Hash128 sum = {a.low + b.low, a.high + b.high};
    sum.high += sum.low < a.low;
    return sum;
}

static inline Hash128 hash_subtract(Hash128 a, Hash128 b)
{
    Hash128 difference = {a.low - b.low, a.high - b.high};
    difference.high -= a.low < b.low;
    return difference;
}

/* Writes 32 lower-case hex digits, high half first as xxh128sum prints them, and a NUL. */
void hash_to_hex(Hash128 hash, char hex[HASH_HEX_SIZE + 1]);

/* ---- keys ----------------------------------------------------------------------------- */

static inline void key_put_hash(ByteBuffer *key, Hash128 hash)
{
    buffer_put(key, slice_of(&hash, sizeof hash));
}

static inline void key_put_slice(ByteBuffer *key, Slice bytes)
{
    buffer_put_u32(key, (uint32_t)bytes.size);
    buffer_put(key, bytes);
}

#ifdef __cplusplus
}
#endif
#endif
