/* SPDX-License-Identifier: MIT */
/*
 * The clock is measured twice. Files that are not looked at while they are made share a stamp for a
 * tick: so files are made for a while, and looked at afterwards. Since Linux 6.13, a file that was
 * looked at gets a fine stamp with its next write: so one file is written and looked at in turn, as
 * file_clock_probe does. The step between two stamps would say less: between two ticks, another
 * process that looks at another file can advance the clock a little.
 *
 * Whether something changes a ctime shows only after the clock has ticked: before each try, a file
 * beside it is written until its stamp is later.
 *
 * It all happens in one directory (probe_directory.h), which knows the names of the files made here.
 */
#include "file_system_probe.h"

#include "file_stamp.h"
#include "probe_directory.h"
#include "system_calls.h"

#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    SERIES_FILES = 256,
    SERIES_NS = 60 * 1000 * 1000,  /* longest time that files are made */
    LOOKED_NS = 20 * 1000 * 1000,  /* time that one file is written and looked at */
    TICK_LOOKS = 300, /* how often a tick is looked for, 200 us apart: a busy machine makes the gaps
                       * longer, but the looks no fewer */
    FINE_NS = 100 * 1000,            /* a clock that stops for less does not matter */
};

#define NS_PER_SECOND INT64_C(1000000000)

typedef struct Probe {
    FileSystemFacts *facts;
    int fd; /* of the probe's directory */
} Probe;

/* ---- small things -------------------------------------------------------------------------- */

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now = {0};
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

