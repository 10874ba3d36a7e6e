/* SPDX-License-Identifier: MIT */
/*
 * ZIR: Mini, lowered but not yet typed.
 *
 * One file becomes one blob of flat arrays. Each top-level declaration has its own, self-contained
 * part: its instructions refer to each other by number, to text by offset in the part's own text,
 * and to other declarations by reference number (declarations.h). Nothing in a part depends on its
 * neighbours or on its place in the file, so the hash of a part's bytes, without positions, is the
 * hash of the declaration: spaces, comments and the functions before it do not affect it.
 *
 *     blob    ZirHeader │ line starts u32 × line_count │ part │ part │ ...
 *     part    ZirPart │ text │ instructions (zir_code.h) │ positions; each padded to 4
 *
 * A reader of a part unpacks its instructions into scratch memory, into an array of 12 bytes each.
 * Positions count from the part's own, in 16 bits each if all of them fit, else in 32. They stay in
 * place: they are needed only to report an error.
 *
 * Instructions are in the order of evaluation; an operand is the number of an earlier instruction.
 * Control flow is structured: IF .. ELSE .. END, LOOP .. END_LOOP. One forward pass over the array
 * is enough for every later stage; nothing recurses. Blocks nest to any depth: `else if` is an IF
 * inside an ELSE, however long the chain. Instructions may follow a RETURN, BREAK or CONTINUE in
 * the same block: they are never reached.
 *
 *     fn add(a: i32, b: i32) i32 { return a + b; }
 *
 *     0 PARAM a i32 │ 1 PARAM b i32 │ 2 RESULT i32 ║ 3 ADD 0 1 │ 4 RETURN 3
 *     └────────── interface ──────────────────────┘ └──── body ──────────┘
 *
 * A body without a result that reaches its last instruction returns there; the parser ensures that
 * one with a result never does. Whether each RETURN has a value where one is needed, and each
 * STRUCT_LIT its fields exactly once, is a matter of types, checked in stage 3.
 *
 * An instruction's position is where its errors are reported: the sign of an operator, the name in
 * a call or of a field, the start of a literal or of a keyword; for an ARG the start of the
 * argument's first token; for an instruction with a type (T) the type, or the name if no type is
 * written.
 *
 * The names ZIR and AIR come from the Zig compiler; this follows its design.
 */
#ifndef ZIR_H
#define ZIR_H

#include "memory.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ZIR_VERSION 4
#define ZIR_NO_VALUE UINT32_MAX

typedef enum ZirKind {
    ZIR_FN, ZIR_EXTERN_FN, ZIR_CONST, ZIR_STRUCT,
    /* of a file with errors; never stored */
    ZIR_FN_BROKEN, /* a function whose body has a syntax error: its interface is whole, its body empty */
    ZIR_BROKEN,    /* a declaration of any kind whose interface has one: empty */
} ZirKind;

typedef enum ZirType {
    ZIR_TYPE_NONE, /* left out; as a result: no value */
    ZIR_TYPE_I32,
    ZIR_TYPE_I64,
    ZIR_TYPE_F64,
    ZIR_TYPE_BOOL,
    ZIR_TYPE_STR,
    ZIR_TYPE_NAMED, /* a struct: b is the reference number */
} ZirType;

/* In the comments: T is `type` with b as the reference number if it is ZIR_TYPE_NAMED; text is
 * an offset of a NUL-terminated string in the part's text; the rest are instruction numbers. */
