/* SPDX-License-Identifier: MIT */
/*
 * What is right in other languages, and how Mini says it.
 *
 * All of this runs after something else has failed: a right program never gets here. What failed may
 * be anywhere in the statement, so the statement is looked at again from its first word, and what
 * was reported of it is taken back.
 *
 * After `for`, the rest of the line makes no sense as Mini, but the block does: it is parsed, so that
 * its own mistakes are reported, and nothing that follows from the one before it.
 */
#include "parser_internal.h"

#include "foreign_words.h"
#include "spelling.h"

enum { SHOWN_BYTES = 60 };

static char char_at(const Parser *parser, uint32_t offset)
{
    return offset < parser->source.size ? parser->source.data[offset] : '\0';
}

static Token last_taken(const Parser *parser)
{
    return parser->following[-2];
}

/* The token taken last is of this kind and directly before the next one. */
static bool joins(const Parser *parser, TokenKind taken)
{
    Token last = last_taken(parser);
    return last.kind == taken && last.offset + last.size == parser->token.offset;
}

static Token token_at(const Parser *parser, uint32_t offset)
{
    Slice source = parser->source;
    Lexer lexer = {source.data, source.data + offset, source.data + source.size};
    return lexer_next(&lexer);
}

static Token token_after(const Parser *parser, Token token)
{
    return token_at(parser, token.offset + token.size);
}

static bool is_word(const Parser *parser, Token token, const char *word)
{
    return token.kind == TOKEN_NAME && slice_equal(parser_text(parser, token), slice_from(word));
}

static int shown_width(Slice text)
{
    return text.size > SHOWN_BYTES ? SHOWN_BYTES : (int)text.size;
}

/* The type of Mini that a word means which stands as a type in another language, or the word. */
static Slice own_type(Slice type)
{
    const ForeignWord *word = foreign_word(type);
    bool is_known = word != NULL && word->kind == FOREIGN_TYPE && word->advice[0] != '\0';
    return is_known ? slice_from(word->advice) : type;
}

static void report_type_first(Parser *parser, Token first, Token second)
{
    Slice type = own_type(parser_text(parser, first)), name = parser_text(parser, second);
    parser_error(parser, first.offset, "a variable begins with var or const, and its type follows "
                 "its name: write var %.*s: %.*s = ...", shown_width(name), name.data,
                 shown_width(type), type.data);
}

static void report_order(Parser *parser, Token first, Token second)
{
    Slice type = own_type(parser_text(parser, first)), name = parser_text(parser, second);
    parser_error(parser, first.offset, "the name comes before the type: write %.*s: %.*s",
                 shown_width(name), name.data, shown_width(type), type.data);
}

/* ---- what is skipped ----------------------------------------------------------------------- */

/* To the '{' that follows the head of a block. A head in parentheses may hold anything. */
static bool skip_head(Parser *parser)
{
    unsigned depth = 0;
    while (!parser_at(parser, TOKEN_LEFT_BRACE) && !parser_at(parser, TOKEN_RIGHT_BRACE) &&
           !parser_at_declaration(parser)) {
        TokenKind kind = parser->token.kind;
        if (depth == 0 && (kind == TOKEN_SEMICOLON || parser_begins_statement(kind)))
            return false;
        depth += kind == TOKEN_LEFT_PAREN;
        depth -= kind == TOKEN_RIGHT_PAREN && depth != 0;
        parser_step(parser);
    }
    return parser_at(parser, TOKEN_LEFT_BRACE);
}

static void skip_braces(Parser *parser)
{
    uint32_t depth = parser->brace_depth;
    do
        parser_step(parser);
    while (parser->brace_depth > depth && !parser_at_declaration(parser));
}

/* `if a { 1 } else { 2 }` as a value. */
static void skip_arms(Parser *parser)
{
    do {
        if (!parser_at(parser, TOKEN_LEFT_BRACE))
            parser_step(parser); /* the if or else */
        if (!skip_head(parser))
            return;
        skip_braces(parser);
    } while (parser_at(parser, TOKEN_ELSE));
}

