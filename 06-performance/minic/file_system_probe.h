/* SPDX-License-Identifier: MIT */
/*
 * What the file system under a project really does.
 *
 * The rule of file_stamp.h, and everything that the caches write, rest on a few promises of the
 * file system: a write changes a stamp, a rename replaces, a lock excludes. Local file systems
 * keep them; network and FUSE ones, and those of other systems, keep some. This tries them, in a
 * directory of the project, and says what follows.
 *
 *     FileSystemFacts facts;
 *     if (file_system_probe(&facts, cache_fd, project_fd) == 0)
 *         puts(trust_rule_text(trust_rule_of(&facts)));
 *
 * The loops are bounded: a probe takes about a tenth of a second, whatever it finds.
 *
 * Threads: any, in different directories.
 */
#ifndef FILE_SYSTEM_PROBE_H
#define FILE_SYSTEM_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct FileSystemFacts {
    bool is_one_device; /* that of the caches is that of the sources */
    bool is_local;      /* the sources', see file_system_is_local */
    bool has_tried_stamps; /* false: no file can be made beside the sources, and all up to
                              mtime_on_write is unknown */

    /* The clock that stamps files: how long, at most, two writes had the same stamp. That of FAT
     * stands still for longer than we look. */
    int64_t tick_ns;        /* for files that were not looked at meanwhile */
    int64_t looked_tick_ns; /* for one file that was looked at after each write */
    int64_t resolution_ns;  /* every stamp is a multiple of this power of ten; up to a second */
    int64_t behind_ns;      /* how far, at most, a stamp was behind the wall clock ... */
    int64_t ahead_ns;       /* ... and ahead of it; 0: never */

    /* What changes the ctime of a file. */
    bool ctime_on_write, ctime_on_chmod, ctime_on_rename;
    bool ctime_on_restored_mtime; /* utimensat restores the old mtime, the ctime shows it */
    bool mtime_on_write;

    bool rename_replaces;    /* the name leads to the new file, an open descriptor to the old one */
    bool rename_keeps_inode; /* the new file is still the one that was written */
    bool reuses_inodes;      /* a file made right after one was removed gets its inode number */
    bool has_flock;          /* a second lock is refused while the first is held */
    bool has_private_mmap;   /* a file can be mapped, and writing there does not change it */
} FileSystemFacts;

/* The directory that a probe makes and removes. The next probe removes what a killed one left. */
#define FILE_SYSTEM_PROBE_NAME ".file_system_probe"

/* Tries everything in a directory of that name in `dir_fd` (that of the caches). If `project_fd`
 * is on another device, stamps are tried there instead. Waits for another probe there. SIGHUP,
 * SIGINT, SIGQUIT and SIGTERM wait until all that was made is removed. 0; -EEXIST if a directory of
 * that name holds what no probe makes, and is left as it is; or another negative errno if no file
 * can be written there. */
int file_system_probe(FileSystemFacts *facts, int dir_fd, int project_fd);

typedef enum TrustRule {
    TRUST_OLDER_THAN_FINE_PROBE, /* stamps are fine when looked at: nearly all are trusted */
    TRUST_OLDER_THAN_PROBE,      /* a file written in the tick of the build is read once more */
    TRUST_WHAT_WAS_SEEN,         /* a probe proves nothing: each edited file is read once more */
    TRUST_NOTHING,               /* stamps prove nothing: --paranoid */
} TrustRule;

/* Which rule file_stamp_judge follows on such a file system. */
TrustRule trust_rule_of(const FileSystemFacts *facts);

/* "a stamp older than a probe is believed": one line, without a full stop. */
const char *trust_rule_text(TrustRule rule);

/* What does not work and is needed: NULL, or one line for each of the first facts that fail,
 * counted from 0. */
const char *file_system_defect(const FileSystemFacts *facts, unsigned number);

#ifdef __cplusplus
}
#endif
#endif
