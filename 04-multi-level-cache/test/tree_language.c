/* SPDX-License-Identifier: MIT */
/*
 * Both blobs are text, with one line for each declaration, in order. A reference is written
 * `$NUMBER.name`:
 *
 *     interface    NAME WORD ..., and before all: WORD ... about the file
 *     IR           EXPRESSION, empty for a type
 */
#include "tree_language.h"

#include <ctype.h>
#include <time.h>

#define NO_REFERENCE UINT32_MAX

enum { MAX_DEPTH = 3 }; /* of what is spelled out */

/* ---- words --------------------------------------------------------------------------------- */

static bool is_word_byte(char byte)
{
    return isalnum((unsigned char)byte) || byte == '_';
}

static void skip_spaces(Slice *text)
{
    while (text->size != 0 && text->data[0] == ' ')
        *text = slice_of(text->data + 1, text->size - 1);
}

static Slice take_word(Slice *text)
{
    size_t size = 0;
    while (size < text->size && is_word_byte(text->data[size]))
        size++;
    Slice word = slice_of(text->data, size);
    *text = slice_of(text->data + size, text->size - size);
    return word;
}

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
    const char *end = text->size == 0 ? NULL : memchr(text->data, '\n', text->size);
    size_t size = end == NULL ? text->size : (size_t)(end - text->data);
    Slice line = slice_of(text->data, size);
    size += end != NULL;
    *text = slice_of(text->data + size, text->size - size);
    return line;
}

/* import "PATH" as ALIAS */
static bool take_import(Slice line, Slice *path, Slice *alias)
{
    if (!take(&line, "import \""))
        return false;
    const char *end = line.size == 0 ? NULL : memchr(line.data, '"', line.size);
    if (end == NULL)
        return false;
    *path = slice_of(line.data, (size_t)(end - line.data));
    line = slice_of(end + 1, line.size - path->size - 1);
    if (!take(&line, " as "))
        return false;
    *alias = take_word(&line);
    return line.size == 0;
}

static void scan_imports(void *language, Slice source, ImportScan *scan)
{
    (void)language;
    Slice path, alias;
    for (uint32_t number = 1; source.size != 0; number++)
        if (take_import(take_line(&source), &path, &alias))
            import_scan_add(scan, path, number, 1);
}

/* ---- lowering ------------------------------------------------------------------------------ */

typedef struct Lowering {
    DeclarationsBuilder builder;
    ByteBuffer about, interface, ir;
    ByteBuffer aliases; /* one Slice per import */
    Diagnostics *diagnostics;
    uint32_t line;
    bool failed;
} Lowering;

static void fail(Lowering *lowering, const char *message)
{
    diagnostics_add(lowering->diagnostics, lowering->line, 1, "%s", message);
    lowering->failed = true;
}

static uint32_t find_alias(const Lowering *lowering, Slice alias)
{
    const Slice *aliases = (const Slice *)(const void *)lowering->aliases.data;
    for (size_t i = 0; i < lowering->aliases.size / sizeof *aliases; i++)
        if (slice_equal(aliases[i], alias))
            return (uint32_t)i;
    return IMPORT_SELF;
}

static void lower_reference(Lowering *lowering, Slice *text, ByteBuffer *to, bool in_interface)
{
    uint32_t import = IMPORT_SELF;
    Slice name = take_word(text);
    if (take(text, ".")) {
        import = find_alias(lowering, name);
        if (import == IMPORT_SELF)
            fail(lowering, "unknown alias");
        name = take_word(text);
    }
    uint32_t number =
        declarations_add_reference(&lowering->builder, import, name, in_interface);
    buffer_put_byte(to, '$');
    buffer_put_decimal(to, number);
    buffer_put_byte(to, '.');
    buffer_put(to, name);
}

static void lower_text(Lowering *lowering, Slice text, ByteBuffer *to, bool in_interface)
{
    while (text.size != 0) {
        if (take(&text, "$")) {
            lower_reference(lowering, &text, to, in_interface);
            continue;
        }
        buffer_put_byte(to, text.data[0]);
        text = slice_of(text.data + 1, text.size - 1);
    }
    buffer_put_byte(to, '\n');
}

