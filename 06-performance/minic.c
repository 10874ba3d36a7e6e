/* SPDX-License-Identifier: MIT */
/*
 * minic: the command line over the six stages. Here things are printed, and nowhere below.
 *
 * A command is one Session: the arguments, the compiler, the workers, the build. Errors of the
 * program and of the machine go to stderr; stdout is for what was asked for (--stats, --help, the
 * findings of verify and doctor).
 */
#include "build_stats.h"
#include "command_line.h"
#include "decision_log.h"
#include "doctor_report.h"
#include "mini_compiler.h"
#include "output_verify.h"
#include "program_run.h"
#include "system_calls.h"
#include "work_pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define MINIC_VERSION "1.0"

typedef struct Session {
    CommandLine line;
    double begun;     /* when the command started, in seconds of the monotonic clock */
    bool on_terminal; /* progress may be shown */
    Compiler compiler;
    ByteBuffer prelude; /* owned for the compiler */
    WorkPool pool;
    Observer observer;
    ByteBuffer text;      /* scratch for one line */
    double progress_seen; /* when the progress line was last drawn; 0: never */
    uint64_t decisions;
    Build *build;
} Session;

static double now_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- talking ------------------------------------------------------------------------------- */

static void print_text(ByteBuffer *text, FILE *stream)
{
    if (text->size != 0)
        fwrite(text->data, 1, text->size, stream);
    text->size = 0;
}

/* What somebody else named. */
static void print_shown(const char *name, FILE *stream)
{
    ByteBuffer text = {0};
    diagnostics_put_shown(&text, slice_from(name));
    print_text(&text, stream);
    buffer_free(&text);
}

static void clear_progress(Session *session)
{
    if (session->progress_seen != 0)
        fputs("\r\033[K", stderr);
    session->progress_seen = 0;
}

/* Only a build that takes a while shows progress, ten times a second at most. */
static void show_progress(Session *session)
{
    double now = now_seconds();
    if (now - session->begun < 0.3 || now - session->progress_seen < 0.1)
        return;
    session->progress_seen = now;
    fprintf(stderr, "\r\033[K%llu decisions, %.1f s", (unsigned long long)session->decisions,
            now - session->begun);
}

static void on_decision(void *context, Decision decision, Slice subject)
{
    enum { DECISIONS_PER_LOOK = 256 }; /* the clock is not asked for each */
    Session *session = context;
    session->decisions++;
    if (decision_level(decision) <= session->line.verbosity) {
        decision_format(decision, subject, &session->text);
        print_text(&session->text, stderr);
    } else if (session->on_terminal && session->decisions % DECISIONS_PER_LOOK == 0) {
        show_progress(session);
    }
}

static void on_waiting(void *context)
{
    Session *session = context;
    if (session->line.quiet)
        return;
    fputs("minic: waiting for another build that uses ", stderr);
    print_shown(session->line.cache_dir, stderr);
    fputc('\n', stderr);
}

static int complain(int status, const ByteBuffer *error)
{
    ByteBuffer text = {0};
    buffer_put(&text, slice_from("minic: "));
    diagnostics_put_shown(&text, buffer_slice(error));
    buffer_put_byte(&text, '\n');
    print_text(&text, stderr);
    buffer_free(&text);
    return status;
}

static int print_failure(BuildStatus status, const BuildFailure *failure)
{
    fputs("minic: ", stderr);
    print_shown(failure->path, stderr);
    fprintf(stderr, "%s%s", failure->path[0] == '\0' ? "" : ": ",
            failure->what == NULL ? "failed" : failure->what);
    if (failure->error != 0)
        fprintf(stderr, ": %s", strerror(failure->error));
    fputc('\n', stderr);
    return (int)status;
}

/* Paths of a build are relative to the entry's directory; people and editors want them from
 * the working directory. */
static Slice shown_path(const char *entry, Slice path, Arena *arena)
{
    const char *slash = strrchr(entry, '/');
    if (slash == NULL)
        return path;
    size_t dir_size = (size_t)(slash + 1 - entry);
    char *shown = arena_allocate(arena, dir_size + path.size);
    memcpy(shown, entry, dir_size);
    memcpy(shown + dir_size, path.data, path.size);
    return slice_of(shown, dir_size + path.size);
}

static void print_diagnostics(Session *session)
{
    const Diagnostics *diagnostics = build_diagnostics(session->build);
    Arena arena = {0};
    Slice path = {0}, shown = {0}, source = {0};
    for (size_t i = 0; i < diagnostics->count; i++) {
        Diagnostic diagnostic = diagnostics->items[i];
        if (i == 0 || !slice_equal(path, diagnostic.path)) {
            path = diagnostic.path;
            shown = shown_path(session->line.entry, path, &arena);
            source = build_source(session->build, path, &arena);
        }
        diagnostic.path = shown;
        diagnostic_format(&diagnostic, source, &session->text);
    }
    print_text(&session->text, stderr);
    arena_free(&arena);
}

