/* SPDX-License-Identifier: MIT */
/*
 * AIR: one unit, names resolved and types known.
 *
 * sema.c makes it from ZIR and the interfaces that the unit names, air_promote.c moves variables
 * out of memory, llvm_ir.c prints it. AIR lives only in scratch memory and is never stored: the
 * text is what is kept.
 *
 * Instruction i of AIR belongs to instruction i of ZIR: sema adds to each one its type and what its
 * name resolved to, and changes nothing else. The printer's forward pass thus walks the same
 * structured array.
 *
 *     ZIR     3 ADD 0 1   │ 4 RETURN 3
 *     AIR     3 i32       │ 4 void
 */
#ifndef AIR_H
#define AIR_H

#include "entities.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum AirTypeKind {
    AIR_VOID, /* no value */
    AIR_I32, AIR_I64, AIR_F64, AIR_BOOL, AIR_STR,
    AIR_STRUCT,      /* index: number of the entity */
    AIR_UNTYPED_INT, /* integer literals whose type no context has decided yet; gone after sema */
    AIR_INVALID,     /* an error was reported here: report no consequences of it */
} AirTypeKind;

typedef struct AirType {
    uint8_t kind; /* AirTypeKind */
    uint32_t index;
} AirType;

typedef struct AirInst {
    AirType type;  /* of the value; void for a statement */
    uint32_t link; /* by operation:
                      LET, CAST, GET           the instruction that holds the value
                      VAR                      its number among the variables
                      REF, CALL                number of the entity
                      FIELD, FIELD_ADDR, INIT  place of the field in its struct
                      everything else          for the current pass */
} AirInst;

typedef struct AirVar {
    uint32_t inst;  /* the VAR */
    bool in_memory; /* it needs a place there; air_promote.h says when not */
} AirVar;

typedef struct Air {
    const Entity *unit;
    Entities *entities;
    AirInst *insts;        /* one per instruction of unit->zir */
    AirVar *vars;          /* in order */
    uint32_t var_count;
    AirType result;        /* of a function */
} Air;

static inline AirType air_type(AirTypeKind kind)
{
    AirType type = {(uint8_t)kind, 0};
    return type;
}

static inline bool air_type_equal(AirType a, AirType b)
{
    return a.kind == b.kind && a.index == b.index;
}

static inline bool air_type_is_number(AirType type)
{
    return type.kind >= AIR_I32 && type.kind <= AIR_F64;
}

/* The instruction that holds a value: a local constant only names one, a cast to the same type
 * changes nothing, and the value stored in a variable may be known. */
static inline uint32_t air_holder(const Zir *zir, const AirInst *insts, uint32_t value)
{
    uint8_t op = zir->insts[value].op;
    return op == ZIR_LET || op == ZIR_CAST || op == ZIR_GET ? insts[value].link : value;
}

#ifdef __cplusplus
}
#endif
#endif