static void lower_declaration(Lowering *lowering, Slice line, bool is_function,
                              const HashSecret *secret)
{
    const char *equals = is_function ? memchr(line.data, '=', line.size) : NULL;
    if (is_function && equals == NULL) {
        fail(lowering, "fn NAME WORD ... = EXPRESSION expected");
        return;
    }
    Slice body = {"", 0}, interface = line, rest = line;
    if (is_function) {
        interface = slice_of(line.data, (size_t)(equals - line.data));
        body = slice_of(equals + 1, line.size - interface.size - 1);
    }
    size_t ir_offset = lowering->ir.size;
    Slice name = take_word(&rest);
    if (name.size == 0)
        fail(lowering, "a name expected");
    Declaration *added = declarations_add(&lowering->builder, name, lowering->line, 1);
    added->interface_hash = hash_keyed(secret, interface);
    if (is_function)
        added->body_hash = hash_keyed(secret, body);
    lower_text(lowering, interface, &lowering->interface, true);
    lower_text(lowering, body, &lowering->ir, false);
    ByteBuffer *items = &lowering->builder.items;
    added = (Declaration *)(void *)(items->data + items->size) - 1;
    added->ir_offset = (uint32_t)ir_offset;
    added->ir_size = (uint32_t)(lowering->ir.size - ir_offset);
}

static void lower_line(Lowering *lowering, Slice line, const HashSecret *secret)
{
    Slice path, alias;
    lowering->line++;
    if (take_import(line, &path, &alias)) {
        declarations_add_import(&lowering->builder, path, lowering->line, 1);
        buffer_put(&lowering->aliases, slice_of(&alias, sizeof alias));
    } else if (take(&line, "type ")) {
        lower_declaration(lowering, line, false, secret);
    } else if (take(&line, "fn ")) {
        lower_declaration(lowering, line, true, secret);
    } else if (take(&line, "about ")) {
        buffer_put(&lowering->about, line);
        buffer_put_byte(&lowering->about, ' ');
    } else if (line.size != 0 && line.data[0] != '#') {
        fail(lowering, "what is this line?");
    }
}

static Slice keep(Arena *arena, const ByteBuffer *blob)
{
    return slice_of(arena_copy(arena, buffer_slice(blob)), blob->size);
}

static bool lower(void *language, Slice source, const HashSecret *secret, Arena *arena,
                  Diagnostics *diagnostics, Lowered *lowered)
{
    (void)language;
    Lowering lowering = {.diagnostics = diagnostics};
    while (source.size != 0)
        lower_line(&lowering, take_line(&source), secret);
    buffer_put_byte(&lowering.about, '\n');
    buffer_put(&lowering.about, buffer_slice(&lowering.interface));
    if (!lowering.failed) {
        lowered->declarations = declarations_finish(&lowering.builder, arena);
        lowered->ir = keep(arena, &lowering.ir);
        lowered->interface = keep(arena, &lowering.about);
    }
    declarations_builder_free(&lowering.builder);
    buffer_free(&lowering.about);
    buffer_free(&lowering.interface);
    buffer_free(&lowering.ir);
    buffer_free(&lowering.aliases);
    return !lowering.failed;
}

/* ---- parsing ------------------------------------------------------------------------------- */

typedef struct Tree { /* a word, or what is in parentheses */
    Slice word;
    uint32_t reference; /* its number, or NO_REFERENCE */
    bool is_list;
    struct Tree *first, *next;
} Tree;

typedef struct Form { /* an opened interface */
    const Tree *about;
    Tree **items; /* per declaration, its name and words */
    uint32_t count;
    uint32_t uses; /* by a compiler that may not */
} Form;

static void count(uint64_t *counter, uint64_t amount)
{
    __atomic_fetch_add(counter, amount, __ATOMIC_RELAXED);
}

static void work(TreeLanguage *language, Slice text)
{
    for (unsigned i = 0; i < language->expense; i++)
        count(&language->sum, hash_bytes(text).low);
}

static Tree *parse_list(Slice *text, Arena *arena);

static Tree *parse_tree(Slice *text, Arena *arena)
{
    Tree *tree = arena_allocate(arena, sizeof *tree);
    *tree = (Tree){.reference = NO_REFERENCE};
    if (take(text, "(")) {
        tree->is_list = true;
        tree->first = parse_list(text, arena);
        take(text, ")");
        return tree;
    }
    if (take(text, "$")) {
        Slice number = take_word(text);
        tree->reference = 0;
        for (size_t i = 0; i < number.size; i++)
            tree->reference = tree->reference * 10 + (uint32_t)(number.data[i] - '0');
        take(text, ".");
    }
    tree->word = take_word(text);
    return tree;
}

/* Up to the end of the line or of the list; any byte that nothing begins with ends it too. */
static Tree *parse_list(Slice *text, Arena *arena)
{
    Tree *first = NULL, **end = &first;
    for (skip_spaces(text); text->size != 0; skip_spaces(text)) {
        char byte = text->data[0];
        if (!is_word_byte(byte) && byte != '$' && byte != '(')
            break;
        *end = parse_tree(text, arena);
        end = &(*end)->next;
    }
    return first;
}