/* ---- signs --------------------------------------------------------------------------------- */

static bool is_arithmetic(TokenKind kind)
{
    return kind >= TOKEN_PLUS && kind <= TOKEN_PERCENT;
}

/* `a += b` */
static bool advise_compound(Parser *parser)
{
    Token token = parser->token;
    char sign = char_at(parser, token.offset);
    if (!is_arithmetic(token.kind) || char_at(parser, token.offset + 1) != '=' ||
        char_at(parser, token.offset + 2) == '=')
        return false;
    Token last = last_taken(parser);
    bool is_plain = last.kind == TOKEN_NAME && last.offset != 0 &&
                    char_at(parser, last.offset - 1) != '.';
    Slice name = is_plain ? parser_text(parser, last) : slice_from("a");
    parser_error(parser, token.offset, "there is no '%c=': write %.*s = %.*s %c ...", sign,
                 shown_width(name), name.data, shown_width(name), name.data, sign);
    return true;
}

/* `i++`, `++i`, and `i--` as far as `i - -` lets it come. */
static bool advise_step(Parser *parser)
{
    Token token = parser->token, last = last_taken(parser);
    uint32_t place = token.offset;
    bool is_sign = token.kind == TOKEN_PLUS || token.kind == TOKEN_MINUS;
    if (!is_sign || char_at(parser, place + 1) != char_at(parser, place)) {
        if (last.kind != TOKEN_PLUS && last.kind != TOKEN_MINUS)
            return false;
        place = last.offset;
        if (!(is_sign && joins(parser, token.kind)) &&
            (place == 0 || char_at(parser, place - 1) != char_at(parser, place)))
            return false;
    }
    char sign = char_at(parser, place);
    parser_error(parser, place, "there is no '%c%c': write a = a %c 1", sign, sign, sign);
    return true;
}

/* Two signs of Mini's, one directly after the other, that are one of another language. */
static bool advise_pair(Parser *parser)
{
    static const struct {
        TokenKind first, second;
        char message[72];
    } pairs[] = {
        {TOKEN_LESS, TOKEN_LESS, "Mini has no operators on bits: for '<<', multiply by 2, 4, 8 ..."},
        {TOKEN_GREATER, TOKEN_GREATER,
         "Mini has no operators on bits: for '>>', divide by 2, 4, 8 ..."},
        {TOKEN_STAR, TOKEN_STAR, "there is no '**': write a * a"},
        {TOKEN_SLASH, TOKEN_SLASH, "there is no '//': '/' divides integers without a rest"},
        {TOKEN_MINUS, TOKEN_GREATER, "there is no '->': write '.'"},
        {TOKEN_EQUAL, TOKEN_ASSIGN, "there is no '===': write '=='"},
        {TOKEN_NOT_EQUAL, TOKEN_ASSIGN, "there is no '!==': write '!='"},
        {TOKEN_LESS, TOKEN_GREATER, "there is no '<>': write '!='"},
        {TOKEN_ASSIGN, TOKEN_LESS, "there is no '=<': write '<='"},
        {TOKEN_ASSIGN, TOKEN_GREATER, "there is no '=>': write '>=', or '=' to assign"},
        {TOKEN_COLON, TOKEN_COLON, "there is no '::': write '.'"},
        {TOKEN_DOT, TOKEN_DOT, "there is no '..': write a while loop, with a var that counts"},
    };
    Token token = parser->token, next = token_after(parser, token);
    bool is_first = next.offset == token.offset + token.size;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        bool is_second = parser_at(parser, pairs[i].second) && joins(parser, pairs[i].first);
        if (is_second ||
            (is_first && token.kind == pairs[i].first && next.kind == pairs[i].second)) {
            /* Not in plain words: they would quote a file that must not be. */
            parser_error(parser, is_second ? last_taken(parser).offset : token.offset, "%s",
                         pairs[i].message);
            return true;
        }
    }
    return false;
}

