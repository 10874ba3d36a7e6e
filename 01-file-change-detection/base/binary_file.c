/* SPDX-License-Identifier: MIT */
/*
 * Writing: everything goes to "name.tmp.<pid>" first, then one rename. The pid keeps two processes
 * from writing into one temporary file. One that a killed process leaves behind may be removed only
 * where no other process can be writing (stage 4 holds a lock).
 *
 * Mapping: the content is writable in memory and has room after it, so state can change and grow in
 * place. Address space for all of it is reserved first, and the file is mapped over its beginning:
 *
 *     reserved   │················································│  zeros, on demand
 *     the file   │ header │ content                 │
 *                                          page end ┘└─ room ──────┘
 *
 * The pages are private: a page that is written to becomes a copy; any other stays in the page
 * cache. Nothing is read until it is touched.
 */
#include "binary_file.h"
#include "content_hash.h"
#include "system_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "files are mapped as they lie on disk, little-endian: here, accessors would have to swap"
#endif

enum {
    NAME_LIMIT = 4096,
    PARTS_PER_CALL = 256,
    BYTES_PER_CALL = 512 << 10, /* for more, the system may look for one large page and clear it */
};

typedef struct Header {
    char magic[8];
    uint32_t version;
    uint32_t reserved;
    uint64_t size;
    uint64_t checksum;
} Header;

_Static_assert(sizeof(Header) == BINARY_HEADER_SIZE, "the header has no holes");

/* ---- descriptors -------------------------------------------------------------------------- */

static int fail_and_close(int fd, int error)
{
    close(fd);
    return error;
}

/* Under a umask of 0222, a file's owner may not write it a second time. chmod knows better than
 * stat who the owner is. */
static bool regain_access(int dir_fd, const char *name)
{
    struct stat status;
    return fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISREG(status.st_mode) &&
           fchmodat(dir_fd, name, (status.st_mode & 07777) | S_IRUSR | S_IWUSR, 0) == 0;
}

int open_regular(int dir_fd, const char *name, int flags, uint64_t *size)
{
    int fd = open_file_at(dir_fd, name, flags | O_NOFOLLOW);
    if (fd < 0 && errno == EACCES) {
        if (regain_access(dir_fd, name))
            fd = open_file_at(dir_fd, name, flags | O_NOFOLLOW);
        else
            errno = EACCES;
    }
    if (fd < 0) /* ENXIO: it became a FIFO without a reader */
        return errno == ELOOP || errno == EISDIR || errno == EINVAL || errno == ENXIO ? -EBADMSG
                                                                                      : -errno;
    struct stat status;
    if (fstat(fd, &status) != 0)
        return fail_and_close(fd, -errno);
    if (!S_ISREG(status.st_mode))
        return fail_and_close(fd, -EBADMSG);
    *size = (uint64_t)status.st_size;
    return fd;
}

/* ---- bytes at an offset --------------------------------------------------------------------- */

int read_all_at(int fd, char *bytes, size_t size, uint64_t offset)
{
    for (size_t done = 0; done < size;) {
        ssize_t count = pread(fd, bytes + done, size - done, (off_t)(offset + done));
        if (count < 0 && errno != EINTR)
            return -errno;
        if (count == 0)
            return -EBADMSG;
        if (count > 0)
            done += (size_t)count;
    }
    return 0;
}

int put_all_at(int fd, Slice bytes, uint64_t offset)
{
    for (size_t done = 0; done < bytes.size;) {
        ssize_t count =
            pwrite(fd, bytes.data + done, bytes.size - done, (off_t)(offset + done));
        if (count < 0 && errno != EINTR)
            return -errno;
        if (count == 0)
            return -EIO;
        if (count > 0)
            done += (size_t)count;
    }
    return 0;
}

