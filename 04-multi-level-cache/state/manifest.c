/* SPDX-License-Identifier: MIT */
#include "manifest.h"

#include "binary_exchange.h"
#include "system_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#ifdef __APPLE__
#include <sys/sysctl.h>
#endif

enum { NAME_SIZE = 64, BLOB_HEADER_SIZE = BLOB_NAME_SIZE + 8 };

static const BinaryFormat manifest_format = {"icmanif", 5};
static const BinaryFormat in_progress_format = {"icunset", 1};

static void file_name(char name[NAME_SIZE], const char *entry_id, const char *suffix)
{
    snprintf(name, NAME_SIZE, "%s.%s", entry_id, suffix);
}

static size_t padded(size_t size)
{
    return (size + 7) & ~(size_t)7;
}

/* The blob at the front of `blobs`, without its header. */
static Slice front_blob(Slice blobs)
{
    uint32_t size;
    memcpy(&size, blobs.data + BLOB_NAME_SIZE, sizeof size);
    return slice_of(blobs.data + BLOB_HEADER_SIZE, size);
}

static Slice after_front_blob(Slice blobs)
{
    size_t step = BLOB_HEADER_SIZE + padded(front_blob(blobs).size);
    return slice_of(blobs.data + step, blobs.size - step);
}

static bool blobs_are_whole(Slice blobs)
{
    while (blobs.size != 0) {
        if (blobs.size < BLOB_HEADER_SIZE || blobs.data[BLOB_NAME_SIZE - 1] != '\0' ||
            padded(front_blob(blobs).size) > blobs.size - BLOB_HEADER_SIZE)
            return false;
        blobs = after_front_blob(blobs);
    }
    return true;
}

int manifest_load(Manifest *manifest, int dir_fd, const char *entry_id)
{
    char name[NAME_SIZE];
    MappedFile file;
    *manifest = (Manifest){0};
    file_name(name, entry_id, "manifest");
    int status = binary_file_map(dir_fd, name, &manifest_format, 0, &file);
    if (status != 0)
        return status;
    if (file.content_size < sizeof manifest->header) {
        mapped_file_close(&file);
        return -EBADMSG;
    }
    Slice blobs = slice_of(file.content + sizeof manifest->header,
                           file.content_size - sizeof manifest->header);
    if (blobs_are_whole(blobs)) {
        memcpy(&manifest->header, file.content, sizeof manifest->header);
        buffer_put(&manifest->blobs, blobs);
    } else {
        status = -EBADMSG;
    }
    mapped_file_close(&file);
    return status;
}

int manifest_store(const Manifest *manifest, int dir_fd, const char *entry_id, bool sync,
                   uint64_t *written)
{
    char name[NAME_SIZE], spare[NAME_SIZE];
    Slice parts[] = {slice_of(&manifest->header, sizeof manifest->header),
                     buffer_slice(&manifest->blobs)};
    file_name(name, entry_id, "manifest");
    file_name(spare, entry_id, "spare");
    if (written != NULL)
        *written += BINARY_HEADER_SIZE + parts[0].size + parts[1].size;
    return binary_file_exchange(dir_fd, name, spare, &manifest_format, parts, 2, sync);
}

bool manifest_blob(const Manifest *manifest, const char *name, Slice *blob)
{
    for (Slice blobs = buffer_slice(&manifest->blobs); blobs.size != 0;
         blobs = after_front_blob(blobs)) {
        if (strncmp(blobs.data, name, BLOB_NAME_SIZE) == 0) {
            *blob = front_blob(blobs);
            return true;
        }
    }
    return false;
}

bool manifest_table(const Manifest *manifest, const char *name, StateRef *ref)
{
    Slice blob;
    *ref = manifest->header.files;
    if (strcmp(name, "files") == 0)
        return true;
    *ref = manifest->header.units;
    if (strcmp(name, "units") == 0)
        return true;
    if (!manifest_blob(manifest, name, &blob) || blob.size != sizeof *ref)
        return false;
    memcpy(ref, blob.data, sizeof *ref);
    return true;
}

static void put_blob(ByteBuffer *blobs, const char *name, Slice blob)
{
    char header[BLOB_HEADER_SIZE] = {0};
    static const char zeros[8] = {0};
    uint32_t size = (uint32_t)blob.size;
    strncpy(header, name, BLOB_NAME_SIZE - 1);
    memcpy(header + BLOB_NAME_SIZE, &size, sizeof size);
    buffer_put(blobs, slice_of(header, sizeof header));
    buffer_put(blobs, blob);
    buffer_put(blobs, slice_of(zeros, padded(blob.size) - blob.size));
}

void manifest_set_blob(Manifest *manifest, const char *name, Slice blob)
{
    ByteBuffer blobs = {0};
    for (Slice old = buffer_slice(&manifest->blobs); old.size != 0; old = after_front_blob(old))
        if (strncmp(old.data, name, BLOB_NAME_SIZE) != 0)
            put_blob(&blobs, old.data, front_blob(old));
    put_blob(&blobs, name, blob);
    if (manifest->loaded.data == NULL)
        manifest->loaded = manifest->blobs;
    else
        buffer_free(&manifest->blobs);
    manifest->blobs = blobs;
}

void manifest_free(Manifest *manifest)
{
    buffer_free(&manifest->blobs);
    buffer_free(&manifest->loaded);
    *manifest = (Manifest){0};
}

/* ---- unsettled ----------------------------------------------------------------------------- */

int manifest_mark_in_progress(int dir_fd, const char *entry_id, uint64_t generation, bool sync)
{
    char name[NAME_SIZE];
    file_name(name, entry_id, "unsettled");
    return binary_file_note(dir_fd, name, &in_progress_format,
                            slice_of(&generation, sizeof generation), sync);
}

bool manifest_is_in_progress(int dir_fd, const char *entry_id, uint64_t generation)
{
    char name[NAME_SIZE];
    uint64_t marked;
    file_name(name, entry_id, "unsettled");
    int status = binary_file_read(dir_fd, name, &in_progress_format, &marked, sizeof marked);
    return status == 0 ? marked > generation : status != -ENOENT;
}

/* How many bytes of `id` identify the run; 0 or less: none. */
static ssize_t read_boot_id(char *id, size_t size)
{
#ifdef __APPLE__
    return sysctlbyname("kern.bootsessionuuid", id, &size, NULL, 0) == 0 ? (ssize_t)size : 0;
#else /* Linux; elsewhere there is no such file */
    int fd = open_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id", O_RDONLY);
    ssize_t count = fd < 0 ? 0 : read(fd, id, size);
    if (fd >= 0)
        close(fd);
    return count;
#endif
}

Hash128 manifest_boot(void)
{
    char id[64];
    ssize_t size = read_boot_id(id, sizeof id);
    return size > 0 ? hash_bytes(slice_of(id, (size_t)size)) : (Hash128){0, 0};
}

bool manifest_is_of_run(const Manifest *manifest, Hash128 boot)
{
    return !hash_is_none(boot) && hash_equal(manifest->header.boot, boot);
}
