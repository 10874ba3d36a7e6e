/* SPDX-License-Identifier: MIT */
/* The symbols that Mini's code has beside those of its units. None of them is one of a unit, which
 * is path:name, or main. */
#ifndef NATIVE_NAMES_H
#define NATIVE_NAMES_H

#include "entities.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Strings of constants that are at least this long stand once in the program. */
enum { NATIVE_LONG_STRING_BYTES = 64 };

#define NATIVE_START "_start"
#define NATIVE_TRAP_DIVISION "mini.trap.division"
#define NATIVE_SATURATE_I32 "mini.saturate.i32"
#define NATIVE_SATURATE_I64 "mini.saturate.i64"
#define NATIVE_PRINT "mini.print." /* and the name of the type */

/* The symbol of a string of a constant, by its offset in the constant's text. */
Slice native_text_symbol(Arena *arena, const Entity *constant, uint32_t offset);

#ifdef __cplusplus
}
#endif
#endif
