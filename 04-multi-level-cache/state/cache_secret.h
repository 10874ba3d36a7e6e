/* SPDX-License-Identifier: MIT */
/*
 * The secret of a cache: a random number, drawn when the cache is made, and its maker's signature.
 *
 *     file `secret`     seed (32 random bytes) │ signature of the maker (16)
 *
 * All hashes that decide what is reused are made under the secret (content_hash.h), and so is the
 * fingerprint, which goes into every key. So nothing in a cache can be found without its secret: if
 * that is lost or new, the cache is as good as empty.
 *
 * The signature is the hash of the seed under a key that only the maker has. A cache with another
 * one was made elsewhere, perhaps by the author of the sources beside it, and may hold code that
 * those sources do not; nothing in it would show that. So it is not used, unless its user trusts it:
 * then it gets the user's signature. A cache copied or moved by its maker stays the maker's own.
 * Caches that are to share objects must share a secret.
 *
 *     status = cache_secret_open(&secret, directory.fd, maker, false);
 *     if (status == 0 && secret.origin == SECRET_NONE)
 *         status = cache_secret_renew(&secret, directory.fd, maker);
 *
 * Threads: one. Processes: the one that holds the lock of the directory.
 */
#ifndef CACHE_SECRET_H
#define CACHE_SECRET_H

#include "content_hash.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum SecretOrigin {
    SECRET_OWN,     /* of the directory */
    SECRET_NONE,    /* the directory has none, or a damaged one ... */
    SECRET_FOREIGN, /* ... or one that somebody else made */
} SecretOrigin;

typedef struct CacheSecret {
    SecretOrigin origin;
    unsigned char seed[HASH_SEED_SIZE];
    HashSecret hash; /* unless SECRET_OWN: a new seed, under which nothing is found */
    bool is_signed;  /* signed by `maker`; a trusted one may not be */
} CacheSecret;

#define CACHE_ASIDE_SUFFIX ".untrusted"

typedef enum CacheOrigin { /* who made the cache directory? */
    CACHE_OWN,
    CACHE_SET_ASIDE, /* somebody else: it is now named DIRECTORY.untrusted, and there is a new
                        one */
    CACHE_EMPTIED,   /* somebody else. It could not be renamed, and its contents are removed */
    CACHE_PASSED_BY, /* somebody else. Nothing in it is used, and nothing is written to it */
} CacheOrigin;

/* Reads the secret of a cache directory. `maker` is the key of the user. With NULL, or with
 * `trust`, a cache is SECRET_OWN under any sign. 0 or a negative errno. */
int cache_secret_open(CacheSecret *secret, int dir_fd, const HashSecret *maker, bool trust);

/* Writes the secret, signed by `maker`: if it is SECRET_OWN, the same seed; otherwise the new one,
 * in place of the directory's. 0 or a negative errno. */
int cache_secret_renew(CacheSecret *secret, int dir_fd, const HashSecret *maker);

#ifdef __cplusplus
}
#endif
#endif
