/* SPDX-License-Identifier: MIT */
/*
 * Of each variable the pass knows the VAR or STORE that wrote it last, as far as that is certain:
 *
 *     IF               both branches begin with what is known here
 *     ELSE             so what the first branch stored is taken back
 *     END              what either branch stored is not known
 *     LOOP, END_LOOP   are reached from the end of the body, from every CONTINUE or BREAK: what is
 *                      stored in a loop is not known at either
 *
 * A STORE in a loop stands behind the LOOP where it matters, so a first pass marks the variables
 * that a loop changes. Their stores count only up to the next LOOP or END_LOOP.
 *
 * After a RETURN, BREAK or CONTINUE the pass goes on as if there were none: what follows in the
 * block never runs, and the END of the block forgets what was stored there.
 */
#include "air_promote.h"

#define STORE_NONE UINT32_MAX

typedef struct Variable {
    uint32_t store;       /* the VAR or STORE that wrote what it holds now, or STORE_NONE */
    uint32_t depth;       /* of loops around its VAR */
    bool changes_in_loop; /* in one that its VAR is not in */
} Variable;

typedef struct Change {
    uint32_t variable;
    uint32_t store_before;
} Change;

typedef struct Promotion {
    const Zir *zir;
    Air *air;
    Variable *variables;
    Change *changes; /* since the start; those of an open IF begin at the link of the IF */
    uint32_t change_count;
    uint32_t last_loop; /* the LOOP or END_LOOP that was passed last */
} Promotion;

/* The number of the variable that a place is, or is a field of. */
static uint32_t variable_of(const Promotion *promotion, uint32_t place)
{
    const ZirInst *insts = promotion->zir->insts;
    while (insts[place].op != ZIR_VAR)
        place = insts[place].a;
    return promotion->air->insts[place].link;
}

/* ---- what loops change ----------------------------------------------------------------------- */

static void mark_changes_in_loops(Promotion *promotion)
{
    const Zir *zir = promotion->zir;
    uint32_t depth = 0;
    for (uint32_t at = zir->interface_count; at < zir->inst_count; at++) {
        const ZirInst *inst = &zir->insts[at];
        if (inst->op == ZIR_LOOP) {
            depth++;
        } else if (inst->op == ZIR_END_LOOP) {
            depth--;
        } else if (inst->op == ZIR_VAR) {
            promotion->variables[variable_of(promotion, at)].depth = depth;
        } else if (inst->op == ZIR_STORE) {
            Variable *variable = &promotion->variables[variable_of(promotion, inst->a)];
            variable->changes_in_loop |= depth > variable->depth;
        }
    }
}

/* ---- what is known --------------------------------------------------------------------------- */

static void set_store(Promotion *promotion, uint32_t number, uint32_t store)
{
    Variable *variable = &promotion->variables[number];
    promotion->changes[promotion->change_count++] = (Change){number, variable->store};
    variable->store = store;
}

static void pass_store(Promotion *promotion, uint32_t at)
{
    uint32_t place = promotion->zir->insts[at].a;
    bool is_whole = promotion->zir->insts[place].op == ZIR_ADDR;
    uint32_t number = variable_of(promotion, place);
    set_store(promotion, number, is_whole ? at : STORE_NONE);
    if (!is_whole)
        promotion->air->vars[number].in_memory = true;
}

static bool is_known(const Promotion *promotion, const Variable *variable)
{
    return variable->store != STORE_NONE &&
           !(variable->changes_in_loop && variable->store < promotion->last_loop);
}

static void pass_load(Promotion *promotion, uint32_t at)
{
    const Zir *zir = promotion->zir;
    AirInst *insts = promotion->air->insts;
    uint32_t number = variable_of(promotion, zir->insts[at].a);
    const Variable *variable = &promotion->variables[number];
    if (!is_known(promotion, variable)) {
        promotion->air->vars[number].in_memory = true;
        return;
    }
    const ZirInst *store = &zir->insts[variable->store];
    insts[at].link = air_holder(zir, insts, store->op == ZIR_VAR ? store->a : store->b);
}

/* ---- where ways part and meet ---------------------------------------------------------------- */

static void take_back(Promotion *promotion, uint32_t if_at)
{
    for (uint32_t i = promotion->change_count; i > promotion->air->insts[if_at].link; i--) {
        const Change *change = &promotion->changes[i - 1];
        promotion->variables[change->variable].store = change->store_before;
    }
}

static void forget(Promotion *promotion, uint32_t if_at)
{
    for (uint32_t i = promotion->air->insts[if_at].link; i < promotion->change_count; i++)
        promotion->variables[promotion->changes[i].variable].store = STORE_NONE;
}

static void pass_inst(Promotion *promotion, uint32_t at)
{
    const ZirInst *inst = &promotion->zir->insts[at];
    AirInst *insts = promotion->air->insts;
    switch ((ZirOp)inst->op) {
    case ZIR_VAR: set_store(promotion, insts[at].link, at); break;
    case ZIR_STORE: pass_store(promotion, at); break;
    case ZIR_GET: pass_load(promotion, at); break;
    case ZIR_LET: case ZIR_CAST:
        insts[at].link = air_holder(promotion->zir, insts, insts[at].link);
        break;
    case ZIR_IF: insts[at].link = promotion->change_count; break;
    case ZIR_ELSE: take_back(promotion, inst->a); break;
    case ZIR_END: forget(promotion, inst->a); break;
    case ZIR_LOOP: case ZIR_END_LOOP: promotion->last_loop = at; break;
    default: break;
    }
}

void air_promote(Air *air)
{
    const Zir *zir = &air->unit->zir;
    Arena *scratch = air->entities->scratch;
    if (air->var_count == 0)
        return;
    Promotion promotion = {.zir = zir, .air = air};
    promotion.variables = arena_allocate(scratch, air->var_count * sizeof(Variable));
    promotion.changes = arena_allocate(scratch, zir->inst_count * sizeof(Change));
    for (uint32_t i = 0; i < air->var_count; i++) {
        promotion.variables[i] = (Variable){.store = STORE_NONE};
        air->vars[i].in_memory = false;
    }
    mark_changes_in_loops(&promotion);
    for (uint32_t at = zir->interface_count; at < zir->inst_count; at++)
        pass_inst(&promotion, at);
}
