/* SPDX-License-Identifier: MIT */
/* A rule that a plug breaks is named; a right plug breaks none. */
#include "plug_check.h"

#include "include_language.h"
#include "line_language.h"
#include "mini_compiler.h"
#include "thread_executor.h"
#include "tree_language.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdatomic.h>
#include <stdio.h>

static void note(void *context, const char *function, Slice subject, const char *rule)
{
    ByteBuffer *found = context;
    buffer_put_format(found, "%s(%.*s): ", function, (int)subject.size, subject.data);
    buffer_put(found, slice_from(rule));
    buffer_put_byte(found, '\n');
}

static void expect(const Compiler *compiler, const PlugFile *files, uint32_t count,
                   const char *found)
{
    Executor *const executors[] = {&executor_serial, &thread_executor};
    for (size_t i = 0; i < sizeof executors / sizeof *executors; i++) {
        ByteBuffer lines = {0};
        PlugCheck check = {note, &lines, executors[i]};
        uint64_t broken = plug_check(compiler, files, count, &check);
        buffer_put_byte(&lines, '\0');
        assert_string_equal(lines.data, found);
        assert_int_equal(broken != 0, *found != '\0');
        buffer_free(&lines);
    }
}

#define FILE_IN_ROLE(path, source, role) \
    {{path, sizeof(path) - 1}, {source, sizeof(source) - 1}, role}
#define FILE_OF(path, source) FILE_IN_ROLE(path, source, IMPORT_SOURCE)
#define COUNT(array) (sizeof array / sizeof *array)

/* ---- right plugs ------------------------------------------------------------------------------ */

static const PlugFile lines[] = {
    FILE_OF("main.line", "import \"lib/lib.line\" as lib\n"
                         "import \"other.line\" as other\n"
                         "unit main $lib.area $other.use\n"
                         "unit helper $lib.count\n"),
    FILE_OF("lib/lib.line", "import \"../other.line\" as other\n"
                            "declare puts i32 @puts(ptr)\n"
                            "unit area(a $other.box) multiplied\n"
                            "unit count(n &count) counted\n"),
    FILE_OF("other.line", "todo something\nunit use used $box\nunit box(w h)\n"),
};

static void test_the_line_language_is_right(void **state)
{
    (void)state;
    Compiler compiler = line_language("");
    expect(&compiler, lines, COUNT(lines), "");
    compiler.emit_file = line_emit_file;
    expect(&compiler, lines, COUNT(lines), "");
    expect(&compiler, lines, 0, "");
}

static void test_wrong_programs_are_no_fault_of_the_plug(void **state)
{
    (void)state;
    Compiler compiler = line_language("");
    static const PlugFile files[] = {
        FILE_OF("main.line", "import \"lib.line\" as lib\nimport \"no.line\" as no\n"
                             "unit main $lib.nothing $no.thing $broken\n"
                             "unit broken(it $lib.gone) body\n"),
        FILE_OF("lib.line", "this is no unit\n"),
        FILE_OF("apart.line", "unit alone $nowhere\n"),
    };
    expect(&compiler, files, COUNT(files), "");
    expect(&compiler, files, 1, "");
}

static void test_the_tree_language_is_right(void **state)
{
    (void)state;
    TreeLanguage language = {0};
    Compiler compiler = tree_language(&language);
    static const PlugFile files[] = {
        FILE_OF("main.tree", "import \"lib.tree\" as lib\nfn main = (print $lib.area)\n"
                             "fn other = (print $main)\n"),
        FILE_OF("lib.tree", "about flat\ntype box w h\nfn area box = (mul w h)\n"),
    };
    expect(&compiler, files, COUNT(files), "");
}

static const PlugFile included[] = {
    FILE_OF("main.tree", "env MODE\nimport \"lib.tree\" as lib\ninclude \"a.h\"\n"
                         "embed table \"d\"\nifexists \"none\"\nendif\n"
                         "fn main = (print %WORD %MODE $lib.get)\n"),
    FILE_IN_ROLE("near/a.h", "include \"b.h\"\nwarn of a\n", IMPORT_TEXT),
    FILE_IN_ROLE("near/b.h", "define WORD hello\n", IMPORT_TEXT),
    FILE_IN_ROLE("d", "include \"no\"\n", IMPORT_DATA),
    FILE_OF("lib.tree", "fn get = (a)\n"),
};