static int write_file(const Probe *probe, const char *name, const char *text)
{
    int fd = open_at(probe->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
    if (fd < 0)
        return -errno;
    size_t size = strlen(text);
    int status = write(fd, text, size) == (ssize_t)size ? 0 : -EIO;
    close(fd);
    return status;
}

static FileStamp stamp_of(const Probe *probe, const char *name)
{
    FileStamp stamp;
    (void)file_stamp_at(probe->fd, name, &stamp); /* {0} if it fails: equal to nothing */
    return stamp;
}

static void series_name(char name[16], unsigned number)
{
    snprintf(name, 16, "s%u", number % (SERIES_FILES + 1));
}

/* ---- the clock ----------------------------------------------------------------------------- */

/* A stamp that does not change, and since when. */
typedef struct Standstill {
    int64_t stamp_ns, since_ns;
} Standstill;

/* `before` and `after`: a clock, read around the write that set the stamp. */
static void see_stamp(Standstill *still, int64_t *longest, int64_t stamp_ns, int64_t before,
                      int64_t after)
{
    if (still->stamp_ns != stamp_ns)
        *still = (Standstill){stamp_ns, after};
    else if (before - still->since_ns > *longest)
        *longest = before - still->since_ns;
}

/* `before` and `after`: the wall clock, read around the write that set the stamp. */
static void see_lag(FileSystemFacts *facts, int64_t stamp_ns, int64_t before, int64_t after)
{
    if (after - stamp_ns > facts->behind_ns)
        facts->behind_ns = after - stamp_ns;
    if (stamp_ns - before > facts->ahead_ns && stamp_ns > after)
        facts->ahead_ns = stamp_ns - after;
}

static unsigned make_series(const Probe *probe, int64_t made_ns[SERIES_FILES + 1])
{
    int64_t end = clock_ns(CLOCK_MONOTONIC) + SERIES_NS;
    const struct timespec nap = {0, SERIES_NS / SERIES_FILES / 2};
    unsigned count = 0;
    char name[16];
    made_ns[0] = clock_ns(CLOCK_REALTIME);
    while (count < SERIES_FILES && clock_ns(CLOCK_MONOTONIC) < end) {
        series_name(name, count);
        if (write_file(probe, name, "x") != 0)
            break;
        made_ns[++count] = clock_ns(CLOCK_REALTIME);
        nanosleep(&nap, NULL);
    }
    return count;
}

static void measure_tick(const Probe *probe)
{
    FileSystemFacts *facts = probe->facts;
    int64_t made_ns[SERIES_FILES + 1];
    Standstill still = {0};
    unsigned count = make_series(probe, made_ns);
    char name[16];
    facts->resolution_ns = NS_PER_SECOND;
    for (unsigned i = 0; i < count; i++) {
        series_name(name, i);
        int64_t stamp = stamp_of(probe, name).mtime_ns;
        see_stamp(&still, &facts->tick_ns, stamp, made_ns[i], made_ns[i + 1]);
        while (facts->resolution_ns > 1 && stamp % facts->resolution_ns != 0)
            facts->resolution_ns /= 10;
        see_lag(facts, stamp, made_ns[i], made_ns[i + 1]);
        unlinkat(probe->fd, name, 0);
    }
}

static void measure_looked_tick(const Probe *probe)
{
    int64_t begin, end = clock_ns(CLOCK_MONOTONIC) + LOOKED_NS;
    Standstill still = {0};
    while ((begin = clock_ns(CLOCK_MONOTONIC)) < end && write_file(probe, "looked", "x") == 0) {
        int64_t after = clock_ns(CLOCK_MONOTONIC);
        see_stamp(&still, &probe->facts->looked_tick_ns, stamp_of(probe, "looked").mtime_ns, begin,
                  after);
    }
}

/* ---- what a ctime shows --------------------------------------------------------------------- */

/* The stamp of a file, at a time when a write sets a later one. */
static FileStamp settled_stamp(const Probe *probe, const char *name)
{
    const struct timespec nap = {0, 200 * 1000};
    FileStamp stamp = stamp_of(probe, name);
    int64_t moment_ns = stamp.ctime_ns > stamp.mtime_ns ? stamp.ctime_ns : stamp.mtime_ns;
    for (int look = 0; look < TICK_LOOKS; look++) {
        if (write_file(probe, "tick", "x") != 0 || stamp_of(probe, "tick").mtime_ns > moment_ns)
            break;
        nanosleep(&nap, NULL);
    }
    return stamp;
}

static void try_restored_mtime(const Probe *probe)
{
    struct stat status;
    FileStamp before = settled_stamp(probe, "file");
    if (fstatat(probe->fd, "file", &status, 0) != 0)
        return;
    struct timespec times[2] = {status.st_atim, status.st_mtim};
    if (write_file(probe, "file", "three") != 0 ||
        utimensat(probe->fd, "file", times, 0) != 0)
        return;
    FileStamp after = stamp_of(probe, "file");
    probe->facts->ctime_on_restored_mtime = after.inode != 0 && after.ctime_ns != before.ctime_ns;
}

static void try_ctime(const Probe *probe)
{
    FileSystemFacts *facts = probe->facts;
    FileStamp before, after;
    if (write_file(probe, "file", "one") != 0)
        return;
    before = settled_stamp(probe, "file");
    if (write_file(probe, "file", "two") == 0) {
        after = stamp_of(probe, "file");
        facts->mtime_on_write = after.mtime_ns != before.mtime_ns;
        facts->ctime_on_write = after.ctime_ns != before.ctime_ns;
    }
    before = settled_stamp(probe, "file");
    if (fchmodat(probe->fd, "file", 0400, 0) == 0 && fchmodat(probe->fd, "file", 0600, 0) == 0)
        facts->ctime_on_chmod = stamp_of(probe, "file").ctime_ns != before.ctime_ns;
    try_restored_mtime(probe);
    before = settled_stamp(probe, "file");
    if (renameat(probe->fd, "file", probe->fd, "renamed") == 0)
        facts->ctime_on_rename = stamp_of(probe, "renamed").ctime_ns != before.ctime_ns;
}

/* ---- names, locks, mappings ----------------------------------------------------------------- */

static void try_rename(const Probe *probe)
{
    char old = '\0';
    if (write_file(probe, "old", "o") != 0 || write_file(probe, "new", "n") != 0)
        return;
    FileStamp stamp = stamp_of(probe, "new");
    int fd = open_at(probe->fd, "old", O_RDONLY);
    if (fd < 0)
        return;
    if (renameat(probe->fd, "new", probe->fd, "old") == 0) {
        FileStamp now = stamp_of(probe, "old"), gone = stamp_of(probe, "new");
        probe->facts->rename_keeps_inode = now.inode != 0 && now.inode == stamp.inode;
        probe->facts->rename_replaces = now.inode != 0 && gone.inode == 0 &&
                                        pread(fd, &old, 1, 0) == 1 && old == 'o';
    }
    close(fd);
}

static void try_inode_reuse(const Probe *probe)
{
    for (int i = 0; i < 8 && !probe->facts->reuses_inodes; i++) {
        if (write_file(probe, "inode", "x") != 0)
            return;
        uint64_t first = stamp_of(probe, "inode").inode;
        unlinkat(probe->fd, "inode", 0);
        if (write_file(probe, "inode", "x") != 0)
            return;
        probe->facts->reuses_inodes = stamp_of(probe, "inode").inode == first;
        unlinkat(probe->fd, "inode", 0);
    }
}

static void try_flock(const Probe *probe)
{
    int first = open_at(probe->fd, "lock", O_RDWR | O_CREAT);
    int second = open_at(probe->fd, "lock", O_RDWR);
    if (first >= 0 && second >= 0)
        probe->facts->has_flock = flock(first, LOCK_EX | LOCK_NB) == 0 &&
                                  flock(second, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (first >= 0)
        close(first);
    if (second >= 0)
        close(second);
}

static void try_mmap(const Probe *probe)
{
    char byte = '\0';
    if (write_file(probe, "mapped", "m") != 0)
        return;
    int fd = open_at(probe->fd, "mapped", O_RDONLY);
    if (fd < 0)
        return;
    char *bytes = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (bytes != MAP_FAILED) {
        bool is_read = *bytes == 'm';
        *bytes = 'w';
        probe->facts->has_private_mmap = is_read && pread(fd, &byte, 1, 0) == 1 && byte == 'm';
        munmap(bytes, 1);
    }
    close(fd);
}

/* ---- all of it ------------------------------------------------------------------------------ */

static void try_stamps(const Probe *probe)
{
    probe->facts->has_tried_stamps = true;
    measure_tick(probe);
    measure_looked_tick(probe);
    try_ctime(probe);
}

static void try_names(const Probe *probe)
{
    try_rename(probe);
    try_inode_reuse(probe);
    try_flock(probe);
    try_mmap(probe);
}

static void try_both(const Probe *probe)
{
    try_stamps(probe);
    try_names(probe);
}

static int try_in(FileSystemFacts *facts, int dir_fd, void (*try)(const Probe *probe))
{
    ProbeDirectory directory;
    int status = probe_directory_open(&directory, dir_fd);
    if (status != 0)
        return status;
    Probe probe = {facts, directory.fd};
    status = write_file(&probe, "file", "");
    if (status == 0)
        try(&probe);
    probe_directory_close(&directory);
    return status;
}

static bool is_one_device(int a, int b)
{
    struct stat left, right;
    return fstat(a, &left) == 0 && fstat(b, &right) == 0 && left.st_dev == right.st_dev;
}

int file_system_probe(FileSystemFacts *facts, int dir_fd, int project_fd)
{
    *facts = (FileSystemFacts){.is_one_device = is_one_device(dir_fd, project_fd),
                               .is_local = file_system_is_local(project_fd)};
    if (facts->is_one_device)
        return try_in(facts, dir_fd, try_both);
    (void)try_in(facts, project_fd, try_stamps); /* sources may be on a read-only disk */
    return try_in(facts, dir_fd, try_names);
}

/* ---- what follows from it -------------------------------------------------------------------- */

TrustRule trust_rule_of(const FileSystemFacts *facts)
{
    if (facts->has_tried_stamps && (!facts->mtime_on_write || !facts->ctime_on_write))
        return TRUST_NOTHING;
    if (!facts->is_one_device || !facts->is_local)
        return TRUST_WHAT_WAS_SEEN;
    return facts->looked_tick_ns < FINE_NS ? TRUST_OLDER_THAN_FINE_PROBE
                                           : TRUST_OLDER_THAN_PROBE;
}

const char *trust_rule_text(TrustRule rule)
{
    switch (rule) {
    case TRUST_OLDER_THAN_FINE_PROBE:
        return "a stamp older than a probe is believed, and a probe has a fine stamp";
    case TRUST_OLDER_THAN_PROBE: return "a stamp older than a probe is believed";
    case TRUST_WHAT_WAS_SEEN:
        return "a stamp is believed once it was seen for 3 s and the file was read again";
    case TRUST_NOTHING: return "stamps prove nothing here: build with --paranoid";
    }
    return "";
}

const char *file_system_defect(const FileSystemFacts *facts, unsigned number)
{
    const struct {
        bool holds;
        const char *defect;
    } needs[] = {
        {!facts->has_tried_stamps || facts->mtime_on_write,
         "a write does not change the mtime of a file"},
        {!facts->has_tried_stamps || facts->ctime_on_write,
         "a write does not change the ctime of a file"},
        {!facts->has_tried_stamps || facts->ctime_on_restored_mtime,
         "the file system keeps no ctime: an edit whose mtime is set back is not noticed; build "
         "with --paranoid"},
        {facts->rename_replaces, "a rename does not replace a file that is open"},
        {facts->rename_keeps_inode, "a renamed file has another inode number"},
        {facts->has_flock,
         "flock does not lock: two builds at once are kept apart by a file, or not at all"},
        {facts->has_private_mmap, "files cannot be mapped privately"},
        {facts->ahead_ns < NS_PER_SECOND, "the file system's clock is ahead of the wall clock"},
    };
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++)
        if (!needs[i].holds && number-- == 0)
            return needs[i].defect;
    return NULL;
}
