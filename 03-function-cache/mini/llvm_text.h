/* SPDX-License-Identifier: MIT */
/*
 * The words of LLVM IR: types, names, constants, operands.
 *
 * Printing is the hottest loop of a cold build and uses no printf: text is copied from literals of
 * known length straight into the buffer.
 *
 * Names. The value of instruction 7 is %v7. A block is named after what opens it and the number of
 * that instruction: %then4, %else9, %loop2. A string is named by its unit and a number,
 * @"main.mini:greet.str.0". The text of a unit thus depends on that unit alone.
 *
 * Strings. A unit defines the strings it uses, including the short strings of constants. A long one
 * is defined by the constant, @"main.mini:text.str.OFFSET": a hundred functions that use a string
 * of 100 KB would make 10 MB of output.
 */
#ifndef LLVM_TEXT_H
#define LLVM_TEXT_H

#include "air.h"
#include "const_eval.h"
#include "string_table.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef uint32_t Block; /* instruction * 2, + 1 for an unreachable block */

#define BLOCK_ENTRY UINT32_MAX

typedef struct LlvmPrinter {
    ByteBuffer *out;
    const Air *air;
    const Zir *zir;
    Entities *entities;
    StringTable strings;
    const char *place_text; /* the function's path:name, if a trap may have to name it */
    Block block;  /* the one being written */
    bool is_open; /* it has no terminator yet */
} LlvmPrinter;

static inline void ir_put_bytes(LlvmPrinter *printer, const char *bytes, size_t size)
{
    ByteBuffer *out = printer->out;
    buffer_reserve(out, size);
    memcpy(out->data + out->size, bytes, size);
    out->size += size;
}

static inline void ir_put_word(LlvmPrinter *printer, const char *word)
{
    ir_put_bytes(printer, word, strlen(word));
}

/* A string literal: the compiler knows its length and makes the copy a few moves. */
#define PUT(printer, literal) ir_put_bytes((printer), "" literal, sizeof(literal) - 1)

/* A short word from a table, of a length unknown to the compiler: all 16 bytes are copied in one
 * move, and only the word's length is added. */
typedef struct IrWord {
    char text[15];
    uint8_t size;
} IrWord;

#define IR_WORD(literal) {literal, sizeof(literal) - 1}

static inline void ir_put_short(LlvmPrinter *printer, const IrWord *word)
{
    ByteBuffer *out = printer->out;
    buffer_reserve(out, sizeof *word);
    memcpy(out->data + out->size, word, sizeof *word);
    out->size += word->size;
}

/* A number; nearly all are instruction numbers, and small. */
void ir_put_large_number(LlvmPrinter *printer, uint64_t value);

static inline void ir_put_number(LlvmPrinter *printer, uint64_t value)
{
    const char digits[2] = {(char)('0' + value / 10), (char)('0' + value % 10)};
    if (value < 10)
        ir_put_bytes(printer, digits + 1, 1);
    else if (value < 100)
        ir_put_bytes(printer, digits, 2);
    else
        ir_put_large_number(printer, value);
}

void ir_put_type(LlvmPrinter *printer, AirType type);

/* %v7: the name that instruction `at` gives to its own value. */
static inline void ir_put_name(LlvmPrinter *printer, uint32_t at)
{
    PUT(printer, "%v");
    ir_put_number(printer, at);
}

/* `value` as an operand: a name or a constant. Then the same, preceded by its type. */
void ir_put_operand(LlvmPrinter *printer, uint32_t value);
void ir_put_typed(LlvmPrinter *printer, uint32_t value);

/* The name of the string "path:name", which traps print. */
void ir_put_place_text(LlvmPrinter *printer);

/* @"path:name", @main or @c_function. */
void ir_put_symbol(LlvmPrinter *printer, Entity *entity);

void ir_put_block(LlvmPrinter *printer, Block block);

/* The definitions of the long strings of the unit, a constant. */
void ir_put_constant_strings(LlvmPrinter *printer);

/* The definitions of all strings named by operands. */
void ir_put_strings(LlvmPrinter *printer);

#ifdef __cplusplus
}
#endif
#endif
