/* SPDX-License-Identifier: MIT */
/*
 * Lowering copies parameters and body of a unit into its IR, with each reference replaced by the
 * byte REFERENCE or POINTER and its number. Emitting copies them out again and looks up each
 * number: the parameters of the unit found may refer to further units.
 *
 *     IR of a unit    parameters NUL body
 */
#include "line_language.h"

#include "source_path.h"

#include <ctype.h>

enum { REFERENCE = 1, POINTER = 2, MAYBE = 3 };

/* ---- lines and words ----------------------------------------------------------------------- */

static bool next_line(Slice *rest, Slice *line)
{
    if (rest->size == 0)
        return false;
    const char *end = memchr(rest->data, '\n', rest->size);
    size_t size = end == NULL ? rest->size : (size_t)(end - rest->data);
    *line = slice_of(rest->data, size);
    size += end != NULL;
    *rest = slice_of(rest->data + size, rest->size - size);
    return true;
}

static bool take(Slice *line, const char *expected)
{
    Slice word = slice_from(expected);
    if (line->size < word.size || memcmp(line->data, word.data, word.size) != 0)
        return false;
    *line = slice_of(line->data + word.size, line->size - word.size);
    return true;
}

static bool is_name_byte(char byte)
{
    return isalnum((unsigned char)byte) || byte == '_';
}

static Slice take_name(Slice *line)
{
    size_t size = 0;
    while (size < line->size && is_name_byte(line->data[size]))
        size++;
    Slice name = slice_of(line->data, size);
    *line = slice_of(line->data + size, line->size - size);
    return name;
}

typedef struct ImportLine {
    Slice path, alias;
    bool is_optional, is_bracketed;
} ImportLine;

/* The text up to the next `end`, which is consumed too. */
static bool take_until(Slice *line, char end, Slice *taken)
{
    const char *found = line->size == 0 ? NULL : memchr(line->data, end, line->size);
    if (found == NULL)
        return false;
    *taken = slice_of(line->data, (size_t)(found - line->data));
    *line = slice_of(found + 1, line->size - taken->size - 1);
    return true;
}

static bool take_import(Slice line, ImportLine *import)
{
    *import = (ImportLine){0};
    if (!take(&line, "import"))
        return false;
    import->is_optional = take(&line, "?");
    import->is_bracketed = take(&line, " <");
    if (!(import->is_bracketed || take(&line, " \"")) ||
        !take_until(&line, import->is_bracketed ? '>' : '"', &import->path))
        return false;
    if (take(&line, " as "))
        import->alias = take_name(&line);
    return line.size == 0;
}

static void scan_imports(void *language, Slice source, ImportScan *scan)
{
    (void)language;
    Slice line;
    ImportLine import;
    for (uint32_t number = 1; next_line(&source, &line); number++) {
        if (!take_import(line, &import))
            continue;
        ScannedImport *scanned = import_scan_add(scan, import.path, number, 1);
        scanned->kind = import.is_bracketed;
        scanned->is_optional = import.is_optional;
    }
}

static void resolve(void *language, Slice importer, const ScannedImport *import,
                    ImportCandidates *candidates)
{
    Slice beside;
    bool is_bracketed = import->kind != 0;
    if (!is_bracketed &&
        source_path_resolve(importer, import->path, candidates->arena, &beside) == PATH_OK)
        import_candidates_add(candidates, beside);
    for (const char *const *directory = language; *directory != NULL; directory++) {
        ByteBuffer path = {.arena = candidates->arena};
        buffer_put(&path, slice_from(*directory));
        buffer_put_byte(&path, '/');
        buffer_put(&path, import->path);
        import_candidates_add(candidates, buffer_slice(&path));
    }
}

/* ---- lowering ------------------------------------------------------------------------------ */

typedef struct Lowering {
    DeclarationsBuilder builder;
    ByteBuffer ir;
    ByteBuffer aliases; /* one Slice per import */
    const HashSecret *secret;
    Diagnostics *diagnostics;
    uint32_t line;
    bool failed;
} Lowering;

