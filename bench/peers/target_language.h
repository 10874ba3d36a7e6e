/* SPDX-License-Identifier: MIT */
/*
 * Differences between C, TypeScript and Go that are only in spelling. Differences in meaning are in
 * translate_value.h.
 *
 * Only translate_corpus.c includes this.
 */
#ifndef TARGET_LANGUAGE_H
#define TARGET_LANGUAGE_H

#include "const_eval.h"
#include "sema.h"
#include "sema_types.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

typedef enum Language { LANGUAGE_C, LANGUAGE_TS, LANGUAGE_GO, LANGUAGE_COUNT } Language;

typedef struct Spelling {
    const char *name; /* on the command line */
    const char *extension;
    const char *i32, *i64, *boolean, *nothing;
    const char *i64_suffix; /* of a literal */
    const char *equal, *not_equal;
    const char *open_if, *open_while, *open_block; /* the condition is between */
    const char *end; /* of a statement */
} Spelling;

static const Spelling spellings[LANGUAGE_COUNT] = {
    [LANGUAGE_C] = {"c", ".c", "int", "long long", "_Bool", "void", "LL", "==", "!=",
                    "if (", "while (", ") {", ";"},
    [LANGUAGE_TS] = {"ts", ".ts", "number", "bigint", "boolean", "void", "n", "===", "!==",
                     "if (", "while (", ") {", ";"},
    [LANGUAGE_GO] = {"go", ".go", "int32", "int64", "bool", "", "", "==", "!=",
                     "if ", "for ", " {", ""},
};

typedef struct Translation { /* one run of the program */
    Language language;
    const char *corpus, *output; /* directories */
    ByteBuffer source;           /* of the file below */
    uint32_t source_file;        /* its number + 1; 0: none was read yet */
} Translation;

/* Binding strength of an expression, in all three languages: an operand that binds less tightly
 * than its place requires is put into parentheses. */
typedef enum Level {
    LEVEL_OR = 1,
    LEVEL_AND,
    LEVEL_BIT_OR, /* TypeScript's `| 0` */
    LEVEL_COMPARE,
    LEVEL_ADD,
    LEVEL_MULTIPLY,
    LEVEL_UNARY,
    LEVEL_ATOM,
} Level;

typedef struct Value { /* the text of one instruction's value */
    const char *text;
    Level level;
    bool calls; /* a function, somewhere in it */
} Value;

typedef struct Part { /* one declaration, being translated */
    Translation *translation;
    const Spelling *spelling;
    Entities *entities;
    const Entity *unit;
    const Zir *zir;
    const Air *air;          /* of a function */
    Slice source;            /* of its file */
    Value *values;           /* per instruction */
    bool *taken;             /* per instruction: its value is part of another expression */
    uint32_t at;             /* the instruction being translated */
    uint32_t next_call;      /* calls before this one are written or taken */
    int depth;               /* of blocks */
    ByteBuffer needs;        /* lines that must come before it, each terminated */
    ByteBuffer text;
    Diagnostics *diagnostics;
    bool is_refused;
} Part;

/* ---- errors and formatting ------------------------------------------------------------------- */

/* The subset is that of generated corpora; everything else is reported and not translated. */
static void refuse(Part *part, uint32_t at, const char *what)
{
    uint32_t line, column;
    zir_position(part->zir, at, &line, &column);
    diagnostics_add(part->diagnostics, line, column, "%s: not translated, no corpus has it", what);
    part->is_refused = true;
}

/* Text formatted into the scratch memory of the unit. */
__attribute__((format(printf, 2, 3)))
static const char *text_of(Part *part, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    size_t size = (size_t)vsnprintf(NULL, 0, format, again) + 1;
    va_end(again);
    char *text = arena_allocate(part->entities->scratch, size);
    vsnprintf(text, size, format, arguments);
    va_end(arguments);
    return text;
}

static void put_text(ByteBuffer *buffer, const char *text)
{
    buffer_put(buffer, slice_from(text));
}

/* One line that the file must have before this declaration; equal lines are written once. */
static void need(Part *part, const char *line)
{
    put_text(&part->needs, line);
    buffer_put_byte(&part->needs, '\0');
}

/* ---- names --------------------------------------------------------------------------------------- */

/* "d003/f00317.mini" → "f00317", the name of the module, which is unique in a corpus. */
static const char *module_of(Part *part, Slice path)
{
    size_t start = path.size, end = path.size - strlen(".mini");
    while (start > 0 && path.data[start - 1] != '/')
        start--;
    return text_of(part, "%.*s", (int)(end - start), path.data + start);
}

/* "d003/f00317.mini" → "d003": its directory, as a Go package. */
static const char *package_of(Part *part, Slice path)
{
    size_t end = path.size;
    while (end > 0 && path.data[end - 1] != '/')
        end--;
    return end == 0 ? "main" : text_of(part, "%.*s", (int)(end - 1), path.data);
}

static const char *capitalised(Part *part, const char *name)
{
    return text_of(part, "%c%s", toupper((unsigned char)name[0]), name + 1);
}

static const char *field_name(Part *part, const char *name)
{
    return part->translation->language == LANGUAGE_GO ? capitalised(part, name) : name;
}

static const char *plain_name(Part *part, const Entity *entity)
{
    Slice name = entity_name(entity);
    return text_of(part, "%.*s", (int)name.size, name.data);
}

/* The name of a declaration in the file that declares it. C has one namespace for the whole program
 * and Go one per directory, so there the module is part of it. */