typedef enum ZirOp {
    /* interface */
    ZIR_PARAM,      /* a text: name, T. Its number is the value of the parameter */
    ZIR_RESULT,     /* T. The last instruction of a function's interface */
    ZIR_FIELD_DECL, /* a text: name, T. A struct's interface is a list of these */
    ZIR_CONST_VALUE,/* a value, T declared type or NONE. Ends a constant's interface, which is
                       its whole expression */
    /* values */
    ZIR_INT,        /* a low, b high half of a u64; count 1: negated */
    ZIR_FLOAT,      /* a low, b high half of the bits of a double */
    ZIR_BOOL,       /* a 0 or 1 */
    ZIR_STR,        /* a text */
    ZIR_REF,        /* a reference number: the value of a top-level constant. b as in a CALL */
    ZIR_GET,        /* a VAR: the value it holds now */
    ZIR_FIELD,      /* a value, b text: name of the field */
    ZIR_NEG, ZIR_NOT,                                        /* a value */
    ZIR_ADD, ZIR_SUB, ZIR_MUL, ZIR_DIV, ZIR_REM,             /* a, b values */
    ZIR_EQ, ZIR_NE, ZIR_LT, ZIR_LE, ZIR_GT, ZIR_GE,          /* a, b values */
    ZIR_AND, ZIR_OR,/* a left value, b number of the LOGIC_END; the right operand is between and is
                       evaluated only if it decides */
    ZIR_LOGIC_END,  /* a the AND or OR, b right value. The value of the whole expression */
    ZIR_CAST,       /* a value, `type` a builtin type: `as` */
    ZIR_ARG,        /* a value. The `count` ARGs of a CALL are directly before it */
    ZIR_CALL,       /* a reference number of the function, count arguments. b 0; or, if no name of the
                       file is meant, the text + 1 of the local that was nearest to it */
    ZIR_INIT,       /* a value, b text: name. The `count` INITs of a STRUCT_LIT, likewise */
    ZIR_STRUCT_LIT, /* a reference number of the struct, count fields. b as in a CALL */
    /* statements */
    ZIR_LET,        /* a value, T or NONE: a local constant; its number is the value */
    ZIR_VAR,        /* a first value, T or NONE: a variable */
    ZIR_ADDR,       /* a VAR: the place to assign to */
    ZIR_FIELD_ADDR, /* a place, b text: name: a field of it */
    ZIR_STORE,      /* a place, b value */
    ZIR_PRINT,      /* a value */
    ZIR_IF,         /* a condition, b number of its ELSE or END */
    ZIR_ELSE,       /* a the IF, b number of its END */
    ZIR_END,        /* a the IF */
    ZIR_LOOP,       /* b number of its END_LOOP; the condition's instructions follow */
    ZIR_LOOP_COND,  /* a condition, b number of the END_LOOP: left if false */
    ZIR_END_LOOP,   /* a the LOOP */
    ZIR_BREAK, ZIR_CONTINUE, /* a the LOOP */
    ZIR_RETURN,     /* a value or ZIR_NO_VALUE */
    ZIR_OP_COUNT
} ZirOp;

typedef struct ZirInst {
    uint8_t op;   /* ZirOp */
    uint8_t type; /* ZirType */
    uint16_t count;
    uint32_t a, b;
} ZirInst;

typedef struct ZirHeader {
    uint32_t version;
    uint32_t line_count;
} ZirHeader;

typedef struct ZirPart {
    uint16_t kind; /* ZirKind */
    uint16_t position_size;   /* bytes: 2 or 4 */
    uint32_t position;        /* what the positions count from: a byte offset in the source */
    uint32_t interface_count; /* instructions [0, interface_count) are the interface */
    uint32_t inst_count;
    uint32_t text_size;
    uint32_t code_size;
} ZirPart;

typedef struct Zir { /* a checked view of one declaration's part */
    ZirKind kind;
    ZirInst *insts; /* in the arena */
    const char *text;
    uint32_t interface_count, inst_count, text_size;
    uint32_t position;               /* of the part */
    const uint16_t *short_positions; /* per instruction, counted from the part's; or NULL, ... */
    const uint32_t *long_positions;  /* ... and then here */
    const uint32_t *line_starts; /* of the whole file: byte offset of each line */
    uint32_t line_count;
} Zir;

/* The part of a blob at [offset, offset + size), unpacked into the arena. Checks sizes, and that
 * every operand is in range and of the right sort (a value, a place, the other end of a block), so
 * that later readers need not. Reference numbers are not checked: only the declarations know how
 * many there are. False if it is not well formed. Cost: one pass over the part. */
bool zir_view(Slice blob, uint32_t offset, uint32_t size, Arena *arena, Zir *zir);

/* The same, but reads only the interface: inst_count is interface_count, whatever the body holds.
 * Cost: one pass over the interface. */
bool zir_view_interface(Slice blob, uint32_t offset, uint32_t size, Arena *arena, Zir *zir);

/* Reads only the kind of declaration of the part at [offset, offset + size). False if the kind is
 * not well formed. Cost: constant. */
bool zir_view_kind(Slice blob, uint32_t offset, uint32_t size, ZirKind *kind);

/* Either of the two for a blob that mini_lower made in this process: the instructions are unpacked
 * and not checked again, since nothing can have damaged them. In test builds (GUARD_LOOKUPS) they
 * are checked, and the process ends if they are not well formed. */
bool zir_view_fresh(Slice blob, uint32_t offset, uint32_t size, bool interface_only, Arena *arena,
                    Zir *zir);

/* The byte offset of an instruction in the source. */
static inline uint32_t zir_offset(const Zir *zir, uint32_t inst)
{
    return zir->position + (zir->short_positions != NULL ? zir->short_positions[inst]
                                                         : zir->long_positions[inst]);
}

/* Line and column, from 1, of an instruction. Cost: log2 of the lines. */
void zir_position(const Zir *zir, uint32_t inst, uint32_t *line, uint32_t *column);

/* Prints a listing for people and tests: one instruction a line, as in the picture above. */
void zir_print(const Zir *zir, ByteBuffer *text);

#ifdef __cplusplus
}
#endif
#endif
