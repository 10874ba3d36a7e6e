/* SPDX-License-Identifier: MIT */
/*
 * Builds a program, and says what was planned and how much was done.
 *
 *     demo-04                      a project of three files, seven builds
 *     demo-04 ENTRY.mini OUT       one build of your project, by the contract that the README
 *                                  tells; edit something and build again
 *     demo-04 clean ENTRY.mini     removes what is kept in .mini_cache beside the entry
 *
 * The output is put together in the plainest way, from the sections of all files: those that did
 * not change come out of the cache. To write only those that changed is stage 5.
 */
#include "file_stamp.h"
#include "incremental_build.h"
#include "mini_compiler.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void put(Slice text, FILE *file)
{
    if (text.size != 0)
        fwrite(text.data, 1, text.size, file);
}

/* ---- what is told ---------------------------------------------------------------------------- */

typedef struct Story {
    const char *entry;
    const char *title; /* NULL: one fact a line, as the contract wants it */
    const char *verdict; /* of the line of units that is being printed */
    bool is_fast;
} Story;

static const char *verdict_name(Decision decision)
{
    switch (decision) {
    case DECISION_UNIT_NEW: return "new";
    case DECISION_UNIT_DIRTY: return "dirty";
    case DECISION_UNIT_DEPENDENT: return "dependent";
    case DECISION_UNIT_LOST: return "lost";
    case DECISION_UNIT_WRONG: return "wrong";
    case DECISION_UNIT_CACHED: return "cached";
    default: return NULL;
    }
}

static void end_line(Story *story)
{
    if (story->verdict != NULL)
        putchar('\n');
    story->verdict = NULL;
}

/* A line for each unit; where a title stands above, units of one verdict share a line. */
static void tell_unit(void *context, Decision decision, Slice unit)
{
    Story *story = context;
    const char *verdict = verdict_name(decision);
    if (verdict == NULL)
        return;
    if (story->title == NULL || story->verdict != verdict) {
        end_line(story);
        printf("  %-10s", verdict);
    }
    story->verdict = verdict;
    if (memchr(unit.data, ':', unit.size) == NULL) /* the symbol of the entry's main has no path */
        printf(" %s:", story->entry);
    else
        putchar(' ');
    put(unit, stdout);
}

static void tell_counts(Story *story, const BuildCounts *counts)
{
    const char *next = story->title == NULL ? "\n " : ",";
    end_line(story);
    printf("  files %d%s lowered %d%s functions %d%s compiled %d%s fast %s\n",
           (int)counts->files_total, next, (int)counts->files_lowered, next,
           (int)counts->functions_total, next, (int)counts->functions_emitted, next,
           story->is_fast ? "yes" : "no");
}

static void tell_errors(Story *story, const Build *build)
{
    const Diagnostics *errors = build_diagnostics(build);
    const BuildFailure *failure = build_failure(build);
    ByteBuffer text = {0};
    Arena arena = {0};
    for (size_t i = 0; i < errors->count; i++)
        diagnostic_format(&errors->items[i], build_source(build, errors->items[i].path, &arena),
                          &text);
    end_line(story);
    fflush(stdout);
    put(buffer_slice(&text), stderr);
    if (failure->what != NULL)
        fprintf(stderr, "%s: %s: %s\n", failure->path, failure->what, strerror(failure->error));
    arena_free(&arena);
    buffer_free(&text);
}

/* ---- the output -------------------------------------------------------------------------------- */

static const char stamp_blob[] = "output stamp";

/* Is the output the file that the last commit left? One stat. */
static bool output_is_as_left(const Build *build, const char *path)
{
    FileStamp now, left;
    Slice blob;
    if (!build_blob(build, stamp_blob, &blob) || blob.size != sizeof left)
        return false;
    memcpy(&left, blob.data, sizeof left);
    return file_stamp_at(AT_FDCWD, path, &now) == 0 && file_stamp_equal(&now, &left) &&
           !build_output_is_unsettled(build);
}

static void remember_output(Build *build, const char *path)
{
    FileStamp stamp;
    if (file_stamp_at(AT_FDCWD, path, &stamp) != 0)
        stamp = (FileStamp){0};
    build_set_blob(build, stamp_blob, slice_of(&stamp, sizeof stamp));
}

/* An output in the place of a source would be the end of that source. */
static bool is_a_source(Build *build, const char *output)
{
    FileStamp there, source;
    if (file_stamp_at(AT_FDCWD, output, &there) != 0)
        return false;
    for (uint32_t section = 0; section < build_section_count(build); section++)
        if (file_stamp_at(build_project_fd(build), build_section_path(build, section).data,
                          &source) == 0 &&
            source.inode == there.inode && source.device == there.device)
            return true;
    return false;
}

