/* SPDX-License-Identifier: MIT */
/*
 * Statements, control flow and whole functions. A block that ends at a label or a jump leaves its
 * values in the frame, so nothing has to be known of how a label is reached.
 *
 * `&&` and `||` are the exception: their value is in rax at the LOGIC_END, on both ways to it. The
 * left operand that decides is the value of the whole, and is still in rax after the jump.
 */
#include "x86_emit.h"

#include "native_names.h"
#include "x86_emitter.h"

#include <stdio.h>

/* ---- variables ------------------------------------------------------------------------------- */

static bool is_in_memory(const X86Emitter *emitter, uint32_t var)
{
    return emitter->air->vars[emitter->air->insts[var].link].in_memory;
}

static void emit_store(X86Emitter *emitter, uint32_t at)
{
    const ZirInst *inst = &emitter->zir->insts[at], *place = &emitter->zir->insts[inst->a];
    if (place->op == ZIR_FIELD_ADDR || is_in_memory(emitter, place->a))
        x86_copy_to(emitter, x86_memory(X86_RBP, x86_place_of(emitter, inst->a)), inst->b);
}

static void emit_variable(X86Emitter *emitter, uint32_t at)
{
    if (is_in_memory(emitter, at))
        x86_copy_to(emitter, x86_memory(X86_RBP, x86_slot_of(emitter, at)),
                    emitter->zir->insts[at].a);
}

/* A read whose variable is written before its last use is made here. */
static void emit_read(X86Emitter *emitter, uint32_t at)
{
    AirType type = x86_type(emitter, at);
    uint32_t var = emitter->zir->insts[at].a;
    if (emitter->air->insts[at].link != at || emitter->slots[at] != 0)
        return;
    X86Operand from = x86_memory(X86_RBP, x86_slot_of(emitter, var));
    if (type.kind == AIR_STRUCT) {
        x86_copy(emitter, x86_memory(X86_RBP, x86_slot_of(emitter, at)), from,
                 x86_size_of(emitter, type));
        return;
    }
    x86_free_class(emitter, x86_class(type), at);
    x86_put(&emitter->code, type.kind == AIR_F64 ? X86_MOVSD : X86_MOV | x86_width(type), X86_RAX,
            from);
    x86_hold(emitter, at);
}

static void emit_struct_literal(X86Emitter *emitter, uint32_t at)
{
    AirType type = x86_type(emitter, at);
    int32_t slot = x86_slot_of(emitter, at);
    for (uint32_t init = at - emitter->zir->insts[at].count; init < at; init++) {
        uint32_t place = x86_field_place(emitter, type, emitter->air->insts[init].link);
        x86_copy_to(emitter, x86_memory(X86_RBP, slot + 8 * (int32_t)place),
                    emitter->zir->insts[init].a);
    }
}

/* ---- control flow ---------------------------------------------------------------------------- */

static void emit_label(X86Emitter *emitter, uint32_t at)
{
    x86_store_held(emitter, at);
    x86_forget_held(emitter);
    x86_bind(&emitter->code, at);
}

static void emit_jump(X86Emitter *emitter, uint32_t at, uint32_t target)
{
    x86_store_held(emitter, at);
    x86_jump(&emitter->code, X86_ALWAYS, target);
}

static void emit_logic(X86Emitter *emitter, uint32_t at)
{
    const ZirInst *inst = &emitter->zir->insts[at];
    x86_emit_branch(emitter, at, inst->a, inst->op == ZIR_OR, inst->b);
}

static void emit_logic_end(X86Emitter *emitter, uint32_t at)
{
    x86_take(emitter, at, emitter->zir->insts[at].b);
    x86_store_held(emitter, at);
    x86_forget_held(emitter);
    x86_bind(&emitter->code, at);
    x86_hold(emitter, at);
}

static void put_return(X86Emitter *emitter)
{
    x86_put_plain(&emitter->code, X86_LEAVE);
    x86_put_plain(&emitter->code, X86_RET);
}

static void emit_return(X86Emitter *emitter, uint32_t at)
{
    uint32_t value = emitter->zir->insts[at].a;
    if (value != ZIR_NO_VALUE && emitter->air->result.kind == AIR_STRUCT)
        x86_copy_to(emitter, x86_memory(X86_RBP, emitter->result), value);
    else if (value != ZIR_NO_VALUE)
        x86_take(emitter, at, value);
    put_return(emitter);
}

