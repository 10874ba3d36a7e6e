/* SPDX-License-Identifier: MIT */
/*
 * Sources that change at the worst moments: again within the tick of their stamp, and while the
 * build is reading them.
 *
 * Stamps are rounded as a coarse file system would round them, and files are edited just before
 * the N-th call of a build; see bent_calls.h.
 *
 * That the first test would find a miss is shown with the guard disabled: the probe of the file
 * system's clock then reports an hour too late, and every stamp is trusted.
 *
 * REWRITES says how many rewrites are tried at each tick; with INTERLEAVING_STRIDE=1 files are
 * edited at every call and not at a sample of them.
 */
#define _GNU_SOURCE /* RTLD_NEXT */
#include "bent_calls.h"
#include "mini_project.h"

/* ---- rewrites of the same size ------------------------------------------------------------- */

static void nap(uint64_t microseconds)
{
    struct timespec time = {0, (long)(microseconds * 1000)};
    nanosleep(&time, NULL);
}

static void restore_mtime(const MiniProject *project, const char *name, const struct stat *before)
{
    const struct timespec times[] = {before->st_atim, before->st_mtim};
    assert_int_equal(utimensat(project->scratch.fd, name, times, 0), 0);
}

/* In place, in place with the old mtime, or by a rename. The size stays. */
static void rewrite(const MiniProject *project, const char *name, const char *text, uint64_t how)
{
    struct stat before;
    assert_int_equal(real_fstatat(project->scratch.fd, name, &before, 0), 0);
    mini_project_write(project, how % 4 == 0 ? "draft" : name, text);
    if (how % 4 == 0)
        assert_int_equal(renameat(project->scratch.fd, "draft", project->scratch.fd, name), 0);
    if (how % 4 == 1)
        restore_mtime(project, name, &before);
}

static void set_result(const MiniProject *project, unsigned result, uint64_t how)
{
    char text[80];
    snprintf(text, sizeof text, "fn main() i32 { return %u; }\n", 10000 + result);
    if (!scratch_exists(&project->scratch, "main.mini"))
        mini_project_write(project, "main.mini", "");
    rewrite(project, "main.mini", text, how);
}

/* The place of "ret i32 <result>" in the output; NULL if it is absent. */
static bool output_returns(const MiniProject *project, unsigned result, off_t *place)
{
    char expected[40];
    snprintf(expected, sizeof expected, "ret i32 %u", 10000 + result);
    char *output = scratch_read(&project->scratch, "out.ll", NULL);
    const char *found = strstr(output, expected);
    *place = found == NULL ? 0 : found - output;
    free(output);
    return found != NULL;
}

/* Changes bytes of the output; its size and, as far as possible, its mtime stay. */
static void spoil_output(const MiniProject *project, off_t place)
{
    struct stat before;
    assert_int_equal(real_fstatat(project->scratch.fd, "out.ll", &before, 0), 0);
    int fd = openat(project->scratch.fd, "out.ll", O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "XXX", 3, place), 3);
    close(fd);
    restore_mtime(project, "out.ll", &before);
}

/* How many of that many rewrites were not noticed. */
static unsigned count_missed(int64_t tick_ns, unsigned rewrites, bool guard_is_off)
{
    MiniProject project;
    unsigned missed = 0;
    uint64_t random = (uint64_t)tick_ns;
    off_t place;
    mini_project_open(&project);
    begin_ticks(tick_ns);
    world.probe_lies = guard_is_off;
    for (unsigned i = 0; i < rewrites; i++) {
        uint64_t how = random_next(&random);
        if ((how >> 8) % 2 == 0)
            nap(how % 1000);
        if (i != 0 && (how >> 9) % 8 == 0 && output_returns(&project, i - 1, &place))
            spoil_output(&project, place);
        set_result(&project, i, how);
        for (uint64_t builds = (how >> 16) % 2; builds < 2; builds++)
            assert_int_equal(mini_project_build(&project), BUILD_OK);
        missed += !output_returns(&project, i, &place);
        if ((how >> 20) % 2 == 0 && output_returns(&project, i, &place)) {
            spoil_output(&project, place);
            assert_int_equal(mini_project_build(&project), BUILD_OK);
            missed += !output_returns(&project, i, &place);
        }
    }
    end_ticks();
    mini_project_close(&project);
    return missed;
}

static void test_rewrites_within_a_tick_are_not_missed(void **state)
{
    static const int64_t ticks[] = {2 * SECOND, SECOND, SECOND / 100, SECOND / 250, 1};
    unsigned rewrites = (unsigned)number_from("REWRITES", 60);
    (void)state;
    for (size_t i = 0; i < sizeof ticks / sizeof *ticks; i++) {
        world.bent = 0;
        unsigned missed = count_missed(ticks[i], rewrites, false);
        assert_true(world.bent > rewrites);
        print_message("# tried: %u rewrites with stamps of %lld ns, %u missed\n", rewrites,
                      (long long)ticks[i], missed);
        assert_int_equal(missed, 0);
    }
}

static void test_without_the_guard_rewrites_are_missed(void **state)
{
    static const int64_t ticks[] = {2 * SECOND, SECOND, SECOND / 100, SECOND / 250};
    (void)state;
    for (size_t i = 0; i < sizeof ticks / sizeof *ticks; i++) {
        /* On a slow machine a build and the rewrite after it seldom fit into a tick, or never: then
         * it is a longer one. */
        unsigned missed = 0;
        int64_t tick_ns = ticks[i];
        for (int attempt = 1; attempt <= 100 && missed == 0; attempt++) {
            missed = count_missed(tick_ns, 60, true);
            tick_ns *= attempt % 5 == 0 ? 2 : 1;
        }
        assert_true(missed > 0);
    }
}

