/* SPDX-License-Identifier: MIT */
/*
 * A read of a variable need not be made where it stands: while the variable is not written, its
 * own slot holds the value. A write comes between the read and a use if its number does, or if both
 * are in a loop that begins after the read: its LOOP is taken for a write of every variable.
 */
#include "x86_emitter.h"

#include "sema_types.h"

enum {
    SLOT_OF_VARIABLE = 1, /* in `slots`, of a GET: that of the variable. No slot is odd */
    LARGEST_FRAME = 1 << 30,
};

/* ---- uses ------------------------------------------------------------------------------------ */

typedef struct Uses {
    X86Emitter *emitter;
    uint32_t *next_writes; /* per variable: the next STORE to it */
    uint32_t next_loop;
} Uses;

/* Backward: the first use that is met is the last. */
static void note_use(Uses *uses, uint32_t value, uint32_t at)
{
    const X86Emitter *emitter = uses->emitter;
    uint32_t *last = &emitter->last_uses[air_holder(emitter->zir, emitter->air->insts, value)];
    if (*last < at)
        *last = at;
}

static uint32_t variable_of(const X86Emitter *emitter, uint32_t place)
{
    while (emitter->zir->insts[place].op != ZIR_VAR)
        place = emitter->zir->insts[place].a;
    return emitter->air->insts[place].link;
}

static void note_read(Uses *uses, uint32_t at)
{
    X86Emitter *emitter = uses->emitter;
    uint32_t next_write = uses->next_writes[variable_of(emitter, at)];
    uint32_t limit = next_write < uses->next_loop ? next_write : uses->next_loop;
    if (emitter->air->insts[at].link == at && emitter->last_uses[at] <= limit)
        emitter->slots[at] = SLOT_OF_VARIABLE;
}

static void note_list(Uses *uses, uint32_t at, uint32_t count)
{
    for (uint32_t i = at - count; i < at; i++)
        note_use(uses, uses->emitter->zir->insts[i].a, at);
}

static void note_inst(Uses *uses, uint32_t at)
{
    X86Emitter *emitter = uses->emitter;
    const ZirInst *inst = &emitter->zir->insts[at];
    switch ((ZirOp)inst->op) {
    case ZIR_ADD: case ZIR_SUB: case ZIR_MUL: case ZIR_DIV: case ZIR_REM:
    case ZIR_EQ: case ZIR_NE: case ZIR_LT: case ZIR_LE: case ZIR_GT: case ZIR_GE:
        note_use(uses, inst->b, at);
        note_use(uses, inst->a, at);
        break;
    case ZIR_FIELD: /* it stays where the struct is */
        note_use(uses, inst->a, emitter->last_uses[at]);
        break;
    case ZIR_RETURN:
        if (inst->a != ZIR_NO_VALUE)
            note_use(uses, inst->a, at);
        break;
    case ZIR_STORE:
        note_use(uses, inst->b, at);
        uses->next_writes[variable_of(emitter, inst->a)] = at;
        break;
    case ZIR_NEG: case ZIR_NOT: case ZIR_CAST: case ZIR_VAR: case ZIR_PRINT:
    case ZIR_IF: case ZIR_LOOP_COND: case ZIR_AND: case ZIR_OR:
        note_use(uses, inst->a, at);
        break;
    case ZIR_LOGIC_END: note_use(uses, inst->b, at); break;
    case ZIR_CALL: case ZIR_STRUCT_LIT: note_list(uses, at, inst->count); break;
    case ZIR_GET: note_read(uses, at); break;
    case ZIR_LOOP: uses->next_loop = at; break;
    default: break;
    }
}

void x86_find_uses(X86Emitter *emitter)
{
    Arena *scratch = emitter->entities->scratch;
    size_t size = (emitter->air->var_count + 1) * sizeof(uint32_t);
    Uses uses = {.emitter = emitter, .next_writes = arena_allocate(scratch, size),
                 .next_loop = UINT32_MAX};
    memset(uses.next_writes, 0xFF, size);
    for (uint32_t at = emitter->zir->inst_count; at-- > emitter->zir->interface_count;)
        note_inst(&uses, at);
}