/* An option of POSIX. */
static int promise_space(int fd, uint64_t start, uint64_t end)
{
#if defined _POSIX_ADVISORY_INFO && _POSIX_ADVISORY_INFO > 0
    return -posix_fallocate(fd, (off_t)start, (off_t)(end - start));
#else
    (void)fd, (void)start, (void)end;
    return -ENOSYS;
#endif
}

/* Where space cannot be promised (NFS), the length alone is asked for. */
int reserve_space(int fd, uint64_t start, uint64_t end)
{
    int status;
    do
        status = promise_space(fd, start, end);
    while (status == -EINTR);
    if (status != 0 && call_is_missing(CALL_RESERVE, -status))
        status = resize_fd(fd, (off_t)end) == 0 ? 0 : -errno;
    return status;
}

/* ---- gathering writes --------------------------------------------------------------------- */

typedef struct Gather { /* what is still to be written: parts[0] from `done` on, then the rest */
    const Slice *parts;
    size_t part_count;
    size_t done;
} Gather;

static int fill_vector(const Gather *rest, struct iovec *vector)
{
    int count = 0;
    size_t skip = rest->done, room = BYTES_PER_CALL;
    for (size_t i = 0; i < rest->part_count && count < PARTS_PER_CALL && room != 0; i++) {
        Slice part = rest->parts[i];
        if (part.size > skip) {
            size_t size = part.size - skip < room ? part.size - skip : room;
            vector[count].iov_base = (void *)(part.data + skip); /* writev only reads it */
            vector[count++].iov_len = size;
            room -= size;
        }
        skip = 0;
    }
    return count;
}

static void advance(Gather *rest, size_t written)
{
    rest->done += written;
    while (rest->part_count != 0 && rest->done >= rest->parts->size) {
        rest->done -= rest->parts->size;
        rest->parts++;
        rest->part_count--;
    }
}

int write_parts(int fd, const Slice *parts, size_t part_count)
{
    Gather rest = {parts, part_count, 0};
    for (;;) {
        struct iovec vector[PARTS_PER_CALL];
        int count = fill_vector(&rest, vector);
        if (count == 0)
            return 0;
        ssize_t written = writev(fd, vector, count);
        /* Another process with the same pipe or terminal open may have made it non-blocking. */
        if (written < 0 && errno == EAGAIN)
            poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
        else if (written < 0 && errno != EINTR)
            return -errno;
        if (written == 0)
            return -EIO;
        if (written > 0)
            advance(&rest, (size_t)written);
    }
}

int write_all_at(int fd, const Slice *parts, size_t part_count, uint64_t offset)
{
    if (lseek(fd, (off_t)offset, SEEK_SET) < 0)
        return -errno;
    return write_parts(fd, parts, part_count);
}

/* ---- writing ------------------------------------------------------------------------------ */

