#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Stage 2, what every program must do: lower what was never lowered, and nothing else.

load ../../../01-file-change-detection/test/conformance/mine
load project

@test "2.1 the first build lowers every file, in byte order of the paths" {
    project_of_three
    mine main.mini
    expect_verdicts 'lowered lib/text.mini' 'lowered main.mini' 'lowered math.mini'
}

@test "2.1 a second build lowers nothing" {
    project_of_three
    mine main.mini
    settle
    mine main.mini
    expect_verdicts 'cached lib/text.mini' 'cached main.mini' 'cached math.mini'
}

@test "2.1 what stage 1 asks for holds" {
    expect_stage_1
}

@test "2.1 an edit lowers that file and no other" {
    project_of_three
    mine main.mini
    settle
    write math.mini "$(fn one 11)"
    mine main.mini
    expect_verdicts 'cached lib/text.mini' 'cached main.mini' 'lowered math.mini'
}

@test "2.1 an edit that is undone is found again" {
    project_of_three
    mine main.mini
    settle
    write math.mini "$(fn one 2)"
    mine main.mini
    settle
    write math.mini "$(fn one 1)"
    mine main.mini
    expect_verdicts 'cached lib/text.mini' 'cached main.mini' 'cached math.mini'
}

@test "2.1 a file that was touched is not lowered" {
    project_of_three
    mine main.mini
    settle
    doing touch main.mini math.mini lib/text.mini
    mine main.mini
    expect_all_cached
}

@test "2.1 what is kept is what was lowered" {
    project_of_three
    mine main.mini
    first=$(ids)
    settle
    mine main.mini
    expect_ids "$first"
    settle
    write math.mini "$(fn one 2)"
    mine main.mini
    differs "math.mini, edited" "$(grep math <<<"$first")" "$(ids | grep math)"
    same "main.mini, not edited" "$(grep main <<<"$first")" "$(ids | grep main)"
    settle
    write math.mini "$(fn one 1)"
    mine main.mini
    expect_ids "$first" "the edit undone"
}

@test "2.1 the spaces in a string are part of it" {
    write main.mini 'fn main() i32 { print("a b"); return 0; }'
    settle
    mine main.mini
    first=$(id main.mini)
    settle
    write main.mini 'fn main() i32 { print("a  b"); return 0; }'
    mine main.mini
    differs "main.mini" "$first" "$(id main.mini)"
}

@test "2.1 braces and quotes in strings and comments are no braces and quotes" {
    write main.mini '// } " {' 'fn main() i32 { // {{{' '    print("} \" } \\"); // "' '    return 0;' '}'
    mine main.mini
    expect_verdicts 'lowered main.mini'
}

@test "2.1 a brace that is not closed is an error of its file, and the others are lowered" {
    project_of_three
    write math.mini 'fn one() i32 { if (true) { return 1; }'
    settle
    mine main.mini
    EXPECTED_STATUS=1 expect_verdicts 'lowered lib/text.mini' 'lowered main.mini' 'wrong math.mini'
    expect_error_in math.mini
}

@test "2.1 a string that is not closed is an error of its file" {
    project_of_three
    write lib/text.mini 'fn greet() { print("Hello); }'
    settle
    mine main.mini
    EXPECTED_STATUS=1 expect_verdicts 'wrong lib/text.mini' 'lowered main.mini' 'lowered math.mini'
    expect_error_in lib/text.mini
}

@test "2.1 a name that is taken twice is an error of its file" {
    write main.mini 'import "a.mini" as a; import "b.mini" as b; import "c.mini" as c;' "$(fn main 0)"
    write a.mini "$(fn f 1)" "$(fn g 1)" "$(fn f 1)"
    write b.mini 'import "a.mini" as a;' 'import "c.mini" as a;' "$(fn f 1)"
    write c.mini 'import "a.mini" as f;' "$(fn g 1)" "$(fn f 1)"
    mine main.mini
    EXPECTED_STATUS=1 expect_verdicts 'wrong a.mini' 'wrong b.mini' 'wrong c.mini' 'lowered main.mini'
    for file in a b c; do expect_error_in $file.mini; done
}

