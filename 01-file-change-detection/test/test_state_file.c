/* SPDX-License-Identifier: MIT */
#include "scratch.h"
#include "state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const BinaryFormat FORMAT = {"exmpl", 1};
enum { BASE_SIZE = 4096 };

static int setup(void **state)
{
    Scratch *scratch = malloc(sizeof *scratch);
    scratch_open(scratch);
    *state = scratch;
    return 0;
}

static int teardown(void **state)
{
    scratch_close(*state);
    free(*state);
    return 0;
}

/* ---- helpers ------------------------------------------------------------------------------ */

static void change(StateFile *state, size_t offset, const char *text)
{
    memcpy(state->image + offset, text, strlen(text));
    state_file_mark(state, offset, strlen(text));
}

static void commit(StateFile *state, StateRef *ref)
{
    assert_int_equal(state_file_commit(state, false, ref, NULL), 0);
    state_file_settle(state);
}

/* Generation 1: BASE_SIZE bytes of 'x', without a journal. */
static void make_base(const Scratch *scratch, StateRef *ref)
{
    StateFile state;
    ByteBuffer image = {0};
    buffer_reserve(&image, BASE_SIZE);
    memset(image.data, 'x', BASE_SIZE);
    image.size = BASE_SIZE;
    *ref = (StateRef){0};
    assert_int_equal(state_file_open(&state, scratch->fd, "files", &FORMAT, ref), 0);
    state_file_replace(&state, &image);
    assert_null(image.data);
    commit(&state, ref);
    state_file_close(&state);
}

/* Generation 1 with one journal entry: "new" at 100. */
static void make_journal(const Scratch *scratch, StateRef *ref)
{
    StateFile state;
    make_base(scratch, ref);
    assert_int_equal(state_file_open(&state, scratch->fd, "files", &FORMAT, ref), 0);
    change(&state, 100, "new");
    commit(&state, ref);
    state_file_close(&state);
}

static void expect_damaged(const Scratch *scratch, const StateRef *ref, int expected)
{
    StateFile state;
    assert_int_equal(state_file_open(&state, scratch->fd, "files", &FORMAT, ref), expected);
    assert_int_equal(state.size, 0);
    state_file_close(&state);
}

static void expect_bytes(const Scratch *scratch, const StateRef *ref, size_t offset,
                         const char *expected)
{
    StateFile state;
    assert_int_equal(state_file_open(&state, scratch->fd, "files", &FORMAT, ref), 0);
    assert_memory_equal(state.image + offset, expected, strlen(expected));
    state_file_close(&state);
}

/* ---- cases -------------------------------------------------------------------------------- */

static void nothing_was_ever_written(void **state)
{
    Scratch *scratch = *state;
    StateFile file;
    StateRef ref = {0};
    assert_int_equal(state_file_open(&file, scratch->fd, "files", &FORMAT, &ref), 0);
    assert_int_equal(file.size, 0);
    assert_false(state_file_is_changed(&file));
    uint64_t written = 0;
    assert_int_equal(state_file_commit(&file, false, &ref, &written), 0);
    assert_int_equal(ref.generation + written, 0);
    state_file_close(&file);
    assert_int_equal(state_file_open(&file, scratch->fd,
                                     "a name that is longer than forty characters", &FORMAT, &ref),
                     -ENAMETOOLONG);
    state_file_close(&file);
}

static void a_small_change_goes_to_the_journal(void **state)
{
    Scratch *scratch = *state;
    StateRef ref;
    make_journal(scratch, &ref);
    assert_int_equal(ref.generation, 1);
    assert_int_equal(ref.base_size, BASE_SIZE);
    assert_int_equal(ref.image_size, BASE_SIZE);
    assert_int_equal(ref.journal_size, 24 + 8);
    assert_true(scratch_exists(scratch, "files.1"));
    assert_true(scratch_exists(scratch, "files.1.journal"));
    expect_bytes(scratch, &ref, 99, "xnewx");
}

static void an_unchanged_image_is_not_written(void **state)
{
    Scratch *scratch = *state;
    StateRef ref, again;
    make_journal(scratch, &ref);
    StateFile file;
    assert_int_equal(state_file_open(&file, scratch->fd, "files", &FORMAT, &ref), 0);
    assert_false(state_file_is_changed(&file));
    state_file_mark(&file, 100, 0);
    assert_false(state_file_is_changed(&file));
    uint64_t written = 0;
    assert_int_equal(state_file_commit(&file, false, &again, &written), 0);
    assert_int_equal(written, 0);
    assert_memory_equal(&again, &ref, sizeof ref);
    state_file_close(&file);
}