static void print_summary(const Session *session, const BuildStats *stats)
{
    double milliseconds = stats->total_seconds * 1e3;
    print_shown(session->line.output, stderr);
    if (stats->patch.strategy == PATCH_UP_TO_DATE)
        fprintf(stderr, ": up to date, %.1f ms\n", milliseconds);
    else
        fprintf(stderr, ": %s, %llu of %llu functions emitted, %.1f ms\n",
                patch_strategy_name(stats->patch.strategy),
                (unsigned long long)stats->counts.functions_emitted,
                (unsigned long long)stats->counts.functions_total, milliseconds);
}

static void print_stats(Session *session, const BuildStats *stats)
{
    const CommandLine *line = &session->line;
    if (line->stats == STATS_JSON)
        build_stats_json(stats, &session->text);
    else if (line->stats == STATS_TABLE)
        build_stats_table(stats, &session->text);
    print_text(&session->text, line->command == COMMAND_RUN ? stderr : stdout);
}

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
    return print_failure(BUILD_MACHINE_FAILED, &failure);
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
        .waiting = on_waiting,
        .waiting_context = session,
    };
}

static void tell_problems(Session *session, BuildStatus status)
{
    clear_progress(session);
    if (status == BUILD_PROGRAM_WRONG)
        print_diagnostics(session);
    if (build_failure(session->build)->what != NULL)
        print_failure(status, build_failure(session->build));
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
    tell_problems(session, status);
    if (status > BUILD_PROGRAM_WRONG)
        return status;

    BuildStats stats = build_stats_of(session->build, writes && status == BUILD_OK ? &patch : NULL);
    stats.status = status;
    stats.total_seconds = now_seconds() - session->begun;
    print_stats(session, &stats);
    if (status == BUILD_OK && line->command == COMMAND_BUILD && !line->quiet)
        print_summary(session, &stats);
    return status;
}

/* ---- verifying ------------------------------------------------------------------------------ */

/* One line for each difference, whatever a file is called. */
static void on_difference(void *context, Slice subject, const char *what)
{
    Session *session = context;
    clear_progress(session);
    diagnostics_put_shown(&session->text, subject);
    print_text(&session->text, stdout);
    printf(": %s\n", what);
}

static void print_verification(const Session *session, const Verification *verification)
{
    const CommandLine *line = &session->line;
    bool differs = verification->differences != 0;
    if (differs ? line->quiet : line->verbosity == 0)
        return;
    fputs(differs ? "minic: " : "", stderr);
    print_shown(line->entry, stderr);
    if (differs)
        fprintf(stderr, ": differences: %llu\n", (unsigned long long)verification->differences);
    else
        fprintf(stderr,
                ": no difference in %llu files, %llu units, %llu objects, %llu sections: "
                "%.1f MB, %.1f ms\n",
                (unsigned long long)verification->files, (unsigned long long)verification->units,
                (unsigned long long)verification->objects,
                (unsigned long long)verification->sections, (double)verification->bytes / 1e6,
                (now_seconds() - session->begun) * 1e3);
}

/* The decisions of a build that uses nothing are the same for every file: they are not told. */
static BuildStatus verify_session(Session *session)
{
    Verification verification = {.differs = on_difference, .context = session};
    BuildRequest request = make_request(session);
    request.in_memory = true;
    request.observer = NULL;
    BuildStatus status = build_open(&session->build, &request);
    if (status == BUILD_OK)
        status = build_verify(session->build, &verification);
    if (status == BUILD_OK)
        status = output_verify(session->build, session->line.output, &verification);
    tell_problems(session, status);
    if (status != BUILD_OK)
        return status;
    print_verification(session, &verification);
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
        status = complain(status < 0 ? BUILD_MACHINE_FAILED : status, &error);
    buffer_free(&error);
    return status;
}

static int clean_command(const CommandLine *line)
{
    BuildFailure failure = {0};
    BuildStatus status = build_clean(line->cache_dir, line->entry, &failure);
    return status == BUILD_OK ? BUILD_OK : print_failure(status, &failure);
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
        return print_failure(BUILD_MACHINE_FAILED, &failure);
    }
    if (line->json)
        doctor_report_json(&facts, &session->text);
    else
        doctor_report_text(&facts, &session->text);
    print_text(&session->text, stdout);
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
    Session session = {.begun = now_seconds()};
    ByteBuffer error = {0};
    int status;
    if (command_line_parse(&session.line, argc, argv, &error)) {
        apply_environment(&session.line);
        session.on_terminal = !session.line.quiet && isatty(STDERR_FILENO);
        session.observer = (Observer){on_decision, &session};
        status = run_session(&session);
    } else {
        buffer_put(&error, slice_from("; see minic --help"));
        status = complain(BUILD_MISUSED, &error);
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
