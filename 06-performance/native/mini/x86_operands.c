/* SPDX-License-Identifier: MIT */
/*
 * A constant is an operand like any other: a struct that is one, or a field of it, needs no memory.
 */
#include "x86_emitter.h"

#include "native_names.h"
#include "sema_types.h"

enum { MOST_UNROLLED = 8 }; /* scalars that are copied one by one */

/* ---- what a value is ------------------------------------------------------------------------- */

static X86Value number_value(int64_t number)
{
    return (X86Value){.kind = X86_NUMBER, .number = number};
}

static X86Value real_value(double real)
{
    X86Value value = {.kind = X86_NUMBER};
    memcpy(&value.number, &real, sizeof real);
    return value;
}

static X86Value constant_value(const ConstValue *constant)
{
    switch ((AirTypeKind)constant->type.kind) {
    case AIR_STRUCT: return (X86Value){.kind = X86_CONSTANT, .constant = constant};
    case AIR_F64: return real_value(constant->as.real);
    case AIR_STR:
        if (constant->text_size >= NATIVE_LONG_STRING_BYTES)
            return (X86Value){.kind = X86_LONG_TEXT, .constant = constant};
        return (X86Value){.kind = X86_TEXT, .text = constant->as.text};
    default: return number_value(constant->as.integer);
    }
}

static X86Value literal_value(const ZirInst *inst, AirType type)
{
    uint64_t bits = (uint64_t)inst->b << 32 | inst->a;
    if (inst->op == ZIR_INT && type.kind == AIR_F64)
        return real_value(inst->count != 0 ? -(double)bits : (double)bits);
    return number_value(inst->op == ZIR_INT && inst->count != 0 ? (int64_t)(0 - bits)
                                                                : (int64_t)bits);
}

static X86Value field_value(X86Emitter *emitter, uint32_t at)
{
    uint32_t base = emitter->zir->insts[at].a, field = emitter->air->insts[at].link;
    X86Value value = x86_value_of(emitter, base);
    if (value.kind == X86_CONSTANT)
        return constant_value(value.constant->as.fields[field]);
    value.offset += 8 * (int32_t)x86_field_place(emitter, x86_type(emitter, base), field);
    return value;
}

static X86Value pointed_value(X86Emitter *emitter, uint32_t parameter)
{
    X86Operand address = x86_memory(X86_RBP, x86_slot_of(emitter, parameter));
    x86_put(&emitter->code, X86_MOV | X86_WIDE, X86_R11, address);
    return (X86Value){.kind = X86_MEMORY, .base = X86_R11};
}

bool x86_is_held(const X86Emitter *emitter, uint32_t value)
{
    uint32_t at = air_holder(emitter->zir, emitter->air->insts, value);
    return emitter->held[x86_class(x86_type(emitter, at))].value == at;
}

static bool find_in_spare(const X86Emitter *emitter, uint32_t at, X86Value *value)
{
    for (uint32_t i = 0; i < X86_SPARES; i++)
        if (emitter->spares[i].value == at) {
            *value = (X86Value){.kind = X86_SPARE, .base = X86_XMM8 + i};
            return true;
        }
    return false;
}

/* Recursion is bounded: structs nest at most MAX_STRUCT_HEIGHT deep. */
X86Value x86_value_of(X86Emitter *emitter, uint32_t value)
{
    uint32_t at = air_holder(emitter->zir, emitter->air->insts, value);
    const ZirInst *inst = &emitter->zir->insts[at];
    X86Value spare;
    if (x86_is_held(emitter, at))
        return (X86Value){.kind = X86_HELD};
    if (find_in_spare(emitter, at, &spare))
        return spare;
    switch ((ZirOp)inst->op) {
    case ZIR_INT: case ZIR_FLOAT: return literal_value(inst, x86_type(emitter, at));
    case ZIR_BOOL: return number_value(inst->a);
    case ZIR_STR:
        return (X86Value){.kind = X86_TEXT, .text = entity_text(emitter->air->unit, inst->a)};
    case ZIR_REF:
        return constant_value(emitter->entities->items[emitter->air->insts[at].link]->value);
    case ZIR_FIELD: return field_value(emitter, at);
    case ZIR_PARAM:
        if (x86_type(emitter, at).kind == AIR_STRUCT)
            return pointed_value(emitter, at);
        break;
    default: break;
    }
    return (X86Value){
        .kind = X86_MEMORY, .base = X86_RBP, .offset = x86_slot_of(emitter, at)};
}

bool x86_known_number(X86Emitter *emitter, uint32_t value, int64_t *number)
{
    uint32_t root = air_holder(emitter->zir, emitter->air->insts, value);
    while (emitter->zir->insts[root].op == ZIR_FIELD)
        root = air_holder(emitter->zir, emitter->air->insts, emitter->zir->insts[root].a);
    uint8_t op = emitter->zir->insts[root].op;
    if (op != ZIR_INT && op != ZIR_BOOL && op != ZIR_REF)
        return false;
    X86Value found = x86_value_of(emitter, value);
    *number = found.number;
    return found.kind == X86_NUMBER;
}

/* ---- loads ----------------------------------------------------------------------------------- */

