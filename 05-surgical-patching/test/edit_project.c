/* SPDX-License-Identifier: MIT */
#include "edit_project.h"

#include "line_language.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const names[EDIT_FILES] = {"main.line", "a.line", "b.line", "lib/c.line",
                                              "d.line"};

static void set_unit(EditUnit *unit, char letter, unsigned body_size, unsigned interface,
                     unsigned body)
{
    *unit = (EditUnit){true, (uint8_t)letter, (uint16_t)body_size, (uint8_t)interface,
                       (uint8_t)body};
}

void edit_project_open(EditProject *project)
{
    *project = (EditProject){0};
    scratch_open(&project->scratch);
    for (unsigned i = 0; i < 4; i++) {
        project->files[i].exists = true;
        set_unit(&project->files[i].units[0], 'a', 40 + 60 * i, EDIT_NOTHING, (i + 1) % 4 * 3);
        set_unit(&project->files[i].units[1], 'b', 10, (i + 1) % 4 * 3, EDIT_NOTHING);
    }
    for (unsigned i = 0; i < EDIT_VERSIONS; i++)
        memcpy(project->versions[i], project->files, sizeof project->files);
}

void edit_project_close(EditProject *project)
{
    scratch_close(&project->scratch);
}

/* ---- editing ------------------------------------------------------------------------------- */

static void edit_unit(EditProject *project, EditFile *file, FuzzInput *input)
{
    EditUnit *unit = &file->units[fuzz_below(input, EDIT_UNITS)];
    (void)project;
    switch (fuzz_below(input, 6)) {
    case 0: unit->exists = !unit->exists; break;
    case 1: unit->letter = (uint8_t)('a' + fuzz_below(input, 3)); break;
    case 2: unit->body_size = (uint16_t)fuzz_below(input, 256); break;
    case 3: unit->body_size = (uint16_t)fuzz_below(input, 1500); break;
    case 4: unit->interface = (uint8_t)fuzz_below(input, EDIT_NOTHING + 1); break;
    default: unit->body = (uint8_t)fuzz_below(input, EDIT_NOTHING + 1); break;
    }
}

static void edit_file(EditFile *file, FuzzInput *input)
{
    switch (fuzz_below(input, 8)) {
    case 0: file->comment = fuzz_u8(input); break;
    case 1: file->declares = (uint8_t)fuzz_below(input, 4); break;
    case 2: file->is_broken = !file->is_broken; break;
    case 3: file->is_misspelled = !file->is_misspelled; break;
    case 4: file->imports_itself = !file->imports_itself; break;
    default: file->exists = !file->exists; break;
    }
}

static void switch_version(EditProject *project, FuzzInput *input)
{
    size_t size = sizeof project->files;
    uint32_t version = fuzz_below(input, EDIT_VERSIONS);
    if (fuzz_below(input, 2) == 0)
        memcpy(project->versions[version], project->files, size);
    else
        memcpy(project->files, project->versions[version], size);
}

void edit_project_edit(EditProject *project, FuzzInput *input)
{
    EditFile *file = &project->files[fuzz_below(input, EDIT_FILES)];
    uint32_t kind = fuzz_below(input, 8);
    if (kind < 5)
        edit_unit(project, file, input);
    else if (kind < 7)
        edit_file(file, input);
    else
        switch_version(project, input);
}

/* ---- rendering ----------------------------------------------------------------------------- */

typedef struct Renderer {
    const EditProject *project;
    unsigned file;
    bool imports[EDIT_FILES];
    ByteBuffer text;
} Renderer;

static void put(Renderer *renderer, const char *text)
{
    buffer_put(&renderer->text, slice_from(text));
}

static void put_numbered(Renderer *renderer, const char *text, unsigned number)
{
    put(renderer, text);
    buffer_put_decimal(&renderer->text, number);
}

