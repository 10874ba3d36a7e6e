/* SPDX-License-Identifier: MIT */
/*
 * The pass over one unit: names, declarations, statements.
 *
 * Everything about an instruction is known once its operands are, and they come before it: the pass
 * is one loop over the array. Control flow does not matter here: whether a value is right does not
 * depend on how it is reached.
 *
 * An error makes the type of its instruction AIR_INVALID. An instruction with an invalid operand
 * reports nothing about it: one mistake, one message.
 */
#include "sema.h"

#include "const_eval.h"
#include "sema_pass.h"
#include "struct_check.h"

#include <stdarg.h>

/* ---- reporting ----------------------------------------------------------------------------- */

void sema_error(SemaPass *pass, uint32_t at, const char *format, ...)
{
    pass->is_wrong = true;
    if (pass->diagnostics == NULL)
        return;
    uint32_t line, column;
    zir_position(pass->zir, at, &line, &column);
    va_list arguments;
    va_start(arguments, format);
    diagnostics_add_list(pass->diagnostics, line, column, format, arguments);
    va_end(arguments);
}

void sema_note_declared(SemaPass *pass, const Entity *entity)
{
    if (pass->diagnostics == NULL)
        return;
    Diagnostic *note = diagnostics_add(pass->diagnostics, 0, 0, "'%s' is declared here",
                                       sema_name(pass, entity));
    note->severity = SEVERITY_NOTE;
    diagnostic_point_to(note, &entity->unit);
}

void sema_note_at(SemaPass *pass, uint32_t at, const char *message)
{
    if (pass->diagnostics == NULL)
        return;
    uint32_t line, column;
    zir_position(pass->zir, at, &line, &column);
    diagnostics_add_plain(pass->diagnostics, line, column, slice_from(message))->severity =
        SEVERITY_NOTE;
}

const char *sema_name(const SemaPass *pass, const Entity *entity)
{
    return shown_name(pass->entities, entity_name(entity));
}

void sema_wrong_kind(SemaPass *pass, uint32_t at, const Entity *entity, const char *wanted)
{
    static const char *const kinds[] = {[ZIR_FN] = "a function", [ZIR_EXTERN_FN] = "a function",
                                        [ZIR_CONST] = "a constant", [ZIR_STRUCT] = "a struct"};
    sema_error(pass, at, "'%s' is %s, not %s", sema_name(pass, entity), kinds[entity->zir.kind],
               wanted);
    sema_note_declared(pass, entity);
}

/* ---- names and types ----------------------------------------------------------------------- */

Entity *sema_resolve(SemaPass *pass, uint32_t at, uint32_t reference)
{
    Entity *entity = entity_reference(pass->entities, pass->unit, reference);
    if (entity == NULL) {
        sema_report_missing(pass, at, reference);
    } else if (!entity_is_usable(entity)) {
        pass->is_wrong = true;
        return NULL;
    }
    return entity;
}

AirType sema_usable(SemaPass *pass, AirType type)
{
    if (type.kind == AIR_STRUCT &&
        !struct_is_right(pass->entities, pass->entities->items[type.index]))
        type = air_type(AIR_INVALID);
    if (type.kind == AIR_INVALID)
        pass->is_wrong = true;
    return type;
}

AirType sema_spelled_type(SemaPass *pass, uint32_t at)
{
    const ZirInst *inst = &pass->zir->insts[at];
    if (inst->type == ZIR_TYPE_NAMED) {
        const Entity *entity = sema_resolve(pass, at, inst->b);
        if (entity != NULL && entity->zir.kind != ZIR_STRUCT)
            sema_wrong_kind(pass, at, entity, "a type");
    }
    return sema_usable(pass, type_of_inst(pass->entities, pass->unit, inst));
}

/* A named value, with the written type or else its own. */
static AirType check_named_value(SemaPass *pass, uint32_t at)
{
    const ZirInst *inst = &pass->zir->insts[at];
    AirType type = sema_spelled_type(pass, at);
    if (inst->type == ZIR_TYPE_NONE)
        return sema_resolved(pass, at, inst->a);
    sema_expect(pass, at, inst->a, type, "");
    return type;
}

/* ---- statements ---------------------------------------------------------------------------- */

static void check_print(SemaPass *pass, uint32_t at)
{
    AirType type = sema_resolved(pass, at, pass->zir->insts[at].a);
    if (type.kind == AIR_STRUCT)
        sema_error(pass, at, "'print' takes numbers, bool and str, found %s",
                   type_text(pass->entities, type));
}

