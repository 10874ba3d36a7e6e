/* SPDX-License-Identifier: MIT */
#include "verified_cache.h"

#include "cache_directory.h"

#include <stdlib.h>
#include <sys/stat.h>

Hash128 hash_of_cache(const LineProject *project)
{
    ByteBuffer all = {0};
    FileList files = scratch_list(&project->scratch, "cache");
    for (unsigned i = 0; i < files.count; i++) {
        size_t size;
        struct stat status;
        assert_int_equal(fstatat(project->scratch.fd, files.paths[i], &status, 0), 0);
        char *bytes = scratch_read(&project->scratch, files.paths[i], &size);
        key_put_slice(&all, slice_from(files.paths[i]));
        key_put_slice(&all, slice_of(bytes, size));
        key_put_slice(&all, slice_of(&status.st_mtim, sizeof status.st_mtim));
        free(bytes);
    }
    Hash128 hash = hash_bytes(buffer_slice(&all));
    buffer_free(&all);
    return hash;
}

ByteBuffer find_differences(const LineProject *project, Verification *counts)
{
    Hash128 before = hash_of_cache(project);
    ByteBuffer found = line_project_verify(project, (LineRequest){0}, counts);
    assert_true(hash_equal(before, hash_of_cache(project)));
    return found;
}

void expect_found(const LineProject *project, const char *lines)
{
    ByteBuffer found = find_differences(project, NULL), plain = {0};
    for (const char *at = found.data, *end; (end = strchr(at, '\n')) != NULL; at = end + 1) {
        bool has_id = strspn(at, "0123456789abcdef") == PROGRAM_ID_SIZE;
        buffer_put(&plain, slice_from(has_id ? "*" : ""));
        at += has_id ? PROGRAM_ID_SIZE : 0;
        buffer_put(&plain, slice_of(at, (size_t)(end + 1 - at)));
    }
    buffer_put_byte(&plain, '\0');
    assert_string_equal(plain.data, lines);
    buffer_free(&plain);
    buffer_free(&found);
}

void expect_among_found(const LineProject *project, const char *line)
{
    ByteBuffer found = find_differences(project, NULL);
    if (strstr(found.data, line) == NULL)
        fail_msg("no line has \"%s\":\n%s", line, found.data);
    buffer_free(&found);
}
