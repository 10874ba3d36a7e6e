/* SPDX-License-Identifier: MIT */
#include "include_language.h"

#include "source_path.h"

#include <ctype.h>

enum { MOST_MACROS = 64, MOST_DEPTH = 12 };

/* ---- words --------------------------------------------------------------------------------- */

static bool take(Slice *text, const char *expected)
{
    Slice word = slice_from(expected);
    if (text->size < word.size || memcmp(text->data, word.data, word.size) != 0)
        return false;
    *text = slice_of(text->data + word.size, text->size - word.size);
    return true;
}

static Slice take_line(Slice *text)
{
    size_t size = 0;
    while (size < text->size && text->data[size] != '\n')
        size++;
    Slice line = slice_of(text->data, size);
    size += size < text->size;
    *text = slice_of(text->data + size, text->size - size);
    return line;
}

static Slice take_word(Slice *text)
{
    size_t size = 0;
    while (size < text->size &&
           (isalnum((unsigned char)text->data[size]) || text->data[size] == '_'))
        size++;
    Slice word = slice_of(text->data, size);
    *text = slice_of(text->data + size, text->size - size);
    (void)take(text, " ");
    return word;
}

static bool take_quoted(Slice *text, Slice *quoted)
{
    if (!take(text, "\""))
        return false;
    const char *end = text->size == 0 ? NULL : memchr(text->data, '"', text->size);
    if (end == NULL)
        return false;
    *quoted = slice_of(text->data, (size_t)(end - text->data));
    *text = slice_of(end + 1, text->size - quoted->size - 1);
    return true;
}

/* ---- what a line names --------------------------------------------------------------------- */

/* The import in a line of the preprocessor, if it has one. */
static bool find_import(Slice line, ScannedImport *import, Slice *name)
{
    *import = (ScannedImport){.role = IMPORT_TEXT};
    *name = (Slice){"", 0};
    if (take(&line, "include? ")) {
        import->is_optional = true;
    } else if (take(&line, "ifexists ")) {
        import->is_optional = true;
        import->role = IMPORT_DATA;
    } else if (take(&line, "embed ") || take(&line, "embed? ")) {
        import->role = IMPORT_DATA;
        import->is_optional = line.data[-2] == '?';
        *name = take_word(&line);
    } else if (take(&line, "env ")) {
        import->role = IMPORT_VALUE;
        import->kind = INCLUDE_ENVIRONMENT;
        import->path = *name = take_word(&line);
        return name->size != 0;
    } else if (!take(&line, "include ")) {
        return false;
    }
    return take_quoted(&line, &import->path);
}

static bool is_missed(const IncludeLanguage *language, const ScannedImport *import, Slice name)
{
    return (language->mistake == INCLUDE_SCANS_NO_EMBED && import->role == IMPORT_DATA &&
            name.size != 0) ||
           (language->mistake == INCLUDE_SCANS_NO_ENV && import->role == IMPORT_VALUE);
}

static void scan_imports(void *language, Slice source, ImportScan *scan)
{
    IncludeLanguage *included = language;
    Compiler trees = tree_language(&included->tree);
    trees.scan_imports(language, source, scan);
    ScannedImport import;
    Slice name;
    for (uint32_t line = 1; source.size != 0; line++) {
        if (!find_import(take_line(&source), &import, &name) ||
            is_missed(included, &import, name))
            continue;
        ScannedImport *added = import_scan_add(scan, import.path, line, 1);
        added->kind = import.kind;
        added->is_optional = import.is_optional;
        added->role = import.role;
    }
}

static void add_below(ImportCandidates *candidates, const char *directory, Slice path)
{
    ByteBuffer candidate = {.arena = candidates->arena};
    buffer_put(&candidate, slice_from(directory));
    buffer_put(&candidate, path);
    import_candidates_add(candidates, buffer_slice(&candidate));
}

static void resolve(void *language, Slice importer, const ScannedImport *import,
                    ImportCandidates *candidates)
{
    Slice beside;
    (void)language;
    if (source_path_resolve(importer, import->path, candidates->arena, &beside) == PATH_OK)
        import_candidates_add(candidates, beside);
    if (import->role == IMPORT_SOURCE)
        return;
    add_below(candidates, "near/", import->path);
    add_below(candidates, "far/", import->path);
}

