/* SPDX-License-Identifier: MIT */
/* One entry, many products: several outputs and settings, each with a state of its own. Going back
 * and forth between them costs nothing, and what one build learns of the sources serves the next. */
#include "cache_product.h"
#include "edit_project.h"
#include "line_language.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const EditRequest products[] = {
    {.keeps_products = true, .output = "one"},
    {.keeps_products = true, .output = "two"},
    {.keeps_products = true, .output = "one-other", .settings = "other"},
    {.keeps_products = true, .output = "one", .settings = "other"}, /* shares a file with another */
};

enum { PRODUCTS = sizeof products / sizeof *products };

static const char *const edited[] = {"unit main does it\n", "unit main does more\n"};

static void write_main(const EditProject *project, int version)
{
    scratch_write(&project->scratch, "main.line", edited[version]);
    scratch_age(&project->scratch, "main.line", 10 - version);
}

static EditProject *open_project(void)
{
    EditProject *project = calloc(1, sizeof *project);
    edit_project_open(project);
    edit_project_write(project);
    write_main(project, 0);
    return project;
}

static void close_project(EditProject *project)
{
    edit_project_close(project);
    free(project);
}

/* Builds, compares with a clean build, and checks how much was done. */
static void expect(const EditProject *project, const EditRequest *request, PatchStrategy strategy,
                   uint64_t hashed, uint64_t emitted)
{
    EditOutcome built = edit_project_build(project, request);
    EditOutcome clean = edit_project_build_clean(project, request);
    edit_outcome_expect_equal(&built, &clean);
    assert_int_equal(built.status, BUILD_OK);
    assert_string_equal(patch_strategy_name(built.patch.strategy), patch_strategy_name(strategy));
    assert_int_equal(built.counts.files_hashed, hashed);
    assert_int_equal(built.counts.functions_emitted, emitted);
    edit_outcome_free(&built);
    edit_outcome_free(&clean);
}

static void expect_warnings(const EditProject *project, const EditRequest *request,
                            uint64_t hashed, uint64_t warned)
{
    EditOutcome built = edit_project_build(project, request);
    EditOutcome clean = edit_project_build_clean(project, request);
    uint64_t found = 0;
    buffer_put_byte(&built.errors, '\0');
    for (const char *at = built.errors.data; (at = strstr(at, ": warning: ")) != NULL; at++)
        found++;
    built.errors.size--;
    edit_outcome_expect_equal(&built, &clean);
    assert_int_equal(built.status, BUILD_OK);
    assert_int_equal(built.counts.files_hashed, hashed);
    assert_int_equal(found, warned);
    edit_outcome_free(&built);
    edit_outcome_free(&clean);
}

static void build(const EditProject *project, const EditRequest *request)
{
    EditOutcome built = edit_project_build(project, request);
    assert_int_equal(built.status, BUILD_OK);
    edit_outcome_free(&built);
}

/* ---- back and forth ------------------------------------------------------------------------ */

static void going_back_and_forth_does_nothing(void **state)
{
    (void)state;
    EditProject *project = open_project();
    for (int i = 0; i < 3; i++)
        build(project, &products[i]);
    scratch_settle(&project->scratch);
    for (int i = 0; i < 3; i++)
        build(project, &products[i]); /* the outputs were racily clean */
    for (int i = 0; i < 6; i++) {
        EditOutcome built = edit_project_build(project, &products[i % 3]);
        assert_int_equal(built.patch.strategy, PATCH_UP_TO_DATE);
        assert_int_equal(built.counts.files_hashed, 0);
        assert_int_equal(built.counts.bytes_written + built.patch.bytes_written +
                             built.patch.state_bytes_written, 0);
        edit_outcome_free(&built);
    }
    close_project(project);
}

static void a_new_product_reads_no_file_and_shares_lowered_forms(void **state)
{
    (void)state;
    EditProject *project = open_project();
    build(project, &products[0]);
    scratch_settle(&project->scratch);
    build(project, &products[0]);
    EditOutcome built = edit_project_build(project, &products[1]);
    assert_int_equal(built.counts.files_hashed, 0);
    assert_int_equal(built.counts.functions_emitted, 0);
    edit_outcome_free(&built);
    built = edit_project_build(project, &products[2]);
    assert_int_equal(built.counts.files_lowered, 0);
    assert_int_not_equal(built.counts.functions_emitted, 0);
    edit_outcome_free(&built);
    close_project(project);
}