@test "2.1 a keyword names nothing" {
    write main.mini 'import "a.mini" as a; import "b.mini" as b; import "c.mini" as c; import "d.mini" as d;' "$(fn main 0)"
    write a.mini "$(fn while 1)"
    write b.mini "$(fn i32 1)"
    write c.mini 'import "d.mini" as struct;' "$(fn f 1)"
    write d.mini "$(fn iffy 1)" "$(fn fn_1 1)" "$(fn str_ 1)" # these begin like keywords, and are none
    mine main.mini
    EXPECTED_STATUS=1 expect_verdicts 'wrong a.mini' 'wrong b.mini' 'wrong c.mini' 'lowered d.mini' 'lowered main.mini'
}

@test "2.1 an error is reported by every build until it is mended" {
    project_of_three
    write math.mini 'fn one( i32 { return 1;'
    settle
    mine main.mini
    first=$complained
    settle
    mine main.mini
    EXPECTED_STATUS=1 expect_verdicts 'cached lib/text.mini' 'cached main.mini' 'wrong math.mini'
    same "what it says on stderr" "$first" "$complained"
    settle
    write math.mini "$(fn one 1)"
    mine main.mini
    expect_verdicts 'cached lib/text.mini' 'cached main.mini' 'lowered math.mini'
}

@test "2.2 a copy of a file is not lowered again" {
    write main.mini 'import "math.mini" as math; import "copy.mini" as copy;' "$(fn main 0)"
    write math.mini "$(fn one 1)"
    write copy.mini "$(fn one 1)"
    settle
    mine main.mini
    expect_status 0
    [ "$(reported lowered | wc -l)" = 2 ] || flunk "expected two to be lowered: main.mini, and one of the two"
    same "the names of math.mini and copy.mini" "$(id math.mini)" "$(id copy.mini)"
    expect objects 'objects 2'
}

@test "2.2 a file that was renamed is not lowered again" {
    project_of_three
    mine main.mini
    settle
    doing mkdir sub
    doing mv math.mini sub/arithmetic.mini
    write main.mini 'import "sub/arithmetic.mini" as math;' "$(fn main 0)"
    mine main.mini
    expect_verdicts 'lowered main.mini' 'cached sub/arithmetic.mini'
}

@test "2.2 equal files that import different ones have one lowered form" {
    write main.mini 'import "a/x.mini" as a; import "b/x.mini" as b;' "$(fn main 0)"
    write a/x.mini 'import "y.mini" as y;' 'fn f() i32 { return y.g(); }'
    write b/x.mini 'import "y.mini" as y;' 'fn f() i32 { return y.g(); }'
    write a/y.mini "$(fn g 1)"
    write b/y.mini "$(fn g 2)"
    settle
    mine main.mini
    same "the names of a/x.mini and b/x.mini" "$(id a/x.mini)" "$(id b/x.mini)"
    differs "the names of a/y.mini and b/y.mini" "$(id a/y.mini)" "$(id b/y.mini)"
    expect objects 'objects 4'
    kept=$(id b/x.mini)
    doing rm -rf .mini_cache
    write main.mini 'import "b/x.mini" as b;' "$(fn main 0)"
    mine main.mini
    same "the name of b/x.mini, now that it is lowered itself" "$kept" "$(id b/x.mini)"
}

@test "2.2 other settings lower again, and switching back does not" {
    project_of_three
    mine main.mini
    settle
    setting MINIC_TARGET wasm32-wasi
    mine main.mini
    expect_verdicts 'lowered lib/text.mini' 'lowered main.mini' 'lowered math.mini'
    setting MINIC_TARGET
    mine main.mini
    expect_all_cached
    setting MINIC_TARGET wasm32-wasi
    mine main.mini
    expect_all_cached
}

@test "2.2 an object is kept for each content that was lowered" {
    project_of_three
    mine main.mini
    expect objects 'objects 3'
    settle
    mine main.mini
    expect objects 'objects 3'
    settle
    write math.mini "$(fn one 2)"
    mine main.mini
    expect objects 'objects 4'
    settle
    write math.mini "$(fn one 1)"
    mine main.mini
    expect objects 'objects 4'
}

@test "2.2 two programs share what was lowered" {
    project_of_three
    mine main.mini
    settle
    write other.mini 'import "math.mini" as math;' 'fn main() i32 { return math.one(); }'
    mine other.mini
    expect_verdicts 'cached math.mini' 'lowered other.mini'
    settle
    mine main.mini
    expect_all_cached
}
