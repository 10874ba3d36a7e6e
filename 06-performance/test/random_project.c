/* SPDX-License-Identifier: MIT */
#include "random_project.h"

#include "mini_project.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const type_names[NUMBER_TYPES] = {"i32", "i64", "f64"};

typedef struct ShapeRule {
    const char *name;
    int files;
    uint32_t presence; /* percent of the files that exist in the beginning */
    uint32_t fullness; /* percent of a file's possible functions */
} ShapeRule;

static const ShapeRule rules[SHAPES] = {
    [SHAPE_WEB] = {"web", MOST_FILES, 50, 60},
    [SHAPE_CHAIN] = {"chain", MOST_FILES, 90, 40},
    [SHAPE_STAR] = {"star", MOST_FILES, 70, 40},
    [SHAPE_FEW] = {"few", 3, 100, 100},
    [SHAPE_CROWD] = {"crowd", MOST_FILES, 100, 20},
};

const char *random_shape_name(RandomShape shape)
{
    return rules[shape].name;
}

int random_shape_files(RandomShape shape)
{
    return rules[shape].files;
}

uint32_t random_below(RandomProject *project, uint32_t limit)
{
    return (uint32_t)(random_next(&project->random) % limit);
}

bool random_chance(RandomProject *project, uint32_t percent)
{
    return random_below(project, 100) < percent;
}

static NumberType random_type(RandomProject *project)
{
    return (NumberType)random_below(project, NUMBER_TYPES);
}

/* ---- making the model ---------------------------------------------------------------------- */

/* The file that something in `file` names. */
static int named_file(RandomProject *project, int file)
{
    int files = rules[project->shape].files;
    if (project->shape == SHAPE_STAR && random_chance(project, 80))
        return 1;
    if (project->shape == SHAPE_CHAIN)
        return random_chance(project, 85) ? (file + 1) % files : (file + files - 1) % files;
    return (int)random_below(project, (uint32_t)files);
}

/* A later file, so that constants and structs make no cycle; -1 if there is none. */
static int later_file(RandomProject *project, int file)
{
    int files = rules[project->shape].files;
    if (file + 1 >= files || random_chance(project, 40))
        return -1;
    if (project->shape == SHAPE_CHAIN)
        return file + 1;
    return file + 1 + (int)random_below(project, (uint32_t)(files - file - 1));
}

void random_project_make_const(RandomProject *project, int file, int number)
{
    project->files[file].constants[number] =
        (RandomConst){true, random_type(project), random_below(project, 1000),
                      number == 1 ? later_file(project, file) : -1};
}

void random_project_make_struct(RandomProject *project, int file)
{
    RandomStruct *made = &project->files[file].structure;
    *made = (RandomStruct){.exists = true};
    made->field_count = 1 + random_below(project, MOST_FIELDS);
    for (unsigned i = 0; i < MOST_FIELDS; i++)
        made->fields[i] = random_type(project);
    made->inner = later_file(project, file);
}

void random_project_make_calls(RandomProject *project, int file, RandomFunction *made)
{
    made->call_count = random_below(project, MOST_CALLS + 1);
    for (unsigned i = 0; i < made->call_count; i++) {
        made->calls[i].file = named_file(project, file);
        made->calls[i].function = (int)random_below(project, MOST_UNITS);
    }
}

void random_project_make_function(RandomProject *project, int file, int number)
{
    RandomFunction *made = &project->files[file].functions[number];
    *made = (RandomFunction){.exists = true, .constant = -1, .structure = -1};
    made->param_count = random_below(project, MOST_FIELDS + 1);
    for (unsigned i = 0; i < MOST_FIELDS; i++)
        made->params[i] = random_type(project);
    made->result = random_type(project);
    made->literal = random_below(project, 100000);
    random_project_make_calls(project, file, made);
    if (random_chance(project, 40))
        made->constant = named_file(project, file);
    if (random_chance(project, 30))
        made->structure = named_file(project, file);
}

void random_project_make_file(RandomProject *project, int file)
{
    project->files[file] = (RandomFile){.exists = true};
    random_project_make_const(project, file, 0);
    if (random_chance(project, 50))
        random_project_make_const(project, file, 1);
    if (random_chance(project, 60))
        random_project_make_struct(project, file);
    for (int i = 0; i < MOST_UNITS; i++)
        if (random_chance(project, rules[project->shape].fullness))
            random_project_make_function(project, file, i);
}

