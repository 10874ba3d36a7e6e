/* SPDX-License-Identifier: MIT */
/*
 * A package in one hash: what `minic digest` prints, and `minic diff` compares.
 *
 *     1a6bd69471bad75b35bd7af9e6a8c9a5                       of all that follows
 *     71ca9a2ee3b1bb5ce5c6ea1fb0a06a2a  lib/shapes.mini      of the bytes of each file, by path
 *     ...
 *
 * The hashes are XXH128, as xxh128sum prints them, and paths begin at the entry's directory: two
 * checkouts of the same sources have the same digest on every machine. A backslash in a path is
 * doubled, a newline is "\n".
 *
 *     PackageDigest digest;
 *     package_digest_parse(&digest, bytes, &line);
 *     package_digest_compare(&old, &new, print, NULL);
 *     package_digest_free(&digest);
 */
#ifndef PACKAGE_DIGEST_H
#define PACKAGE_DIGEST_H

#include "content_hash.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct FileDigest {
    Slice path; /* as in the text: not unescaped */
    Hash128 hash;
} FileDigest;

/* Appends the digest of a package; the files are sorted by path, and their paths are raw. */
void package_digest_put(ByteBuffer *text, const FileDigest *files, size_t count);

typedef struct PackageDigest {
    Hash128 hash;      /* of the package */
    FileDigest *files; /* owned; their paths are in the text */
    size_t count;
} PackageDigest;

/* NULL; or what is wrong with the text, static, and `*line` is where, from 1 on. The text is lent
 * for as long as the digest is used; the caller frees in every case. */
const char *package_digest_parse(PackageDigest *digest, Slice text, size_t *line);
void package_digest_free(PackageDigest *digest);

typedef enum PackageChange { PACKAGE_CHANGED, PACKAGE_ADDED, PACKAGE_REMOVED } PackageChange;

typedef void (*PackageChangeVisit)(void *context, PackageChange change, Slice path);

/* Visits the files that differ, by path. How many there are. */
size_t package_digest_compare(const PackageDigest *old, const PackageDigest *new_one,
                              PackageChangeVisit visit, void *context);

#ifdef __cplusplus
}
#endif
#endif
