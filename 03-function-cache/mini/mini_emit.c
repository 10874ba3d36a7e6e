/* SPDX-License-Identifier: MIT */
/* The checks of a unit, and what is printed if it passes. */
#include "mini_emit.h"

#include "air_promote.h"
#include "const_eval.h"
#include "llvm_ir.h"
#include "sema.h"
#include "struct_check.h"

static void report_at_name(const Unit *unit, Diagnostics *diagnostics, const char *message)
{
    const Declaration *at = &unit->declarations->items[unit->declaration];
    diagnostics_add_plain(diagnostics, at->line, at->column, slice_from(message));
}

static bool emit_function(const MiniBackEnd *back_end, Entities *entities, ByteBuffer *text,
                          Diagnostics *diagnostics)
{
    Air air;
    if (!sema_check(entities, entities->items[0], diagnostics, &air))
        return false;
    air_promote(&air);
    if (back_end->function(&air, text))
        return true;
    report_at_name(&entities->items[0]->unit, diagnostics,
                   "the code of this function is too large");
    return false;
}

bool mini_emit_with(const MiniBackEnd *back_end, const Unit *unit, const Lookup *lookup,
                    Arena *scratch, ByteBuffer *text, Diagnostics *diagnostics)
{
    Entities entities;
    Air air;
    if (!entities_init(&entities, unit, lookup, scratch)) {
        if (entities.items[0]->zir.kind <= ZIR_STRUCT)
            report_at_name(unit, diagnostics,
                           "the cached form of this declaration is damaged; clean the cache");
        return false;
    }
    Entity *entity = entities.items[0];
    switch (entity->zir.kind) {
    case ZIR_FN: return emit_function(back_end, &entities, text, diagnostics);
    case ZIR_STRUCT:
        if (!struct_check(&entities, entity, diagnostics))
            return false;
        if (back_end->structure != NULL)
            back_end->structure(&entities, entity, text);
        return true;
    case ZIR_CONST:
        if (!const_check(&entities, entity, diagnostics))
            return false;
        back_end->constant(&entities, text);
        return true;
    case ZIR_EXTERN_FN: return sema_check(&entities, entity, diagnostics, &air);
    case ZIR_FN_BROKEN: case ZIR_BROKEN: break; /* entities_init has returned false */
    }
    return false;
}

static bool print_function(const Air *air, ByteBuffer *text)
{
    llvm_print_function(air, text);
    return true;
}

bool mini_emit(void *language, const Unit *unit, const Lookup *lookup, Arena *scratch,
               ByteBuffer *text, Diagnostics *diagnostics)
{
    (void)language;
    static const MiniBackEnd llvm_ir = {print_function, llvm_print_constant, llvm_print_struct};
    return mini_emit_with(&llvm_ir, unit, lookup, scratch, text, diagnostics);
}
