/* SPDX-License-Identifier: MIT */
#include "demo_build.h"
#include "demo_look.h"
#include "demo_mini_build.h"
#include "demo_patch.h"
#include "output_layout.h"
#include "output_place.h"

#include <stdio.h>
#include <string.h>

/* ---- a build -------------------------------------------------------------------------------- */

/* What a build can do to an output: all of it is in output_write. */
BuildStatus patch_output(Build *build, const char *output, Patch *patch)
{
    OutputPlace place;
    bool is_file = output_place_find(&place, output) == 0 && place.descriptor < 0;
    BuildStatus status = build_plan(build);
    if (is_file)
        view_open(&patch->before, output, OUTPUT_BLOCK);
    if (status == BUILD_OK)
        status = output_write(build, output, &patch->result);
    if (status == BUILD_OK && is_file)
        view_open(&patch->after, output, OUTPUT_BLOCK);
    return status;
}

void patch_free(Patch *patch)
{
    view_close(&patch->before);
    view_close(&patch->after);
}

static void report_section(void *context, SectionDifference difference, const OutputSection *was,
                           const OutputSection *is)
{
    Slice path = path_in_marker(is != NULL ? is->path : was->path, context);
    printf("  %-10s %.*s\n", section_verdict(difference), (int)path.size, path.data);
}

static void report_patch(const MiniBuild *mini, Patch *patch)
{
    const PatchResult *result = &patch->result;
    bool is_fast = result->strategy == PATCH_UP_TO_DATE &&
                   build_counts(mini->build)->files_changed == 0;
    output_sections_compare(&patch->before.sections, &patch->after.sections, report_section,
                            &patch->after.arena);
    mini_build_report_counts(mini, is_fast);
    printf("  strategy %s\n  reason %s\n  written %llu\n", patch_strategy_name(result->strategy),
           patch_reason_name(result->reason), (unsigned long long)result->bytes_written);
}

static BuildStatus patch_and_report(const char *entry, const char *output)
{
    MiniBuild mini;
    Patch patch = {0};
    Observer observer = {mini_build_report_unit, &entry};
    BuildStatus status = mini_build_open(&mini, entry, &observer);
    if (status == BUILD_OK)
        status = patch_output(mini.build, output, &patch);
    if (status == BUILD_OK)
        report_patch(&mini, &patch);
    else
        mini_build_report_errors(&mini);
    patch_free(&patch);
    mini_build_close(&mini);
    return status;
}

/* ---- the sections of any file --------------------------------------------------------------- */

static BuildStatus split(const char *path)
{
    View view;
    int error = view_open(&view, path, 1);
    for (uint32_t i = 0; i < view.sections.count; i++) {
        const OutputSection *section = &view.sections.items[i];
        char key[HASH_HEX_SIZE + 1];
        Slice name = path_in_marker(section->path, &view.arena);
        hash_to_hex(section->key, key);
        printf("section %.*s %s %llu %llu\n", (int)name.size, name.data, key,
               (unsigned long long)section->offset, (unsigned long long)section->size);
    }
    view_close(&view);
    if (error != 0) {
        print_name(stderr, slice_from(path), 0);
        fprintf(stderr, ": %s\n", strerror(-error));
    }
    return error == 0 ? BUILD_OK : BUILD_MISUSED;
}

int patch_command(int argument_count, char **arguments)
{
    if (argument_count != 3) {
        fprintf(stderr, "usage: %s ENTRY.mini OUT, or: --split FILE, or: clean ENTRY.mini\n",
                arguments[0]);
        return BUILD_MISUSED;
    }
    if (strcmp(arguments[1], "--split") == 0)
        return (int)split(arguments[2]);
    if (strcmp(arguments[1], "clean") == 0)
        return (int)mini_build_clean(arguments[2]);
    char name[32];
    return (int)patch_and_report(arguments[1], output_beside_facts(arguments[2], name));
}
