/* SPDX-License-Identifier: MIT */
/*
 * grow-source NAME N DIR    writes a program, DIR/main.mini and its imports, that contains one
 *                           construct of the language N times, or N deep, or N long
 * grow-source               lists the constructs: NAME N VERDICT
 *
 * N is the first size measured; 2 N, 4 N and 8 N follow. The verdict of the largest is "right", or
 * words of the error that refuses it.
 */
#include "grow_source.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE *out;
static const char *directory;

void put(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(out, format, arguments);
    va_end(arguments);
}

void repeat(int n, const char *text)
{
    for (int i = 0; i < n; i++)
        for (const char *at = text; *at != '\0'; at++)
            if (at[0] == '%' && at[1] == 'd')
                fprintf(out, "%d", i), at++;
            else
                putc(*at, out);
}

void open_file(const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    if (out != NULL)
        fclose(out);
    out = fopen(path, "w");
    if (out == NULL) {
        perror(path);
        exit(EXIT_FAILURE);
    }
}

void open_numbered(int number)
{
    char name[32];
    snprintf(name, sizeof name, "m%d.mini", number);
    open_file(name);
}

void put_main(void)
{
    put("fn main() i32 { return 0; }\n");
}

void body(int n, const char *before, const char *text)
{
    put("fn main() i32 {\n%s", before);
    repeat(n, text);
    put("return 0; }\n");
}

void top(int n, const char *text)
{
    repeat(n, text);
    put_main();
}

int main(int argc, char **argv)
{
    const Construct *const lists[] = {growing_code, growing_values, growing_mistakes};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        for (const Construct *item = lists[i]; item->name != NULL; item++) {
            if (argc < 4) {
                printf("%s %d %s\n", item->name, item->n, item->verdict);
            } else if (strcmp(argv[1], item->name) == 0) {
                directory = argv[3];
                open_file("main.mini");
                item->write(atoi(argv[2]));
                return fclose(out) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
            }
        }
    return argc < 4 ? EXIT_SUCCESS : EXIT_FAILURE;
}
