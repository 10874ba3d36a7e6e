/* SPDX-License-Identifier: MIT */
/*
 * Division. sdiv and srem are undefined for a zero divisor and for INT_MIN / -1. Mini traps on
 * the first and wraps on the second: x / -1 is 0 - x, and x % -1 is 0. The trap names the function;
 * what was printed before it is written first, since it may still be in C's buffer.
 *
 * Printing. Which NaN an operation gives depends on the machine and the level of optimisation, and
 * printf tells "nan" and "-nan" apart; one NaN therefore stands for all. C may return a null pointer
 * as a str, and to printf that is undefined: it prints as (null).
 *
 * All of it is private, and always inlined but for the trap, which no path should make room for:
 * after optimisation only the used parts remain.
 */
#include "runtime_prelude.h"

static const char formats[] =
    "@mini.format.i32 = private unnamed_addr constant [4 x i8] c\"%d\\0A\\00\"\n"
    "@mini.format.i64 = private unnamed_addr constant [6 x i8] c\"%lld\\0A\\00\"\n"
    "@mini.format.f64 = private unnamed_addr constant [7 x i8] c\"%.17g\\0A\\00\"\n"
    "@mini.format.str = private unnamed_addr constant [4 x i8] c\"%s\\0A\\00\"\n"
    "@mini.format.trap = private unnamed_addr constant [24 x i8] "
    "c\"division by zero in %s\\0A\\00\"\n"
    "@mini.text.true = private unnamed_addr constant [5 x i8] c\"true\\00\"\n"
    "@mini.text.null = private unnamed_addr constant [7 x i8] c\"(null)\\00\"\n"
    "@mini.text.false = private unnamed_addr constant [6 x i8] c\"false\\00\"\n"
    "\n";

static const char declarations[] =
    "declare i32 @printf(ptr, ...)\n"
    "declare i32 @strcmp(ptr, ptr)\n"
    "declare i32 @fflush(ptr)\n"
    "declare i32 @dprintf(i32, ptr, ...)\n"
    "declare void @llvm.trap()\n"
    "declare i32 @llvm.fptosi.sat.i32.f64(double)\n"
    "declare i64 @llvm.fptosi.sat.i64.f64(double)\n"
    "\n";

static const char trap[] =
    "define private void @mini.trap.division(ptr %place) cold noinline noreturn {\n"
    "  call i32 @fflush(ptr null)\n"
    "  call i32 (i32, ptr, ...) @dprintf(i32 2, ptr @mini.format.trap, ptr %place)\n"
    "  call void @llvm.trap()\n"
    "  unreachable\n"
    "}\n\n";

#define DIVISION(NAME, TYPE, RESULT_FOR_MINUS_1, INSTRUCTION)                                   \
    "define private " TYPE " @mini." NAME "." TYPE "(" TYPE " %a, " TYPE " %b, ptr %place) "    \
    "alwaysinline {\n"                                                                          \
    "  %is_zero = icmp eq " TYPE " %b, 0\n"                                                     \
    "  br i1 %is_zero, label %trap, label %valid\n"                                             \
    "trap:\n"                                                                                   \
    "  call void @mini.trap.division(ptr %place)\n"                                             \
    "  unreachable\n"                                                                           \
    "valid:\n"                                                                                  \
    "  %is_minus_1 = icmp eq " TYPE " %b, -1\n"                                                 \
    "  br i1 %is_minus_1, label %wraps, label %divide\n"                                        \
    "wraps:\n"                                                                                  \
    "  %wrapped = " RESULT_FOR_MINUS_1 "\n"                                                     \
    "  ret " TYPE " %wrapped\n"                                                                 \
    "divide:\n"                                                                                 \
    "  %result = " INSTRUCTION " " TYPE " %a, %b\n"                                             \
    "  ret " TYPE " %result\n"                                                                  \
    "}\n"

static const char divisions[] =
    DIVISION("div", "i32", "sub i32 0, %a", "sdiv")
    DIVISION("div", "i64", "sub i64 0, %a", "sdiv")
    DIVISION("rem", "i32", "and i32 0, %a", "srem")
    DIVISION("rem", "i64", "and i64 0, %a", "srem")
    "\n";

#define COMPARISON(NAME, CONDITION)                                                             \
    "define private i1 @mini." NAME "(ptr %a, ptr %b) alwaysinline {\n"                         \
    "  %order = call i32 @strcmp(ptr %a, ptr %b)\n"                                             \
    "  %result = icmp " CONDITION " i32 %order, 0\n"                                            \
    "  ret i1 %result\n"                                                                        \
    "}\n"

static const char comparisons[] = COMPARISON("str_eq", "eq") COMPARISON("str_ne", "ne") "\n";

#define PRINT_BEGIN(NAME, TYPE) \
    "define private void @mini.print." NAME "(" TYPE " %value) alwaysinline {\n"
#define PRINT_END(FORMAT, ARGUMENT)                                                             \
    "  call i32 (ptr, ...) @printf(ptr @mini.format." FORMAT ", " ARGUMENT ")\n"                \
    "  ret void\n"                                                                              \
    "}\n"

static const char prints[] =
    PRINT_BEGIN("i32", "i32") PRINT_END("i32", "i32 %value")
    PRINT_BEGIN("i64", "i64") PRINT_END("i64", "i64 %value")
    PRINT_BEGIN("f64", "double")
    "  %is_nan = fcmp uno double %value, 0.0\n"
    "  %number = select i1 %is_nan, double 0x7FF8000000000000, double %value\n"
    PRINT_END("f64", "double %number")
    PRINT_BEGIN("bool", "i1")
    "  %text = select i1 %value, ptr @mini.text.true, ptr @mini.text.false\n"
    PRINT_END("str", "ptr %text")
    PRINT_BEGIN("str", "ptr")
    "  %is_null = icmp eq ptr %value, null\n"
    "  %text = select i1 %is_null, ptr @mini.text.null, ptr %value\n"
    PRINT_END("str", "ptr %text")
    "\n";

void runtime_prelude_put(ByteBuffer *out, Slice target)
{
    const char *const parts[] = {formats, declarations, trap, divisions, comparisons, prints};
    buffer_put(out, slice_from("; LLVM IR of a Mini program\n"));
    if (target.size != 0) {
        buffer_put(out, slice_from("target triple = \""));
        buffer_put(out, target);
        buffer_put(out, slice_from("\"\n"));
    }
    buffer_put_byte(out, '\n');
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        buffer_put(out, slice_from(parts[i]));
}