static void test_the_include_language_is_right(void **state)
{
    (void)state;
    IncludeLanguage language = {.values = {{"MODE", "debug"}}};
    Compiler compiler = include_language(&language);
    expect(&compiler, included, COUNT(included), "");
}

static void test_what_the_include_language_can_do_wrong_is_found(void **state)
{
    (void)state;
    static const struct {
        IncludeMistake mistake;
        const char *found;
    } wrong[] = {
        {INCLUDE_SCANS_NO_EMBED,
         "scan_imports(main.tree): does not find all that lowering asks for\n"},
        {INCLUDE_SCANS_NO_ENV,
         "scan_imports(main.tree): does not find all that lowering asks for\n"},
        {INCLUDE_ASKS_FROM_SELF,
         "scan_imports(main.tree): does not find all that lowering asks for\n"},
        {INCLUDE_VALUE_CHANGES, "value(MODE): is another when it is asked again\n"},
        {INCLUDE_ASKS_MORE_EACH_TIME, "lower_with_inputs(main.tree): asks for something else when "
                                      "it is called again\n"},
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        IncludeLanguage language = {.values = {{"MODE", "debug"}}, .mistake = wrong[i].mistake};
        Compiler compiler = include_language(&language);
        ByteBuffer reports = {0};
        PlugCheck check = {note, &reports, &executor_serial};
        assert_true(plug_check(&compiler, included, COUNT(included), &check) != 0);
        buffer_put_byte(&reports, '\0');
        if (strstr(reports.data, wrong[i].found) == NULL)
            fail_msg("no '%s' in: %s", wrong[i].found, reports.data);
        buffer_free(&reports);
    }
}

static void test_mini_is_right(void **state)
{
    (void)state;
    Compiler compiler;
    ByteBuffer prelude = {0};
    static const PlugFile files[] = {
        FILE_OF("main.mini", "import \"lib/a.mini\" as a;\n"
                             "const twice: i32 = a.size * 2;\n"
                             "extern fn puts(text: str) i32;\n"
                             "fn main() i32 { puts(\"a string\\n\"); return a.area(a.Box{ w: 1, h: twice }); }\n"),
        FILE_OF("lib/a.mini", "import \"../main.mini\" as main;\n"
                              "const size: i32 = 4;\nstruct Box { w: i32, h: i32 }\n"
                              "fn area(box: Box) i32 { return box.w * box.h + main.twice; }\n"
                              "fn wrong() i32 { return nowhere; }\n"),
        FILE_OF("broken.mini", "fn main( { }\n"),
    };
    assert_int_equal(mini_compiler_init(&compiler, NULL, &prelude), 0);
    expect(&compiler, files, COUNT(files), "");
    buffer_free(&prelude);
}

/* ---- wrong ones -------------------------------------------------------------------------------- */

typedef enum Mistake {
    SCANS_LESS,
    SCANS_IN_ANOTHER_ORDER,
    SCANS_BY_MOOD,
    LOWERS_BY_MOOD,
    REPORTS_BY_MOOD,
    LOWERS_MALFORMED,
    REPEATS_A_NAME,
    PLACES_IR_OUTSIDE,
    HASHES_IN_PUBLIC,
    HASHES_NOTHING,
    REFUSES_FILES_SILENTLY,
    PASSES_WRONG_FILES,
    BEGINS_WITH_A_NOTE,
    EMITS_BY_MOOD,
    ASKS_TOO_MUCH,
    EMITS_NO_NEWLINE,
    REFUSES_UNITS_SILENTLY,
    PASSES_WRONG_UNITS,
    SEES_COMPANY,
} Mistake;

typedef struct Wrong {
    Mistake mistake;
    Compiler right;
    atomic_uint calls; /* a mood */
} Wrong;

static void scan(void *language, Slice source, ImportScan *found)
{
    Wrong *wrong = language;
    wrong->right.scan_imports(wrong->right.language, source, found);
    if (found->count < 2)
        return;
    if (wrong->mistake == SCANS_LESS)
        found->count--;
    if (wrong->mistake == SCANS_IN_ANOTHER_ORDER ||
        (wrong->mistake == SCANS_BY_MOOD && atomic_fetch_add(&wrong->calls, 1) != 0)) {
        ScannedImport first = found->items[0];
        found->items[0] = found->items[1];
        found->items[1] = first;
    }
}