static void an_edit_patches_each_and_is_read_once(void **state)
{
    (void)state;
    EditProject *project = open_project();
    for (int i = 0; i < 3; i++)
        build(project, &products[i]);
    scratch_settle(&project->scratch);
    for (int i = 0; i < 3; i++)
        build(project, &products[i]);
    write_main(project, 1);
    expect(project, &products[0], PATCH_IN_PLACE, 1, 1);
    expect(project, &products[1], PATCH_IN_PLACE, 0, 0);
    expect(project, &products[2], PATCH_IN_PLACE, 0, 1); /* its code has another key */
    for (int i = 0; i < 3; i++)
        expect(project, &products[i], PATCH_UP_TO_DATE, 0, 0);
    close_project(project);
}

/* A product that takes over an edit lowers nothing, and may emit nothing. It reports the warnings
 * all the same. */
static void the_warnings_of_an_edit_are_told_by_each(void **state)
{
    (void)state;
    static const char *const versions[] = {
        "todo more\nunit main does it\n",                       /* of lowering, in no unit */
        "todo more\nunit old(!)\nunit main does it?\n",         /* of a unit too */
        "# moved\ntodo more\nunit old(!)\nunit main does it?\n", /* in no unit, but elsewhere */
        "unit old(!)\nunit main does $old\n",
        "unit main does it\n",
    };
    static const uint64_t warned[] = {1, 2, 2, 1, 0};
    enum { VERSIONS = sizeof versions / sizeof *versions };
    EditProject *project = open_project();
    for (int i = 0; i < 3; i++)
        build(project, &products[i]);
    scratch_settle(&project->scratch);
    for (int i = 0; i < 3; i++)
        build(project, &products[i]);
    for (int i = 0; i < VERSIONS; i++) {
        scratch_write(&project->scratch, "main.line", versions[i]);
        scratch_age(&project->scratch, "main.line", 100 - i);
        for (int product = 0; product < 3; product++) {
            expect_warnings(project, &products[product], product == 0, warned[i]);
            expect_warnings(project, &products[product], 0, warned[i]);
        }
    }
    close_project(project);
}

/* Both were built from the file as it was: an edit that is undone is a change for the product that
 * saw it. */
static void an_edit_that_is_undone_is_right_in_each(void **state)
{
    (void)state;
    EditProject *project = open_project();
    build(project, &products[0]);
    build(project, &products[1]);
    write_main(project, 1);
    build(project, &products[0]);
    write_main(project, 0);
    expect(project, &products[1], PATCH_UP_TO_DATE, 1, 0);
    expect(project, &products[0], PATCH_IN_PLACE, 0, 0);
    close_project(project);
}

/* Nothing is known of who wrote it. What differs is written. */
static void settings_that_share_an_output_write_what_differs(void **state)
{
    (void)state;
    EditProject *project = open_project();
    build(project, &products[0]);
    build(project, &products[3]);
    for (int i = 0; i < 4; i++) {
        const EditRequest *request = &products[i % 2 == 0 ? 0 : 3];
        EditOutcome built = edit_project_build(project, request);
        EditOutcome clean = edit_project_build_clean(project, request);
        edit_outcome_expect_equal(&built, &clean);
        assert_int_equal(built.counts.files_hashed, 0);
        assert_int_equal(built.counts.functions_emitted, 0);
        assert_int_not_equal(built.patch.strategy, PATCH_FULL);
        edit_outcome_free(&built);
        edit_outcome_free(&clean);
    }
    close_project(project);
}

/* ---- imports that are looked for ----------------------------------------------------------- */

static const char *const places[] = {"near", "far", NULL};

/* As `products`, of a program whose imports may be in several places. */
static EditRequest searching(uint32_t product)
{
    EditRequest request = products[product];
    request.directories = places;
    return request;
}