void random_project_init(RandomProject *project, uint64_t seed, RandomShape shape)
{
    *project = (RandomProject){.random = seed, .shape = shape, .last_file = -1};
    for (int i = 0; i < rules[shape].files; i++)
        if (i == 0 || random_chance(project, rules[shape].presence))
            random_project_make_file(project, i);
}

/* ---- rendering ----------------------------------------------------------------------------- */

/* Of C, from an integer to an integer. Which of them a function calls follows from its literal. */
enum { EXTERNS = 8 };
static const char *const externs[EXTERNS] = {"abs",     "isalpha", "isdigit", "ispunct",
                                             "isspace", "isupper", "tolower", "toupper"};

typedef struct Renderer {
    const RandomProject *project;
    int file;
    bool imports[MOST_FILES]; /* named files */
    bool externs[EXTERNS];    /* named functions of C */
    ByteBuffer text;
} Renderer;

__attribute__((format(printf, 2, 3))) static void put(Renderer *renderer, const char *format, ...)
{
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    buffer_put(&renderer->text, slice_of(line, (size_t)size));
}

/* "" for the file itself, "m7." for another. */
static const char *prefix(Renderer *renderer, int file, char text[16])
{
    text[0] = '\0';
    if (file != renderer->file) {
        renderer->imports[file] = true;
        snprintf(text, 16, "m%d.", file);
    }
    return text;
}

static bool has_const(const RandomProject *project, int file)
{
    return file >= 0 && project->files[file].exists && project->files[file].constants[0].exists;
}

/* Some files also have a constant text, so long that code shares it. */
static bool has_text(const RandomProject *project, int file)
{
    return has_const(project, file) && project->files[file].constants[0].value % 3 == 0;
}

static bool has_struct(const RandomProject *project, int file)
{
    return file >= 0 && project->files[file].exists && project->files[file].structure.exists;
}

static void render_const(Renderer *renderer, int number)
{
    char text[16];
    const RandomConst *is = &renderer->project->files[renderer->file].constants[number];
    put(renderer, "const c%d: %s = %u", number, type_names[is->type], is->value);
    if (has_const(renderer->project, is->operand))
        put(renderer, " + (%sc0 as %s)", prefix(renderer, is->operand, text),
            type_names[is->type]);
    put(renderer, ";\n");
    if (number == 0 && has_text(renderer->project, renderer->file))
        put(renderer, "const text: str = \"%070u and more\";\n", is->value);
}

static void render_struct(Renderer *renderer)
{
    char text[16];
    const RandomStruct *is = &renderer->project->files[renderer->file].structure;
    put(renderer, "struct S {\n");
    for (unsigned i = 0; i < is->field_count; i++)
        put(renderer, "    x%u: %s,\n", i, type_names[is->fields[i]]);
    if (has_struct(renderer->project, is->inner))
        put(renderer, "    inner: %sS,\n", prefix(renderer, is->inner, text));
    put(renderer, "}\n");
}

/* A literal of a struct and of the structs inside it. A file named here only because of an inner
 * struct is imported as well. */
static void render_literal(Renderer *renderer, int file)
{
    char text[16];
    const RandomStruct *is = &renderer->project->files[file].structure;
    put(renderer, "%sS{ ", prefix(renderer, file, text));
    for (unsigned i = 0; i < is->field_count; i++)
        put(renderer, "%sx%u: %u", i == 0 ? "" : ", ", i, i + 1);
    if (has_struct(renderer->project, is->inner)) {
        put(renderer, ", inner: ");
        render_literal(renderer, is->inner);
    }
    put(renderer, " }");
}

static void render_call(Renderer *renderer, int file, int number)
{
    char text[16];
    const RandomFile *target = &renderer->project->files[file];
    if (!target->exists || !target->functions[number].exists)
        return;
    put(renderer, "    total = total + (%sf%d(", prefix(renderer, file, text), number);
    for (unsigned i = 0; i < target->functions[number].param_count; i++)
        put(renderer, "%s%u", i == 0 ? "" : ", ", i + 1);
    put(renderer, ") as i64);\n");
}

static void render_signature(Renderer *renderer, const RandomFunction *is, int number)
{
    put(renderer, "fn %s%d(", is->is_misspelled ? "misspelled" : "f", number);
    for (unsigned i = 0; i < is->param_count; i++)
        put(renderer, "%sp%u: %s", i == 0 ? "" : ", ", i < 2 && is->swapped_names ? 1 - i : i,
            type_names[is->params[i]]);
    put(renderer, ") %s {\n", type_names[is->result]);
}

