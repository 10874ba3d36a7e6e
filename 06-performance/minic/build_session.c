/* SPDX-License-Identifier: MIT */
#include "build_session.h"

#include "mini_compiler.h"
#include "mini_native.h"
#include "output_file.h"
#include "own_file.h"
#include "source_path.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- the output ----------------------------------------------------------------------------- */

static int refuse_output(const CommandLine *line, const char *why)
{
    ByteBuffer error = {0};
    buffer_put(&error, slice_from(line->output));
    buffer_put(&error, slice_from(why));
    int status = invocation_complain(BUILD_MISUSED, &error);
    buffer_free(&error);
    return status;
}

int build_session_look_at_output(Invocation *invocation, const char *stream_refusal,
                                 const char *special_refusal)
{
    const CommandLine *line = &invocation->line;
    OutputFile file;
    if (line->output == NULL || output_file_look(&file, line->output) != 0)
        return BUILD_OK; /* if something is wrong with it, the build reports that */
    /* It may have come with the sources. */
    if (file.kind == OUTPUT_SPECIAL && !line->output_is_named)
        return refuse_output(line, ": is a FIFO or a device; -o names an output of your own");
    if (file.kind == OUTPUT_SPECIAL && special_refusal != NULL)
        return refuse_output(line, special_refusal);
    if (file.kind != OUTPUT_STREAM)
        return BUILD_OK;
    if (stream_refusal != NULL)
        return refuse_output(line, stream_refusal);
    invocation->stream = file.place.descriptor;
    invocation->on_terminal &= !isatty(invocation->stream);
    return BUILD_OK;
}

/* ---- the session ---------------------------------------------------------------------------- */

/* The names of dynamic linker and libraries stand in the program. */
static void add_image_settings(Compiler *compiler, const ImageSettings *settings)
{
    ByteBuffer key = {0};
    key_put_hash(&key, compiler->settings);
    key_put_slice(&key, slice_from(settings->interpreter));
    for (uint32_t i = 0; i < settings->library_count; i++)
        key_put_slice(&key, slice_from(settings->libraries[i]));
    compiler->settings = hash_bytes(buffer_slice(&key));
    buffer_free(&key);
}

static int open_image(Invocation *invocation)
{
    ImageSettings settings;
    const char *why_not = image_host_find(&invocation->host, &settings);
    if (why_not != NULL) {
        ByteBuffer error = {0};
        buffer_put_format(&error, "--emit=exe: %s; `minic run --with=clang` works here", why_not);
        int status = invocation_complain(BUILD_MISUSED, &error);
        buffer_free(&error);
        return status;
    }
    add_image_settings(&invocation->compiler, &settings);
    program_image_init(&invocation->image, &settings);
    invocation->format = &invocation->image.format;
    return BUILD_OK;
}

static int open_compiler(Invocation *invocation)
{
    MiniSettings settings = {.target = getenv("MINIC_TARGET")};
    bool is_ir = invocation->line.emit == EMIT_IR;
    int error =
        is_ir ? mini_compiler_init(&invocation->compiler, &settings, &invocation->prelude)
              : mini_native_compiler_init(&invocation->compiler, &settings, &invocation->prelude);
    if (error == 0)
        return is_ir ? BUILD_OK : open_image(invocation);
    if (error == -EINVAL)
        return invocation_refuse_variable(
            "MINIC_TARGET", settings.target,
            "not a target triple such as x86_64-linux-gnu (unset: this machine)");
    BuildFailure failure = {.what = "cannot identify this executable", .error = -error};
    return invocation_print_failure(BUILD_MACHINE_FAILED, &failure);
}

static bool is_trace(Slice bytes)
{
    static const char begin[] = "{\"traceEvents\":[";
    return bytes.size >= sizeof begin - 1 && memcmp(bytes.data, begin, sizeof begin - 1) == 0;
}

/* The exit status: of the build, or of the trace if the build was right. */
static int write_trace(Invocation *invocation, int status)
{
    const char *path = invocation->line.trace;
    ByteBuffer text = {0};
    build_trace_end(invocation->trace, &text);
    int error = own_file_write(path, buffer_slice(&text), is_trace);
    buffer_free(&text);
    if (error == 0)
        return status;
    int failed = invocation_refuse_file(path, "a file of --trace", error);
    return status == BUILD_OK ? failed : status;
}

int build_session(Invocation *invocation, int (*work)(Invocation *invocation))
{
    int status = open_compiler(invocation);
    if (status != BUILD_OK)
        return status;
    invocation->key_error = user_key_load(&invocation->key, &invocation->key_path);
    work_pool_init(&invocation->pool, invocation->line.workers);
    chunk_pool_init(&invocation->chunks);
    invocation->pool.executor.chunks = &invocation->chunks.source;
    if (invocation->on_terminal)
        progress_begin(&invocation->progress, &invocation->pool, invocation->begun);
    if (invocation->line.trace != NULL)
        invocation->trace = build_trace_begin(&invocation->compiler, &invocation->pool.executor);
    status = work(invocation);
    build_close(invocation->build);
    if (invocation->trace != NULL)
        status = write_trace(invocation, status);
    work_pool_free(&invocation->pool);
    chunk_pool_free(&invocation->chunks);
    if (invocation->format != NULL)
        program_image_free(&invocation->image);
    buffer_free(&invocation->prelude);
    buffer_free(&invocation->key_path);
    return status;
}

