/* SPDX-License-Identifier: MIT */
/*
 * Text is written as it is drawn; what is kept is the types of structs, functions and the locals in
 * scope. A function calls only those of a lower tier, so that no chain of calls in loops takes
 * long; loops count a variable of their own that nothing else changes.
 */
#include "random_code.h"

enum {
    STRUCTS = 5, FUNCTIONS = 18, TIERS = 3, MOST_PARTS = 5, MOST_LOCALS = 60, MOST_DEPTH = 4,
    I32 = 0, I64, F64, BOOL, STR, SCALARS, TYPES = SCALARS + STRUCTS,
};

typedef struct Local {
    unsigned number, type, block;
    bool is_var;
} Local;

typedef struct Parts { /* the fields of a struct, the parameters of a function */
    unsigned count, types[MOST_PARTS];
} Parts;

typedef struct Writer {
    uint64_t random;
    ByteBuffer *out;
    bool may_trap;
    Parts structs[STRUCTS], functions[FUNCTIONS];
    unsigned results[FUNCTIONS];
    Local locals[MOST_LOCALS];
    unsigned local_count, next_local, block, function, loops, budget;
} Writer;

static const char *const scalar_names[] = {"i32", "i64", "f64", "bool", "str"};

/* SplitMix64 */
static unsigned draw(Writer *writer, unsigned limit)
{
    uint64_t z = writer->random += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return (unsigned)((z ^ z >> 31) >> 32) % limit;
}

static void put(Writer *writer, const char *text)
{
    buffer_put(writer->out, slice_from(text));
}

static void put_type(Writer *writer, unsigned type)
{
    if (type < SCALARS)
        put(writer, scalar_names[type]);
    else
        buffer_put_format(writer->out, "S%u", type - SCALARS);
}

/* ---- values ---------------------------------------------------------------------------------- */

static void put_value(Writer *writer, unsigned type, unsigned depth);

static void put_literal(Writer *writer, unsigned type)
{
    static const char *const words[SCALARS][12] = {
        {"0", "1", "-1", "2", "7", "-3", "100", "2147483647", "-2147483648", "65537", "-10", "31"},
        {"0", "1", "-1", "l(4294967296)", "l(9223372036854775807)", "l(-9223372036854775808)", "5",
         "l(-4294967297)", "l(2147483648)", "-7", "l(3000000000)", "12"},
        {"0.0", "1.0", "-1.5", "0.5", "1e300", "-0.0", "5e-324", "3.25", "2147483648.0", "1e19",
         "-2147483649.5", "d(0.0)"},
        {"true", "false", "c1", "c2", "true", "false", "c1", "c2", "true", "false", "c1", "true"},
        {"\"\"", "\"a\"", "\"b\\x01\\\"\"", "\"longer than others\"", "t1", "t2", "t3", "\"%d\"",
         "\"\\xFF\"", "t1", "t2", "\"a\""},
    };
    put(writer, words[type][draw(writer, 12)]);
}

/* Is it the one that its name means here? */
static bool is_visible(const Writer *writer, unsigned local)
{
    for (unsigned i = local + 1; i < writer->local_count; i++)
        if (writer->locals[i].number == writer->locals[local].number)
            return false;
    return true;
}

/* A local of the type, or a field of one, in a field. */
static bool put_local(Writer *writer, unsigned type, bool is_var)
{
    unsigned first = writer->local_count == 0 ? 0 : draw(writer, writer->local_count);
    for (unsigned i = 0; i < writer->local_count; i++) {
        unsigned number = (first + i) % writer->local_count;
        const Local *local = &writer->locals[number];
        unsigned at = local->type;
        if (!is_visible(writer, number))
            continue;
        ByteBuffer *out = writer->out;
        size_t begin = out->size;
        buffer_put_format(out, "v%u", local->number);
        while (at != type && at >= SCALARS && writer->structs[at - SCALARS].count != 0) {
            const Parts *fields = &writer->structs[at - SCALARS];
            unsigned field = draw(writer, fields->count);
            buffer_put_format(out, ".f%u", field);
            at = fields->types[field];
        }
        if (at == type && (local->is_var || !is_var))
            return true;
        out->size = begin;
    }
    return false;
}

