/* SPDX-License-Identifier: MIT */
/* The manifest is the old one or the new one; anything else is damage. */
#include "manifest.h"
#include "scratch.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define ID "0123456789abcdef"

static void store(const Scratch *scratch, const Manifest *manifest)
{
    uint64_t written = 0;
    assert_int_equal(manifest_store(manifest, scratch->fd, ID, false, &written), 0);
    size_t size;
    free(scratch_read(scratch, ID ".manifest", &size));
    assert_int_equal(written, size);
}

static void expect_blob(const Manifest *manifest, const char *name, const char *expected)
{
    Slice blob;
    assert_true(manifest_blob(manifest, name, &blob));
    assert_int_equal(blob.size, strlen(expected));
    assert_memory_equal(blob.data, expected, blob.size);
    assert_int_equal((uintptr_t)blob.data % 8, 0);
}

static void store_sample(const Scratch *scratch)
{
    Manifest manifest = {.header = {.generation = 7, .function_count = 3}};
    manifest_set_blob(&manifest, "output", slice_from("out.ll"));
    manifest_set_blob(&manifest, "empty", slice_from(""));
    manifest_set_blob(&manifest, "fifteen-letters", slice_from("eight---"));
    store(scratch, &manifest);
    manifest_free(&manifest);
}

static void test_a_missing_manifest_is_none(void **state)
{
    const Scratch *scratch = *state;
    Manifest manifest;
    assert_int_equal(manifest_load(&manifest, scratch->fd, ID), -ENOENT);
    assert_int_equal(manifest.header.generation, 0);
    manifest_free(&manifest);
}

static void test_what_is_stored_is_loaded(void **state)
{
    const Scratch *scratch = *state;
    Manifest manifest;
    Slice blob;
    store_sample(scratch);
    assert_int_equal(manifest_load(&manifest, scratch->fd, ID), 0);
    assert_int_equal(manifest.header.generation, 7);
    assert_int_equal(manifest.header.function_count, 3);
    expect_blob(&manifest, "output", "out.ll");
    expect_blob(&manifest, "empty", "");
    expect_blob(&manifest, "fifteen-letters", "eight---");
    assert_false(manifest_blob(&manifest, "out", &blob));
    assert_false(manifest_blob(&manifest, "outputs", &blob));
    manifest_free(&manifest);
}

static void test_a_blob_is_replaced_and_others_are_kept(void **state)
{
    const Scratch *scratch = *state;
    Manifest manifest;
    Slice before;
    store_sample(scratch);
    assert_int_equal(manifest_load(&manifest, scratch->fd, ID), 0);
    assert_true(manifest_blob(&manifest, "output", &before));
    manifest_set_blob(&manifest, "output", slice_from("another.ll"));
    manifest_set_blob(&manifest, "output", slice_from("a third"));
    manifest_set_blob(&manifest, "new", before); /* what was loaded is still there */
    assert_memory_equal(before.data, "out.ll", 6);
    expect_blob(&manifest, "output", "a third");
    expect_blob(&manifest, "new", "out.ll");
    expect_blob(&manifest, "fifteen-letters", "eight---");
    store(scratch, &manifest);
    manifest_free(&manifest);
    assert_int_equal(manifest_load(&manifest, scratch->fd, ID), 0);
    expect_blob(&manifest, "output", "a third");
    expect_blob(&manifest, "new", "out.ll");
    manifest_free(&manifest);
}

static void test_a_blob_may_be_set_to_itself(void **state)
{
    Manifest manifest = {0};
    Slice blob;
    (void)state;
    manifest_set_blob(&manifest, "a", slice_from("text"));
    for (int i = 0; i < 3; i++) {
        assert_true(manifest_blob(&manifest, "a", &blob));
        manifest_set_blob(&manifest, "a", blob);
    }
    expect_blob(&manifest, "a", "text");
    manifest_free(&manifest);
}

