/* SPDX-License-Identifier: MIT */
#include "program_version.h"

#include "image_host.h"
#include "program_run.h"
#include "system_calls.h"

#define MINIC_VERSION "1.0"

/* As .ci/note-commit writes it: a line before it, and spaces up to this width after it. */
#define COMMIT_NOTE "\nminic is of commit "
enum { COMMIT_NOTE_SIZE = sizeof COMMIT_NOTE - 1, COMMIT_SIZE = 32 };

static int open_executable(void)
{
    static const char *const names[] = {"/proc/self/exe", "/proc/curproc/exe",
                                        "/proc/curproc/file"};
    int fd = -1;
    for (size_t i = 0; i < sizeof names / sizeof *names && fd < 0; i++)
        fd = open_at(AT_FDCWD, names[i], O_RDONLY);
    return fd;
}

/* Empty if there is none: the executable was stripped, or built from an archive. */
static Slice read_commit(char note[COMMIT_NOTE_SIZE + COMMIT_SIZE + 1])
{
    const size_t size = COMMIT_NOTE_SIZE + COMMIT_SIZE + 1;
    int fd = open_executable();
    if (fd < 0)
        return (Slice){"", 0};
    bool is_read = lseek(fd, -(off_t)size, SEEK_END) >= 0 && read(fd, note, size) == (ssize_t)size;
    close(fd);
    if (!is_read || memcmp(note, COMMIT_NOTE, COMMIT_NOTE_SIZE) != 0)
        return (Slice){"", 0};
    const char *commit = note + COMMIT_NOTE_SIZE, *end = memchr(commit, ' ', COMMIT_SIZE);
    return slice_of(commit, end == NULL ? (size_t)COMMIT_SIZE : (size_t)(end - commit));
}

static void put_tool(ByteBuffer *text)
{
    LlvmTool tool;
    ByteBuffer error = {0};
    bool runs_images = image_host_why_not() == NULL;
    buffer_put(text, slice_from(runs_images ? "run makes an executable; --with=clang or lli"
                                            : "run"));
    buffer_put_format(text, " needs LLVM %d or newer, here: ", OLDEST_LLVM);
    if (llvm_tool_find(&tool, RUN_WITH_ANY, &error)) {
        const char *slash = strrchr(tool.path, '/');
        buffer_put_format(text, "%s (%s, LLVM %d)", slash == NULL ? tool.path : slash + 1,
                          tool.path, tool.version);
    }
    buffer_put(text, buffer_slice(&error));
    buffer_put_byte(text, '\n');
    buffer_free(&error);
}

void program_version(ByteBuffer *text)
{
    char note[COMMIT_NOTE_SIZE + COMMIT_SIZE + 1];
    Slice commit = read_commit(note);
    buffer_put(text, slice_from("minic " MINIC_VERSION));
    buffer_put(text, slice_from(commit.size == 0 ? "" : ", commit "));
    buffer_put(text, commit);
    buffer_put_byte(text, '\n');
    put_tool(text);
}
