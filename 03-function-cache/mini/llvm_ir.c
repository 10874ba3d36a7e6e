/* SPDX-License-Identifier: MIT */
/*
 * One forward pass that prints each instruction as it comes: statements and control flow here,
 * values in llvm_values.c.
 *
 * `&&` and `||` become a branch and a phi, which names its two predecessors: the block open at the
 * AND or OR (kept in its link) and the one open at the end.
 */
#include "llvm_ir.h"

#include "llvm_values.h"
#include "sema_types.h"

/* ---- statements ------------------------------------------------------------------------------ */

static void print_print(LlvmPrinter *printer, uint32_t at)
{
    static const char *const names[] = {[AIR_I32] = "i32", [AIR_I64] = "i64", [AIR_F64] = "f64",
                                        [AIR_BOOL] = "bool", [AIR_STR] = "str"};
    uint32_t value = printer->zir->insts[at].a;
    ir_begin_line(printer, at);
    PUT(printer, "call void @mini.print.");
    ir_put_word(printer, names[printer->air->insts[value].type.kind]);
    PUT(printer, "(");
    ir_put_typed(printer, value);
    PUT(printer, ")\n");
}

static void print_store(LlvmPrinter *printer, uint32_t at, uint32_t place, uint32_t value)
{
    if (!llvm_is_in_memory(printer, place))
        return;
    ir_begin_line(printer, at);
    PUT(printer, "store ");
    ir_put_typed(printer, value);
    PUT(printer, ", ");
    llvm_put_place(printer, place);
    PUT(printer, "\n");
}

/* ---- control flow ---------------------------------------------------------------------------- */

/* AND continues with its right operand if the left is true, OR if it is false. */
static void print_logic(LlvmPrinter *printer, uint32_t at)
{
    const ZirInst *inst = &printer->zir->insts[at];
    bool is_and = inst->op == ZIR_AND;
    ir_branch(printer, at, inst->a, is_and ? at : inst->b, is_and ? inst->b : at);
    printer->air->insts[at].link = printer->block;
    ir_open_block(printer, block_of(at));
}

static void print_logic_end(LlvmPrinter *printer, uint32_t at)
{
    const ZirInst *inst = &printer->zir->insts[at];
    Block right_end = printer->block;
    ir_jump(printer, at);
    ir_open_block(printer, block_of(at));
    ir_begin_value(printer, at);
    ir_put_word(printer, printer->zir->insts[inst->a].op == ZIR_AND ? "phi i1 [ false, %"
                                                                    : "phi i1 [ true, %");
    ir_put_block(printer, printer->air->insts[inst->a].link);
    PUT(printer, " ], [ ");
    ir_put_operand(printer, inst->b);
    PUT(printer, ", %");
    ir_put_block(printer, right_end);
    PUT(printer, " ]\n");
}

static void print_end(LlvmPrinter *printer, uint32_t at)
{
    uint32_t start = printer->zir->insts[at].a;
    bool has_else = printer->zir->insts[start].b != at;
    bool is_reached = printer->is_open || !has_else || printer->air->insts[start].link;
    ir_jump(printer, at);
    if (is_reached)
        ir_open_block(printer, block_of(at));
}

static void print_return(LlvmPrinter *printer, uint32_t at)
{
    uint32_t value = printer->zir->insts[at].a;
    ir_begin_line(printer, at);
    PUT(printer, "ret ");
    if (value == ZIR_NO_VALUE)
        PUT(printer, "void");
    else
        ir_put_typed(printer, value);
    PUT(printer, "\n");
    printer->is_open = false;
}

/* ---- whole units ----------------------------------------------------------------------------- */