/* ---- one instruction ------------------------------------------------------------------------- */

static void emit_value(X86Emitter *emitter, uint32_t at)
{
    switch ((ZirOp)emitter->zir->insts[at].op) {
    case ZIR_ADD: case ZIR_SUB: case ZIR_MUL: case ZIR_DIV: case ZIR_REM:
        x86_emit_arithmetic(emitter, at);
        break;
    case ZIR_EQ: case ZIR_NE: case ZIR_LT: case ZIR_LE: case ZIR_GT: case ZIR_GE:
        x86_emit_comparison(emitter, at);
        break;
    case ZIR_NEG: x86_emit_negation(emitter, at); break;
    case ZIR_NOT: x86_emit_not(emitter, at); break;
    case ZIR_CAST: x86_emit_cast(emitter, at); break;
    case ZIR_GET: emit_read(emitter, at); break;
    case ZIR_STRUCT_LIT: emit_struct_literal(emitter, at); break;
    case ZIR_CALL: x86_emit_call(emitter, at); break;
    default: break; /* it is an operand of others */
    }
}

static void emit_inst(X86Emitter *emitter, uint32_t at)
{
    const ZirInst *inst = &emitter->zir->insts[at];
    switch ((ZirOp)inst->op) {
    case ZIR_AND: case ZIR_OR: emit_logic(emitter, at); break;
    case ZIR_LOGIC_END: emit_logic_end(emitter, at); break;
    case ZIR_VAR: emit_variable(emitter, at); break;
    case ZIR_STORE: emit_store(emitter, at); break;
    case ZIR_PRINT: x86_emit_print(emitter, at); break;
    case ZIR_IF: case ZIR_LOOP_COND:
        x86_emit_branch(emitter, at, inst->a, false, inst->b);
        break;
    case ZIR_ELSE:
        emit_jump(emitter, at, inst->b);
        emit_label(emitter, at);
        break;
    case ZIR_END: case ZIR_LOOP: emit_label(emitter, at); break;
    case ZIR_END_LOOP:
        emit_jump(emitter, at, inst->a);
        emit_label(emitter, at);
        break;
    case ZIR_BREAK: emit_jump(emitter, at, emitter->zir->insts[inst->a].b); break;
    case ZIR_CONTINUE: emit_jump(emitter, at, inst->a); break;
    case ZIR_RETURN: emit_return(emitter, at); break;
    default: emit_value(emitter, at); break;
    }
}

/* ---- the ends of a function ------------------------------------------------------------------ */

enum { PAGE_BYTES = 4096, ENTRY_BYTES = 7 };

/* The size of the frame is known at the end. */
static uint32_t begin_frame(X86Emitter *emitter)
{
    X86Code *code = &emitter->code;
    x86_push(code, X86_RBP);
    x86_put(code, X86_MOV | X86_WIDE, X86_RBP, x86_register(X86_RSP));
    uint32_t entry = x86_here(code);
    x86_put_number(code, X86_SUB | X86_WIDE, x86_register(X86_RSP), INT32_MAX);
    x86_bind(code, x86_label(emitter, X86_LABEL_BODY));
    return entry;
}

/* Below the stack there is one page, or a few, that nothing may touch. A frame of more than a page
 * might step over it: it touches each of its pages, from the top. One that is too large for any
 * stack does so until it ends. */
static void put_large_frame(X86Emitter *emitter, uint32_t size)
{
    X86Code *code = &emitter->code;
    X86Operand rsp = x86_register(X86_RSP);
    x86_bind(code, x86_label(emitter, X86_LABEL_LARGE_FRAME));
    x86_move_number(code, X86_RCX, size / PAGE_BYTES);
    uint32_t again = x86_here(code);
    x86_put_number(code, X86_SUB | X86_WIDE, rsp, PAGE_BYTES);
    x86_put(code, X86_TEST, X86_RAX, x86_memory(X86_RSP, 0));
    if (!emitter->is_frame_too_large)
        x86_put_number(code, X86_SUB, x86_register(X86_RCX), 1);
    uint32_t back = x86_skip(code, emitter->is_frame_too_large ? X86_ALWAYS : X86_NE);
    code->unit.code.data[back - 1] = (char)(again - back);
    x86_put_number(code, X86_SUB | X86_WIDE, rsp, (int32_t)(size % PAGE_BYTES));
    x86_jump(code, X86_ALWAYS, x86_label(emitter, X86_LABEL_BODY));
}

