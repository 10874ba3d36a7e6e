/* SPDX-License-Identifier: MIT */
/* The checks of a unit, and what is printed if it passes. */
#include "mini_emit.h"

#include "air_promote.h"
#include "const_eval.h"
#include "llvm_ir.h"
#include "sema.h"
#include "struct_check.h"

bool mini_emit(void *language, const Unit *unit, const Lookup *lookup, Arena *scratch,
               ByteBuffer *text, Diagnostics *diagnostics)
{
    (void)language;
    Entities entities;
    Air air;
    if (!entities_init(&entities, unit, lookup, scratch)) {
        const Declaration *at = &unit->declarations->items[unit->declaration];
        diagnostics_add(diagnostics, at->line, at->column,
                        "the cached form of this declaration is damaged; clean the cache");
        return false;
    }
    Entity *entity = entities.items[0];
    switch (entity->zir.kind) {
    case ZIR_FN:
        if (!sema_check(&entities, entity, diagnostics, &air))
            return false;
        air_promote(&air);
        llvm_print_function(&air, text);
        return true;
    case ZIR_STRUCT:
        if (!struct_check(&entities, entity, diagnostics))
            return false;
        llvm_print_struct(&entities, entity, text);
        return true;
    case ZIR_CONST:
        if (!const_check(&entities, entity, diagnostics))
            return false;
        llvm_print_constant(&entities, text);
        return true;
    case ZIR_EXTERN_FN: return sema_check(&entities, entity, diagnostics, &air);
    }
    return false;
}
