/* SPDX-License-Identifier: MIT */
#include "demo_story.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MACHINE_FAILED = 3 };

void story_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    bool is_written = file != NULL && fputs(text, file) >= 0;
    if (file == NULL || fclose(file) != 0 || !is_written)
        perror(path);
}

/* Removes a file, or a directory and its contents. */
static void remove_tree(int parent_fd, const char *name)
{
    if (unlinkat(parent_fd, name, 0) == 0)
        return;
    DIR *directory = fdopendir(openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            remove_tree(dirfd(directory), entry->d_name);
    if (directory != NULL)
        closedir(directory);
    unlinkat(parent_fd, name, AT_REMOVEDIR);
}

int story_tell(const char *program, int (*story)(void))
{
    char directory[64];
    snprintf(directory, sizeof directory, "/tmp/%s-XXXXXX", program);
    if (mkdtemp(directory) == NULL || chdir(directory) != 0) {
        perror(directory);
        return MACHINE_FAILED;
    }
    unsetenv("MINIC_TARGET"); /* a story has only its own settings */
    int status = story();
    remove_tree(AT_FDCWD, directory);
    return status;
}
