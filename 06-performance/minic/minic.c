/* SPDX-License-Identifier: MIT */
/*
 * minic: the command line over the six stages. A call is one Invocation (invocation.h): the
 * arguments, the compiler, the workers, the build.
 */
#include "cache_mark.h"
#include "command_help.h"
#include "doctor_report.h"
#include "mini_compiler.h"
#include "output_file.h"
#include "output_verify.h"
#include "program_begin.h"
#include "program_run.h"
#include "program_version.h"
#include "invocation.h"
#include "system_calls.h"

#include <errno.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* ---- building ------------------------------------------------------------------------------ */

/* "minic: MINIC_TARGET='a b': what is wrong with it"; no more of the value than fits a line. */
static int refuse_variable(const char *name, const char *value, const char *why)
{
    enum { SHOWN_BYTES = 60 };
    ByteBuffer error = {0};
    size_t size = strlen(value);
    buffer_put(&error, slice_from(name));
    buffer_put(&error, slice_from("='"));
    buffer_put(&error, slice_of(value, size < SHOWN_BYTES ? size : SHOWN_BYTES));
    buffer_put(&error, slice_from(size <= SHOWN_BYTES ? "': " : "...': "));
    buffer_put(&error, slice_from(why));
    int status = invocation_complain(BUILD_MISUSED, &error);
    buffer_free(&error);
    return status;
}

static int open_compiler(Invocation *invocation)
{
    MiniSettings settings = {.target = getenv("MINIC_TARGET")};
    int error = mini_compiler_init(&invocation->compiler, &settings, &invocation->prelude);
    if (error == 0)
        return BUILD_OK;
    if (error == -EINVAL)
        return refuse_variable("MINIC_TARGET", settings.target,
                               "not a target triple such as x86_64-linux-gnu (unset: this machine)");
    BuildFailure failure = {.what = "cannot identify this executable", .error = -error};
    return invocation_print_failure(BUILD_MACHINE_FAILED, &failure);
}

/* check: everything that would be built is checked, nothing is written but the caches. */
static BuildStatus check_only(Build *build)
{
    BuildStatus status = build_plan(build);
    return status == BUILD_OK ? build_emit(build) : status;
}

static BuildStatus plan_and_write(Invocation *invocation, PatchResult *patch)
{
    BuildStatus status = build_plan(invocation->build);
    return status == BUILD_OK ? output_write(invocation->build, invocation->line.output, patch)
                              : status;
}

static BuildRequest make_request(Invocation *invocation)
{
    const CommandLine *line = &invocation->line;
    return (BuildRequest){
        .compiler = &invocation->compiler,
        .entry = line->entry,
        .cache_dir = line->cache_dir,
        .root = line->root,
        .executor = &invocation->pool.executor,
        .observer = line->verbosity > 0 ? &invocation->observer : NULL,
        .force = line->force,
        .paranoid = line->paranoid,
        .sync = line->sync,
        .limit_bytes = line->limit_bytes,
        .maker = &invocation->key,
        .trust_cache = line->trust_cache,
        .waiting = invocation_on_waiting,
        .waiting_context = invocation,
        .phase = invocation_on_phase,
        .phase_context = invocation,
    };
}

/* Runs the build and tells what there is to tell. */
static BuildStatus build_invocation(Invocation *invocation)
{
    const CommandLine *line = &invocation->line;
    bool writes = line->command != COMMAND_CHECK;
    BuildRequest request = make_request(invocation);
    PatchResult patch = {0};
    BuildStatus status = build_open(&invocation->build, &request);
    if (status == BUILD_OK)
        status = writes ? plan_and_write(invocation, &patch) : check_only(invocation->build);
    invocation_tell_problems(invocation, status);
    if (status > BUILD_PROGRAM_WRONG)
        return status;

    BuildStats stats =
        build_stats_of(invocation->build, writes && status == BUILD_OK ? &patch : NULL);
    stats.status = status;
    stats.total_seconds = invocation_now() - invocation->begun;
    invocation_print_stats(invocation, &stats);
    bool is_heard = !line->quiet && invocation->stream != STDERR_FILENO;
    if (status == BUILD_OK && line->command == COMMAND_BUILD && is_heard)
        invocation_print_summary(invocation, &stats);
    return status;
}

/* ---- verifying ------------------------------------------------------------------------------ */

/* The decisions of a build that uses nothing are the same for every file: they are not told. */
static BuildStatus verify_invocation(Invocation *invocation)
{
    Verification verification = {.differs = invocation_on_difference, .context = invocation};
    BuildRequest request = make_request(invocation);
    request.in_memory = true;
    request.observer = NULL;
    BuildStatus status = build_open(&invocation->build, &request);
    if (status == BUILD_OK)
        status = build_verify(invocation->build, &verification);
    if (status == BUILD_OK)
        status = output_verify(invocation->build, invocation->line.output, &verification);
    invocation_tell_problems(invocation, status);
    if (status != BUILD_OK)
        return status;
    invocation_print_verification(invocation, &verification);
    return verification.differences == 0 ? BUILD_OK : BUILD_PROGRAM_WRONG;
}