static BuildStatus write_output(Build *build, const char *path)
{
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return build_fail(build, path, "cannot open the output", errno);
    put(build_prelude(build), file);
    for (uint32_t section = 0; section < build_section_count(build); section++) {
        uint32_t count;
        const Slice *texts = build_section_texts(build, section, &count);
        for (uint32_t i = 0; i < count; i++)
            put(texts[i], file);
    }
    bool is_written = !ferror(file);
    if (fclose(file) != 0 || !is_written)
        return build_fail(build, path, "cannot write the output", errno);
    remember_output(build, path);
    return BUILD_OK;
}

/* ---- a build ----------------------------------------------------------------------------------- */

/* Emits what is missing, writes everything, and makes it valid with one rename. */
static BuildStatus bring_up_to_date(Build *build, const char *output)
{
    build_want_all(build);
    BuildStatus status = build_emit(build);
    if (status == BUILD_OK)
        status = build_save(build);
    if (status == BUILD_OK)
        status = build_begin_output(build);
    if (status == BUILD_OK)
        status = write_output(build, output);
    return status == BUILD_OK ? build_commit(build) : status;
}

/* Files that were touched have new stamps: kept, so that the next build does not read them. */
static BuildStatus keep_stamps(Build *build)
{
    if (!build_wants_commit(build))
        return BUILD_OK;
    BuildStatus status = build_save(build);
    return status == BUILD_OK ? build_commit(build) : status;
}

static BuildStatus run_build(Build *build, const char *output, bool *is_fast)
{
    BuildStatus status = build_plan(build);
    if (status != BUILD_OK)
        return status;
    *is_fast = build_is_unchanged(build) && build_counts(build)->files_changed == 0 &&
               output_is_as_left(build, output);
    if (*is_fast)
        return keep_stamps(build);
    if (is_a_source(build, output)) {
        build_fail(build, output, "cannot be the output: it is a source", EINVAL);
        return BUILD_MISUSED;
    }
    return bring_up_to_date(build, output);
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
        buffer_free(&prelude);
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
        status = run_build(build, output, &story.is_fast);
    if (status != BUILD_OK)
        tell_errors(&story, build);
    if (status <= BUILD_PROGRAM_WRONG)
        tell_counts(&story, build_counts(build));
    build_close(build);
    buffer_free(&prelude);
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

/* ---- the project that the lesson tells ------------------------------------------------------ */

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    if (file == NULL || fputs(text, file) < 0)
        perror(path);
    if (file != NULL)
        fclose(file);
}

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
    {"a field of Size is called otherwise", "shapes.mini",
     "struct Size { wide: i32, h: i32 }\nfn area(s: Size) i32 { return s.h * s.wide; }\n"
     "fn border(s: Size) i32 { return 2 * (s.wide + s.h); }\n"},
    {"main follows", "main.mini",
     "import \"shapes.mini\" as shapes;\nimport \"text.mini\" as text;\n"
     "fn main() i32 { text.show(shapes.area(shapes.Size{ wide: 3, h: 4 })); return 0; }\n"},
    {"a comment added", "text.mini",
     "// Shows numbers.\nfn show(n: i32) { print(n); }\nfn gap() { print(\"\"); }\n"},
};

static int tell_the_lesson(void)
{
    write_file("shapes.mini", SHAPES AREA BORDER);
    write_file("text.mini", "fn show(n: i32) { print(n); }\nfn gap() { print(\"\"); }\n");
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        if (edits[i].path != NULL)
            write_file(edits[i].path, edits[i].text);
        build_once(edits[i].title, "main.mini", "out.ll");
    }
    static const char *const made[] = {"main.mini", "shapes.mini", "text.mini", "out.ll",
                                       ".mini_cache/lock"};
    clean("main.mini");
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        unlink(made[i]);
    return rmdir(".mini_cache");
}

static int show_in_temporary_directory(void)
{
    char directory[] = "/tmp/demo-04-XXXXXX";
    unsetenv("MINIC_TARGET");
    if (mkdtemp(directory) == NULL || chdir(directory) != 0) {
        perror(directory);
        return BUILD_MACHINE_FAILED;
    }
    return tell_the_lesson() == 0 && rmdir(directory) == 0 ? 0 : BUILD_MACHINE_FAILED;
}

int main(int argument_count, char **arguments)
{
    if (argument_count == 1)
        return show_in_temporary_directory();
    if (argument_count != 3) {
        fprintf(stderr, "usage: %s ENTRY.mini OUT, or: clean ENTRY.mini\n", arguments[0]);
        return BUILD_MISUSED;
    }
    if (strcmp(arguments[1], "clean") == 0)
        return clean(arguments[2]);
    return (int)build_once(NULL, arguments[1], arguments[2]);
}
