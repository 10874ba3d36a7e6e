/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a Mini program, all the way to LLVM IR. A line `//// NAME` ends a file and begins
 * the next one; the first is main.mini.
 *
 *     what is refused    has an error that says why, at a place in its file
 *     what is accepted   is text that LLVM accepts (asked now and then: it is slow)
 *     always             compiled again, it gives the same text and the same errors
 *
 * Programs that differ only in comments have the same keys, and with the same keys the text must be
 * the same. The lookup is guarded: code that depends on anything missing from its key ends the
 * process.
 */
#include "fuzz_input.h"
#include "fuzz_program.h"
#include "mini_emit.h"
#include "runtime_prelude.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- promises ---------------------------------------------------------------------------- */

static const MemoryFile *file_called(const MemoryProgram *program, Slice path)
{
    uint32_t i = 0;
    while (i < program->file_count && !slice_equal(program->files[i].path, path))
        i++;
    FUZZ_CHECK(i < program->file_count);
    return &program->files[i];
}

static void check_errors(const MemoryProgram *program)
{
    for (size_t i = 0; i < program->diagnostics.count; i++) {
        const Diagnostic *error = &program->diagnostics.items[i];
        const MemoryFile *file = file_called(program, error->path);
        size_t lines = 1;
        for (size_t at = 0; at < file->source.size; at++)
            lines += file->source.data[at] == '\n';
        FUZZ_CHECK(error->line >= 1 && error->line <= lines);
        FUZZ_CHECK(error->column >= 1 && error->column <= file->source.size + 1);
        FUZZ_CHECK(memchr(error->message.data, '\n', error->message.size) == NULL);
    }
    FUZZ_CHECK(program->is_right == (program->diagnostics.count == 0));
}

static void check_again(const MemoryProgram *program, Slice text, const char *comment)
{
    MemoryProgram again;
    fuzz_program_compile(&again, text, slice_from(comment), mini_emit);
    fuzz_programs_same(program, &again, comment[0] == '\0');
    memory_program_free(&again);
}

/* ---- LLVM -------------------------------------------------------------------------------- */

static int compare_lines(const void *a, const void *b)
{
    return slice_compare(*(const Slice *)a, *(const Slice *)b);
}

/* False if two files need different lines for one symbol: an error reported elsewhere. */
static bool put_prelude_lines(const MemoryProgram *program, ByteBuffer *text)
{
    ByteBuffer lines = {0};
    bool agree = true;
    for (uint32_t i = 0; i < program->file_count; i++) {
        const Declarations *view = &program->files[i].view.declarations;
        for (uint32_t d = 0; d < view->count; d++) {
            Slice line[2] = {declarations_text(view, view->items[d].prelude_symbol),
                             declarations_text(view, view->items[d].prelude_line)};
            if (line[0].size != 0)
                buffer_put(&lines, slice_of(line, sizeof line));
        }
    }
    size_t count = lines.size / sizeof(Slice[2]);
    Slice(*sorted)[2] = (void *)lines.data;
    if (count != 0)
        qsort(sorted, count, sizeof *sorted, compare_lines);
    for (size_t i = 0; i < count; i++) {
        if (i != 0 && slice_equal(sorted[i - 1][0], sorted[i][0])) {
            agree &= slice_equal(sorted[i - 1][1], sorted[i][1]);
            continue;
        }
        buffer_put(text, sorted[i][1]);
        buffer_put_byte(text, '\n');
    }
    buffer_free(&lines);
    return agree;
}

/* The newest llvm-as available, or none. */
static FILE *open_assembler(void)
{
    static const char command[] =
        "for v in 25 24 23 22 21 20 19 18 17 16 15; do"
        " command -v llvm-as-$v >/dev/null && exec llvm-as-$v -o /dev/null -; done; cat >/dev/null";
    return popen(command, "w");
}

static void check_llvm_accepts(const MemoryProgram *program)
{
    ByteBuffer text = {0};
    runtime_prelude_put(&text, slice_from(""));
    bool agree = put_prelude_lines(program, &text);
    for (uint32_t i = 0; i < program->file_count; i++)
        buffer_put(&text, buffer_slice(&program->files[i].text));
    FILE *assembler = agree ? open_assembler() : NULL;
    if (assembler != NULL) {
        signal(SIGPIPE, SIG_IGN); /* it stops reading at the first error */
        fwrite(text.data, 1, text.size, assembler);
        FUZZ_CHECK(pclose(assembler) == 0);
    }
    buffer_free(&text);
}

/* Chosen by the text itself, so that a failure is repeatable; FUZZ_ASSEMBLE chooses all. */
static bool is_chosen(Slice text)
{
    return getenv("FUZZ_ASSEMBLE") != NULL || hash_checksum(text) % 512 == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    MemoryProgram program;
    Slice text = slice_of(data, size);
    fuzz_program_compile(&program, text, slice_from(""), mini_emit);
    check_errors(&program);
    check_again(&program, text, "");
    if (program.is_right) {
        check_again(&program, text, "// moves everything by a line\n");
        if (is_chosen(text))
            check_llvm_accepts(&program);
    }
    memory_program_free(&program);
    return 0;
}
