/* SPDX-License-Identifier: MIT */
/* A slot is given when it is first asked for. That of a read may be the one of its variable. */
#include "x86_emitter.h"

#include "sema_types.h"

enum { LARGEST_FRAME = 1 << 30 };

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

int32_t x86_new_slot(X86Emitter *emitter, AirType type)
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
    if (*slot == X86_SLOT_OF_VARIABLE)
        *slot = x86_slot_of(emitter, emitter->zir->insts[value].a);
    else if (*slot == 0)
        *slot = x86_new_slot(emitter, x86_type(emitter, value));
    return *slot;
}

int32_t x86_place_of(X86Emitter *emitter, uint32_t place)
{
    int32_t offset = 0;
    const ZirInst *insts = emitter->zir->insts;
    for (; insts[place].op == ZIR_FIELD_ADDR; place = insts[place].a) {
        AirType type = x86_type(emitter, insts[place].a);
        uint32_t field = emitter->air->insts[place].link;
        offset += 8 * (int32_t)x86_field_place(emitter, type, field);
    }
    return offset + x86_slot_of(emitter, insts[place].a);
}

/* ---- what is held ---------------------------------------------------------------------------- */

static bool is_to_be_stored(const X86Emitter *emitter, const X86Held *held, uint32_t needed_from)
{
    return held->value != X86_NO_VALUE && !held->is_stored &&
           emitter->last_uses[held->value] >= needed_from;
}

/* From a register of its class. */
static void store(X86Emitter *emitter, X86Held *held, X86Register from, uint32_t needed_from)
{
    if (!is_to_be_stored(emitter, held, needed_from))
        return;
    X86Operand slot = x86_memory(X86_RBP, x86_slot_of(emitter, held->value));
    AirType type = x86_type(emitter, held->value);
    unsigned op = x86_class(type) == X86_REAL ? (unsigned)X86_STORE_SD
                                              : X86_STORE | x86_width(type);
    x86_put(&emitter->code, op, from, slot);
    held->is_stored = true;
}

/* One whose value is needed no more, even by the instruction before: it may be an operand. */
static uint32_t find_spare(const X86Emitter *emitter, uint32_t needed_from)
{
    uint32_t i = 0;
    while (i < X86_SPARES && emitter->spares[i].value != X86_NO_VALUE &&
           emitter->last_uses[emitter->spares[i].value] + 1 >= needed_from)
        i++;
    return i;
}

/* A value that has a slot already is made for that place. */
static bool spare_real(X86Emitter *emitter, const X86Held *held, uint32_t needed_from)
{
    uint32_t spare = find_spare(emitter, needed_from);
    if (spare == X86_SPARES || emitter->slots[held->value] != 0)
        return false;
    x86_put(&emitter->code, X86_MOVAPS, X86_XMM8 + spare, x86_register(X86_XMM0));
    emitter->spares[spare] = *held;
    return true;
}

void x86_free_class(X86Emitter *emitter, X86Class class, uint32_t at)
{
    X86Held *held = &emitter->held[class];
    if (class != X86_REAL || !is_to_be_stored(emitter, held, at) ||
        !spare_real(emitter, held, at))
        store(emitter, held, X86_RAX, at);
    held->value = X86_NO_VALUE;
}

void x86_store_held(X86Emitter *emitter, uint32_t at)
{
    store(emitter, &emitter->held[X86_INTEGER], X86_RAX, at + 1);
    store(emitter, &emitter->held[X86_REAL], X86_XMM0, at + 1);
    for (uint32_t i = 0; i < X86_SPARES; i++)
        store(emitter, &emitter->spares[i], X86_XMM8 + i, at + 1);
}

void x86_forget_held(X86Emitter *emitter)
{
    emitter->held[X86_INTEGER].value = emitter->held[X86_REAL].value = X86_NO_VALUE;
    for (uint32_t i = 0; i < X86_SPARES; i++)
        emitter->spares[i].value = X86_NO_VALUE;
}

void x86_hold(X86Emitter *emitter, uint32_t at)
{
    emitter->held[x86_class(x86_type(emitter, at))] = (X86Held){at, false};
}
