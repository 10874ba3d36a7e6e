/* SPDX-License-Identifier: MIT */
/*
 * Which functions must be compiled again?
 *
 *     demo-03                  ten functions, and five builds of them
 *     demo-03 ENTRY.mini       one build of your project, by the contract in the README;
 *                              edit something and build again
 */
#include "demo_codegen.h"
#include "demo_look.h"
#include "demo_story.h"
#include "program_begin.h"

#include <stdio.h>
#include <string.h>

enum { FUNCTIONS = 10, BUILDS = 5 };

static const char *const functions[FUNCTIONS] = {
    "fn square(x: i32) i32 { return x * x; }",
    "fn double(x: i32) i32 { return x + x; }",
    "fn area(w: i32, h: i32) i32 { return w * h; }",
    "fn border(w: i32, h: i32) i32 { return double(w + h); }",
    "fn volume(w: i32, h: i32, d: i32) i32 { return area(w, h) * d; }",
    "fn distance(a: i32, b: i32) i32 { return square(a - b); }",
    "fn cube(x: i32) i32 { return x * square(x); }",
    "fn half(x: f64) f64 { return x / 2.0; }",
    "fn report(w: i32, h: i32) { print(area(w, h)); print(border(w, h)); }",
    "fn main() i32 { report(3, 4); return 0; }",
};

static const struct {
    const char *title;
    int changed; /* number of a function; -1: none */
    const char *line;
} edits[BUILDS] = {
    {"first", -1, NULL},
    {"again", -1, NULL},
    {"a body", 1, "fn double(x: i32) i32 { return x * 2; }"},
    {"a comment", 1, "// twice as much\nfn double(x: i32)   i32 { return x * 2; }"},
    {"a parameter", 2, "fn area(width: i32, h: i32) i32 { return width * h; }"},
};

typedef struct Table { /* a row for each function, a column for each build */
    int row;           /* the next field to fill */
    int column;
    char names[FUNCTIONS][32];
    OutputOrigin origins[FUNCTIONS][BUILDS];
} Table;

static void fill_in(void *context, Slice path, Slice name, const UnitOutput *output)
{
    Table *table = context;
    if (table->row == FUNCTIONS)
        return;
    snprintf(table->names[table->row], sizeof *table->names, "%.*s:%.*s", (int)path.size,
             path.data, (int)name.size, name.data);
    table->origins[table->row++][table->column] = output->origin;
}

static void write_functions(const char *const lines[FUNCTIONS])
{
    ByteBuffer text = {0};
    for (int i = 0; i < FUNCTIONS; i++)
        buffer_put_format(&text, "%s\n", lines[i]);
    buffer_put_byte(&text, '\0');
    story_write("shapes.mini", text.data);
    buffer_free(&text);
}

static int build_each_edit(Table *table)
{
    const char *lines[FUNCTIONS];
    int status = 0;
    memcpy(lines, functions, sizeof lines);
    for (int build = 0; build < BUILDS && status == 0; build++) {
        if (edits[build].changed >= 0)
            lines[edits[build].changed] = edits[build].line;
        write_functions(lines);
        table->column = build;
        table->row = 0;
        status = compile_program("shapes.mini", &(UnitListener){fill_in, table});
    }
    return status;
}

static int story(void)
{
    static const char *const words[] = {[OUTPUT_CACHED] = "-",
                                        [OUTPUT_EMITTED] = "compiled",
                                        [OUTPUT_PASSING] = "compiled",
                                        [OUTPUT_WRONG] = "wrong"};
    Table table = {0};
    int status = build_each_edit(&table);
    printf("%20s", "");
    for (int build = 0; build < BUILDS; build++)
        printf("%13s", edits[build].title);
    for (int row = 0; row < FUNCTIONS; row++) {
        printf("\n%-20s", table.names[row]);
        for (int build = 0; build < BUILDS; build++)
            printf("%13s", words[table.origins[row][build]]);
    }
    printf("\n%-20s", "compiled, cached");
    for (int build = 0; build < BUILDS; build++) {
        int compiled = 0;
        for (int row = 0; row < FUNCTIONS; row++)
            compiled += table.origins[row][build] != OUTPUT_CACHED;
        printf("%9d, %2d", compiled, FUNCTIONS - compiled);
    }
    putchar('\n');
    return status;
}

int main(int argument_count, char **arguments)
{
    program_begin();
    int status = argument_count == 1 ? story_tell("demo-03", story)
                                     : look_command(argument_count, arguments, codegen);
    return program_end("demo-03", status);
}
