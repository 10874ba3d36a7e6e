/* SPDX-License-Identifier: MIT */
/*
 * Where the values of a function are while its code is written.
 *
 * Every value has a slot in the frame, found when it is first needed; parameters have theirs in the
 * caller's frame. 8 bytes for each scalar, so a struct is a row of them, nested ones in place. Of a
 * struct that is a parameter there is only its address: no value changes while others use it.
 *
 *     rbp+16 ...     the parameters, from the first on; after them the result, if it is a struct
 *     rbp+8          return address
 *     rbp            the caller's rbp: debuggers walk from frame to frame
 *     rbp-8 ...      slots
 *     rsp ...        room for the arguments of the calls made here, and the structs they return
 *
 * A scalar is returned in rax, an f64 in xmm0. These two are also where every value is computed;
 * one that the next instruction uses at once never reaches its slot. What each of the two holds is
 * noted in `held`, and stored only when another value needs the register while this one is still
 * needed (`last_uses`). A real goes to one of xmm8 to xmm11 instead, if one is free: in a chain of
 * computations a store and a load take longer than the sum or product between them. At every jump
 * and label nothing is held but not stored: there the frame alone says where values are. rcx, rdx,
 * rsi, rdi and xmm1 are for single instructions, r11 for the address of a parameter.
 *
 * An i32 or a bool is 4 bytes of its slot; what is in the other 4 is not known. A bool is 0 or 1.
 */
#ifndef X86_EMITTER_H
#define X86_EMITTER_H

#include "air.h"
#include "const_eval.h"
#include "x86_code.h"

