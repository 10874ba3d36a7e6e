/* SPDX-License-Identifier: MIT */
/*
 * One run reports every certain error and warning, and no other.
 *
 * Random projects are broken at random: invalid lines, imports that lead nowhere, missing files,
 * undeclared names, conflicting declarations, no `main`. Files and units have warnings, which do
 * not depend on that, unless a unit names something in a file that is wrong. What must be reported
 * follows from the model in a few lines (expect_file): it knows no phase, key or cache. Each state
 * is built incrementally and from nothing, by one thread or by several.
 *
 *     SEED=7 STEPS=1000 test_error_reports
 */
#include "line_project.h"
#include "thread_executor.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { FILES = 6, UNITS = 4, REFERENCES = 3, GONE = FILES, NOBODY = FILES + 1 };

typedef struct Target { /* what a reference names; GONE: through the import that leads nowhere */
    unsigned file, unit;
} Target;

typedef struct ModelUnit {
    bool exists, is_unfinished;
    unsigned body, line;
    Target interface, bodies[REFERENCES];
} ModelUnit;

typedef struct ModelFile { /* lines as last written; 0: missing */
    bool is_missing, is_broken, imports[FILES + 1], has_main, has_todo;
    unsigned declares; /* 0: nothing; else one of several lines for one symbol */
    unsigned import_lines[FILES + 1], broken_line, declare_line, todo_line;
    ModelUnit units[UNITS];
} ModelFile;

typedef struct Model {
    LineProject project;
    ModelFile files[FILES];
    uint64_t random;
    bool is_reached[FILES];
    Diagnostics expected;
    unsigned right, wrong, mixed; /* programs; mixed: with errors of several kinds */
    unsigned warned; /* wrong ones with warnings */
} Model;

static unsigned pick(Model *model, unsigned below)
{
    model->random = model->random * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(model->random >> 33) % below;
}

/* ---- the project --------------------------------------------------------------------------- */

static const char *path_of(unsigned file)
{
    static const char *const paths[FILES + 1] = {"main.line", "a.line", "b.line", "n.line",
                                                 "y.line", "z.line", "gone.line"};
    return paths[file];
}

static bool is_written(const ModelFile *file, unsigned number, Target target)
{
    return target.file == number || (target.file <= GONE && file->imports[target.file]);
}

static void put_target(ByteBuffer *text, const ModelFile *file, unsigned number, Target target)
{
    char word[32];
    if (!is_written(file, number, target))
        return;
    if (target.file == number)
        snprintf(word, sizeof word, " $u%u", target.unit);
    else
        snprintf(word, sizeof word, " $f%u.u%u", target.file, target.unit);
    buffer_put(text, slice_from(word));
}

static void put_unit(ByteBuffer *text, const ModelFile *file, unsigned number, unsigned unit)
{
    char word[32];
    const ModelUnit *it = &file->units[unit];
    snprintf(word, sizeof word, "unit u%u(p", unit);
    buffer_put(text, slice_from(word));
    put_target(text, file, number, it->interface);
    snprintf(word, sizeof word, ") %sb%u", it->is_unfinished ? "?" : "", it->body);
    buffer_put(text, slice_from(word));
    for (unsigned i = 0; i < REFERENCES; i++)
        put_target(text, file, number, it->bodies[i]);
    buffer_put_byte(text, '\n');
}

/* Puts one line if it is wanted, and returns its number, else 0. */
static unsigned put_line(ByteBuffer *text, unsigned *lines, bool is_wanted, const char *line)
{
    if (!is_wanted)
        return 0;
    buffer_put(text, slice_from(line));
    return ++*lines;
}