/* ---- edited while they are being built ----------------------------------------------------- */

typedef enum Edit {
    EDIT_SAME_SIZE, EDIT_RENAME, EDIT_GROW, EDIT_SHRINK, EDIT_BREAK, EDIT_REMOVE, EDIT_BACK, EDITS
} Edit;

static const char *const names[] = {"main.mini", "a.mini", "b.mini"};

enum { FILES = 3 };

typedef struct Meddler { /* who edits a file while a build runs */
    MiniProject *project;
    unsigned file;
    Edit edit;
} Meddler;

static void write_version(const MiniProject *project, unsigned file, const char *value)
{
    char text[300];
    static const char *const heads[] = {
        "import \"a.mini\" as a;\nfn main() i32 { return a.f(%s); }\n",
        "import \"b.mini\" as b;\nfn f(n: i32) i32 { return b.g(n) + %s; }\n",
        "const c: i32 = 5;\nfn g(n: i32) i32 { return n * c - %s; }\n",
    };
    int size = 0;
    switch (file) {
    case 0: size = snprintf(text, sizeof text, heads[0], value); break;
    case 1: size = snprintf(text, sizeof text, heads[1], value); break;
    default: size = snprintf(text, sizeof text, heads[2], value); break;
    }
    assert_true(size > 0 && (size_t)size < sizeof text);
    mini_project_write(project, names[file], text);
}

static void meddle(void *context)
{
    const Meddler *meddler = context;
    const MiniProject *project = meddler->project;
    const char *name = names[meddler->file];
    int fd = project->scratch.fd;
    struct stat before;
    switch (meddler->edit) {
    case EDIT_SAME_SIZE: write_version(project, meddler->file, "33"); break;
    case EDIT_RENAME:
        assert_int_equal(renameat(fd, name, fd, "draft"), 0);
        write_version(project, meddler->file, "44");
        break;
    case EDIT_GROW: write_version(project, meddler->file, "1111 + 2222 + 3333"); break;
    case EDIT_SHRINK: write_version(project, meddler->file, "1"); break;
    case EDIT_BREAK: write_version(project, meddler->file, ")"); break;
    case EDIT_REMOVE: assert_int_equal(unlinkat(fd, name, 0), 0); break;
    case EDIT_BACK: /* the old bytes and the old mtime, a new ctime */
        assert_int_equal(real_fstatat(fd, name, &before, 0), 0);
        write_version(project, meddler->file, "55");
        restore_mtime(project, name, &before);
        break;
    case EDITS: break;
    }
}

typedef enum Start { START_FIRST_BUILD, START_UNCHANGED, START_EDITED, START_LOST, STARTS } Start;

static void remove_cache_files(const MiniProject *project)
{
    char cache[300];
    BuildFailure failure;
    snprintf(cache, sizeof cache, "%s/cache", project->scratch.path);
    if (scratch_exists(&project->scratch, "cache"))
        assert_int_equal(build_clean(cache, NULL, NULL, &failure), BUILD_OK);
}

/* The starting point of the disturbed build. */
static void prepare(MiniProject *project, Start start)
{
    for (unsigned i = 0; i < FILES; i++)
        write_version(project, i, "11");
    if (start == START_FIRST_BUILD) {
        remove_cache_files(project);
        return;
    }
    if (start == START_UNCHANGED)
        nap(5000); /* the stamps can be trusted */
    assert_int_equal(mini_project_build(project), BUILD_OK);
    if (start == START_EDITED)
        write_version(project, 1, "22");
    if (start == START_LOST) {
        static const char *const lost[] = {"cache/zir.pack", "cache/air.pack", "out.ll"};
        for (size_t i = 0; i < sizeof lost / sizeof *lost; i++)
            unlinkat(project->scratch.fd, lost[i], 0);
    }
}

/* Edits a file before call `at` of a build. False if the build has fewer calls. */
static bool interleave(Meddler *meddler, Start start, unsigned at)
{
    MiniProject *project = meddler->project;
    prepare(project, start);
    edit_before_call(at, meddle, meddler);
    BuildStatus status = mini_project_build(project);
    bool met = cancel_edit();
    if (status == BUILD_MACHINE_FAILED) /* it said which file changed during the build */
        assert_non_null(strstr(project->said.data, "mini: "));
    for (int again = 0; again < 2; again++) {
        mini_project_build(project);
        mini_project_expect_clean(project);
    }
    return met;
}

static unsigned interleave_everywhere(MiniProject *project, unsigned file, Edit edit)
{
    unsigned count = 0;
    unsigned stride = (unsigned)number_from("INTERLEAVING_STRIDE", 7);
    Meddler meddler = {project, file, edit};
    for (Start start = 0; start < STARTS; start++)
        for (unsigned at = 1 + (file + edit) % stride; interleave(&meddler, start, at);
             at += stride)
            count++;
    return count;
}

static void test_files_edited_while_they_are_built(void **state)
{
    static const int64_t ticks[] = {0, 2 * SECOND};
    MiniProject project;
    unsigned count = 0;
    (void)state;
    mini_project_open(&project);
    for (unsigned i = 0; i < FILES * EDITS; i++) {
        if (ticks[i % 2] != 0)
            begin_ticks(ticks[i % 2]);
        count += interleave_everywhere(&project, i / EDITS, i % EDITS);
        end_ticks();
    }
    mini_project_close(&project);
    print_message("# tried: %u interleavings of builds and edits\n", count);
    assert_true(count >= 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rewrites_within_a_tick_are_not_missed),
        cmocka_unit_test(test_without_the_guard_rewrites_are_missed),
        cmocka_unit_test(test_files_edited_while_they_are_built),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
