/* SPDX-License-Identifier: MIT */
/* The checks of a unit, and what is printed if it passes. */
#include "mini_emit.h"

#include "air_promote.h"
#include "const_eval.h"
#include "llvm_ir.h"
#include "sema.h"
#include "struct_check.h"

static void report_damage(const Unit *unit, Diagnostics *diagnostics)
{
    const Declaration *at = &unit->declarations->items[unit->declaration];
    diagnostics_add(diagnostics, at->line, at->column,
                    "the cached form of this declaration is damaged; clean the cache");
}

static bool emit_function(Entities *entities, ByteBuffer *text, Diagnostics *diagnostics)
{
    Air air;
    if (!sema_check(entities, entities->items[0], diagnostics, &air))
        return false;
    air_promote(&air);
    llvm_print_function(&air, text);
    return true;
}

static bool emit_struct(Entities *entities, ByteBuffer *text, Diagnostics *diagnostics)
{
    if (!struct_check(entities, entities->items[0], diagnostics))
        return false;
    llvm_print_struct(entities, entities->items[0], text);
    return true;
}

static bool emit_constant(Entities *entities, ByteBuffer *text, Diagnostics *diagnostics)
{
    if (!const_check(entities, entities->items[0], diagnostics))
        return false;
    llvm_print_constant(entities, text);
    return true;
}

static bool check_extern(Entities *entities, Diagnostics *diagnostics)
{
    Air air;
    return sema_check(entities, entities->items[0], diagnostics, &air);
}

bool mini_emit(void *language, const Unit *unit, const Lookup *lookup, Arena *scratch,
               ByteBuffer *text, Diagnostics *diagnostics)
{
    (void)language;
    Entities entities;
    if (!entities_init(&entities, unit, lookup, scratch)) {
        report_damage(unit, diagnostics);
        return false;
    }
    switch (entities.items[0]->zir.kind) {
    case ZIR_FN: return emit_function(&entities, text, diagnostics);
    case ZIR_STRUCT: return emit_struct(&entities, text, diagnostics);
    case ZIR_CONST: return emit_constant(&entities, text, diagnostics);
    case ZIR_EXTERN_FN: return check_extern(&entities, diagnostics);
    }
    return false;
}
