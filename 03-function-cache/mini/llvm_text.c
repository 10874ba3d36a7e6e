/* SPDX-License-Identifier: MIT */
/*
 * Constants are operands like any other: LLVM takes `i32 5`, `double 0x3FF0000000000000` (the bits
 * of 1.0, which are exact) and `{ i32, i32 } { i32 1, i32 2 }` wherever it takes a name.
 *
 * Bytes of a program's strings and paths are written as \HH unless they are plain: no text can end
 * a quoted name early or start a line of the output.
 */
#include "llvm_text.h"

#include "sema_types.h"

static const char hex_digits[] = "0123456789ABCDEF";

/* ---- numbers and types --------------------------------------------------------------------- */

void ir_put_large_number(LlvmPrinter *printer, uint64_t value)
{
    char digits[20];
    char *start = digits + sizeof digits;
    do
        *--start = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    ir_put_bytes(printer, start, (size_t)(digits + sizeof digits - start));
}

static void put_real(LlvmPrinter *printer, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    char text[18] = "0x";
    for (int i = 0; i < 16; i++)
        text[2 + i] = hex_digits[bits >> (60 - 4 * i) & 15];
    ir_put_bytes(printer, text, sizeof text);
}

void ir_put_type(LlvmPrinter *printer, AirType type)
{
    static const IrWord words[] = {
        [AIR_VOID] = IR_WORD("void"), [AIR_I32] = IR_WORD("i32"), [AIR_I64] = IR_WORD("i64"),
        [AIR_F64] = IR_WORD("double"), [AIR_BOOL] = IR_WORD("i1"), [AIR_STR] = IR_WORD("ptr"),
        [AIR_INVALID] = IR_WORD("void"), /* never printed */
    };
    if (type.kind != AIR_STRUCT) {
        ir_put_short(printer, &words[type.kind]);
        return;
    }
    Slice spelled = printer->entities->items[type.index]->spelled;
    ir_put_bytes(printer, spelled.data, spelled.size);
}

/* ---- names --------------------------------------------------------------------------------- */

void ir_put_symbol(LlvmPrinter *printer, Entity *entity)
{
    Slice name;
    if (entity->zir.kind == ZIR_EXTERN_FN)
        name = entity_name(entity);
    else if (entity->unit.is_entry_point)
        name = entity->unit.symbol;
    else
        name = entity_quoted_symbol(printer->entities, entity);
    PUT(printer, "@");
    ir_put_bytes(printer, name.data, name.size);
}

void ir_put_block(LlvmPrinter *printer, Block block)
{
    static const char words[ZIR_OP_COUNT][8] = {
        [ZIR_IF] = "then", [ZIR_ELSE] = "else", [ZIR_END] = "end", [ZIR_LOOP] = "loop",
        [ZIR_LOOP_COND] = "body", [ZIR_END_LOOP] = "done", [ZIR_AND] = "right",
        [ZIR_OR] = "right", [ZIR_LOGIC_END] = "join",
    };
    if (block == BLOCK_ENTRY) {
        PUT(printer, "entry");
        return;
    }
    const char *word = block & 1 ? "dead" : words[printer->zir->insts[block / 2].op];
    ir_put_bytes(printer, word, strlen(word));
    ir_put_number(printer, block / 2);
}

/* ---- strings ------------------------------------------------------------------------------- */

enum { LONG_STRING_BYTES = 64 };

/* @"main.mini:greet.str.0": the owner's quoted symbol, extended before its last quote. */
static void put_owned_name(LlvmPrinter *printer, Entity *owner, uint32_t number)
{
    Slice quoted = entity_quoted_symbol(printer->entities, owner);
    PUT(printer, "@");
    ir_put_bytes(printer, quoted.data, quoted.size - 1);
    PUT(printer, ".str.");
    ir_put_number(printer, number);
    PUT(printer, "\"");
}

static void put_string_name(LlvmPrinter *printer, uint32_t number)
{
    put_owned_name(printer, printer->entities->items[0], number);
}

void ir_put_place_text(LlvmPrinter *printer)
{
    if (printer->place_text == NULL)
        printer->place_text = entity_place_text(printer->entities, printer->entities->items[0]);
    put_string_name(printer, string_table_add(&printer->strings, printer->place_text));
}

static void put_string_bytes(LlvmPrinter *printer, const char *text, size_t size)
{
    ByteBuffer *out = printer->out;
    buffer_reserve(out, size * 3);
    char *to = out->data + out->size;
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\') {
            *to++ = (char)byte;
            continue;
        }
        *to++ = '\\';
        *to++ = hex_digits[byte >> 4];
        *to++ = hex_digits[byte & 15];
    }
    out->size = (size_t)(to - out->data);
}

