/* SPDX-License-Identifier: MIT */
/*
 * What is reported beside something poisoned is true, and nothing is omitted unnecessarily.
 *
 * A correct random program is changed at random places: characters vanish, names and types change,
 * numbers grow, files are removed. Some files then are missing, or have syntax errors that may hide
 * declarations: what they declare is unknown. If they declared what they did before, a certain set of errors would be
 * reported. So
 *
 *     no consequences      every error reported of a file that can be parsed is in that set
 *     nothing is hidden    every error in that set, of a file that neither reaches one of them nor
 *                          is reached only through them, is reported
 *
 * and an incremental build reports what a clean one reports. CERTAIN_ERRORS_SEED and
 * CERTAIN_ERRORS_SEEDS in the environment say where to begin and how much to try.
 */
#include "mini_project.h"
#include "parser.h"
#include "random_project.h"
#include "source_path.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct Source {
    char path[16];
    char *right, *changed; /* NUL-terminated, owned; right NULL: no such file */
    bool is_missing, is_poisoned, reaches_poisoned;
    bool is_reached; /* from main.mini, through parsable files */
    struct Source **imports; /* of a parsable file; NULL: leads nowhere */
    uint32_t import_count;
} Source;

typedef struct Trial {
    MiniProject project;
    Source sources[MOST_FILES];
    uint64_t random;
    Arena arena;
} Trial;

typedef struct Tally {
    unsigned programs, poisoned, silent, reported;
} Tally;

static uint32_t pick(Trial *trial, uint32_t below)
{
    return (uint32_t)(random_next(&trial->random) % below);
}

/* ---- changing ------------------------------------------------------------------------------ */

static bool is_word_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_' ||
           (byte >= '0' && byte <= '9');
}

/* Replaces the whole word at `at`, or only `at`, by `text`. */
static void replace_word(Source *source, size_t at, const char *text)
{
    const char *old = source->changed;
    size_t size = strlen(old), begin = at, end = at + 1;
    while (begin != 0 && is_word_byte(old[at]) && is_word_byte(old[begin - 1]))
        begin--;
    while (is_word_byte(old[at]) && is_word_byte(old[end]))
        end++;
    char *made = memory_allocate_zeroed(1, size + strlen(text) + 1);
    memcpy(made, old, begin);
    memcpy(made + begin, text, strlen(text));
    strcat(made, old + end);
    free(source->changed);
    source->changed = made;
}

/* One of every two places is a word or a number after the imports. */
static void change(Trial *trial, Source *source)
{
    static const char *const words[] = {"i32",        "i64", "f64", "bool", "nowhere", "true",
                                        "5000000000", "2.5", "",    "m1",   "}",       ";"};
    const char *text = source->changed, *body = strstr(text, "\nfn ");
    size_t size = strlen(text), begin = body == NULL ? 0 : (size_t)(body - text);
    if (size == 0)
        return;
    size_t at = begin + pick(trial, (uint32_t)(size - begin));
    for (unsigned tries = 0; tries < 20 && !is_word_byte(source->changed[at]); tries++)
        at = begin + pick(trial, (uint32_t)(size - begin));
    replace_word(source, at, words[pick(trial, sizeof words / sizeof *words)]);
}

static void read_sources(Trial *trial)
{
    for (unsigned i = 0; i < MOST_FILES; i++) {
        Source *source = &trial->sources[i];
        snprintf(source->path, sizeof source->path, "f%02u.mini", i);
        if (i == 0)
            strcpy(source->path, "main.mini");
        if (!scratch_exists(&trial->project.scratch, source->path))
            continue;
        source->right = scratch_read(&trial->project.scratch, source->path, NULL);
        source->changed = scratch_read(&trial->project.scratch, source->path, NULL);
    }
}

static void change_sources(Trial *trial)
{
    uint32_t rarity = 1 + pick(trial, 4);
    for (unsigned i = 0; i < MOST_FILES; i++) {
        Source *source = &trial->sources[i];
        if (source->right == NULL || pick(trial, rarity) != 0)
            continue;
        for (uint32_t changes = 1 + pick(trial, 3); changes != 0; changes--)
            change(trial, source);
        source->is_missing = i != 0 && pick(trial, 12) == 0;
    }
}

static void write_source(Trial *trial, const Source *source, bool is_right)
{
    if (!is_right && source->is_missing)
        unlinkat(trial->project.scratch.fd, source->path, 0);
    else if (source->right != NULL)
        mini_project_write(&trial->project, source->path,
                           is_right ? source->right : source->changed);
}

/* ---- what is poisoned -------------------------------------------------------------------- */

static Source *find_source(Trial *trial, Slice path)
{
    for (unsigned i = 0; i < MOST_FILES; i++)
        if (slice_equal(path, slice_from(trial->sources[i].path)))
            return trial->sources[i].right == NULL ? NULL : &trial->sources[i];
    return NULL;
}

/* An import that leads nowhere is NULL. */
static void find_imports(Trial *trial, Source *source, const Lowered *lowered)
{
    Declarations view;
    assert_true(declarations_view(lowered->declarations, &view));
    source->import_count = view.import_count;
    source->imports = arena_allocate(&trial->arena, view.import_count * sizeof *source->imports);
    for (uint32_t i = 0; i < view.import_count; i++) {
        Slice path, written = declarations_text(&view, view.imports[i].path);
        bool is_path = source_path_resolve(slice_from(source->path), written, &trial->arena,
                                           &path) == PATH_OK;
        source->imports[i] = is_path ? find_source(trial, path) : NULL;
    }
}

