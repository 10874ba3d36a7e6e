/* SPDX-License-Identifier: MIT */
/*
 * ZIR for people. One instruction per line: number, operation, type, operands. Instruction numbers
 * are plain, reference numbers follow an @, names are plain, strings quoted; a line of dashes
 * separates interface and body.
 */
#include "zir.h"

#include <stdio.h>

typedef enum Shape { PLAIN, A, A_B, NAME, A_NAME, STRING, NUMBER, REFERENCE, LIST } Shape;

static const struct Listing {
    const char *name;
    Shape shape;
} listings[ZIR_OP_COUNT] = {
    [ZIR_PARAM] = {"PARAM", NAME}, [ZIR_RESULT] = {"RESULT", PLAIN},
    [ZIR_FIELD_DECL] = {"FIELD_DECL", NAME}, [ZIR_CONST_VALUE] = {"CONST_VALUE", A},
    [ZIR_INT] = {"INT", NUMBER}, [ZIR_FLOAT] = {"FLOAT", NUMBER}, [ZIR_BOOL] = {"BOOL", NUMBER},
    [ZIR_STR] = {"STR", STRING}, [ZIR_REF] = {"REF", REFERENCE}, [ZIR_GET] = {"GET", A},
    [ZIR_FIELD] = {"FIELD", A_NAME}, [ZIR_NEG] = {"NEG", A}, [ZIR_NOT] = {"NOT", A},
    [ZIR_ADD] = {"ADD", A_B}, [ZIR_SUB] = {"SUB", A_B}, [ZIR_MUL] = {"MUL", A_B},
    [ZIR_DIV] = {"DIV", A_B}, [ZIR_REM] = {"REM", A_B}, [ZIR_EQ] = {"EQ", A_B},
    [ZIR_NE] = {"NE", A_B}, [ZIR_LT] = {"LT", A_B}, [ZIR_LE] = {"LE", A_B},
    [ZIR_GT] = {"GT", A_B}, [ZIR_GE] = {"GE", A_B}, [ZIR_AND] = {"AND", A_B},
    [ZIR_OR] = {"OR", A_B}, [ZIR_LOGIC_END] = {"LOGIC_END", A_B}, [ZIR_CAST] = {"CAST", A},
    [ZIR_ARG] = {"ARG", A}, [ZIR_CALL] = {"CALL", LIST}, [ZIR_INIT] = {"INIT", A_NAME},
    [ZIR_STRUCT_LIT] = {"STRUCT_LIT", LIST}, [ZIR_LET] = {"LET", A}, [ZIR_VAR] = {"VAR", A},
    [ZIR_ADDR] = {"ADDR", A}, [ZIR_FIELD_ADDR] = {"FIELD_ADDR", A_NAME},
    [ZIR_STORE] = {"STORE", A_B}, [ZIR_PRINT] = {"PRINT", A}, [ZIR_IF] = {"IF", A_B},
    [ZIR_ELSE] = {"ELSE", A_B}, [ZIR_END] = {"END", A}, [ZIR_LOOP] = {"LOOP", PLAIN},
    [ZIR_LOOP_COND] = {"LOOP_COND", A_B}, [ZIR_END_LOOP] = {"END_LOOP", A},
    [ZIR_BREAK] = {"BREAK", A}, [ZIR_CONTINUE] = {"CONTINUE", A}, [ZIR_RETURN] = {"RETURN", A},
};

static void put_number(ByteBuffer *text, const char *before, uint32_t number)
{
    buffer_put(text, slice_from(before));
    if (number == ZIR_NO_VALUE)
        buffer_put_byte(text, '-');
    else
        buffer_put_decimal(text, number);
}

static void put_name(const Zir *zir, uint32_t offset, ByteBuffer *text)
{
    buffer_put_byte(text, ' ');
    buffer_put(text, slice_from(zir->text + offset));
}

static void put_quoted(const Zir *zir, uint32_t offset, ByteBuffer *text)
{
    buffer_put(text, slice_from(" \""));
    for (const char *at = zir->text + offset; *at != '\0'; at++) {
        char escaped[5];
        unsigned char byte = (unsigned char)*at;
        if (byte < ' ' || byte == '"' || byte == '\\')
            snprintf(escaped, sizeof escaped, "\\x%02x", byte);
        else
            snprintf(escaped, sizeof escaped, "%c", byte);
        buffer_put(text, slice_from(escaped));
    }
    buffer_put_byte(text, '"');
}

static void put_literal(const ZirInst *inst, ByteBuffer *text)
{
    char number[40];
    uint64_t bits = inst->a | (uint64_t)inst->b << 32;
    double value;
    memcpy(&value, &bits, sizeof value);
    if (inst->op == ZIR_FLOAT)
        snprintf(number, sizeof number, " %.17g", value);
    else
        snprintf(number, sizeof number, " %s%llu", inst->count != 0 ? "-" : "",
                 (unsigned long long)bits);
    buffer_put(text, slice_from(number));
}

static void put_operands(const Zir *zir, const ZirInst *inst, ByteBuffer *text)
{
    Shape shape = listings[inst->op].shape;
    if (shape == NUMBER)
        put_literal(inst, text);
    else if (shape == STRING)
        put_quoted(zir, inst->a, text);
    else if (shape == NAME)
        put_name(zir, inst->a, text);
    else if (shape != PLAIN)
        put_number(text, shape == REFERENCE || shape == LIST ? " @" : " ", inst->a);
    if (shape == A_B)
        put_number(text, " ", inst->b);
    else if (shape == A_NAME)
        put_name(zir, inst->b, text);
    else if (shape == LIST)
        put_number(text, " ", inst->count);
}

void zir_print(const Zir *zir, ByteBuffer *text)
{
    static const char *const types[] = {"", " i32", " i64", " f64", " bool", " str"};
    for (uint32_t i = 0; i < zir->inst_count; i++) {
        const ZirInst *inst = &zir->insts[i];
        if (i == zir->interface_count)
            buffer_put(text, slice_from("--\n"));
        put_number(text, "", i);
        buffer_put_byte(text, ' ');
        buffer_put(text, slice_from(listings[inst->op].name));
        put_operands(zir, inst, text);
        if (inst->type == ZIR_TYPE_NAMED)
            put_number(text, " @", inst->b);
        else
            buffer_put(text, slice_from(types[inst->type]));
        buffer_put_byte(text, '\n');
    }
}
