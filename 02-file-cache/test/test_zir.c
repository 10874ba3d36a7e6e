/* SPDX-License-Identifier: MIT */
/* ZIR in a cache: views of intact blobs, and no view of damaged ones. */
#include "lowered_source.h"
#include "scratch.h"
#include "zir_builder.h"
#include "zir_code.h"

#include <stdlib.h>

static const char sample[] =
    "import \"m\" as m;\n"
    "const limit: i32 = 1 + 2;\n"
    "struct P { x: i32, y: m.Q }\n"
    "extern fn puts(s: str) i32;\n"
    "fn f(a: i32, p: P) i32 {\n"
    "    var v = P{ x: a, y: p.y };\n"
    "    v.x = g(a, -a);\n"
    "    while a < limit && v.x == 2 {\n"
    "        if a == 1 { break; } else if a == 2 { continue; } else { print(\"s\"); }\n"
    "    }\n"
    "    return a as i32;\n"
    "}\n";

/* A copy of the blob, to be damaged, in memory of exactly its size. */
static Slice copy_of(Slice blob)
{
    char *copy = memory_allocate(blob.size);
    memcpy(copy, blob.data, blob.size);
    return slice_of(copy, blob.size);
}

static void test_a_part_stands_alone(void **state)
{
    (void)state;
    LoweredSource source;
    lowered_source_open(&source, slice_from(sample));
    Zir zir;
    lowered_source_part(&source, "f", &zir);
    assert_int_equal(zir.kind, ZIR_FN);
    assert_int_equal(zir.interface_count, 3);
    assert_int_equal(zir.insts[2].op, ZIR_RESULT);
    assert_string_equal(zir.text + zir.insts[0].a, "a");
    lowered_source_part(&source, "limit", &zir);
    assert_int_equal(zir.kind, ZIR_CONST);
    assert_int_equal(zir.interface_count, zir.inst_count);
    lowered_source_part(&source, "P", &zir);
    assert_int_equal(zir.kind, ZIR_STRUCT);
    lowered_source_part(&source, "puts", &zir);
    assert_int_equal(zir.kind, ZIR_EXTERN_FN);
    lowered_source_close(&source);
}

static void expect_place(const Zir *zir, ZirOp op, uint32_t expected_line, uint32_t expected_column)
{
    uint32_t line, column, inst = 0;
    while (inst < zir->inst_count && zir->insts[inst].op != op)
        inst++;
    assert_int_not_equal(inst, zir->inst_count);
    zir_position(zir, inst, &line, &column);
    assert_int_equal(line, expected_line);
    assert_int_equal(column, expected_column);
}

static void test_positions(void **state)
{
    (void)state;
    LoweredSource source;
    Zir zir;
    lowered_source_open(&source, slice_from(sample));
    lowered_source_part(&source, "f", &zir);
    expect_place(&zir, ZIR_PARAM, 5, 9);      /* its type */
    expect_place(&zir, ZIR_STRUCT_LIT, 6, 13);
    expect_place(&zir, ZIR_VAR, 6, 9);        /* its name, since it has no type */
    expect_place(&zir, ZIR_INIT, 6, 16);
    expect_place(&zir, ZIR_FIELD_ADDR, 7, 7);
    expect_place(&zir, ZIR_STORE, 7, 9);
    expect_place(&zir, ZIR_CALL, 7, 11);
    expect_place(&zir, ZIR_ARG, 7, 13);
    expect_place(&zir, ZIR_NEG, 7, 16);
    expect_place(&zir, ZIR_LOOP, 8, 5);
    expect_place(&zir, ZIR_LT, 8, 13);
    expect_place(&zir, ZIR_AND, 8, 21);
    expect_place(&zir, ZIR_LOOP_COND, 8, 5);
    expect_place(&zir, ZIR_IF, 9, 9);
    expect_place(&zir, ZIR_ELSE, 9, 30);
    expect_place(&zir, ZIR_END_LOOP, 10, 5);
    expect_place(&zir, ZIR_CAST, 11, 14);
    lowered_source_close(&source);
}

