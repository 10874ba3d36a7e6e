/* SPDX-License-Identifier: MIT */
/* Builds a program twice. The second build knows that nothing changed. */
#include "incremental_build.h"
#include "plug_check.h"
#include "whole_file.h"

#include <stdio.h>

static BuildStatus write_and_commit(Build *build)
{
    build_want_all(build);
    BuildStatus status = build_emit(build);
    if (status == BUILD_OK)
        status = build_save(build);
    if (status == BUILD_OK)
        status = build_begin_output(build);
    /* write the texts of build_section_texts to your output here */
    return status == BUILD_OK ? build_commit(build) : status;
}

static bool build_once(bool expect_unchanged)
{
    Compiler compiler = whole_file_compiler();
    BuildRequest request = {
        .compiler = &compiler, .entry = "program.txt", .executor = &executor_serial};
    Build *build;
    BuildStatus status = build_open(&build, &request);
    if (status == BUILD_OK)
        status = build_plan(build);
    bool is_right = status == BUILD_OK && build_planned(build)->is_unchanged == expect_unchanged;
    if (is_right && !expect_unchanged)
        is_right = write_and_commit(build) == BUILD_OK;
    build_close(build);
    return is_right;
}

static void report(void *context, const char *function, Slice subject, const char *rule)
{
    (void)context;
    fprintf(stderr, "%s(%.*s): %s\n", function, (int)subject.size, subject.data, rule);
}

static bool is_plug_right(void)
{
    Compiler compiler = whole_file_compiler();
    PlugFile file = {.path = slice_from("program.txt"), .source = slice_from("a program\n")};
    PlugCheck check = {.breaks = report, .executor = &executor_serial};
    return plug_check(&compiler, &file, 1, &check) == 0;
}

int main(void)
{
    FILE *file = fopen("program.txt", "wx"); /* an existing one is not ours */
    if (file == NULL || fputs("a program\n", file) < 0 || fclose(file) != 0)
        return 1;
    return !(is_plug_right() && build_once(false) && build_once(true));
}