static void tamper(Mistake mistake, Slice blob)
{
    Declarations view;
    assert_true(declarations_view(blob, &view));
    if (view.count < 2)
        return;
    Declaration *items = (Declaration *)(uintptr_t)view.items;
    if (mistake == REPEATS_A_NAME)
        items[1].name = items[0].name;
    if (mistake == PLACES_IR_OUTSIDE)
        items[1].ir_offset = UINT32_MAX;
    if (mistake == HASHES_NOTHING)
        items[1].interface_hash = (Hash128){0, 0};
}

static bool lower(void *language, Slice source, const HashSecret *secret, Arena *arena,
                  Diagnostics *diagnostics, Lowered *lowered)
{
    Wrong *wrong = language;
    Mistake mistake = wrong->mistake;
    unsigned call = atomic_fetch_add(&wrong->calls, 1);
    bool is_right = wrong->right.lower(wrong->right.language, source,
                                       mistake == HASHES_IN_PUBLIC ? NULL : secret, arena,
                                       diagnostics, lowered);
    if (!is_right)
        return false;
    tamper(mistake, lowered->declarations);
    if (mistake == LOWERS_BY_MOOD)
        lowered->ir = slice_of(lowered->ir.data, lowered->ir.size - call % 2);
    if (mistake == LOWERS_MALFORMED)
        lowered->declarations.size--;
    if (mistake == PASSES_WRONG_FILES || mistake == REPORTS_BY_MOOD || mistake == BEGINS_WITH_A_NOTE)
        diagnostics_add(diagnostics, 1 + (mistake == REPORTS_BY_MOOD ? call : 0), 1, "said")
            ->severity = mistake == PASSES_WRONG_FILES ? SEVERITY_ERROR
                         : mistake == REPORTS_BY_MOOD  ? SEVERITY_WARNING
                                                       : SEVERITY_NOTE;
    return mistake != REFUSES_FILES_SILENTLY;
}

static bool emit(void *language, const Unit *unit, const Lookup *lookup, Arena *scratch,
                 ByteBuffer *text, Diagnostics *diagnostics)
{
    Wrong *wrong = language;
    Unit found;
    if (wrong->mistake == ASKS_TOO_MUCH)
        lookup->find(lookup, unit, 99, &found);
    if (!wrong->right.emit(wrong->right.language, unit, lookup, scratch, text, diagnostics))
        return false;
    if (wrong->mistake == EMITS_BY_MOOD)
        buffer_put_format(text, "%u\n", atomic_fetch_add(&wrong->calls, 1));
    if (wrong->mistake == EMITS_NO_NEWLINE && text->size != 0)
        text->size--;
    if (wrong->mistake == PASSES_WRONG_UNITS)
        diagnostics_add(diagnostics, 1, 1, "wrong");
    return wrong->mistake != REFUSES_UNITS_SILENTLY;
}

static void emit_file(void *language, UnitEmission *units, size_t count, Arena *scratch)
{
    Wrong *wrong = language;
    for (size_t i = 0; i < count; i++) {
        units[i].is_right = wrong->right.emit(wrong->right.language, units[i].unit,
                                              units[i].lookup, scratch, units[i].text,
                                              units[i].diagnostics);
        buffer_put_format(units[i].text, "%zu\n", count);
    }
}