static void marks_that_touch_become_one_entry(void **state)
{
    Scratch *scratch = *state;
    StateRef ref;
    make_base(scratch, &ref);
    StateFile file;
    assert_int_equal(state_file_open(&file, scratch->fd, "files", &FORMAT, &ref), 0);
    change(&file, 108, "second..");
    change(&file, 100, "first...");
    change(&file, 104, "over");
    change(&file, 130, "near");
    change(&file, 1000, "far");
    uint64_t written = 0;
    assert_int_equal(state_file_commit(&file, true, &ref, &written), 0);
    assert_int_equal(ref.journal_size, (24 + 40) + (24 + 8));
    assert_int_equal(written, ref.journal_size);
    state_file_close(&file);
    expect_bytes(scratch, &ref, 100, "firsoversecond..xxxxxxxxxxxxxxnearx");
    expect_bytes(scratch, &ref, 999, "xfarx");
}

static void a_build_that_did_not_commit_leaves_no_trace(void **state)
{
    Scratch *scratch = *state;
    StateRef ref, lost;
    make_journal(scratch, &ref);
    StateFile file;
    assert_int_equal(state_file_open(&file, scratch->fd, "files", &FORMAT, &ref), 0);
    change(&file, 100, "a change whose manifest is never renamed");
    commit(&file, &lost);
    state_file_close(&file);
    expect_bytes(scratch, &ref, 99, "xnewxx");

    /* The next build overwrites the tail; what remains of it behind the new end is ignored. */
    assert_int_equal(state_file_open(&file, scratch->fd, "files", &FORMAT, &ref), 0);
    change(&file, 200, "kept");
    commit(&file, &ref);
    state_file_close(&file);
    assert_true(ref.journal_size < lost.journal_size);
    expect_bytes(scratch, &ref, 99, "xnewxx");
    expect_bytes(scratch, &ref, 199, "xkeptx");
}

static void a_new_base_after_an_eighth(void **state)
{
    Scratch *scratch = *state;
    StateRef ref, before;
    make_base(scratch, &ref);
    StateFile file;
    assert_int_equal(state_file_open(&file, scratch->fd, "files", &FORMAT, &ref), 0);
    for (int i = 0; i < 16; i++) { /* 16 * 32 bytes are the eighth exactly */
        change(&file, 64 * (size_t)i, "edit");
        before = ref;
        commit(&file, &ref);
        assert_int_equal(ref.generation, 1);
        assert_int_equal(ref.journal_size, before.journal_size + 32);
    }
    change(&file, 2000, "last");
    before = ref;
    assert_int_equal(state_file_commit(&file, false, &ref, NULL), 0);
    assert_int_equal(ref.generation, 2);
    assert_int_equal(ref.journal_size, 0);

    expect_bytes(scratch, &before, 2000, "xxxx"); /* both are there until the commit is settled */
    expect_bytes(scratch, &ref, 2000, "last");
    state_file_settle(&file);
    assert_false(scratch_exists(scratch, "files.1"));
    assert_false(scratch_exists(scratch, "files.1.journal"));
    expect_bytes(scratch, &ref, 0, "edit");
    expect_bytes(scratch, &ref, 2000, "last");
    state_file_close(&file);
}

static void settle_also_removes_what_a_killed_process_left(void **state)
{
    Scratch *scratch = *state;
    StateRef ref;
    make_base(scratch, &ref);
    for (int i = 0; i < 2; i++) { /* the first time, killed before the settle */
        StateFile file;
        ByteBuffer image = {0};
        buffer_put(&image, slice_from("image"));
        assert_int_equal(state_file_open(&file, scratch->fd, "files", &FORMAT, &ref), 0);
        state_file_replace(&file, &image);
        assert_int_equal(state_file_commit(&file, false, &ref, NULL), 0);
        if (i == 1)
            state_file_settle(&file);
        state_file_close(&file);
    }
    assert_false(scratch_exists(scratch, "files.1"));
    assert_false(scratch_exists(scratch, "files.2"));
    expect_bytes(scratch, &ref, 0, "image");
}