#ifdef __cplusplus
extern "C" {
#endif

#define X86_NO_VALUE UINT32_MAX

enum { X86_SLOT_OF_VARIABLE = 1 }; /* of a read: that of the variable. No offset is odd */

typedef struct X86Held {
    uint32_t value; /* the instruction that made it, or X86_NO_VALUE */
    bool is_stored; /* it is in its slot too */
} X86Held;

enum { X86_SPARES = 4 };

typedef enum X86Class { X86_INTEGER, X86_REAL, X86_CLASS_COUNT } X86Class; /* rax, xmm0 */

typedef struct X86Emitter {
    X86Code code;
    const Air *air;
    const Zir *zir;
    Entities *entities;
    int32_t *slots;      /* per instruction: offset from rbp; 0: none yet */
    uint32_t *last_uses; /* per instruction that makes a value: the last one that uses it */
    const uint32_t **layouts; /* per entity: of a struct, the place of each field, and its size */
    uint32_t layout_count;
    X86Held held[X86_CLASS_COUNT];
    X86Held spares[X86_SPARES]; /* in xmm8 and so on */
    int32_t result;        /* of a struct: offset from rbp */
    uint32_t frame;        /* bytes of slots */
    uint32_t outgoing;     /* scalars of the largest list of arguments or result of a call */
    bool may_trap;         /* X86_LABEL_TRAP is jumped to */
    bool is_frame_too_large;
} X86Emitter;

/* Labels: one per instruction, that a jump to it leads to; and these beyond them. */
enum { X86_LABEL_TRAP, X86_LABEL_BODY, X86_LABEL_LARGE_FRAME, X86_MORE_LABELS };

static inline X86Label x86_label(const X86Emitter *emitter, uint32_t more)
{
    return emitter->zir->inst_count + more;
}

/* A value, as its users find it. */
typedef enum X86ValueKind {
    X86_HELD,      /* in rax or xmm0 */
    X86_SPARE,     /* a real, in the xmm register `base` */
    X86_MEMORY,    /* at base + offset; the base is rbp, or r11 until the next value is asked for */
    X86_NUMBER,    /* the bits of any scalar but a string */
    X86_TEXT,      /* a string that stands with this unit */
    X86_LONG_TEXT, /* one that stands with its constant */
    X86_CONSTANT,  /* a struct */
} X86ValueKind;

typedef struct X86Value {
    X86ValueKind kind;
    X86Register base;
    int32_t offset;
    int64_t number;
    const char *text;
    const ConstValue *constant; /* of X86_LONG_TEXT and X86_CONSTANT */
} X86Value;

/* ---- x86_places.c -------------------------------------------------------------------------- */

/* Gives the parameters their slots, and fills in last_uses. A value whose only way is into another
 * place gets its slot there: a read of a variable that is not written before the last use, a field
 * of a literal, what a variable begins with, the result of the function. */
void x86_find_places(X86Emitter *emitter);

/* ---- x86_frame.c: types, slots, what is held ----------------------------------------------- */

/* The scalars of a type; and the number of those before a field. */
uint32_t x86_size_of(X86Emitter *emitter, AirType type);
uint32_t x86_field_place(X86Emitter *emitter, AirType type, uint32_t field);

int32_t x86_slot_of(X86Emitter *emitter, uint32_t value);

/* A slot for something that is no instruction's value. */
int32_t x86_new_slot(X86Emitter *emitter, AirType type);

/* Where a STORE writes: a variable, or a field of a field ... of one. Offset from rbp. */
int32_t x86_place_of(X86Emitter *emitter, uint32_t place);

/* Before instruction `at` puts something else in the register: a value that is needed by `at` or
 * later is stored, or goes to a spare register. */
void x86_free_class(X86Emitter *emitter, X86Class which, uint32_t at);

/* Before a jump or a call, or at a label: all are stored, with what only `at` itself needs left
 * out. The registers still hold what they did. */
void x86_store_held(X86Emitter *emitter, uint32_t at);

/* After a label or a call. */
void x86_forget_held(X86Emitter *emitter);

/* Instruction `at` has left its value in the register. */
void x86_hold(X86Emitter *emitter, uint32_t at);

static inline AirType x86_type(const X86Emitter *emitter, uint32_t value)
{
    return emitter->air->insts[value].type;
}

static inline X86Class x86_class(AirType type)
{
    return type.kind == AIR_F64 ? X86_REAL : X86_INTEGER;
}

/* X86_WIDE for what needs 64 bits. */
static inline unsigned x86_width(AirType type)
{
    return type.kind == AIR_I64 || type.kind == AIR_STR ? X86_WIDE : 0;
}

/* ---- x86_operands.c: loads and stores ------------------------------------------------------ */

/* Of a field of a parameter it loads the address of the parameter. */
X86Value x86_value_of(X86Emitter *emitter, uint32_t value);

/* Is it a number that is known here, and in no register? */
bool x86_known_number(X86Emitter *emitter, uint32_t value, int64_t *number);

static inline X86Operand x86_place(X86Value value)
{
    return x86_memory(value.base, value.offset);
}

/* Is it the one in the register? */
bool x86_is_held(const X86Emitter *emitter, uint32_t value);

/* Into any register, with nothing else changed but, for a real that is a number, rcx. */
void x86_load(X86Emitter *emitter, X86Register reg, X86Value value, AirType type);

/* Into rax or xmm0, for instruction `at`, which will overwrite it. */
void x86_take(X86Emitter *emitter, uint32_t at, uint32_t value);

/* The same for one that only reads it. */
void x86_read(X86Emitter *emitter, uint32_t at, uint32_t value);

/* A value, of any type, to memory. Changes rcx; of a large struct also rsi and rdi. */
void x86_copy_to(X86Emitter *emitter, X86Operand place, uint32_t value);

/* From memory to memory, upwards, `count` scalars. */
void x86_copy(X86Emitter *emitter, X86Operand to, X86Operand from, uint32_t count);

/* ---- x86_arithmetic.c ---------------------------------------------------------------------- */

void x86_emit_arithmetic(X86Emitter *emitter, uint32_t at);
void x86_emit_negation(X86Emitter *emitter, uint32_t at);
void x86_emit_not(X86Emitter *emitter, uint32_t at);
void x86_emit_comparison(X86Emitter *emitter, uint32_t at);
void x86_emit_cast(X86Emitter *emitter, uint32_t at);

/* Jumps to `label` if `condition`, a bool that instruction `at` uses, is `wanted`. */
void x86_emit_branch(X86Emitter *emitter, uint32_t at, uint32_t condition, bool wanted,
                     X86Label label);

/* ---- x86_calls.c --------------------------------------------------------------------------- */

void x86_emit_call(X86Emitter *emitter, uint32_t at);
void x86_emit_print(X86Emitter *emitter, uint32_t at);

#ifdef __cplusplus
}
#endif
#endif