static void write_file(Model *model, unsigned number)
{
    char line[64];
    unsigned lines = 0;
    ByteBuffer text = {0};
    ModelFile *file = &model->files[number];
    for (unsigned i = 0; i <= GONE; i++) {
        snprintf(line, sizeof line, "import \"%s\" as f%u\n", path_of(i), i);
        file->import_lines[i] = put_line(&text, &lines, file->imports[i], line);
    }
    file->broken_line = put_line(&text, &lines, file->is_broken, "nonsense\n");
    file->todo_line = put_line(&text, &lines, file->has_todo, "todo in \"a.line\" more\n");
    snprintf(line, sizeof line, "declare puts as %u\n", file->declares);
    file->declare_line = put_line(&text, &lines, file->declares != 0, line);
    put_line(&text, &lines, number == 0 && file->has_main, "unit main starts\n");
    for (unsigned i = 0; i < UNITS; i++) {
        file->units[i].line = file->units[i].exists ? ++lines : 0;
        if (file->units[i].exists)
            put_unit(&text, file, number, i);
    }
    unlinkat(model->project.scratch.fd, path_of(number), 0);
    if (!file->is_missing)
        scratch_write_bytes(&model->project.scratch, path_of(number), buffer_slice(&text));
    buffer_free(&text);
}

/* An interface names lower units only: no cycles. */
static Target pick_interface(Model *model, unsigned unit)
{
    Target target = {pick(model, NOBODY + 1), unit == 0 ? 0 : pick(model, unit)};
    if (unit == 0)
        target.file = NOBODY;
    return target;
}

static Target pick_body(Model *model)
{
    return (Target){pick(model, NOBODY + 1), pick(model, UNITS)};
}

static void make_model(Model *model, uint64_t seed)
{
    model->random = seed;
    for (unsigned number = 0; number < FILES; number++) {
        ModelFile *file = &model->files[number];
        *file = (ModelFile){.has_main = true};
        for (unsigned i = 0; i < FILES; i++)
            file->imports[i] = pick(model, 3) != 0;
        for (unsigned i = 0; i < UNITS; i++) {
            file->units[i] = (ModelUnit){.exists = true, .interface = pick_interface(model, i)};
            for (unsigned r = 0; r < REFERENCES; r++)
                file->units[i].bodies[r] = pick_body(model);
        }
        write_file(model, number);
    }
}

static void mend(Model *model)
{
    for (unsigned number = 0; number < FILES; number++) {
        ModelFile *file = &model->files[number];
        file->is_missing = file->is_broken = file->imports[GONE] = false;
        file->has_main = true;
        file->declares = file->declares != 0;
        for (unsigned i = 0; i < UNITS; i++)
            file->units[i].exists = true;
        write_file(model, number);
    }
}

static void edit(Model *model)
{
    unsigned number = pick(model, FILES), target = pick(model, GONE + 1), unit = pick(model, UNITS);
    ModelFile *file = &model->files[number];
    switch (pick(model, 15)) {
    case 0: file->is_broken = !file->is_broken; break;
    case 1: file->is_missing = number != 0 && !file->is_missing; break;
    case 2: case 3: file->imports[target] = !file->imports[target]; break;
    case 4: case 5: file->units[unit].exists = !file->units[unit].exists; break;
    case 6: file->units[unit].interface = pick_interface(model, unit); break;
    case 7: case 8: file->units[unit].bodies[pick(model, REFERENCES)] = pick_body(model); break;
    case 9: file->declares = pick(model, 3); break;
    case 10: file->has_main = !file->has_main; break;
    case 11: file->has_todo = !file->has_todo; break;
    case 12: case 13: file->units[unit].is_unfinished = !file->units[unit].is_unfinished; break;
    default: file->units[unit].body++; break;
    }
    write_file(model, number);
}

/* ---- what must be reported ----------------------------------------------------------------------- */

static void reach(Model *model, unsigned number)
{
    if (model->is_reached[number] || model->files[number].is_missing)
        return;
    model->is_reached[number] = true;
    for (unsigned i = 0; i < FILES; i++)
        if (model->files[number].imports[i])
            reach(model, i);
}

