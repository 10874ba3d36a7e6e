/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* MAP_32BIT */

#include "native_program.h"

#include "scratch.h"
#include "unit_code.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct Symbol {
    Slice name;
    ReferenceKind kind;
    char *address;
} Symbol;

typedef struct Image {
    Symbol *symbols; /* a slot for each, at the start of the memory */
    size_t count;
    char *memory;
    size_t size;
} Image;

/* ---- symbols ------------------------------------------------------------------------------- */

static int compare_symbols(const void *a, const void *b)
{
    const Symbol *x = a, *y = b;
    return x->kind != y->kind ? (x->kind > y->kind) - (x->kind < y->kind)
                              : slice_compare(x->name, y->name);
}

static Symbol *symbol_of(const Image *image, ReferenceKind kind, Slice name)
{
    Symbol wanted = {name, kind, NULL};
    if (image->count == 0)
        return NULL;
    return bsearch(&wanted, image->symbols, image->count, sizeof wanted, compare_symbols);
}

static void add_symbol(ByteBuffer *symbols, ReferenceKind kind, Slice name)
{
    const Symbol symbol = {name, kind, NULL};
    buffer_put(symbols, slice_of(&symbol, sizeof symbol));
}

/* All symbols that are defined, sorted; then those of C that are referred to. */
static void collect_symbols(Image *image, Slice blobs)
{
    ByteBuffer symbols = {0}, units = {0};
    UnitCode unit;
    for (Slice rest = blobs; unit_code_next(&rest, &unit);) {
        add_symbol(&units, REFERENCE_UNIT, unit.symbol);
        for (uint32_t i = 0; i < unit.reference_count; i++) {
            CodeReference reference = unit_code_reference(&unit, i);
            if (reference.kind == REFERENCE_C)
                add_symbol(&symbols, REFERENCE_C, reference.symbol);
        }
        image->size += (unit.code.size + 15) & ~(size_t)15;
    }
    buffer_put(&symbols, buffer_slice(&units));
    buffer_free(&units);
    image->symbols = (Symbol *)(void *)symbols.data;
    size_t count = symbols.size / sizeof(Symbol);
    qsort(image->symbols, count, sizeof(Symbol), compare_symbols);
    for (size_t i = 0; i < count; i++) {
        bool is_again = i != 0 && compare_symbols(&image->symbols[i - 1], &image->symbols[i]) == 0;
        if (is_again && image->symbols[i].kind == REFERENCE_UNIT)
            fail_msg("defined twice: %.*s", (int)image->symbols[i].name.size,
                     image->symbols[i].name.data);
        if (!is_again || image->count == 0)
            image->symbols[image->count++] = image->symbols[i];
    }
}

/* ---- the image ----------------------------------------------------------------------------- */

static void place_code(Image *image, Slice blobs)
{
    char *at = image->memory + 8 * image->count;
    at += -(uintptr_t)at & 15;
    UnitCode unit;
    Slice rest = blobs;
    while (unit_code_next(&rest, &unit)) {
        symbol_of(image, REFERENCE_UNIT, unit.symbol)->address = at;
        if (unit.code.size != 0)
            memcpy(at, unit.code.data, unit.code.size);
        for (uint32_t i = 0; i < unit.reference_count; i++) {
            CodeReference reference = unit_code_reference(&unit, i);
            const Symbol *symbol = symbol_of(image, reference.kind, reference.symbol);
            if (symbol == NULL)
                fail_msg("%s refers to what nobody defines: %.*s", unit.symbol.data,
                         (int)reference.symbol.size, reference.symbol.data);
            uint32_t slot =
                (uint32_t)(uintptr_t)(image->memory + 8 * (size_t)(symbol - image->symbols));
            memcpy(at + reference.offset, &slot, sizeof slot);
        }
        at += (unit.code.size + 15) & ~(size_t)15;
    }
    assert_int_equal(rest.size, 0);
}

#if defined(__x86_64__) && defined(__linux__)

static void fill_slots(Image *image, FindSymbol *find)
{
    dlopen("libm.so.6", RTLD_NOW | RTLD_GLOBAL);
    for (size_t i = 0; i < image->count; i++) {
        Symbol *symbol = &image->symbols[i];
        char name[256];
        snprintf(name, sizeof name, "%.*s", (int)symbol->name.size, symbol->name.data);
        if (symbol->kind == REFERENCE_C && find != NULL)
            symbol->address = find(name);
        if (symbol->kind == REFERENCE_C && symbol->address == NULL)
            symbol->address = dlsym(RTLD_DEFAULT, name);
        if (symbol->address == NULL)
            fail_msg("C has no %s", name);
        memcpy(image->memory + 8 * i, &symbol->address, sizeof symbol->address);
    }
}

static void image_open(Image *image, Slice blobs, FindSymbol *find)
{
    collect_symbols(image, blobs);
    image->size += 8 * image->count + 16;
    image->memory = mmap(NULL, image->size, PROT_READ | PROT_WRITE | PROT_EXEC,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    assert_ptr_not_equal(image->memory, MAP_FAILED);
    place_code(image, blobs);
    fill_slots(image, find);
}

static void image_close(Image *image)
{
    munmap(image->memory, image->size);
    free(image->symbols);
}

/* In the child: never returns. */
static void call_main(const Image *image, const Scratch *scratch)
{
    static const int signals[] = {SIGSEGV, SIGILL, SIGFPE, SIGBUS, SIGABRT, SIGTRAP};
    char path[300];
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], SIG_DFL);
    snprintf(path, sizeof path, "%s/output", scratch->path);
    if (freopen(path, "wb", stdout) == NULL)
        _exit(99);
    snprintf(path, sizeof path, "%s/errors", scratch->path);
    if (freopen(path, "wb", stderr) == NULL)
        _exit(99);
    alarm(600);
    int (*function)(void);
    memcpy(&function, &symbol_of(image, REFERENCE_UNIT, slice_from("main"))->address,
           sizeof function);
    int status = function();
    fflush(NULL);
    _exit(status);
}

static void read_output(const Scratch *scratch, const char *name, ByteBuffer *text)
{
    size_t size;
    char *bytes = scratch_read(scratch, name, &size);
    buffer_put(text, slice_of(bytes, size + 1));
    text->size--;
    free(bytes);
}

void native_program_run(Slice blobs, FindSymbol *find, NativeRun *run)
{
    Image image = {0};
    Scratch scratch;
    *run = (NativeRun){0};
    image_open(&image, blobs, find);
    scratch_open(&scratch);
    fflush(NULL);
    pid_t child = fork();
    assert_int_not_equal(child, -1);
    if (child == 0)
        call_main(&image, &scratch);
    int ended;
    assert_int_equal(waitpid(child, &ended, 0), child);
    run->status = WIFEXITED(ended) ? WEXITSTATUS(ended) : 128 + WTERMSIG(ended);
    read_output(&scratch, "output", &run->output);
    read_output(&scratch, "errors", &run->errors);
    scratch_close(&scratch);
    image_close(&image);
}

#else

void native_program_run(Slice blobs, FindSymbol *find, NativeRun *run)
{
    Image image = {0};
    (void)find;
    *run = (NativeRun){0};
    collect_symbols(&image, blobs);
    image.memory = memory_allocate_zeroed(1, image.size + 8 * image.count + 32);
    place_code(&image, blobs);
    free(image.memory);
    free(image.symbols);
    print_message("skipped: this machine does not run x86-64 Linux code\n");
    skip();
}

#endif

void native_run_free(NativeRun *run)
{
    buffer_free(&run->output);
    buffer_free(&run->errors);
}
