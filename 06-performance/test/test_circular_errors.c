/* SPDX-License-Identifier: MIT */
/* Structs and constants that are made from themselves have keys, as in languages where that is no
 * error. In Mini it is one: each build reports it, in the words of a clean build, and whatever is
 * made from them is never taken from a cache. */
#include "mini_project.h"

#define A "import \"b.mini\" as b;\nstruct A { b: b.B }\nconst k: i32 = b.k + 1;\n"
#define B "import \"a.mini\" as a;\nimport \"c.mini\" as c;\n"
#define C "import \"a.mini\" as a;\nimport \"b.mini\" as b;\n"
#define USE "fn use(s: b.B) i32 { return s.x; }\nfn make() b.B { return b.new(); }\n"
#define NEW "fn new() B { return B { x: 1 }; }\n"

typedef struct Edit {
    const char *path, *text;
    const char *error; /* one of those reported; NULL: the program is right */
} Edit;

static const Edit edits[] = {
    {"main.mini", "import \"c.mini\" as c;\nfn main() i32 { return c.use(c.make()); }\n", NULL},
    {"b.mini", B "struct B { x: i32, a: a.A }\nconst k: i32 = 1;\n" NEW,
     "a struct cannot contain itself: b.mini:B -> a.mini:A -> b.mini:B"},
    {"c.mini", C "struct C { x: i32 }\n" USE "fn other(s: a.A) i32 { return 2; }\n",
     "a struct cannot contain itself: a.mini:A -> b.mini:B -> a.mini:A"},
    {"b.mini", B "struct B { x: i32, c: c.C }\nconst k: i32 = 1;\n",
     "'b.mini' declares no 'new'"}, /* and no cycle */
    {"b.mini", B "struct B { x: i32 }\nconst k: i32 = a.k;\n" NEW,
     "a constant cannot be made from itself: b.mini:k -> a.mini:k -> b.mini:k"},
    {"c.mini", C "struct C { x: i32 }\n" USE "const k: i32 = b.k;\n"
               "fn third() i32 { return k; }\n", "a constant cannot be made from itself"},
    {"b.mini", B "struct B { x: i32 }\nconst k: i32 = c.k;\n" NEW,
     "a constant cannot be made from itself: b.mini:k -> c.mini:k -> b.mini:k"},
    {"a.mini", A "fn\n", "a.mini:4:"}, /* broken, in a cycle or not: nobody knows */
    {"a.mini", A, "a constant cannot be made from itself: c.mini:k -> b.mini:k -> c.mini:k"},
    {"b.mini", B "struct B { x: i32 }\nconst k: i32 = 7;\n" NEW, NULL},
    {"b.mini", B "struct B { x: i32, b: B }\nconst k: i32 = 7;\n" NEW,
     "a struct cannot contain itself: b.mini:B -> b.mini:B"},
    {"b.mini", B "struct B { x: i32 }\nconst k: i32 = 7;\n" NEW, NULL},
};

static void expect_as_clean(MiniProject *project, const Edit *edit)
{
    mini_project_expect_as_clean(project, edit->error == NULL ? BUILD_OK : BUILD_PROGRAM_WRONG);
    if (edit->error != NULL && strstr(project->said.data, edit->error) == NULL)
        fail_msg("not reported: %s\n%s", edit->error, project->said.data);
}

static void test_a_cycle_is_reported_in_each_build(void **state)
{
    MiniProject project;
    (void)state;
    mini_project_open(&project);
    mini_project_write(&project, "a.mini", A);
    mini_project_write(&project, "b.mini", B "struct B { x: i32 }\nconst k: i32 = 1;\n" NEW);
    mini_project_write(&project, "c.mini", C "struct C { x: i32 }\n" USE);
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        mini_project_write(&project, edits[i].path, edits[i].text);
        for (int again = 0; again < 2; again++)
            expect_as_clean(&project, &edits[i]);
        if (edits[i].error != NULL)
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
        cmocka_unit_test(test_a_cycle_is_reported_in_each_build),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
