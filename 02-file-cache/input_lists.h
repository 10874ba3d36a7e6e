/* SPDX-License-Identifier: MIT */
/*
 * From a source, and what it was lowered with, to its lowered form.
 *
 * A hash of the source alone says too little, and what it asks for is known only after lowering it.
 * So there are two levels, as in ccache's direct mode:
 *
 *     content, path        ──►  the last few lists of what was asked, with the answers
 *     content, one list    ──►  the lowered form
 *
 * A list holds if each of its answers is what the file table says now. The first thing that
 * lowering asks for follows from the source, each further one from the answers before it: a list
 * that holds is what lowering would ask now. A few are kept, so that switching back hits.
 *
 * The path is in the first key because it decides where an import leads; in the list stands where
 * it led: the files, and the places before them that held none. A source that asked for nothing has
 * the key that it always had, and no list.
 *
 *     if (input_lists_find(&cache, &files, file, &content))
 *         zir_cache_get(&cache, content, &lowered);
 *     else
 *         ... lower, with input_list_add for each answer ...
 *
 * Threads: as the ZirCache; a list is one thread's.
 */
#ifndef INPUT_LISTS_H
#define INPUT_LISTS_H

#include "file_hash_cache.h"
#include "zir_cache.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum InputEntryKind {
    INPUT_HAS_CONTENT, /* the file `name` has this content */
    INPUT_EXISTS,      /* there is a file `name` */
    INPUT_NO_FILE,     /* there is none */
    INPUT_HAS_VALUE,   /* the name of that kind has the value with this hash; {0}: none */
} InputEntryKind;

typedef struct InputEntry {
    InputEntryKind what;
    uint32_t kind; /* of a value */
    Slice name;
    Hash128 content;
} InputEntry;

typedef struct InputList { /* {0} is empty */
    ByteBuffer bytes;
    struct SeenInput *seen; /* private */
} InputList;

/* Adds an answer, unless it is there. */
void input_list_add(InputList *list, const InputEntry *entry);
void input_list_free(InputList *list);

/* Takes the next entry off the front, which it lends. False at the end; and if the rest is
 * malformed, which is then not empty. */
bool input_list_next(Slice *list, InputEntry *entry);

/* Are all answers what the table says? False if the list is malformed. */
bool input_list_holds(Slice list, const FileHashCache *files);

/* What stands for the content, in the keys of the ZirCache, of a source lowered with a list; an
 * empty one: the content itself. */
Hash128 input_list_content(Hash128 content, Slice list);

/* Does a source name anything else than sources? */
bool input_lists_may_have(const FileHashCache *files, uint32_t file);

/* Finds what stands for the content of a file, as it would be lowered now. False: it was not, with
 * these answers. */
bool input_lists_find(const ZirCache *cache, const FileHashCache *files, uint32_t file,
                      Hash128 *content);

/* The lists of a file as they should be kept, in the arena: a new one, which is not empty, and the
 * last few of those that are there (`cache` NULL: none). Any thread. */
Slice input_lists_join(const ZirCache *cache, const FileHashCache *files, uint32_t file, Slice list,
                       Arena *arena);

/* Keeps them; the bytes are lent until the commit. */
void input_lists_put(ZirCache *cache, const FileHashCache *files, uint32_t file, Slice lists);

/* The keys of all that is kept of a file: its lists, and what they lead to. */
void input_lists_visit(const ZirCache *cache, Hash128 fingerprint, const FileHashCache *files,
                       uint32_t file, void (*visit)(void *context, Hash128 key), void *context);

#ifdef __cplusplus
}
#endif
#endif