static void put_reference(Renderer *renderer, unsigned target)
{
    unsigned file = target / EDIT_UNITS, unit = target % EDIT_UNITS;
    if (target >= EDIT_NOTHING || !renderer->project->files[file].exists ||
        !renderer->project->files[file].units[unit].exists)
        return;
    put(renderer, " $");
    if (file != renderer->file) {
        renderer->imports[file] = true;
        put_numbered(renderer, "f", file);
        put(renderer, ".");
    }
    put_numbered(renderer, "u", unit);
}

static void put_unit(Renderer *renderer, const EditUnit *unit, unsigned number, bool misspelled)
{
    put_numbered(renderer, misspelled ? "unit v" : "unit u", number);
    put(renderer, "(p");
    buffer_put_byte(&renderer->text, (char)unit->letter);
    put_reference(renderer, unit->interface);
    put(renderer, ")");
    if (unit->body_size != 0) {
        put(renderer, " ");
        for (unsigned i = 0; i < unit->body_size; i++)
            buffer_put_byte(&renderer->text, i % 80 == 79 ? ' ' : (char)unit->letter);
        put_reference(renderer, unit->body);
    }
    put(renderer, "\n");
}

static void put_units(Renderer *renderer, const EditFile *file)
{
    for (unsigned i = 0; i < EDIT_UNITS; i++)
        if (file->units[i].exists)
            put_unit(renderer, &file->units[i], i, i == 0 && file->is_misspelled);
    if (file->declares != 0) /* 1 and 2 exclude each other */
        put_numbered(renderer, file->declares < 3 ? "declare s line " : "declare t line ",
                     file->declares);
    put(renderer, file->is_broken ? "\nwhat is this\n" : "\n");
    if (renderer->file == 0) {
        put(renderer, "unit main calls");
        for (unsigned i = 0; i < EDIT_FILES; i++)
            put_reference(renderer, i * EDIT_UNITS);
        put(renderer, "\n");
    }
}

static void put_import(Renderer *renderer, unsigned file)
{
    put(renderer, renderer->file == 3 ? "import \"../" : "import \"");
    put(renderer, names[file]);
    put_numbered(renderer, "\" as f", file);
    put(renderer, "\n");
}

static void render(const EditProject *project, unsigned number, ByteBuffer *text)
{
    const EditFile *file = &project->files[number];
    Renderer renderer = {.project = project, .file = number};
    renderer.imports[number] = file->imports_itself;
    put_units(&renderer, file);
    ByteBuffer units = renderer.text;
    renderer.text = (ByteBuffer){0};
    for (unsigned i = 0; i < EDIT_FILES; i++)
        if (renderer.imports[i])
            put_import(&renderer, i);
    if (file->comment != 0)
        put_numbered(&renderer, "# comment ", file->comment);
    put(&renderer, "\n");
    buffer_put(&renderer.text, buffer_slice(&units));
    buffer_free(&units);
    *text = renderer.text;
}

void edit_project_write(const EditProject *project)
{
    for (unsigned i = 0; i < EDIT_FILES; i++) {
        if (!project->files[i].exists) {
            unlinkat(project->scratch.fd, names[i], 0);
            continue;
        }
        ByteBuffer text;
        size_t size = 0;
        render(project, i, &text);
        bool is_there = scratch_exists(&project->scratch, names[i]);
        char *old = is_there ? scratch_read(&project->scratch, names[i], &size) : NULL;
        if (old == NULL || !slice_equal(slice_of(old, size), buffer_slice(&text)))
            scratch_write_bytes(&project->scratch, names[i], buffer_slice(&text));
        free(old);
        buffer_free(&text);
    }
}

/* ---- building ------------------------------------------------------------------------------ */

/* Takes the steps of output_write up to the one at which the build is killed. */
static BuildStatus build_until(Build *build, EditStop stop)
{
    BuildStatus status = BUILD_OK;
    if (stop == STOP_PLANNED)
        return BUILD_OK;
    if (!build_planned(build)->is_unchanged) {
        build_want_all(build);
        status = build_emit(build);
    }
    if (status == BUILD_OK)
        status = build_save(build);
    if (status == BUILD_OK && stop == STOP_IN_PROGRESS)
        status = build_begin_output(build);
    return status;
}

