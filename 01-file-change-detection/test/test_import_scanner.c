/* SPDX-License-Identifier: MIT */
/* What the import scanner finds. Stage 2 tests that it agrees with the parser. */
#include "import_scanner.h"
#include "lexical.h"
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>

/* Each import as "PATH@LINE:COLUMN ". */
static void expect_imports_of(Slice source, const char *expected)
{
    Arena arena = {0};
    ImportScan scan = {.arena = &arena};
    char found[512] = "";
    size_t size = 0;
    mini_scan_imports(NULL, source, &scan);
    for (uint32_t i = 0; i < scan.count; i++) {
        ScannedImport *item = &scan.items[i];
        size += (size_t)snprintf(found + size, sizeof found - size, "%.*s@%u:%u ",
                                 (int)item->path.size, item->path.data, (unsigned)item->line,
                                 (unsigned)item->column);
    }
    assert_string_equal(found, expected);
    free(scan.items);
    arena_free(&arena);
}

static void expect_imports(const char *source, const char *expected)
{
    expect_imports_of(slice_from(source), expected);
}

static void imports_are_found_in_order(void **state)
{
    (void)state;
    expect_imports("", "");
    expect_imports("fn main() i32 { return 0; }", "");
    expect_imports("import \"a.mini\" as a;", "a.mini@1:8 ");
    expect_imports("import \"b\" as b;\n\n  import \"a\" as a;\nimport \"b\" as c;",
                   "b@1:8 a@3:10 b@4:8 ");
}

static void blanks_and_comments_stand_anywhere(void **state)
{
    (void)state;
    expect_imports("// import \"no\" as no;\r\nimport\"a\"as b;import \"c\"as d\t;",
                   "a@2:7 c@2:22 ");
    expect_imports("import // import\n \"a\" // as\n as//;\n a // ;\n ; import \"b\" as b;",
                   "a@2:2 b@5:11 ");
    expect_imports("import \"a//b\" as a; // \"\nimport \"c\" as c; //", "a//b@1:8 c@2:8 ");
    expect_imports("//", "");
    expect_imports("/", "");
}

static void escapes_are_resolved(void **state)
{
    (void)state;
    expect_imports("import \"\\x61\\\"\\\\;\" as a; import \"b\" as b;", "a\"\\;@1:8 b@1:33 ");
    expect_imports("import \"\" as a; import \"\xc3\xa9\" as b;", "@1:8 \xc3\xa9@1:24 ");
}

static void the_scan_ends_at_what_is_no_import(void **state)
{
    (void)state;
    expect_imports("import \"a\" as a; fn f() { } import \"b\" as b;", "a@1:8 ");
    expect_imports("imports \"a\" as a;", "");
    expect_imports("import \"a as a;\nimport \"b\" as b;", "");
    expect_imports("import \"a\nb\" as a;", "");
    expect_imports("import \"a\\\" as a;", "");
    expect_imports("import \"a\\\n\" as a;", "");
    expect_imports("import \"a\" az a;", "");
    expect_imports("import \"a\" as ;", "");
    expect_imports("import \"a\" as 1;", "");
    expect_imports("import \"a\" as a", "");
    expect_imports("import \"\\q\" as a;", "");
    expect_imports("import \"\\x00\" as a;", "");
}

/* Reads no byte past the source: each prefix is in memory of its own size. */
static void every_prefix_can_be_scanned(void **state)
{
    (void)state;
    const char *whole = "import \"a\\x62\\n\" as a; // c\nimport \"b\" as b;";
    for (size_t size = 0; size <= strlen(whole); size++) {
        char *prefix = memory_allocate(size);
        memcpy(prefix, whole, size);
        expect_imports_of(slice_of(prefix, size), size < 22             ? ""
                                                  : size < strlen(whole) ? "ab\n@1:8 "
                                                                         : "ab\n@1:8 b@2:8 ");
        free(prefix);
    }
}

static void wrong_escapes_are_reported(void **state)
{
    (void)state;
    static const struct {
        const char *text, *result;
        size_t offset;
        bool wrong;
    } cases[] = {
        {"a\\n\\t\\\\\\\"b", "a\n\t\\\"b", 0, false}, {"\\x41\\xfF", "A\xff", 0, false},
        {"ab\\qc", "abc", 2, true},                   {"\\x4", "4", 0, true},
        {"\\x4g", "4g", 0, true},                     {"a\\x00b", "ab", 1, true},
        {"a\\", "a", 1, true},                        {"\\q\\x00", "", 0, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[16];
        StringError error = {0};
        size_t size = lexical_unescape(slice_from(cases[i].text), out, &error);
        assert_int_equal(size, strlen(cases[i].result));
        assert_memory_equal(out, cases[i].result, size);
        assert_int_equal(error.message != NULL, cases[i].wrong);
        assert_int_equal(error.offset, cases[i].offset);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(imports_are_found_in_order),
        cmocka_unit_test(blanks_and_comments_stand_anywhere),
        cmocka_unit_test(escapes_are_resolved),
        cmocka_unit_test(the_scan_ends_at_what_is_no_import),
        cmocka_unit_test(every_prefix_can_be_scanned),
        cmocka_unit_test(wrong_escapes_are_reported),
    };
    return cmocka_run_group_tests_name("import scanner", tests, NULL, NULL);
}
