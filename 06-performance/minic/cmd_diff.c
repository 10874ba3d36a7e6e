/* SPDX-License-Identifier: MIT */
/* minic diff: the files that differ between two digests of a package. */
#include "commands.h"
#include "invocation.h"
#include "package_digest.h"

#include "shown_text.h"
#include "system_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

typedef struct Digest {
    PackageDigest package;
    ByteBuffer text;
} Digest;

static int complain(int status, const char *path, size_t line, const char *what)
{
    ByteBuffer error = {0};
    buffer_put_format(&error, "%s:%zu: %s", path, line, what);
    invocation_complain(status, &error);
    buffer_free(&error);
    return status;
}

/* Also of a pipe: `minic diff <(...) <(...)`. 0 or a negative errno. */
static int read_all(const char *path, ByteBuffer *text)
{
    char bytes[1 << 16];
    ssize_t size;
    int fd = open_at(AT_FDCWD, path, O_RDONLY);
    if (fd < 0)
        return -errno;
    do {
        size = read(fd, bytes, sizeof bytes);
        if (size > 0)
            buffer_put(text, slice_of(bytes, (size_t)size));
    } while (size > 0 || (size < 0 && errno == EINTR));
    int status = size == 0 ? 0 : -errno;
    close(fd);
    return status;
}

static int open_digest(Digest *digest, const char *path)
{
    size_t line;
    *digest = (Digest){0};
    int error = read_all(path, &digest->text);
    if (error != 0) {
        BuildFailure failure = {.what = "cannot read", .error = -error};
        snprintf(failure.path, sizeof failure.path, "%s", path);
        return invocation_print_failure(BUILD_MACHINE_FAILED, &failure);
    }
    const char *wrong = package_digest_parse(&digest->package, buffer_slice(&digest->text), &line);
    return wrong == NULL ? BUILD_OK : complain(BUILD_MISUSED, path, line, wrong);
}

static void close_digest(Digest *digest)
{
    package_digest_free(&digest->package);
    buffer_free(&digest->text);
}

static void put_change(void *context, PackageChange change, Slice path)
{
    static const char *const words[] = {[PACKAGE_CHANGED] = "changed  ",
                                        [PACKAGE_ADDED] = "added    ",
                                        [PACKAGE_REMOVED] = "removed  "};
    ByteBuffer *text = context;
    buffer_put(text, slice_from(words[change]));
    shown_text_put(text, path);
    buffer_put_byte(text, '\n');
}

int cmd_diff(Invocation *invocation)
{
    const CommandLine *line = &invocation->line;
    Digest old, new_one = {0};
    size_t changes = 0;
    int status = open_digest(&old, line->entry);
    if (status == BUILD_OK)
        status = open_digest(&new_one, line->subject);
    if (status == BUILD_OK)
        changes = package_digest_compare(&old.package, &new_one.package, put_change,
                                         &invocation->text);
    invocation_print_text(&invocation->text, stdout);
    close_digest(&old);
    close_digest(&new_one);
    return status == BUILD_OK && changes != 0 ? BUILD_PROGRAM_WRONG : status;
}