/* ---- commands ------------------------------------------------------------------------------- */

static int complain_of_output(const CommandLine *line, const char *needs)
{
    ByteBuffer error = {0};
    buffer_put(&error, slice_from(line->output));
    buffer_put(&error, slice_from(needs));
    int status = invocation_complain(BUILD_MISUSED, &error);
    buffer_free(&error);
    return status;
}

/* What goes to a descriptor, a FIFO or a device is gone: nobody can run or verify it. */
static int look_at_output(Invocation *invocation)
{
    const CommandLine *line = &invocation->line;
    OutputFile file;
    if (line->output == NULL || output_file_look(&file, line->output) != 0)
        return BUILD_OK; /* whatever is wrong with it, the build tells */
    bool is_stream = file.kind == OUTPUT_STREAM;
    /* It may have come with the sources. */
    if (file.kind == OUTPUT_SPECIAL && !line->output_is_named)
        return complain_of_output(line, ": is a FIFO or a device; -o names an output of your own");
    if (line->command == COMMAND_RUN && (is_stream || file.kind == OUTPUT_SPECIAL))
        return complain_of_output(line, ": run needs an output that is a file");
    if (line->command == COMMAND_VERIFY && is_stream)
        return complain_of_output(line, ": verify needs an output that is a file");
    if (is_stream) {
        invocation->stream = file.place.descriptor;
        invocation->on_terminal &= !isatty(invocation->stream);
    }
    return BUILD_OK;
}

/* While the build holds the lock. */
static int copy_program(Invocation *invocation)
{
    ByteBuffer error = {0};
    int status = program_copy_make(&invocation->program, invocation->line.output, &error);
    if (status != 0)
        status = invocation_complain(BUILD_MACHINE_FAILED, &error);
    buffer_free(&error);
    return status;
}

static int build_command(Invocation *invocation)
{
    int status = look_at_output(invocation);
    if (status == BUILD_OK)
        status = open_compiler(invocation);
    if (status != BUILD_OK)
        return status;
    invocation->key_error = user_key_load(&invocation->key, &invocation->key_path);
    work_pool_init(&invocation->pool, invocation->line.workers);
    if (invocation->on_terminal)
        progress_begin(&invocation->progress, &invocation->pool, invocation->begun);
    status = (int)(invocation->line.command == COMMAND_VERIFY ? verify_invocation(invocation)
                                                              : build_invocation(invocation));
    if (status == BUILD_OK && invocation->line.command == COMMAND_RUN)
        status = copy_program(invocation);
    build_close(invocation->build);
    work_pool_free(&invocation->pool);
    buffer_free(&invocation->prelude);
    buffer_free(&invocation->key_path);
    return status;
}

static void end_progress(void *context)
{
    progress_end(context);
}

/* clang may take longer than the build. */
static void show_compiling(Invocation *invocation, LlvmTool *tool)
{
    if (!invocation->on_terminal || !tool->is_clang)
        return;
    tool->starting = end_progress;
    tool->context = &invocation->progress;
    progress_begin(&invocation->progress, NULL, invocation->begun);
    progress_phase(&invocation->progress, "compiling with clang", false);
}

static int run_program(Invocation *invocation)
{
    LlvmTool tool;
    ByteBuffer error = {0};
    int status = -1;
    fflush(NULL);
    if (llvm_tool_find(&tool, &error)) {
        show_compiling(invocation, &tool);
        status = program_run(&tool, &invocation->program, invocation->line.program_arguments,
                             &error);
        progress_end(&invocation->progress);
    }
    if (error.size != 0)
        status = invocation_complain(status < 0 ? BUILD_MACHINE_FAILED : status, &error);
    buffer_free(&error);
    return status;
}

/* The build is over and its lock released when the program starts. */
static int run_command(Invocation *invocation)
{
    int status = build_command(invocation);
    if (status == BUILD_OK)
        status = run_program(invocation);
    program_copy_remove(&invocation->program);
    return status;
}

static int clean_command(const CommandLine *line)
{
    BuildFailure failure = {0};
    CleanCounts removed = {0};
    BuildStatus status = build_clean(line->cache_dir, line->entry, &removed, &failure);
    if (!line->quiet && (status == BUILD_OK || removed.files != 0))
        invocation_print_removed(line->cache_dir, &removed);
    return status == BUILD_OK ? BUILD_OK : invocation_print_failure(status, &failure);
}