static void expect_searching(const EditProject *project, uint32_t product, PatchStrategy strategy,
                             uint64_t hashed, uint64_t emitted)
{
    const EditRequest request = searching(product);
    expect(project, &request, strategy, hashed, emitted);
}

static const char *const importing[] = {
    "import \"lib.line\" as lib\nimport? \"config.line\" as config\n"
    "unit main $lib.used ~config.level\n",
    "import? \"config.line\" as config\nimport \"lib.line\" as lib\n"
    "unit main $lib.used ~config.level\n",
    "import \"lib.line\" as lib\nunit main $lib.used\n",
    "import \"lib.line\" as lib\nimport? \"config.line\" as config\n"
    "unit main $lib.used and ~config.level\n", /* the imports of the first */
};

enum { IMPORTING = sizeof importing / sizeof *importing };

static void write_importing(const EditProject *project, int version)
{
    scratch_write(&project->scratch, "main.line", importing[version]);
    scratch_age(&project->scratch, "main.line", 10 - version);
}

static EditProject *open_searching_project(void)
{
    EditProject *project = calloc(1, sizeof *project);
    edit_project_open(project);
    write_importing(project, 0);
    scratch_write(&project->scratch, "far/lib.line", "unit used(far) calls\n");
    scratch_age(&project->scratch, "far/lib.line", 10);
    for (uint32_t i = 0; i < 3; i++) {
        const EditRequest request = searching(i);
        build(project, &request);
    }
    return project;
}

static void appear(const EditProject *project, const char *path, const char *text)
{
    scratch_write(&project->scratch, path, text);
    scratch_age(&project->scratch, path, 10);
}

static void disappear(const EditProject *project, const char *path)
{
    assert_int_equal(unlinkat(project->scratch.fd, path, 0), 0);
}

static void a_candidate_comes_and_goes_in_each(void **state)
{
    (void)state;
    EditProject *project = open_searching_project();
    scratch_settle(&project->scratch);
    for (uint32_t i = 0; i < 3; i++)
        expect_searching(project, i, PATCH_UP_TO_DATE, 0, 0);
    appear(project, "near/lib.line", "unit used(near) calls\n");
    expect_searching(project, 0, PATCH_IN_PLACE, 2, 2);
    expect_searching(project, 1, PATCH_IN_PLACE, 2, 0);
    expect_searching(project, 2, PATCH_IN_PLACE, 2, 2);
    for (uint32_t i = 0; i < 3; i++)
        expect_searching(project, i, PATCH_UP_TO_DATE, 0, 0);
    disappear(project, "near/lib.line");
    for (uint32_t i = 0; i < 3; i++)
        expect_searching(project, i, PATCH_IN_PLACE, 2, 0);
    for (uint32_t i = 0; i < 3; i++)
        expect_searching(project, i, PATCH_UP_TO_DATE, 0, 0);
    close_project(project);
}

/* The second product never built the file that came and went. */
static void a_candidate_that_one_product_missed_is_right_in_it(void **state)
{
    (void)state;
    EditProject *project = open_searching_project();
    appear(project, "near/lib.line", "unit used(near) calls\n");
    expect_searching(project, 0, PATCH_IN_PLACE, 2, 2);
    disappear(project, "near/lib.line");
    expect_searching(project, 0, PATCH_IN_PLACE, 2, 0);
    expect_searching(project, 1, PATCH_UP_TO_DATE, 0, 0);
    close_project(project);
}

/* What an edit of the first product's build says of the imports is not so for the second. */
static void an_edit_is_read_again_if_an_import_leads_elsewhere(void **state)
{
    (void)state;
    EditProject *project = open_searching_project();
    write_importing(project, 3);
    expect_searching(project, 0, PATCH_IN_PLACE, 1, 1);
    appear(project, "far/config.line", "unit level(high)\n");
    expect_searching(project, 1, PATCH_IN_PLACE, 2, 1); /* main is known, and redirected */
    write_importing(project, 0);
    disappear(project, "far/config.line");
    expect_searching(project, 1, PATCH_IN_PLACE, 1, 0);
    expect_searching(project, 0, PATCH_IN_PLACE, 0, 0); /* found as it had been, but for main */
    close_project(project);
}

