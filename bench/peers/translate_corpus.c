/* SPDX-License-Identifier: MIT */
/*
 * A generated corpus in another language, for compilers that do not read Mini:
 *
 *     translate-corpus c|ts|go CORPUS OUT
 *
 * Each d042/f04217.mini becomes OUT/d042/f04217.c (.ts, .go) with the same functions, calls and
 * arithmetic, and main.mini a program that prints the same. Only the subset of generated corpora is
 * translated: i32, i64, bool, structs, the statements and operators. Anything else is an error with
 * its place, and then OUT is incomplete.
 *
 * The engine of stage 4 does the work, with a compiler plugged in whose front half is Mini's and
 * whose back half writes another language. It keeps nothing: the build is in memory.
 *
 *     C      declarations are in each file that uses them: no headers, nothing to preprocess
 *     TS     a module for each file, imported by name
 *     Go     a package for each directory, the smallest unit that Go compiles separately
 */
#include "../common.h"

#include "import_scanner.h"
#include "incremental_build.h"
#include "mini_emit.h"
#include "parser.h"
#include "struct_check.h"
#include "translate_function.h"

#include <sys/stat.h>

enum { PATH_BYTES = 4096 };

/* ---- files --------------------------------------------------------------------------------------- */

static bool join(char path[PATH_BYTES], const char *directory, Slice name, const char *extension)
{
    int length = snprintf(path, PATH_BYTES, "%s/%.*s%s", directory, (int)name.size, name.data,
                          extension);
    return length > 0 && length < PATH_BYTES;
}

static void make_directories(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0777); /* if it fails, so does opening the file */
        *slash = '/';
    }
}

/* ---- one declaration ----------------------------------------------------------------------------- */

static void translate_constant(Part *part)
{
    Entity *unit = part->entities->items[0];
    int32_t value = constant_value(part, 0, unit);
    const char *name = own_name(part, unit);
    if (part->translation->language == LANGUAGE_C)
        need_constant(part, 0, unit);
    else
        put_text(&part->text,
                 text_of(part, is_ts(part) ? "export const %s: number = %d;\n" : "const %s int32 = %d\n",
                         name, value));
}

static void translate_struct(Part *part)
{
    Entity *unit = part->entities->items[0];
    if (part->translation->language == LANGUAGE_C)
        need_struct(part, unit);
    else
        put_text(&part->text,
                 text_of(part, is_ts(part) ? "export interface %s {%s }\n" : "type %s struct {%s }\n",
                         own_name(part, unit), field_list(part, unit)));
}

static bool translate_part(Part *part)
{
    Entity *unit = part->entities->items[0];
    Air air;
    switch (part->zir->kind) {
    case ZIR_FN:
        if (!sema_check(part->entities, unit, part->diagnostics, &air))
            return false;
        part->air = &air;
        translate_function(part);
        break;
    case ZIR_CONST:
        if (!const_check(part->entities, unit, part->diagnostics))
            return false;
        translate_constant(part);
        break;
    case ZIR_FN_BROKEN: /* the corpus has no errors */
    case ZIR_BROKEN:
        break;
    case ZIR_STRUCT:
        if (!struct_check(part->entities, unit, part->diagnostics))
            return false;
        translate_struct(part);
        break;
    case ZIR_EXTERN_FN:
        refuse(part, 0, "a C function");
        break;
    }
    return !part->is_refused;
}

/* Units come file by file: the last source read is the wanted one, except for the first unit of a
 * file. */
static bool read_source(Translation *translation, const Unit *unit)
{
    char path[PATH_BYTES];
    if (translation->source_file == unit->file + 1)
        return true;
    translation->source_file = 0;
    if (!join(path, translation->corpus, unit->path, "") ||
        read_whole_file(path, &translation->source) != 0)
        return false;
    translation->source_file = unit->file + 1;
    return true;
}

/* An EmitUnit. The text is: the lines it needs, each terminated; an empty one; the rest. */
static bool emit(void *language, const Unit *unit, const Lookup *lookup, Arena *scratch,
                 ByteBuffer *text, Diagnostics *diagnostics)
{
    Translation *translation = language;
    Entities entities;
    if (!read_source(translation, unit) || !entities_init(&entities, unit, lookup, scratch)) {
        diagnostics_add(diagnostics, 1, 1, "cannot be read again");
        return false;
    }
    Part part = {.translation = translation, .spelling = &spellings[translation->language],
                 .entities = &entities, .unit = entities.items[0],
                 .zir = &entities.items[0]->zir, .source = buffer_slice(&translation->source),
                 .diagnostics = diagnostics};
    bool is_right = translate_part(&part);
    buffer_put_byte(&part.needs, '\0');
    buffer_put(text, buffer_slice(&part.needs));
    buffer_put(text, buffer_slice(&part.text));
    buffer_free(&part.needs);
    buffer_free(&part.text);
    return is_right;
}

static bool lower(void *language, Slice source, const HashSecret *secret, Arena *arena,
                  Diagnostics *diagnostics, Lowered *lowered)
{
    (void)language;
    return mini_lower(source, secret, arena, diagnostics, lowered);
}

/* ---- one file ------------------------------------------------------------------------------------ */

/* True if one of the lines in `needs`, each terminated, is `line`. */
static bool holds_line(const ByteBuffer *needs, const char *line)
{
    for (size_t at = 0; at < needs->size; at += strlen(needs->data + at) + 1)
        if (strcmp(needs->data + at, line) == 0)
            return true;
    return false;
}

