/* SPDX-License-Identifier: MIT */
/*
 * The steps: is the source text, where are its lines, then one declaration after another.
 *
 * All scratch memory lives in one arena and is freed at the end; each function reuses it, and a
 * file of a thousand functions allocates as much as its largest one.
 */
#include "parser_internal.h"

#include "source_text.h"

/* `memory` holds everything that grows, and a copy of the source with a NUL after it. */
static void parser_init(Parser *parser, Slice text, Diagnostics *diagnostics, Arena *memory)
{
    ByteBuffer empty = {.arena = memory};
    Slice source = slice_of(arena_copy(memory, text), text.size);
    *parser = (Parser){
        .source = source,
        .diagnostics = diagnostics,
        .lexer = {source.data, source.data, source.data + source.size},
        .following = &parser->batch[1], /* which is zero: a TOKEN_NONE */
        .loop = NO_LOOP,
        .struct_literals = true,
        .locals = empty,
        .pending = empty,
        .ifs = empty,
        .scratch = empty,
        .declarations = declarations_builder_in(memory),
    };
    name_table_init(&parser->names, memory);
    zir_builder_init(&parser->zir, source, memory);
}

/* Reports the first byte of each line that is not text. Parsing continues regardless. */
static void check_text(Parser *parser)
{
    size_t at = source_text_find_bad(parser->source, 0);
    while (at < parser->source.size && !parser->stopped) {
        parser_error(parser, (uint32_t)at,
                     parser->source.data[at] == '\0' ? "a source holds no NUL bytes"
                                                     : "this is not UTF-8");
        const char *from = parser->source.data + at;
        const char *newline = memchr(from, '\n', parser->source.size - at);
        at = newline == NULL ? parser->source.size
                             : source_text_find_bad(parser->source,
                                                    at + (size_t)(newline - from) + 1);
    }
}

static void parse(Parser *parser)
{
    parser_advance(parser);
    while (!parser_at(parser, TOKEN_END) && !parser->stopped)
        parse_declaration(parser);
}

/* Some name is declared nowhere in the file: only now that all of it is known, a local that is
 * called nearly so can be noted where the name is used. */
static void parse_again(Parser *parser, Arena *memory)
{
    NameTable names = parser->names;
    const HashSecret *secret = parser->zir.secret;
    Diagnostics again = {0}; /* they are reported already */
    parser_init(parser, parser->source, &again, memory);
    parser->zir.secret = secret;
    parser->all_names = &names;
    parse(parser);
    diagnostics_free(&again);
    parser->diagnostics = NULL;
}

bool mini_lower(Slice source, const HashSecret *secret, Arena *arena, Diagnostics *diagnostics,
                Lowered *lowered)
{
    Parser parser;
    Arena memory = {0};
    *lowered = (Lowered){0};
    if (source.size > MINI_MAX_SOURCE_BYTES) {
        diagnostics_add(diagnostics, 1, 1, "the file is larger than %d MiB",
                        MINI_MAX_SOURCE_BYTES >> 20);
        return false;
    }
    parser_init(&parser, source, diagnostics, &memory);
    parser.place = PLACE_OUTSIDE;
    parser.zir.secret = secret;
    check_text(&parser);
    parser.outline_is_lost |= parser.error_count != 0;
    parse(&parser);
    bool is_right = parser.error_count == 0;
    if (parser.undeclared != 0 && !parser.outline_is_lost)
        parse_again(&parser, &memory);
    if (!parser.outline_is_lost) {
        lowered->declarations = declarations_finish(&parser.declarations, arena);
        lowered->ir = zir_builder_finish(&parser.zir, arena);
    }
    arena_free(&memory);
    return is_right;
}
