/* SPDX-License-Identifier: MIT */
/*
 * One pass backward, in which the first use of a value that is met is its last.
 *
 * A read of a variable need not be made where it stands: while the variable is not written, its
 * own slot holds the value. A write comes between the read and a use if its number does, or if both
 * are in a loop that begins after the read: its LOOP is taken for a write of every variable.
 *
 * What is put into a place without a change can be made in that place, if nothing else is there
 * between the two instructions, and nothing uses it later. The slot of a literal is its own. But in
 * the place of the result many literals are made, one for each RETURN: there the value must come
 * directly before, and its parts in the same statement.
 */
#include "x86_emitter.h"

typedef struct Pass {
    X86Emitter *emitter;
    uint32_t *next_writes;    /* per variable: the next STORE to it */
    uint32_t next_loop;
    uint32_t statement_begin; /* of the RETURN that was met last */
} Pass;

/* ---- uses ------------------------------------------------------------------------------------ */

static uint32_t holder_of(const Pass *pass, uint32_t value)
{
    return air_holder(pass->emitter->zir, pass->emitter->air->insts, value);
}

static void note_use(Pass *pass, uint32_t value, uint32_t at)
{
    uint32_t *last = &pass->emitter->last_uses[holder_of(pass, value)];
    if (*last < at)
        *last = at;
}

static void note_list(Pass *pass, uint32_t at)
{
    for (uint32_t i = at - pass->emitter->zir->insts[at].count; i < at; i++)
        note_use(pass, pass->emitter->zir->insts[i].a, at);
}

static uint32_t variable_of(const Pass *pass, uint32_t place)
{
    const X86Emitter *emitter = pass->emitter;
    while (emitter->zir->insts[place].op != ZIR_VAR)
        place = emitter->zir->insts[place].a;
    return emitter->air->insts[place].link;
}

static void note_read(Pass *pass, uint32_t at)
{
    X86Emitter *emitter = pass->emitter;
    uint32_t next_write = pass->next_writes[variable_of(pass, at)];
    uint32_t limit = next_write < pass->next_loop ? next_write : pass->next_loop;
    if (emitter->air->insts[at].link == at && emitter->slots[at] == 0 &&
        emitter->last_uses[at] <= limit)
        emitter->slots[at] = X86_SLOT_OF_VARIABLE;
}

/* ---- places ---------------------------------------------------------------------------------- */

/* Does the instruction make a value of its own that stays in a slot? */
static bool makes_value(uint8_t op)
{
    return (op >= ZIR_NEG && op <= ZIR_GE) || op == ZIR_LOGIC_END || op == ZIR_CAST ||
           op == ZIR_CALL || op == ZIR_STRUCT_LIT;
}

static void make_in(Pass *pass, uint32_t value, int32_t slot)
{
    uint32_t at = holder_of(pass, value);
    if (makes_value(pass->emitter->zir->insts[at].op) && pass->emitter->slots[at] == 0)
        pass->emitter->slots[at] = slot;
}

/* The fields are in the slot of the literal. What is used later stays out of them: the slot may be
 * that of a variable. In the result's place they are made by the same statement. */
static void place_fields(Pass *pass, uint32_t at)
{
    X86Emitter *emitter = pass->emitter;
    int32_t slot = x86_slot_of(emitter, at);
    for (uint32_t i = at - emitter->zir->insts[at].count; i < at; i++) {
        uint32_t value = holder_of(pass, emitter->zir->insts[i].a);
        uint32_t field = emitter->air->insts[i].link;
        uint32_t place = x86_field_place(emitter, x86_type(emitter, at), field);
        if (emitter->last_uses[value] == at && (slot < 0 || value >= pass->statement_begin))
            make_in(pass, value, slot + 8 * (int32_t)place);
    }
}

/* A call's struct is copied after the call: nothing reads what it overwrites. */
static void place_stored(Pass *pass, uint32_t at)
{
    X86Emitter *emitter = pass->emitter;
    const ZirInst *insts = emitter->zir->insts;
    uint32_t value = insts[at].b, place = insts[at].a, before = at - 1;
    while (insts[before].op == ZIR_ADDR || insts[before].op == ZIR_FIELD_ADDR)
        before--;
    if (before == value && insts[value].op == ZIR_CALL && emitter->last_uses[value] == at &&
        x86_type(emitter, value).kind == AIR_STRUCT)
        make_in(pass, value, x86_place_of(emitter, place));
}

