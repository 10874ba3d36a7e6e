/* SPDX-License-Identifier: MIT */
/* The printer knows which block is open; nothing else about control flow is kept. */
#include "llvm_blocks.h"

void ir_open_block(LlvmPrinter *printer, Block block)
{
    ir_put_block(printer, block);
    PUT(printer, ":\n");
    printer->block = block;
    printer->is_open = true;
}

void ir_begin_line(LlvmPrinter *printer, uint32_t at)
{
    if (!printer->is_open)
        ir_open_block(printer, block_of(at) + 1);
    PUT(printer, "  ");
}

void ir_begin_value(LlvmPrinter *printer, uint32_t at)
{
    ir_begin_line(printer, at);
    ir_put_name(printer, at);
    PUT(printer, " = ");
}

void ir_jump(LlvmPrinter *printer, uint32_t target)
{
    if (!printer->is_open)
        return;
    PUT(printer, "  br label %");
    ir_put_block(printer, block_of(target));
    PUT(printer, "\n");
    printer->is_open = false;
}

void ir_begin_jump(LlvmPrinter *printer, uint32_t at, uint32_t target)
{
    if (!printer->is_open)
        ir_open_block(printer, block_of(at) + 1);
    ir_jump(printer, target);
}

void ir_branch(LlvmPrinter *printer, uint32_t at, uint32_t condition, uint32_t if_true,
               uint32_t if_false)
{
    ir_begin_line(printer, at);
    PUT(printer, "br i1 ");
    ir_put_operand(printer, condition);
    PUT(printer, ", label %");
    ir_put_block(printer, block_of(if_true));
    PUT(printer, ", label %");
    ir_put_block(printer, block_of(if_false));
    PUT(printer, "\n");
    printer->is_open = false;
}
