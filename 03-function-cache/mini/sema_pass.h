/* SPDX-License-Identifier: MIT */
/* The pass over one unit, shared by its parts: sema.c, sema_values.c, sema_calls.c. */
#ifndef SEMA_PASS_H
#define SEMA_PASS_H

#include "sema_types.h"
#include "spelling.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct SemaPass {
    Entities *entities;
    Entity *unit;
    const Zir *zir;
    AirInst *insts;
    uint32_t *work;            /* room for one number per instruction */
    uint32_t *seen;            /* per field of a struct: the last literal that gave it */
    uint32_t seen_count;
    AirVar *vars;
    uint32_t var_count;
    AirType result;            /* of the function */
    bool is_wrong;
    Diagnostics *diagnostics;  /* may be NULL */
} SemaPass;

/* Marks the unit wrong and reports why. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
void sema_error(SemaPass *pass, uint32_t at, const char *format, ...);

/* How many diagnostics there are. More after a call than before: it reported something. */
static inline size_t sema_reported(const SemaPass *pass)
{
    return pass->diagnostics == NULL ? 0 : pass->diagnostics->count;
}

/* A note to the error just reported: where `entity` is declared. */
void sema_note_declared(SemaPass *pass, const Entity *entity);

/* The same: where instruction `at` of the unit is. */
void sema_note_at(SemaPass *pass, uint32_t at, const char *message);

/* Reports that a reference leads nowhere, and what may have been meant (sema_names.c). */
void sema_report_missing(SemaPass *pass, uint32_t at, uint32_t reference);

/* ": did you mean 'x'?", or nothing if no name was near. Lives as long as the arena. */
const char *sema_suggestion(const SemaPass *pass, const Spelling *spelling);

/* What a reference leads to; NULL, with an error, if there is no such declaration, and silently
 * if its IR cannot be used. */
Entity *sema_resolve(SemaPass *pass, uint32_t at, uint32_t reference);

/* A type that the pass meets outside its unit: invalid, silently, if a struct is wrong. */
AirType sema_usable(SemaPass *pass, AirType type);

/* The type that instruction `at` spells, with an error if it names no struct. */
AirType sema_spelled_type(SemaPass *pass, uint32_t at);

/* The name of an entity, for a message. */
const char *sema_name(const SemaPass *pass, const Entity *entity);

/* "'f' is a function, not a value" */
void sema_wrong_kind(SemaPass *pass, uint32_t at, const Entity *entity, const char *wanted);

/* Reports that a struct has no such field, and which one may be meant. */
void sema_no_field(SemaPass *pass, uint32_t at, const Entity *entity, const char *name);

/* Reports that there is no value to take, and returns an invalid type. */
AirType sema_no_value(SemaPass *pass, uint32_t user, uint32_t value);

/* The type of a value that instruction `user` takes. A call without a result is an error. */
static inline AirType sema_value(SemaPass *pass, uint32_t user, uint32_t value)
{
    AirType type = pass->insts[value].type;
    return type.kind == AIR_VOID ? sema_no_value(pass, user, value) : type;
}

/* The same, but a still untyped literal becomes an i32. */
AirType sema_resolved(SemaPass *pass, uint32_t user, uint32_t value);

/* Makes a value that `user` takes have the type `want`, or reports that it has another; `what`
 * begins the message. */
void sema_expect(SemaPass *pass, uint32_t user, uint32_t value, AirType want, const char *what);

/* "a side of '&&': ", the start of messages about an operand of AND or OR. */
const char *sema_side_text(uint8_t op);

/* Checks an instruction that makes a value and returns its type. */
AirType sema_check_value(SemaPass *pass, uint32_t at);

/* The same for a CALL and a STRUCT_LIT. */
AirType sema_check_call(SemaPass *pass, uint32_t at);
AirType sema_check_struct_literal(SemaPass *pass, uint32_t at);

#ifdef __cplusplus
}
#endif
#endif