/* Flips bits of every byte. Whatever is still accepted as a part can be printed and looked up. */
static void test_a_flipped_byte_never_leads_astray(void **state)
{
    (void)state;
    static const unsigned char flips[] = {0x01, 0x02, 0x04, 0x80, 0xFF};
    LoweredSource source;
    lowered_source_open(&source, slice_from(sample));
    Slice blob = copy_of(source.lowered.ir);
    char *bytes = (char *)(uintptr_t)blob.data;
    size_t refused = 0;
    for (size_t i = 0; i < blob.size * sizeof flips; i++) {
        bytes[i / sizeof flips] ^= (char)flips[i % sizeof flips];
        for (uint32_t part = 0; part < source.declarations.count; part++) {
            const Declaration *item = &source.declarations.items[part];
            ByteBuffer listing = {0};
            Zir zir;
            if (!zir_view(blob, item->ir_offset, item->ir_size, &source.arena, &zir)) {
                refused++;
                continue;
            }
            zir_print(&zir, &listing);
            for (uint32_t inst = 0; inst < zir.inst_count; inst++) {
                uint32_t line, column;
                zir_position(&zir, inst, &line, &column);
                assert_in_range(line, 1, zir.line_count);
                assert_true(column > 0 && column - 1 <= zir_offset(&zir, inst));
            }
            buffer_free(&listing);
        }
        bytes[i / sizeof flips] ^= (char)flips[i % sizeof flips];
    }
    assert_true(refused > blob.size);
    free(bytes);
    lowered_source_close(&source);
}

static void test_wrong_sizes_and_places_are_refused(void **state)
{
    (void)state;
    LoweredSource source;
    Zir zir;
    lowered_source_open(&source, slice_from(sample));
    Slice blob = source.lowered.ir;
    uint32_t last = source.declarations.count - 1;
    uint32_t offset = source.declarations.items[last].ir_offset;
    uint32_t size = source.declarations.items[last].ir_size;
    assert_true(zir_view(blob, offset, size, &source.arena, &zir));
    assert_false(zir_view(blob, offset, size + 8, &source.arena, &zir));
    assert_false(zir_view(blob, offset, size - 8, &source.arena, &zir));
    assert_false(zir_view(blob, offset + 4, size, &source.arena, &zir));
    assert_false(zir_view(blob, 0, size, &source.arena, &zir));
    assert_false(zir_view(blob, offset, 0, &source.arena, &zir));
    assert_false(zir_view(blob, UINT32_MAX - 7, 16, &source.arena, &zir));
    assert_null(zir.insts);
    for (size_t cut = 0; cut < blob.size; cut++) {
        char *copy = memory_allocate(cut);
        memcpy(copy, blob.data, cut);
        assert_false(zir_view(slice_of(copy, cut), offset, size, &source.arena, &zir));
        free(copy);
    }
    lowered_source_close(&source);
}

/* The instructions of one of the sample's parts, to be changed. */
typedef struct Damage {
    const char *part;
    ZirOp op; /* the first of this operation ... */
    enum { OP, TYPE, COUNT, OPERAND_A, OPERAND_B } field;
    uint32_t value; /* ... gets this */
} Damage;

static void damage(ZirInst *inst, const Damage *how)
{
    if (how->field == OP)
        inst->op = (uint8_t)how->value;
    else if (how->field == TYPE)
        inst->type = (uint8_t)how->value;
    else if (how->field == COUNT)
        inst->count = (uint16_t)how->value;
    else if (how->field == OPERAND_A)
        inst->a = how->value;
    else
        inst->b = how->value;
}

/* Packs the viewed and then changed part into its own blob. */
static Slice pack_again(LoweredSource *source, const Zir *zir, Declaration *item)
{
    ZirBuilder builder;
    zir_builder_init(&builder, slice_from(sample), &source->arena);
    zir_begin_part(&builder, 0);
    buffer_put(&builder.text, slice_of(zir->text, zir->text_size));
    for (uint32_t i = 0; i < zir->inst_count; i++)
        zir_emit(&builder, zir_offset(zir, i), zir->insts[i]);
    builder.interface_count = zir->interface_count;
    zir_finish_part(&builder, zir->kind, item);
    Slice blob = zir_builder_finish(&builder, &source->arena);
    return blob;
}

static bool view_again(LoweredSource *source, const Zir *zir, Zir *again)
{
    Declaration item;
    Slice blob = pack_again(source, zir, &item);
    return zir_view(blob, item.ir_offset, item.ir_size, &source->arena, again);
}

