/* SPDX-License-Identifier: MIT */
/*
 * Two processes, one after the other: clang, which writes a temporary executable, and the program.
 * With lli only one: it gets the copy as a descriptor, without a name. Only without /dev/fd does
 * the copy keep its name until the program ends.
 *
 * The executable is removed as soon as the program has started: a kill leaves no files.
 */
#include "program_run.h"

#include "binary_file.h"
#include "child_process.h"
#include "system_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NEWEST_LLVM = 40, CANNOT_START = -1 };

static int fail(ByteBuffer *error, const char *what, const char *subject, const char *why)
{
    buffer_put(error, slice_from(what));
    buffer_put(error, slice_from(subject));
    buffer_put(error, slice_from(why[0] == '\0' ? "" : ": "));
    buffer_put(error, slice_from(why));
    return CANNOT_START;
}

/* ---- finding the tool ---------------------------------------------------------------------- */

/* Looks for `name` along $PATH as the shell does. */
static bool find_in_path(const char *name, char *found, size_t size)
{
    if (strchr(name, '/') != NULL)
        return access(name, X_OK) == 0 && (size_t)snprintf(found, size, "%s", name) < size;
    const char *path = getenv("PATH");
    while (path != NULL && *path != '\0') {
        int length = (int)strcspn(path, ":");
        const char *dir = length == 0 ? "." : path;
        int written = snprintf(found, size, "%.*s/%s", length == 0 ? 1 : length, dir, name);
        if (written > 0 && (size_t)written < size && access(found, X_OK) == 0)
            return true;
        path += length + (path[length] == ':');
    }
    return false;
}

/* The number after "version " in the output of `path --version`; 0 if there is none. */
static int version_of(const char *path)
{
    char command[4200], line[256];
    int written = snprintf(command, sizeof command, "'%s' --version 2>/dev/null", path);
    if (written < 0 || (size_t)written >= sizeof command || strchr(path, '\'') != NULL)
        return 0;
    FILE *output = popen(command, "r");
    if (output == NULL)
        return 0;
    int version = 0;
    while (fgets(line, sizeof line, output) != NULL) {
        const char *at = strstr(line, "version ");
        if (at != NULL && version == 0)
            version = atoi(at + strlen("version "));
    }
    pclose(output);
    return version;
}

enum { NOT_FOUND = -1 }; /* not a version number */

/* Takes the tool if it exists and is new enough. If it is too old, its version goes to
 * `*too_old`. */
static bool take_named(LlvmTool *tool, const char *name, bool is_clang, int *too_old)
{
    if (!find_in_path(name, tool->path, sizeof tool->path))
        return false;
    tool->is_clang = is_clang;
    tool->version = version_of(tool->path);
    if (tool->version >= OLDEST_LLVM)
        return true;
    *too_old = tool->version;
    return false;
}

static bool take_versioned(LlvmTool *tool, bool is_clang, int version)
{
    char name[32];
    snprintf(name, sizeof name, is_clang ? "clang-%d" : "lli-%d", version);
    tool->is_clang = is_clang;
    tool->version = version;
    return find_in_path(name, tool->path, sizeof tool->path);
}

static bool refuse(ByteBuffer *error, const char *name, int version)
{
    char why[96];
    if (version > 0)
        snprintf(why, sizeof why, "it is version %d, and LLVM %d or newer is needed", version,
                 OLDEST_LLVM);
    else
        snprintf(why, sizeof why,
                 version == NOT_FOUND ? "no such program" : "it does not report its version");
    fail(error, "cannot use ", name, why);
    return false;
}

static bool find_newest(LlvmTool *tool, bool may_be_clang, bool may_be_lli)
{
    for (int version = NEWEST_LLVM; version >= OLDEST_LLVM; version--)
        if ((may_be_clang && take_versioned(tool, true, version)) ||
            (may_be_lli && take_versioned(tool, false, version)))
            return true;
    return false;
}

