/* SPDX-License-Identifier: MIT */
/*
 * Must a file be lowered again?
 *
 *     demo-02                  a project of three files, and six builds of it
 *     demo-02 ENTRY.mini       one build of your project, by the contract in the README;
 *                              edit something and build again
 */
#include "demo_lower.h"
#include "demo_story.h"
#include "program_begin.h"

#include <stdio.h>
#include <stdlib.h>

static void build(const char *title)
{
    puts(title);
    lower("main.mini");
}

static int story(void)
{
    static const char square[] = "fn square(x: i32) i32 { return x * x; }\n";
    story_write("main.mini", "import \"math.mini\" as math;\nimport \"copy.mini\" as copy;\n"
                             "fn main() i32 { print(math.square(7)); return 0; }\n");
    story_write("math.mini", square);
    story_write("copy.mini", square);
    build("The first build; copy.mini has the bytes of math.mini");
    build("Nothing happened");

    story_write("math.mini", "fn square(x: i32) i32 { return x * x * 1; }\n");
    build("math.mini was edited");
    story_write("math.mini", square);
    build("The edit was undone");

    setenv("MINIC_TARGET", "wasm32", 1);
    build("Another target");
    unsetenv("MINIC_TARGET");
    build("The target of before");
    return 0;
}

int main(int argument_count, char **arguments)
{
    program_begin();
    int status = argument_count == 1 ? story_tell("demo-02", story)
                                     : look_command(argument_count, arguments, lower);
    return program_end("demo-02", status);
}