static void test_every_rule_is_checked(void **state)
{
    (void)state;
    static const Damage damages[] = {
        {"f", ZIR_NEG, OP, ZIR_OP_COUNT},       {"f", ZIR_NEG, OP, 255},
        {"f", ZIR_NEG, OP, ZIR_PARAM},          {"f", ZIR_RESULT, OP, ZIR_PARAM},
        {"f", ZIR_PARAM, OP, ZIR_RESULT},       {"limit", ZIR_ADD, OP, ZIR_LET},
        {"limit", ZIR_CONST_VALUE, OP, ZIR_NEG},
        {"P", ZIR_FIELD_DECL, OP, ZIR_PARAM},   {"puts", ZIR_RESULT, OP, ZIR_RETURN},
        {"f", ZIR_PARAM, TYPE, ZIR_TYPE_NONE},  {"f", ZIR_PARAM, TYPE, ZIR_TYPE_NAMED + 1},
        {"f", ZIR_RESULT, TYPE, 200},           {"f", ZIR_VAR, TYPE, ZIR_TYPE_NAMED + 1},
        {"f", ZIR_CAST, TYPE, ZIR_TYPE_NAMED},  {"f", ZIR_CAST, TYPE, ZIR_TYPE_NONE},
        {"f", ZIR_CALL, COUNT, 1},              {"f", ZIR_CALL, COUNT, 3},
        {"f", ZIR_STRUCT_LIT, COUNT, 1},        {"f", ZIR_ARG, OP, ZIR_NEG},
        {"f", ZIR_PARAM, OPERAND_A, 1000},      {"f", ZIR_STR, OPERAND_A, UINT32_MAX},
        {"f", ZIR_INIT, OPERAND_B, 1000},       {"f", ZIR_FIELD, OPERAND_B, 1000},
        {"f", ZIR_NEG, OPERAND_A, 1000},        {"f", ZIR_NEG, OPERAND_A, 2},
        {"f", ZIR_NEG, OPERAND_A, ZIR_NO_VALUE}, {"f", ZIR_LT, OPERAND_B, 1000},
        {"f", ZIR_GET, OPERAND_A, 0},           {"f", ZIR_ADDR, OPERAND_A, 0},
        {"f", ZIR_STORE, OPERAND_A, 0},         {"f", ZIR_FIELD_ADDR, OPERAND_A, 0},
        {"f", ZIR_RETURN, OPERAND_A, 2},        {"f", ZIR_RETURN, OPERAND_A, 1000},
        {"f", ZIR_AND, OPERAND_B, 0},           {"f", ZIR_AND, OPERAND_B, 1000},
        {"f", ZIR_LOGIC_END, OPERAND_A, 0},     {"f", ZIR_IF, OPERAND_B, 0},
        {"f", ZIR_IF, OPERAND_B, 1000},         {"f", ZIR_ELSE, OPERAND_A, 0},
        {"f", ZIR_ELSE, OPERAND_B, 1000},       {"f", ZIR_END, OPERAND_A, 0},
        {"f", ZIR_LOOP, OPERAND_B, 0},          {"f", ZIR_LOOP_COND, OPERAND_B, 1000},
        {"f", ZIR_END_LOOP, OPERAND_A, 0},      {"f", ZIR_BREAK, OPERAND_A, 0},
        {"f", ZIR_CONTINUE, OPERAND_A, 1000},   {"limit", ZIR_CONST_VALUE, OPERAND_A, 3},
    };
    LoweredSource source;
    lowered_source_open(&source, slice_from(sample));
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        uint32_t number = declarations_find(&source.declarations, slice_from(damages[i].part));
        const Declaration *item = &source.declarations.items[number];
        Zir zir, again;
        assert_true(zir_view(source.lowered.ir, item->ir_offset, item->ir_size, &source.arena, &zir));
        assert_true(view_again(&source, &zir, &again));
        ZirInst *inst = zir.insts;
        while (inst->op != damages[i].op)
            inst++;
        damage(inst, &damages[i]);
        if (view_again(&source, &zir, &again))
            fail_msg("damage %zu is not noticed", i);
    }
    lowered_source_close(&source);
}

static void test_the_first_line_starts_at_0(void **state)
{
    (void)state;
    LoweredSource source;
    Zir zir;
    lowered_source_open(&source, slice_from("fn f() { }"));
    lowered_source_part(&source, "f", &zir);
    *(uint32_t *)(uintptr_t)zir.line_starts = 1;
    const Declaration *item = &source.declarations.items[0];
    assert_false(zir_view(source.lowered.ir, item->ir_offset, item->ir_size, &source.arena, &zir));
    lowered_source_close(&source);
}

static void test_text_ends_in_nul(void **state)
{
    (void)state;
    LoweredSource source;
    Zir zir;
    lowered_source_open(&source, slice_from(sample));
    lowered_source_part(&source, "P", &zir);
    *(char *)(uintptr_t)&zir.text[zir.text_size - 1] = 'x';
    const Declaration *item = &source.declarations.items[1];
    assert_false(zir_view(source.lowered.ir, item->ir_offset, item->ir_size, &source.arena, &zir));
    lowered_source_close(&source);
}

