/* SPDX-License-Identifier: MIT */
/*
 * The values of top-level constants, at compile time.
 *
 * A constant is made of literals, operators, struct literals and other constants, from any file.
 * Its value is what the same expression would give at run time, bit for bit; a division by zero is
 * an error.
 *
 * A constant that is wrong has no value. Its own unit reports why; units that use it say
 * nothing, and have no output.
 */
#ifndef CONST_EVAL_H
#define CONST_EVAL_H

#include "air.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A value outlives the unit during which it was computed, and that unit's entities. It therefore
 * names a struct, or the constant whose text holds a string, by file and declaration. */
typedef struct ConstType {
    uint8_t kind; /* AirTypeKind */
    uint32_t file, declaration;
} ConstType;

struct ConstValue {
    ConstType type;
    uint32_t text_size;   /* of a string; and its offset in the text of the ... */
    uint32_t text_offset; /* ... constant that `type` names */
    union {
        int64_t integer; /* I32, I64 (sign-extended), BOOL */
        double real;
        const char *text; /* NUL-terminated */
        const ConstValue *const *fields; /* in the order of the struct */
    } as;
};

/* The value of a constant, or NULL if it is wrong. Evaluated on first use. */
const ConstValue *const_value_of(Entities *entities, Entity *constant);

/* The type of a value in the unit being emitted. */
AirType const_type(Entities *entities, const ConstValue *value);

/* Checks the constant that is the unit itself, and adds its errors to `diagnostics`. True if it has
 * a value. */
bool const_check(Entities *entities, Entity *constant, Diagnostics *diagnostics);

#ifdef __cplusplus
}
#endif
#endif
