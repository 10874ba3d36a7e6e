/* SPDX-License-Identifier: MIT */
/*
 * A whole compiler on top of the cache, for a language with one function per line:
 *
 *     square x = x x *
 *     main = 3 square 4 square +
 *
 * A word of a body is a number, an operator, a parameter, or the name of a function. What a caller
 * sees of a function is how many parameters it has. Syntax is not checked here: a file with errors
 * in it would be poisoned, with no declarations (ProgramFile).
 *
 * The program builds such a source several times, and is successful if each build compiled no more
 * than it had to: the second one nothing.
 */
#include "cache_mark.h"
#include "cached_codegen.h"

#include <ctype.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

typedef struct Toy {
    Program program; /* first: a Program * is a Toy * */
    ProgramFile file;
} Toy;

typedef struct Result {
    unsigned compiled;
    ByteBuffer code, errors;
} Result;

/* ---- source to declarations and IR ---------------------------------------------------------- */

/* Takes what is before `end` off the text. */
static Slice take_until(Slice *text, char end)
{
    size_t size = 0;
    while (size < text->size && text->data[size] != end)
        size++;
    Slice taken = slice_of(text->data, size);
    size_t rest = size < text->size ? size + 1 : size;
    *text = slice_of(text->data + rest, text->size - rest);
    return taken;
}

/* Takes a word off the text; empty when there is none left. */
static Slice take_word(Slice *text)
{
    Slice word = slice_of(text->data, 0);
    while (word.size == 0 && text->size != 0)
        word = take_until(text, ' ');
    return word;
}

static bool find_parameter(Slice parameters, Slice name, uint32_t *number)
{
    Slice word;
    for (*number = 0; (word = take_word(&parameters)).size != 0; ++*number)
        if (slice_equal(word, name))
            return true;
    return false;
}

static void lower_word(DeclarationsBuilder *builder, Slice word, Slice parameters, ByteBuffer *ir)
{
    uint32_t number;
    if (find_parameter(parameters, word, &number))
        buffer_put_format(ir, " $%u", number);
    else if (isalpha((unsigned char)word.data[0])) /* the number stays in the IR, for emit */
        buffer_put_format(
            ir, " @%u", declarations_add_reference(builder, IMPORT_SELF, word, false));
    else {
        buffer_put_byte(ir, ' ');
        buffer_put(ir, word);
    }
}

/* The IR of "square x = x x *" is "1 $0 $0 *": how many parameters it has, and its body. */
static void lower_function(DeclarationsBuilder *builder, Slice line, uint32_t line_number,
                           ByteBuffer *ir)
{
    uint32_t parameter_count;
    size_t begin = ir->size;
    Slice parameters = take_until(&line, '='), word;
    Declaration *added = declarations_add(builder, take_word(&parameters), line_number, 1);
    find_parameter(parameters, slice_from(""), &parameter_count);
    buffer_put_decimal(ir, parameter_count);
    size_t body = ir->size;
    while ((word = take_word(&line)).size != 0)
        lower_word(builder, word, parameters, ir);
    added->interface_hash = hash_bytes(slice_of(ir->data + begin, body - begin));
    added->body_hash = hash_bytes(slice_of(ir->data + body, ir->size - body));
    added->ir_offset = (uint32_t)begin;
    added->ir_size = (uint32_t)(ir->size - begin);
}

static bool lower(Slice source, Arena *arena, ProgramFile *file)
{
    DeclarationsBuilder builder = declarations_builder_in(arena);
    ByteBuffer ir = {.arena = arena};
    for (uint32_t line = 1; source.size != 0; line++)
        lower_function(&builder, take_until(&source, '\n'), line, &ir);
    file->ir = buffer_slice(&ir);
    return declarations_view(declarations_finish(&builder, arena), &file->declarations);
}

/* ---- one function to code ------------------------------------------------------------------- */

static Slice ir_of(const Unit *unit)
{
    const Declaration *item = &unit->declarations->items[unit->declaration];
    return slice_of(unit->ir.data + item->ir_offset, item->ir_size);
}

/* Of a function that is called, only what its interface hash covers may be looked at. */
static bool emit_call(const Unit *unit, const Lookup *lookup, uint32_t reference, ByteBuffer *text,
                      Diagnostics *diagnostics)
{
    Unit callee;
    if (lookup->find(lookup, unit, reference, &callee) != NAME_FOUND) {
        const Declarations *all = unit->declarations;
        const Declaration *item = &all->items[unit->declaration];
        Slice name = declarations_text(
            all, declaration_reference(all, unit->declaration, reference)->name);
        diagnostics_add(diagnostics, item->line, item->column, "there is no '%.*s'",
                        (int)name.size, name.data);
        return false;
    }
    Slice ir = ir_of(&callee);
    buffer_put(text, slice_from("call "));
    buffer_put(text, callee.symbol);
    buffer_put_byte(text, '/');
    buffer_put(text, take_word(&ir));
    return true;
}

