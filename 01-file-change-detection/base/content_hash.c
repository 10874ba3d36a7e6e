/* SPDX-License-Identifier: MIT */
/* XXH3 is compiled into this file only: inlining it everywhere would cost more than the call. */
#include "content_hash.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wpedantic"
#include <xxhash.h>
#pragma GCC diagnostic pop

Hash128 hash_bytes(Slice bytes)
{
    XXH128_hash_t hash = XXH3_128bits(bytes.data, bytes.size);
    return (Hash128){hash.low64, hash.high64};
}

int hash_seed_make(unsigned char seed[HASH_SEED_SIZE])
{
    if (getentropy(seed, HASH_SEED_SIZE) == 0)
        return 0;
    FILE *device = fopen("/dev/urandom", "rbe"); /* in a sandbox without getrandom */
    if (device == NULL)
        return -errno;
    size_t size = fread(seed, 1, HASH_SEED_SIZE, device);
    fclose(device);
    return size == HASH_SEED_SIZE ? 0 : -EIO;
}

/* The secret's blocks are hashes of seed and block number: any two differ in half of their bits. */
void hash_secret_make(HashSecret *secret, const unsigned char seed[HASH_SEED_SIZE])
{
    unsigned char numbered[HASH_SEED_SIZE + 1];
    memcpy(numbered, seed, HASH_SEED_SIZE);
    for (size_t at = 0; at < HASH_SECRET_SIZE; at += sizeof(Hash128)) {
        numbered[HASH_SEED_SIZE] = (unsigned char)at;
        Hash128 block = hash_bytes(slice_of(numbered, sizeof numbered));
        memcpy(secret->bytes + at, &block, sizeof block);
    }
}

Hash128 hash_keyed(const HashSecret *secret, Slice bytes)
{
    if (secret == NULL)
        return hash_bytes(bytes);
    XXH128_hash_t hash =
        XXH3_128bits_withSecret(bytes.data, bytes.size, secret->bytes, sizeof secret->bytes);
    return (Hash128){hash.low64, hash.high64};
}

uint64_t hash_checksum(Slice bytes)
{
    return XXH3_64bits(bytes.data, bytes.size);
}

uint64_t hash_checksum_parts(const Slice *parts, size_t part_count)
{
    XXH3_state_t state;
    XXH3_64bits_reset(&state);
    for (size_t i = 0; i < part_count; i++)
        XXH3_64bits_update(&state, parts[i].data, parts[i].size);
    return XXH3_64bits_digest(&state);
}

void hash_to_hex(Hash128 hash, char hex[HASH_HEX_SIZE + 1])
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < 16; i++) {
        hex[i] = digits[hash.high >> (60 - 4 * i) & 15];
        hex[16 + i] = digits[hash.low >> (60 - 4 * i) & 15];
    }
    hex[HASH_HEX_SIZE] = '\0';
}
