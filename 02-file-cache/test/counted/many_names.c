/* SPDX-License-Identifier: MIT */
/* Lowers a function of COUNT locals, each used, each shadowed, each beside a global and a member,
 * and prints how many basic blocks that took. */
#include "block_count.h"

#include "parser.h"

#include <stdio.h>
#include <stdlib.h>

static void write_source(ByteBuffer *text, size_t count)
{
    buffer_put(text, slice_from("import \"m\" as m; fn f() {\n"));
    for (size_t i = 0; i < count; i++) {
        char line[200];
        int size = snprintf(line, sizeof line,
                            "var l%zu = 1; l%zu = k%zu + m.k%zu; if true { const l%zu = \"%zu\"; "
                            "print(l%zu.k%zu); }\n",
                            i, i / 2, i, i, i / 3, i, i / 3, i);
        buffer_put(text, slice_of(line, (size_t)size));
    }
    buffer_put(text, slice_from("}"));
}

int main(int argc, char **argv)
{
    ByteBuffer text = {0};
    Arena arena = {0};
    Diagnostics diagnostics = {0};
    Lowered lowered;
    Declarations declarations;
    size_t count = argc < 2 ? 0 : strtoul(argv[1], NULL, 10);
    write_source(&text, count);
    block_count = 0;
    bool succeeded = mini_lower(buffer_slice(&text), NULL, &arena, &diagnostics, &lowered);
    printf("%llu\n", block_count);
    if (!succeeded || !declarations_view(lowered.declarations, &declarations) ||
        declarations.items[0].body_reference_count != 2 * count)
        return EXIT_FAILURE;
    arena_free(&arena);
    buffer_free(&text);
    return EXIT_SUCCESS;
}