static void fail(Lowering *lowering, const char *message, Slice about)
{
    diagnostics_add(lowering->diagnostics, lowering->line, 1, "%s: '%.*s'", message,
                    (int)about.size, about.data == NULL ? "" : about.data);
    lowering->failed = true;
}

static uint32_t find_alias(const Lowering *lowering, Slice alias)
{
    size_t count = lowering->aliases.size / sizeof(Slice);
    const Slice *aliases = (const Slice *)(const void *)lowering->aliases.data;
    for (size_t i = 0; i < count; i++)
        if (slice_equal(aliases[i], alias))
            return (uint32_t)i;
    return IMPORT_SELF;
}

static void lower_reference(Lowering *lowering, char kind, Slice *text, bool in_interface)
{
    uint32_t import = IMPORT_SELF;
    Slice name = take_name(text);
    if (take(text, ".")) {
        import = find_alias(lowering, name);
        if (import == IMPORT_SELF)
            fail(lowering, "unknown alias", name);
        name = take_name(text);
    }
    if (name.size == 0)
        fail(lowering, "a name must follow the $ or &", *text);
    buffer_put_byte(&lowering->ir, kind);
    buffer_put_u32(&lowering->ir, declarations_add_reference(&lowering->builder, import, name,
                                                             in_interface));
}

static void lower_text(Lowering *lowering, Slice text, bool in_interface)
{
    while (text.size != 0) {
        if (take(&text, "$")) {
            lower_reference(lowering, REFERENCE, &text, in_interface);
        } else if (take(&text, "&")) {
            lower_reference(lowering, POINTER, &text, in_interface);
        } else if (take(&text, "~")) {
            lower_reference(lowering, MAYBE, &text, in_interface);
        } else if (take(&text, "\\n")) {
            buffer_put_byte(&lowering->ir, '\n');
        } else {
            if ((unsigned char)text.data[0] < ' ')
                fail(lowering, "a control character", (Slice){0});
            buffer_put_byte(&lowering->ir, text.data[0]);
            text = slice_of(text.data + 1, text.size - 1);
        }
    }
}

static bool is_declared(const Lowering *lowering, Slice name)
{
    const DeclarationsBuilder *builder = &lowering->builder;
    size_t count = builder->items.size / sizeof(Declaration);
    const Declaration *items = (const Declaration *)(const void *)builder->items.data;
    for (size_t i = 0; i < count; i++)
        if (slice_equal(slice_of(builder->text.data + items[i].name.offset, items[i].name.size),
                        name))
            return true;
    return false;
}

static Declaration *newest(Lowering *lowering)
{
    ByteBuffer *items = &lowering->builder.items;
    return (Declaration *)(void *)(items->data + items->size) - 1;
}

static Hash128 hash_pair(const Lowering *lowering, Slice name, Slice text)
{
    ByteBuffer key = {0};
    key_put_slice(&key, name);
    key_put_slice(&key, text);
    Hash128 hash = hash_keyed(lowering->secret, buffer_slice(&key));
    buffer_free(&key);
    return hash;
}

/* What the hashes are made from: it holds numbers, and where these lead is not in it. */
static Slice lowered_since(const Lowering *lowering, uint32_t offset)
{
    return slice_of(lowering->ir.data + offset, lowering->ir.size - offset);
}

static void lower_unit(Lowering *lowering, Slice line)
{
    Slice parameters = {0}, name = take_name(&line);
    if (name.size == 0 || (take(&line, "(") && !take_until(&line, ')', &parameters)) ||
        (line.size != 0 && !take(&line, " "))) {
        fail(lowering, "unit NAME(PARAMETERS) BODY expected", line);
        return;
    }
    if (is_declared(lowering, name)) {
        fail(lowering, "declared twice", name);
        return;
    }
    uint32_t ir_offset = (uint32_t)lowering->ir.size;
    declarations_add(&lowering->builder, name, lowering->line, 6);
    lower_text(lowering, parameters, true);
    Slice lowered = lowered_since(lowering, ir_offset);
    newest(lowering)->interface_hash = hash_pair(lowering, name, lowered);
    buffer_put_byte(&lowering->ir, '\0');
    uint32_t body_offset = (uint32_t)lowering->ir.size;
    lower_text(lowering, line, false);

    Declaration *unit = newest(lowering);
    if (line.size != 0)
        unit->body_hash = hash_keyed(lowering->secret, lowered_since(lowering, body_offset));
    unit->ir_offset = ir_offset;
    unit->ir_size = (uint32_t)lowering->ir.size - ir_offset;
}

