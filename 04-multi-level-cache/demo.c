/* SPDX-License-Identifier: MIT */
/*
 * Builds a program, and says what was planned and how much was done.
 *
 *     demo-04                      a project of three files, six builds
 *     demo-04 ENTRY.mini OUT.ll    one build of your project; edit something and build again
 *
 * The output is put together in the plainest way, from the sections of all files: those that did
 * not change come out of the cache. To write only those that changed is stage 5.
 */
#include "incremental_build.h"
#include "mini_compiler.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct Plan { /* names of units */
    ByteBuffer new, dirty, dependent, lost, wrong, cached;
} Plan;

static ByteBuffer *names_of(Plan *plan, Decision decision)
{
    switch (decision) {
    case DECISION_UNIT_NEW: return &plan->new;
    case DECISION_UNIT_DIRTY: return &plan->dirty;
    case DECISION_UNIT_DEPENDENT: return &plan->dependent;
    case DECISION_UNIT_LOST: return &plan->lost;
    case DECISION_UNIT_WRONG: return &plan->wrong;
    case DECISION_UNIT_CACHED: return &plan->cached;
    default: return NULL;
    }
}

static void note(void *context, Decision decision, Slice subject)
{
    ByteBuffer *names = names_of(context, decision);
    if (names == NULL)
        return;
    buffer_put_byte(names, ' ');
    buffer_put(names, subject);
}

static void show_names(const char *title, ByteBuffer *names)
{
    if (names->size != 0)
        printf("  %-10s%.*s\n", title, (int)names->size, names->data);
    buffer_free(names);
}

static void show_plan(Plan *plan, const BuildCounts *counts)
{
    show_names("new", &plan->new);
    show_names("dirty", &plan->dirty);
    show_names("dependent", &plan->dependent);
    show_names("lost", &plan->lost);
    show_names("wrong", &plan->wrong);
    show_names("cached", &plan->cached);
    printf("  files: %d, lowered %d   functions: %d, compiled %d   sections: %d, changed %d\n",
           (int)counts->files_total, (int)counts->files_lowered, (int)counts->functions_total,
           (int)counts->functions_emitted, (int)counts->sections_total,
           (int)counts->sections_dirty);
}

static void show_errors(const Build *build)
{
    const Diagnostics *errors = build_diagnostics(build);
    const BuildFailure *failure = build_failure(build);
    ByteBuffer text = {0};
    Arena arena = {0};
    for (size_t i = 0; i < errors->count; i++)
        diagnostic_format(&errors->items[i], build_source(build, errors->items[i].path, &arena),
                          &text);
    fwrite(text.data, 1, text.size, stdout);
    if (failure->what != NULL)
        printf("%s: %s: %s\n", failure->path, failure->what, strerror(failure->error));
    arena_free(&arena);
    buffer_free(&text);
}

static BuildStatus write_output(Build *build, const char *path)
{
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return build_fail(build, path, "cannot open the output", errno);
    Slice prelude = build_prelude(build);
    fwrite(prelude.data, 1, prelude.size, file);
    for (uint32_t section = 0; section < build_section_count(build); section++) {
        uint32_t count;
        const Slice *texts = build_section_texts(build, section, &count);
        for (uint32_t i = 0; i < count; i++)
            fwrite(texts[i].data, 1, texts[i].size, file);
    }
    bool is_written = !ferror(file);
    return fclose(file) == 0 && is_written ? BUILD_OK
                                           : build_fail(build, path, "cannot write the output", 0);
}

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

static BuildStatus run_build(Build *build, const char *output)
{
    BuildStatus status = build_plan(build);
    if (status != BUILD_OK)
        return status;
    bool is_there = access(output, F_OK) == 0 && !build_output_is_unsettled(build);
    if (is_there && build_is_unchanged(build) && !build_wants_commit(build))
        return BUILD_OK;
    return bring_up_to_date(build, output);
}

static BuildStatus build_once(const char *title, const char *entry, const char *output)
{
    Plan plan = {0};
    Observer observer = {note, &plan};
    Compiler compiler;
    ByteBuffer prelude = {0};
    Build *build;
    if (mini_compiler_init(&compiler, NULL, &prelude) != 0)
        return BUILD_MACHINE_FAILED;
    BuildRequest request = {.compiler = &compiler,
                            .entry = entry,
                            .executor = &executor_serial,
                            .observer = &observer};
    printf("%s\n", title);
    BuildStatus status = build_open(&build, &request);
    if (status == BUILD_OK)
        status = run_build(build, output);
    if (status != BUILD_OK)
        show_errors(build);
    show_plan(&plan, build_counts(build));
    build_close(build);
    buffer_free(&prelude);
    return status;
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

static const struct {
    const char *title, *path, *text;
} edits[] = {
    {"first build", "main.mini",
     "import \"shapes.mini\" as shapes;\nimport \"text.mini\" as text;\n"
     "fn main() i32 { text.show(shapes.area(shapes.Size{ w: 3, h: 4 })); return 0; }\n"},
    {"again", NULL, NULL},
    {"the body of area edited", "shapes.mini",
     SHAPES "fn area(s: Size) i32 { return s.h * s.w; }\n" BORDER},
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
    write_file("shapes.mini", SHAPES "fn area(s: Size) i32 { return s.w * s.h; }\n" BORDER);
    write_file("text.mini", "fn show(n: i32) { print(n); }\nfn gap() { print(\"\"); }\n");
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        if (edits[i].path != NULL)
            write_file(edits[i].path, edits[i].text);
        build_once(edits[i].title, "main.mini", "out.ll");
    }
    static const char *const made[] = {"main.mini", "shapes.mini", "text.mini", "out.ll",
                                       ".mini_cache/lock"};
    BuildFailure failure;
    build_clean(".mini_cache", NULL, &failure);
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        unlink(made[i]);
    return rmdir(".mini_cache");
}

int main(int argc, char **argv)
{
    char directory[] = "/tmp/demo-04-XXXXXX";
    if (argc == 3)
        return (int)build_once(argv[1], argv[1], argv[2]);
    if (mkdtemp(directory) == NULL || chdir(directory) != 0) {
        perror(directory);
        return EXIT_FAILURE;
    }
    return tell_the_lesson() == 0 && rmdir(directory) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
