/* SPDX-License-Identifier: MIT */
/*
 * One output file, and what becomes of its sections.
 *
 *     demo-05                      a program of three files, and seven builds of it
 *     demo-05 ENTRY.mini OUT       one build of yours, by the contract that the README tells; edit
 *                                  something and build again
 *     demo-05 --split FILE         the sections of any file
 *     demo-05 clean ENTRY.mini     removes what is kept in .mini_cache beside the entry
 */
#include "file_marker.h"
#include "mini_compiler.h"
#include "output_layout.h"
#include "surgical_patch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- an output, at one moment ------------------------------------------------------------------ */

typedef struct View {
    Arena arena;
    Slice bytes;
    OutputSections sections;
} View;

/* 0, or a negative errno, and then there are no sections. */
static int view_open(View *view, const char *path, size_t alignment)
{
    FileStamp stamp;
    *view = (View){0};
    int status = file_read(AT_FDCWD, path, &view->arena, &view->bytes, &stamp);
    if (status != 0)
        view->bytes = (Slice){"", 0};
    output_sections_parse(&view->sections, view->bytes, alignment);
    return status;
}

static void view_close(View *view)
{
    output_sections_free(&view->sections);
    arena_free(&view->arena);
}

/* The path as it stands in the marker: in one line, and without a colon. */
static Slice path_in_marker(Slice path, Arena *arena)
{
    static const size_t before = sizeof "; ==== FILE: " - 1, behind = sizeof ": ====\n" - 1;
    size_t size = file_marker_size(path);
    char *marker = arena_allocate(arena, size);
    file_marker_write(marker, path, (Hash128){0});
    return slice_of(marker + before, size - before - behind - HASH_HEX_SIZE);
}

static int split(const char *path)
{
    View view;
    int status = view_open(&view, path, 1);
    for (uint32_t i = 0; i < view.sections.count; i++) {
        const OutputSection *section = &view.sections.items[i];
        char key[HASH_HEX_SIZE + 1];
        Slice name = path_in_marker(section->path, &view.arena);
        hash_to_hex(section->key, key);
        printf("section %.*s %s %llu %llu\n", (int)name.size, name.data, key,
               (unsigned long long)section->offset, (unsigned long long)section->size);
    }
    view_close(&view);
    if (status != 0)
        fprintf(stderr, "%s: %s\n", path, strerror(-status));
    return status == 0 ? 0 : 2;
}

/* ---- what is told ---------------------------------------------------------------------------- */

typedef struct Story {
    const char *entry;
    const char *title; /* NULL: the facts of stage 4 are told, too */
    Arena arena;
} Story;

static void tell_unit(void *context, Decision decision, Slice unit)
{
    static const char *const words[DECISION_COUNT] = {
        [DECISION_UNIT_NEW] = "new",       [DECISION_UNIT_DIRTY] = "dirty",
        [DECISION_UNIT_LOST] = "lost",     [DECISION_UNIT_DEPENDENT] = "dependent",
        [DECISION_UNIT_CACHED] = "cached", [DECISION_UNIT_WRONG] = "wrong",
    };
    const Story *story = context;
    bool has_path = memchr(unit.data, ':', unit.size) != NULL; /* the symbol of the entry's main has none */
    if (story->title == NULL && words[decision] != NULL)
        printf("  %-10s %s%s%.*s\n", words[decision], has_path ? "" : story->entry,
               has_path ? "" : ":", (int)unit.size, unit.data);
}

static void tell_section(void *context, SectionDifference difference, const OutputSection *was,
                         const OutputSection *is)
{
    static const char *const words[] = {"unchanged", "changed", "new", "removed"};
    Story *story = context;
    Slice path = path_in_marker(is != NULL ? is->path : was->path, &story->arena);
    printf("  %-10s %.*s", words[difference], (int)path.size, path.data);
    if (story->title != NULL && is != NULL) {
        bool is_moved = was != NULL && was->offset != is->offset;
        printf("%*s%6llu %5llu%s", (int)(12 - path.size % 12), "", (unsigned long long)is->offset,
               (unsigned long long)is->size, is_moved ? "  moved" : "");
    }
    putchar('\n');
}

static void tell_counts(const BuildCounts *counts, bool is_fast)
{
    printf("  files %d\n  lowered %d\n  functions %d\n  compiled %d\n  fast %s\n",
           (int)counts->files_total, (int)counts->files_lowered, (int)counts->functions_total,
           (int)counts->functions_emitted, is_fast ? "yes" : "no");
}

static void tell_result(const Story *story, const PatchResult *result)
{
    const char *form = story->title == NULL ? "  strategy %s\n  reason %s\n  written %llu\n"
                                            : "  strategy %s, reason %s, written %llu\n";
    printf(form, patch_strategy_name(result->strategy), patch_reason_name(result->reason),
           (unsigned long long)result->bytes_written);
}

static void tell_errors(const Build *build)
{
    const Diagnostics *errors = build_diagnostics(build);
    const BuildFailure *failure = build_failure(build);
    ByteBuffer text = {0};
    Arena arena = {0};
    for (size_t i = 0; i < errors->count; i++)
        diagnostic_format(&errors->items[i], build_source(build, errors->items[i].path, &arena),
                          &text);
    fflush(stdout);
    if (text.size > 0)
        fwrite(text.data, 1, text.size, stderr);
    if (failure->what != NULL)
        fprintf(stderr, "%s: %s%s%s\n", failure->path, failure->what,
                failure->error != 0 ? ": " : "", failure->error != 0 ? strerror(failure->error) : "");
    arena_free(&arena);
    buffer_free(&text);
}

