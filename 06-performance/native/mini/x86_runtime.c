/* SPDX-License-Identifier: MIT */
/*
 * Each is a function of its own with a frame pointer, so that a debugger that stops in printf finds
 * its way back. Formats and texts stand with the function that uses them.
 */
#include "x86_runtime.h"

#include "native_names.h"
#include "x86_code.h"

static void begin(X86Code *code, Arena *arena, const char *symbol)
{
    x86_begin(code, arena, slice_from(symbol), 0);
    x86_push(code, X86_RBP);
    x86_put(code, X86_MOV | X86_WIDE, X86_RBP, x86_register(X86_RSP));
}

static void call_c(X86Code *code, const char *symbol)
{
    x86_put(code, X86_CALL, 0, x86_slot(REFERENCE_C, slice_from(symbol)));
}

static void end(X86Code *code, ByteBuffer *out)
{
    x86_put_plain(code, X86_LEAVE);
    x86_put_plain(code, X86_RET);
    x86_finish(code, out);
}

/* printf(format, rsi or xmm0) */
static void end_print(X86Code *code, const char *format, int reals, ByteBuffer *out)
{
    x86_put(code, X86_LEA, X86_RDI, x86_string(code, format));
    x86_move_number(code, X86_RAX, reals);
    call_c(code, "printf");
    end(code, out);
}

/* ---- print ----------------------------------------------------------------------------------- */

static void put_print_integer(Arena *arena, const char *symbol, const char *format, ByteBuffer *out)
{
    X86Code code;
    begin(&code, arena, symbol);
    x86_put(&code, X86_MOV | X86_WIDE, X86_RSI, x86_register(X86_RAX));
    end_print(&code, format, 0, out);
}

/* C may return a null pointer as a str; to printf that is undefined. */
static void put_print_str(Arena *arena, ByteBuffer *out)
{
    X86Code code;
    begin(&code, arena, NATIVE_PRINT "str");
    x86_put(&code, X86_MOV | X86_WIDE, X86_RSI, x86_register(X86_RAX));
    x86_put(&code, X86_TEST | X86_WIDE, X86_RAX, x86_register(X86_RAX));
    uint32_t is_there = x86_skip(&code, X86_NE);
    x86_put(&code, X86_LEA, X86_RSI, x86_string(&code, "(null)"));
    x86_land(&code, is_there);
    end_print(&code, "%s\n", 0, out);
}

static void put_print_bool(Arena *arena, ByteBuffer *out)
{
    X86Code code;
    begin(&code, arena, NATIVE_PRINT "bool");
    x86_put(&code, X86_LEA, X86_RSI, x86_string(&code, "true"));
    x86_put(&code, X86_TEST, X86_RAX, x86_register(X86_RAX));
    uint32_t is_true = x86_skip(&code, X86_NE);
    x86_put(&code, X86_LEA, X86_RSI, x86_string(&code, "false"));
    x86_land(&code, is_true);
    end_print(&code, "%s\n", 0, out);
}

/* printf tells NaNs apart, by their sign; one stands for all. */
static void put_print_real(Arena *arena, ByteBuffer *out)
{
    const int64_t the_nan = 0x7FF8000000000000;
    X86Code code;
    begin(&code, arena, NATIVE_PRINT "f64");
    x86_put(&code, X86_UCOMISD, X86_XMM0, x86_register(X86_XMM0));
    uint32_t is_number = x86_skip(&code, X86_NP);
    x86_move_number(&code, X86_RAX, the_nan);
    x86_put(&code, X86_MOVQ_TO_XMM, X86_XMM0, x86_register(X86_RAX));
    x86_land(&code, is_number);
    end_print(&code, "%.17g\n", 1, out);
}

/* ---- casts and traps ------------------------------------------------------------------------- */