static bool put_call(Writer *writer, unsigned type, unsigned depth)
{
    unsigned first = draw(writer, FUNCTIONS);
    for (unsigned i = 0; i < FUNCTIONS; i++) {
        unsigned callee = (first + i) % FUNCTIONS;
        if (writer->results[callee] != type || callee % TIERS >= writer->function % TIERS ||
            writer->loops > 1)
            continue;
        buffer_put_format(writer->out, "g%u(", callee);
        for (unsigned k = 0; k < writer->functions[callee].count; k++) {
            put(writer, k == 0 ? "" : ", ");
            put_value(writer, writer->functions[callee].types[k], depth + 1);
        }
        put(writer, ")");
        return true;
    }
    return false;
}

static void put_struct(Writer *writer, unsigned type, unsigned depth)
{
    const Parts *fields = &writer->structs[type - SCALARS];
    unsigned first = fields->count == 0 ? 0 : draw(writer, fields->count);
    put_type(writer, type);
    put(writer, "{ ");
    for (unsigned i = 0; i < fields->count; i++) {
        unsigned field = (first + i) % fields->count;
        buffer_put_format(writer->out, "%sf%u: ", i == 0 ? "" : ", ", field);
        put_value(writer, fields->types[field], depth + 1);
    }
    put(writer, " }");
}

static void put_pair(Writer *writer, unsigned type, const char *operator, unsigned depth)
{
    put(writer, "(");
    put_value(writer, type, depth + 1);
    put(writer, operator);
    put_value(writer, type, depth + 1);
    put(writer, ")");
}

static void put_division(Writer *writer, unsigned type, unsigned depth)
{
    const char *operator = draw(writer, 2) ? " / " : " % ";
    put(writer, "(");
    put_value(writer, type, depth + 1);
    put(writer, operator);
    unsigned form = draw(writer, 4);
    if (form == 0) {
        put(writer, draw(writer, 2) ? "-1" : draw(writer, 2) ? "7" : "-16");
    } else if (form == 1 && writer->may_trap) {
        put_value(writer, type, depth + 1);
    } else {
        put(writer, type == I32 ? "ni(" : "nl(");
        put_value(writer, type, depth + 1);
        put(writer, ")");
    }
    put(writer, ")");
}

static void put_number(Writer *writer, unsigned type, unsigned depth)
{
    static const char *const operators[] = {" + ", " - ", " * ", " / "};
    unsigned from = draw(writer, 3);
    switch (draw(writer, 7)) {
    case 0:
        put(writer, "-(");
        put_value(writer, type, depth + 1);
        put(writer, ")");
        break;
    case 1:
        put(writer, "(");
        if (!put_local(writer, from, false)) {
            put(writer, from == I32 ? "i(" : from == I64 ? "l(" : "d(");
            put_value(writer, from, depth + 1);
            put(writer, ")");
        }
        put(writer, " as ");
        put_type(writer, type);
        put(writer, ")");
        break;
    case 2: case 3:
        if (type != F64) {
            put_division(writer, type, depth);
            break;
        }
        put_pair(writer, type, operators[3], depth);
        break;
    default: put_pair(writer, type, operators[draw(writer, 3)], depth); break;
    }
}

static void put_bool(Writer *writer, unsigned depth)
{
    static const char *const operators[] = {" == ", " != ", " < ", " <= ", " > ", " >= "};
    unsigned type = draw(writer, SCALARS);
    switch (draw(writer, 6)) {
    case 0:
        put(writer, "!");
        put_value(writer, BOOL, depth + 1);
        break;
    case 1: put_pair(writer, BOOL, " && ", depth); break;
    case 2: put_pair(writer, BOOL, " || ", depth); break;
    default: put_pair(writer, type, operators[draw(writer, type < BOOL ? 6 : 2)], depth); break;
    }
}

static void put_value(Writer *writer, unsigned type, unsigned depth)
{
    unsigned form = draw(writer, 10);
    bool is_deep = depth >= MOST_DEPTH || writer->budget == 0;
    writer->budget -= writer->budget != 0;
    if ((is_deep || form < 4) && put_local(writer, type, false))
        return;
    if (!is_deep && form == 9 && put_call(writer, type, depth))
        return;
    if (type >= SCALARS)
        put_struct(writer, type, depth);
    else if (is_deep || form < 5 || type == STR)
        put_literal(writer, type);
    else if (type == BOOL)
        put_bool(writer, depth);
    else
        put_number(writer, type, depth);
}

