/* SPDX-License-Identifier: MIT */
/*
 * Builds a program and prints what is planned and how much is done.
 *
 *     demo-04                      a project of three files, seven builds
 *     demo-04 ENTRY.mini OUT       one build of your project, by the contract in the README; edit
 *                                  something and build again
 *     demo-04 clean ENTRY.mini     removes the state in .mini_cache beside the entry
 */
#include "demo_build.h"
#include "demo_mini_build.h"
#include "demo_story.h"
#include "program_begin.h"

#include <stdio.h>

#define SHAPES "struct Size { w: i32, h: i32 }\n"
#define BORDER "fn border(s: Size) i32 { return 2 * (s.w + s.h); }\n"
#define AREA "fn area(s: Size) i32 { return s.w * s.h; }\n"

static const struct {
    const char *title, *path, *text;
} edits[] = {
    {"first build", "main.mini",
     "import \"shapes.mini\" as shapes;\nimport \"text.mini\" as text;\n"
     "fn main() i32 { text.show(shapes.area(shapes.Size{ w: 3, h: 4 })); return 0; }\n"},
    {"again", NULL, NULL},
    {"the body of area edited", "shapes.mini",
     SHAPES "fn area(s: Size) i32 { return s.h * s.w; }\n" BORDER},
    {"the edit undone", "shapes.mini", SHAPES AREA BORDER},
    {"a field of Size is renamed", "shapes.mini",
     "struct Size { wide: i32, h: i32 }\nfn area(s: Size) i32 { return s.h * s.wide; }\n"
     "fn border(s: Size) i32 { return 2 * (s.wide + s.h); }\n"},
    {"main follows", "main.mini",
     "import \"shapes.mini\" as shapes;\nimport \"text.mini\" as text;\n"
     "fn main() i32 { text.show(shapes.area(shapes.Size{ wide: 3, h: 4 })); return 0; }\n"},
    {"a comment added", "text.mini",
     "// Shows numbers.\nfn show(n: i32) { print(n); }\nfn gap() { print(\"\"); }\n"},
};

/* Units of one verdict share a line. The context is the verdict of the last unit. */
static void report_unit(void *context, Decision decision, Slice unit)
{
    const char **last = context;
    const char *verdict = unit_verdict(decision);
    if (verdict == NULL)
        return;
    if (verdict != *last)
        printf("%s  %-10s", *last != NULL ? "\n" : "", verdict);
    *last = verdict;
    print_unit("main.mini", unit);
}

static BuildStatus build(const char *title)
{
    MiniBuild mini;
    const char *verdict = NULL;
    Observer observer = {report_unit, &verdict};
    bool is_fast = false;
    puts(title);
    BuildStatus status = mini_build_open(&mini, "main.mini", &observer);
    if (status == BUILD_OK)
        status = run_build(mini.build, "out.ll", &is_fast);
    if (verdict != NULL)
        putchar('\n');
    if (status != BUILD_OK)
        mini_build_report_errors(&mini);
    if (status <= BUILD_PROGRAM_WRONG) {
        const BuildCounts *counts = build_counts(mini.build);
        printf("  files %d, lowered %d, functions %d, compiled %d, fast %s\n",
               (int)counts->files_total, (int)counts->files_lowered, (int)counts->functions_total,
               (int)counts->functions_emitted, is_fast ? "yes" : "no");
    }
    mini_build_close(&mini);
    return status;
}

static int story(void)
{
    BuildStatus status = BUILD_OK;
    story_write("shapes.mini", SHAPES AREA BORDER);
    story_write("text.mini", "fn show(n: i32) { print(n); }\nfn gap() { print(\"\"); }\n");
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        if (edits[i].path != NULL)
            story_write(edits[i].path, edits[i].text);
        status = build(edits[i].title);
    }
    return (int)status;
}

int main(int argument_count, char **arguments)
{
    program_begin();
    int status = argument_count == 1 ? story_tell("demo-04", story)
                                     : build_command(argument_count, arguments);
    return program_end("demo-04", status);
}