static bool is_poisoned(const Model *model, unsigned number)
{
    return number == GONE || model->files[number].is_missing || model->files[number].is_broken;
}

static void expect_reference(Model *model, unsigned number, const ModelUnit *unit, Target target)
{
    if (is_written(&model->files[number], number, target) && !is_poisoned(model, target.file) &&
        !model->files[target.file].units[target.unit].exists)
        diagnostics_add(&model->expected, unit->line, 6, "unknown unit: 'u%u'", target.unit);
}

static void expect_warning(Model *model, const char *path, unsigned line, unsigned column,
                           const char *message, const char *code)
{
    model->expected.path = slice_from(path);
    Diagnostic *added = diagnostics_add(&model->expected, line, column, "%s", message);
    added->severity = SEVERITY_WARNING;
    added->code = slice_from(code);
}

static bool is_hidden(const Model *model, unsigned number, Target target)
{
    const ModelFile *file = &model->files[number];
    if (!is_written(file, number, target))
        return false;
    if (is_poisoned(model, target.file))
        return true;
    const ModelUnit *named = &model->files[target.file].units[target.unit];
    return named->exists && is_hidden(model, target.file, named->interface);
}

/* A unit that reaches something hidden may not deserve its warnings. */
static void expect_unit_warnings(Model *model, unsigned number, const ModelUnit *unit)
{
    bool hides = is_hidden(model, number, unit->interface);
    for (unsigned r = 0; r < REFERENCES; r++)
        hides |= is_hidden(model, number, unit->bodies[r]);
    if (unit->is_unfinished && !hides)
        expect_warning(model, path_of(number), unit->line, 6, "a body with a '?'", "");
}

static void expect_todo(Model *model, unsigned number)
{
    if (!model->files[number].has_todo)
        return;
    expect_warning(model, path_of(number), model->files[number].todo_line, 1, "to do: 'more'",
                   "todo");
    model->expected.path = slice_from("a.line");
    diagnostics_add(&model->expected, 1, 1, "in this file")->severity = SEVERITY_NOTE;
    model->expected.path = slice_from(path_of(number));
}

static void expect_units(Model *model, unsigned number)
{
    for (unsigned i = 0; i < UNITS; i++) {
        const ModelUnit *unit = &model->files[number].units[i];
        if (!unit->exists)
            continue;
        expect_reference(model, number, unit, unit->interface);
        for (unsigned r = 0; r < REFERENCES; r++)
            expect_reference(model, number, unit, unit->bodies[r]);
        expect_unit_warnings(model, number, unit);
    }
}

static void expect_file(Model *model, unsigned number)
{
    const ModelFile *file = &model->files[number];
    model->expected.path = slice_from(path_of(number));
    for (unsigned i = 0; i <= GONE; i++)
        if (file->imports[i] && (i == GONE || model->files[i].is_missing))
            diagnostics_add(&model->expected, file->import_lines[i], 1,
                            "cannot import \"%s\": there is no such file", path_of(i));
    expect_todo(model, number);
    if (file->is_broken) {
        diagnostics_add(&model->expected, file->broken_line, 1,
                        "what is this line?: 'nonsense'");
        return;
    }
    if (number == 0 && !file->has_main)
        diagnostics_add(&model->expected, 1, 1, "the entry file has no unit 'main'");
    expect_units(model, number);
}

/* The first declaration in path order is the one that others must agree with. */
static void expect_declarations(Model *model)
{
    static const unsigned in_path_order[FILES] = {1, 2, 0, 3, 4, 5};
    const ModelFile *first = NULL;
    const char *first_path = NULL;
    for (unsigned i = 0; i < FILES; i++) {
        unsigned number = in_path_order[i];
        const ModelFile *file = &model->files[number];
        if (!model->is_reached[number] || file->is_broken || file->declares == 0)
            continue;
        model->expected.path = slice_from(path_of(number));
        if (first == NULL)
            first = file, first_path = path_of(number);
        else if (first->declares != file->declares)
            diagnostics_add(&model->expected, file->declare_line, 9,
                            "'puts' is declared differently in %s:%u", first_path,
                            first->declare_line);
    }
}

