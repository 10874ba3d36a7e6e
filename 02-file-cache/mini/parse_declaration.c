/* SPDX-License-Identifier: MIT */
/*
 * The top level: imports, then constants, structs and functions in any order.
 *
 * Each declaration becomes one part of the ZIR blob and one entry of the declarations. The part
 * that others can see is parsed first and called its interface: a signature, the fields of a
 * struct, the whole value of a constant. Names of other declarations are not looked up here; no
 * other file is available, and this one may declare them further down.
 */
#include "parser_internal.h"

static const Slice runtime_names[] = { /* C symbols that the generated code uses itself */
    {"main", 4}, {"printf", 6}, {"strcmp", 6}, {"fflush", 6}, {"dprintf", 7},
};

/* ---- names of the top level ---------------------------------------------------------------- */

/* Imports and declarations share one space of names. */
static void claim_name(Parser *parser, NameId name, uint32_t offset)
{
    Name *record = parser_name(parser, name);
    if (name == NAME_NONE)
        return;
    if (record->declared_at == 0) {
        record->declared_at = offset + 1;
        parser->undeclared -= record->referred_by != 0;
        return;
    }
    parser_error(parser, offset, "'%.*s' is already %s", NAME_ARGS(parser, name),
                 record->alias != 0 ? "the name of an import" : "declared in this file");
    parser_note(parser, record->declared_at - 1, "the first one is here");
}

/* Takes the declaration's name and begins its part. */
static NameId begin_declaration(Parser *parser, const char *where, uint32_t *offset)
{
    NameId name = parser_expect_name(parser, offset, where);
    claim_name(parser, name, *offset);
    uint32_t line = parser_line(parser, *offset);
    uint32_t column = parser_column(parser, *offset, line);
    parser->declaration =
        declarations_add(&parser->declarations, parser_name(parser, name)->text, line, column);
    zir_begin_part(&parser->zir, *offset);
    parser->in_interface = true;
    parser->place = PLACE_INTERFACE;
    return name;
}

/* A syntax error spoils no more than it must: who calls a function with a wrong body is checked. */
static void finish_part(Parser *parser, ZirKind kind)
{
    if (parser->worst == PLACE_BODY) {
        zir_break_body(&parser->zir);
        kind = ZIR_FN_BROKEN;
    } else if (parser->worst != PLACE_NOWHERE) {
        zir_break_interface(&parser->zir);
        kind = ZIR_BROKEN;
    }
    zir_finish_part(&parser->zir, kind, parser->declaration);
}

static void end_interface(Parser *parser)
{
    zir_end_interface(&parser->zir);
    parser->in_interface = false;
}

/* ---- import, const, struct ----------------------------------------------------------------- */

static void parse_import(Parser *parser)
{
    if (parser->imports_are_over)
        parser_error(parser, parser->token.offset, "imports stand before all other declarations");
    parser_advance(parser);
    Token path = parser->token;
    uint32_t offset;
    parser_expect(parser, TOKEN_STRING, "with the path after 'import'");
    parser_expect(parser, TOKEN_AS, "and a name after the path");
    NameId name = parser_expect_name(parser, &offset, "after 'as'");
    parser_expect(parser, TOKEN_SEMICOLON, "after the import");
    if (name == NAME_NONE)
        return;
    claim_name(parser, name, offset);
    uint32_t line = parser_line(parser, path.offset);
    uint32_t column = parser_column(parser, path.offset, line);
    declarations_add_import(&parser->declarations, parser_string(parser, path), line, column);
    parser_name(parser, name)->alias = ++parser->import_count;
    if (parser->import_count <= SPELLING_MOST_TRIED)
        parser->aliases[parser->import_count - 1] = name;
}

static void parse_constant(Parser *parser)
{
    uint32_t offset;
    parser_advance(parser);
    begin_declaration(parser, "after 'const'", &offset);
    TypeUse type = parse_optional_type(parser, offset);
    parser_expect(parser, TOKEN_ASSIGN, "and the value of the constant");
    parser->in_constant = true;
    uint32_t value = parse_expression(parser);
    parser->in_constant = false;
    parser_expect(parser, TOKEN_SEMICOLON, "after the value");
    parser_emit_typed(parser, ZIR_CONST_VALUE, value, type);
    end_interface(parser);
    finish_part(parser, ZIR_CONST);
}

