/* SPDX-License-Identifier: MIT */
#include "invocation.h"

#include "decision_log.h"
#include "shown_text.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

double invocation_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void invocation_print_text(ByteBuffer *text, FILE *stream)
{
    if (text->size != 0)
        fwrite(text->data, 1, text->size, stream);
    text->size = 0;
}

/* A name that somebody else chose. */
void invocation_print_shown(const char *name, FILE *stream)
{
    ByteBuffer text = {0};
    shown_text_put(&text, slice_from(name));
    invocation_print_text(&text, stream);
    buffer_free(&text);
}

void invocation_on_decision(void *context, Decision decision, Slice subject)
{
    Invocation *invocation = context;
    if (decision_level(decision) > invocation->line.verbosity)
        return;
    progress_hold(&invocation->progress);
    decision_format(decision, subject, &invocation->text);
    invocation_print_text(&invocation->text, stderr);
    progress_release(&invocation->progress);
}

void invocation_on_phase(void *context, BuildPhase phase)
{
    static const struct {
        const char *name;
        bool has_items;
    } phases[BUILD_PHASES] = {
        [BUILD_OPENS] = {"opening the cache", false},
        [BUILD_DISCOVERS] = {"finding files", true},
        [BUILD_LOWERS] = {"lowering files", true},
        [BUILD_COMPUTES_KEYS] = {"computing keys", true},
        [BUILD_LOOKS] = {"looking at the output", false},
        [BUILD_EMITS] = {"compiling files", true},
        [BUILD_SAVES] = {"saving the cache", false},
        [BUILD_WRITES] = {"writing the output", false},
        [BUILD_COMMITS] = {"committing", false},
        [BUILD_COMPARES] = {"comparing", true},
    };
    Invocation *invocation = context;
    progress_phase(&invocation->progress, phases[phase].name, phases[phase].has_items);
    if (invocation->trace != NULL)
        build_trace_phase(invocation->trace, phases[phase].name);
}

void invocation_on_waiting(void *context)
{
    Invocation *invocation = context;
    if (invocation->line.quiet)
        return;
    progress_phase(&invocation->progress, "waiting for another build", false);
    progress_hold(&invocation->progress);
    fputs("minic: waiting for another build that uses ", stderr);
    invocation_print_shown(invocation->line.cache_dir, stderr);
    fputc('\n', stderr);
    progress_release(&invocation->progress);
}

int invocation_complain(int status, const ByteBuffer *error)
{
    ByteBuffer text = {0};
    buffer_put(&text, slice_from("minic: "));
    shown_text_put(&text, buffer_slice(error));
    buffer_put_byte(&text, '\n');
    invocation_print_text(&text, stderr);
    buffer_free(&text);
    return status;
}

/* "minic: MINIC_TARGET='a b': what is wrong with it"; the value is cut to fit a line. */
int invocation_refuse_variable(const char *name, const char *value, const char *why)
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

int invocation_refuse_file(const char *path, const char *kind, int error)
{
    ByteBuffer text = {0};
    if (error == -EEXIST)
        buffer_put_format(&text, "%s: is not %s, or is a link; it stays as it is", path, kind);
    else
        buffer_put_format(&text, "%s: cannot write: %s", path, strerror(-error));
    int status = invocation_complain(BUILD_MACHINE_FAILED, &text);
    buffer_free(&text);
    return status;
}

int invocation_print_failure(BuildStatus status, const BuildFailure *failure)
{
    fputs("minic: ", stderr);
    invocation_print_shown(failure->path, stderr);
    fprintf(stderr, "%s%s", failure->path[0] == '\0' ? "" : ": ",
            failure->what == NULL ? "failed" : failure->what);
    if (failure->error != 0)
        fprintf(stderr, ": %s", strerror(failure->error));
    fputc('\n', stderr);
    /* The cache directory is refused for another reason than its contents. */
    if ((failure->error == EPERM || failure->error == ELOOP) && failure->what != NULL &&
        strstr(failure->what, "cache directory") != NULL)
        fprintf(stderr, "minic: another one is named with --cache-dir%s\n",
                strstr(failure->what, "another user") == NULL
                    ? ""
                    : "; one that you trust is used with --trust-cache, by build, check, run, cache, verify, plan, graph and digest");
    return (int)status;
}

