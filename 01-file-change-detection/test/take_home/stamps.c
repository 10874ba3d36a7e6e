/* SPDX-License-Identifier: MIT */
/* A recorded stamp never hides a second save, however fast it comes. */
#include "file_stamp.h"

#include <fcntl.h>
#include <stdio.h>

static void save(const char *text, const char *mode)
{
    FILE *file = fopen("notes.txt", mode);
    if (file != NULL) {
        fputs(text, file);
        fclose(file);
    }
}

int main(void)
{
    Arena arena = {0};
    Slice text;
    FileClock clock;
    FileStamp read = {0}, now;
    save("one", "wx"); /* an existing file is not ours */
    file_clock_probe(&clock, AT_FDCWD);
    int error = file_read(AT_FDCWD, "notes.txt", &arena, &text, &read);
    KnownStamp known = file_stamp_judge(&read, &(KnownStamp){0}, &clock);
    save("two", "r+");
    if (error == 0)
        error = file_stamp_at(AT_FDCWD, "notes.txt", &now);
    bool is_hidden = error == 0 && file_stamp_proves(&known, &now);
    arena_free(&arena);
    return error != 0 || is_hidden;
}