/* Splits a unit's text: new lines are added to `needs`, the rest is appended to `text`. */
static void add_unit(Slice unit, ByteBuffer *needs, ByteBuffer *text)
{
    const char *at = unit.data;
    while (*at != '\0') {
        size_t size = strlen(at) + 1;
        if (!holds_line(needs, at))
            buffer_put(needs, slice_of(at, size));
        at += size;
    }
    at++;
    buffer_put(text, slice_of(at, unit.size - (size_t)(at - unit.data)));
}

/* The beginning of a file: `needs`, from here on as one text. */
static void unite_lines(ByteBuffer *needs)
{
    size_t size = 0;
    for (size_t at = 0; at < needs->size; at++)
        if (needs->data[at] != '\0')
            needs->data[size++] = needs->data[at];
    needs->size = size;
}

static void put_package(Slice path, ByteBuffer *needs)
{
    const char *slash = memchr(path.data, '/', path.size);
    Slice name = slash == NULL ? slice_from("main")
                               : slice_of(path.data, (size_t)(slash - path.data));
    buffer_put_format(needs, "package %.*s\n", (int)name.size, name.data);
    buffer_put_byte(needs, '\0');
}

static BuildStatus write_section(Build *build, uint32_t section, const Translation *translation,
                                 ByteBuffer *needs, ByteBuffer *text)
{
    char path[PATH_BYTES];
    Slice source = build_section_path(build, section), name = source;
    name.size -= strlen(".mini");
    uint32_t count;
    const Slice *units = build_section_texts(build, section, &count);
    needs->size = text->size = 0;
    if (translation->language == LANGUAGE_GO)
        put_package(source, needs);
    for (uint32_t i = 0; i < count; i++)
        add_unit(units[i], needs, text);
    if (!join(path, translation->output, name, spellings[translation->language].extension))
        return build_fail(build, translation->output, "the path is too long", ENAMETOOLONG);
    make_directories(path);
    unite_lines(needs);
    Slice parts[] = {buffer_slice(needs), buffer_slice(text)};
    int status = write_whole_file(path, parts, 2);
    return status == 0 ? BUILD_OK : build_fail(build, path, "cannot be written", status);
}

/* ---- the whole corpus ---------------------------------------------------------------------------- */

static BuildStatus translate(Build *build, const Translation *translation)
{
    ByteBuffer needs = {0}, text = {0};
    BuildStatus status = build_plan(build);
    if (status == BUILD_OK) {
        build_want_all(build);
        status = build_emit(build);
    }
    uint32_t count = status == BUILD_OK ? build_section_count(build) : 0;
    for (uint32_t i = 0; i < count && status == BUILD_OK; i++)
        status = write_section(build, i, translation, &needs, &text);
    buffer_free(&needs);
    buffer_free(&text);
    return status;
}

static void show_errors(const Build *build)
{
    const Diagnostics *errors = build_diagnostics(build);
    const BuildFailure *failure = build_failure(build);
    ByteBuffer text = {0};
    Arena arena = {0};
    for (size_t i = 0; i < errors->count; i++) {
        Slice source;
        if (build_source(build, errors->items[i].path, &arena, &source))
            diagnostic_format(&errors->items[i], source, &text);
        else
            diagnostic_format_kind(&errors->items[i], &text);
    }
    fwrite(text.data, 1, text.size, stderr);
    if (failure->what != NULL)
        fprintf(stderr, "translate-corpus: %s: %s: %s\n", failure->path, failure->what,
                strerror(failure->error));
    arena_free(&arena);
    buffer_free(&text);
}

static BuildStatus run(Translation *translation)
{
    char entry[PATH_BYTES], cache[PATH_BYTES];
    if (!join(entry, translation->corpus, slice_from("main.mini"), "") ||
        !join(cache, translation->output, slice_from(".mini_cache/"), "")) {
        fprintf(stderr, "translate-corpus: %s: the path is too long\n", translation->corpus);
        return BUILD_MISUSED;
    }
    make_directories(cache);
    Compiler compiler = {.language = translation,
                         .entry_point = slice_from("main"),
                         .missing_entry_point = slice_from("the entry file has no `fn main() i32`"),
                         .scan_imports = mini_scan_imports,
                         .lower = lower,
                         .emit = emit};
    /* A build in memory needs a cache directory to lock, and writes nothing there. */
    BuildRequest request = {.compiler = &compiler, .entry = entry, .in_memory = true,
                            .cache_dir = cache, .executor = &executor_serial};
    Build *build;
    BuildStatus status = build_open(&build, &request);
    if (status == BUILD_OK)
        status = translate(build, translation);
    if (status != BUILD_OK)
        show_errors(build);
    build_close(build);
    return status;
}

int main(int argc, char **argv)
{
    Translation translation = {0};
    while (argc == 4 && translation.language < LANGUAGE_COUNT &&
           strcmp(spellings[translation.language].name, argv[1]) != 0)
        translation.language++;
    if (argc != 4 || translation.language == LANGUAGE_COUNT) {
        fprintf(stderr, "usage: translate-corpus c|ts|go CORPUS OUT\n");
        return BUILD_MISUSED;
    }
    translation.corpus = argv[2];
    translation.output = argv[3];
    BuildStatus status = run(&translation);
    buffer_free(&translation.source);
    return (int)status;
}