Slice invocation_shown_path(const Invocation *invocation, Slice path, Arena *arena)
{
    const char *entry = invocation->line.entry;
    const char *slash = strrchr(entry, '/');
    if (slash == NULL)
        return path;
    size_t dir_size = (size_t)(slash + 1 - entry);
    char *shown = arena_allocate(arena, dir_size + path.size);
    memcpy(shown, entry, dir_size);
    memcpy(shown + dir_size, path.data, path.size);
    return slice_of(shown, dir_size + path.size);
}

/* Once, to explain the absent source lines. */
static void report_root(Invocation *invocation)
{
    const CommandLine *line = &invocation->line;
    ByteBuffer *text = &invocation->text;
    if (line->quiet)
        return;
    buffer_put(text, slice_from("minic: files outside of "));
    if (line->root != NULL)
        shown_text_put(text, slice_from(line->root));
    else
        buffer_put(text, slice_from("the entry's directory"));
    buffer_put(text, slice_from(" are not quoted; --root DIR names another\n"));
}

/* The diagnostics of one file as they are shown: under the names that the user knows, and those of
 * other files, to which notes point, may be outside too. Quiet is without warnings. */
static size_t choose_shown(const Invocation *invocation, const Diagnostic *items, size_t count,
                           Arena *arena, Diagnostic *shown)
{
    Slice ignored, path = invocation_shown_path(invocation, items->path, arena);
    bool is_chosen = true;
    size_t chosen = 0;
    for (size_t i = 0; i < count; i++) {
        if (items[i].severity != SEVERITY_NOTE)
            is_chosen = items[i].severity == SEVERITY_ERROR || !invocation->line.quiet;
        if (!is_chosen)
            continue;
        Diagnostic *next = &shown[chosen++];
        *next = items[i];
        next->path = path;
        if (slice_equal(items[i].path, items->path))
            continue;
        next->path = invocation_shown_path(invocation, items[i].path, arena);
        if (!build_source(invocation->build, items[i].path, arena, &ignored))
            next->message = items[i].kind;
    }
    return chosen;
}

/* True, unless the file must not be quoted. */
static bool print_file(Invocation *invocation, const Diagnostic *items, size_t count)
{
    Slice source;
    Arena arena = {0};
    Diagnostic *shown = arena_allocate(&arena, count * sizeof *shown);
    bool is_inside = true;
    count = choose_shown(invocation, items, count, &arena, shown);
    if (count != 0)
        is_inside = build_source(invocation->build, items->path, &arena, &source);
    if (count != 0 && is_inside)
        diagnostics_format_file(shown, count, shown->path, source, &invocation->text);
    else if (count != 0)
        diagnostics_format_kinds(shown, count, shown->path, &invocation->text);
    arena_free(&arena);
    return is_inside;
}

static void print_diagnostics(Invocation *invocation)
{
    const Diagnostics *diagnostics = build_diagnostics(invocation->build);
    bool all_inside = true;
    for (size_t first = 0, end; first < diagnostics->count; first = end) {
        end = diagnostics_file_end(diagnostics, first);
        all_inside &= print_file(invocation, &diagnostics->items[first], end - first);
    }
    if (!all_inside)
        report_root(invocation);
    invocation_print_text(&invocation->text, stderr);
}

