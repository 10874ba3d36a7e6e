/* SPDX-License-Identifier: MIT */
/* The values of number tokens. */
#ifndef LITERAL_H
#define LITERAL_H

#include "memory.h"

#ifdef __cplusplus
extern "C" {
#endif

/* `text` is a TOKEN_INT: decimal, or hex after 0x. False if it needs more than 64 bits. */
bool literal_int(Slice text, uint64_t *value);

typedef enum FloatError { FLOAT_OK, FLOAT_TOO_LARGE, FLOAT_TOO_LONG } FloatError;

enum { LITERAL_MAX_FLOAT_BYTES = 1000 };

/* `text` is a TOKEN_FLOAT. Gives the nearest double; too large means that it rounds to infinity.
 * The result does not depend on the locale. */
FloatError literal_float(Slice text, double *value);

#ifdef __cplusplus
}
#endif
#endif