static void lower_declare(Lowering *lowering, Slice line)
{
    Slice symbol = take_name(&line);
    if (symbol.size == 0 || !take(&line, " ")) {
        fail(lowering, "declare SYMBOL LINE expected", line);
        return;
    }
    if (is_declared(lowering, symbol)) {
        fail(lowering, "declared twice", symbol);
        return;
    }
    Declaration *declared = declarations_add(&lowering->builder, symbol, lowering->line, 9);
    declared->interface_hash = hash_pair(lowering, symbol, line);
    declared->ir_offset = (uint32_t)lowering->ir.size;
    declared->ir_size = 1;
    buffer_put_byte(&lowering->ir, '\0');
    declarations_set_prelude(&lowering->builder, symbol, line);
}

static void lower_todo(Lowering *lowering, Slice line)
{
    Slice path;
    bool has_path = take(&line, "in \"") && take_until(&line, '"', &path) && take(&line, " ");
    Diagnostic *added = diagnostics_add(lowering->diagnostics, lowering->line, 1, "to do: '%.*s'",
                                        (int)line.size, line.data);
    added->severity = SEVERITY_WARNING;
    added->code = slice_from("todo");
    if (!has_path)
        return;
    added = diagnostics_add(lowering->diagnostics, 1, 1, "in this file");
    added->severity = SEVERITY_NOTE;
    added->path = path;
}

static void lower_line(Lowering *lowering, Slice line)
{
    ImportLine import;
    if (take_import(line, &import)) {
        declarations_add_import(&lowering->builder, import.path, lowering->line, 1);
        buffer_put(&lowering->aliases, slice_of(&import.alias, sizeof import.alias));
    } else if (take(&line, "unit ")) {
        lower_unit(lowering, line);
    } else if (take(&line, "declare ")) {
        lower_declare(lowering, line);
    } else if (take(&line, "todo ")) {
        lower_todo(lowering, line);
    } else if (line.size != 0 && line.data[0] != '#') {
        fail(lowering, "what is this line?", line);
    }
}

static bool lower(void *language, Slice source, const HashSecret *secret, Arena *arena,
                  Diagnostics *diagnostics, Lowered *lowered)
{
    (void)language;
    Slice line;
    Lowering lowering = {.secret = secret, .diagnostics = diagnostics};
    while (next_line(&source, &line)) {
        lowering.line++;
        lower_line(&lowering, line);
    }
    *lowered = (Lowered){0};
    if (!lowering.failed) {
        lowered->declarations = declarations_finish(&lowering.builder, arena);
        Slice ir = buffer_slice(&lowering.ir);
        lowered->ir = slice_of(arena_copy(arena, ir), ir.size);
    }
    declarations_builder_free(&lowering.builder);
    buffer_free(&lowering.ir);
    buffer_free(&lowering.aliases);
    return !lowering.failed;
}

/* ---- emitting ------------------------------------------------------------------------------ */

typedef struct Signature { /* one being written */
    const Unit *unit;
    const struct Signature *outer; /* the one that contains this one; NULL: none */
} Signature;

typedef struct Emission {
    const Unit *unit; /* the unit being emitted; only its own unknown names are its errors */
    const Lookup *lookup;
    const Signature *inner; /* the innermost one being written */
    ByteBuffer *text;
    Diagnostics *diagnostics;
    unsigned depth; /* of interfaces in interfaces */
    bool failed, is_endless;
} Emission;

enum { MAX_DEPTH = 100 }; /* deeper counts as a cycle */