/* ---- statements ------------------------------------------------------------------------------ */

static void put_block(Writer *writer, unsigned depth);

static bool is_in_block(const Writer *writer, unsigned number)
{
    for (unsigned i = 0; i < writer->local_count; i++)
        if (writer->locals[i].number == number && writer->locals[i].block == writer->block)
            return true;
    return false;
}

/* Sometimes with the name of a local of a block around this one. */
static void put_declaration(Writer *writer)
{
    Local local = {writer->next_local++, draw(writer, TYPES), writer->block, draw(writer, 2)};
    if (writer->local_count == MOST_LOCALS)
        return;
    if (writer->local_count != 0 && draw(writer, 6) == 0) {
        unsigned outer = writer->locals[draw(writer, writer->local_count)].number;
        local.number = is_in_block(writer, outer) ? local.number : outer;
    }
    buffer_put_format(writer->out, "%s v%u: ", local.is_var ? "var" : "const", local.number);
    put_type(writer, local.type);
    put(writer, " = ");
    put_value(writer, local.type, 0);
    put(writer, ";\n");
    writer->locals[writer->local_count++] = local;
}

static void put_assignment(Writer *writer)
{
    unsigned type = draw(writer, TYPES);
    if (!put_local(writer, type, true))
        return;
    put(writer, " = ");
    put_value(writer, type, 0);
    put(writer, ";\n");
}

static void put_if(Writer *writer, unsigned depth)
{
    put(writer, "if ");
    put_value(writer, BOOL, 1);
    put(writer, " {\n");
    put_block(writer, depth + 1);
    put(writer, "}");
    if (draw(writer, 2)) {
        put(writer, " else {\n");
        put_block(writer, depth + 1);
        put(writer, "}");
    }
    put(writer, "\n");
}

static void put_loop(Writer *writer, unsigned depth)
{
    unsigned number = writer->next_local++ + 1000; /* not a local that others change */
    buffer_put_format(writer->out, "var v%u = 0;\nwhile v%u < %u", number, number,
                      1 + draw(writer, 4));
    if (draw(writer, 3) == 0) {
        put(writer, " && ");
        put_value(writer, BOOL, 2);
    }
    buffer_put_format(writer->out, " {\nv%u = v%u + 1;\n", number, number);
    writer->loops++;
    put_block(writer, depth + 1);
    writer->loops--;
    put(writer, "}\n");
}

static void put_return(Writer *writer)
{
    put(writer, "return ");
    put_value(writer, writer->results[writer->function], 0);
    put(writer, ";\n");
}

static void put_print(Writer *writer)
{
    unsigned type = draw(writer, SCALARS);
    put(writer, "print(");
    put_value(writer, type, 0);
    put(writer, ");\n");
}

/* Prints each scalar of a value. */
static void put_prints(Writer *writer, const char *name, unsigned type)
{
    if (type < SCALARS) {
        buffer_put_format(writer->out, "print(%s);\n", name);
        return;
    }
    const Parts *fields = &writer->structs[type - SCALARS];
    for (unsigned i = 0; i < fields->count; i++) {
        ByteBuffer field = {0};
        buffer_put_format(&field, "%s.f%u", name, i);
        buffer_put_byte(&field, '\0');
        put_prints(writer, field.data, fields->types[i]);
        buffer_free(&field);
    }
}

/* What was computed early is still right when the block ends, whatever has been assigned since. */
static void put_locals(Writer *writer, unsigned first)
{
    for (unsigned i = first; i < writer->local_count; i++) {
        ByteBuffer name = {0};
        buffer_put_format(&name, "v%u", writer->locals[i].number);
        buffer_put_byte(&name, '\0');
        if (is_visible(writer, i))
            put_prints(writer, name.data, writer->locals[i].type);
        buffer_free(&name);
    }
}