/* ---- one build ------------------------------------------------------------------------------ */

static bool is_under(const char *path, const char *directory)
{
    size_t size = strlen(directory);
    return strncmp(path, directory, size) == 0 && (path[size] == '\0' || path[size] == '/');
}

/* Is it that the places where results are kept are read-only? Then run keeps none. */
static bool is_to_go_elsewhere(Invocation *invocation, BuildStatus status)
{
    const CommandLine *line = &invocation->line;
    const BuildFailure *failure = build_failure(invocation->build);
    if (!invocation->may_go_elsewhere || status != BUILD_MACHINE_FAILED ||
        !build_session_is_read_only(failure->error) ||
        (!is_under(failure->path, line->cache_dir) && strcmp(failure->path, line->output) != 0))
        return false;
    invocation->read_only_error = failure->error;
    return true;
}

bool build_session_is_read_only(int error)
{
    return error == EROFS || error == EACCES;
}

BuildRequest build_session_request(Invocation *invocation)
{
    const CommandLine *line = &invocation->line;
    return (BuildRequest){
        .compiler = invocation->trace == NULL ? &invocation->compiler
                                              : build_trace_compiler(invocation->trace),
        .entry = line->entry,
        .cache_dir = line->cache_dir,
        .root = line->root,
        .executor = invocation->trace == NULL ? &invocation->pool.executor
                                              : build_trace_executor(invocation->trace),
        .observer = line->verbosity > 0 ? &invocation->observer : NULL,
        .force = line->force,
        .paranoid = line->paranoid,
        .sync = line->sync,
        .in_memory = invocation->is_in_memory,
        .limit_bytes = line->limit_bytes,
        .maker = &invocation->key,
        .trust_cache = line->trust_cache,
        .waiting = invocation_on_waiting,
        .waiting_context = invocation,
        .phase = invocation_on_phase,
        .phase_context = invocation,
    };
}

BuildStatus build_session_build(Invocation *invocation, bool writes_output, BuildStats *stats)
{
    BuildRequest request = build_session_request(invocation);
    PatchResult patch = {0};
    request.output = writes_output ? invocation->line.output : NULL;
    BuildStatus status = build_open(&invocation->build, &request);
    if (status == BUILD_OK)
        status = build_plan(invocation->build);
    if (status == BUILD_OK)
        status = writes_output
                     ? output_write_as(invocation->build, invocation->line.output,
                                       invocation->format, &patch)
                     : build_emit(invocation->build);
    if (is_to_go_elsewhere(invocation, status))
        return status;
    invocation_report_problems(invocation, status);
    if (status > BUILD_PROGRAM_WRONG)
        return status;
    bool is_written = status == BUILD_OK && writes_output;
    *stats = build_stats_of(invocation->build, is_written ? &patch : NULL);
    stats->status = status;
    stats->total_seconds = invocation_now() - invocation->begun;
    invocation_print_stats(invocation, stats);
    return status;
}

/* ---- the files ------------------------------------------------------------------------------ */

BuildStatus build_session_discover(Invocation *invocation)
{
    BuildRequest request = build_session_request(invocation);
    BuildStatus status = build_open(&invocation->build, &request);
    return status == BUILD_OK ? build_discover(invocation->build) : status;
}

/* Without "./", "//" and the like. */
static Slice normal_name(Slice name, Arena *arena)
{
    Slice normal;
    bool is_relative = source_path_resolve((Slice){"", 0}, name, arena, &normal) == PATH_OK;
    return is_relative ? normal : name;
}

uint32_t build_session_find_file(const Invocation *invocation, Slice name)
{
    const FileHashCache *files = build_files(invocation->build);
    Arena arena = {0};
    Slice wanted = normal_name(name, &arena);
    uint32_t found = file_hash_cache_find(files, wanted);
    for (uint32_t i = 0; i < files->count; i++) {
        Slice shown = invocation_shown_path(invocation, file_hash_cache_path(files, i), &arena);
        if (slice_equal(normal_name(shown, &arena), wanted))
            found = i;
    }
    arena_free(&arena);
    return found;
}

int build_session_refuse_file(const Invocation *invocation, const char *name)
{
    ByteBuffer error = {0};
    buffer_put_format(&error, "%s: %s has no such file", name, invocation->line.entry);
    int status = invocation_complain(BUILD_MISUSED, &error);
    buffer_free(&error);
    return status;
}
