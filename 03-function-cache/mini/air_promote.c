/* SPDX-License-Identifier: MIT */
/*
 * For each variable the pass knows the last VAR or STORE that wrote it, if that is certain:
 *
 *     IF               both branches begin with what is known here
 *     ELSE             so what the first branch stored is undone
 *     END              what either branch stored is not known
 *     LOOP, END_LOOP   are reached from the end of the body, from every CONTINUE or BREAK: what is
 *                      stored in a loop is not known at either
 *
 * Nothing is done to the variables at ELSE and END: a block of a thousand stores inside a thousand
 * IFs would pay a thousand times. Each store is noted with its branch, and when the variable is
 * read, the state of the branch gives the state of the store:
 *
 *     open     the read is in the branch too: the store counts
 *     left     it was the first branch, and the read is in the ELSE: what counts is the store
 *              that the variable had before (`before`, whose chain gets shorter as it is followed)
 *     merged   its END is passed: an unknown store, made in the branch around the IF
 *              (`around`, whose chain gets shorter as it is followed)
 *
 * A STORE in a loop comes after the LOOP where it matters; a first pass therefore marks the
 * variables that a loop changes. Their stores count only up to the next LOOP or END_LOOP.
 *
 * After a RETURN, BREAK or CONTINUE the pass continues as if there were none: the rest of the block
 * never runs, and the END of the block discards what was stored there.
 */
#include "air_promote.h"

#define STORE_NONE UINT32_MAX

typedef enum BranchState { BRANCH_OPEN, BRANCH_LEFT, BRANCH_MERGED } BranchState;

typedef struct Branch {
    uint32_t around; /* the branch that its IF is in */
    uint8_t state;   /* BranchState */
} Branch;

typedef struct Note { /* a store to a variable */
    uint32_t store;  /* the VAR or STORE, or STORE_NONE: only to a field */
    uint32_t branch; /* where */
    uint32_t before; /* the note that counted then */
} Note;

typedef struct Variable {
    uint32_t note;        /* the last one */
    uint32_t depth;       /* of loops around its VAR */
    bool changes_in_loop; /* in one that its VAR is not in */
} Variable;

typedef struct Promotion {
    const Zir *zir;
    Air *air;
    Variable *variables;
    Note *notes; /* number 0: no store yet */
    uint32_t note_count;
    Branch *branches; /* number 0: the body of the function */
    uint32_t branch_count;
    uint32_t branch;    /* the current one */
    uint32_t last_loop; /* the last LOOP or END_LOOP passed */
} Promotion;

/* The number of the variable that a place is or is a field of. */
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

/* ---- branches and notes ---------------------------------------------------------------------- */

static void open_branch(Promotion *promotion, uint32_t around)
{
    promotion->branch = promotion->branch_count++;
    promotion->branches[promotion->branch] = (Branch){around, BRANCH_OPEN};
}

/* The innermost branch around this one, or itself, that is not merged. */
static uint32_t branch_that_is(Branch *branches, uint32_t branch)
{
    uint32_t found = branch;
    while (branches[found].state == BRANCH_MERGED)
        found = branches[found].around;
    while (branch != found) {
        uint32_t around = branches[branch].around;
        branches[branch].around = found;
        branch = around;
    }
    return found;
}

static bool note_counts(const Promotion *promotion, const Note *note)
{
    uint32_t branch = branch_that_is(promotion->branches, note->branch);
    return promotion->branches[branch].state == BRANCH_OPEN;
}

/* The last note of a variable that counts here. Those that do not count never will again: after
 * their IF, they stand for an unknown store. */
static uint32_t note_that_counts(const Promotion *promotion, const Variable *variable)
{
    Note *notes = promotion->notes;
    uint32_t found = variable->note;
    while (!note_counts(promotion, &notes[found]))
        found = notes[found].before;
    for (uint32_t at = variable->note; at != found;) {
        uint32_t before = notes[at].before;
        notes[at].before = found;
        at = before;
    }
    return found;
}

