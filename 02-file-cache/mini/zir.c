/* SPDX-License-Identifier: MIT */
/*
 * Reading ZIR means checking it once: a table says for each operation what its operands must be,
 * and one pass checks every instruction against it. After that, later stages may follow any number
 * safely.
 *
 * There are fewer than 64 operations: "one of these" is a word with a bit for each, and an operand
 * is right if the bit of the operation it leads to is set.
 *
 * The begin and end of a block name each other. There are therefore as many ends as begins, and
 * none comes before its begin: a stack of open blocks never underflows.
 */
#include "zir.h"

#include "source_text.h"
#include "zir_code.h"

#include <stdalign.h>
#include <stdlib.h>

_Static_assert(ZIR_OP_COUNT <= 63 && sizeof(ZirInst) == 12 && sizeof(ZirPart) == 24,
               "operations fit a word of bits, and six bits of one; the layout has no padding");

#define BIT(op) (UINT64_C(1) << (op))
/* All operations from the first to the last, in the order of the enum. */
#define RANGE(first, last) ((BIT(last) << 1) - BIT(first))

#define PURE (RANGE(ZIR_INT, ZIR_REF) | RANGE(ZIR_FIELD, ZIR_OR) | BIT(ZIR_LOGIC_END) | \
              BIT(ZIR_CAST) | BIT(ZIR_INIT) | BIT(ZIR_STRUCT_LIT))
#define VALUE ((PURE & ~(BIT(ZIR_AND) | BIT(ZIR_OR) | BIT(ZIR_INIT))) | BIT(ZIR_PARAM) | \
               BIT(ZIR_GET) | BIT(ZIR_CALL) | BIT(ZIR_LET))
#define PLACE (BIT(ZIR_ADDR) | BIT(ZIR_FIELD_ADDR))
#define LOGIC (BIT(ZIR_AND) | BIT(ZIR_OR))
#define BODY (RANGE(ZIR_INT, ZIR_RETURN))

typedef enum Sort { FREE, TEXT, HINT, EARLIER, LATER, OPTIONAL } Sort;

typedef struct Operand {
    uint8_t sort;     /* Sort */
    uint64_t targets; /* if it leads to an instruction: the operations allowed there */
} Operand;

typedef struct Rule {
    Operand a, b;
} Rule;

#define A_TEXT {{TEXT, 0}, {FREE, 0}}
#define A_VALUE {{EARLIER, VALUE}, {FREE, 0}}
#define A_FREE_B_HINT {{FREE, 0}, {HINT, 0}}
#define A_B_VALUES {{EARLIER, VALUE}, {EARLIER, VALUE}}
#define A_VALUE_B_TEXT {{EARLIER, VALUE}, {TEXT, 0}}

