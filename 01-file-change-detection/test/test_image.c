/* SPDX-License-Identifier: MIT */
/* An image: what is saved can be loaded, what is not marked is not written, and it grows. */
#include "image.h"
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

static const BinaryFormat FORMAT = {"exmpl", 1};

static void change(Image *image, size_t offset, const char *text)
{
    memcpy(image->data + offset, text, strlen(text));
    image_mark(image, offset, strlen(text));
}

static void what_was_saved_is_loaded(void **state)
{
    Scratch *scratch = *state;
    char path[512];
    snprintf(path, sizeof path, "%s/one.bin", scratch->path);
    Image image;
    assert_int_equal(image_load(&image, AT_FDCWD, path, &FORMAT, 0), -ENOENT);
    assert_int_equal(image_save(&image, AT_FDCWD, path, &FORMAT, false), 0);
    assert_false(scratch_exists(scratch, "one.bin"));
    image_append(&image, "one", 3);
    assert_int_equal(image_save(&image, AT_FDCWD, path, &FORMAT, false), 0);
    assert_false(image_is_changed(&image));
    image_close(&image);

    assert_int_equal(image_load(&image, AT_FDCWD, path, &FORMAT, 0), 0);
    assert_int_equal(image.size, 3);
    change(&image, 0, "two");
    assert_int_equal(image_save(&image, AT_FDCWD, path, &FORMAT, true), 0);
    image_close(&image);
    assert_int_equal(image_load(&image, AT_FDCWD, path, &FORMAT, 0), 0);
    assert_memory_equal(image.data, "two", 3);
    image_close(&image);
}

static void only_what_is_marked_is_changed(void **state)
{
    Scratch *scratch = *state;
    Image image = {0};
    assert_false(image_is_changed(&image));
    image_replace(&image, &(ByteBuffer){0});
    assert_true(image_is_changed(&image)); /* what was on disk is not empty */
    assert_int_equal(image_save(&image, scratch->fd, "empty", &FORMAT, false), 0);
    assert_false(image_is_changed(&image));
    assert_true(scratch_exists(scratch, "empty"));
    image_append(&image, "123", 3);
    image_forget_changes(&image);
    image_mark(&image, 2, 0);
    assert_false(image_is_changed(&image));
    image_mark(&image, 2, 1);
    assert_true(image_is_changed(&image));
    image_close(&image);
}

/* On failure nothing changes, and the image can be saved elsewhere. */
static void a_save_that_fails_forgets_nothing(void **state)
{
    Scratch *scratch = *state;
    Image image = {0};
    image_append(&image, "123", 3);
    assert_int_equal(image_save(&image, scratch->fd, "no/such/directory", &FORMAT, false), -ENOENT);
    assert_true(image_is_changed(&image));
    image_close(&image);
}

static void damage_is_an_empty_image(void **state)
{
    Scratch *scratch = *state;
    Image image;
    scratch_write(scratch, "damaged", "no header");
    assert_int_equal(image_load(&image, scratch->fd, "damaged", &FORMAT, 0), -EBADMSG);
    assert_int_equal(image.size, 0);
    assert_int_equal(image_append(&image, "fresh", 5), 0);
    assert_int_equal(image_save(&image, scratch->fd, "damaged", &FORMAT, false), 0);
    image_close(&image);
    assert_int_equal(image_load(&image, scratch->fd, "damaged", &FORMAT, 3), 0);
    assert_int_equal(image.size, 8);
    assert_memory_equal(image.data, "fresh\0\0\0", 8);
    image_close(&image);
}

static void expect_bytes(const Image *image, const char *bytes, size_t size)
{
    assert_int_equal(image->size, size);
    assert_memory_equal(image->data, bytes, size);
}

static void grow_a_little(Image *image)
{
    assert_int_equal(image_append(image, "tail", 3), 8);
    assert_int_equal(image_append(image, NULL, 5), 16);
    assert_int_equal(image_append(image, "", 0), 24);
    expect_bytes(image, "abcde\0\0\0tai\0\0\0\0\0\0\0\0\0\0", 21);
}

/* In a buffer of its own, and in the mapping until that is full. */
static void it_grows(void **state)
{
    Scratch *scratch = *state;
    Image image = {0};
    ByteBuffer bytes = {0};
    buffer_put(&bytes, slice_from("abcde"));
    image_replace(&image, &bytes);
    assert_null(bytes.data);
    assert_int_equal(image_save(&image, scratch->fd, "grows", &FORMAT, false), 0);
    grow_a_little(&image);
    image_close(&image);
    assert_int_equal(image_load(&image, scratch->fd, "grows", &FORMAT, 0), 0);
    grow_a_little(&image);
    assert_non_null(image.base.mapping);
    char *block = calloc(1, 3000000);
    memset(block, 'b', 3000000);
    assert_int_equal(image_append(&image, block, 3000000), 24);
    assert_null(image.base.mapping);
    assert_memory_equal(image.data, "abcde\0\0\0tai\0\0\0\0\0\0\0\0\0\0\0\0\0bbbb", 28);
    assert_int_equal(image_save(&image, scratch->fd, "grows", &FORMAT, false), 0);
    image_close(&image);
    assert_int_equal(image_load(&image, scratch->fd, "grows", &FORMAT, 0), 0);
    assert_int_equal(image.size, 3000024);
    assert_memory_equal(image.data + 24, block, 3000000);
    image_close(&image);
    free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_IN_SCRATCH(what_was_saved_is_loaded),
        CASE_IN_SCRATCH(only_what_is_marked_is_changed),
        CASE_IN_SCRATCH(a_save_that_fails_forgets_nothing),
        CASE_IN_SCRATCH(damage_is_an_empty_image),
        CASE_IN_SCRATCH(it_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
