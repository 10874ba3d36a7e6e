/* SPDX-License-Identifier: MIT */
/* Which of these files changed? Two looks; the second loads what the first one saved. */
#include "file_hash_cache.h"

#include <fcntl.h>
#include <sys/stat.h>

static const char *const paths[] = {"memory.c", "memory.h", "slice.h"}; /* sorted */

/* The number of files read, or a negative errno. */
static int look(const FileClock *clock)
{
    static const FileRecord none;
    FileHashCache cache = {0};
    FileEntry files[3] = {0};
    Arena arena = {0};
    Slice bytes;
    int read = 0, error = 0;
    file_hash_cache_load(&cache, "my_cache/hashes.bin");
    for (uint32_t i = 0; i < 3 && error == 0; i++) {
        files[i].path = slice_from(paths[i]);
        uint32_t file = file_hash_cache_find(&cache, files[i].path);
        const FileRecord *last = file == FILE_NONE ? &none : &cache.records[file];
        FileStamp stamp;
        if (file != FILE_NONE && file_hash_cache_is_current(&cache, AT_FDCWD, file, &stamp)) {
            files[i].known = last->known;
            files[i].content = last->content;
            continue;
        }
        read++;
        error = file_read(AT_FDCWD, paths[i], &arena, &bytes, &stamp);
        files[i].known = file_stamp_judge(&stamp, &last->known, clock);
        files[i].content = hash_bytes(bytes);
    }
    file_hash_cache_replace(&cache, files[0].path, files, 3);
    if (error == 0)
        error = file_hash_cache_save(&cache, "my_cache/hashes.bin");
    file_hash_cache_close(&cache);
    arena_free(&arena);
    return error != 0 ? error : read;
}

int main(void)
{
    FileClock clock;
    mkdir("my_cache", 0777);
    int dir_fd = open("my_cache", O_RDONLY | O_DIRECTORY);
    int error = dir_fd < 0 ? dir_fd : file_clock_probe(&clock, dir_fd);
    clock.probed_ns += 10000000000; /* as if the files had been written ten seconds ago */
    clock.wall_ns += 10000000000;
    return !(error == 0 && look(&clock) == 3 && look(&clock) == 0);
}