/* A number that goes into a literal, and stays what it was when the field is assigned to. */
static void put_shared_number(Writer *writer)
{
    unsigned structure = draw(writer, STRUCTS), number = writer->next_local;
    const Parts *fields = &writer->structs[structure];
    if (fields->count == 0 || fields->types[0] > F64 || writer->local_count + 2 > MOST_LOCALS)
        return;
    const char *type = scalar_names[fields->types[0]];
    buffer_put_format(writer->out, "const v%u: %s = ", number, type);
    put_number(writer, fields->types[0], 1);
    buffer_put_format(writer->out, ";\nvar v%u = S%u{ f0: v%u", number + 1, structure, number);
    for (unsigned i = 1; i < fields->count; i++) {
        buffer_put_format(writer->out, ", f%u: ", i);
        put_value(writer, fields->types[i], 2);
    }
    buffer_put_format(writer->out, " };\nv%u.f0 = ", number + 1);
    put_value(writer, fields->types[0], 1);
    put(writer, ";\n");
    writer->locals[writer->local_count++] =
        (Local){number, fields->types[0], writer->block, false};
    writer->locals[writer->local_count++] =
        (Local){number + 1, SCALARS + structure, writer->block, true};
    writer->next_local += 2;
}

/* Two results made from numbers that are both computed; the first is returned. */
static void put_two_results(Writer *writer)
{
    unsigned result = writer->results[writer->function], number = writer->next_local;
    const Parts *fields = &writer->structs[result < SCALARS ? 0 : result - SCALARS];
    if (result < SCALARS || fields->count == 0 || fields->types[0] > F64)
        return;
    for (unsigned i = 0; i < 2; i++) {
        buffer_put_format(writer->out, "const v%u: %s = ", number + i,
                          scalar_names[fields->types[0]]);
        put_number(writer, fields->types[0], 1);
        put(writer, ";\n");
    }
    for (unsigned i = 0; i < 2; i++) {
        buffer_put_format(writer->out, "%s return S%u{ f0: v%u", i == 0 ? "if c1 {" : "",
                          result - SCALARS, number + i);
        for (unsigned k = 1; k < fields->count; k++) {
            buffer_put_format(writer->out, ", f%u: ", k);
            put_value(writer, fields->types[k], 2);
        }
        put(writer, i == 0 ? " }; }\n" : " };\n");
    }
    writer->next_local += 2;
}

/* A copy of a variable, which is then assigned to. */
static void put_snapshot(Writer *writer)
{
    unsigned first = writer->local_count == 0 ? 0 : draw(writer, writer->local_count);
    for (unsigned i = first; i < writer->local_count && writer->local_count < MOST_LOCALS; i++) {
        Local copy = writer->locals[i];
        if (!copy.is_var || !is_visible(writer, i))
            continue;
        buffer_put_format(writer->out, "const v%u = v%u;\nv%u = ", writer->next_local, copy.number,
                          copy.number);
        put_value(writer, copy.type, 0);
        put(writer, ";\n");
        writer->locals[writer->local_count++] =
            (Local){writer->next_local++, copy.type, writer->block, false};
        return;
    }
}

/* True if it ends the block. */
static bool put_statement(Writer *writer, unsigned depth)
{
    switch (draw(writer, 14)) {
    case 0: case 1: case 2: put_declaration(writer); break;
    case 12: put_snapshot(writer); break;
    case 13: put_shared_number(writer); break;
    case 3: case 4: case 5: put_assignment(writer); break;
    case 6: put_print(writer); break;
    case 7: case 8:
        if (depth < 4)
            put_if(writer, depth);
        break;
    case 9:
        if (writer->loops < 2 && depth < 4)
            put_loop(writer, depth);
        break;
    case 10:
        if (depth > 0 && draw(writer, 3) == 0) {
            put_return(writer);
            return true;
        }
        break;
    default:
        if (writer->loops > 0 && depth > 1) {
            put(writer, draw(writer, 2) ? "break;\n" : "continue;\n");
            return true;
        }
        break;
    }
    return false;
}

static void put_block(Writer *writer, unsigned depth)
{
    unsigned count = 1 + draw(writer, 6), outer = writer->local_count;
    bool is_ended = false;
    writer->block++;
    for (unsigned i = 0; i < count && !is_ended; i++)
        is_ended = put_statement(writer, depth);
    if (!is_ended)
        put_locals(writer, outer);
    writer->block--;
    writer->local_count = outer;
}

