/* SPDX-License-Identifier: MIT */
/* A read of the object store that fails, as on a bad disk, is reported and not taken for damage.
 * The files stay, and once they can be read again, everything is there. */
#include "store_files.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static unsigned reads, failing_read; /* the first is 1; 0: none fails */

/* Replaces the C library's. */
ssize_t pread(int fd, void *bytes, size_t size, off_t offset)
{
    if (++reads == failing_read) {
        errno = EIO;
        return -1;
    }
    return lseek(fd, offset, SEEK_SET) < 0 ? -1 : read(fd, bytes, size);
}

static void expect_file(const Scratch *scratch, const char *name, Slice expected)
{
    size_t size;
    char *bytes = scratch_read(scratch, name, &size);
    assert_true(slice_equal(slice_of(bytes, size), expected));
    free(bytes);
}

static void test_a_read_that_fails_is_reported_and_nothing_is_lost(void **state)
{
    StoreFiles *files = *state;
    ObjectStore *store;
    unsigned failures = 0;
    for (failing_read = 1;; failing_read++, failures++) {
        reads = 0;
        int status = object_store_open(&store, files->scratch.fd, "s");
        if (reads < failing_read)
            break;
        assert_int_equal(status, -EIO);
        assert_null(store);
        expect_file(&files->scratch, "s.pack", whole_pack(files));
        expect_file(&files->scratch, "s.index", whole_index(files));
    }
    failing_read = 0;
    assert_int_equal(failures, 2); /* the header of the index and that of the pack */
    assert_false(object_store_lost_index(store));
    assert_false(object_store_is_damaged(store));
    assert_int_equal(count_intact(store), OBJECTS);
    expect_usable(&files->scratch, store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_WITH_FILES(test_a_read_that_fails_is_reported_and_nothing_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