static const Rule rules[ZIR_OP_COUNT] = {
    [ZIR_PARAM] = A_TEXT, [ZIR_FIELD_DECL] = A_TEXT, [ZIR_STR] = A_TEXT,
    [ZIR_CONST_VALUE] = A_VALUE, [ZIR_NEG] = A_VALUE, [ZIR_NOT] = A_VALUE, [ZIR_CAST] = A_VALUE,
    [ZIR_ARG] = A_VALUE, [ZIR_LET] = A_VALUE, [ZIR_VAR] = A_VALUE, [ZIR_PRINT] = A_VALUE,
    [ZIR_ADD] = A_B_VALUES, [ZIR_SUB] = A_B_VALUES, [ZIR_MUL] = A_B_VALUES,
    [ZIR_DIV] = A_B_VALUES, [ZIR_REM] = A_B_VALUES, [ZIR_EQ] = A_B_VALUES, [ZIR_NE] = A_B_VALUES,
    [ZIR_LT] = A_B_VALUES, [ZIR_LE] = A_B_VALUES, [ZIR_GT] = A_B_VALUES, [ZIR_GE] = A_B_VALUES,
    [ZIR_FIELD] = A_VALUE_B_TEXT, [ZIR_INIT] = A_VALUE_B_TEXT,
    [ZIR_GET] = {{EARLIER, BIT(ZIR_VAR)}, {FREE, 0}},
    [ZIR_ADDR] = {{EARLIER, BIT(ZIR_VAR)}, {FREE, 0}},
    [ZIR_FIELD_ADDR] = {{EARLIER, PLACE}, {TEXT, 0}},
    [ZIR_STORE] = {{EARLIER, PLACE}, {EARLIER, VALUE}},
    [ZIR_AND] = {{EARLIER, VALUE}, {LATER, BIT(ZIR_LOGIC_END)}},
    [ZIR_OR] = {{EARLIER, VALUE}, {LATER, BIT(ZIR_LOGIC_END)}},
    [ZIR_LOGIC_END] = {{EARLIER, LOGIC}, {EARLIER, VALUE}},
    [ZIR_IF] = {{EARLIER, VALUE}, {LATER, BIT(ZIR_ELSE) | BIT(ZIR_END)}},
    [ZIR_ELSE] = {{EARLIER, BIT(ZIR_IF)}, {LATER, BIT(ZIR_END)}},
    [ZIR_END] = {{EARLIER, BIT(ZIR_IF)}, {FREE, 0}},
    [ZIR_LOOP] = {{FREE, 0}, {LATER, BIT(ZIR_END_LOOP)}},
    [ZIR_LOOP_COND] = {{EARLIER, VALUE}, {LATER, BIT(ZIR_END_LOOP)}},
    [ZIR_END_LOOP] = {{EARLIER, BIT(ZIR_LOOP)}, {FREE, 0}},
    [ZIR_BREAK] = {{EARLIER, BIT(ZIR_LOOP)}, {FREE, 0}},
    [ZIR_CONTINUE] = {{EARLIER, BIT(ZIR_LOOP)}, {FREE, 0}},
    [ZIR_REF] = A_FREE_B_HINT, [ZIR_CALL] = A_FREE_B_HINT, [ZIR_STRUCT_LIT] = A_FREE_B_HINT,
    [ZIR_RETURN] = {{OPTIONAL, VALUE}, {FREE, 0}},
};

/* ---- one instruction ----------------------------------------------------------------------- */

static bool leads_to(const Zir *zir, uint32_t inst, uint64_t targets)
{
    return (BIT(zir->insts[inst].op) & targets) != 0;
}

/* Earlier instructions are already checked; later ones are not. */
static bool operand_is_valid(const Zir *zir, Operand rule, uint32_t at, uint32_t operand)
{
    switch ((Sort)rule.sort) {
    case TEXT:
        return operand < zir->text_size;
    case HINT: /* a text + 1, or 0 */
        return operand <= zir->text_size;
    case OPTIONAL:
        if (operand == ZIR_NO_VALUE)
            return true;
        return operand < at && leads_to(zir, operand, rule.targets);
    case EARLIER:
        return operand < at && leads_to(zir, operand, rule.targets);
    case LATER:
        return operand > at && operand < zir->inst_count &&
               zir->insts[operand].op < ZIR_OP_COUNT && leads_to(zir, operand, rule.targets);
    default:
        return true;
    }
}

/* An end and its begin name each other. In an IF with ELSE, the ELSE names the END. */
static bool link_is_valid(const Zir *zir, uint32_t at)
{
    const ZirInst *insts = zir->insts, *inst = &insts[at];
    switch (inst->op) {
    case ZIR_AND:
    case ZIR_OR:
    case ZIR_LOOP:
    case ZIR_IF:
        return insts[inst->b].a == at;
    case ZIR_ELSE:
        return insts[inst->a].b == at && insts[inst->b].a == inst->a;
    case ZIR_LOGIC_END:
    case ZIR_END_LOOP:
        return insts[inst->a].b == at;
    case ZIR_END: {
        uint32_t middle = insts[inst->a].b;
        return middle == at || (insts[middle].op == ZIR_ELSE && insts[middle].b == at);
    }
    default:
        return true;
    }
}

