/* SPDX-License-Identifier: MIT */
/*
 * A flat image in memory, kept on disk as a base file plus a journal.
 *
 * The state of a project with 10,000 files is one to two megabytes; an edit changes a hundred bytes
 * of it. Writing it all after each edit would cost more than finding the edit. So the image on disk
 * is a base, written rarely, and a journal of "these bytes at this offset", appended by each build:
 *
 *     name.7          header │ image as of generation 7
 *     name.7.journal  entry │ entry │ ...
 *
 * The checksum of an entry covers the one before it (that of the base, for the first entry). So the
 * last one identifies the whole image, and a StateRef that holds it accepts no base or journal of
 * another project.
 *
 * Loading maps the base privately and replays the journal onto the pages. Which base and how much
 * of the journal counts is recorded not in these files but in a StateRef that the owner keeps in
 * its own manifest: a commit happens when that manifest is renamed, and not before. Bytes after the
 * recorded length of the journal are left from an unfinished build, and are overwritten.
 *
 * A new base is written when the owner replaces the image, or when the journal passes an eighth
 * of the base.
 *
 *     StateFile state;
 *     Image image;
 *     state_file_load(&state, &image, dir_fd, "files", &format, &ref);
 *     ((Record *)image.data)[7] = changed;
 *     image_mark(&image, 7 * sizeof(Record), sizeof(Record));
 *     state_file_commit(&state, &image, false, &ref, NULL);    then rename the manifest with `ref`
 *     state_file_prune(&state);               then remove what the old manifest named
 *     image_close(&image);
 *
 * The image is the caller's. A StateFile owns nothing: there is nothing to close.
 *
 * Threads: one at a time.
 */
#ifndef STATE_FILE_H
#define STATE_FILE_H

#include "image.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct StateRef { /* {0}: nothing was ever written */
    uint64_t generation;  /* of the base, counted from 1 */
    uint64_t base_size;   /* content bytes of the base */
    uint64_t image_size;  /* bytes of the image after the journal; at least base_size */
    uint64_t journal_size;
    uint64_t checksum; /* of the journal's last entry, or of the base if there is none */
} StateRef;

typedef struct StateFile { /* {0}: nothing was ever written */
    int dir_fd;            /* lent */
    char name[64];
    BinaryFormat format;
    StateRef committed; /* what is on disk */
    uint64_t obsolete;  /* the first superseded generation not yet pruned; 0: none */
} StateFile;

/* Loads the image that `ref` names; it must be the ref in the manifest, since the next commit
 * overwrites what it does not name. 0; with ref->generation 0 an empty image. -ENOENT or -EBADMSG:
 * missing or damaged, the image is empty and usable, and the next commit writes a fresh base.
 * Another negative errno: the machine failed. The caller closes the image in every case. `name` is
 * copied (at most 40 bytes), `dir_fd` is lent until the last prune. Cost: one pass over the
 * base. */
int state_file_load(StateFile *state, Image *image, int dir_fd, const char *name,
                    const BinaryFormat *format, const StateRef *ref);

/* Writes what changed in the loaded image, as journal entries or as a new base, and sets `ref` to
 * what a manifest must record from now on. Writes nothing if nothing changed. With `sync`, fsyncs
 * what it wrote. `written` (may be NULL) is increased by the bytes written. 0 or a negative errno;
 * on failure the files named by the old ref are untouched in their recorded lengths. */
int state_file_commit(StateFile *state, Image *image, bool sync, StateRef *ref, uint64_t *written);

/* After the manifest with the new ref is in place: removes the bases and journals that this StateFile
 * superseded. 0, or a negative errno if one is still there: nothing is wrong with it, but nobody will
 * use it again. What a killed process left is not looked for: see cache_leftovers.h. */
int state_file_prune(StateFile *state);

#ifdef __cplusplus
}
#endif
#endif
