/* SPDX-License-Identifier: MIT */
#include "sample_project.h"

#include "import_scanner.h"
#include "source_path.h"

#include <stdlib.h>

static void tell(void *context, Decision decision, Slice subject)
{
    static const char *const names[] = {
        [DECISION_FILE_UNCHANGED] = "same ",  [DECISION_FILE_TOUCHED] = "touched ",
        [DECISION_FILE_CHANGED] = "changed ", [DECISION_FILE_ADDED] = "added ",
        [DECISION_FILE_REMOVED] = "removed ", [DECISION_FILE_REDIRECTED] = "redirected ",
        [DECISION_FILE_OTHER_INPUT] = "input ", [DECISION_FILE_OTHER_ROLE] = "role ",
        [DECISION_VALUE_CHANGED] = "value ",
    };
    ByteBuffer *reported = context;
    buffer_put(reported, slice_from(names[decision]));
    buffer_put(reported, subject);
    buffer_put_byte(reported, '\n');
}

void sample_project_write(SampleProject *project)
{
    Scratch *scratch = &project->scratch;
    scratch_write(scratch, "main.mini", "import \"lib/a.mini\" as a;\nimport \"b.mini\" as b;\n");
    scratch_write(scratch, "lib/a.mini", "import \"../b.mini\" as b;\n"
                                         "import \"../shared.mini\" as shared;\n");
    scratch_write(scratch, "b.mini", "import \"lib/a.mini\" as a;\n\n"
                                     "import \"shared.mini\" as shared;\n");
    scratch_write(scratch, "shared.mini", "const x = 1;\n");
}

void sample_project_age(SampleProject *project)
{
    static const char *const files[] = {"main.mini", "lib/a.mini", "b.mini", "shared.mini"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (scratch_exists(&project->scratch, files[i]))
            scratch_age(&project->scratch, files[i], 60);
}

int sample_project_setup(void **state)
{
    SampleProject *project = calloc(1, sizeof *project);
    scratch_open(&project->scratch);
    scratch_open(&project->clock);
    project->executor = &executor_serial;
    sample_project_write(project);
    *state = project;
    return 0;
}

static void forget_answers(SampleProject *project)
{
    diagnostics_free(&project->diagnostics);
    discovery_free(&project->found);
    buffer_free(&project->reported);
}

int sample_project_teardown(void **state)
{
    SampleProject *project = *state;
    forget_answers(project);
    file_hash_cache_close(&project->cache);
    scratch_close(&project->scratch);
    scratch_close(&project->clock);
    free(project);
    return 0;
}

enum { COLUMN_OF_PATH = 8 };

static void scan(void *language, Slice source, ImportScan *found)
{
    mini_scan_imports(language, source, found);
    for (uint32_t i = 0; i < found->count; i++) {
        ScannedImport *import = &found->items[i];
        import->is_optional = import->path.size > 5 && memcmp(import->path.data, "maybe", 5) == 0;
        if (((const SampleProject *)language)->inputs)
            import->role = (ImportRole)(import->column - COLUMN_OF_PATH);
    }
}

/* The kind is added to the value: the same name with two kinds has two. */
static bool find_value(void *language, uint32_t kind, Slice name, Arena *arena, Slice *value)
{
    SampleProject *project = language;
    ByteBuffer text = {.arena = arena};
    __atomic_fetch_add(&project->values_asked, 1, __ATOMIC_RELAXED);
    assert_int_equal(name.data[name.size], '\0');
    for (size_t i = 0; project->values[i][0] != NULL; i++)
        if (slice_equal(slice_from(project->values[i][0]), name)) {
            buffer_put_format(&text, "%u %s", kind, project->values[i][1]);
            *value = buffer_slice(&text);
            return true;
        }
    return false;
}

static void add_below(ImportCandidates *candidates, const char *root, const char *directory,
                      Slice path)
{
    ByteBuffer candidate = {.arena = candidates->arena};
    buffer_put(&candidate, slice_from(root));
    buffer_put(&candidate, slice_from(directory));
    buffer_put(&candidate, path);
    import_candidates_add(candidates, buffer_slice(&candidate));
}

static void resolve(void *language, Slice importer, const ScannedImport *import,
                    ImportCandidates *candidates)
{
    Slice beside;
    const SampleProject *project = language;
    if (source_path_resolve(importer, import->path, candidates->arena, &beside) == PATH_OK)
        import_candidates_add(candidates, beside);
    add_below(candidates, "", "inc/", import->path);
    add_below(candidates, project->scratch.path, "/sys//", import->path);
}

int sample_project_discover(SampleProject *project)
{
    forget_answers(project);
    Observer observer = {tell, &project->reported};
    DiscoveryRequest request = {
        .dir_fd = project->scratch.fd,
        .reader = project->reader,
        .largest_source = project->largest_source,
        .clock_dir_fd = project->clock.fd,
        .entry = slice_from("main.mini"),
        .trust_nothing = project->trust_nothing,
        .most_files = project->most_files,
        .more_entries = project->more_entries,
        .more_entry_count = project->more_entry_count,
        .scan = project->searches ? scan : mini_scan_imports,
        .resolve = project->searches ? resolve : NULL,
        .value = project->inputs ? find_value : NULL,
        .language = project,
        .executor = project->executor,
        .observer = &observer,
        .diagnostics = &project->diagnostics,
        .cancelled = project->cancelled,
        .cancelled_context = project->cancelled_context,
    };
    int status = discover(&project->found, &request, &project->cache);
    buffer_put_byte(&project->reported, '\0');
    diagnostics_sort(&project->diagnostics);
    return status;
}