static bool type_is_valid(const ZirInst *inst)
{
    switch (inst->op) {
    case ZIR_PARAM:
    case ZIR_FIELD_DECL:
        return inst->type > ZIR_TYPE_NONE && inst->type <= ZIR_TYPE_NAMED;
    case ZIR_CAST:
        return inst->type > ZIR_TYPE_NONE && inst->type < ZIR_TYPE_NAMED;
    case ZIR_BOOL:
        return inst->type == ZIR_TYPE_NONE && inst->a <= 1;
    default:
        return inst->type <= ZIR_TYPE_NAMED;
    }
}

/* ---- a part -------------------------------------------------------------------------------- */

typedef struct Expected { /* the operations allowed in a part of each kind */
    uint64_t interface, body;
    uint64_t last; /* of the interface; 0: it may be empty */
} Expected;

static const Expected expected[] = {
    [ZIR_FN] = {BIT(ZIR_PARAM), BODY, BIT(ZIR_RESULT)},
    [ZIR_EXTERN_FN] = {BIT(ZIR_PARAM), 0, BIT(ZIR_RESULT)},
    [ZIR_CONST] = {PURE, 0, BIT(ZIR_CONST_VALUE)},
    [ZIR_STRUCT] = {BIT(ZIR_FIELD_DECL), 0, 0},
    [ZIR_FN_BROKEN] = {BIT(ZIR_PARAM), 0, BIT(ZIR_RESULT)},
    [ZIR_BROKEN] = {0, 0, 0},
};

/* As many ARGs as the CALL takes come directly before it, INITs before the STRUCT_LIT, and nowhere
 * else. */
static bool run_is_valid(const ZirInst *inst, uint32_t *args, uint32_t *inits)
{
    uint32_t taken_args = inst->op == ZIR_CALL ? inst->count : 0;
    uint32_t taken_inits = inst->op == ZIR_STRUCT_LIT ? inst->count : 0;
    bool is_valid = (inst->op == ZIR_ARG || *args == taken_args) &&
                    (inst->op == ZIR_INIT || *inits == taken_inits);
    *args = inst->op == ZIR_ARG ? *args + 1 : 0;
    *inits = inst->op == ZIR_INIT ? *inits + 1 : 0;
    return is_valid;
}

static bool insts_are_valid(const Zir *zir)
{
    const Expected *part = &expected[zir->kind];
    uint32_t args = 0, inits = 0;
    for (uint32_t i = 0; i < zir->inst_count; i++) {
        const ZirInst *inst = &zir->insts[i];
        uint64_t allowed = i >= zir->interface_count ? part->body : part->interface;
        if (part->last != 0 && i + 1 == zir->interface_count)
            allowed = part->last;
        if (inst->op >= ZIR_OP_COUNT || !leads_to(zir, i, allowed) || !type_is_valid(inst) ||
            !operand_is_valid(zir, rules[inst->op].a, i, inst->a) ||
            !operand_is_valid(zir, rules[inst->op].b, i, inst->b) || !link_is_valid(zir, i) ||
            !run_is_valid(inst, &args, &inits))
            return false;
    }
    return args == 0 && inits == 0 && (part->last == 0 || zir->interface_count > 0);
}

/* Header and lines of the blob. `end` is where the parts begin. */
static bool view_lines(Slice blob, Zir *zir, uint64_t *end)
{
    const ZirHeader *header = (const ZirHeader *)(const void *)blob.data;
    if (blob.size < sizeof *header || (uintptr_t)blob.data % alignof(ZirHeader) != 0)
        return false;
    *end = sizeof *header + (uint64_t)header->line_count * sizeof(uint32_t);
    if (header->version != ZIR_VERSION || header->line_count == 0 || *end > blob.size)
        return false;
    zir->line_count = header->line_count;
    zir->line_starts = (const uint32_t *)(header + 1);
    return zir->line_starts[0] == 0;
}

static uint64_t padded(uint64_t size)
{
    return (size + 3) & ~UINT64_C(3);
}

