/* SPDX-License-Identifier: MIT */
/* A state file whose files are damaged, or not those its ref was made for: the image is then empty,
 * never wrong, and can be written again. */
#include "sample_state.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void damaged_journals(void **state)
{
    const Scratch *scratch = *state;
    StateRef ref;
    size_t size;
    make_state_journal(scratch, 'x', "new", &ref);
    char *bytes = scratch_read(scratch, "files.1.journal", &size);
    for (size_t bit = 0; bit < size * 8; bit++) {
        bytes[bit / 8] ^= (char)(1 << bit % 8);
        scratch_write_bytes(scratch, "files.1.journal", slice_of(bytes, size));
        expect_no_state(scratch, &ref, -EBADMSG);
        bytes[bit / 8] ^= (char)(1 << bit % 8);
    }
    for (size_t length = 0; length < size; length++) {
        scratch_write_bytes(scratch, "files.1.journal", slice_of(bytes, length));
        expect_no_state(scratch, &ref, -EBADMSG);
    }
    assert_int_equal(unlinkat(scratch->fd, "files.1.journal", 0), 0);
    expect_no_state(scratch, &ref, -ENOENT);
    assert_int_equal(mkfifoat(scratch->fd, "files.1.journal", 0666), 0);
    expect_no_state(scratch, &ref, -EBADMSG);
    free(bytes);
}

static void refs_that_do_not_fit_the_files(void **state)
{
    const Scratch *scratch = *state;
    StateRef good;
    make_state_journal(scratch, 'x', "new", &good);
    const StateRef wrong[] = {
        {2, good.base_size, good.image_size, good.journal_size, good.checksum},
        {1, good.base_size - 1, good.image_size, good.journal_size, good.checksum},
        {1, good.base_size, good.image_size - 1, good.journal_size, good.checksum},
        {1, good.base_size, good.image_size + good.journal_size + 1, good.journal_size,
         good.checksum},
        {1, good.base_size, UINT64_MAX, good.journal_size, good.checksum},
        {1, good.base_size, good.image_size, good.journal_size - 1, good.checksum},
        {1, good.base_size, good.image_size, good.journal_size + 1, good.checksum},
        {1, good.base_size, good.image_size, UINT64_MAX, good.checksum},
        {1, good.base_size, 100, good.journal_size, good.checksum},
        {1, good.base_size, good.image_size, good.journal_size, good.checksum + 1},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect_no_state(scratch, &wrong[i], i == 0 ? -ENOENT : -EBADMSG);
    expect_state(scratch, &good, 99, "xnewx");
}

/* Files that are intact and of the same sizes, but not those the ref was made for. */
static void files_of_another_project(void **state)
{
    const Scratch *scratch = *state;
    StateRef ref, other;
    make_state_journal(scratch, 'x', "new", &ref);
    char *base = scratch_read(scratch, "files.1", NULL);
    char *journal = scratch_read(scratch, "files.1.journal", NULL);
    make_state_journal(scratch, 'y', "wen", &other);
    assert_int_equal(other.journal_size, ref.journal_size);
    expect_state(scratch, &other, 99, "yweny");
    expect_no_state(scratch, &ref, -EBADMSG); /* both belong to the other */
    scratch_write_bytes(scratch, "files.1.journal", slice_of(journal, ref.journal_size));
    expect_no_state(scratch, &ref, -EBADMSG); /* the base does */
    expect_no_state(scratch, &other, -EBADMSG);
    scratch_write_bytes(scratch, "files.1", slice_of(base, BINARY_HEADER_SIZE + BASE_SIZE));
    expect_state(scratch, &ref, 99, "xnewx");
    free(base);
    free(journal);
}

/* The entry is intact, but reaches beyond the image. */
static void entries_beyond_the_image(void **state)
{
    const Scratch *scratch = *state;
    StateRef ref;
    make_state_base(scratch, 'x', &ref);
    SampleState file;
    open_state(&file, scratch, &ref);
    image_append(&file.image, "12345678", 8);
    commit_state(&file, &ref);
    image_close(&file.image);
    for (uint64_t missing = 1; missing <= 8; missing++) {
        StateRef shorter = {1, ref.base_size, ref.image_size - missing, ref.journal_size,
                            ref.checksum};
        expect_no_state(scratch, &shorter, -EBADMSG);
    }
    expect_state(scratch, &ref, BASE_SIZE, "12345678");
}

static void after_damage_the_next_commit_starts_anew(void **state)
{
    const Scratch *scratch = *state;
    StateRef ref;
    make_state_journal(scratch, 'x', "new", &ref);
    scratch_write(scratch, "files.1", "damaged");
    SampleState file;
    assert_int_equal(try_state(&file, scratch, &ref), -EBADMSG);
    image_append(&file.image, "fresh", 5);
    commit_state(&file, &ref);
    image_close(&file.image);
    assert_int_equal(ref.generation, 2);
    expect_state(scratch, &ref, 0, "fresh");
    assert_false(scratch_exists(scratch, "files.1"));
    assert_false(scratch_exists(scratch, "files.1.journal"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_IN_SCRATCH(damaged_journals),
        CASE_IN_SCRATCH(refs_that_do_not_fit_the_files),
        CASE_IN_SCRATCH(files_of_another_project),
        CASE_IN_SCRATCH(entries_beyond_the_image),
        CASE_IN_SCRATCH(after_damage_the_next_commit_starts_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
