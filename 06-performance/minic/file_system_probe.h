/* SPDX-License-Identifier: MIT */
/*
 * What the file system under a project really does.
 *
 * The rule of file_stamp.h, and everything that the caches write, rest on a few promises of the
 * file system: a write changes a stamp, a rename replaces, a lock excludes. Local file systems keep
 * them; network and FUSE ones, and those of other systems, keep some. The probe tests them, in a
 * directory of the project, and says what follows.
 *
 *     FileSystemFacts facts;
 *     if (file_system_probe(&facts, cache_fd, project_fd) == 0)
 *         puts(trust_rule_text(trust_rule_of(&facts)));
 *
 * The loops are bounded: any probe takes about a tenth of a second.
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
    bool is_one_device; /* caches and sources are on the same one */
    bool is_local;      /* the sources', see file_system_is_local */
    bool has_tried_stamps; /* false: no file can be made beside the sources, and everything up to
                              mtime_on_write is unknown */

    /* The clock that stamps files: the longest time for which two writes had the same stamp. FAT's
     * clock stops for longer than the probe lasts. */
    int64_t tick_ns;        /* for files not looked at meanwhile */
    int64_t looked_tick_ns; /* for one file looked at after each write */
    int64_t resolution_ns;  /* every stamp is a multiple of this power of ten; at most a second */
    int64_t behind_ns;      /* how far, at most, a stamp lagged behind the wall clock ... */
    int64_t ahead_ns;       /* ... and ahead of it; 0: never */

    /* What changes the ctime of a file. */
    bool ctime_on_write, ctime_on_chmod, ctime_on_rename;
    bool ctime_on_restored_mtime; /* utimensat restores the old mtime, the ctime shows it */
    bool mtime_on_write;

    bool rename_replaces;    /* the name leads to the new file, an open descriptor to the old one */
    bool rename_keeps_inode; /* the new file is still the one written */
    bool reuses_inodes;      /* a file made right after a removal gets the same inode number */
    bool has_flock;          /* a second lock is refused while the first is held */
    bool has_private_mmap;   /* a file can be mapped, and writing to the mapping does not change
                                it */

    /* Not of the file system, and for who calls the probe to fill in. */
    bool knows_restarts; /* each run of the system has an identity */
} FileSystemFacts;

/* Tests everything in a directory of its own in `dir_fd` (that of the caches), which it makes and
 * removes: probe_directory.h. If `project_fd` is on another device, stamps are tested there instead.
 * 0, or a negative errno if there is no such directory or no file can be written in it. */
int file_system_probe(FileSystemFacts *facts, int dir_fd, int project_fd);

typedef enum TrustRule {
    TRUST_OLDER_THAN_FINE_PROBE, /* stamps are fine when looked at: nearly all are trusted */
    TRUST_OLDER_THAN_PROBE,      /* a file written in the tick of the build is read again */
    TRUST_WHAT_WAS_SEEN,         /* a probe proves nothing: each edited file is read again */
    TRUST_NOTHING,               /* stamps prove nothing: --paranoid */
} TrustRule;

/* Which rule file_stamp_judge follows on such a file system. */
TrustRule trust_rule_of(const FileSystemFacts *facts);

/* "a stamp older than a probe is believed": one line, without a full stop. */
const char *trust_rule_text(TrustRule rule);

/* What is needed and does not work: the line of failing fact `number`, counted from 0; NULL:
 * none. */
const char *file_system_defect(const FileSystemFacts *facts, unsigned number);

#ifdef __cplusplus
}
#endif
#endif