/* ---- who is asked? ------------------------------------------------------------------------- */

static void a_build_without_an_output_goes_on_from_the_last_one(void **state)
{
    (void)state;
    EditProject *project = open_project();
    const EditRequest unnamed = {.output = "two"};
    build(project, &products[0]);
    build(project, &products[1]);
    scratch_settle(&project->scratch);
    build(project, &products[1]);
    expect(project, &unnamed, PATCH_UP_TO_DATE, 0, 0);
    close_project(project);
}

/* How many files of the cache have names with this ending. */
static unsigned count_files(const EditProject *project, const char *ending)
{
    unsigned count = 0;
    DIR *list = fdopendir(openat(project->scratch.fd, "cache", O_RDONLY | O_DIRECTORY));
    assert_non_null(list);
    for (const struct dirent *item; (item = readdir(list)) != NULL;) {
        size_t size = strlen(item->d_name), tail = strlen(ending);
        count += size >= tail && strcmp(item->d_name + size - tail, ending) == 0;
    }
    closedir(list);
    return count;
}

static void too_many_products_are_not_kept(void **state)
{
    (void)state;
    EditProject *project = open_project();
    char name[16];
    EditRequest request = {.keeps_products = true, .output = name};
    for (int i = 0; i < 2 * MOST_PRODUCTS; i++) {
        snprintf(name, sizeof name, "out-%d", i);
        build(project, &request);
    }
    assert_int_equal(count_files(project, ".manifest"), MOST_PRODUCTS);
    expect(project, &request, PATCH_UP_TO_DATE, 0, 0); /* the last one */
    close_project(project);
}

static void clean_removes_all_products(void **state)
{
    (void)state;
    EditProject *project = open_project();
    char cache[512], entry[512];
    BuildFailure failure;
    build(project, &products[0]);
    build(project, &products[2]);
    assert_int_equal(count_files(project, ".manifest"), 2);
    snprintf(cache, sizeof cache, "%s/cache", project->scratch.path);
    snprintf(entry, sizeof entry, "%s/main.line", project->scratch.path);
    assert_int_equal(build_clean(cache, entry, NULL, &failure), BUILD_OK);
    assert_int_equal(count_files(project, ".manifest"), 0);
    assert_int_equal(count_files(project, ".latest"), 0);
    close_project(project);
}

/* ---- a random walk ------------------------------------------------------------------------- */

typedef struct Walk {
    EditProject project;
    uint64_t random;
    bool is_fresh[PRODUCTS]; /* built, and nothing happened since */
    unsigned up_to_date;
} Walk;

static uint32_t random_below(Walk *walk, uint32_t limit)
{
    walk->random = walk->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(walk->random >> 33) % limit;
}

static void edit_at_random(Walk *walk)
{
    uint8_t bytes[16];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)random_below(walk, 256);
    FuzzInput input = {bytes, bytes + sizeof bytes};
    edit_project_edit(&walk->project, &input);
    edit_project_write(&walk->project);
    memset(walk->is_fresh, 0, sizeof walk->is_fresh);
}

/* As if the process had been killed in the middle. */
static void build_a_part(Walk *walk, uint32_t product)
{
    EditRequest request = products[product];
    request.stop = (EditStop)(STOP_PLANNED + random_below(walk, 3));
    EditOutcome outcome = edit_project_build(&walk->project, &request);
    edit_outcome_free(&outcome);
    walk->is_fresh[product] = false;
}

static void build_and_compare_searching(const EditProject *project, uint32_t product)
{
    const EditRequest request = searching(product);
    EditOutcome built = edit_project_build(project, &request);
    EditOutcome clean = edit_project_build_clean(project, &request);
    edit_outcome_expect_equal(&built, &clean);
    edit_outcome_free(&built);
    edit_outcome_free(&clean);
}