bool llvm_tool_find(LlvmTool *tool, RunWith with, ByteBuffer *error)
{
    *tool = (LlvmTool){0};
    int too_old = NOT_FOUND;
    bool may_be[2] = {with != RUN_WITH_LLI, with != RUN_WITH_CLANG}; /* clang, lli */
    const char *chosen[2] = {getenv("MINIC_CLANG"), getenv("MINIC_LLI")};
    for (int i = 0; i < 2; i++) {
        if (chosen[i] == NULL || chosen[i][0] == '\0' || !may_be[i])
            continue;
        return take_named(tool, chosen[i], i == 0, &too_old) || refuse(error, chosen[i], too_old);
    }
    if (find_newest(tool, may_be[0], may_be[1]) ||
        (may_be[0] && take_named(tool, "clang", true, &too_old)) ||
        (may_be[1] && take_named(tool, "lli", false, &too_old)))
        return true;
    static const char *const names[] = {"clang or lli", "clang", "lli"};
    if (too_old != NOT_FOUND)
        return refuse(error, names[with], too_old);
    fail(error, "cannot run the program: ",
         with == RUN_WITH_ANY ? "neither clang nor lli" : names[with],
         "");
    buffer_put(error, slice_from(with == RUN_WITH_ANY ? " is installed" : " is not installed"));
    return false;
}

/* ---- the copy ------------------------------------------------------------------------------ */

static int make_directory(ProgramCopy *copy)
{
    const char *parent = getenv("TMPDIR");
    if (parent == NULL || parent[0] == '\0')
        parent = "/tmp";
    int size = snprintf(copy->dir, sizeof copy->dir, "%s/minic-XXXXXX", parent);
    if (size < 0 || (size_t)size >= sizeof copy->dir)
        return -ENAMETOOLONG;
    if (mkdtemp(copy->dir) == NULL)
        return -errno;
    snprintf(copy->ir, sizeof copy->ir, "%s/program.ll", copy->dir);
    snprintf(copy->program, sizeof copy->program, "%s/program", copy->dir);
    snprintf(copy->cache, sizeof copy->cache, "%s/cache", copy->dir);
    if (mkdir(copy->cache, 0700) == 0)
        return 0;
    int status = -errno;
    rmdir(copy->dir);
    return status;
}

static int copy_bytes(int from, int to)
{
    enum { SIZE = 256 * 1024 };
    int status = 0;
    ssize_t count = 1;
    char *bytes = memory_allocate(SIZE);
    while (status == 0 && count != 0) {
        count = read(from, bytes, SIZE);
        if (count > 0) {
            Slice part = slice_of(bytes, (size_t)count);
            status = write_parts(to, &part, 1);
        } else if (count < 0 && errno != EINTR) {
            status = -errno;
        }
    }
    memory_free(bytes);
    return status;
}

static int copy_file(const char *from_path, const char *to_path)
{
    uint64_t size;
    int from = open_at(AT_FDCWD, from_path, O_RDONLY | O_NONBLOCK);
    if (from < 0)
        return -errno;
    int to = open_regular(AT_FDCWD, to_path, O_WRONLY | O_CREAT | O_EXCL, &size);
    int status = to < 0 ? to : copy_bytes(from, to);
    close(from);
    if (to >= 0 && close_fd(to) != 0 && status == 0)
        status = -errno;
    return status;
}

int program_copy_make_place(ProgramCopy *copy, ByteBuffer *error)
{
    *copy = (ProgramCopy){0};
    held_signals_begin(&copy->held);
    int status = make_directory(copy);
    if (status == 0)
        return 0;
    held_signals_end(&copy->held);
    fail(error, "cannot make a temporary directory in ", copy->dir, strerror(-status));
    copy->dir[0] = '\0';
    return CANNOT_START;
}

int program_copy_make(ProgramCopy *copy, const char *output, ByteBuffer *error)
{
    int status = program_copy_make_place(copy, error);
    if (status != 0)
        return status;
    copy->output = output;
    status = copy_file(output, copy->ir);
    return status == 0 ? 0 : fail(error, "cannot copy ", output, strerror(-status));
}

