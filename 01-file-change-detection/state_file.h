/* SPDX-License-Identifier: MIT */
/*
 * A flat image in memory, kept on disk as a base file plus a journal.
 *
 * The state of a project with 10,000 files is one to two megabytes; an edit changes a hundred
 * bytes of it. Writing all of it after each edit would cost more than finding the edit did. The
 * image on disk is therefore a base, written rarely, and a journal of "these bytes at this
 * offset", to which each build appends:
 *
 *     name.7          header │ image as of generation 7
 *     name.7.journal  entry │ entry │ ...
 *
 * The checksum of an entry covers the one before it (that of the base, for the first entry). The
 * last one therefore stands for the whole image, and a StateRef that holds it fits no base and no
 * journal of another project.
 *
 * Loading maps the base privately and replays the journal onto the pages. Which base and how
 * much of the journal counts is not written in these files but in a StateRef that the owner
 * keeps in a manifest of its own: a commit happens when that manifest is renamed, and not
 * before. Bytes past the recorded length of the journal are left from a build that did not
 * finish, and are overwritten.
 *
 * A new base is written when the owner replaces the image, or when the journal passes an eighth
 * of the base.
 *
 *     StateFile state;
 *     state_file_open(&state, dir_fd, "files", &format, &ref);
 *     ((Record *)state.image)[7] = changed;
 *     state_file_mark(&state, 7 * sizeof(Record), sizeof(Record));
 *     state_file_commit(&state, false, &ref, NULL);    then rename the manifest that holds `ref`
 *     state_file_settle(&state);                       then remove what the old manifest named
 *
 * Threads: one at a time.
 */
#ifndef STATE_FILE_H
#define STATE_FILE_H

#include "binary_file.h"
#include "memory.h"

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

typedef struct StateMark { /* these bytes of the image differ from what is on disk */
    uint64_t offset;
    uint64_t size;
} StateMark;

typedef struct StateFile { /* {0} is an empty image with nothing on disk */
    char *image;           /* may be written below `size`; moves in append and replace */
    size_t size;
    int dir_fd; /* lent */
    char name[64];
    BinaryFormat format;
    StateRef committed; /* what is on disk */
    uint64_t obsolete;  /* the first generation superseded and not yet settled; 0: none */
    bool replaced;      /* the next commit writes a base */
    StateMark *marks;   /* owned */
    size_t mark_count, mark_capacity;
    MappedFile base; /* holds the image until it grows past the mapping's room */
    ByteBuffer own;  /* holds the image from then on, or after replace */
} StateFile;

/* Loads the image that `ref` names; that must be the ref in the manifest, for the next commit
 * overwrites what it does not name. 0; with ref->generation 0 an empty image. -ENOENT or
 * -EBADMSG: missing or damaged, the image is empty and usable, and the next commit writes a
 * fresh base. Another negative errno: the machine. The caller closes in every case. `name` is
 * copied (at most 40 bytes), `dir_fd` is lent until close. Cost: one pass over the base. */
int state_file_open(StateFile *state, int dir_fd, const char *name, const BinaryFormat *format,
                    const StateRef *ref);

/* Says that image bytes [offset, offset + size) were changed in place. */
void state_file_mark(StateFile *state, size_t offset, size_t size);

/* Adds bytes at the end of the image, 8-byte aligned, marked; returns their offset. `bytes` may be
 * NULL for zeros. Pointers into the image are invalid afterwards. */
size_t state_file_append(StateFile *state, const void *bytes, size_t size);

/* Makes `image` (taken over, emptied) the whole image. Pointers into the old one are invalid. */
void state_file_replace(StateFile *state, ByteBuffer *image);

/* True if a commit would write anything. */
bool state_file_is_changed(const StateFile *state);

/* Writes what changed, as journal entries or as a new base, and sets `ref` to what a manifest
 * must record from now on. Writes nothing if nothing changed. With `sync`, fsyncs what it
 * wrote. `written` (may be NULL) is increased by the bytes written. 0 or a negative errno; on
 * failure the files that the old ref names are untouched in their recorded lengths. */
int state_file_commit(StateFile *state, bool sync, StateRef *ref, uint64_t *written);

/* After the manifest with the new ref is in place: removes the base and journal it superseded. 0, or
 * a negative errno if one is still there: nothing is wrong with it, but nobody will use it again. */
int state_file_settle(StateFile *state);

void state_file_close(StateFile *state);

/* ---- kept as one file, without a manifest ------------------------------------------------- */

/* Loads an image that state_file_save wrote. Results as for state_file_open; without the file,
 * -ENOENT and an empty image. The caller closes. */
int state_file_load(StateFile *state, const char *path, const BinaryFormat *format);

/* Writes the whole image if it changed since it was loaded or saved. 0 or a negative errno. */
int state_file_save(StateFile *state, const char *path, const BinaryFormat *format);

#ifdef __cplusplus
}
#endif
#endif