static void test_each_rule_that_is_broken_is_named(void **state)
{
    (void)state;
    static const PlugFile files[] = {
        FILE_OF("main.line", "import \"a.line\" as a\nimport \"b.line\" as b\n"
                             "unit main $a.one\nunit more $b.two\n"),
        FILE_OF("a.line", "unit one body\n"),
        FILE_OF("b.line", "unit two body\n"),
    };
    static const struct {
        Mistake mistake;
        const char *first; /* line of what is found */
    } cases[] = {
        {SCANS_LESS, "scan_imports(main.line): finds other imports than lower adds, or in another "
                     "order\n"},
        {SCANS_IN_ANOTHER_ORDER, "scan_imports(main.line): finds other imports than lower adds, or "
                                 "in another order\n"},
        {SCANS_BY_MOOD, "scan_imports(main.line): finds other imports when it is called again\n"},
        {LOWERS_BY_MOOD, "lower(main.line): makes other bytes when it is called again\n"},
        {REPORTS_BY_MOOD, "lower(main.line): reports something else when it is called again\n"},
        {LOWERS_MALFORMED, "lower(main.line): makes malformed declarations: finish them with "
                           "declarations_finish\n"},
        {REPEATS_A_NAME, "lower(main.line): has two declarations of one name\n"},
        {PLACES_IR_OUTSIDE, "lower(main.line): places a part of the IR outside of it\n"},
        {HASHES_IN_PUBLIC, "lower(main.line): makes a hash that does not depend on the secret: "
                           "use hash_keyed\n"},
        {HASHES_NOTHING, "lower(main.line): has a declaration without an interface hash\n"},
        {REFUSES_FILES_SILENTLY, "lower(main.line): returns false and reports no error\n"},
        {PASSES_WRONG_FILES, "lower(main.line): returns true and reports an error\n"},
        {BEGINS_WITH_A_NOTE, "lower(main.line): begins with a note: it belongs to nothing\n"},
        {EMITS_BY_MOOD, "emit(main): emits other bytes when it is called again\n"},
        {ASKS_TOO_MUCH, "emit(main): asks for a reference that the declaration does not have\n"},
        {EMITS_NO_NEWLINE, "emit(main): emits a text that does not end with a newline\n"},
        {REFUSES_UNITS_SILENTLY, "emit(main): returns false and reports no error, though all it "
                                 "names is right\n"},
        {PASSES_WRONG_UNITS, "emit(main): returns true and reports an error\n"},
        {SEES_COMPANY, "emit_file(main): emits other bytes when it is called again\n"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Wrong wrong = {cases[i].mistake, line_language(""), 0};
        Compiler compiler = wrong.right;
        ByteBuffer found = {0};
        PlugCheck check = {note, &found, &executor_serial};
        compiler.language = &wrong;
        compiler.scan_imports = scan;
        compiler.lower = lower;
        compiler.emit = emit;
        compiler.emit_file = cases[i].mistake == SEES_COMPANY ? emit_file : NULL;
        assert_int_not_equal(plug_check(&compiler, files, COUNT(files), &check), 0);
        buffer_put_byte(&found, '\0');
        size_t size = strlen(cases[i].first);
        if (strncmp(found.data, cases[i].first, size) != 0)
            fail_msg("mistake %d: expected %sfound %s", (int)cases[i].mistake, cases[i].first,
                     found.data);
        buffer_free(&found);
    }
}

static void test_what_the_tree_language_can_do_wrong_is_found(void **state)
{
    (void)state;
    static const TreeMistake mistakes[] = {TREE_COUNTS_IN_CALL, TREE_SEES_ORDER};
    static const PlugFile files[] = {
        FILE_OF("main.tree", "fn main = (print other)\nfn other = (print more)\n"),
    };
    for (size_t i = 0; i < COUNT(mistakes); i++) {
        TreeLanguage language = {.mistake = mistakes[i]};
        Compiler compiler = tree_language(&language);
        ByteBuffer found = {0};
        PlugCheck check = {note, &found, &executor_serial};
        assert_int_not_equal(plug_check(&compiler, files, COUNT(files), &check), 0);
        buffer_put_byte(&found, '\0');
        assert_non_null(strstr(found.data, "emit_file("));
        buffer_free(&found);
    }
}

static void test_fields_are_checked(void **state)
{
    (void)state;
    Compiler compiler = line_language("");
    compiler.fingerprint = (Hash128){0, 0};
    compiler.prelude = slice_from("no newline");
    compiler.missing_entry_point = (Slice){"", 0};
    expect(&compiler, lines, COUNT(lines),
           "fingerprint(): is zero: every compiler would have the same\n"
           "prelude(): does not end with a newline\n"
           "missing_entry_point(): is empty: there would be no message\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_line_language_is_right),
        cmocka_unit_test(test_wrong_programs_are_no_fault_of_the_plug),
        cmocka_unit_test(test_the_tree_language_is_right),
        cmocka_unit_test(test_mini_is_right),
        cmocka_unit_test(test_the_include_language_is_right),
        cmocka_unit_test(test_what_the_include_language_can_do_wrong_is_found),
        cmocka_unit_test(test_each_rule_that_is_broken_is_named),
        cmocka_unit_test(test_what_the_tree_language_can_do_wrong_is_found),
        cmocka_unit_test(test_fields_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