void invocation_print_summary(const Invocation *invocation, const BuildStats *stats)
{
    double milliseconds = stats->total_seconds * 1e3;
    invocation_print_shown(invocation->line.output, stderr);
    if (stats->patch.strategy == PATCH_UP_TO_DATE)
        fprintf(stderr, ": up to date, %.1f ms\n", milliseconds);
    else
        fprintf(stderr, ": %s, %llu of %llu functions emitted, %.1f ms\n",
                patch_strategy_name(stats->patch.strategy),
                (unsigned long long)stats->counts.functions_emitted,
                (unsigned long long)stats->counts.functions_total, milliseconds);
}

void invocation_print_stats(Invocation *invocation, const BuildStats *stats)
{
    const CommandLine *line = &invocation->line;
    if (line->stats == STATS_JSON)
        build_stats_json(stats, &invocation->text);
    else if (line->stats == STATS_TABLE)
        build_stats_table(stats, &invocation->text);
    bool is_taken = line->command == COMMAND_RUN || invocation->stream == STDOUT_FILENO;
    invocation_print_text(&invocation->text, is_taken ? stderr : stdout);
}

static void begin_warning(const char *name)
{
    fputs("minic: warning: ", stderr);
    invocation_print_shown(name, stderr);
}

/* Such a build is right, but slow: each one reads again what the last one read. */
static void warn_of_lost_clock(const Invocation *invocation)
{
    int error = build_warnings(invocation->build).clock_error;
    if (error == 0 || invocation->line.quiet)
        return;
    begin_warning(invocation->line.cache_dir);
    fprintf(stderr,
            ": cannot ask the file system for the time: %s; what was read is read again next time\n",
            strerror(-error));
}

/* A cache that came with the sources may hold code that they do not. */
static void report_origin(const Invocation *invocation)
{
    static const char *const became[] = {
        [CACHE_SET_ASIDE] = "renamed to",
        [CACHE_EMPTIED] = "emptied",
        [CACHE_PASSED_BY] = "not used",
    };
    CacheOrigin origin = build_warnings(invocation->build).cache_origin;
    if (origin == CACHE_OWN || invocation->line.quiet)
        return;
    begin_warning(invocation->line.cache_dir);
    fprintf(stderr, ": this cache was made elsewhere: %s", became[origin]);
    if (origin == CACHE_SET_ASIDE) {
        fputc(' ', stderr);
        invocation_print_shown(invocation->line.cache_dir, stderr);
        fputs(CACHE_ASIDE_SUFFIX, stderr);
    }
    fputs(" (--trust-cache uses one that you trust)\n", stderr);
}

static void report_lost_key(const Invocation *invocation)
{
    if (invocation->key_error == 0 || invocation->line.quiet)
        return;
    begin_warning(invocation->key_path.data);
    fprintf(stderr,
            ": cannot keep the key that tells your caches from those of others: %s; set "
            "XDG_STATE_HOME, or MINIC_TRUST_CACHE=1\n",
            strerror(-invocation->key_error));
}

void invocation_report_problems(Invocation *invocation, BuildStatus status)
{
    progress_end(&invocation->progress);
    if (!invocation->line.trust_cache)
        report_lost_key(invocation);
    report_origin(invocation);
    if (status <= BUILD_PROGRAM_WRONG) /* one that is right may have warnings */
        print_diagnostics(invocation);
    if (build_failure(invocation->build)->what != NULL)
        invocation_print_failure(status, build_failure(invocation->build));
    else
        warn_of_lost_clock(invocation);
    if (invocation->line.quiet)
        return;
    /* Such a build is right too. */
    if (build_warnings(invocation->build).has_no_flock) {
        begin_warning(invocation->line.cache_dir);
        fputs(": there is no flock on its file system; a file, lock.0, keeps other builds away\n",
              stderr);
    }
    /* Once per cache. A change that such a build misses, no later one will notice. */
    if (build_warnings(invocation->build).lacks_ctime) {
        begin_warning(invocation->line.entry);
        fputs(": its file system keeps no ctime: an edit whose mtime is set back is not noticed; "
              "--paranoid reads every file\n",
              stderr);
    }
}