/* Overwrites the first `sub rsp`, or makes it a jump to the code for a large frame. */
static void end_frame(X86Emitter *emitter, uint32_t entry)
{
    X86Code *code = &emitter->code;
    uint32_t size = (emitter->frame + 8 * emitter->outgoing + 15) & ~15u;
    if (!emitter->is_frame_too_large && size < PAGE_BYTES) {
        memcpy(code->unit.code.data + entry + ENTRY_BYTES - sizeof size, &size, sizeof size);
        return;
    }
    put_large_frame(emitter, size);
    size_t end = code->unit.code.size;
    code->unit.code.size = entry;
    x86_jump(code, X86_ALWAYS, x86_label(emitter, X86_LABEL_LARGE_FRAME));
    code->unit.code.size = end;
}

static void put_trap(X86Emitter *emitter)
{
    X86Code *code = &emitter->code;
    x86_bind(code, x86_label(emitter, X86_LABEL_TRAP));
    x86_put(code, X86_LEA, X86_RDI,
            x86_string(code, entity_place_text(emitter->entities, emitter->air->unit)));
    x86_put(code, X86_CALL, 0, x86_slot(REFERENCE_UNIT, slice_from(NATIVE_TRAP_DIVISION)));
    x86_put_plain(code, X86_UD2);
}

/* ---- whole units ----------------------------------------------------------------------------- */

static X86Emitter begin(const Air *air)
{
    const Zir *zir = &air->unit->zir;
    Arena *scratch = air->entities->scratch;
    X86Emitter emitter = {.air = air, .zir = zir, .entities = air->entities};
    size_t size = (zir->inst_count + 1) * sizeof(uint32_t);
    emitter.slots = memset(arena_allocate(scratch, size), 0, size);
    emitter.last_uses = memset(arena_allocate(scratch, size), 0, size);
    x86_begin(&emitter.code, scratch, air->unit->unit.symbol, zir->inst_count + X86_MORE_LABELS);
    x86_forget_held(&emitter);
    return emitter;
}

bool x86_emit_function(const Air *air, ByteBuffer *out)
{
    X86Emitter emitter = begin(air);
    x86_find_places(&emitter);
    uint32_t entry = begin_frame(&emitter);
    for (uint32_t at = emitter.zir->interface_count; at < emitter.zir->inst_count; at++)
        emit_inst(&emitter, at);
    /* The end of a function with a result is never reached: the parser ensures it. */
    if (air->result.kind == AIR_VOID)
        put_return(&emitter);
    else
        x86_put_plain(&emitter.code, X86_UD2);
    if (emitter.may_trap)
        put_trap(&emitter);
    end_frame(&emitter, entry);
    return x86_finish(&emitter.code, out);
}

Slice native_text_symbol(Arena *arena, const Entity *constant, uint32_t offset)
{
    char number[32];
    int size = snprintf(number, sizeof number, ".str.%u", offset);
    Slice symbol = constant->unit.symbol;
    char *text = arena_allocate(arena, symbol.size + (size_t)size);
    memcpy(text, symbol.data, symbol.size);
    memcpy(text + symbol.size, number, (size_t)size);
    return slice_of(text, symbol.size + (size_t)size);
}

void x86_emit_constant(Entities *entities, ByteBuffer *out)
{
    const Entity *unit = entities->items[0];
    const Zir *zir = &unit->zir;
    StringTable known = {.arena = entities->scratch};
    for (uint32_t i = 0; i < zir->inst_count; i++) {
        uint32_t offset = zir->insts[i].a, count = known.count;
        if (zir->insts[i].op != ZIR_STR || strlen(zir->text + offset) < NATIVE_LONG_STRING_BYTES)
            continue;
        string_table_add(&known, zir->text + offset);
        if (known.count == count)
            continue;
        UnitCodeBuilder blob;
        unit_code_begin(&blob, entities->scratch,
                        native_text_symbol(entities->scratch, unit, offset));
        buffer_put(&blob.code, slice_of(zir->text + offset, strlen(zir->text + offset) + 1));
        unit_code_finish(&blob, out);
    }
}
