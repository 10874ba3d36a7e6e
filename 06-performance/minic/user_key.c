/* SPDX-License-Identifier: MIT */
#include "user_key.h"

#include "binary_file.h"
#include "cache_mark.h"
#include "system_calls.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>

static const BinaryFormat FORMAT = {"userkey", 1};
static const char NAME[] = "key";

/* ---- where it is ---------------------------------------------------------------------------- */

/* In a directory that others may write, they could put a key they know. */
static bool is_private(const struct stat *status, uid_t owner)
{
    return status->st_uid == owner && (status->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* Is an existing directory that shows another owner ours all the same? */
static bool is_shown_otherwise(const char *path, const struct stat *status)
{
    int fd = open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
    bool result = fd >= 0 && cache_mark_is_own(fd, status) == 1;
    if (fd >= 0)
        close(fd);
    return result;
}

/* The directory that a variable names; NULL if it names none, or one of another user: a program
 * started for one user may have the variables of another. Only with `ask` is a file made to find
 * out whose it is. */
static const char *directory_in(const char *variable, bool ask)
{
    struct stat status;
    const char *path = getenv(variable);
    if (path == NULL || path[0] != '/')
        return NULL;
    if (stat(path, &status) != 0 || status.st_uid == geteuid())
        return path;
    return ask && is_shown_otherwise(path, &status) ? path : NULL;
}

/* A user unknown to the system (in a container) has the directory in HOME, or none. */
static const char *home_directory(void)
{
    const char *home = directory_in("HOME", false);
    const struct passwd *user = home != NULL ? NULL : getpwuid(geteuid());
    if (home != NULL)
        return home;
    return user != NULL ? user->pw_dir : directory_in("HOME", true);
}

/* The directory of the key. -ENOENT if the user has no home. */
static int find_directory(ByteBuffer *path)
{
    const char *state = directory_in("XDG_STATE_HOME", true);
    const char *home = state != NULL ? state : home_directory();
    if (home == NULL)
        return -ENOENT;
    buffer_put(path, slice_from(home));
    if (home != state)
        buffer_put(path, slice_from("/.local/state"));
    buffer_put(path, slice_from("/minic"));
    return 0;
}

/* Is the open directory for the user alone? `*owner` is the user as it shows there. */
static bool is_our_directory(int fd, uid_t *owner)
{
    struct stat there;
    if (fstat(fd, &there) != 0)
        return false;
    *owner = there.st_uid;
    return is_private(&there, there.st_uid) && cache_mark_is_own(fd, &there) == 1;
}

/* Opens the directory; makes it if it is missing. A descriptor or a negative errno. */
static int open_directory(ByteBuffer *path, uid_t *owner)
{
    int status = find_directory(path);
    buffer_put_byte(path, '\0');
    if (status != 0)
        return status;
    int fd = open_at(AT_FDCWD, path->data, O_RDONLY | O_DIRECTORY);
    if (fd < 0 && errno == ENOENT) {
        unsigned made = 0;
        status = cache_mark_make_directories(path->data, S_IRWXU, &made);
        if (status != 0)
            return status;
        fd = open_at(AT_FDCWD, path->data, O_RDONLY | O_DIRECTORY);
    }
    if (fd < 0 || is_our_directory(fd, owner))
        return fd < 0 ? -errno : fd;
    close(fd);
    return -EPERM;
}

/* ---- the file ------------------------------------------------------------------------------- */

static int read_seed(int dir_fd, uid_t owner, unsigned char seed[HASH_SEED_SIZE])
{
    struct stat there;
    if (fstatat(dir_fd, NAME, &there, AT_SYMLINK_NOFOLLOW) == 0 && !is_private(&there, owner))
        return -EPERM;
    return binary_file_read(dir_fd, NAME, &FORMAT, seed, HASH_SEED_SIZE);
}

/* Of several processes that make a key, one links it under its name, and all others use that
 * one. */
static int make_seed(int dir_fd, uid_t owner, unsigned char seed[HASH_SEED_SIZE])
{
    char draft[40];
    snprintf(draft, sizeof draft, "%s.%ld", NAME, (long)getpid());
    Slice content = slice_of(seed, HASH_SEED_SIZE);
    int status = hash_seed_make(seed);
    if (status == 0)
        status = binary_file_write(dir_fd, draft, &FORMAT, &content, 1, false);
    if (status != 0)
        return status;
    (void)fchmodat(dir_fd, draft, S_IRUSR | S_IWUSR, 0);
    if (linkat(dir_fd, draft, dir_fd, NAME, 0) != 0 && errno != EEXIST)
        status = -errno; /* no hard links here */
    if (status == 0)
        unlinkat(dir_fd, draft, 0);
    else if (renameat(dir_fd, draft, dir_fd, NAME) == 0)
        status = 0;
    return status == 0 ? read_seed(dir_fd, owner, seed) : status;
}

static int load_seed(int dir_fd, uid_t owner, unsigned char seed[HASH_SEED_SIZE])
{
    int status = read_seed(dir_fd, owner, seed);
    if (status == -EBADMSG)
        status = unlinkat(dir_fd, NAME, 0) == 0 || errno == ENOENT ? -ENOENT : -errno;
    return status == -ENOENT ? make_seed(dir_fd, owner, seed) : status;
}

int user_key_load(HashSecret *key, ByteBuffer *path)
{
    unsigned char seed[HASH_SEED_SIZE];
    uid_t owner = 0;
    path->size = 0;
    int dir_fd = open_directory(path, &owner);
    int status = dir_fd < 0 ? dir_fd : load_seed(dir_fd, owner, seed);
    if (dir_fd >= 0)
        close(dir_fd);
    if (status == 0) {
        path->size--;
        buffer_put(path, slice_from("/"));
        buffer_put(path, slice_from(NAME));
        buffer_put_byte(path, '\0');
    } else {
        (void)hash_seed_make(seed);
    }
    hash_secret_make(key, seed);
    return status;
}