static bool sizes_are_valid(const ZirPart *part, size_t size)
{
    uint64_t needed = sizeof *part + padded(part->text_size) + part->code_size +
                      padded((uint64_t)part->inst_count * part->position_size);
    return needed == size && part->code_size % 4 == 0 &&
           part->inst_count <= part->code_size / sizeof(uint32_t) &&
           part->interface_count <= part->inst_count;
}

/* Everything about the part except its instructions. */
static bool view_part(Slice bytes, Zir *zir, Slice *code)
{
    const ZirPart *part = (const ZirPart *)(const void *)bytes.data;
    if (bytes.size < sizeof *part || !sizes_are_valid(part, bytes.size) ||
        part->kind > ZIR_BROKEN || (part->position_size != 2 && part->position_size != 4))
        return false;
    zir->kind = (ZirKind)part->kind;
    zir->interface_count = part->interface_count;
    zir->inst_count = part->inst_count;
    zir->text_size = part->text_size;
    zir->text = (const char *)(part + 1);
    *code = slice_of(zir->text + padded(part->text_size), part->code_size);
    const void *positions = code->data + code->size;
    zir->position = part->position;
    zir->short_positions = part->position_size == 2 ? positions : NULL;
    zir->long_positions = positions;
    return part->text_size == 0 || zir->text[part->text_size - 1] == '\0';
}

/* The part, its instructions still packed. */
static bool find_part(Slice blob, uint32_t offset, uint32_t size, Zir *zir, Slice *code)
{
    uint64_t lines_end;
    *zir = (Zir){0};
    return view_lines(blob, zir, &lines_end) && offset >= lines_end && offset % 4 == 0 &&
           offset <= blob.size && size <= blob.size - offset &&
           view_part(slice_of(blob.data + offset, size), zir, code);
}

/* The part, its instructions not yet checked: all of them, or only those of the interface, which
 * are then the whole part. */
static bool open_part(Slice blob, uint32_t offset, uint32_t size, bool interface_only,
                      Arena *arena, Zir *zir)
{
    Slice code;
    if (!find_part(blob, offset, size, zir, &code))
        return false;
    if (interface_only)
        zir->inst_count = zir->interface_count;
    zir->insts = arena_allocate(arena, zir->inst_count * sizeof *zir->insts);
    size_t used = zir_code_get(code, zir->insts, zir->inst_count);
    return interface_only ? used != 0 || zir->inst_count == 0 : used == code.size;
}

bool zir_view_kind(Slice blob, uint32_t offset, uint32_t size, ZirKind *kind)
{
    Zir zir;
    Slice code;
    bool is_valid = find_part(blob, offset, size, &zir, &code);
    *kind = zir.kind;
    return is_valid;
}

static bool view(Slice blob, uint32_t offset, uint32_t size, bool interface_only, Arena *arena,
                 Zir *zir)
{
    bool is_valid =
        open_part(blob, offset, size, interface_only, arena, zir) && insts_are_valid(zir);
    if (!is_valid)
        *zir = (Zir){0};
    return is_valid;
}

bool zir_view(Slice blob, uint32_t offset, uint32_t size, Arena *arena, Zir *zir)
{
    return view(blob, offset, size, false, arena, zir);
}

bool zir_view_interface(Slice blob, uint32_t offset, uint32_t size, Arena *arena, Zir *zir)
{
    return view(blob, offset, size, true, arena, zir);
}

bool zir_view_fresh(Slice blob, uint32_t offset, uint32_t size, bool interface_only, Arena *arena,
                    Zir *zir)
{
#ifdef GUARD_LOOKUPS
    if (!view(blob, offset, size, interface_only, arena, zir))
        abort();
    return true;
#else
    bool is_valid = open_part(blob, offset, size, interface_only, arena, zir);
    if (!is_valid)
        *zir = (Zir){0};
    return is_valid;
#endif
}

void zir_position(const Zir *zir, uint32_t inst, uint32_t *line, uint32_t *column)
{
    uint32_t offset = zir_offset(zir, inst);
    *line = source_text_line(zir->line_starts, zir->line_count, offset);
    *column = offset - zir->line_starts[*line - 1] + 1;
}
