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