static int open_directory(const char *path)
{
    int fd = open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
    return fd < 0 ? -errno : fd;
}

/* Where there is no cache yet, the directory that it would be made in is probed. */
static int probe(const CommandLine *line, FileSystemFacts *facts, const char **why)
{
    int project_fd = open_directory(line->entry);
    if (project_fd < 0)
        return project_fd;
    int cache_fd = cache_mark_open_directory(line->cache_dir, why);
    int status = cache_fd;
    if (cache_fd >= 0 || cache_fd == -ENOENT)
        status = file_system_probe(facts, cache_fd >= 0 ? cache_fd : project_fd, project_fd);
    if (cache_fd >= 0)
        close(cache_fd);
    close(project_fd);
    return status;
}

static int doctor_command(Invocation *invocation)
{
    const CommandLine *line = &invocation->line;
    FileSystemFacts facts;
    BuildFailure failure = {.what = "cannot try the file system"};
    const char *why = NULL;
    int error = probe(line, &facts, &why);
    if (error != 0) {
        const char *path = why == NULL ? line->entry : line->cache_dir;
        snprintf(failure.path, sizeof failure.path, "%s", path);
        failure.what = why == NULL ? failure.what : why;
        failure.error = -error;
        return invocation_print_failure(BUILD_MACHINE_FAILED, &failure);
    }
    if (line->json)
        doctor_report_json(&facts, &invocation->text);
    else
        doctor_report_text(&facts, &invocation->text);
    invocation_print_text(&invocation->text, stdout);
    return file_system_defect(&facts, 0) == NULL ? BUILD_OK : BUILD_PROGRAM_WRONG;
}

static int help_command(Invocation *invocation)
{
    const char *topic = invocation->line.topic;
    command_help(&invocation->text, topic == NULL ? NULL : command_rule_find(topic));
    invocation_print_text(&invocation->text, stdout);
    return BUILD_OK;
}

static int version_command(Invocation *invocation)
{
    program_version(&invocation->text);
    invocation_print_text(&invocation->text, stdout);
    return BUILD_OK;
}

/* ---- the command line ------------------------------------------------------------------------ */

static int run_invocation(Invocation *invocation)
{
    switch (invocation->line.command) {
    case COMMAND_BUILD:
    case COMMAND_CHECK:
    case COMMAND_VERIFY: return build_command(invocation);
    case COMMAND_RUN: return run_command(invocation);
    case COMMAND_CLEAN: return clean_command(&invocation->line);
    case COMMAND_DOCTOR: return doctor_command(invocation);
    case COMMAND_HELP: return help_command(invocation);
    case COMMAND_VERSION: return version_command(invocation);
    }
    return BUILD_MISUSED;
}

static int apply_environment(CommandLine *line)
{
    const char *verbose = getenv("MINIC_VERBOSE"), *trust = getenv("MINIC_TRUST_CACHE");
    if (trust != NULL && trust[0] != '\0' && strcmp(trust, "0") != 0 && strcmp(trust, "1") != 0)
        return refuse_variable("MINIC_TRUST_CACHE", trust, "not 0 or 1");
    line->trust_cache |= trust != NULL && trust[0] == '1';
    if (verbose == NULL)
        return BUILD_OK;
    if (verbose[0] < '0' || verbose[0] > '2' || verbose[1] != '\0')
        return refuse_variable("MINIC_VERBOSE", verbose, "not 0, 1 or 2");
    if (verbose[0] - '0' > line->verbosity)
        line->verbosity = verbose[0] - '0';
    return BUILD_OK;
}

/* The C library gives threads heaps of their own, of 64 MB of address space each. Under `ulimit -v`
 * they would have what the work needs. */
static void spare_address_space(void)
{
#ifdef __GLIBC__
    struct rlimit space;
    if (getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY)
        mallopt(M_ARENA_MAX, 1);
#endif
}

int main(int argc, char **argv)
{
    Invocation invocation = {.begun = invocation_now(), .stream = -1};
    ByteBuffer error = {0};
    int status;
    program_begin();
    spare_address_space();
    if (command_line_parse(&invocation.line, argc, argv, &error)) {
        status = apply_environment(&invocation.line);
        invocation.on_terminal = !invocation.line.quiet && progress_is_possible();
        invocation.observer = (Observer){invocation_on_decision, &invocation};
        if (status == BUILD_OK)
            status = run_invocation(&invocation);
    } else {
        buffer_put(&error, slice_from("; see minic --help"));
        status = invocation_complain(BUILD_MISUSED, &error);
    }
    buffer_free(&error);
    buffer_free(&invocation.text);
    command_line_free(&invocation.line);
    return program_end("minic", status);
}
