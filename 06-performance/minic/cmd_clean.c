/* SPDX-License-Identifier: MIT */
/* minic clean: remove what is cached. */
#include "commands.h"
#include "invocation.h"
#include "program_place.h"

int cmd_clean(Invocation *invocation)
{
    const CommandLine *line = &invocation->line;
    BuildFailure failure = {0};
    CleanCounts removed = {0};
    PlaceCounts programs = {0};
    BuildStatus status = build_clean(line->cache_dir, line->entry, &removed, &failure);
    program_place_clean(line->cache_dir, line->entry, &programs);
    removed.files += programs.files;
    removed.bytes += programs.bytes;
    if (!line->quiet && (status == BUILD_OK || removed.files != 0)) {
        invocation_print_shown(line->cache_dir, stderr);
        if (removed.files == 0)
            fputs(": nothing to remove\n", stderr);
        else
            fprintf(stderr, ": removed %llu file%s, %.1f KB\n", (unsigned long long)removed.files,
                    removed.files == 1 ? "" : "s", (double)removed.bytes / 1e3);
    }
    return status == BUILD_OK ? BUILD_OK : invocation_print_failure(status, &failure);
}
