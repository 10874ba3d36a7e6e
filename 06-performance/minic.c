/* SPDX-License-Identifier: MIT */
/*
 * minic: the command line over the six stages. A command is one Session (session.h): the
 * arguments, the compiler, the workers, the build.
 */
#include "doctor_report.h"
#include "mini_compiler.h"
#include "output_verify.h"
#include "program_run.h"
#include "session.h"
#include "system_calls.h"

#include <stdlib.h>
#include <unistd.h>

#define MINIC_VERSION "1.0"

/* ---- building ------------------------------------------------------------------------------ */

static int open_compiler(Session *session)
{
    MiniSettings settings = {.target = getenv("MINIC_TARGET")};
    if (settings.target != NULL && settings.target[0] == '\0')
        settings.target = NULL;
    int error = mini_compiler_init(&session->compiler, &settings, &session->prelude);
    if (error == 0)
        return BUILD_OK;
    BuildFailure failure = {.what = "cannot identify this executable", .error = -error};
    return session_print_failure(BUILD_MACHINE_FAILED, &failure);
}

/* check: everything that would be built is checked, nothing is written but the caches. */
static BuildStatus check_only(Build *build)
{
    BuildStatus status = build_plan(build);
    return status == BUILD_OK ? build_emit(build) : status;
}

static BuildStatus plan_and_write(Session *session, PatchResult *patch)
{
    BuildStatus status = build_plan(session->build);
    return status == BUILD_OK ? output_write(session->build, session->line.output, patch) : status;
}

static BuildRequest make_request(Session *session)
{
    const CommandLine *line = &session->line;
    return (BuildRequest){
        .compiler = &session->compiler,
        .entry = line->entry,
        .cache_dir = line->cache_dir,
        .executor = &session->pool.executor,
        .observer = line->verbosity > 0 || session->on_terminal ? &session->observer : NULL,
        .force = line->force,
        .paranoid = line->paranoid,
        .sync = line->sync,
        .limit_bytes = line->limit_bytes,
        .waiting = session_on_waiting,
        .waiting_context = session,
    };
}

/* Runs the build and tells what there is to tell. */
static BuildStatus build_session(Session *session)
{
    const CommandLine *line = &session->line;
    bool writes = line->command != COMMAND_CHECK;
    BuildRequest request = make_request(session);
    PatchResult patch = {0};
    BuildStatus status = build_open(&session->build, &request);
    if (status == BUILD_OK)
        status = writes ? plan_and_write(session, &patch) : check_only(session->build);
    session_tell_problems(session, status);
    if (status > BUILD_PROGRAM_WRONG)
        return status;

    BuildStats stats = build_stats_of(session->build, writes && status == BUILD_OK ? &patch : NULL);
    stats.status = status;
    stats.total_seconds = session_now() - session->begun;
    session_print_stats(session, &stats);
    if (status == BUILD_OK && line->command == COMMAND_BUILD && !line->quiet)
        session_print_summary(session, &stats);
    return status;
}

/* ---- verifying ------------------------------------------------------------------------------ */

/* The decisions of a build that uses nothing are the same for every file: they are not told. */
static BuildStatus verify_session(Session *session)
{
    Verification verification = {.differs = session_on_difference, .context = session};
    BuildRequest request = make_request(session);
    request.in_memory = true;
    request.observer = NULL;
    BuildStatus status = build_open(&session->build, &request);
    if (status == BUILD_OK)
        status = build_verify(session->build, &verification);
    if (status == BUILD_OK)
        status = output_verify(session->build, session->line.output, &verification);
    session_tell_problems(session, status);
    if (status != BUILD_OK)
        return status;
    session_print_verification(session, &verification);
    return verification.differences == 0 ? BUILD_OK : BUILD_PROGRAM_WRONG;
}

/* ---- commands ------------------------------------------------------------------------------- */

static int build_command(Session *session)
{
    int status = open_compiler(session);
    if (status != BUILD_OK)
        return status;
    work_pool_init(&session->pool, session->line.workers);
    status = (int)(session->line.command == COMMAND_VERIFY ? verify_session(session)
                                                           : build_session(session));
    build_close(session->build);
    work_pool_free(&session->pool);
    buffer_free(&session->prelude);
    return status;
}