static void put_definition(LlvmPrinter *printer, uint32_t number, const char *text)
{
    size_t size = strlen(text);
    put_string_name(printer, number);
    PUT(printer, " = private unnamed_addr constant [");
    ir_put_number(printer, size + 1);
    PUT(printer, " x i8] c\"");
    put_string_bytes(printer, text, size);
    PUT(printer, "\\00\"\n");
}

void ir_put_strings(LlvmPrinter *printer)
{
    for (uint32_t i = 0; i < printer->strings.count; i++)
        put_definition(printer, i, printer->strings.items[i]);
}

void ir_put_constant_strings(LlvmPrinter *printer)
{
    const Zir *zir = printer->zir;
    for (uint32_t i = 0; i < zir->inst_count; i++) {
        uint32_t offset = zir->insts[i].a, known = printer->strings.count;
        if (zir->insts[i].op != ZIR_STR || strlen(zir->text + offset) < LONG_STRING_BYTES)
            continue;
        string_table_add(&printer->strings, zir->text + offset);
        if (printer->strings.count != known)
            put_definition(printer, offset, zir->text + offset);
    }
}

/* ---- constants and operands ---------------------------------------------------------------- */

static void put_constant_string(LlvmPrinter *printer, const ConstValue *value)
{
    const ConstType *owner = &value->type;
    if (value->text_size >= LONG_STRING_BYTES)
        put_owned_name(printer, entity_of(printer->entities, owner->file, owner->declaration),
                       value->text_offset);
    else
        put_string_name(printer, string_table_add(&printer->strings, value->as.text));
}

/* A string of the unit itself. Its number is looked up once: the link keeps it, + 1. */
static void put_own_string(LlvmPrinter *printer, uint32_t at)
{
    uint32_t *number = &printer->air->insts[at].link;
    const char *text = entity_text(printer->air->unit, printer->zir->insts[at].a);
    if (*number == 0)
        *number = string_table_add(&printer->strings, text) + 1;
    put_string_name(printer, *number - 1);
}

/* Recursion is bounded: structs nest at most MAX_STRUCT_HEIGHT deep. */
static void put_constant(LlvmPrinter *printer, const ConstValue *value)
{
    switch ((AirTypeKind)value->type.kind) {
    case AIR_F64: put_real(printer, value->as.real); return;
    case AIR_STR: put_constant_string(printer, value); return;
    case AIR_BOOL:
        ir_put_bytes(printer, value->as.integer ? "true" : "false", value->as.integer ? 4 : 5);
        return;
    case AIR_STRUCT: break;
    default:
        if (value->as.integer < 0)
            PUT(printer, "-");
        ir_put_number(printer, value->as.integer < 0 ? 0 - (uint64_t)value->as.integer
                                                     : (uint64_t)value->as.integer);
        return;
    }
    AirType type = const_type(printer->entities, value);
    uint32_t count = struct_field_count(printer->entities->items[type.index]);
    if (count == 0) {
        PUT(printer, "zeroinitializer");
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        ir_put_bytes(printer, i == 0 ? "{ " : ", ", 2);
        ir_put_type(printer, const_type(printer->entities, value->as.fields[i]));
        PUT(printer, " ");
        put_constant(printer, value->as.fields[i]);
    }
    PUT(printer, " }");
}

/* A literal has the type that its context gave it. */
static void put_literal(LlvmPrinter *printer, const ZirInst *inst, AirType type)
{
    uint64_t bits = (uint64_t)inst->b << 32 | inst->a;
    if (inst->op == ZIR_FLOAT) {
        double real;
        memcpy(&real, &bits, sizeof real);
        put_real(printer, real);
    } else if (type.kind == AIR_F64) {
        put_real(printer, inst->count != 0 ? -(double)bits : (double)bits);
    } else {
        if (inst->count != 0 && bits != 0)
            PUT(printer, "-");
        ir_put_number(printer, bits);
    }
}

void ir_put_operand(LlvmPrinter *printer, uint32_t value)
{
    uint32_t at = air_holder(printer->zir, printer->air->insts, value);
    const ZirInst *inst = &printer->zir->insts[at];
    const AirInst *typed = &printer->air->insts[at];
    switch ((ZirOp)inst->op) {
    case ZIR_INT: case ZIR_FLOAT: put_literal(printer, inst, typed->type); return;
    case ZIR_BOOL: ir_put_bytes(printer, inst->a ? "true" : "false", inst->a ? 4 : 5); return;
    case ZIR_STR: put_own_string(printer, at); return;
    case ZIR_REF: put_constant(printer, printer->entities->items[typed->link]->value); return;
    case ZIR_STRUCT_LIT:
        if (inst->count == 0) {
            PUT(printer, "zeroinitializer");
            return;
        }
        break;
    default: break;
    }
    ir_put_name(printer, at);
}

void ir_put_typed(LlvmPrinter *printer, uint32_t value)
{
    ir_put_type(printer, printer->air->insts[value].type);
    PUT(printer, " ");
    ir_put_operand(printer, value);
}
