/* SPDX-License-Identifier: MIT */
/*
 * One function: ZIR and its types → C, TypeScript or Go.
 *
 * ZIR is flat: each operation is an instruction that names its operands, which come before it. One
 * forward pass makes the text of each value and writes a line for each statement.
 *
 * Only translate_corpus.c includes this.
 */
#ifndef TRANSLATE_FUNCTION_H
#define TRANSLATE_FUNCTION_H

#include "translate_value.h"

/* ---- lines --------------------------------------------------------------------------------------- */

static void write_line(Part *part, const char *line)
{
    for (int i = 0; i < part->depth; i++)
        put_text(&part->text, "    ");
    put_text(&part->text, line);
    buffer_put_byte(&part->text, '\n');
}

/* A call before the statement being translated, whose value is still unused, is a statement of its
 * own. */
static void write_calls(Part *part)
{
    for (; part->next_call < part->at; part->next_call++)
        if (part->zir->insts[part->next_call].op == ZIR_CALL && !part->taken[part->next_call])
            write_line(part, text_of(part, "%s%s", part->values[part->next_call].text,
                                     part->spelling->end));
}

static void put_line(Part *part, const char *line)
{
    write_calls(part);
    write_line(part, line);
}

/* ---- statements ---------------------------------------------------------------------------------- */

static bool is_name_byte(char byte)
{
    return isalnum((unsigned char)byte) || byte == '_';
}

/* ZIR knows a local by its number. Its name is in the source: at the position of the instruction
 * or, if a type is written there, before the colon. */
static const char *local_name(Part *part, uint32_t at)
{
    size_t end = zir_offset(part->zir, at);
    const char *source = part->source.data;
    if (inst_at(part, at)->type != ZIR_TYPE_NONE)
        while (end > 0 && (source[end - 1] == ' ' || source[end - 1] == ':'))
            end--;
    else
        while (end < part->source.size && is_name_byte(source[end]))
            end++;
    size_t start = end;
    while (start > 0 && is_name_byte(source[start - 1]))
        start--;
    if (start == end)
        refuse(part, at, "a local whose type does not stand beside its name");
    return text_of(part, "%.*s", (int)(end - start), source + start);
}

static void translate_local(Part *part, uint32_t at)
{
    const ZirInst *inst = inst_at(part, at);
    Language language = part->translation->language;
    const char *name = local_name(part, at);
    const char *declared = named_type(part, at, name, part->air->insts[at].type);
    bool is_const = inst->op == ZIR_LET &&
                    (language != LANGUAGE_GO || inst_at(part, inst->a)->op == ZIR_INT);
    const char *word = is_const                   ? "const "
                       : language == LANGUAGE_TS  ? "let "
                       : language == LANGUAGE_GO  ? "var " : "";
    put_line(part, text_of(part, "%s%s = %s%s", word, declared, moved(part, at, inst->a),
                           part->spelling->end));
    set_value(part, at, LEVEL_ATOM, name);
}

static void translate_print(Part *part, uint32_t at)
{
    static const char *const needs[] = {"int printf(const char *, ...);\n",
                                        "declare const console: { log(value: number): void };\n",
                                        "import \"fmt\"\n"};
    static const char *const calls[] = {"printf(\"%d\\n\", ", "console.log(", "fmt.Println("};
    Language language = part->translation->language;
    uint32_t value = inst_at(part, at)->a;
    if (kind_at(part, value) != AIR_I32)
        refuse(part, at, "'print' of something else than an i32");
    need(part, needs[language]);
    put_line(part, text_of(part, "%s%s)%s", calls[language], operand(part, value, LEVEL_OR),
                           part->spelling->end));
}

static void translate_return(Part *part, uint32_t at)
{
    uint32_t value = inst_at(part, at)->a;
    if (value == ZIR_NO_VALUE)
        put_line(part, text_of(part, "return%s", part->spelling->end));
    else
        put_line(part, text_of(part, "return %s%s", moved(part, at, value), part->spelling->end));
}

static void open_block(Part *part, const char *before, uint32_t condition)
{
    put_line(part, text_of(part, "%s%s%s", before, operand(part, condition, LEVEL_OR),
                           part->spelling->open_block));
    part->depth++;
}

static void close_block(Part *part, const char *line)
{
    write_calls(part);
    part->depth--;
    put_line(part, line);
}

static bool translate_statement(Part *part, uint32_t at)
{
    const ZirInst *inst = inst_at(part, at);
    switch ((ZirOp)inst->op) {
    case ZIR_LET: case ZIR_VAR: translate_local(part, at); break;
    case ZIR_STORE:
        put_line(part, text_of(part, "%s = %s%s", part->values[inst->a].text,
                               moved(part, at, inst->b), part->spelling->end));
        break;
    case ZIR_PRINT: translate_print(part, at); break;
    case ZIR_RETURN: translate_return(part, at); break;
    case ZIR_IF: open_block(part, part->spelling->open_if, inst->a); break;
    case ZIR_LOOP_COND: open_block(part, part->spelling->open_while, inst->a); break;
    case ZIR_ELSE: close_block(part, "} else {"); part->depth++; break;
    case ZIR_END: case ZIR_END_LOOP: close_block(part, "}"); break;
    case ZIR_BREAK: put_line(part, text_of(part, "break%s", part->spelling->end)); break;
    case ZIR_CONTINUE: put_line(part, text_of(part, "continue%s", part->spelling->end)); break;
    case ZIR_LOOP: break;
    default: return false;
    }
    return true;
}

/* ---- the whole function -------------------------------------------------------------------------- */

static void translate_body(Part *part)
{
    uint32_t count = part->zir->inst_count;
    part->values = arena_allocate(part->entities->scratch, count * sizeof *part->values);
    part->taken = arena_allocate(part->entities->scratch, count * sizeof *part->taken);
    memset(part->values, 0, count * sizeof *part->values);
    memset(part->taken, 0, count * sizeof *part->taken);
    for (uint32_t i = 0; i < entity_parameter_count(part->unit); i++)
        set_value(part, i, LEVEL_ATOM, entity_text(part->unit, inst_at(part, i)->a));
    for (part->at = part->zir->interface_count; part->at < count && !part->is_refused; part->at++)
        if (!translate_statement(part, part->at))
            translate_value(part, part->at);
    write_calls(part);
}

static void translate_function(Part *part)
{
    Language language = part->translation->language;
    Entity *unit = part->entities->items[0];
    put_line(part, text_of(part, "%s {", signature(part, unit)));
    part->depth++;
    translate_body(part);
    close_block(part, "}");
    if (!unit->unit.is_entry_point || language == LANGUAGE_C)
        return;
    if (language == LANGUAGE_GO)
        need(part, "import \"os\"\n");
    put_text(&part->text, language == LANGUAGE_TS
                              ? "main();\n" : "func main() {\n    os.Exit(int(program()))\n}\n");
}

#endif
