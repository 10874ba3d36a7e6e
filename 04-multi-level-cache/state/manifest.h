/* SPDX-License-Identifier: MIT */
/*
 * The manifest: which files, up to which length, make up the state of one entry.
 *
 * A commit first writes packs, bases and journals where no build looks yet; then one rename puts a
 * small file in the place of the old manifest, which becomes the spare that the next commit
 * overwrites. Before the rename the old state is valid, after it the new one; at no moment is it
 * neither.
 *
 *     name    <entry id>.manifest
 *     bytes   header (fixed) │ name[16] size u32 0 u32 bytes, padded to 8 │ ...
 *
 * Beside it is <entry id>.unsettled: the generation of a build that has begun to write its output.
 * If the manifest is older than that, the output may be half old and half new. It is overwritten in
 * place: a damaged mark counts as a mark, so half of one will do.
 */
#ifndef MANIFEST_H
#define MANIFEST_H

#include "content_hash.h"
#include "state_file.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { BLOB_NAME_SIZE = 16 };

typedef struct ManifestHeader {
    uint64_t generation;     /* of the program's products, the one committed later has the greater;
                                0: there is no manifest */
    Hash128 fingerprint;     /* of what made the lowered files */
    Hash128 code_fingerprint; /* of that and the settings: what made everything else */
    Hash128 combined;        /* over all paths and contents */
    Hash128 prelude;         /* of the prelude's inputs */
    Hash128 boot;            /* identity of the system's run (boot) that committed it */
    uint64_t function_count; /* of the whole program */
    StateRef files, units;
    uint64_t is_durable;     /* 1: all that it names was on the disk before it got its name */
} ManifestHeader;

typedef struct Manifest { /* {0}: there is none */
    ManifestHeader header;
    ByteBuffer blobs;  /* as on disk */
    ByteBuffer loaded; /* private: the blobs of the last commit, once others are set */
} Manifest;

/* 0; -ENOENT, -EBADMSG (damaged): the manifest is {0}; or another negative errno. The caller
 * frees. */
int manifest_load(Manifest *manifest, int dir_fd, const char *entry_id);

/* Overwrites <entry id>.spare and exchanges the names. 0 or a negative errno; on failure the old
 * one is in place. */
int manifest_store(const Manifest *manifest, int dir_fd, const char *entry_id, bool sync,
                   uint64_t *written);

/* The blob of that name. A blob of the last commit is valid until manifest_free, a newly set one
 * until the next manifest_set_blob. */
bool manifest_blob(const Manifest *manifest, const char *name, Slice *blob);

/* The state of the table of that name: its files are <entry id>.NAME.NUMBER. Tables of the stages
 * above have their StateRef in a blob of the same name. False if there is none. */
bool manifest_table(const Manifest *manifest, const char *name, StateRef *ref);

/* Sets the blob of that name (at most 15 characters); the bytes are copied. */
void manifest_set_blob(Manifest *manifest, const char *name, Slice blob);

void manifest_free(Manifest *manifest);

/* Records that generation `generation` begins to write its output. 0 or a negative errno. */
int manifest_mark_in_progress(int dir_fd, const char *entry_id, uint64_t generation, bool sync);

/* True if a generation after `generation` began to write and is not known to have finished. An
 * unreadable mark counts as one. */
bool manifest_is_in_progress(int dir_fd, const char *entry_id, uint64_t generation);

/* Identity of the system's current run; {0} if it is unknown: a sandbox may hide it, and not every
 * system has one. */
Hash128 manifest_boot(void);

/* Was it committed in the run `boot`? Nothing was committed in an unknown one: what nobody can tell
 * apart from a restart counts as one. */
bool manifest_is_of_run(const Manifest *manifest, Hash128 boot);

#ifdef __cplusplus
}
#endif
#endif