static bool find_value(void *language, uint32_t kind, Slice name, Arena *arena, Slice *value)
{
    IncludeLanguage *included = language;
    uint64_t asked = __atomic_add_fetch(&included->values_asked, 1, __ATOMIC_RELAXED);
    (void)arena;
    for (size_t i = 0; kind == INCLUDE_ENVIRONMENT && included->values[i][0] != NULL; i++)
        if (slice_equal(slice_from(included->values[i][0]), name)) {
            if (included->values[i][1] == NULL)
                return false;
            *value = slice_from(included->values[i][1]);
            if (included->mistake == INCLUDE_VALUE_CHANGES)
                value->size = asked % 2;
            return true;
        }
    return false;
}

/* ---- expanding ------------------------------------------------------------------------------ */

typedef struct Macro {
    Slice name, text;
} Macro;

typedef struct Expansion {
    Inputs *inputs;
    Arena *arena;
    Diagnostics *diagnostics;
    ByteBuffer *text;
    Macro macros[MOST_MACROS];
    size_t macro_count;
    unsigned depth;
    bool asks_from_self, failed;
} Expansion;

typedef struct Place { /* where a line stands */
    Slice path;
    uint32_t from, line;
} Place;

static Macro *find_macro(Expansion *expansion, Slice name)
{
    for (size_t i = 0; i < expansion->macro_count; i++)
        if (slice_equal(expansion->macros[i].name, name))
            return &expansion->macros[i];
    return NULL;
}

static void define(Expansion *expansion, Slice name, Slice text)
{
    Macro *macro = find_macro(expansion, name);
    if (macro == NULL && expansion->macro_count < MOST_MACROS)
        macro = &expansion->macros[expansion->macro_count++];
    if (macro != NULL)
        *macro = (Macro){name, text};
}

static void report(Expansion *expansion, const Place *place, Severity severity, Slice message)
{
    Diagnostic *added =
        diagnostics_add_plain(expansion->diagnostics, place->line, 1, message);
    added->severity = severity;
    if (place->from != INPUT_SELF)
        added->path = place->path;
    expansion->failed |= severity == SEVERITY_ERROR;
}

static void put_expanded(Expansion *expansion, Slice line)
{
    while (line.size != 0) {
        if (!take(&line, "%")) {
            buffer_put_byte(expansion->text, line.data[0]);
            line = slice_of(line.data + 1, line.size - 1);
            continue;
        }
        const Macro *macro = find_macro(expansion, take_word(&line));
        buffer_put(expansion->text, macro == NULL ? slice_from("undefined") : macro->text);
        buffer_put_byte(expansion->text, ' ');
    }
    buffer_put_byte(expansion->text, '\n');
}

static void expand(Expansion *expansion, Slice path, uint32_t from, Slice text);

static void include(Expansion *expansion, const Place *place, const ScannedImport *import)
{
    InputText text;
    uint32_t from = expansion->asks_from_self ? INPUT_SELF : place->from;
    InputAnswer answer = expansion->inputs->read(expansion->inputs, from, import, &text);
    if (answer == INPUT_REFUSED)
        expansion->failed = true;
    if (answer != INPUT_FOUND)
        return;
    if (expansion->depth == MOST_DEPTH)
        report(expansion, place, SEVERITY_ERROR, slice_from("includes too much"));
    else
        expand(expansion, text.path, text.number, text.bytes);
}

static void embed(Expansion *expansion, const Place *place, const ScannedImport *import,
                  Slice name)
{
    InputText data;
    InputAnswer answer = expansion->inputs->read(expansion->inputs, place->from, import, &data);
    expansion->failed |= answer == INPUT_REFUSED;
    if (answer != INPUT_FOUND)
        return;
    buffer_put(expansion->text, slice_from("type "));
    buffer_put(expansion->text, name);
    buffer_put_format(expansion->text, " b%llx\n",
                      (unsigned long long)hash_bytes(data.bytes).low);
}

static void take_environment(Expansion *expansion, const ScannedImport *import)
{
    Slice value;
    InputAnswer answer = expansion->inputs->value(expansion->inputs, import->kind, import->path,
                                                  &value);
    expansion->failed |= answer == INPUT_REFUSED;
    if (answer == INPUT_FOUND)
        define(expansion, import->path, value);
}