/* As text, for the comparison. */
static ByteBuffer expect_errors(Model *model)
{
    ByteBuffer text = {0};
    diagnostics_free(&model->expected);
    memset(model->is_reached, 0, sizeof model->is_reached);
    reach(model, 0);
    for (unsigned i = 0; i < FILES; i++)
        if (model->is_reached[i])
            expect_file(model, i);
    expect_declarations(model);
    diagnostics_sort(&model->expected);
    for (size_t i = 0; i < model->expected.count; i++)
        diagnostic_format(&model->expected.items[i], (Slice){"", 0}, &text);
    buffer_put_byte(&text, '\0');
    return text;
}

/* ---- random walks ------------------------------------------------------------------------------ */

static bool holds(const char *text, const char *word)
{
    return strstr(text, word) != NULL;
}

static void count_program(Model *model, const char *errors)
{
    int kinds = holds(errors, "cannot import") + holds(errors, "nonsense") +
                holds(errors, "unknown unit") + holds(errors, "differently") +
                holds(errors, "has no unit");
    model->right += kinds == 0;
    model->wrong += kinds != 0;
    model->mixed += kinds > 1;
    model->warned += kinds != 0 && holds(errors, "warning");
}

static bool is_reported(const LineRun *run, const char *errors)
{
    BuildStatus status = holds(errors, "error") ? BUILD_PROGRAM_WRONG : BUILD_OK;
    if (run->status == status && strcmp(run->diagnostics.data, errors) == 0)
        return true;
    print_message("expected:\n%stold, with status %d:\n%s", errors, (int)run->status,
                  run->diagnostics.data);
    return false;
}

static bool take_step(Model *model)
{
    LineRequest request = {.executor = pick(model, 2) == 0 ? &thread_executor : NULL,
                           .check_only = pick(model, 3) == 0};
    LineOutput output = {0};
    ByteBuffer errors = expect_errors(model);
    LineRun incremental = line_project_build(&model->project, request);
    LineRun clean = line_project_build_clean(&model->project, (LineRequest){0}, &output);
    bool is_right = is_reported(&incremental, errors.data) && is_reported(&clean, errors.data);
    if (incremental.status == BUILD_OK && !request.check_only)
        is_right &= line_output_equal(&model->project.output, &output);
    count_program(model, errors.data);
    line_run_free(&incremental);
    line_run_free(&clean);
    line_output_free(&output);
    buffer_free(&errors);
    return is_right;
}

static void walk(Model *model, uint64_t seed, unsigned steps)
{
    line_project_open(&model->project);
    make_model(model, seed);
    for (unsigned step = 0; step < steps; step++) {
        if (pick(model, 5) == 0)
            mend(model);
        for (unsigned edits = pick(model, 4); edits != 0; edits--)
            edit(model);
        if (!take_step(model))
            fail_msg("seed %llu, step %u", (unsigned long long)seed, step);
    }
    line_project_close(&model->project);
}

static unsigned number_from(const char *name, unsigned otherwise)
{
    const char *text = getenv(name);
    return text == NULL ? otherwise : (unsigned)strtoul(text, NULL, 10);
}

static void test_every_error_that_is_certain_is_reported(void **state)
{
    (void)state;
    static Model model;
    unsigned first = number_from("SEED", 1);
    for (unsigned seed = first; seed < first + 8; seed++)
        walk(&model, seed, number_from("STEPS", 40));
    diagnostics_free(&model.expected);
    print_message("%u programs were right, %u wrong, %u of these in several ways, "
                  "%u with warnings\n", model.right, model.wrong, model.mixed, model.warned);
    assert_true(model.right >= 10 && model.mixed >= 10 && model.warned >= 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_error_that_is_certain_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
