/* SPDX-License-Identifier: MIT */
/*
 * Each value becomes one LLVM instruction, without the traps: no nsw on integers; guarded
 * divisions, which the prelude defines; ordered comparisons.
 */
#include "llvm_values.h"

#include "sema_types.h"

/* ---- operators ----------------------------------------------------------------------------- */

static void put_pair(LlvmPrinter *printer, const ZirInst *inst)
{
    PUT(printer, " ");
    ir_put_typed(printer, inst->a);
    PUT(printer, ", ");
    ir_put_operand(printer, inst->b);
    PUT(printer, "\n");
}

/* A known divisor other than 0 (which traps) and -1 (which could overflow). */
static bool is_harmless_divisor(const LlvmPrinter *printer, uint32_t value)
{
    uint32_t at = air_holder(printer->zir, printer->air->insts, value);
    const ZirInst *inst = &printer->zir->insts[at];
    if (inst->op == ZIR_REF) {
        const ConstValue *known =
            printer->entities->items[printer->air->insts[at].link]->value;
        return known->as.integer != 0 && known->as.integer != -1;
    }
    uint64_t magnitude = (uint64_t)inst->b << 32 | inst->a;
    return inst->op == ZIR_INT && magnitude != 0 && (magnitude != 1 || inst->count == 0);
}

static void print_guarded_division(LlvmPrinter *printer, uint32_t at)
{
    const ZirInst *inst = &printer->zir->insts[at];
    AirType type = printer->air->insts[at].type;
    PUT(printer, "call ");
    ir_put_type(printer, type);
    ir_put_word(printer, inst->op == ZIR_DIV ? " @mini.div." : " @mini.rem.");
    ir_put_type(printer, type);
    PUT(printer, "(");
    ir_put_typed(printer, inst->a);
    PUT(printer, ", ");
    ir_put_typed(printer, inst->b);
    PUT(printer, ", ptr ");
    ir_put_place_text(printer);
    PUT(printer, ")\n");
}

static void print_arithmetic(LlvmPrinter *printer, uint32_t at)
{
    static const IrWord integers[] = {IR_WORD("add"), IR_WORD("sub"), IR_WORD("mul"),
                                      IR_WORD("sdiv"), IR_WORD("srem")};
    static const IrWord reals[] = {IR_WORD("fadd"), IR_WORD("fsub"), IR_WORD("fmul"),
                                   IR_WORD("fdiv"), IR_WORD("frem")};
    const ZirInst *inst = &printer->zir->insts[at];
    bool is_real = printer->air->insts[at].type.kind == AIR_F64;
    bool is_division = inst->op == ZIR_DIV || inst->op == ZIR_REM;
    ir_begin_value(printer, at);
    if (is_division && !is_real && !is_harmless_divisor(printer, inst->b)) {
        print_guarded_division(printer, at);
        return;
    }
    ir_put_short(printer, &(is_real ? reals : integers)[inst->op - ZIR_ADD]);
    put_pair(printer, inst);
}

static void print_negation(LlvmPrinter *printer, uint32_t at)
{
    uint32_t operand = printer->zir->insts[at].a;
    ir_begin_value(printer, at);
    if (printer->air->insts[at].type.kind == AIR_F64) {
        PUT(printer, "fneg ");
        ir_put_typed(printer, operand);
    } else {
        PUT(printer, "sub ");
        ir_put_type(printer, printer->air->insts[at].type);
        PUT(printer, " 0, ");
        ir_put_operand(printer, operand);
    }
    PUT(printer, "\n");
}

/* The f64 ones are "ordered", false with a NaN, except `!=`, which is true. */
static void print_comparison(LlvmPrinter *printer, uint32_t at)
{
    static const IrWord integers[] = {IR_WORD("icmp eq"), IR_WORD("icmp ne"), IR_WORD("icmp slt"),
                                      IR_WORD("icmp sle"), IR_WORD("icmp sgt"), IR_WORD("icmp sge")};
    static const IrWord reals[] = {IR_WORD("fcmp oeq"), IR_WORD("fcmp une"), IR_WORD("fcmp olt"),
                                   IR_WORD("fcmp ole"), IR_WORD("fcmp ogt"), IR_WORD("fcmp oge")};
    const ZirInst *inst = &printer->zir->insts[at];
    uint8_t kind = printer->air->insts[inst->a].type.kind;
    ir_begin_value(printer, at);
    if (kind == AIR_STR) {
        ir_put_word(printer,
                    inst->op == ZIR_EQ ? "call i1 @mini.str_eq(" : "call i1 @mini.str_ne(");
        ir_put_typed(printer, inst->a);
        PUT(printer, ", ");
        ir_put_typed(printer, inst->b);
        PUT(printer, ")\n");
        return;
    }
    ir_put_short(printer, &(kind == AIR_F64 ? reals : integers)[inst->op - ZIR_EQ]);
    put_pair(printer, inst);
}

static void print_cast(LlvmPrinter *printer, uint32_t at)
{
    uint32_t operand = printer->zir->insts[at].a;
    AirType from = printer->air->insts[operand].type, to = printer->air->insts[at].type;
    if (air_type_equal(from, to))
        return;
    ir_begin_value(printer, at);
    if (from.kind == AIR_F64) {
        ir_put_word(printer, to.kind == AIR_I32 ? "call i32 @llvm.fptosi.sat.i32.f64(double "
                                             : "call i64 @llvm.fptosi.sat.i64.f64(double ");
        ir_put_operand(printer, operand);
        PUT(printer, ")\n");
        return;
    }
    ir_put_word(printer, to.kind == AIR_F64 ? "sitofp " : to.kind == AIR_I64 ? "sext " : "trunc ");
    ir_put_typed(printer, operand);
    PUT(printer, " to ");
    ir_put_type(printer, to);
    PUT(printer, "\n");
}