/* ---- declarations ---------------------------------------------------------------------------- */

static void put_structs(Writer *writer)
{
    for (unsigned i = 0; i < STRUCTS; i++) {
        Parts *fields = &writer->structs[i];
        fields->count = draw(writer, MOST_PARTS + 1);
        buffer_put_format(writer->out, "struct S%u { ", i);
        for (unsigned k = 0; k < fields->count; k++) {
            fields->types[k] = draw(writer, SCALARS + i); /* one of those before it */
            buffer_put_format(writer->out, "%sf%u: ", k == 0 ? "" : ", ", k);
            put_type(writer, fields->types[k]);
        }
        put(writer, " }\n");
    }
}

static void draw_functions(Writer *writer)
{
    for (unsigned i = 0; i < FUNCTIONS; i++) {
        Parts *parameters = &writer->functions[i];
        parameters->count = draw(writer, MOST_PARTS + 1);
        for (unsigned k = 0; k < parameters->count; k++)
            parameters->types[k] = draw(writer, TYPES);
        writer->results[i] = draw(writer, TYPES);
    }
}

static void put_function(Writer *writer, unsigned number)
{
    const Parts *parameters = &writer->functions[number];
    writer->function = number;
    writer->local_count = writer->block = 0;
    writer->budget = 400;
    buffer_put_format(writer->out, "fn g%u(", number);
    for (unsigned i = 0; i < parameters->count; i++) {
        Local local = {writer->next_local++, parameters->types[i], 0, false};
        buffer_put_format(writer->out, "%sv%u: ", i == 0 ? "" : ", ", local.number);
        put_type(writer, local.type);
        writer->locals[writer->local_count++] = local;
    }
    put(writer, ") ");
    put_type(writer, writer->results[number]);
    put(writer, " {\n");
    for (unsigned i = 0, count = 3 + draw(writer, 10); i < count; i++)
        put_statement(writer, 0);
    put_locals(writer, 0);
    put_two_results(writer);
    put_return(writer);
    put(writer, "}\n");
}

static void put_main(Writer *writer)
{
    writer->function = TIERS - 1; /* it calls what is below; and each function itself */
    writer->local_count = 0;
    put(writer, "fn main() i32 {\n");
    for (unsigned i = 0; i < 2 * FUNCTIONS; i++) {
        char name[32] = {0};
        const Parts *parameters = &writer->functions[i % FUNCTIONS];
        unsigned type = writer->results[i % FUNCTIONS];
        ByteBuffer text = {0};
        buffer_put_format(&text, "r%u", i);
        memcpy(name, text.data, text.size);
        buffer_free(&text);
        buffer_put_format(writer->out, "const %s = g%u(", name, i % FUNCTIONS);
        for (unsigned k = 0; k < parameters->count; k++) {
            writer->budget = 20;
            put(writer, k == 0 ? "" : ", ");
            put_value(writer, parameters->types[k], 2);
        }
        put(writer, ");\n");
        put_prints(writer, name, type);
    }
    put(writer, "return 7;\n}\n");
}

void random_code_write(uint64_t seed, bool may_trap, ByteBuffer *source)
{
    Writer writer = {.random = seed, .out = source, .may_trap = may_trap};
    put(&writer, "const t1 = \"a\";\nconst t2 = \"a text of a constant that is so long that it "
                 "stands only once in a program\";\nconst t3 = \"b\";\n"
                 "const c1 = 1.0 < 2.0;\nconst c2 = t1 == t3;\n"
                 "fn i(x: i32) i32 { return x; }\nfn l(x: i64) i64 { return x; }\n"
                 "fn d(x: f64) f64 { return x; }\n"
                 "fn ni(x: i32) i32 { if x == 0 { return 3; } return x; }\n"
                 "fn nl(x: i64) i64 { if x == 0 { return 3; } return x; }\n");
    put_structs(&writer);
    draw_functions(&writer);
    for (unsigned i = 0; i < FUNCTIONS; i++)
        put_function(&writer, i);
    put_main(&writer);
    buffer_put_byte(source, '\0');
    source->size--;
}