static void the_image_grows_beyond_its_mapping(void **state)
{
    Scratch *scratch = *state;
    StateRef ref;
    make_base(scratch, &ref);
    StateFile file;
    assert_int_equal(state_file_open(&file, scratch->fd, "files", &FORMAT, &ref), 0);
    assert_int_equal(state_file_append(&file, "tail", 3), BASE_SIZE);
    assert_int_equal(state_file_append(&file, NULL, 5), BASE_SIZE + 8);
    assert_int_equal(state_file_append(&file, "", 0), BASE_SIZE + 16);
    commit(&file, &ref);
    assert_int_equal(ref.generation, 1);
    assert_int_equal(ref.image_size, BASE_SIZE + 13);
    expect_bytes(scratch, &ref, BASE_SIZE - 1, "xtai");
    char *block = calloc(1, 3000000);
    memset(block, 'b', 3000000);
    size_t place = state_file_append(&file, block, 3000000);
    assert_int_equal(place, BASE_SIZE + 16);
    assert_memory_equal(file.image + BASE_SIZE, "tai\0\0\0\0\0\0\0\0\0\0\0\0\0b", 17);
    commit(&file, &ref);
    assert_int_equal(ref.generation, 2);
    expect_bytes(scratch, &ref, place + 2999996, "bbbb");
    state_file_close(&file);
    free(block);
}

static void damaged_journals(void **state)
{
    Scratch *scratch = *state;
    StateRef ref;
    size_t size;
    make_journal(scratch, &ref);
    char *bytes = scratch_read(scratch, "files.1.journal", &size);
    for (size_t bit = 0; bit < size * 8; bit++) {
        bytes[bit / 8] ^= (char)(1 << bit % 8);
        scratch_write_bytes(scratch, "files.1.journal", slice_of(bytes, size));
        expect_damaged(scratch, &ref, -EBADMSG);
        bytes[bit / 8] ^= (char)(1 << bit % 8);
    }
    for (size_t length = 0; length < size; length++) {
        scratch_write_bytes(scratch, "files.1.journal", slice_of(bytes, length));
        expect_damaged(scratch, &ref, -EBADMSG);
    }
    assert_int_equal(unlinkat(scratch->fd, "files.1.journal", 0), 0);
    expect_damaged(scratch, &ref, -ENOENT);
    assert_int_equal(mkfifoat(scratch->fd, "files.1.journal", 0666), 0);
    expect_damaged(scratch, &ref, -EBADMSG);
    free(bytes);
}