/* `.5` and `1.` */
static bool advise_point(Parser *parser)
{
    Token token = parser->token, last = last_taken(parser);
    char after = char_at(parser, token.offset + 1);
    if (token.kind != TOKEN_DOT)
        return false;
    if (joins(parser, TOKEN_INT))
        parser_error(parser, last.offset, "'%.*s.' is not a number: write %.*s.0",
                     shown_width(parser_text(parser, last)), parser_text(parser, last).data,
                     shown_width(parser_text(parser, last)), parser_text(parser, last).data);
    else if (after >= '0' && after <= '9')
        parser_error_plain(parser, token.offset, "a number begins with a digit: write a 0 before "
                                                 "the '.'");
    else
        return false;
    return true;
}

static bool advise_word(Parser *parser)
{
    Token token = parser->token, last = last_taken(parser);
    if (is_word(parser, token, "and") || is_word(parser, token, "or"))
        parser_error(parser, token.offset, "there is no '%.*s': write '%s'", (int)token.size,
                     parser_text(parser, token).data,
                     foreign_word(parser_text(parser, token))->advice);
    else if (is_word(parser, last, "not"))
        parser_error_plain(parser, last.offset, "there is no 'not': write '!'");
    else
        return false;
    return true;
}

/* `int a` and `i32 a` where `a: i32` is expected. */
static bool advise_order(Parser *parser, const char *what)
{
    Token token = parser->token, last = last_taken(parser);
    bool is_place = strstr(what, "':' and a type") != NULL || strstr(what, "a variable") != NULL ||
                    strstr(what, "of the constant") != NULL;
    if (token.kind != TOKEN_NAME || !is_place ||
        last.kind != TOKEN_NAME || foreign_word(parser_text(parser, last)) == NULL)
        return false;
    report_order(parser, last, token);
    return true;
}

bool parser_advise_name(Parser *parser)
{
    Token token = parser->token;
    if (parser->panicking || !token_is_builtin_type(token.kind))
        return false;
    Token next = token_after(parser, token);
    if (next.kind != TOKEN_NAME)
        return false;
    report_order(parser, token, next);
    return true;
}

/* `i32 a = 1;` */
static bool advise_statement(Parser *parser, const char *what)
{
    if (!token_is_builtin_type(parser->token.kind) || strcmp(what, "a statement") != 0)
        return false;
    Token next = token_after(parser, parser->token);
    if (next.kind != TOKEN_NAME)
        return false;
    report_type_first(parser, parser->token, next);
    return true;
}

bool parser_advise(Parser *parser, const char *what)
{
    if (strncmp(what, "a declaration", sizeof "a declaration" - 1) == 0)
        return false; /* anything may stand there, even a file that is no source */
    if (parser_at(parser, TOKEN_IF) && strcmp(what, "a value") == 0) {
        parser_error_plain(parser, parser->token.offset,
                           "'if' is a statement and has no value: assign in its blocks");
        skip_arms(parser);
        return true;
    }
    return advise_compound(parser) || advise_step(parser) || advise_pair(parser) ||
           advise_point(parser) || advise_word(parser) || advise_order(parser, what) ||
           advise_statement(parser, what);
}

void parse_foreign_arrow(Parser *parser)
{
    bool is_arrow = parser_at(parser, TOKEN_MINUS);
    uint32_t place = parser->token.offset;
    if (is_arrow && char_at(parser, place + 1) != '>')
        return;
    parser_error(parser, place, "the result's type follows the ')': there is no '%s' before it",
                 is_arrow ? "->" : ":");
    parser_advance(parser);
    if (is_arrow)
        parser_advance(parser);
}

/* ---- the top level -------------------------------------------------------------------------- */