static void read_output(const char *path, ByteBuffer *output)
{
    FILE *file = fopen(path, "rb");
    size_t size;
    FUZZ_CHECK(file != NULL);
    do {
        buffer_reserve(output, 4096);
        size = fread(output->data + output->size, 1, 4096, file);
        output->size += size;
    } while (size != 0);
    fclose(file);
}

static void report_errors(const Build *build, ByteBuffer *text)
{
    const Diagnostics *diagnostics = build_diagnostics(build);
    for (size_t i = 0; i < diagnostics->count; i++)
        diagnostic_format(&diagnostics->items[i], (Slice){"", 0}, text);
    if (build_failure(build)->what != NULL)
        buffer_put(text, slice_from(build_failure(build)->what));
}

static void path_of(const EditProject *project, const char *chosen, const char *otherwise,
                    char path[512])
{
    if (chosen != NULL && chosen[0] == '/')
        snprintf(path, 512, "%s", chosen);
    else
        snprintf(path, 512, "%s/%s", project->scratch.path, chosen == NULL ? otherwise : chosen);
}

EditOutcome edit_project_build(const EditProject *project, const EditRequest *wanted)
{
    EditOutcome outcome = {0};
    char entry[512], cache[512], output[512];
    Build *build;
    const char *settings = wanted->settings == NULL ? "" : wanted->settings;
    Compiler compiler = wanted->directories == NULL
                            ? line_language(settings)
                            : line_language_searching(settings, wanted->directories);
    BuildRequest request = {.compiler = &compiler,
                            .entry = entry,
                            .cache_dir = cache,
                            .output = wanted->keeps_products ? output : NULL,
                            .executor = &executor_serial,
                            .force = wanted->force,
                            .paranoid = wanted->paranoid,
                            .sync = wanted->sync};
    path_of(project, wanted->entry, "main.line", entry);
    path_of(project, wanted->cache, "cache", cache);
    path_of(project, wanted->output, "out", output);
    outcome.status = build_open(&build, &request);
    if (outcome.status == BUILD_OK)
        outcome.status = build_plan(build);
    if (outcome.status == BUILD_OK)
        outcome.status = wanted->stop == STOP_NEVER ? output_write(build, output, &outcome.patch)
                                                    : build_until(build, wanted->stop);
    report_errors(build, &outcome.errors);
    outcome.counts = *build_counts(build);
    build_close(build);
    if (outcome.status == BUILD_OK && wanted->stop == STOP_NEVER)
        read_output(output, &outcome.output);
    return outcome;
}

EditOutcome edit_project_build_clean(const EditProject *project, const EditRequest *wanted)
{
    Scratch clean;
    char cache[512], output[512];
    EditRequest request = *wanted;
    scratch_open(&clean);
    snprintf(cache, sizeof cache, "%s/cache", clean.path);
    snprintf(output, sizeof output, "%s/out", clean.path);
    request.cache = cache;
    request.output = output;
    request.stop = STOP_NEVER;
    EditOutcome outcome = edit_project_build(project, &request);
    scratch_close(&clean);
    return outcome;
}

static void report_outcome(const char *what, const EditOutcome *outcome)
{
    fprintf(stderr, "---- %s: status %d, %s (%s), %zu bytes\n%.*s\n", what, outcome->status,
            patch_strategy_name(outcome->patch.strategy), patch_reason_name(outcome->patch.reason),
            outcome->output.size, (int)outcome->errors.size,
            outcome->errors.data == NULL ? "" : outcome->errors.data);
}

void edit_outcome_expect_equal(const EditOutcome *built, const EditOutcome *clean)
{
    bool is_equal = built->status == clean->status &&
                    slice_equal(buffer_slice(&built->errors), buffer_slice(&clean->errors)) &&
                    slice_equal(buffer_slice(&built->output), buffer_slice(&clean->output));
    if (is_equal)
        return;
    report_outcome("this build", built);
    report_outcome("a clean one", clean);
    FUZZ_CHECK(is_equal);
}

void edit_outcome_free(EditOutcome *outcome)
{
    buffer_free(&outcome->output);
    buffer_free(&outcome->errors);
}