static void refs_that_do_not_fit_the_files(void **state)
{
    Scratch *scratch = *state;
    StateRef good;
    make_journal(scratch, &good);
    const StateRef wrong[] = {
        {2, good.base_size, good.image_size, good.journal_size, good.checksum},
        {1, good.base_size - 1, good.image_size, good.journal_size, good.checksum},
        {1, good.base_size, good.image_size - 1, good.journal_size, good.checksum},
        {1, good.base_size, good.image_size + good.journal_size + 1, good.journal_size, good.checksum},
        {1, good.base_size, UINT64_MAX, good.journal_size, good.checksum},
        {1, good.base_size, good.image_size, good.journal_size - 1, good.checksum},
        {1, good.base_size, good.image_size, good.journal_size + 1, good.checksum},
        {1, good.base_size, good.image_size, UINT64_MAX, good.checksum},
        {1, good.base_size, 100, good.journal_size, good.checksum},
        {1, good.base_size, good.image_size, good.journal_size, good.checksum + 1},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect_damaged(scratch, &wrong[i], i == 0 ? -ENOENT : -EBADMSG);
    expect_bytes(scratch, &good, 99, "xnewx");
}

/* Files that are intact and of the same sizes, but not those that the ref was made for. */
static void files_of_another_project(void **state)
{
    Scratch *scratch = *state;
    StateRef ref, other;
    StateFile file;
    static const char *const names[] = {"files.1", "files.1.journal"};
    char *ours[2];
    make_journal(scratch, &ref);
    for (int i = 0; i < 2; i++)
        ours[i] = scratch_read(scratch, names[i], NULL);
    ByteBuffer image = {0};
    buffer_reserve(&image, BASE_SIZE);
    memset(image.data, 'y', image.size = BASE_SIZE);
    other = (StateRef){0};
    assert_int_equal(state_file_open(&file, scratch->fd, "files", &FORMAT, &other), 0);
    state_file_replace(&file, &image);
    commit(&file, &other);
    change(&file, 100, "wen");
    commit(&file, &other);
    state_file_close(&file);
    assert_int_equal(other.journal_size, ref.journal_size);
    expect_bytes(scratch, &other, 99, "yweny");
    expect_damaged(scratch, &ref, -EBADMSG); /* both are the other's */
    scratch_write_bytes(scratch, names[1], slice_of(ours[1], ref.journal_size));
    expect_damaged(scratch, &ref, -EBADMSG); /* the base is */
    expect_damaged(scratch, &other, -EBADMSG);
    scratch_write_bytes(scratch, names[0], slice_of(ours[0], BINARY_HEADER_SIZE + BASE_SIZE));
    expect_bytes(scratch, &ref, 99, "xnewx");
    for (int i = 0; i < 2; i++)
        free(ours[i]);
}

/* The entry is intact, but reaches beyond the image. */
static void entries_beyond_the_image(void **state)
{
    Scratch *scratch = *state;
    StateRef ref;
    make_base(scratch, &ref);
    StateFile file;
    assert_int_equal(state_file_open(&file, scratch->fd, "files", &FORMAT, &ref), 0);
    state_file_append(&file, "12345678", 8);
    commit(&file, &ref);
    state_file_close(&file);
    for (uint64_t missing = 1; missing <= 8; missing++) {
        StateRef shorter = {1, ref.base_size, ref.image_size - missing, ref.journal_size,
                            ref.checksum};
        expect_damaged(scratch, &shorter, -EBADMSG);
    }
    expect_bytes(scratch, &ref, BASE_SIZE, "12345678");
}

static void after_damage_the_next_commit_starts_anew(void **state)
{
    Scratch *scratch = *state;
    StateRef ref;
    make_journal(scratch, &ref);
    scratch_write(scratch, "files.1", "damaged");
    StateFile file;
    assert_int_equal(state_file_open(&file, scratch->fd, "files", &FORMAT, &ref), -EBADMSG);
    state_file_append(&file, "fresh", 5);
    commit(&file, &ref);
    state_file_close(&file);
    assert_int_equal(ref.generation, 2);
    expect_bytes(scratch, &ref, 0, "fresh");
    assert_false(scratch_exists(scratch, "files.1"));
    assert_false(scratch_exists(scratch, "files.1.journal"));
}

static void one_file_without_a_manifest(void **state)
{
    Scratch *scratch = *state;
    char path[512];
    snprintf(path, sizeof path, "%s/one.bin", scratch->path);
    StateFile file;
    assert_int_equal(state_file_load(&file, path, &FORMAT), -ENOENT);
    assert_int_equal(state_file_save(&file, path, &FORMAT), 0);
    assert_false(scratch_exists(scratch, "one.bin"));
    state_file_append(&file, "one", 3);
    assert_int_equal(state_file_save(&file, path, &FORMAT), 0);
    assert_false(state_file_is_changed(&file));
    state_file_close(&file);

    assert_int_equal(state_file_load(&file, path, &FORMAT), 0);
    assert_int_equal(file.size, 3);
    change(&file, 0, "two");
    assert_int_equal(state_file_save(&file, path, &FORMAT), 0);
    state_file_close(&file);
    assert_int_equal(state_file_load(&file, path, &FORMAT), 0);
    assert_memory_equal(file.image, "two", 3);
    state_file_close(&file);
}

/* ---- against a naive model ---------------------------------------------------------------- */

typedef struct Model {
    unsigned char bytes[1 << 16];
    size_t size;
} Model;

typedef struct Run {
    const Scratch *scratch;
    StateFile state;
    StateRef manifest; /* what the manifest on disk would say */
    Model now, committed;
    unsigned seed;
    int step;
} Run;

static void expect_model(const Run *run, const StateFile *state, const Model *model)
{
    if (state->size != model->size ||
        (model->size != 0 && memcmp(state->image, model->bytes, model->size) != 0))
        fail_msg("seed %u, step %d: the image differs from the model", run->seed, run->step);
}

static void reopen(Run *run)
{
    state_file_close(&run->state);
    run->now = run->committed;
    if (state_file_open(&run->state, run->scratch->fd, "files", &FORMAT, &run->manifest) != 0)
        fail_msg("seed %u, step %d: the state does not load", run->seed, run->step);
}

static void random_change(Run *run)
{
    Model *now = &run->now;
    if (now->size == 0)
        return;
    size_t offset = (size_t)rand() % now->size;
    size_t size = (size_t)rand() % 40;
    if (size > now->size - offset)
        size = now->size - offset;
    for (size_t i = 0; i < size; i++)
        now->bytes[offset + i] = (unsigned char)rand();
    memcpy(run->state.image + offset, now->bytes + offset, size);
    state_file_mark(&run->state, offset, size);
}

static void random_append(Run *run)
{
    Model *now = &run->now;
    size_t size = 1 + (size_t)rand() % 60, offset = (now->size + 7) / 8 * 8;
    if (offset + size > sizeof now->bytes)
        return;
    memset(now->bytes + now->size, 0, offset + size - now->size);
    bool zeros = rand() % 3 == 0;
    for (size_t i = 0; i < size && !zeros; i++)
        now->bytes[offset + i] = (unsigned char)rand();
    size_t at = state_file_append(&run->state, zeros ? NULL : now->bytes + offset, size);
    assert_int_equal(at, offset);
    now->size = offset + size;
}

static void random_replace(Run *run)
{
    ByteBuffer image = {0};
    run->now.size = (size_t)rand() % 9000;
    for (size_t i = 0; i < run->now.size; i++)
        run->now.bytes[i] = (unsigned char)rand();
    buffer_put(&image, slice_of(run->now.bytes, run->now.size));
    state_file_replace(&run->state, &image);
}

/* Commits, and perhaps is killed before the manifest is renamed, or before the settle. */
static void random_commit(Run *run)
{
    StateRef next;
    assert_int_equal(state_file_commit(&run->state, false, &next, NULL), 0);
    StateFile old;
    assert_int_equal(state_file_open(&old, run->scratch->fd, "files", &FORMAT, &run->manifest), 0);
    expect_model(run, &old, &run->committed);
    state_file_close(&old);
    if (rand() % 4 == 0) {
        reopen(run);
        return;
    }
    run->manifest = next;
    run->committed = run->now;
    if (rand() % 4 == 0)
        reopen(run);
    else
        state_file_settle(&run->state);
}

static void like_a_byte_array(void **state)
{
    enum { SEEDS = 60, STEPS = 200 };
    Run *run = calloc(1, sizeof *run);
    for (unsigned seed = 1; seed <= SEEDS; seed++) {
        Scratch scratch;
        scratch_open(&scratch);
        *run = (Run){.scratch = &scratch, .seed = seed};
        srand(seed);
        reopen(run);
        for (run->step = 0; run->step < STEPS; run->step++) {
            int choice = rand() % 100;
            if (choice < 50)
                random_change(run);
            else if (choice < 70)
                random_append(run);
            else if (choice < 72)
                random_replace(run);
            else if (choice < 95)
                random_commit(run);
            else
                reopen(run);
            expect_model(run, &run->state, &run->now);
        }
        state_file_close(&run->state);
        scratch_close(&scratch);
    }
    free(run);
    (void)state;
}

int main(void)
{
#define CASE_IN_SCRATCH(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE_IN_SCRATCH(nothing_was_ever_written),
        CASE_IN_SCRATCH(a_small_change_goes_to_the_journal),
        CASE_IN_SCRATCH(an_unchanged_image_is_not_written),
        CASE_IN_SCRATCH(marks_that_touch_become_one_entry),
        CASE_IN_SCRATCH(a_build_that_did_not_commit_leaves_no_trace),
        CASE_IN_SCRATCH(a_new_base_after_an_eighth),
        CASE_IN_SCRATCH(settle_also_removes_what_a_killed_process_left),
        CASE_IN_SCRATCH(the_image_grows_beyond_its_mapping),
        CASE_IN_SCRATCH(damaged_journals),
        CASE_IN_SCRATCH(refs_that_do_not_fit_the_files),
        CASE_IN_SCRATCH(files_of_another_project),
        CASE_IN_SCRATCH(entries_beyond_the_image),
        CASE_IN_SCRATCH(after_damage_the_next_commit_starts_anew),
        CASE_IN_SCRATCH(one_file_without_a_manifest),
        cmocka_unit_test(like_a_byte_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