int sync_directory_of(int dir_fd, const char *name)
{
    char directory[NAME_LIMIT];
    const char *slash = strrchr(name, '/');
    size_t length = slash == NULL ? 0 : (size_t)(slash - name) + 1;
    if (length + 2 > sizeof directory)
        return -ENAMETOOLONG;
    memcpy(directory, name, length);
    memcpy(directory + length, ".", 2);
    int fd = open_at(dir_fd, directory, O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        return -errno;
    return fail_and_close(fd, sync_fd(fd) == 0 ? 0 : -errno);
}

int binary_file_fill(int fd, const BinaryFormat *format, const Slice *parts, size_t part_count,
                     bool sync)
{
    Header header = {.version = format->version};
    memcpy(header.magic, format->magic, sizeof header.magic);
    for (size_t i = 0; i < part_count; i++)
        header.size += parts[i].size;
    header.checksum = hash_checksum_parts(parts, part_count);
    Slice head = slice_of(&header, sizeof header);
    int status = write_all_at(fd, &head, 1, 0);
    if (status == 0)
        status = write_all_at(fd, parts, part_count, sizeof header);
    if (status == 0 && sync && sync_fd(fd) != 0)
        status = -errno;
    if (close_fd(fd) != 0 && status == 0)
        status = -errno;
    return status;
}

int binary_file_write(int dir_fd, const char *name, const BinaryFormat *format, const Slice *parts,
                      size_t part_count, bool sync)
{
    char temporary[NAME_LIMIT];
    int length = snprintf(temporary, sizeof temporary, "%s.tmp.%ld", name, (long)getpid());
    if (length < 0 || (size_t)length >= sizeof temporary)
        return -ENAMETOOLONG;
    int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
    int fd = open_at(dir_fd, temporary, flags);
    if (fd < 0 && errno == EEXIST && unlinkat(dir_fd, temporary, 0) == 0)
        fd = open_at(dir_fd, temporary, flags);
    int status = fd < 0 ? -errno : binary_file_fill(fd, format, parts, part_count, sync);
    if (status == 0 && renameat(dir_fd, temporary, dir_fd, name) != 0)
        status = -errno;
    if (status != 0)
        unlinkat(dir_fd, temporary, 0);
    else if (sync)
        status = sync_directory_of(dir_fd, name);
    return status;
}

/* ---- mapping ------------------------------------------------------------------------------ */

static int map_with_room(int fd, size_t file_size, size_t room, MappedFile *file)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (room > SIZE_MAX - file_size - page)
        return -ENOMEM;
    size_t total = (file_size + room + page - 1) / page * page;
    void *space = mmap(NULL, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (space == MAP_FAILED)
        return -errno;
    file->mapping = space;
    file->mapping_size = total;
    if (mmap(space, file_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd, 0) ==
        MAP_FAILED)
        return -errno;
    file->content = (char *)space + sizeof(Header);
    file->content_size = file_size - sizeof(Header);
    file->room = total - file_size;
    return 0;
}

static bool fits(const Header *header, const BinaryFormat *format, Slice content)
{
    return memcmp(header->magic, format->magic, sizeof header->magic) == 0 &&
           header->version == format->version && header->reserved == 0 &&
           header->size == content.size && header->checksum == hash_checksum(content);
}

int binary_file_map(int dir_fd, const char *name, const BinaryFormat *format, size_t room,
                    MappedFile *file)
{
    *file = (MappedFile){0};
    uint64_t size;
    int fd = open_regular(dir_fd, name, O_RDONLY, &size);
    if (fd < 0)
        return fd;
    if (size < sizeof(Header) || size > SIZE_MAX / 2)
        return fail_and_close(fd, -EBADMSG);
    int status = map_with_room(fd, (size_t)size, room, file);
    close(fd);
    if (status == 0) {
        Header header;
        memcpy(&header, file->mapping, sizeof header);
        file->checksum = header.checksum;
        if (!fits(&header, format, slice_of(file->content, file->content_size)))
            status = -EBADMSG;
    }
    if (status != 0)
        mapped_file_close(file);
    return status;
}

/* A file of another size is not read at all: it may have holes and be larger than memory. */
int binary_file_read(int dir_fd, const char *name, const BinaryFormat *format, void *content,
                     size_t size)
{
    Header header;
    uint64_t file_size;
    int fd = open_regular(dir_fd, name, O_RDONLY, &file_size);
    if (fd < 0)
        return fd;
    if (file_size != sizeof header + size)
        return fail_and_close(fd, -EBADMSG);
    char *bytes = memory_allocate(size);
    int status = read_all_at(fd, (char *)&header, sizeof header, 0);
    if (status == 0)
        status = read_all_at(fd, bytes, size, sizeof header);
    if (status == 0 && !fits(&header, format, slice_of(bytes, size)))
        status = -EBADMSG;
    if (status == 0)
        memcpy(content, bytes, size);
    memory_free(bytes);
    close(fd);
    return status;
}

void mapped_file_close(MappedFile *file)
{
    if (file->mapping != NULL)
        munmap(file->mapping, file->mapping_size);
    *file = (MappedFile){0};
}