/* A VAR follows its first value. */
static void place_first(Pass *pass, uint32_t at)
{
    X86Emitter *emitter = pass->emitter;
    uint32_t value = emitter->zir->insts[at].a;
    if (value + 1 == at && emitter->last_uses[value] == at &&
        emitter->air->vars[emitter->air->insts[at].link].in_memory &&
        x86_type(emitter, value).kind == AIR_STRUCT)
        make_in(pass, value, x86_slot_of(emitter, at));
}

static bool is_part_of_statement(uint8_t op)
{
    return op >= ZIR_INT && op < ZIR_LET;
}

static void place_result(Pass *pass, uint32_t at)
{
    X86Emitter *emitter = pass->emitter;
    uint32_t value = emitter->zir->insts[at].a;
    if (value + 1 != at || emitter->air->result.kind != AIR_STRUCT ||
        emitter->last_uses[value] != at)
        return;
    pass->statement_begin = at;
    while (is_part_of_statement(emitter->zir->insts[pass->statement_begin - 1].op))
        pass->statement_begin--;
    make_in(pass, value, emitter->result);
}

/* ---- the pass -------------------------------------------------------------------------------- */

static void pass_statement(Pass *pass, uint32_t at)
{
    const ZirInst *inst = &pass->emitter->zir->insts[at];
    switch ((ZirOp)inst->op) {
    case ZIR_RETURN:
        if (inst->a == ZIR_NO_VALUE)
            break;
        note_use(pass, inst->a, at);
        place_result(pass, at);
        break;
    case ZIR_STORE:
        note_use(pass, inst->b, at);
        place_stored(pass, at);
        pass->next_writes[variable_of(pass, inst->a)] = at;
        break;
    case ZIR_VAR:
        note_use(pass, inst->a, at);
        place_first(pass, at);
        break;
    case ZIR_PRINT: case ZIR_IF: case ZIR_LOOP_COND: note_use(pass, inst->a, at); break;
    case ZIR_LOOP: pass->next_loop = at; break;
    default: break;
    }
}

static void pass_inst(Pass *pass, uint32_t at)
{
    const ZirInst *inst = &pass->emitter->zir->insts[at];
    switch ((ZirOp)inst->op) {
    case ZIR_ADD: case ZIR_SUB: case ZIR_MUL: case ZIR_DIV: case ZIR_REM:
    case ZIR_EQ: case ZIR_NE: case ZIR_LT: case ZIR_LE: case ZIR_GT: case ZIR_GE:
        note_use(pass, inst->b, at);
        note_use(pass, inst->a, at);
        break;
    case ZIR_FIELD: /* it stays where the struct is */
        note_use(pass, inst->a, pass->emitter->last_uses[at]);
        break;
    case ZIR_NEG: case ZIR_NOT: case ZIR_CAST: case ZIR_AND: case ZIR_OR:
        note_use(pass, inst->a, at);
        break;
    case ZIR_LOGIC_END: note_use(pass, inst->b, at); break;
    case ZIR_CALL: note_list(pass, at); break;
    case ZIR_STRUCT_LIT:
        note_list(pass, at);
        place_fields(pass, at);
        break;
    case ZIR_GET: note_read(pass, at); break;
    default: pass_statement(pass, at); break;
    }
}

static void place_parameters(X86Emitter *emitter)
{
    enum { ABOVE_FRAME = 16 }; /* the caller's rbp and the return address */
    emitter->result = ABOVE_FRAME;
    for (uint32_t i = 0; i < entity_parameter_count(emitter->air->unit); i++) {
        emitter->slots[i] = emitter->result;
        emitter->result += 8;
    }
}

void x86_find_places(X86Emitter *emitter)
{
    Arena *scratch = emitter->entities->scratch;
    size_t size = (emitter->air->var_count + 1) * sizeof(uint32_t);
    Pass pass = {.emitter = emitter, .next_writes = arena_allocate(scratch, size),
                 .next_loop = UINT32_MAX};
    memset(pass.next_writes, 0xFF, size);
    place_parameters(emitter);
    for (uint32_t at = emitter->zir->inst_count; at-- > emitter->zir->interface_count;)
        pass_inst(&pass, at);
}