static void print_inst(LlvmPrinter *printer, uint32_t at)
{
    const ZirInst *inst = &printer->zir->insts[at];
    switch ((ZirOp)inst->op) {
    case ZIR_AND: case ZIR_OR: print_logic(printer, at); break;
    case ZIR_LOGIC_END: print_logic_end(printer, at); break;
    case ZIR_VAR: print_store(printer, at, at, inst->a); break;
    case ZIR_STORE: print_store(printer, at, inst->a, inst->b); break;
    case ZIR_PRINT: print_print(printer, at); break;
    case ZIR_IF:
        ir_branch(printer, at, inst->a, at, inst->b);
        printer->air->insts[at].link = false;
        ir_open_block(printer, block_of(at));
        break;
    case ZIR_ELSE: /* the IF's link remembers whether its first branch leads to the END */
        printer->air->insts[inst->a].link = printer->is_open;
        ir_jump(printer, inst->b);
        ir_open_block(printer, block_of(at));
        break;
    case ZIR_END: print_end(printer, at); break;
    case ZIR_LOOP:
        ir_begin_jump(printer, at, at);
        ir_open_block(printer, block_of(at));
        break;
    case ZIR_LOOP_COND:
        ir_branch(printer, at, inst->a, at, inst->b);
        ir_open_block(printer, block_of(at));
        break;
    case ZIR_END_LOOP:
        ir_jump(printer, inst->a);
        ir_open_block(printer, block_of(at));
        break;
    case ZIR_BREAK: ir_begin_jump(printer, at, printer->zir->insts[inst->a].b); break;
    case ZIR_CONTINUE: ir_begin_jump(printer, at, inst->a); break;
    case ZIR_RETURN: print_return(printer, at); break;
    default: llvm_print_value(printer, at); break;
    }
}

static void print_header(LlvmPrinter *printer)
{
    const Air *air = printer->air;
    PUT(printer, "define ");
    ir_put_type(printer, air->result);
    PUT(printer, " ");
    ir_put_symbol(printer, printer->entities->items[0]);
    PUT(printer, "(");
    for (uint32_t i = 0; i < entity_parameter_count(air->unit); i++) {
        if (i != 0)
            PUT(printer, ", ");
        ir_put_type(printer, air->insts[i].type);
        PUT(printer, " ");
        ir_put_name(printer, i);
    }
    PUT(printer, ") {\n");
}

static void print_variables(LlvmPrinter *printer)
{
    for (uint32_t i = 0; i < printer->air->var_count; i++) {
        uint32_t var = printer->air->vars[i].inst;
        if (!printer->air->vars[i].in_memory)
            continue;
        ir_begin_value(printer, var);
        PUT(printer, "alloca ");
        ir_put_type(printer, printer->air->insts[var].type);
        PUT(printer, "\n");
    }
}

void llvm_print_function(const Air *air, ByteBuffer *out)
{
    LlvmPrinter printer = {.out = out, .air = air, .zir = &air->unit->zir,
                           .entities = air->entities,
                           .strings = {.arena = air->entities->scratch}};
    print_header(&printer);
    ir_open_block(&printer, BLOCK_ENTRY);
    print_variables(&printer);
    for (uint32_t i = printer.zir->interface_count; i < printer.zir->inst_count; i++)
        print_inst(&printer, i);
    /* The end of a function with a result is never reached: the parser ensures it. If it were, the
     * program should stop rather than run into whatever comes next. */
    if (printer.is_open && air->result.kind == AIR_VOID)
        PUT(&printer, "  ret void\n");
    else if (printer.is_open)
        PUT(&printer, "  call void @llvm.trap()\n  unreachable\n");
    PUT(&printer, "}\n");
    ir_put_strings(&printer);
    PUT(&printer, "\n");
}

void llvm_print_constant(Entities *entities, ByteBuffer *out)
{
    const Air air = {.unit = entities->items[0], .entities = entities};
    LlvmPrinter printer = {.out = out, .air = &air, .zir = &air.unit->zir, .entities = entities,
                           .strings = {.arena = entities->scratch}};
    ir_put_constant_strings(&printer);
}

void llvm_print_struct(Entities *entities, Entity *entity, ByteBuffer *out)
{
    Slice name = entity_quoted_symbol(entities, entity);
    buffer_put(out, slice_from("; struct "));
    buffer_put(out, name);
    buffer_put(out, slice_from(" = "));
    buffer_put(out, entity->spelled);
    buffer_put_byte(out, '\n');
}