static void render_extern(Renderer *renderer, uint32_t literal)
{
    uint32_t number = literal / 4 % EXTERNS;
    if (literal % 4 != 0)
        return;
    renderer->externs[number] = true;
    put(renderer, "    total = total + (%s(%u) as i64);\n", externs[number], literal % 128);
}

static void render_function(Renderer *renderer, int number)
{
    char text[16];
    const RandomProject *project = renderer->project;
    const RandomFunction *is = &project->files[renderer->file].functions[number];
    if (is->has_comment)
        put(renderer, "// adds up what it can\n");
    render_signature(renderer, is, number);
    put(renderer, "    var total: i64 = %u;\n", is->literal);
    for (unsigned i = 0; i < is->param_count; i++)
        if (is->param_count > 1 || !is->swapped_names)
            put(renderer, "    total = total * 3 + (p%u as i64);\n", i);
    for (unsigned i = 0; i < is->call_count; i++)
        render_call(renderer, is->calls[i].file, is->calls[i].function);
    render_extern(renderer, is->literal);
    if (has_const(project, is->constant))
        put(renderer, "    total = total + (%sc0 as i64);\n",
            prefix(renderer, is->constant, text));
    if (has_text(project, is->constant))
        put(renderer, "    if (%stext == \"\") { total = 0; }\n",
            prefix(renderer, is->constant, text));
    if (has_struct(project, is->structure)) {
        put(renderer, "    const made = ");
        render_literal(renderer, is->structure);
        put(renderer, ";\n    total = total + (made.x0 as i64);\n");
    }
    put(renderer, "    return total as %s;\n}\n\n", type_names[is->result]);
}

static void render_units(Renderer *renderer)
{
    const RandomFile *is = &renderer->project->files[renderer->file];
    for (int i = 0; i < 2; i++)
        if (is->constants[i].exists)
            render_const(renderer, i);
    if (is->structure.exists)
        render_struct(renderer);
    for (int i = 0; i < MOST_UNITS; i++)
        if (is->functions[i].exists)
            render_function(renderer, i);
    if (renderer->file == 0)
        put(renderer, "fn main() i32 {\n    return 0;\n}\n");
    if (is->is_broken)
        put(renderer, "fn broken( {\n");
}

/* The imports are known when everything else is written; the entry imports every third file, so
 * that most of the project can be reached. */
static void render_file(const RandomProject *project, int file, ByteBuffer *text)
{
    Renderer renderer = {.project = project, .file = file};
    render_units(&renderer);
    ByteBuffer units = renderer.text;
    renderer.text = (ByteBuffer){0};
    for (int i = 1; file == 0 && i < MOST_FILES; i += 3)
        renderer.imports[i] |= project->files[i].exists;
    for (int i = 0; i < MOST_FILES; i++) {
        if (!renderer.imports[i])
            continue;
        if (i == 0)
            put(&renderer, "import \"main.mini\" as m0;\n");
        else
            put(&renderer, "import \"f%02d.mini\" as m%d;\n", i, i);
    }
    for (unsigned i = 0; i < project->files[file].blank_lines; i++)
        put(&renderer, "\n");
    for (int i = 0; i < EXTERNS; i++)
        if (renderer.externs[i])
            put(&renderer, "extern fn %s(n: i32) i32;\n", externs[i]);
    buffer_put(&renderer.text, buffer_slice(&units));
    buffer_free(&units);
    *text = renderer.text;
}

void random_project_write(const RandomProject *project, const Scratch *scratch)
{
    for (int i = 0; i < MOST_FILES; i++) {
        char name[16] = "main.mini";
        if (i != 0)
            snprintf(name, sizeof name, "f%02d.mini", i);
        if (!project->files[i].exists) {
            unlinkat(scratch->fd, name, 0);
            continue;
        }
        ByteBuffer text;
        size_t size = 0;
        render_file(project, i, &text);
        char *old = scratch_exists(scratch, name) ? scratch_read(scratch, name, &size) : NULL;
        if (old == NULL || !slice_equal(slice_of(old, size), buffer_slice(&text)))
            scratch_write_bytes(scratch, name, buffer_slice(&text));
        free(old);
        buffer_free(&text);
    }
}