bool parser_advise_declaration(Parser *parser)
{
    Token token = parser->token;
    Slice text = parser_text(parser, token);
    if (parser_begins_statement(token.kind)) {
        parser_error_plain(parser, token.offset,
                           "a statement stands in a function, as in fn main() i32 { ... }");
        return true;
    }
    if (token.kind != TOKEN_NAME && !token_is_builtin_type(token.kind))
        return false;
    const ForeignWord *word = foreign_word(text);
    Slice own = foreign_own_word(text, OWN_DECLARATIONS);
    if (token_is_builtin_type(token.kind) || (word != NULL && word->kind == FOREIGN_TYPE))
        parser_error_plain(parser, token.offset,
                           "a declaration begins with fn or const; types follow names");
    else if (word != NULL && word->kind != FOREIGN_NAME && word->kind != FOREIGN_SIGN)
        parser_error(parser, token.offset, "there is no '%s': %s", word->word, word->advice);
    else if (own.size != 0)
        parser_error(parser, token.offset, "expected a declaration, found '%.*s': did you mean "
                     "'%.*s'?", shown_width(text), text.data, (int)own.size, own.data);
    else
        return false;
    return true;
}

/* ---- statements ------------------------------------------------------------------------------ */

/* What follows a word before a block, as far as the block's end. */
static void parse_foreign_block(Parser *parser, Token first, ForeignKind kind)
{
    uint32_t close, outer = parser->loop;
    if (!skip_head(parser)) {
        parser_panic(parser);
        return;
    }
    if (kind == FOREIGN_LOOP) {
        bool outer_breaks = parser->loop_breaks;
        parser->loop = 0;
        parse_block(parser, "", &close);
        parser->loop_breaks = outer_breaks;
    } else if (kind == FOREIGN_BRANCH) {
        parse_block(parser, "", &close);
    } else {
        skip_braces(parser);
        if (is_word(parser, first, "do") && parser_at(parser, TOKEN_WHILE)) {
            parser_step(parser);
            parser_panic(parser); /* in its condition */
        }
    }
    parser->loop = outer;
}

/* After a misspelt word of Mini's. */
static bool may_follow_own_word(TokenKind kind, Slice own)
{
    if (slice_equal(own, slice_from("print")))
        return kind == TOKEN_LEFT_PAREN || kind == TOKEN_STRING;
    return kind == TOKEN_NAME || kind == TOKEN_INT || kind == TOKEN_FLOAT ||
           kind == TOKEN_STRING || kind == TOKEN_TRUE || kind == TOKEN_FALSE ||
           kind == TOKEN_NOT || kind == TOKEN_LEFT_BRACE || kind == TOKEN_SEMICOLON ||
           kind == TOKEN_LEFT_PAREN;
}

static ForeignKind kind_of_own(Slice word)
{
    if (slice_equal(word, slice_from("while")))
        return FOREIGN_LOOP;
    bool has_block = slice_equal(word, slice_from("if")) || slice_equal(word, slice_from("else"));
    return has_block ? FOREIGN_BRANCH : FOREIGN_LINE;
}

static void take_back(Parser *parser, size_t first_error)
{
    parser->error_count -= (uint32_t)(parser->diagnostics->count - first_error);
    parser->diagnostics->count = first_error;
}

void parse_foreign_statement(Parser *parser, Token first, uint32_t brace_depth,
                             size_t first_error)
{
    Slice text = parser_text(parser, first);
    const ForeignWord *word = foreign_word(text);
    Slice own = foreign_own_word(text, OWN_STATEMENTS);
    bool is_foreign = word != NULL && word->kind <= FOREIGN_TOP;
    if (parser->stopped || (!is_foreign && own.size == 0) ||
        parser->diagnostics->count == first_error)
        return;
    Token next = token_after(parser, first);
    bool is_type = is_foreign && word->kind == FOREIGN_TYPE;
    if (is_type ? next.kind != TOKEN_NAME : !is_foreign && !may_follow_own_word(next.kind, own))
        return;
    ForeignKind kind = is_foreign ? (ForeignKind)word->kind : kind_of_own(own);
    take_back(parser, first_error);
    parser_rewind(parser, first, brace_depth);
    if (is_type)
        report_type_first(parser, first, next);
    else if (is_foreign)
        parser_error(parser, first.offset, "there is no '%s': %s", word->word, word->advice);
    else
        parser_error(parser, first.offset, "unknown word '%.*s': did you mean '%.*s'?",
                     shown_width(text), text.data, (int)own.size, own.data);
    if (kind == FOREIGN_LOOP || kind == FOREIGN_BRANCH || kind == FOREIGN_CASES)
        parse_foreign_block(parser, first, kind);
    else
        parser_panic(parser);
}