static void check_return(SemaPass *pass, uint32_t at)
{
    const ZirInst *inst = &pass->zir->insts[at];
    if (inst->a == ZIR_NO_VALUE) {
        if (pass->result.kind != AIR_VOID && pass->result.kind != AIR_INVALID)
            sema_error(pass, at, "this function returns %s: 'return' needs a value",
                       type_text(pass->entities, pass->result));
    } else if (pass->result.kind == AIR_VOID) {
        sema_error(pass, at, "this function has no result: 'return' takes no value");
    } else {
        sema_expect(pass, at, inst->a, pass->result, "");
    }
}

/* A variable of another type is declared with it, or with a value of it. */
static void check_store(SemaPass *pass, uint32_t at)
{
    const ZirInst *inst = &pass->zir->insts[at], *place = &pass->zir->insts[inst->a];
    size_t reported = sema_reported(pass);
    sema_expect(pass, at, inst->b, pass->insts[inst->a].type, "");
    if (place->op == ZIR_ADDR && sema_reported(pass) > reported)
        sema_note_at(pass, place->a, "the variable is declared here");
}

static void check_local(SemaPass *pass, uint32_t at)
{
    const ZirInst *inst = &pass->zir->insts[at];
    if (inst->op == ZIR_ADDR) {
        pass->insts[at].type = pass->insts[inst->a].type;
        return;
    }
    pass->insts[at].type = check_named_value(pass, at);
    if (inst->op == ZIR_VAR) {
        pass->insts[at].link = pass->var_count;
        pass->vars[pass->var_count++] = (AirVar){at, true};
    } else {
        pass->insts[at].link = air_holder(pass->zir, pass->insts, inst->a);
    }
}

/* ---- one instruction ------------------------------------------------------------------------- */

static void check_inst(SemaPass *pass, uint32_t at)
{
    const ZirInst *inst = &pass->zir->insts[at];
    switch ((ZirOp)inst->op) {
    case ZIR_PARAM: case ZIR_FIELD_DECL:
        pass->insts[at].type = sema_spelled_type(pass, at);
        break;
    case ZIR_RESULT:
        pass->result = sema_spelled_type(pass, at);
        break;
    case ZIR_CONST_VALUE:
        pass->insts[at].type = pass->result = check_named_value(pass, at);
        break;
    case ZIR_LET: case ZIR_VAR: case ZIR_ADDR:
        check_local(pass, at);
        break;
    case ZIR_AND: case ZIR_OR:
        sema_expect(pass, at, inst->a, air_type(AIR_BOOL), sema_side_text(inst->op));
        break;
    case ZIR_IF: case ZIR_LOOP_COND:
        sema_expect(pass, at, inst->a, air_type(AIR_BOOL), "condition: ");
        break;
    case ZIR_STORE: check_store(pass, at); break;
    case ZIR_PRINT: check_print(pass, at); break;
    case ZIR_RETURN: check_return(pass, at); break;
    case ZIR_ARG: case ZIR_INIT: /* checked with their CALL or STRUCT_LIT */
    case ZIR_ELSE: case ZIR_END: case ZIR_LOOP: case ZIR_END_LOOP:
    case ZIR_BREAK: case ZIR_CONTINUE:
        break;
    default:
        pass->insts[at].type = sema_check_value(pass, at);
        break;
    }
}

/* ---- whole units ----------------------------------------------------------------------------- */

/* What is wrong with the declaration as a whole is reported at its name. */
static void check_entry_point(SemaPass *pass)
{
    const Unit *unit = &pass->unit->unit;
    const Declaration *at = &unit->declarations->items[unit->declaration];
    if (pass->zir->kind == ZIR_FN && entity_parameter_count(pass->unit) == 0 &&
        pass->result.kind == AIR_I32)
        return;
    pass->is_wrong = true;
    if (pass->diagnostics != NULL)
        diagnostics_add_plain(pass->diagnostics, at->line, at->column,
                              slice_from("the program starts here: this must be 'fn main() i32'"));
}

bool sema_check(Entities *entities, Entity *unit, Diagnostics *diagnostics, Air *air)
{
    uint32_t count = unit->zir.inst_count;
    SemaPass pass = {.entities = entities, .unit = unit, .zir = &unit->zir,
                     .diagnostics = diagnostics};
    pass.insts = arena_allocate(entities->scratch, count * sizeof *pass.insts);
    memset(pass.insts, 0, count * sizeof *pass.insts);
    pass.work = arena_allocate(entities->scratch, count * sizeof *pass.work);
    pass.vars = arena_allocate(entities->scratch, count * sizeof *pass.vars);
    for (uint32_t i = 0; i < count; i++)
        check_inst(&pass, i);
    if (unit->unit.is_entry_point)
        check_entry_point(&pass);
    *air = (Air){.unit = unit, .entities = entities, .insts = pass.insts, .vars = pass.vars,
                 .var_count = pass.var_count, .result = pass.result};
    return !pass.is_wrong;
}