int program_copy_make_executable(ProgramCopy *copy)
{
    return chmod(copy->ir, 0700) == 0 ? 0 : -errno;
}

void program_copy_remove(ProgramCopy *copy)
{
    if (copy->dir[0] == '\0')
        return;
    unlink(copy->ir);
    unlink(copy->program);
    rmdir(copy->cache);
    rmdir(copy->dir);
    copy->dir[0] = '\0';
    held_signals_end(&copy->held); /* if one came, this was all */
}

/* ---- running ------------------------------------------------------------------------------- */

/* Starts it and waits. With `last`, the copy is removed once the program has started; signals that
 * arrived meanwhile are passed on or take effect. */
static int run_and_wait(char *path, char **arguments, ProgramCopy *copy, bool last,
                        ByteBuffer *error)
{
    ChildProcess child;
    HeldSignals *held = copy->dir[0] != '\0' ? &copy->held : NULL;
    int status = child_start(&child, path, arguments, held);
    if (last) {
        program_copy_remove(copy);
        held = NULL;
    }
    int result = status == 0 || child.id > 0 ? child_wait(&child, held, error) : CANNOT_START;
    if (status != 0)
        return fail(error, "cannot run ", path, strerror(-status));
    return result;
}

static int compile(const LlvmTool *clang, ProgramCopy *copy, ByteBuffer *error)
{
    char *arguments[] = {(char *)clang->path,
                         "-O0",
                         "-Wno-override-module",
                         "-x",
                         "ir",
                         copy->ir,
                         "-o",
                         copy->program,
                         "-lm",
                         NULL};
    int status = run_and_wait(arguments[0], arguments, copy, false, error);
    if (status <= 0)
        return status;
    error->size = 0;
    fail(error, clang->path, " cannot compile ", "");
    buffer_put(error, slice_from(copy->output));
    return CANNOT_START;
}

static void announce(const LlvmTool *tool)
{
    if (tool->starting != NULL)
        tool->starting(tool->context);
}

static int run_compiled(const LlvmTool *clang, ProgramCopy *copy, char *const arguments[],
                        ByteBuffer *error)
{
    int status = compile(clang, copy, error);
    if (status != 0 || held_signals_came(&copy->held))
        return status;
    announce(clang);
    char path[PROGRAM_PATH_SIZE]; /* the copy is removed while the path is in use */
    memcpy(path, copy->program, sizeof path);
    char **list = child_arguments(path, NULL, arguments);
    status = run_and_wait(path, list, copy, true, error);
    memory_free(list);
    return status;
}

/* Opens the copy for lli and removes it. Returns a descriptor, and the path to it; -1 if there is
 * no such path: then the copy stays, and its own path is used. */
static int open_for_heir(ProgramCopy *copy, char path[PROGRAM_PATH_SIZE])
{
    memcpy(path, copy->ir, PROGRAM_PATH_SIZE);
    int fd = open(copy->ir, O_RDONLY); /* not close-on-exec: it is for another program */
    if (fd < 0)
        return -1;
    char name[32];
    snprintf(name, sizeof name, "/dev/fd/%d", fd);
    if (access(name, R_OK) == 0) {
        strcpy(path, name);
        program_copy_remove(copy);
        return fd;
    }
    close(fd);
    return -1;
}

static int run_interpreted(const LlvmTool *lli, ProgramCopy *copy, char *const arguments[],
                           ByteBuffer *error)
{
    char path[PROGRAM_PATH_SIZE];
    int fd = open_for_heir(copy, path);
    announce(lli);
    char **list = child_arguments((char *)lli->path, path, arguments);
    int status = run_and_wait(list[0], list, copy, false, error);
    memory_free(list);
    if (fd >= 0)
        close(fd);
    return status;
}

int program_run(const LlvmTool *tool, ProgramCopy *copy, char *const arguments[],
                ByteBuffer *error)
{
    int status = tool->is_clang ? run_compiled(tool, copy, arguments, error)
                                : run_interpreted(tool, copy, arguments, error);
    program_copy_remove(copy);
    return status;
}