/* ---- values that are not used ------------------------------------------------------------- */

/* Directly before `offset` stand a name and a '{', with blanks at most. */
static bool follows_name_and_brace(const Parser *parser, uint32_t offset)
{
    const char *source = parser->source.data;
    while (offset > 0 && strchr(" \t\r\n", source[offset - 1]) != NULL)
        offset--;
    if (offset == 0 || source[--offset] != '{')
        return false;
    while (offset > 0 && source[offset - 1] == ' ')
        offset--;
    char before = offset == 0 ? ' ' : (char)(source[offset - 1] | 0x20);
    return (before >= 'a' && before <= 'z') || before == '_' || (before >= '0' && before <= '9');
}

void parse_unused_value(Parser *parser, Token first)
{
    Slice text = parser_text(parser, first);
    Token next = token_after(parser, parser->token);
    bool is_pair = parser_at(parser, TOKEN_COLON);
    bool has_type = is_pair && (token_is_builtin_type(next.kind) || next.kind == TOKEN_ASSIGN);
    if (parser_at(parser, TOKEN_INVALID) || parser_advise(parser, "")) {
        parser_panic(parser);
    } else if (has_type) {
        parser_error(parser, first.offset, "a variable begins with var or const: write one before "
                     "'%.*s'", shown_width(text), text.data);
    } else if (is_pair && follows_name_and_brace(parser, first.offset)) {
        parser_error_plain(parser, first.offset,
                           "in a condition a struct literal stands in parentheses: (P{ ... })");
        parser->literal_in_condition = true;
    } else if (parser_at(parser, TOKEN_EQUAL)) {
        parser_error_plain(parser, parser->token.offset, "'==' compares: '=' assigns");
    } else if (parser_at(parser, TOKEN_NAME) &&
               (next.kind == TOKEN_ASSIGN || next.kind == TOKEN_SEMICOLON)) {
        report_type_first(parser, first, parser->token);
    } else {
        parser_error_plain(parser, first.offset,
                           "this value is not used: a statement calls or assigns");
    }
    parser_panic(parser);
}

/* ---- calls ---------------------------------------------------------------------------------- */

/* The name that `value`, a field of it, refers to in this file; or empty. */
static Slice name_before_field(const Parser *parser, uint32_t value)
{
    const ZirInst *field = &parser->zir.insts[value];
    if (parser->panicking || field->op != ZIR_FIELD || parser->zir.insts[field->a].op != ZIR_REF)
        return slice_from("");
    return parser_text(parser, token_at(parser, parser->zir.positions[field->a]));
}

void parse_call_of_value(Parser *parser, uint32_t value)
{
    Slice name = name_before_field(parser, value);
    Spelling spelling = spelling_of(name);
    parser_try_aliases(parser, &spelling);
    if (spelling.best.size != 0 && spelling.distance != 0) {
        parser_error(parser, parser->zir.positions[parser->zir.insts[value].a],
                     "'%.*s' is no import: did you mean '%.*s'?", shown_width(name), name.data,
                     shown_width(spelling.best), spelling.best.data);
        parser_panic(parser);
        return;
    }
    parser_fail_at(parser, parser->token.offset,
                   "only a function can be called, by its name or as import.name");
}