static bool is_reference(char byte)
{
    return byte == REFERENCE || byte == POINTER || byte == MAYBE;
}

static const Declaration *declaration_of(const Unit *unit)
{
    return &unit->declarations->items[unit->declaration];
}

/* Empty slices if the IR is not as lower makes it: IR from disk is checked. */
static void split_ir(const Unit *unit, Slice *parameters, Slice *body)
{
    const Declaration *declaration = declaration_of(unit);
    *parameters = *body = (Slice){0};
    if (declaration->ir_offset > unit->ir.size ||
        declaration->ir_size > unit->ir.size - declaration->ir_offset)
        return;
    Slice ir = slice_of(unit->ir.data + declaration->ir_offset, declaration->ir_size);
    for (size_t i = 0; i < ir.size; i += is_reference(ir.data[i]) ? 5 : 1)
        if (ir.data[i] == '\0') {
            *parameters = slice_of(ir.data, i);
            *body = slice_of(ir.data + i + 1, ir.size - i - 1);
            return;
        }
}

static void expand(Emission *emission, const Unit *unit, Slice ir);

static void put_signature(Emission *emission, const Unit *unit)
{
    Slice parameters, body;
    Signature signature = {unit, emission->inner};
    split_ir(unit, &parameters, &body);
    emission->inner = &signature;
    buffer_put(emission->text, unit->symbol);
    buffer_put_byte(emission->text, '(');
    expand(emission, unit, parameters);
    buffer_put_byte(emission->text, ')');
    emission->inner = signature.outer;
}

/* Is the text being written part of the unit's own signature? */
static bool is_in_signature_of(const Emission *emission, const Unit *unit)
{
    for (const Signature *at = emission->inner; at != NULL; at = at->outer)
        if (at->unit->file == unit->file && at->unit->declaration == unit->declaration)
            return true;
    return false;
}

static void put_contained(Emission *emission, const Unit *found)
{
    const Declaration *at = declaration_of(emission->unit);
    if (emission->depth == MAX_DEPTH) {
        diagnostics_add(emission->diagnostics, at->line, at->column, "a cycle of interfaces");
        emission->failed = emission->is_endless = true;
        return;
    }
    emission->depth++;
    buffer_put_byte(emission->text, '<');
    put_signature(emission, found);
    buffer_put_byte(emission->text, '>');
    emission->depth--;
}

static void put_found(Emission *emission, char kind, const Unit *found)
{
    if (kind == POINTER)
        buffer_put_byte(emission->text, '&');
    if (kind == POINTER && is_in_signature_of(emission, found))
        buffer_put(emission->text, found->symbol);
    else
        put_contained(emission, found);
}

/* ---- its warnings -------------------------------------------------------------------------- */

static void warn_of_old(Emission *emission, const Unit *found)
{
    const Declaration *at = declaration_of(emission->unit);
    Slice parameters, body;
    split_ir(found, &parameters, &body);
    if (parameters.size == 0 || parameters.data[0] != '!')
        return;
    Diagnostic *added = diagnostics_add(emission->diagnostics, at->line, at->column,
                                        "'%.*s' is old", (int)found->symbol.size,
                                        found->symbol.data);
    added->severity = SEVERITY_WARNING;
    added->code = slice_from("old");
    Slice name = declaration_name(found->declarations, found->declaration);
    added = diagnostics_add(emission->diagnostics, 1, 1, "'%.*s' is this one", (int)name.size,
                            name.data);
    added->severity = SEVERITY_NOTE;
    diagnostic_point_to(added, found);
}

static void warn_of_unfinished(Emission *emission, Slice body)
{
    const Declaration *at = declaration_of(emission->unit);
    for (size_t i = 0; i < body.size; i += is_reference(body.data[i]) ? 5 : 1)
        if (body.data[i] == '?') {
            Diagnostic *added = diagnostics_add(emission->diagnostics, at->line,
                                                at->column + (uint32_t)i, "a body with a '?'");
            added->severity = SEVERITY_WARNING;
            return;
        }
}

