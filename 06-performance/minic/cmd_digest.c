/* SPDX-License-Identifier: MIT */
/* minic digest: a hash of the package and of each of its files. */
#include "build_session.h"
#include "commands.h"
#include "package_digest.h"

typedef struct Reading {
    const Invocation *invocation;
    FileDigest *files;
    int *errors; /* per file: 0 or a negative errno */
} Reading;

static void hash_file(void *arg, size_t index, unsigned worker)
{
    const Reading *reading = arg;
    const Build *build = reading->invocation->build;
    FileDigest *file = &reading->files[index];
    Arena arena = {.source = build_request(build)->executor->chunks};
    Slice bytes;
    FileStamp stamp;
    (void)worker;
    file->path = file_hash_cache_path(build_files(build), (uint32_t)index);
    int status = file_read(build_project_fd(build), file->path.data, &arena, &bytes, &stamp);
    if (status == 0)
        file->hash = hash_bytes(bytes);
    reading->errors[index] = status;
    arena_free(&arena);
}

static BuildStatus report_unreadable(const Reading *reading, size_t file)
{
    Arena arena = {0};
    BuildFailure failure = {.what = "cannot read", .error = -reading->errors[file]};
    Slice shown =
        invocation_shown_path(reading->invocation, reading->files[file].path, &arena);
    snprintf(failure.path, sizeof failure.path, "%.*s", (int)shown.size, shown.data);
    arena_free(&arena);
    return (BuildStatus)invocation_print_failure(BUILD_MACHINE_FAILED, &failure);
}

static BuildStatus print_digest(Invocation *invocation)
{
    size_t count = build_files(invocation->build)->count, failed = 0;
    Reading reading = {invocation, memory_allocate_zeroed(count + 1, sizeof *reading.files),
                       memory_allocate_zeroed(count + 1, sizeof *reading.errors)};
    BuildStatus status = BUILD_OK;
    executor_run(&invocation->pool.executor, count, hash_file, &reading);
    while (failed < count && reading.errors[failed] == 0)
        failed++;
    if (failed < count) {
        status = report_unreadable(&reading, failed);
    } else {
        package_digest_put(&invocation->text, reading.files, count);
        invocation_print_text(&invocation->text, stdout);
    }
    memory_free(reading.files);
    memory_free(reading.errors);
    return status;
}

/* A package in which an import leads nowhere has no digest. */
static int digest(Invocation *invocation)
{
    BuildStatus status = build_session_discover(invocation);
    invocation_report_problems(invocation, status);
    return (int)(status == BUILD_OK ? print_digest(invocation) : status);
}

int cmd_digest(Invocation *invocation)
{
    return build_session(invocation, digest);
}