static void parse_field(Parser *parser)
{
    uint32_t offset;
    NameId name = parser_expect_name(parser, &offset, "of a field");
    Name *record = parser_name(parser, name);
    if (name != NAME_NONE && record->member_of == parser->zir.part)
        parser_error(parser, offset, "the struct has a field '%.*s' already",
                     NAME_ARGS(parser, name));
    record->member_of = parser->zir.part;
    uint32_t text = zir_put_text(&parser->zir, record->text);
    parser_expect(parser, TOKEN_COLON, "and a type after the field's name");
    parser_emit_typed(parser, ZIR_FIELD_DECL, text, parse_type(parser));
}

static void parse_struct(Parser *parser)
{
    uint32_t offset;
    parser_advance(parser);
    begin_declaration(parser, "after 'struct'", &offset);
    parser_expect(parser, TOKEN_LEFT_BRACE, "after the struct's name");
    while (!parser_at(parser, TOKEN_RIGHT_BRACE)) {
        parse_field(parser);
        if (!parser_take(parser, TOKEN_COMMA))
            break;
    }
    if (!parser_take(parser, TOKEN_RIGHT_BRACE))
        parser_fail(parser, "',' or '}' after the field");
    end_interface(parser);
    finish_part(parser, ZIR_STRUCT);
}

/* ---- functions ----------------------------------------------------------------------------- */

static void parse_parameter(Parser *parser)
{
    uint32_t offset;
    NameId name = parser_expect_name(parser, &offset, "of a parameter");
    uint32_t text = zir_put_text(&parser->zir, parser_name(parser, name)->text);
    parser_expect(parser, TOKEN_COLON, "and a type after the parameter's name");
    uint32_t inst = parser_emit_typed(parser, ZIR_PARAM, text, parse_type(parser));
    parser_declare_local(parser, name, LOCAL_PARAMETER, inst, offset);
}

/* `(a: T, b: T) T`. True if there is a result. */
static bool parse_signature(Parser *parser)
{
    parser_expect(parser, TOKEN_LEFT_PAREN, "after the function's name");
    for (int i = 0; !parser_at(parser, TOKEN_RIGHT_PAREN); i++) {
        if (i == MINI_MAX_ARGUMENTS)
            parser_error(parser, parser->token.offset, "more than %d parameters",
                         MINI_MAX_ARGUMENTS);
        parse_parameter(parser);
        if (!parser_take(parser, TOKEN_COMMA))
            break;
    }
    if (!parser_take(parser, TOKEN_RIGHT_PAREN))
        parser_fail(parser, "',' or ')' after the parameter");
    if (parser_at(parser, TOKEN_MINUS) || parser_at(parser, TOKEN_COLON))
        parse_foreign_arrow(parser);
    TypeUse result = {ZIR_TYPE_NONE, 0, parser->token.offset};
    if (!parser_at(parser, TOKEN_LEFT_BRACE) && !parser_at(parser, TOKEN_SEMICOLON))
        result = parse_type(parser);
    parser_emit_typed(parser, ZIR_RESULT, 0, result);
    end_interface(parser);
    return result.type != ZIR_TYPE_NONE;
}

/* One line of LLVM IR: declare zeroext i1 @"f"(ptr, i1 zeroext) */
static void put_c_prototype(const Parser *parser, Slice symbol, ByteBuffer *line)
{
    static const char *const types[] = {"void", "i32", "i64", "double", "i1", "ptr", "void"};
    const ZirBuilder *zir = &parser->zir;
    uint8_t result = zir->insts[zir->count - 1].type;
    buffer_put(line, slice_from(result == ZIR_TYPE_BOOL ? "declare zeroext " : "declare "));
    buffer_put(line, slice_from(types[result]));
    buffer_put(line, slice_from(" @\""));
    buffer_put(line, symbol);
    buffer_put(line, slice_from("\"("));
    for (uint32_t i = 0; i + 1 < zir->count; i++) {
        buffer_put(line, slice_from(i == 0 ? "" : ", "));
        buffer_put(line, slice_from(types[zir->insts[i].type]));
        buffer_put(line, slice_from(zir->insts[i].type == ZIR_TYPE_BOOL ? " zeroext" : ""));
    }
    buffer_put_byte(line, ')');
}

