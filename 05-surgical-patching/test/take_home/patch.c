/* SPDX-License-Identifier: MIT */
/* Builds a program, edits it, builds it again: the second build patches. */
#include "surgical_patch.h"
#include "whole_file.h"

#include <stdio.h>

static PatchStrategy build_from(const char *source, const char *mode)
{
    FILE *file = fopen("program.txt", mode);
    if (file == NULL || fputs(source, file) < 0 || fclose(file) != 0)
        return PATCH_STRATEGY_COUNT;
    Compiler compiler = whole_file_compiler();
    BuildRequest request = {
        .compiler = &compiler, .entry = "program.txt", .executor = &executor_serial};
    PatchResult result = {.strategy = PATCH_STRATEGY_COUNT};
    Build *build;
    BuildStatus status = build_open(&build, &request);
    if (status == BUILD_OK)
        status = build_plan(build);
    if (status == BUILD_OK)
        status = output_write(build, "program.out", &result);
    build_close(build);
    return status == BUILD_OK ? result.strategy : PATCH_STRATEGY_COUNT;
}

int main(void)
{
    return !(build_from("a program\n", "wx") == /* an existing one is not ours */ PATCH_FULL &&
             build_from("another program\n", "w") == PATCH_IN_PLACE);
}