static const char *own_name(Part *part, const Entity *entity)
{
    const char *name = plain_name(part, entity);
    Language language = part->translation->language;
    if (entity->unit.is_entry_point)
        return language == LANGUAGE_GO ? "program" : name;
    const char *module = module_of(part, entity->unit.path);
    if (language == LANGUAGE_C)
        return text_of(part, "%s_%s", module, name);
    return language == LANGUAGE_TS ? name
                                   : text_of(part, "%s_%s", capitalised(part, module), name);
}

/* `import * as f00317 from "../d003/f00317";` */
static const char *use_module(Part *part, Slice path)
{
    Slice from = part->unit->unit.path;
    const char *module = module_of(part, path);
    bool is_beside = strcmp(package_of(part, from), package_of(part, path)) == 0;
    const char *up = "./";
    for (size_t i = 0; !is_beside && i < from.size; i++)
        if (from.data[i] == '/')
            up = strcmp(up, "./") == 0 ? "../" : text_of(part, "../%s", up);
    const char *target = is_beside ? module
                                   : text_of(part, "%.*s", (int)(path.size - 5), path.data);
    need(part, text_of(part, "import * as %s from \"%s%s\";\n", module, up, target));
    return module;
}

/* The name of a declaration where this part uses it; makes the name known there. */
static const char *used_name(Part *part, const Entity *entity)
{
    const char *name = own_name(part, entity);
    Slice path = entity->unit.path;
    if (part->translation->language == LANGUAGE_TS && !slice_equal(path, part->unit->unit.path))
        return text_of(part, "%s.%s", use_module(part, path), name);
    const char *package = package_of(part, path);
    if (part->translation->language == LANGUAGE_GO &&
        strcmp(package, package_of(part, part->unit->unit.path)) != 0) {
        need(part, text_of(part, "import \"corpus/%s\"\n", package));
        return text_of(part, "%s.%s", package, name);
    }
    return name;
}

/* ---- types, and what C needs before a use ---------------------------------------------------- */

static void need_struct(Part *part, Entity *entity);

static const char *type_name(Part *part, uint32_t at, AirType type)
{
    Entity *entity;
    switch (type.kind) {
    case AIR_I32: return part->spelling->i32;
    case AIR_I64: return part->spelling->i64;
    case AIR_BOOL: return part->spelling->boolean;
    case AIR_VOID: return part->spelling->nothing;
    case AIR_STRUCT:
        entity = part->entities->items[type.index];
        if (part->translation->language != LANGUAGE_C)
            return used_name(part, entity);
        need_struct(part, entity);
        return text_of(part, "struct %s", own_name(part, entity));
    default:
        refuse(part, at, "a value that is no i32, i64, bool or struct");
        return "";
    }
}

/* `low: number`, `int low`, `Low int32` */
static const char *named_type(Part *part, uint32_t at, const char *name, AirType type)
{
    const char *spelled = type_name(part, at, type);
    switch (part->translation->language) {
    case LANGUAGE_C: return text_of(part, "%s %s", spelled, name);
    case LANGUAGE_TS: return text_of(part, "%s: %s", name, spelled);
    default: return text_of(part, "%s %s", name, spelled);
    }
}

static const char *field_list(Part *part, Entity *entity)
{
    const char *list = "";
    for (uint32_t i = 0; i < struct_field_count(entity); i++)
        list = text_of(part, "%s %s;", list,
                       named_type(part, 0, field_name(part, struct_field_name(entity, i)),
                                  struct_field_type(part->entities, entity, i)));
    return list;
}

/* Guarded, so that all files together are one C file as well. */
static void need_struct(Part *part, Entity *entity)
{
    const char *name = own_name(part, entity), *fields = field_list(part, entity);
    need(part, text_of(part, "#ifndef %s\n#define %s %s\nstruct %s {%s };\n#endif\n", name, name,
                       name, name, fields));
}

static const char *parameter_list(Part *part, Entity *function)
{
    const char *list = "";
    uint32_t count = entity_parameter_count(function);
    for (uint32_t i = 0; i < count; i++) {
        const ZirInst *inst = &function->zir.insts[i];
        list = text_of(part, "%s%s%s", list, i == 0 ? "" : ", ",
                       named_type(part, 0, entity_text(function, inst->a),
                                  type_of_inst(part->entities, function, inst)));
    }
    return count == 0 && part->translation->language == LANGUAGE_C ? "void" : list;
}

/* The first line of a function, up to its block; in C also its declaration. */
static const char *signature(Part *part, Entity *function)
{
    uint32_t result = entity_parameter_count(function);
    AirType type = type_of_inst(part->entities, function, &function->zir.insts[result]);
    const char *name = own_name(part, function), *parameters = parameter_list(part, function);
    const char *spelled = type_name(part, 0, type);
    switch (part->translation->language) {
    case LANGUAGE_C: return text_of(part, "%s %s(%s)", spelled, name, parameters);
    case LANGUAGE_TS: return text_of(part, "export function %s(%s): %s", name, parameters, spelled);
    default: return text_of(part, "func %s(%s) %s", name, parameters, spelled);
    }
}

/* Only a constant i32 has a value that all three spell alike. */
static int32_t constant_value(Part *part, uint32_t at, Entity *constant)
{
    const ConstValue *value = const_value_of(part->entities, constant);
    if (value != NULL && value->type.kind == AIR_I32)
        return (int32_t)value->as.integer;
    refuse(part, at, "a top-level constant that is no i32");
    return 1;
}

static void need_constant(Part *part, uint32_t at, Entity *constant)
{
    need(part, text_of(part, "#define %s %d\n", own_name(part, constant),
                       constant_value(part, at, constant)));
}

#endif