static uint32_t count_lines(Slice text)
{
    uint32_t lines = 0;
    for (; text.size != 0; lines++)
        take_line(&text);
    return lines;
}

static const void *parse_interface(TreeLanguage *language, Slice interface, Arena *arena)
{
    const struct timespec pause = {.tv_nsec = language->pause_ms * 1000000L};
    Form *form = arena_allocate(arena, sizeof *form);
    count(&language->opened, 1);
    count(&language->opened_bytes, interface.size);
    work(language, interface);
    if (language->pause_ms != 0)
        nanosleep(&pause, NULL);
    Slice about = take_line(&interface);
    *form = (Form){.about = parse_list(&about, arena), .count = count_lines(interface)};
    form->items = arena_allocate(arena, form->count * sizeof *form->items);
    for (uint32_t i = 0; i < form->count; i++) {
        Slice line = take_line(&interface);
        form->items[i] = parse_list(&line, arena);
    }
    return form;
}

/* A compiler that shares nothing takes the blob as it is. */
static const void *open_interface(void *language, Slice interface, Arena *arena)
{
    const TreeLanguage *tree = language;
    if (!tree->shares_nothing)
        return parse_interface(language, interface, arena);
    Slice *blob = arena_allocate(arena, sizeof *blob);
    *blob = interface;
    return blob;
}

/* ---- emitting ------------------------------------------------------------------------------ */

typedef struct Emission {
    TreeLanguage *language;
    const Unit *unit;
    const Lookup *lookup;
    Arena *scratch;
    ByteBuffer *text;
    Diagnostics *diagnostics;
    bool failed;
} Emission;

static void report(Emission *emission, const char *message, Slice about)
{
    const Declaration *at = &emission->unit->declarations->items[emission->unit->declaration];
    diagnostics_add(emission->diagnostics, at->line, at->column, "%s: '%.*s'", message,
                    (int)about.size, about.data);
    emission->failed = true;
}

static const Form *form_of(const Emission *emission, const Unit *unit)
{
    const void *opened = emission->lookup->opened(emission->lookup, unit);
    if (!emission->language->shares_nothing)
        return opened;
    return parse_interface(emission->language, *(const Slice *)opened, emission->scratch);
}

/* A type of the same file, or NULL: found in the form, with no reference that leads to it. */
static const Tree *find_type(const Form *form, Slice name)
{
    for (uint32_t i = 0; i < form->count; i++)
        if (form->items[i] != NULL && slice_equal(form->items[i]->word, name))
            return form->items[i];
    return NULL;
}

static void spell_out(Emission *emission, const Unit *unit, const Form *form, const Tree *item,
                      unsigned depth);
static void put_unit(Emission *emission, const Unit *unit, const Form *form, unsigned depth);

/* `of`: the unit that the word is in the line of; NULL if nothing refers to that line. */
static void put_word(Emission *emission, const Unit *of, const Form *form, const Tree *word,
                     unsigned depth)
{
    Unit found;
    const Tree *type = NULL;
    if (word->reference == NO_REFERENCE)
        type = find_type(form, word->word);
    if (type != NULL) {
        spell_out(emission, NULL, form, type, depth + 1);
    } else if (word->reference == NO_REFERENCE || of == NULL) {
        buffer_put(emission->text, word->word);
    } else if (emission->lookup->find(emission->lookup, of, word->reference, &found) ==
               NAME_FOUND) {
        put_unit(emission, &found, form_of(emission, &found), depth + 1);
    } else if (of == emission->unit) {
        report(emission, "unknown name", word->word);
    } else {
        emission->failed = true;
    }
}

static void put_words(Emission *emission, const Unit *unit, const Form *form, const Tree *first,
                      unsigned depth)
{
    for (const Tree *word = first; word != NULL; word = word->next) {
        put_word(emission, unit, form, word, depth);
        if (word->next != NULL)
            buffer_put_byte(emission->text, ' ');
    }
}

/* NAME{WORD ...} */
static void spell_out(Emission *emission, const Unit *unit, const Form *form, const Tree *item,
                      unsigned depth)
{
    buffer_put(emission->text, item->word);
    if (depth > MAX_DEPTH)
        return;
    buffer_put_byte(emission->text, '{');
    put_words(emission, unit, form, item->next, depth);
    buffer_put_byte(emission->text, '}');
}

/* PATH[WORD ...]:NAME{WORD ...} */
static void put_unit(Emission *emission, const Unit *unit, const Form *form, unsigned depth)
{
    buffer_put(emission->text, unit->path);
    buffer_put_byte(emission->text, '[');
    put_words(emission, NULL, form, form->about, MAX_DEPTH);
    buffer_put(emission->text, slice_from("]:"));
    spell_out(emission, unit, form, form->items[unit->declaration], depth);
}