/* The build is over and its lock released when the program starts. */
static int run_command(Session *session)
{
    int status = build_command(session);
    if (status != BUILD_OK)
        return status;
    LlvmTool tool;
    ByteBuffer error = {0};
    status = -1;
    fflush(NULL);
    if (llvm_tool_find(&tool, &error))
        status = program_run(&tool, session->line.output, session->line.program_arguments, &error);
    if (error.size != 0)
        status = session_complain(status < 0 ? BUILD_MACHINE_FAILED : status, &error);
    buffer_free(&error);
    return status;
}

static int clean_command(const CommandLine *line)
{
    BuildFailure failure = {0};
    BuildStatus status = build_clean(line->cache_dir, line->entry, &failure);
    return status == BUILD_OK ? BUILD_OK : session_print_failure(status, &failure);
}

static int open_directory(const char *path)
{
    int fd = open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
    return fd < 0 ? -errno : fd;
}

/* Where there is no cache yet, the directory that it would be made in is probed. */
static int probe(const CommandLine *line, FileSystemFacts *facts)
{
    int project_fd = open_directory(line->entry);
    if (project_fd < 0)
        return project_fd;
    int cache_fd = open_directory(line->cache_dir);
    int status = cache_fd;
    if (cache_fd >= 0 || cache_fd == -ENOENT)
        status = file_system_probe(facts, cache_fd >= 0 ? cache_fd : project_fd, project_fd);
    if (cache_fd >= 0)
        close(cache_fd);
    close(project_fd);
    return status;
}

static int doctor_command(Session *session)
{
    const CommandLine *line = &session->line;
    FileSystemFacts facts;
    int error = probe(line, &facts);
    if (error != 0) {
        BuildFailure failure = {.what = "cannot try the file system", .error = -error};
        snprintf(failure.path, sizeof failure.path, "%s", line->entry);
        return session_print_failure(BUILD_MACHINE_FAILED, &failure);
    }
    if (line->json)
        doctor_report_json(&facts, &session->text);
    else
        doctor_report_text(&facts, &session->text);
    session_print_text(&session->text, stdout);
    return file_system_defect(&facts, 0) == NULL ? BUILD_OK : BUILD_PROGRAM_WRONG;
}

/* ---- the command line ------------------------------------------------------------------------ */

static int run_session(Session *session)
{
    switch (session->line.command) {
    case COMMAND_BUILD:
    case COMMAND_CHECK:
    case COMMAND_VERIFY: return build_command(session);
    case COMMAND_RUN: return run_command(session);
    case COMMAND_CLEAN: return clean_command(&session->line);
    case COMMAND_DOCTOR: return doctor_command(session);
    case COMMAND_HELP: fputs(command_line_usage, stdout); return BUILD_OK;
    case COMMAND_VERSION: puts("minic " MINIC_VERSION); return BUILD_OK;
    }
    return BUILD_MISUSED;
}

static void apply_environment(CommandLine *line)
{
    const char *verbose = getenv("MINIC_VERBOSE");
    int level = verbose == NULL ? 0 : atoi(verbose);
    if (level > line->verbosity)
        line->verbosity = level > 2 ? 2 : level;
}

int main(int argc, char **argv)
{
    Session session = {.begun = session_now()};
    ByteBuffer error = {0};
    int status;
    if (command_line_parse(&session.line, argc, argv, &error)) {
        apply_environment(&session.line);
        session.on_terminal = !session.line.quiet && isatty(STDERR_FILENO);
        session.observer = (Observer){session_on_decision, &session};
        status = run_session(&session);
    } else {
        buffer_put(&error, slice_from("; see minic --help"));
        status = session_complain(BUILD_MISUSED, &error);
    }
    buffer_free(&error);
    buffer_free(&session.text);
    command_line_free(&session.line);
    if ((fflush(stdout) != 0 || ferror(stdout)) && status == BUILD_OK) {
        perror("minic: stdout");
        status = BUILD_MACHINE_FAILED;
    }
    return status;
}
