/* SPDX-License-Identifier: MIT */
#include "cache_secret.h"

#include "binary_file.h"

#include <errno.h>
#include <sys/stat.h>

static const BinaryFormat FORMAT = {"csecret", 1};
static const char NAME[] = "secret";

typedef struct SecretFile {
    unsigned char seed[HASH_SEED_SIZE];
    Hash128 sign;
} SecretFile;

_Static_assert(sizeof(SecretFile) == 48, "the file has no holes");

/* A cache that nobody signs has the zero sign. */
static Hash128 sign_of(const unsigned char seed[HASH_SEED_SIZE], const HashSecret *maker)
{
    return maker == NULL ? (Hash128){0, 0} : hash_keyed(maker, slice_of(seed, HASH_SEED_SIZE));
}

static int make_new(CacheSecret *secret, SecretOrigin origin)
{
    *secret = (CacheSecret){.origin = origin};
    int status = hash_seed_make(secret->seed);
    hash_secret_make(&secret->hash, secret->seed);
    return status;
}

int cache_secret_open(CacheSecret *secret, int dir_fd, const HashSecret *maker, bool trust)
{
    SecretFile file;
    int status = binary_file_read(dir_fd, NAME, &FORMAT, &file, sizeof file);
    if (status == -ENOENT || status == -EBADMSG)
        return make_new(secret, SECRET_NONE);
    if (status != 0)
        return status;
    bool is_signed = maker == NULL || hash_equal(file.sign, sign_of(file.seed, maker));
    if (!is_signed && !trust)
        return make_new(secret, SECRET_FOREIGN);
    *secret = (CacheSecret){.origin = SECRET_OWN, .is_signed = is_signed};
    memcpy(secret->seed, file.seed, sizeof secret->seed);
    hash_secret_make(&secret->hash, secret->seed);
    return 0;
}

int cache_secret_renew(CacheSecret *secret, int dir_fd, const HashSecret *maker)
{
    SecretFile file = {.sign = sign_of(secret->seed, maker)};
    memcpy(file.seed, secret->seed, sizeof file.seed);
    Slice content = slice_of(&file, sizeof file);
    int status = binary_file_write(dir_fd, NAME, &FORMAT, &content, 1, false);
    if (status != 0)
        return status;
    (void)fchmodat(dir_fd, NAME, S_IRUSR | S_IWUSR, 0); /* nobody else need know it */
    secret->origin = SECRET_OWN;
    secret->is_signed = true;
    return 0;
}