static void load_real(X86Emitter *emitter, X86Register xmm, X86Value value)
{
    X86Code *code = &emitter->code;
    if (value.kind == X86_MEMORY) {
        x86_put(code, X86_MOVSD, xmm, x86_place(value));
    } else if (value.kind == X86_SPARE) {
        x86_put(code, X86_MOVAPS, xmm, x86_register(value.base));
    } else if (value.kind == X86_HELD) {
        if (xmm != X86_XMM0)
            x86_put(code, X86_MOVAPS, xmm, x86_register(X86_XMM0));
    } else if (value.number == 0) {
        x86_put(code, X86_XORPS, xmm, x86_register(xmm));
    } else {
        x86_move_number(code, X86_RCX, value.number);
        x86_put(code, X86_MOVQ_TO_XMM, xmm, x86_register(X86_RCX));
    }
}

static void load_long_text(X86Emitter *emitter, X86Register reg, const ConstValue *text)
{
    const Entity *owner =
        entity_of(emitter->entities, text->type.file, text->type.declaration);
    Slice symbol = native_text_symbol(emitter->entities->scratch, owner, text->text_offset);
    x86_put(&emitter->code, X86_MOV | X86_WIDE, reg, x86_slot(REFERENCE_UNIT, symbol));
}

void x86_load(X86Emitter *emitter, X86Register reg, X86Value value, AirType type)
{
    X86Code *code = &emitter->code;
    if (type.kind == AIR_F64) {
        load_real(emitter, reg, value);
        return;
    }
    switch (value.kind) {
    case X86_HELD:
        if (reg != X86_RAX)
            x86_put(code, X86_MOV | x86_width(type), reg, x86_register(X86_RAX));
        break;
    case X86_NUMBER:
        x86_move_number(code, reg, x86_width(type) ? value.number : (uint32_t)value.number);
        break;
    case X86_TEXT: x86_put(code, X86_LEA, reg, x86_string(code, value.text)); break;
    case X86_LONG_TEXT: load_long_text(emitter, reg, value.constant); break;
    default:
        x86_put(code, X86_MOV | x86_width(type), reg, x86_place(value));
        break;
    }
}

void x86_take(X86Emitter *emitter, uint32_t at, uint32_t value)
{
    X86Class class = x86_class(x86_type(emitter, value));
    X86Value found = x86_value_of(emitter, value);
    x86_free_class(emitter, class, found.kind == X86_HELD ? at + 1 : at);
    x86_load(emitter, X86_RAX, found, x86_type(emitter, value));
}

void x86_read(X86Emitter *emitter, uint32_t at, uint32_t value)
{
    if (x86_is_held(emitter, value))
        return;
    x86_take(emitter, at, value);
    uint32_t holder = air_holder(emitter->zir, emitter->air->insts, value);
    emitter->held[x86_class(x86_type(emitter, value))] = (X86Held){holder, true};
}

/* ---- stores ---------------------------------------------------------------------------------- */

/* All 8 bytes: who copies a struct reads them so. */
static void copy_scalar(X86Emitter *emitter, X86Operand place, X86Value value, AirType type)
{
    X86Code *code = &emitter->code;
    if (value.kind == X86_NUMBER && x86_fits_32(value.number)) {
        x86_put_number(code, X86_MOV | X86_WIDE, place, (int32_t)value.number);
    } else if (value.kind == X86_SPARE) {
        x86_put(code, X86_STORE_SD, value.base, place);
    } else if (value.kind == X86_HELD) {
        x86_put(code, type.kind == AIR_F64 ? X86_STORE_SD : X86_STORE | X86_WIDE, X86_RAX, place);
    } else {
        x86_load(emitter, X86_RCX, value, type.kind == AIR_F64 ? air_type(AIR_I64) : type);
        x86_put(code, X86_STORE | X86_WIDE, X86_RCX, place);
    }
}

static X86Operand further(X86Operand place, uint32_t scalars)
{
    return x86_memory(place.base, place.displacement + 8 * (int32_t)scalars);
}

/* Recursion is bounded: structs nest at most MAX_STRUCT_HEIGHT deep. */
static void copy_constant(X86Emitter *emitter, X86Operand place, const ConstValue *constant)
{
    AirType type = const_type(emitter->entities, constant);
    X86Value value = constant_value(constant);
    if (value.kind != X86_CONSTANT) {
        copy_scalar(emitter, place, value, type);
        return;
    }
    uint32_t count = struct_field_count(emitter->entities->items[type.index]);
    for (uint32_t i = 0; i < count; i++)
        copy_constant(emitter, further(place, x86_field_place(emitter, type, i)),
                      constant->as.fields[i]);
}

void x86_copy(X86Emitter *emitter, X86Operand to, X86Operand from, uint32_t count)
{
    X86Code *code = &emitter->code;
    if (count > MOST_UNROLLED) {
        x86_put(code, X86_LEA, X86_RSI, from);
        x86_put(code, X86_LEA, X86_RDI, to);
        x86_move_number(code, X86_RCX, count);
        x86_put_plain(code, X86_REP_MOVSQ);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        x86_put(code, X86_MOV | X86_WIDE, X86_RCX, further(from, i));
        x86_put(code, X86_STORE | X86_WIDE, X86_RCX, further(to, i));
    }
}

void x86_copy_to(X86Emitter *emitter, X86Operand place, uint32_t value)
{
    AirType type = x86_type(emitter, value);
    X86Value found = x86_value_of(emitter, value);
    if (found.kind == X86_MEMORY && place.base == found.base && found.offset == place.displacement)
        return; /* it was made there */
    if (found.kind == X86_CONSTANT)
        copy_constant(emitter, place, found.constant);
    else if (type.kind == AIR_STRUCT)
        x86_copy(emitter, place, x86_place(found), x86_size_of(emitter, type));
    else
        copy_scalar(emitter, place, found, type);
}
