/* SPDX-License-Identifier: MIT */
/*
 * What changed since the last look?
 *
 *     demo-01                  a project of three files, and five looks at it
 *     demo-01 ENTRY.mini       one look at your project, by the contract in the README;
 *                              edit something and look again
 *     demo-01 --below ENTRY.mini
 *                              the same, with a hash over each file and all its imports
 */
#include "demo_detect.h"
#include "demo_look.h"
#include "demo_story.h"
#include "program_begin.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* The nap is a tick of the file system's clock. Looking at once would report the same changes, but
 * so young a stamp is not trusted, and the next look would read the file once more. */
static void look_later(const char *title)
{
    nanosleep(&(struct timespec){0, 30000000}, NULL);
    puts(title);
    detect("main.mini");
}

static void edit_and_restore_mtime(const char *path, const char *text)
{
    struct stat before;
    stat(path, &before);
    story_write(path, text);
    utimensat(AT_FDCWD, path, (struct timespec[]){before.st_atim, before.st_mtim}, 0);
}

static int story(void)
{
    story_write("main.mini", "import \"math.mini\" as math;\nimport \"text.mini\" as text;\n");
    story_write("math.mini", "fn one() i32 { return 1; }\n");
    story_write("text.mini", "const name: str = \"Ada\";\n");
    look_later("The first look");
    look_later("Nothing happened");

    utimensat(AT_FDCWD, "math.mini", NULL, 0);
    look_later("math.mini was touched");

    edit_and_restore_mtime("text.mini", "const name: str = \"Eve\";\n");
    look_later("text.mini was edited, keeps its size, and its old mtime was restored");

    story_write("main.mini", "import \"math.mini\" as math;\n");
    look_later("main.mini no longer imports text.mini");
    return 0;
}

int main(int argument_count, char **arguments)
{
    program_begin();
    bool below = argument_count == 3 && strcmp(arguments[1], "--below") == 0;
    int status = argument_count == 1 ? story_tell("demo-01", story)
                 : below             ? look_command(2, arguments + 1, detect_below)
                                     : look_command(argument_count, arguments, detect);
    return program_end("demo-01", status);
}
