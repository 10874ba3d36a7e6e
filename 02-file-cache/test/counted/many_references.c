/* SPDX-License-Identifier: MIT */
/* One declaration with COUNT different references, and one with as many to COUNT / 10 others:
 * prints how many basic blocks it took to build them and to read them back. */
#include "block_count.h"

#include "declarations.h"

#include <stdio.h>
#include <stdlib.h>

static void add(DeclarationsBuilder *builder, const char *format, uint32_t number, bool is_declared)
{
    char name[24];
    snprintf(name, sizeof name, format, number);
    if (is_declared)
        declarations_add(builder, slice_from(name), number + 1, 1);
    else
        declarations_add_reference(builder, IMPORT_SELF, slice_from(name), false);
}

/* Does the declaration with that number refer to all earlier ones? */
static bool refers_to_all(const Declarations *view, uint32_t number)
{
    for (uint32_t i = 0; i < number; i++) {
        const Reference *reference = declaration_reference(view, number, i);
        if (declarations_find(view, declarations_text(view, reference->name)) != i)
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    Arena arena = {0};
    DeclarationsBuilder builder = {0};
    Declarations view;
    uint32_t count = argc < 2 ? 0 : (uint32_t)strtoul(argv[1], NULL, 10);
    for (uint32_t i = 0; i < count / 10; i++)
        add(&builder, "f%u", i, true);
    for (uint32_t i = 0; i < count; i++)
        add(&builder, "name%u", i, false);
    declarations_add(&builder, slice_from("again"), 1, 1);
    for (uint32_t i = 0; i < count; i++)
        add(&builder, "f%u", i % (count / 10), false);
    bool is_right = declarations_view(declarations_finish(&builder, &arena), &view) &&
                    refers_to_all(&view, count / 10);
    printf("%llu\n", block_count);
    declarations_builder_free(&builder);
    arena_free(&arena);
    return is_right ? EXIT_SUCCESS : EXIT_FAILURE;
}