/* What does not fit is a NaN, or its sign says which end is the nearest. */
static void put_saturate(Arena *arena, const char *symbol, int64_t lowest, int64_t highest,
                         ByteBuffer *out)
{
    X86Code code;
    begin(&code, arena, symbol);
    x86_move_number(&code, X86_RAX, 0);
    x86_put(&code, X86_XORPS, X86_XMM1, x86_register(X86_XMM1));
    x86_put(&code, X86_UCOMISD, X86_XMM0, x86_register(X86_XMM1));
    uint32_t is_nan = x86_skip(&code, X86_P);
    x86_move_number(&code, X86_RAX, lowest); /* a number other than 0 leaves the flags */
    uint32_t is_negative = x86_skip(&code, X86_B);
    x86_move_number(&code, X86_RAX, highest);
    x86_land(&code, is_negative);
    x86_land(&code, is_nan);
    end(&code, out);
}

/* What was printed before is written first: it may be in C's buffer, and the program ends here. */
static void put_trap_division(Arena *arena, ByteBuffer *out)
{
    enum { STANDARD_ERROR = 2 };
    X86Code code;
    X86Operand name = x86_memory(X86_RBP, -8);
    begin(&code, arena, NATIVE_TRAP_DIVISION);
    x86_put_number(&code, X86_SUB | X86_WIDE, x86_register(X86_RSP), 16);
    x86_put(&code, X86_STORE | X86_WIDE, X86_RDI, name);
    x86_move_number(&code, X86_RDI, 0);
    call_c(&code, "fflush");
    x86_move_number(&code, X86_RDI, STANDARD_ERROR);
    x86_put(&code, X86_LEA, X86_RSI, x86_string(&code, "division by zero in %s\n"));
    x86_put(&code, X86_MOV | X86_WIDE, X86_RDX, name);
    x86_move_number(&code, X86_RAX, 0);
    call_c(&code, "dprintf");
    x86_put_plain(&code, X86_UD2);
    x86_finish(&code, out);
}

/* ---- the start ------------------------------------------------------------------------------- */

/*
 * The kernel leaves argc at rsp, the arguments after it, and in rdx what C must call at exit. With
 * rbp 0 the walk over the frames ends here. Then
 *
 *     __libc_start_main(main, argc, argv, init 0, fini 0, at_exit, end of stack), which does not
 *     return: it calls exit with what main returns. The last argument is on the stack.
 */
static void put_start(Arena *arena, ByteBuffer *out)
{
    X86Code code;
    x86_begin(&code, arena, slice_from(NATIVE_START), 0);
    x86_move_number(&code, X86_RBP, 0);
    x86_put(&code, X86_MOV | X86_WIDE, X86_R9, x86_register(X86_RDX));
    x86_pop(&code, X86_RSI);
    x86_put(&code, X86_MOV | X86_WIDE, X86_RDX, x86_register(X86_RSP));
    x86_put_number(&code, X86_AND | X86_WIDE, x86_register(X86_RSP), -16);
    x86_push(&code, X86_RAX);
    x86_push(&code, X86_RSP);
    x86_move_number(&code, X86_R8, 0);
    x86_move_number(&code, X86_RCX, 0);
    x86_put(&code, X86_MOV | X86_WIDE, X86_RDI, x86_slot(REFERENCE_UNIT, slice_from("main")));
    call_c(&code, "__libc_start_main");
    x86_put_plain(&code, X86_HLT);
    x86_finish(&code, out);
}

void x86_put_runtime(ByteBuffer *out)
{
    Arena arena = {0};
    put_start(&arena, out);
    put_print_integer(&arena, NATIVE_PRINT "i32", "%d\n", out);
    put_print_integer(&arena, NATIVE_PRINT "i64", "%lld\n", out);
    put_print_str(&arena, out);
    put_print_bool(&arena, out);
    put_print_real(&arena, out);
    put_saturate(&arena, NATIVE_SATURATE_I32, INT32_MIN, INT32_MAX, out);
    put_saturate(&arena, NATIVE_SATURATE_I64, INT64_MIN, INT64_MAX, out);
    put_trap_division(&arena, out);
    arena_free(&arena);
}