/* ---- a build ----------------------------------------------------------------------------------- */

/* What a build can do to an output: all of it is in output_write. */
static BuildStatus bring_up_to_date(Build *build, const char *output, Story *story)
{
    PatchResult result;
    View before, after;
    BuildStatus status = build_plan(build);
    view_open(&before, output, OUTPUT_BLOCK);
    if (status == BUILD_OK)
        status = output_write(build, output, &result);
    if (status == BUILD_OK) {
        bool is_fast = result.strategy == PATCH_UP_TO_DATE && build_counts(build)->files_changed == 0;
        view_open(&after, output, OUTPUT_BLOCK);
        output_sections_compare(&before.sections, &after.sections, tell_section, story);
        view_close(&after);
        if (story->title == NULL)
            tell_counts(build_counts(build), is_fast);
        tell_result(story, &result);
    }
    view_close(&before);
    return status;
}

static BuildStatus build_once(const char *title, const char *entry, const char *output)
{
    Story story = {.entry = entry, .title = title};
    Observer observer = {tell_unit, &story};
    MiniSettings settings = {.target = getenv("MINIC_TARGET")};
    Compiler compiler;
    ByteBuffer prelude = {0};
    Build *build;
    int error = mini_compiler_init(&compiler, &settings, &prelude);
    if (error != 0) {
        fprintf(stderr, "MINIC_TARGET: not a target, or no compiler: %s\n", strerror(-error));
        return error == -EINVAL ? BUILD_MISUSED : BUILD_MACHINE_FAILED;
    }
    BuildRequest request = {.compiler = &compiler,
                            .entry = entry,
                            .executor = &executor_serial,
                            .observer = &observer};
    if (title != NULL)
        puts(title);
    BuildStatus status = build_open(&build, &request);
    if (status == BUILD_OK)
        status = bring_up_to_date(build, output, &story);
    if (status != BUILD_OK)
        tell_errors(build);
    build_close(build);
    buffer_free(&prelude);
    arena_free(&story.arena);
    return status;
}

static int clean(const char *entry)
{
    ByteBuffer cache = {0};
    BuildFailure failure;
    const char *slash = strrchr(entry, '/');
    buffer_put(&cache, slice_of(entry, slash == NULL ? 0 : (size_t)(slash + 1 - entry)));
    buffer_put(&cache, slice_of(".mini_cache", sizeof ".mini_cache"));
    BuildStatus status = build_clean(cache.data, NULL, &failure);
    if (status != BUILD_OK)
        fprintf(stderr, "%s: %s: %s\n", failure.path, failure.what, strerror(failure.error));
    buffer_free(&cache);
    return (int)status;
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
    build_once("The first build", "main.mini", "out.ll");
    build_once("Nothing happened", "main.mini", "out.ll");

    write_file("area.mini", "fn square(x: i32) i32 { return x * x + 0; }\n");
    build_once("The body of area.square was edited", "main.mini", "out.ll");

    write_file("area.mini", "fn square(x: i32) i32 { return x * x; }\n"
                            "fn circle(r: i32) i32 { return r * r * 355 / 113; }\n"
                            "fn ring(r: i32, s: i32) i32 { return circle(r) - circle(s); }\n");
    build_once("area.mini grew by two functions", "main.mini", "out.ll");

    View view;
    view_open(&view, "out.ll", OUTPUT_BLOCK);
    long middle = (long)(view.sections.items[1].offset + 100);
    view_close(&view);
    scribble("out.ll", middle);
    build_once("Somebody wrote into out.ll", "main.mini", "out.ll");

    write_file("main.mini", "import \"area.mini\" as area;\n"
                            "fn main() i32 { return area.square(7); }\n");
    build_once("main.mini does without text.mini", "main.mini", "out.ll");

    link("out.ll", "copy.ll");
    write_file("area.mini", "fn square(x: i32) i32 { return x * x; }\n");
    build_once("out.ll got a second name, and area.mini was edited", "main.mini", "out.ll");
}

static int show_in_temporary_directory(void)
{
    static const char *const files[] = {"main.mini", "area.mini", "text.mini", "out.ll", "copy.ll"};
    char directory[] = "/tmp/demo-05-XXXXXX";
    if (mkdtemp(directory) == NULL || chdir(directory) != 0) {
        perror(directory);
        return 3;
    }
    unsetenv("MINIC_TARGET");
    show();
    clean("main.mini");
    unlink(".mini_cache/lock");
    rmdir(".mini_cache");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        unlink(files[i]);
    rmdir(directory);
    return 0;
}

int main(int argument_count, char **arguments)
{
    if (argument_count == 1)
        return show_in_temporary_directory();
    if (argument_count != 3) {
        fprintf(stderr, "usage: %s ENTRY.mini OUT, or: --split FILE, or: clean ENTRY.mini\n",
                arguments[0]);
        return BUILD_MISUSED;
    }
    if (strcmp(arguments[1], "--split") == 0)
        return split(arguments[2]);
    if (strcmp(arguments[1], "clean") == 0)
        return clean(arguments[2]);
    return (int)build_once(NULL, arguments[1], arguments[2]);
}