static void test_every_damaged_byte_is_found(void **state)
{
    const Scratch *scratch = *state;
    size_t size;
    store_sample(scratch);
    char *bytes = scratch_read(scratch, ID ".manifest", &size);
    for (size_t i = 0; i < size; i++) {
        Manifest manifest;
        bytes[i] ^= 0x40;
        scratch_write_bytes(scratch, ID ".manifest", slice_of(bytes, size));
        bytes[i] ^= 0x40;
        int status = manifest_load(&manifest, scratch->fd, ID);
        assert_true(status == -EBADMSG || (status == 0 && i >= 12 && i < 16)); /* reserved */
        manifest_free(&manifest);
    }
    for (size_t shorter = 0; shorter < size; shorter++) {
        Manifest manifest;
        scratch_write_bytes(scratch, ID ".manifest", slice_of(bytes, shorter));
        assert_int_equal(manifest_load(&manifest, scratch->fd, ID), -EBADMSG);
        manifest_free(&manifest);
    }
    free(bytes);
}

/* A file made by somebody else that passes the checksum. */
static void test_blobs_that_do_not_fit_are_damage(void **state)
{
    const Scratch *scratch = *state;
    static const BinaryFormat format = {"icmanif", 1};
    ManifestHeader header = {.generation = 1};
    char blob[32] = "name";
    static const uint32_t sizes[] = {9, UINT32_MAX, UINT32_MAX - 7, 1u << 31};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        Manifest manifest;
        memcpy(blob + BLOB_NAME_SIZE, &sizes[i], sizeof sizes[i]);
        Slice parts[] = {slice_of(&header, sizeof header), slice_of(blob, sizeof blob)};
        assert_int_equal(
            binary_file_write(scratch->fd, ID ".manifest", &format, parts, 2, false), 0);
        assert_int_equal(manifest_load(&manifest, scratch->fd, ID), -EBADMSG);
        assert_int_equal(manifest.blobs.size, 0);
        manifest_free(&manifest);
    }
}

/* ---- unsettled ----------------------------------------------------------------------------- */

static void test_an_output_is_in_progress_until_the_manifest_catches_up(void **state)
{
    const Scratch *scratch = *state;
    assert_false(manifest_is_in_progress(scratch->fd, ID, 0));
    assert_int_equal(manifest_mark_in_progress(scratch->fd, ID, 5, false), 0);
    assert_true(manifest_is_in_progress(scratch->fd, ID, 4));
    assert_false(manifest_is_in_progress(scratch->fd, ID, 5));
    assert_int_equal(manifest_mark_in_progress(scratch->fd, ID, 6, true), 0);
    assert_true(manifest_is_in_progress(scratch->fd, ID, 5));
}

static void test_a_mark_that_cannot_be_read_counts(void **state)
{
    const Scratch *scratch = *state;
    scratch_write(scratch, ID ".unsettled", "damaged");
    assert_true(manifest_is_in_progress(scratch->fd, ID, 1000));
    assert_int_equal(unlinkat(scratch->fd, ID ".unsettled", 0), 0);
    assert_int_equal(mkdirat(scratch->fd, ID ".unsettled", 0777), 0);
    assert_true(manifest_is_in_progress(scratch->fd, ID, 1000));
}

static void test_a_run_of_the_system_has_one_identity(void **state)
{
    (void)state;
    assert_true(hash_equal(manifest_boot(), manifest_boot()));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_IN_SCRATCH(test_a_missing_manifest_is_none),
        CASE_IN_SCRATCH(test_what_is_stored_is_loaded),
        CASE_IN_SCRATCH(test_a_blob_is_replaced_and_others_are_kept),
        CASE_IN_SCRATCH(test_a_blob_may_be_set_to_itself),
        CASE_IN_SCRATCH(test_every_damaged_byte_is_found),
        CASE_IN_SCRATCH(test_blobs_that_do_not_fit_are_damage),
        CASE_IN_SCRATCH(test_an_output_is_in_progress_until_the_manifest_catches_up),
        CASE_IN_SCRATCH(test_a_mark_that_cannot_be_read_counts),
        CASE_IN_SCRATCH(test_a_run_of_the_system_has_one_identity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
