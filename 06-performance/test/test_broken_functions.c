/* SPDX-License-Identifier: MIT */
/* A syntax error spoils its own declaration: the others of its file, and who names one of them, are
 * checked, in each build as in a clean one; what is made beside an error is kept, and right. */
#include "mini_project.h"

#define MAIN "import \"lib.mini\" as lib;\n"
#define HALF "fn half(a: i32) i32 { return a / 2; }\n"
#define AREA "struct Box { w: i32 }\nfn area(b: Box) i32 { return b.w * half(b.w); }\n"

typedef struct Edit {
    const char *path, *text;
    const char *said; /* all of it; "": the program is right */
} Edit;

static const Edit edits[] = {
    /* the body of one function: its signature counts, for its own file and for others */
    {"lib.mini", "fn half(a: i32) i32 { return a / ; }\n" AREA "fn new() i32 { return true; }\n",
     "lib.mini:1:34: error: expected a value, found ';'\n"
     "lib.mini:4:23: error: expected i32, found bool\n"},
    {"main.mini", MAIN "fn main() i32 { return lib.half(\"x\"); }\n",
     "lib.mini:1:34: error: expected a value, found ';'\n"
     "lib.mini:4:23: error: expected i32, found bool\n"
     "main.mini:2:33: error: argument 'a': expected i32, found str\n"
     "lib.mini:1:4: note: 'half' is declared here\n"},
    /* a signature or a struct: who names it says nothing */
    {"lib.mini", "fn half(a i32) i32 { return a; }\n" AREA "fn new() i32 { return true; }\n",
     "lib.mini:1:11: error: expected ':' and a type after the parameter's name, found 'i32'\n"
     "lib.mini:4:23: error: expected i32, found bool\n"},
    {"lib.mini", HALF "struct Box { w i32 }\nfn area(b: Box) i32 { return b.h + \"\"; }\n",
     "lib.mini:2:16: error: expected ':' and a type after the field's name, found 'i32'\n"
     "main.mini:2:33: error: argument 'a': expected i32, found str\n"
     "lib.mini:1:4: note: 'half' is declared here\n"},
    /* a constant */
    {"main.mini", MAIN "const k = 1 +;\nconst n: i32 = k;\nfn main() i32 { return n + k + lib.no; }\n",
     "lib.mini:2:16: error: expected ':' and a type after the field's name, found 'i32'\n"
     "main.mini:2:14: error: expected a value, found ';'\n"
     "main.mini:4:32: error: 'lib.mini' declares no 'no'\n"},
    /* what is declared is not known: nothing that depends on it is said */
    {"lib.mini", HALF "}\n" AREA,
     "lib.mini:2:1: error: expected a declaration (import, const, struct, fn or extern fn), "
     "found '}'\n"
     "main.mini:2:14: error: expected a value, found ';'\n"},
    {"lib.mini", "fn half(a: i32) i32 { if a > 1 { return 1; \n" AREA,
     "lib.mini:1:43: error: expected '}' to close the block of line 1, found 'struct'\n"
     "main.mini:2:14: error: expected a value, found ';'\n"},
    /* mended */
    {"lib.mini", HALF AREA, "main.mini:2:14: error: expected a value, found ';'\n"
                            "main.mini:4:32: error: 'lib.mini' declares no 'no'\n"},
    {"main.mini", MAIN "fn main() i32 { return lib.half(4); }\n", ""},
    {"lib.mini", "fn half(a: i32) i32 { let b = 1; }\n" AREA,
     "lib.mini:1:23: error: there is no 'let': write const for a value that stays, var for one that "
     "changes\n"},
    {"lib.mini", HALF AREA, ""},
};

static void expect_as_clean(MiniProject *project, const Edit *edit)
{
    mini_project_expect_as_clean(project,
                                 *edit->said == '\0' ? BUILD_OK : BUILD_PROGRAM_WRONG);
    assert_string_equal(project->said.data, edit->said);
}

static void test_an_error_spoils_its_own_declaration(void **state)
{
    MiniProject project;
    (void)state;
    mini_project_open(&project);
    mini_project_write(&project, "main.mini", MAIN "fn main() i32 { return lib.half(4); }\n");
    mini_project_write(&project, "lib.mini", HALF AREA);
    mini_project_build(&project);
    assert_int_equal(project.status, BUILD_OK);
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        mini_project_write(&project, edits[i].path, edits[i].text);
        for (int again = 0; again < 2; again++)
            expect_as_clean(&project, &edits[i]);
        if (*edits[i].said != '\0')
            continue;
        mini_project_build(&project);
        mini_project_expect_clean(&project);
        mini_project_expect_verified(&project, "after an edit");
    }
    mini_project_close(&project);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_error_spoils_its_own_declaration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