static void lower_source(Trial *trial, Source *source)
{
    Diagnostics ignored = {0};
    Lowered lowered = {0};
    if (!source->is_missing)
        mini_lower(slice_from(source->changed), NULL, &trial->arena, &ignored, &lowered);
    /* One whose errors are within declarations tells all the others. */
    source->is_poisoned = lowered.declarations.size == 0;
    source->reaches_poisoned = source->is_poisoned;
    if (!source->is_poisoned)
        find_imports(trial, source, &lowered);
    diagnostics_free(&ignored);
}

/* One step along all imports at once. True if it found something new. */
static bool propagate(Trial *trial)
{
    bool is_new = false;
    for (unsigned i = 0; i < MOST_FILES; i++) {
        Source *source = &trial->sources[i];
        for (uint32_t k = 0; k < source->import_count; k++) {
            Source *target = source->imports[k];
            bool leads_to = target == NULL || target->reaches_poisoned;
            is_new |= (leads_to && !source->reaches_poisoned) ||
                      (target != NULL && source->is_reached && !target->is_reached);
            source->reaches_poisoned |= leads_to;
            if (target != NULL)
                target->is_reached |= source->is_reached;
        }
    }
    return is_new;
}

static unsigned find_poisoned(Trial *trial)
{
    unsigned count = 0;
    trial->sources[0].is_reached = true;
    for (unsigned i = 0; i < MOST_FILES; i++)
        if (trial->sources[i].right != NULL) {
            lower_source(trial, &trial->sources[i]);
            count += trial->sources[i].is_poisoned;
        }
    while (propagate(trial))
        continue;
    return count;
}

/* ---- judging ------------------------------------------------------------------------------- */

/* The messages of a build of the sources on disk, with the project's cache or a new one. */
static char *say(Trial *trial, bool in_new_cache)
{
    MiniProject *project = &trial->project;
    Scratch place;
    if (in_new_cache) {
        scratch_open(&place);
        mini_project_build_in(project, &place);
        scratch_close(&place);
    } else {
        mini_project_build(project);
    }
    if (project->status > BUILD_PROGRAM_WRONG)
        fail_msg("status %d: %s", (int)project->status, project->said.data);
    return strcpy(memory_allocate(project->said.size), project->said.data);
}

/* Each line of `reported`, of a file that counts, that is not in `other` fails the test. */
static void expect_lines(Trial *trial, const char *reported, const char *other, bool is_certain,
                         Tally *tally)
{
    const char *end;
    for (const char *line = reported; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        char wanted[4096];
        const Source *source =
            find_source(trial, slice_of(line, (size_t)(strchr(line, ':') - line)));
        bool counts = source != NULL &&
                      (is_certain ? !source->is_poisoned
                                  : source->is_reached && !source->reaches_poisoned);
        snprintf(wanted, sizeof wanted, "%.*s", (int)(end - line + 1), line);
        if (strstr(wanted, ": error: cannot import") != NULL)
            continue;
        if (counts && strstr(other, wanted) == NULL)
            fail_msg("%s: %s", is_certain ? "reported, and not certain" : "not reported", wanted);
        if (counts && is_certain)
            tally->reported++;
        tally->silent += !is_certain && !counts && strstr(other, wanted) == NULL;
    }
}

static void judge(Trial *trial, Tally *tally)
{
    unsigned poisoned = find_poisoned(trial);
    for (unsigned i = 0; i < MOST_FILES; i++)
        write_source(trial, &trial->sources[i], false);
    char *incremental = say(trial, false), *clean = say(trial, true);
    assert_string_equal(incremental, clean);
    for (unsigned i = 0; i < MOST_FILES; i++)
        write_source(trial, &trial->sources[i], trial->sources[i].is_poisoned);
    char *mended = say(trial, true);
    expect_lines(trial, clean, mended, true, tally);
    expect_lines(trial, mended, clean, false, tally);
    tally->programs++;
    tally->poisoned += poisoned != 0;
    free(incremental);
    free(clean);
    free(mended);
}

static void try_seed(uint64_t seed, Tally *tally)
{
    static RandomProject program;
    Trial *trial = memory_allocate_zeroed(1, sizeof *trial);
    trial->random = seed;
    mini_project_open(&trial->project);
    random_project_init(&program, seed, (RandomShape)(seed % SHAPES));
    random_project_write(&program, &trial->project.scratch);
    if (mini_project_build(&trial->project) == BUILD_OK) {
        read_sources(trial);
        change_sources(trial);
        judge(trial, tally);
    }
    for (unsigned i = 0; i < MOST_FILES; i++) {
        free(trial->sources[i].right);
        free(trial->sources[i].changed);
    }
    mini_project_close(&trial->project);
    arena_free(&trial->arena);
    free(trial);
}

static void test_what_is_reported_is_certain_and_what_is_certain_is_reported(void **state)
{
    (void)state;
    Tally tally = {0};
    uint64_t first = number_from("CERTAIN_ERRORS_SEED", 1);
    uint64_t count = number_from("CERTAIN_ERRORS_SEEDS", 150);
    for (uint64_t seed = first; seed < first + count; seed++) {
        print_message("# seed %llu\n", (unsigned long long)seed);
        try_seed(seed, &tally);
    }
    print_message("tried: %u programs, %u with something poisoned; %u errors of other files "
                  "reported, %u not certain\n",
                  tally.programs, tally.poisoned, tally.reported, tally.silent);
    assert_true(tally.poisoned >= count / 3 && tally.reported >= count / 3 && tally.silent != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_reported_is_certain_and_what_is_certain_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
