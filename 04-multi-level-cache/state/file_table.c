/* SPDX-License-Identifier: MIT */
#include "file_table.h"

int file_table_load(FileHashCache *files, StateFile *state, int dir_fd, const char *name,
                    const StateRef *ref)
{
    *files = (FileHashCache){0};
    int status = state_file_load(state, &files->image, dir_fd, name, &file_hash_cache_format, ref);
    return status != 0 ? status : file_hash_cache_adopt(files);
}
