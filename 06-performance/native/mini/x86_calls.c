/* SPDX-License-Identifier: MIT */
/*
 * Between functions of Mini, arguments stand at rsp, 8 bytes each: a scalar, or the address of a
 * struct. After them comes back the struct that is the result. Towards C the System V ABI holds:
 *
 *     integers, bool, pointers    rdi, rsi, rdx, rcx, r8, r9; then 8 bytes each at rsp
 *     double                      xmm0 to xmm7; then likewise
 *     al                          how many xmm registers are used: variadic functions look
 *     result                      rax or xmm0; of a bool only al counts, of an int eax
 *
 * rsp is a multiple of 16 at each call, since the frame's size is.
 */
#include "x86_emitter.h"

#include "native_names.h"

static void reserve_outgoing(X86Emitter *emitter, uint32_t scalars)
{
    if (emitter->outgoing < scalars)
        emitter->outgoing = scalars;
}

static X86Operand outgoing_place(uint32_t scalar)
{
    return x86_memory(X86_RSP, 8 * (int32_t)scalar);
}

static void put_call(X86Emitter *emitter, uint32_t at, ReferenceKind kind, Slice symbol)
{
    x86_put(&emitter->code, X86_CALL, 0, x86_slot(kind, symbol));
    x86_forget_held(emitter);
    AirType type = x86_type(emitter, at);
    if (type.kind != AIR_VOID && type.kind != AIR_STRUCT)
        x86_hold(emitter, at);
}

/* ---- to Mini --------------------------------------------------------------------------------- */

/* Of a struct the address: a constant gets a place for it. */
static void pass_argument(X86Emitter *emitter, X86Operand place, uint32_t value)
{
    AirType type = x86_type(emitter, value);
    if (type.kind != AIR_STRUCT) {
        x86_copy_to(emitter, place, value);
        return;
    }
    X86Value found = x86_value_of(emitter, value);
    X86Operand from = x86_place(found);
    if (found.kind == X86_CONSTANT) {
        from = x86_memory(X86_RBP, x86_new_slot(emitter, type));
        x86_copy_to(emitter, from, value);
    }
    x86_put(&emitter->code, X86_LEA, X86_RCX, from);
    x86_put(&emitter->code, X86_STORE | X86_WIDE, X86_RCX, place);
}

static void call_mini(X86Emitter *emitter, uint32_t at, const Entity *callee)
{
    const ZirInst *inst = &emitter->zir->insts[at];
    AirType result = x86_type(emitter, at);
    for (uint32_t i = 0; i < inst->count; i++)
        pass_argument(emitter, outgoing_place(i), emitter->zir->insts[at - inst->count + i].a);
    uint32_t size = result.kind == AIR_STRUCT ? x86_size_of(emitter, result) : 0;
    reserve_outgoing(emitter, inst->count + size);
    x86_store_held(emitter, at);
    put_call(emitter, at, REFERENCE_UNIT, callee->unit.symbol);
    if (size != 0 && emitter->last_uses[at] != 0)
        x86_copy(emitter, x86_memory(X86_RBP, x86_slot_of(emitter, at)),
                 outgoing_place(inst->count), size);
}

/* ---- to C ------------------------------------------------------------------------------------ */

typedef struct Argument {
    uint32_t value;
    X86Class class;
    uint32_t place; /* among the registers of its class, or of its scalars at rsp */
    bool is_in_register;
} Argument;

enum { INTEGER_REGISTERS = 6, REAL_REGISTERS = 8 };

static const X86Register integer_registers[INTEGER_REGISTERS] = {X86_RDI, X86_RSI, X86_RDX,
                                                                 X86_RCX, X86_R8,  X86_R9};

/* Returns how many arguments of each class are in registers. */
static void place_arguments(X86Emitter *emitter, uint32_t at, Argument *arguments,
                            uint32_t used[X86_CLASS_COUNT])
{
    static const uint32_t most[] = {[X86_INTEGER] = INTEGER_REGISTERS, [X86_REAL] = REAL_REGISTERS};
    uint32_t count = emitter->zir->insts[at].count, stacked = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t value = emitter->zir->insts[at - count + i].a;
        X86Class class = x86_class(x86_type(emitter, value));
        bool is_in_register = used[class] < most[class];
        arguments[i] = (Argument){value, class, is_in_register ? used[class]++ : stacked++,
                                  is_in_register};
    }
    reserve_outgoing(emitter, stacked);
}

static void load_argument(X86Emitter *emitter, const Argument *argument)
{
    X86Register reg = argument->class == X86_REAL ? (X86Register)argument->place
                                                  : integer_registers[argument->place];
    x86_load(emitter, reg, x86_value_of(emitter, argument->value),
             x86_type(emitter, argument->value));
}

/* Those at rsp first, since they pass through rcx; reals from the last to the first, since one may
 * be in xmm0; then integers, none of whose registers is rax. */
static void load_arguments(X86Emitter *emitter, const Argument *arguments, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!arguments[i].is_in_register)
            x86_copy_to(emitter, outgoing_place(arguments[i].place), arguments[i].value);
    for (uint32_t i = count; i-- > 0;)
        if (arguments[i].is_in_register && arguments[i].class == X86_REAL)
            load_argument(emitter, &arguments[i]);
    for (uint32_t i = 0; i < count; i++)
        if (arguments[i].is_in_register && arguments[i].class == X86_INTEGER)
            load_argument(emitter, &arguments[i]);
}

static void call_c(X86Emitter *emitter, uint32_t at, const Entity *callee)
{
    uint32_t count = emitter->zir->insts[at].count, used[X86_CLASS_COUNT] = {0};
    Argument *arguments =
        arena_allocate(emitter->entities->scratch, (count + 1) * sizeof *arguments);
    place_arguments(emitter, at, arguments, used);
    x86_store_held(emitter, at);
    load_arguments(emitter, arguments, count);
    x86_move_number(&emitter->code, X86_RAX, used[X86_REAL]);
    put_call(emitter, at, REFERENCE_C, entity_name(callee));
    if (x86_type(emitter, at).kind == AIR_BOOL)
        x86_put_number(&emitter->code, X86_AND, x86_register(X86_RAX), 1);
}

void x86_emit_call(X86Emitter *emitter, uint32_t at)
{
    const Entity *callee = emitter->entities->items[emitter->air->insts[at].link];
    if (callee->zir.kind == ZIR_EXTERN_FN)
        call_c(emitter, at, callee);
    else
        call_mini(emitter, at, callee);
}

/* ---- print ----------------------------------------------------------------------------------- */

void x86_emit_print(X86Emitter *emitter, uint32_t at)
{
    static const char *const symbols[] = {
        [AIR_I32] = NATIVE_PRINT "i32",   [AIR_I64] = NATIVE_PRINT "i64",
        [AIR_F64] = NATIVE_PRINT "f64",   [AIR_BOOL] = NATIVE_PRINT "bool",
        [AIR_STR] = NATIVE_PRINT "str",
    };
    uint32_t value = emitter->zir->insts[at].a;
    x86_read(emitter, at, value);
    x86_store_held(emitter, at);
    put_call(emitter, at, REFERENCE_UNIT, slice_from(symbols[x86_type(emitter, value).kind]));
}