/* ---- the shape of structs -------------------------------------------------------------------- */

static void grow_layouts(X86Emitter *emitter)
{
    uint32_t count = emitter->entities->count + 8;
    const uint32_t **layouts =
        arena_allocate(emitter->entities->scratch, count * sizeof *layouts);
    memset(layouts, 0, count * sizeof *layouts);
    if (emitter->layout_count != 0)
        memcpy(layouts, emitter->layouts, emitter->layout_count * sizeof *layouts);
    emitter->layouts = layouts;
    emitter->layout_count = count;
}

/* Recursion is bounded: structs nest at most MAX_STRUCT_HEIGHT deep. */
static const uint32_t *layout_of(X86Emitter *emitter, AirType type)
{
    if (type.index >= emitter->layout_count)
        grow_layouts(emitter);
    if (emitter->layouts[type.index] != NULL)
        return emitter->layouts[type.index];
    Entity *entity = emitter->entities->items[type.index];
    uint32_t count = struct_field_count(entity), size = 0;
    uint32_t *places =
        arena_allocate(emitter->entities->scratch, (count + 1) * sizeof *places);
    for (uint32_t i = 0; i < count; i++) {
        places[i] = size;
        size += x86_size_of(emitter, struct_field_type(emitter->entities, entity, i));
    }
    places[count] = size;
    if (type.index >= emitter->layout_count)
        grow_layouts(emitter);
    return emitter->layouts[type.index] = places;
}

uint32_t x86_size_of(X86Emitter *emitter, AirType type)
{
    if (type.kind == AIR_VOID)
        return 0;
    if (type.kind != AIR_STRUCT)
        return 1;
    const Entity *entity = emitter->entities->items[type.index];
    return layout_of(emitter, type)[struct_field_count(entity)];
}

uint32_t x86_field_place(X86Emitter *emitter, AirType type, uint32_t field)
{
    return layout_of(emitter, type)[field];
}

/* ---- slots ----------------------------------------------------------------------------------- */

static int32_t new_slot(X86Emitter *emitter, AirType type)
{
    uint32_t size = x86_size_of(emitter, type);
    emitter->frame += 8 * (size == 0 ? 1 : size);
    if (emitter->frame > LARGEST_FRAME) {
        emitter->is_frame_too_large = true;
        emitter->frame = 8 * (size + 1);
    }
    return -(int32_t)emitter->frame;
}

int32_t x86_slot_of(X86Emitter *emitter, uint32_t value)
{
    int32_t *slot = &emitter->slots[value];
    if (*slot == SLOT_OF_VARIABLE)
        *slot = x86_slot_of(emitter, emitter->zir->insts[value].a);
    else if (*slot == 0)
        *slot = new_slot(emitter, x86_type(emitter, value));
    return *slot;
}

/* ---- what is held ---------------------------------------------------------------------------- */

static void store_class(X86Emitter *emitter, X86Class class, uint32_t needed_from)
{
    X86Held *held = &emitter->held[class];
    if (held->value == X86_NO_VALUE || held->is_stored ||
        emitter->last_uses[held->value] < needed_from)
        return;
    X86Operand slot = x86_memory(X86_RBP, x86_slot_of(emitter, held->value));
    unsigned width = x86_width(x86_type(emitter, held->value));
    x86_put(&emitter->code, class == X86_REAL ? X86_STORE_SD : X86_STORE | width, X86_RAX, slot);
    held->is_stored = true;
}

void x86_free_class(X86Emitter *emitter, X86Class class, uint32_t at)
{
    store_class(emitter, class, at);
    emitter->held[class].value = X86_NO_VALUE;
}

void x86_store_held(X86Emitter *emitter, uint32_t at)
{
    store_class(emitter, X86_INTEGER, at + 1);
    store_class(emitter, X86_REAL, at + 1);
}

void x86_forget_held(X86Emitter *emitter)
{
    emitter->held[X86_INTEGER].value = emitter->held[X86_REAL].value = X86_NO_VALUE;
}

void x86_hold(X86Emitter *emitter, uint32_t at)
{
    emitter->held[x86_class(x86_type(emitter, at))] = (X86Held){at, false};
}