/* The store that wrote the variable's value here, or STORE_NONE. */
static uint32_t known_store(const Promotion *promotion, const Variable *variable)
{
    const Note *note = &promotion->notes[note_that_counts(promotion, variable)];
    if (promotion->branches[note->branch].state == BRANCH_MERGED)
        return STORE_NONE;
    if (note->store != STORE_NONE && variable->changes_in_loop &&
        note->store < promotion->last_loop)
        return STORE_NONE;
    return note->store;
}

static void set_store(Promotion *promotion, uint32_t number, uint32_t store)
{
    Variable *variable = &promotion->variables[number];
    uint32_t before = note_that_counts(promotion, variable);
    promotion->notes[promotion->note_count] = (Note){store, promotion->branch, before};
    variable->note = promotion->note_count++;
}

/* ---- the pass -------------------------------------------------------------------------------- */

static void pass_store(Promotion *promotion, uint32_t at)
{
    uint32_t place = promotion->zir->insts[at].a;
    bool is_whole = promotion->zir->insts[place].op == ZIR_ADDR;
    uint32_t number = variable_of(promotion, place);
    set_store(promotion, number, is_whole ? at : STORE_NONE);
    if (!is_whole)
        promotion->air->vars[number].in_memory = true;
}

static void pass_load(Promotion *promotion, uint32_t at)
{
    const Zir *zir = promotion->zir;
    AirInst *insts = promotion->air->insts;
    uint32_t number = variable_of(promotion, zir->insts[at].a);
    uint32_t known = known_store(promotion, &promotion->variables[number]);
    if (known == STORE_NONE) {
        promotion->air->vars[number].in_memory = true;
        return;
    }
    const ZirInst *store = &zir->insts[known];
    insts[at].link = air_holder(zir, insts, store->op == ZIR_VAR ? store->a : store->b);
}

static void pass_end(Promotion *promotion, uint32_t at)
{
    const AirInst *insts = promotion->air->insts;
    uint32_t begin = promotion->zir->insts[at].a, middle = promotion->zir->insts[begin].b;
    Branch *last = &promotion->branches[promotion->branch];
    promotion->branch = last->around;
    last->state = BRANCH_MERGED;
    if (middle != at)
        promotion->branches[insts[begin].link].state = BRANCH_MERGED;
}

static void pass_inst(Promotion *promotion, uint32_t at)
{
    AirInst *insts = promotion->air->insts;
    switch ((ZirOp)promotion->zir->insts[at].op) {
    case ZIR_VAR: set_store(promotion, insts[at].link, at); break;
    case ZIR_STORE: pass_store(promotion, at); break;
    case ZIR_GET: pass_load(promotion, at); break;
    case ZIR_LET: case ZIR_CAST:
        insts[at].link = air_holder(promotion->zir, insts, insts[at].link);
        break;
    case ZIR_IF: /* its link is its first branch */
        open_branch(promotion, promotion->branch);
        insts[at].link = promotion->branch;
        break;
    case ZIR_ELSE:
        promotion->branches[promotion->branch].state = BRANCH_LEFT;
        open_branch(promotion, promotion->branches[promotion->branch].around);
        break;
    case ZIR_END: pass_end(promotion, at); break;
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
    Promotion promotion = {.zir = zir, .air = air, .note_count = 1, .branch_count = 1};
    promotion.variables = arena_allocate(scratch, air->var_count * sizeof(Variable));
    promotion.notes = arena_allocate(scratch, (zir->inst_count + 1u) * sizeof(Note));
    promotion.branches = arena_allocate(scratch, (zir->inst_count + 1u) * sizeof(Branch));
    promotion.notes[0] = (Note){STORE_NONE, 0, 0};
    promotion.branches[0] = (Branch){0, BRANCH_OPEN};
    for (uint32_t i = 0; i < air->var_count; i++) {
        promotion.variables[i] = (Variable){0};
        air->vars[i].in_memory = false;
    }
    mark_changes_in_loops(&promotion);
    for (uint32_t at = zir->interface_count; at < zir->inst_count; at++)
        pass_inst(&promotion, at);
}