static void put_tree(Emission *emission, const Form *form, const Tree *tree)
{
    if (!tree->is_list) {
        put_word(emission, emission->unit, form, tree, 0);
        return;
    }
    buffer_put_byte(emission->text, '(');
    for (const Tree *inner = tree->first; inner != NULL; inner = inner->next) {
        put_tree(emission, form, inner);
        if (inner->next != NULL)
            buffer_put_byte(emission->text, ' ');
    }
    buffer_put_byte(emission->text, ')');
}

/* Empty if the IR is not as lower makes it. */
static Slice part_of(const Unit *unit)
{
    const Declaration *item = &unit->declarations->items[unit->declaration];
    if (item->ir_offset > unit->ir.size || item->ir_size > unit->ir.size - item->ir_offset)
        return (Slice){"", 0};
    return slice_of(unit->ir.data + item->ir_offset, item->ir_size);
}

static void make_mistake(Emission *emission, const Form *form)
{
    switch (emission->language->mistake) {
    case TREE_WRITES_TO_FORM: ((Form *)(uintptr_t)form)->uses++; break;
    case TREE_READS_NEXT_BODY: {
        Slice part = part_of(emission->unit);
        const char *end = part.data + part.size;
        if (end < emission->unit->ir.data + emission->unit->ir.size)
            buffer_put_byte(emission->text, *end == '\n' ? '-' : end[1]);
        break;
    }
    default: break;
    }
}

/* Its own line is checked whether it has code or not. */
static bool emit_tree(Emission *emission, const Tree *body)
{
    const Unit *unit = emission->unit;
    const Form *form = form_of(emission, unit);
    bool has_body = !hash_is_none(unit->declarations->items[unit->declaration].body_hash);
    make_mistake(emission, form);
    put_unit(emission, unit, form, 0);
    if (has_body && body == NULL)
        report(emission, "an expression expected after", form->items[unit->declaration]->word);
    else if (has_body)
        put_tree((buffer_put(emission->text, slice_from(" = ")), emission), form, body);
    buffer_put_byte(emission->text, '\n');
    if (!has_body)
        emission->text->size = 0;
    return !emission->failed;
}

static Tree *parse_body(TreeLanguage *language, Slice part, Arena *arena)
{
    work(language, part);
    return parse_list(&part, arena);
}

static bool emit(void *language, const Unit *unit, const Lookup *lookup, Arena *scratch,
                 ByteBuffer *text, Diagnostics *diagnostics)
{
    TreeLanguage *tree = language;
    Emission emission = {tree, unit, lookup, scratch, text, diagnostics, false};
    count(&tree->parsed, 1);
    count(&tree->parsed_bytes, part_of(unit).size);
    return emit_tree(&emission, parse_body(tree, part_of(unit), scratch));
}

/* Its own file is parsed as a whole, whichever units are wanted. */
static void emit_file(void *language, UnitEmission *units, size_t unit_count, Arena *scratch)
{
    TreeLanguage *tree = language;
    const Unit *first = units[0].unit, *last = units[unit_count - 1].unit;
    uint32_t lines = count_lines(first->ir);
    Tree **bodies = arena_allocate(scratch, lines * sizeof *bodies);
    Slice rest = first->ir;
    count(&tree->parsed, 1);
    count(&tree->parsed_bytes, first->ir.size);
    for (uint32_t i = 0; i < lines; i++)
        bodies[i] = parse_body(tree, take_line(&rest), scratch);
    for (size_t i = 0; i < unit_count; i++) {
        UnitEmission *unit = &units[i];
        Emission emission = {tree,       unit->unit,        unit->lookup, scratch,
                             unit->text, unit->diagnostics, false};
        if (tree->mistake == TREE_COUNTS_IN_CALL)
            buffer_put_decimal(unit->text, i);
        if (tree->mistake == TREE_SEES_ORDER && first->declaration > last->declaration)
            buffer_put_byte(unit->text, '-');
        if (unit->unit->declaration < lines)
            unit->is_right = emit_tree(&emission, bodies[unit->unit->declaration]);
    }
}

Compiler tree_language(TreeLanguage *language)
{
    return (Compiler){
        .language = language,
        .fingerprint = hash_bytes(slice_from("trees")),
        .entry_point = slice_from("main"),
        .missing_entry_point = slice_from("the entry file has no fn 'main'"),
        .prelude = slice_from("; a program of trees\n"),
        .scan_imports = scan_imports,
        .lower = lower,
        .emit = emit,
        .open = open_interface,
        .emit_file = language->emits_each ? NULL : emit_file,
    };
}