static bool emit(void *language, const Unit *unit, const Lookup *lookup, Arena *scratch,
                 ByteBuffer *text, Diagnostics *diagnostics)
{
    (void)language, (void)scratch;
    bool is_right = true;
    Slice ir = ir_of(unit), word;
    take_word(&ir);
    buffer_put(text, unit->symbol);
    buffer_put_byte(text, ':');
    while ((word = take_word(&ir)).size != 0) {
        uint32_t number = 0;
        for (size_t i = 1; i < word.size; i++)
            number = number * 10 + (uint32_t)(word.data[i] - '0');
        buffer_put_byte(text, ' ');
        if (word.data[0] == '@')
            is_right &= emit_call(unit, lookup, number, text, diagnostics);
        else
            buffer_put(text, word);
    }
    buffer_put_byte(text, '\n');
    return is_right;
}

/* ---- the build ------------------------------------------------------------------------------ */

static ProgramFile *the_file(Program *program, uint32_t number)
{
    (void)number; /* there is one */
    return &((Toy *)program)->file;
}

static int compile_functions(Toy *toy, AirCache *cache, CodegenScratch *scratch, Result *result)
{
    ByteBuffer key_bytes = {0};
    CachedCodegen codegen = {
        .program = &toy->program, .cache = cache, .emit = emit, .scratch = scratch};
    program_interface_keys(&toy->program, 0, &key_bytes);
    for (uint32_t i = 0; i < toy->file.declarations.count; i++) {
        bool is_cacheable;
        UnitOutput output;
        Hash128 key = program_unit_key(&toy->program, 0, i, &key_bytes, &is_cacheable);
        cached_codegen(&codegen, 0, 0, i, key, is_cacheable, &output);
        result->compiled += output.origin != OUTPUT_CACHED;
        if (output.origin == OUTPUT_EMITTED && is_cacheable)
            air_cache_put(cache, key, output.text);
        buffer_put(&result->code, output.text);
    }
    buffer_free(&key_bytes);
    return air_cache_commit(cache, false, NULL); /* until now the texts are lent */
}

static int build(int dir_fd, Slice source, Result *result)
{
    Arena arena = {0};
    AirCache cache;
    CodegenScratch scratch = {0};
    Toy toy = {.program = {.file = the_file,
                           .fingerprint = hash_bytes(slice_from("toy 1.0, no flags")),
                           .entry_point = slice_from("main")},
               .file = {.path = slice_from("main.toy")}};
    int error = air_cache_open(&cache, dir_fd);
    if (error != 0)
        return error;
    if (lower(source, &arena, &toy.file)) {
        uint32_t count = toy.file.declarations.count;
        toy.file.interface_keys = arena_allocate(&arena, count * sizeof(Hash128));
        toy.file.key_states = memset(arena_allocate(&arena, count), KEY_UNKNOWN, count);
        error = compile_functions(&toy, &cache, &scratch, result);
        diagnostics_sort(&scratch.diagnostics);
        diagnostics_format_file(scratch.diagnostics.items, scratch.diagnostics.count,
                                toy.file.path, source, &result->errors);
    }
    air_cache_close(&cache);
    codegen_scratch_free(&scratch);
    arena_free(&arena);
    return error;
}

/* ---- a few builds --------------------------------------------------------------------------- */

#define SQUARE "main.toy:square: $0 $0 *\n"
#define MAIN(parameters) \
    "main: 3 call main.toy:square/" parameters " 4 call main.toy:square/" parameters " +\n"

typedef struct Step {
    const char *source;
    unsigned compiled; /* in a new cache; on a second run only what is wrong is compiled */
    unsigned compiled_again;
    const char *result; /* code or errors */
} Step;

static const Step STEPS[] = {
    {"square x = x x *\nmain = 3 square 4 square +", 2, 0, SQUARE MAIN("1")},
    {"square x = x x *\nmain = 3 square 4 square +", 0, 0, SQUARE MAIN("1")},
    /* a body: that function alone */
    {"square x = 1 x *\nmain = 3 square 4 square +", 1, 0, "main.toy:square: 1 $0 *\n" MAIN("1")},
    /* an interface: the caller, too */
    {"square x y = x x *\nmain = 3 square 4 square +", 2, 0, SQUARE MAIN("2")},
    /* what is wrong is not kept, and is reported each time */
    {"main = 3 cube", 1, 1, "main.toy:1:1: error: there is no 'cube'\nmain = 3 cube\n^\n"},
    {"main = 3 cube", 1, 1, "main.toy:1:1: error: there is no 'cube'\nmain = 3 cube\n^\n"},
};

int main(void)
{
    bool is_right = true, ran_before = false;
    int dir_fd = cache_mark_open("my_cache");
    int lock = dir_fd < 0 ? -1 : openat(dir_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0 || flock(lock, LOCK_EX) != 0) /* held until it is closed, or the process ends */
        return 1;
    for (size_t i = 0; i < sizeof STEPS / sizeof *STEPS; i++) {
        const Step *step = &STEPS[i];
        Result result = {0};
        is_right &= build(dir_fd, slice_from(step->source), &result) == 0;
        ran_before |= i == 0 && result.compiled == 0;
        is_right &= result.compiled == (ran_before ? step->compiled_again : step->compiled);
        ByteBuffer *text = result.errors.size != 0 ? &result.errors : &result.code;
        is_right &= slice_equal(buffer_slice(text), slice_from(step->result));
        buffer_free(&result.code);
        buffer_free(&result.errors);
    }
    close(lock);
    close(dir_fd);
    return !is_right;
}