/* A line that is not left out. */
static void expand_line(Expansion *expansion, const Place *place, Slice line)
{
    ScannedImport import;
    Slice name;
    if (find_import(line, &import, &name)) {
        if (import.role == IMPORT_TEXT)
            include(expansion, place, &import);
        else if (import.role == IMPORT_DATA)
            embed(expansion, place, &import, name);
        else
            take_environment(expansion, &import);
    } else if (take(&line, "define ")) {
        name = take_word(&line);
        define(expansion, name, line);
    } else if (take(&line, "warn ")) {
        report(expansion, place, SEVERITY_WARNING, line);
    } else {
        put_expanded(expansion, line);
    }
}

static bool holds(Expansion *expansion, const Place *place, Slice line)
{
    ScannedImport import;
    Slice name;
    if (take(&line, "ifdef "))
        return find_macro(expansion, take_word(&line)) != NULL;
    if (take(&line, "ifndef "))
        return find_macro(expansion, take_word(&line)) == NULL;
    if (!find_import(line, &import, &name))
        return false;
    InputAnswer answer =
        expansion->inputs->exists(expansion->inputs, place->from, &import);
    expansion->failed |= answer == INPUT_REFUSED;
    return answer == INPUT_FOUND;
}

static bool is_condition(Slice line)
{
    return take(&line, "ifdef ") || take(&line, "ifndef ") || take(&line, "ifexists ");
}

static void expand(Expansion *expansion, Slice path, uint32_t from, Slice text)
{
    Place place = {path, from, 0};
    unsigned nesting = 0, left_out_at = 0; /* 0: not left out */
    expansion->depth++;
    while (text.size != 0 && !expansion->failed) {
        Slice line = take_line(&text);
        place.line++;
        if (line.size > 7 && memcmp(line.data, "import ", 7) == 0) {
            if (from == INPUT_SELF) /* whatever the conditions say: the scan finds it */
                put_expanded(expansion, line);
        } else if (is_condition(line)) {
            nesting++;
            if (left_out_at == 0 && !holds(expansion, &place, line))
                left_out_at = nesting;
        } else if (slice_equal(line, slice_from("endif"))) {
            left_out_at = left_out_at == nesting ? 0 : left_out_at;
            nesting -= nesting != 0;
        } else if (left_out_at == 0) {
            expand_line(expansion, &place, line);
        }
    }
    expansion->depth--;
}

bool include_expand(Inputs *inputs, Slice source, Arena *arena, Diagnostics *diagnostics,
                    ByteBuffer *expanded)
{
    Expansion expansion = {
        .inputs = inputs, .arena = arena, .diagnostics = diagnostics, .text = expanded};
    expand(&expansion, (Slice){"", 0}, INPUT_SELF, source);
    return !expansion.failed;
}

static bool lower_with_inputs(void *language, Slice source, Inputs *inputs,
                              const HashSecret *secret, Arena *arena, Diagnostics *diagnostics,
                              Lowered *lowered)
{
    IncludeLanguage *included = language;
    Compiler trees = tree_language(&included->tree);
    ByteBuffer text = {.arena = arena};
    uint64_t calls = __atomic_add_fetch(&included->lowered, 1, __ATOMIC_RELAXED);
    Expansion expansion = {.inputs = inputs,
                           .arena = arena,
                           .diagnostics = diagnostics,
                           .text = &text,
                           .asks_from_self = included->mistake == INCLUDE_ASKS_FROM_SELF};
    ScannedImport import;
    Slice name, value;
    if (included->mistake == INCLUDE_ASKS_MORE_EACH_TIME && calls / 2 % 2 == 1 &&
        find_import(source, &import, &name) && import.role == IMPORT_VALUE)
        (void)inputs->value(inputs, import.kind, import.path, &value);
    expand(&expansion, (Slice){"", 0}, INPUT_SELF, source);
    return !expansion.failed && trees.lower(language, buffer_slice(&text), secret, arena,
                                            diagnostics, lowered);
}

Compiler include_language(IncludeLanguage *language)
{
    Compiler compiler = tree_language(&language->tree);
    compiler.language = language;
    compiler.fingerprint = hash_bytes(slice_from("trees with includes"));
    compiler.scan_imports = scan_imports;
    compiler.resolve = resolve;
    compiler.lower = NULL;
    compiler.lower_with_inputs = lower_with_inputs;
    compiler.value = find_value;
    return compiler;
}