/* The numbers that may be looked up: of a unit found, only those of its interface. */
static uint32_t reference_count(const Emission *emission, const Unit *unit)
{
    const Declaration *declaration = declaration_of(unit);
    bool is_emitted = unit == emission->unit;
    return declaration->interface_reference_count +
           (is_emitted ? declaration->body_reference_count : 0);
}

static void report_missing(Emission *emission, uint32_t number)
{
    const Unit *unit = emission->unit;
    const Declaration *at = declaration_of(unit);
    Slice name = declarations_text(
        unit->declarations,
        declaration_reference(unit->declarations, unit->declaration, number)->name);
    diagnostics_add(emission->diagnostics, at->line, at->column, "unknown unit: '%.*s'",
                    (int)name.size, name.data);
}

/* A number that is not one of the unit's own comes from damaged IR. */
static void expand_reference(Emission *emission, const Unit *unit, char kind, uint32_t number)
{
    Unit found;
    Resolution resolution = NAME_POISONED;
    if (emission->is_endless)
        return;
    if (number < reference_count(emission, unit))
        resolution = emission->lookup->find(emission->lookup, unit, number, &found);
    if (resolution == NAME_FOUND) {
        if (unit == emission->unit)
            warn_of_old(emission, &found);
        put_found(emission, kind, &found);
        return;
    }
    if (resolution == NAME_MISSING && kind == MAYBE) {
        buffer_put(emission->text, slice_from("nothing"));
        return;
    }
    emission->failed = true;
    if (resolution == NAME_MISSING && unit == emission->unit)
        report_missing(emission, number);
}

static void expand(Emission *emission, const Unit *unit, Slice ir)
{
    for (size_t i = 0; i < ir.size; i++) {
        if (is_reference(ir.data[i]) && ir.size - i > sizeof(uint32_t)) {
            uint32_t number;
            memcpy(&number, ir.data + i + 1, sizeof number);
            expand_reference(emission, unit, ir.data[i], number);
            i += sizeof number;
        } else {
            buffer_put_byte(emission->text, ir.data[i]);
        }
    }
}

static bool emit(void *language, const Unit *unit, const Lookup *lookup, Arena *scratch,
                 ByteBuffer *text, Diagnostics *diagnostics)
{
    (void)language, (void)scratch;
    Slice parameters, body;
    size_t before = text->size;
    Emission emission = {.unit = unit, .lookup = lookup, .text = text, .diagnostics = diagnostics};
    split_ir(unit, &parameters, &body);
    put_signature(&emission, unit);
    buffer_put_byte(text, ' ');
    expand(&emission, unit, body);
    warn_of_unfinished(&emission, body);
    buffer_put_byte(text, '\n');
    if (body.size == 0) /* a unit without a body is checked, and has no code */
        text->size = before;
    return !emission.failed;
}

void line_emit_file(void *language, UnitEmission *units, size_t count, Arena *scratch)
{
    for (size_t i = 0; i < count; i++)
        units[i].is_right = emit(language, units[i].unit, units[i].lookup, scratch, units[i].text,
                                 units[i].diagnostics);
}

Compiler line_language(const char *settings)
{
    Compiler compiler = {
        .fingerprint = hash_bytes(slice_from("lines")),
        .settings = hash_bytes(slice_from(settings)),
        .entry_point = slice_from("main"),
        .missing_entry_point = slice_from("the entry file has no unit 'main'"),
        .prelude = slice_from("; a program of lines\n"),
        .scan_imports = scan_imports,
        .lower = lower,
        .emit = emit,
    };
    return compiler;
}

Compiler line_language_searching(const char *settings, const char *const *directories)
{
    ByteBuffer all = {0};
    Compiler compiler = line_language(settings);
    key_put_slice(&all, slice_from("lines"));
    for (const char *const *directory = directories; *directory != NULL; directory++)
        key_put_slice(&all, slice_from(*directory));
    compiler.fingerprint = hash_bytes(buffer_slice(&all));
    compiler.language = (void *)directories;
    compiler.resolve = resolve;
    buffer_free(&all);
    return compiler;
}
