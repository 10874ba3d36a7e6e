/* SPDX-License-Identifier: MIT */
/* minic build: compile to one file. */
#include "build_session.h"
#include "commands.h"
#include "depfile.h"

#include <stdlib.h>
#include <unistd.h>

static Slice *list_paths(const Invocation *invocation, Arena *arena, size_t *count)
{
    const FileHashCache *files = build_files(invocation->build);
    uint32_t entry = file_hash_cache_find(files, files->entry);
    Slice *paths = arena_allocate(arena, files->count * sizeof *paths);
    *count = 0;
    for (uint32_t i = 0; i <= files->count; i++) {
        uint32_t file = i == 0 ? entry : i - 1;
        if (i == 0 || file != entry)
            paths[(*count)++] =
                invocation_shown_path(invocation, file_hash_cache_path(files, file), arena);
    }
    return paths;
}

static int write_depfile(const Invocation *invocation)
{
    const CommandLine *line = &invocation->line;
    Arena arena = {0};
    ByteBuffer text = {0};
    size_t count;
    Slice *paths = list_paths(invocation, &arena, &count);
    depfile_put(&text, slice_from(line->output), paths, count);
    int error = depfile_write(line->depfile, buffer_slice(&text));
    buffer_free(&text);
    arena_free(&arena);
    return error == 0 ? BUILD_OK : invocation_refuse_file(line->depfile, "a list of -MD", error);
}

static int build_and_summarize(Invocation *invocation)
{
    BuildStats stats;
    BuildStatus status = build_session_build(invocation, true, &stats);
    bool is_heard = !invocation->line.quiet && invocation->stream != STDERR_FILENO;
    if (status == BUILD_OK && is_heard)
        invocation_print_summary(invocation, &stats);
    bool is_listed = status == BUILD_OK && invocation->line.depfile != NULL;
    return is_listed ? write_depfile(invocation) : (int)status;
}

int cmd_build(Invocation *invocation)
{
    const CommandLine *line = &invocation->line;
    const char *refusal = line->depfile != NULL ? ": -MD needs an output that is a file" : NULL;
    int status = build_session_look_at_output(invocation, refusal, refusal);
    return status == BUILD_OK ? build_session(invocation, build_and_summarize) : status;
}
