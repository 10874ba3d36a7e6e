/* SPDX-License-Identifier: MIT */
/*
 * One output file, and what becomes of its sections.
 *
 *     demo-05                    a program of three files, and six builds of it
 *     demo-05 ENTRY.mini OUT     one build of yours; edit something and build again
 */
#include "file_marker.h"
#include "mini_compiler.h"
#include "output_layout.h"
#include "surgical_patch.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct View { /* an output and its sections, at one moment */
    Arena arena;
    OutputSections sections;
} View;

static void view_open(View *view, const char *path)
{
    Slice bytes = {"", 0};
    FileStamp stamp;
    *view = (View){0};
    if (file_read(AT_FDCWD, path, &view->arena, &bytes, &stamp) != 0)
        bytes = (Slice){"", 0};
    output_sections_parse(&view->sections, bytes, OUTPUT_BLOCK);
}

static void view_close(View *view)
{
    output_sections_free(&view->sections);
    arena_free(&view->arena);
}

static void tell_section(void *context, SectionDifference difference, const OutputSection *was,
                         const OutputSection *is)
{
    static const char *const words[] = {"", "  changed", "  new", "  removed"};
    const OutputSection *section = is != NULL ? is : was;
    bool is_moved = was != NULL && is != NULL && was->offset != is->offset;
    (void)context;
    printf("  %6llu %5llu  %.*s%s%s\n", (unsigned long long)section->offset,
           (unsigned long long)section->size, (int)section->path.size, section->path.data,
           words[difference], is_moved ? "  moved" : "");
}

static void tell_result(const char *title, const PatchResult *result)
{
    printf("%s\n  %s", title, patch_strategy_name(result->strategy));
    if (result->reason != REASON_NONE)
        printf(" (%s)", patch_reason_name(result->reason));
    printf(": %d of %d sections, %llu bytes written\n", (int)result->sections_written,
           (int)result->sections_total, (unsigned long long)result->bytes_written);
}

static void tell_errors(Build *build)
{
    const Diagnostics *errors = build_diagnostics(build);
    const BuildFailure *failure = build_failure(build);
    ByteBuffer text = {0};
    for (size_t i = 0; i < errors->count; i++)
        diagnostic_format(&errors->items[i], (Slice){0}, &text);
    fwrite(text.data, 1, text.size, stderr);
    buffer_free(&text);
    if (failure->what != NULL)
        fprintf(stderr, "%s: %s\n", failure->path, failure->what);
}

static BuildStatus build(const char *title, const char *entry, const char *output)
{
    Build *build;
    Compiler compiler;
    PatchResult result;
    ByteBuffer prelude = {0};
    View before, after;
    if (mini_compiler_init(&compiler, &(MiniSettings){0}, &prelude) != 0)
        return BUILD_MACHINE_FAILED;
    view_open(&before, output);
    BuildRequest request = {.compiler = &compiler, .entry = entry, .executor = &executor_serial};
    BuildStatus status = build_open(&build, &request);
    if (status == BUILD_OK)
        status = build_plan(build);
    if (status == BUILD_OK)
        status = output_write(build, output, &result);
    if (status == BUILD_OK) {
        view_open(&after, output);
        tell_result(title, &result);
        output_sections_compare(&before.sections, &after.sections, tell_section, NULL);
        view_close(&after);
    } else {
        tell_errors(build);
    }
    view_close(&before);
    build_close(build);
    buffer_free(&prelude);
    return status;
}

/* ---- without arguments: a program of our own ------------------------------------------------ */

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");
    if (file == NULL)
        return;
    fputs(text, file);
    fclose(file);
}

static void scribble(const char *name, long offset)
{
    FILE *file = fopen(name, "r+");
    if (file == NULL)
        return;
    fseek(file, offset, SEEK_SET);
    fputs("; somebody was here", file);
    fclose(file);
}

static void show(void)
{
    write_file("main.mini", "import \"area.mini\" as area;\nimport \"text.mini\" as text;\n"
                            "fn main() i32 { print(text.unit()); return area.square(7); }\n");
    write_file("area.mini", "fn square(x: i32) i32 { return x * x; }\n");
    write_file("text.mini", "fn unit() str { return \"cm\"; }\n");
    build("The first build", "main.mini", "out.ll");
    build("Nothing happened", "main.mini", "out.ll");

    write_file("area.mini", "fn square(x: i32) i32 { return x * x + 0; }\n");
    build("The body of area.square was edited", "main.mini", "out.ll");

    write_file("area.mini", "fn square(x: i32) i32 { return x * x; }\n"
                            "fn circle(r: i32) i32 { return r * r * 355 / 113; }\n"
                            "fn ring(r: i32, s: i32) i32 { return circle(r) - circle(s); }\n");
    build("area.mini grew by two functions", "main.mini", "out.ll");

    View view;
    view_open(&view, "out.ll");
    long middle = (long)(view.sections.items[1].offset + 100);
    view_close(&view);
    scribble("out.ll", middle);
    build("Somebody wrote into out.ll", "main.mini", "out.ll");

    link("out.ll", "copy.ll");
    write_file("text.mini", "fn unit() str { return \"mm\"; }\n");
    build("out.ll got a second name, and text.mini was edited", "main.mini", "out.ll");
}

static int show_in_temporary_directory(void)
{
    static const char *const files[] = {"main.mini", "area.mini", "text.mini", "out.ll", "copy.ll"};
    char directory[] = "/tmp/demo-05-XXXXXX";
    BuildFailure failure;
    if (mkdtemp(directory) == NULL || chdir(directory) != 0) {
        perror(directory);
        return 3;
    }
    show();
    build_clean(".mini_cache", NULL, &failure);
    unlink(".mini_cache/lock");
    rmdir(".mini_cache");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        unlink(files[i]);
    rmdir(directory);
    return 0;
}

int main(int argument_count, char **arguments)
{
    if (argument_count == 3)
        return (int)build(arguments[1], arguments[1], arguments[2]);
    return show_in_temporary_directory();
}
