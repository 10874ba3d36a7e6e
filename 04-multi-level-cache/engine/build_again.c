/* SPDX-License-Identifier: MIT */
/*
 * Are a unit's text and warnings its own?
 *
 * Units of one file share what the language opened, and may be emitted in one call. What one of
 * them leaves there could reach the text of another, and then the text would depend on which other
 * units were emitted: in a clean build all, after an edit one. So the units of a file are emitted
 * again, each alone and then all in reverse order. A language that shares nothing is not asked.
 */
#include "build_internal.h"

static bool differs(const UnitOutput *made, const WantedUnit *wanted, uint32_t count,
                    uint32_t *unit)
{
    for (uint32_t i = 0; i < count; i++) {
        const UnitOutput *again = wanted[i].output;
        *unit = wanted[i].declaration;
        if (again->origin == OUTPUT_WRONG || !slice_equal(again->text, made[*unit].text) ||
            !slice_equal(again->warnings, made[*unit].warnings))
            return true;
    }
    return false;
}

/* From the last to the first: no unit comes after those it came after before. */
static const char *emit_again(Build *build, unsigned worker, uint32_t file, Arena *arena,
                              uint32_t *unit)
{
    uint32_t count;
    const UnitOutput *made = build_unit_outputs(build, file, &count);
    WantedUnit *wanted = arena_allocate(arena, count * sizeof *wanted);
    UnitOutput *outputs = arena_allocate(arena, count * sizeof *outputs);
    for (uint32_t i = 0; i < count; i++) {
        wanted[i] = (WantedUnit){count - 1 - i, &outputs[i]};
        build_emit_again(build, worker, file, &wanted[i], 1);
    }
    if (differs(made, wanted, count, unit))
        return "its output is different if it is emitted alone";
    build_emit_again(build, worker, file, wanted, count);
    if (differs(made, wanted, count, unit))
        return "its output is different if its file is emitted in reverse order";
    return NULL;
}

const char *build_differs_again(Build *build, unsigned worker, uint32_t file, uint32_t *unit)
{
    const Compiler *compiler = build->request.compiler;
    if (compiler->open == NULL && compiler->emit_file == NULL)
        return NULL;
    Arena arena = {0};
    const char *what = emit_again(build, worker, file, &arena, unit);
    arena_free(&arena);
    return what;
}
