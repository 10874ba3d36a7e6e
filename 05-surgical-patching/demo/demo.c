/* SPDX-License-Identifier: MIT */
/*
 * One output file, and what happens to its sections.
 *
 *     demo-05                      a program of three files, and seven builds of it
 *     demo-05 ENTRY.mini OUT       one build of yours, by the contract in the README; edit
 *                                  something and build again
 *     demo-05 --split FILE         the sections of any file
 *     demo-05 clean ENTRY.mini     removes the state in .mini_cache beside the entry
 */
#include "demo_mini_build.h"
#include "demo_patch.h"
#include "demo_story.h"
#include "output_layout.h"
#include "program_begin.h"

#include <stdio.h>
#include <unistd.h>

/* A section with its offset and size. */
static void report_section(void *context, SectionDifference difference, const OutputSection *was,
                           const OutputSection *is)
{
    Slice path = path_in_marker(is != NULL ? is->path : was->path, context);
    if (is == NULL) {
        printf("  %-10s %.*s\n", section_verdict(difference), (int)path.size, path.data);
        return;
    }
    bool is_moved = was != NULL && was->offset != is->offset;
    printf("  %-10s %-12.*s%6llu %5llu%s\n", section_verdict(difference), (int)path.size, path.data,
           (unsigned long long)is->offset, (unsigned long long)is->size, is_moved ? "  moved" : "");
}

static void build(const char *title)
{
    MiniBuild mini;
    Patch patch = {0};
    puts(title);
    BuildStatus status = mini_build_open(&mini, "main.mini", NULL);
    if (status == BUILD_OK)
        status = patch_output(mini.build, "out.ll", &patch);
    if (status == BUILD_OK) {
        const PatchResult *result = &patch.result;
        output_sections_compare(&patch.before.sections, &patch.after.sections, report_section,
                                &patch.after.arena);
        printf("  strategy %s, reason %s, written %llu\n", patch_strategy_name(result->strategy),
               patch_reason_name(result->reason), (unsigned long long)result->bytes_written);
    } else {
        mini_build_report_errors(&mini);
    }
    patch_free(&patch);
    mini_build_close(&mini);
}

/* Writes into the second section of the output. */
static void scribble(void)
{
    View view;
    view_open(&view, "out.ll", OUTPUT_BLOCK);
    long middle = view.sections.count < 2 ? 0 : (long)view.sections.items[1].offset + 100;
    view_close(&view);
    FILE *file = fopen("out.ll", "r+");
    if (file == NULL)
        return;
    fseek(file, middle, SEEK_SET);
    fputs("; somebody was here", file);
    if (fclose(file) != 0)
        perror("out.ll");
}

static int story(void)
{
    story_write("main.mini", "import \"area.mini\" as area;\nimport \"text.mini\" as text;\n"
                             "fn main() i32 { print(text.unit()); return area.square(7); }\n");
    story_write("area.mini", "fn square(x: i32) i32 { return x * x; }\n");
    story_write("text.mini", "fn unit() str { return \"cm\"; }\n");
    build("The first build");
    build("Nothing happened");

    story_write("area.mini", "fn square(x: i32) i32 { return x * x + 0; }\n");
    build("The body of area.square was edited");

    story_write("area.mini", "fn square(x: i32) i32 { return x * x; }\n"
                             "fn circle(r: i32) i32 { return r * r * 355 / 113; }\n"
                             "fn ring(r: i32, s: i32) i32 { return circle(r) - circle(s); }\n");
    build("area.mini grew by two functions");

    scribble();
    build("Somebody wrote into out.ll");

    story_write("main.mini", "import \"area.mini\" as area;\n"
                             "fn main() i32 { return area.square(7); }\n");
    build("main.mini does without text.mini");

    link("out.ll", "copy.ll");
    story_write("area.mini", "fn square(x: i32) i32 { return x * x; }\n");
    build("out.ll got a second name, and area.mini was edited");
    return 0;
}

int main(int argument_count, char **arguments)
{
    program_begin();
    int status = argument_count == 1 ? story_tell("demo-05", story)
                                     : patch_command(argument_count, arguments);
    return program_end("demo-05", status);
}
