/* SPDX-License-Identifier: MIT */
#include "kept_cache.h"

#include "cache_directory.h"
#include "cache_mark.h"
#include "manifest.h"
#include "output_state.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- reading ------------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const KeptFile *)a)->name, ((const KeptFile *)b)->name);
}

/* The files that mark the directory say nothing about a project. */
static bool holds_nothing(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, "lock") == 0 ||
           cache_mark_owns(name);
}

static DIR *list_cache(const Scratch *scratch)
{
    DIR *list = fdopendir(openat(scratch->fd, "cache", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    assert_non_null(list);
    return list;
}

static void read_file(KeptFile *file, const Scratch *scratch, const char *path, const char *name)
{
    assert_true(strlen(name) < sizeof file->name);
    strcpy(file->name, name);
    file->bytes = scratch_read(scratch, path, &file->size);
}

void kept_cache_read(KeptCache *kept, const Scratch *scratch)
{
    char path[300];
    *kept = (KeptCache){0};
    DIR *list = list_cache(scratch);
    for (struct dirent *item; (item = readdir(list)) != NULL;) {
        if (holds_nothing(item->d_name))
            continue;
        assert_true(kept->count < MOST_KEPT);
        snprintf(path, sizeof path, "cache/%s", item->d_name);
        read_file(&kept->files[kept->count++], scratch, path, item->d_name);
    }
    closedir(list);
    qsort(kept->files, kept->count, sizeof *kept->files, compare_names);
    read_file(&kept->output, scratch, "out.ll", "out.ll");
}

void kept_cache_free(KeptCache *kept)
{
    for (unsigned i = 0; i < kept->count; i++)
        free(kept->files[i].bytes);
    free(kept->output.bytes);
    *kept = (KeptCache){0};
}

const KeptFile *kept_cache_find(const KeptCache *kept, const char *ending)
{
    size_t length = strlen(ending);
    for (unsigned i = 0; i < kept->count; i++) {
        size_t size = strlen(kept->files[i].name);
        if (size >= length && strcmp(kept->files[i].name + size - length, ending) == 0)
            return &kept->files[i];
    }
    return NULL;
}

/* ---- restoring ----------------------------------------------------------------------------- */

static bool is_kept(const KeptCache *kept, const char *name)
{
    for (unsigned i = 0; i < kept->count; i++)
        if (strcmp(kept->files[i].name, name) == 0)
            return true;
    return false;
}

static void remove_others(const KeptCache *kept, const Scratch *scratch)
{
    DIR *list = list_cache(scratch);
    int fd = dirfd(list);
    for (struct dirent *item; (item = readdir(list)) != NULL;) {
        const char *name = item->d_name;
        if (!holds_nothing(name) && !is_kept(kept, name) && unlinkat(fd, name, 0) != 0)
            assert_int_equal(unlinkat(fd, name, AT_REMOVEDIR), 0);
    }
    closedir(list);
}

static bool holds(int fd, const KeptFile *file)
{
    char there[16 << 10];
    for (size_t done = 0; done < file->size;) {
        ssize_t count = pread(fd, there, sizeof there, (off_t)done);
        if (count <= 0 || (size_t)count > file->size - done ||
            memcmp(there, file->bytes + done, (size_t)count) != 0)
            return false;
        done += (size_t)count;
    }
    return lseek(fd, 0, SEEK_END) == (off_t)file->size;
}

/* Most files are unchanged, and comparing is cheaper than writing. */
static void put_back(int dir_fd, const char *path, const KeptFile *file)
{
    int fd = openat(dir_fd, path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    assert_true(fd >= 0);
    if (!holds(fd, file)) {
        assert_int_equal(pwrite(fd, file->bytes, file->size, 0), (ssize_t)file->size);
        assert_int_equal(ftruncate(fd, (off_t)file->size), 0);
    }
    close(fd);
}

void kept_cache_put_back(const KeptCache *kept, const Scratch *scratch)
{
    char path[300];
    remove_others(kept, scratch);
    for (unsigned i = 0; i < kept->count; i++) {
        snprintf(path, sizeof path, "cache/%s", kept->files[i].name);
        put_back(scratch->fd, path, &kept->files[i]);
    }
    put_back(scratch->fd, "out.ll", &kept->output);
}

/* ---- the manifest -------------------------------------------------------------------------- */

static void adopt_stamp(Manifest *manifest, const Scratch *scratch)
{
    Slice blob;
    OutputRecord record;
    FileStamp stamp;
    assert_true(manifest_blob(manifest, "output", &blob));
    memcpy(&record, blob.data, sizeof record);
    assert_int_equal(file_stamp_at(scratch->fd, "out.ll", &stamp), 0);
    if ((uint64_t)stamp.size_bytes != record.size_bytes)
        return;
    record.known = (KnownStamp){stamp, 0};
    ByteBuffer changed = {0};
    buffer_put(&changed, slice_of(&record, sizeof record));
    buffer_put(&changed, slice_of(blob.data + sizeof record, blob.size - sizeof record));
    manifest_set_blob(manifest, "output", buffer_slice(&changed));
    buffer_free(&changed);
}

/* The id of the entry with a manifest; false if there is none. */
static bool find_entry(DIR *list, char id[ENTRY_ID_SIZE + 1])
{
    for (struct dirent *item; (item = readdir(list)) != NULL;) {
        if (strcmp(item->d_name + strcspn(item->d_name, "."), ".manifest") != 0)
            continue;
        snprintf(id, ENTRY_ID_SIZE + 1, "%.*s", (int)strcspn(item->d_name, "."), item->d_name);
        return true;
    }
    return false;
}

void kept_cache_adopt_output(const Scratch *scratch, bool restarted)
{
    char id[ENTRY_ID_SIZE + 1];
    uint64_t written = 0;
    Manifest manifest = {0};
    DIR *list = list_cache(scratch);
    if (find_entry(list, id) && manifest_load(&manifest, dirfd(list), id) == 0) {
        adopt_stamp(&manifest, scratch);
        manifest.header.boot.low ^= restarted;
        assert_int_equal(manifest_store(&manifest, dirfd(list), id, false, &written), 0);
    }
    manifest_free(&manifest);
    closedir(list);
}