/* An error in a body does not affect a reader of the interface, and cannot be reached. */
static void test_an_interface_is_viewed_alone(void **state)
{
    (void)state;
    LoweredSource source;
    Zir zir, interface;
    lowered_source_open(&source, slice_from("fn f(a: i32) i32 { return a; }"));
    Declaration item;
    lowered_source_part(&source, "f", &zir);
    zir.insts[2].op = ZIR_OP_COUNT;
    Slice blob = pack_again(&source, &zir, &item);
    assert_false(zir_view(blob, item.ir_offset, item.ir_size, &source.arena, &interface));
    assert_true(zir_view_interface(blob, item.ir_offset, item.ir_size, &source.arena, &interface));
    assert_int_equal(interface.inst_count, 2);
    zir.insts[0].op = ZIR_OP_COUNT;
    blob = pack_again(&source, &zir, &item);
    assert_false(zir_view_interface(blob, item.ir_offset, item.ir_size, &source.arena, &interface));
    lowered_source_close(&source);
}

/* END names an IF that names another end: as many ends as begins, but not matching. */
static void test_ends_that_are_not_of_their_begins_are_refused(void **state)
{
    (void)state;
    LoweredSource source;
    Zir zir, again;
    lowered_source_open(&source, slice_from("fn f(a: bool) { if a { } if a { } }"));
    lowered_source_part(&source, "f", &zir);
    assert_int_equal(zir.insts[2].op, ZIR_IF);
    assert_int_equal(zir.insts[5].op, ZIR_END);
    zir.insts[5].a = 2;
    assert_false(view_again(&source, &zir, &again));
    lowered_source_close(&source);
}

/* On both sides of the word's limit, in each field; and no code can be truncated. */
static void test_instructions_are_packed_and_unpacked(void **state)
{
    (void)state;
    static const ZirInst insts[] = {
        {0, 0, 0, ZIR_NO_VALUE, 0}, {62, 7, 7, 1022, 1023},
        {1, 8, 0, 0, 0}, {1, 255, 0, 0, 0}, {1, 0, 8, 0, 0}, {1, 0, UINT16_MAX, 0, 0},
        {1, 0, 0, 1023, 0}, {1, 0, 0, UINT32_MAX - 1, 0}, {1, 0, 0, 0, 1024},
        {1, 0, 0, 0, UINT32_MAX}, {5, 6, 1, 2, 3},
    };
    enum { ALL = sizeof insts / sizeof *insts, SMALL = 3 }; /* the first two and the last */
    ZirInst unpacked[ALL];
    ByteBuffer code = {0};
    zir_code_put(&code, insts, ALL);
    assert_int_equal(code.size, sizeof(uint32_t) * ALL + sizeof *insts * (ALL - SMALL));
    assert_int_equal(zir_code_get(buffer_slice(&code), unpacked, ALL), code.size);
    assert_memory_equal(unpacked, insts, sizeof insts);
    for (size_t cut = 0; cut < code.size; cut++) {
        char *copy = memory_allocate(cut); /* so that reading past it is noticed */
        memcpy(copy, code.data, cut);
        assert_int_equal(zir_code_get(slice_of(copy, cut), unpacked, ALL), 0);
        free(copy);
    }
    buffer_free(&code);
}

/* A part of more than 64 KiB of source, and one that begins that far into the file. */
static void test_positions_far_away(void **state)
{
    (void)state;
    LoweredSource source;
    Zir zir;
    ByteBuffer text = {0};
    buffer_put(&text, slice_from("fn f() i32 {\n    return 1 +\n"));
    for (int i = 0; i < 70000; i++)
        buffer_put_byte(&text, '\n');
    buffer_put(&text, slice_from(" 2; }\nfn g() i32 {\n    return 1 + 2; }\n"));
    lowered_source_open(&source, buffer_slice(&text));
    lowered_source_part(&source, "f", &zir);
    expect_place(&zir, ZIR_ADD, 2, 14);
    assert_null(zir.short_positions);
    assert_int_equal(zir_offset(&zir, 2), text.size - sizeof "2; }\nfn g() i32 {\n    return 1 + 2; }");
    lowered_source_part(&source, "g", &zir);
    assert_non_null(zir.short_positions);
    expect_place(&zir, ZIR_ADD, 70005, 14);
    lowered_source_close(&source);
    buffer_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_part_stands_alone),
        cmocka_unit_test(test_positions),
        cmocka_unit_test(test_positions_far_away),
        cmocka_unit_test(test_instructions_are_packed_and_unpacked),
        cmocka_unit_test(test_a_flipped_byte_never_leads_astray),
        cmocka_unit_test(test_wrong_sizes_and_places_are_refused),
        cmocka_unit_test(test_every_rule_is_checked),
        cmocka_unit_test(test_the_first_line_starts_at_0),
        cmocka_unit_test(test_text_ends_in_nul),
        cmocka_unit_test(test_an_interface_is_viewed_alone),
        cmocka_unit_test(test_ends_that_are_not_of_their_begins_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