static void build_and_compare(Walk *walk, uint32_t product)
{
    const EditRequest *request = &products[product];
    EditOutcome built = edit_project_build(&walk->project, request);
    EditOutcome clean = edit_project_build_clean(&walk->project, request);
    edit_outcome_expect_equal(&built, &clean);
    if (walk->is_fresh[product]) {
        assert_int_equal(built.counts.functions_emitted, 0);
        assert_int_equal(built.counts.files_lowered, 0);
        walk->up_to_date += built.patch.strategy == PATCH_UP_TO_DATE;
    }
    walk->is_fresh[product] = built.status == BUILD_OK;
    edit_outcome_free(&built);
    edit_outcome_free(&clean);
}

typedef struct Candidate {
    const char *path, *text;
    bool exists;
} Candidate;

static void switch_at_random(Walk *walk, Candidate *candidates, uint32_t count)
{
    Candidate *candidate = &candidates[random_below(walk, count)];
    candidate->exists = !candidate->exists;
    if (candidate->exists)
        appear(&walk->project, candidate->path, candidate->text);
    else
        disappear(&walk->project, candidate->path);
}

/* lib.line may also be nowhere: then the program is wrong, for each product. */
static void switching_while_candidates_come_and_go_is_right(void **state)
{
    (void)state;
    enum { WALKS = 6, STEPS = 80 };
    for (unsigned seed = 1; seed <= WALKS; seed++) {
        Candidate candidates[] = {
            {"lib.line", "unit used(beside) calls\n", false},
            {"near/lib.line", "import? \"config.line\" as c\nunit used(near ~c.level) calls\n",
             false},
            {"far/lib.line", "unit used(far) calls\n", true},
            {"near/config.line", "unit level(low)\n", false},
            {"far/config.line", "unit level(high)\n", false},
        };
        Walk walk = {.random = seed};
        edit_project_open(&walk.project);
        appear(&walk.project, candidates[2].path, candidates[2].text);
        write_importing(&walk.project, 0);
        for (int step = 0; step < STEPS; step++) {
            uint32_t event = random_below(&walk, 8);
            if (event < 2)
                switch_at_random(&walk, candidates, sizeof candidates / sizeof *candidates);
            else if (event == 2)
                write_importing(&walk.project, (int)random_below(&walk, IMPORTING));
            else
                build_and_compare_searching(&walk.project, random_below(&walk, PRODUCTS));
        }
        edit_project_close(&walk.project);
    }
}

static void switching_between_edits_and_kills_is_right(void **state)
{
    (void)state;
    enum { WALKS = 20, STEPS = 60 };
    unsigned up_to_date = 0;
    for (unsigned seed = 1; seed <= WALKS; seed++) {
        Walk *walk = calloc(1, sizeof *walk);
        walk->random = seed;
        edit_project_open(&walk->project);
        edit_project_write(&walk->project);
        for (int step = 0; step < STEPS; step++) {
            uint32_t event = random_below(walk, 8), product = random_below(walk, PRODUCTS);
            if (event < 3)
                edit_at_random(walk);
            else if (event == 3)
                build_a_part(walk, product);
            else
                build_and_compare(walk, product);
        }
        up_to_date += walk->up_to_date;
        edit_project_close(&walk->project);
        free(walk);
    }
    print_message("# tried: %d steps, %u builds of a product that was up to date\n",
                  WALKS * STEPS, up_to_date);
    assert_true(up_to_date > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(going_back_and_forth_does_nothing),
        cmocka_unit_test(a_new_product_reads_no_file_and_shares_lowered_forms),
        cmocka_unit_test(an_edit_patches_each_and_is_read_once),
        cmocka_unit_test(the_warnings_of_an_edit_are_told_by_each),
        cmocka_unit_test(an_edit_that_is_undone_is_right_in_each),
        cmocka_unit_test(settings_that_share_an_output_write_what_differs),
        cmocka_unit_test(a_candidate_comes_and_goes_in_each),
        cmocka_unit_test(a_candidate_that_one_product_missed_is_right_in_it),
        cmocka_unit_test(an_edit_is_read_again_if_an_import_leads_elsewhere),
        cmocka_unit_test(a_build_without_an_output_goes_on_from_the_last_one),
        cmocka_unit_test(too_many_products_are_not_kept),
        cmocka_unit_test(clean_removes_all_products),
        cmocka_unit_test(switching_between_edits_and_kills_is_right),
        cmocka_unit_test(switching_while_candidates_come_and_go_is_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