/* An extern fn names a C symbol, which has one type in the whole program: the one in the program's
 * prelude. */
static void finish_extern(Parser *parser, NameId name, uint32_t offset)
{
    const ZirBuilder *zir = &parser->zir;
    Slice symbol = parser_name(parser, name)->text;
    for (size_t i = 0; i < sizeof runtime_names / sizeof runtime_names[0]; i++)
        if (slice_equal(symbol, runtime_names[i]))
            parser_error(parser, offset, "'%s' cannot be extern: the program has its own",
                         runtime_names[i].data);
    for (uint32_t i = 0; i < zir->count; i++)
        if (zir->insts[i].type == ZIR_TYPE_NAMED)
            parser_error(parser, zir->positions[i],
                         "a C function takes and returns i32, i64, f64, bool and str only");
    parser->scratch.size = 0;
    put_c_prototype(parser, symbol, &parser->scratch);
    parser_expect(parser, TOKEN_SEMICOLON, "after the extern function");
    if (parser->worst == PLACE_NOWHERE)
        declarations_set_prelude(&parser->declarations, symbol, buffer_slice(&parser->scratch));
    finish_part(parser, ZIR_EXTERN_FN);
}

static COLD void report_missing_return(Parser *parser, NameId name, uint32_t close)
{
    const ZirBuilder *zir = &parser->zir;
    uint32_t type = zir->positions[zir->interface_count - 1];
    Slice left = slice_of(parser->source.data + type, parser->source.size - type);
    if (left.size > 4 && memcmp(left.data, "void", 4) == 0)
        parser_error(parser, type, "a function without a result has no type after its ')'");
    else
        parser_error(parser, close, "the end of '%.*s' can be reached without a return",
                     NAME_ARGS(parser, name));
}

static void parse_body(Parser *parser, NameId name, bool has_result, uint32_t errors_before)
{
    uint32_t close;
    parser->place = PLACE_BODY;
    bool ends = parse_braces(parser, "to open the function's body", &close);
    if (has_result && !ends && parser->error_count == errors_before)
        report_missing_return(parser, name, close);
    finish_part(parser, ZIR_FN);
}

/* Parameters and the locals of the outermost block share one scope. */
static void parse_function(Parser *parser)
{
    uint32_t errors_before = parser->error_count, offset;
    bool is_extern = parser_take(parser, TOKEN_EXTERN);
    parser_expect(parser, TOKEN_FN, "after 'extern'");
    NameId name = begin_declaration(parser, "after 'fn'", &offset);
    if (parser->panicking)
        return;
    uint32_t outer = parser_open_block(parser);
    bool has_result = parse_signature(parser);
    if (is_extern)
        finish_extern(parser, name, offset);
    else
        parse_body(parser, name, has_result, errors_before);
    parser_close_block(parser, outer);
}

void parse_declaration(Parser *parser)
{
    parser->brace_depth = 0;
    parser->brace_is_missing = false;
    parser->place = PLACE_OUTSIDE;
    parser->worst = PLACE_NOWHERE;
    bool is_import = parser_at(parser, TOKEN_IMPORT);
    switch (parser->token.kind) {
    case TOKEN_IMPORT:
        parse_import(parser);
        break;
    case TOKEN_CONST:
        parse_constant(parser);
        break;
    case TOKEN_STRUCT:
        parse_struct(parser);
        break;
    case TOKEN_FN:
    case TOKEN_EXTERN:
        parse_function(parser);
        break;
    case TOKEN_VAR:
        parser_fail_at(parser, parser->token.offset,
                       "a var stands in a function only: on the top level use const");
        break;
    default:
        if (!parser_advise_declaration(parser))
            parser_fail_here(parser, "a declaration (import, const, struct, fn or extern fn)");
        parser_recover_anywhere(parser);
    }
    parser->imports_are_over |= !is_import;
    if (parser->panicking)
        parser_recover_declaration(parser);
    /* Where the braces do not match, it is not known what belongs to this declaration. */
    parser->outline_is_lost |= parser->worst == PLACE_OUTSIDE || parser->brace_is_missing ||
                               parser->brace_depth != 0;
}