/* ---- calls --------------------------------------------------------------------------------- */

/* C's calling conventions want small integers extended to a register, and some also want that of
 * i32. */
static void put_c_extension(LlvmPrinter *printer, const Entity *callee, AirType type)
{
    if (callee->zir.kind != ZIR_EXTERN_FN)
        return;
    if (type.kind == AIR_BOOL)
        PUT(printer, "zeroext ");
    if (type.kind == AIR_I32)
        PUT(printer, "signext ");
}

static void print_call(LlvmPrinter *printer, uint32_t at)
{
    const ZirInst *inst = &printer->zir->insts[at];
    Entity *callee = printer->entities->items[printer->air->insts[at].link];
    AirType result = printer->air->insts[at].type;
    if (result.kind == AIR_VOID)
        ir_begin_line(printer, at);
    else
        ir_begin_value(printer, at);
    PUT(printer, "call ");
    put_c_extension(printer, callee, result);
    ir_put_type(printer, result);
    PUT(printer, " ");
    ir_put_symbol(printer, callee);
    PUT(printer, "(");
    for (uint32_t i = 0; i < inst->count; i++) {
        if (i != 0)
            PUT(printer, ", ");
        uint32_t value = printer->zir->insts[at - inst->count + i].a;
        AirType type = printer->air->insts[value].type;
        ir_put_type(printer, type);
        PUT(printer, " ");
        put_c_extension(printer, callee, type);
        ir_put_operand(printer, value);
    }
    PUT(printer, ")\n");
}

/* ---- struct values and variables ---------------------------------------------------------- */

/* One insertvalue per field, each named after its INIT and the last after the literal itself. The
 * first starts from zeros, which are all overwritten. */
static void print_struct_literal(LlvmPrinter *printer, uint32_t at)
{
    uint32_t first = at - printer->zir->insts[at].count;
    for (uint32_t init = first; init < at; init++) {
        ir_begin_value(printer, init == at - 1 ? at : init);
        PUT(printer, "insertvalue ");
        ir_put_type(printer, printer->air->insts[at].type);
        PUT(printer, " ");
        if (init == first)
            PUT(printer, "zeroinitializer");
        else
            ir_put_name(printer, init - 1);
        PUT(printer, ", ");
        ir_put_typed(printer, printer->zir->insts[init].a);
        PUT(printer, ", ");
        ir_put_number(printer, printer->air->insts[init].link);
        PUT(printer, "\n");
    }
}

static void print_field(LlvmPrinter *printer, uint32_t at)
{
    ir_begin_value(printer, at);
    PUT(printer, "extractvalue ");
    ir_put_typed(printer, printer->zir->insts[at].a);
    PUT(printer, ", ");
    ir_put_number(printer, printer->air->insts[at].link);
    PUT(printer, "\n");
}

bool llvm_is_in_memory(const LlvmPrinter *printer, uint32_t place)
{
    const ZirInst *inst = &printer->zir->insts[place];
    if (inst->op == ZIR_FIELD_ADDR)
        return true;
    uint32_t var = inst->op == ZIR_ADDR ? inst->a : place;
    return printer->air->vars[printer->air->insts[var].link].in_memory;
}

void llvm_put_place(LlvmPrinter *printer, uint32_t place)
{
    const ZirInst *inst = &printer->zir->insts[place];
    PUT(printer, "ptr ");
    ir_put_name(printer, inst->op == ZIR_ADDR ? inst->a : place);
}

static void print_field_address(LlvmPrinter *printer, uint32_t at)
{
    uint32_t place = printer->zir->insts[at].a;
    ir_begin_value(printer, at);
    PUT(printer, "getelementptr inbounds ");
    ir_put_type(printer, printer->air->insts[place].type);
    PUT(printer, ", ");
    llvm_put_place(printer, place);
    PUT(printer, ", i32 0, i32 ");
    ir_put_number(printer, printer->air->insts[at].link);
    PUT(printer, "\n");
}

/* Prints nothing if the value that it would read has a name. */
static void print_load(LlvmPrinter *printer, uint32_t at)
{
    if (printer->air->insts[at].link != at)
        return;
    ir_begin_value(printer, at);
    PUT(printer, "load ");
    ir_put_type(printer, printer->air->insts[at].type);
    PUT(printer, ", ptr ");
    ir_put_name(printer, printer->zir->insts[at].a);
    PUT(printer, "\n");
}

void llvm_print_value(LlvmPrinter *printer, uint32_t at)
{
    switch ((ZirOp)printer->zir->insts[at].op) {
    case ZIR_ADD: case ZIR_SUB: case ZIR_MUL: case ZIR_DIV: case ZIR_REM:
        print_arithmetic(printer, at);
        break;
    case ZIR_EQ: case ZIR_NE: case ZIR_LT: case ZIR_LE: case ZIR_GT: case ZIR_GE:
        print_comparison(printer, at);
        break;
    case ZIR_NEG: print_negation(printer, at); break;
    case ZIR_NOT:
        ir_begin_value(printer, at);
        PUT(printer, "xor i1 ");
        ir_put_operand(printer, printer->zir->insts[at].a);
        PUT(printer, ", true\n");
        break;
    case ZIR_CAST: print_cast(printer, at); break;
    case ZIR_GET: print_load(printer, at); break;
    case ZIR_FIELD: print_field(printer, at); break;
    case ZIR_CALL: print_call(printer, at); break;
    case ZIR_STRUCT_LIT: print_struct_literal(printer, at); break;
    case ZIR_FIELD_ADDR: print_field_address(printer, at); break;
    default: break;
    }
}
