#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Stage 3, what every program must do: compile only functions whose code no earlier build made.

load ../../../01-file-change-detection/test/conformance/mine
load project

@test "3.1 the first build compiles every function, file by file, in the order of the source" {
    program_of_five
    mine main.mini
    expect_verdicts 'compiled lib/text.mini:greet' 'compiled main.mini:main' \
        'compiled math.mini:one' 'compiled math.mini:sum' 'compiled math.mini:twice'
}

@test "3.1 what stage 1 asks for holds" {
    expect_stage_1
}

@test "3.1 two files may have functions of one name" {
    write main.mini 'import "a.mini" as a; import "b.mini" as b;' 'fn main() i32 { return a.f() + b.f(); }'
    write a.mini "$(fn f 1)"
    write b.mini "$(fn f 2)"
    settle
    mine main.mini
    first=$(ids)
    differs "the names of a.mini:f and b.mini:f" "$(id a.mini:f)" "$(id b.mini:f)"
    settle
    write b.mini "$(fn f 3)"
    mine main.mini
    same "the name of a.mini:f" "$(grep '^a' <<<"$first")" "$(ids | grep '^a')"
    differs "the name of b.mini:f, edited" "$(grep '^b' <<<"$first")" "$(ids | grep '^b')"
}

@test "3.1 equal functions in two files have code of their own" {
    write main.mini 'import "a.mini" as a; import "b.mini" as b;' 'fn main() i32 { return a.f() + b.f(); }'
    write a.mini "$(fn f 1)"
    write b.mini "$(fn f 1)"
    settle
    mine main.mini
    expect_compiled a.mini:f b.mini:f main.mini:main
    differs "the names of a.mini:f and b.mini:f" "$(id a.mini:f)" "$(id b.mini:f)"
}

@test "3.1 a file under another path holds other functions" {
    program_of_five
    mine main.mini
    before=$(id lib/text.mini:greet)
    settle
    doing mv lib other
    write main.mini 'import "math.mini" as math;' 'import "other/text.mini" as text;' \
        'fn main() i32 { text.greet(); print(math.one()); return math.sum(1, 2); }'
    mine main.mini
    differs "greet, before and after" "$before" "$(id other/text.mini:greet)"
    [ -z "$(id lib/text.mini:greet)" ] || flunk "lib/text.mini:greet is not there any more"
}

@test "3.2 a comment compiles nothing, nor do spaces and empty lines" {
    program_of_five
    mine main.mini
    settle
    write math.mini '// the first number' '' "$(fn one 1)" \
        'fn  sum ( a : i32 , b : i32 )  i32' '{' '    return a + b; // the sum' '}' \
        '  fn twice(a: i32) i32 { return   sum(a,a); }'
    doing sed -i 's/  *text.greet/\n  text.greet/' main.mini
    mine main.mini
    expect_compiled
}

@test "3.2 the fields of a key do not run together" {
    write main.mini 'fn main() i32 { return f(); }' \
        'fn f() i32 { var varx = 1; if (true) { var x = 5; } return varx; }'
    settle
    mine main.mini
    settle
    write main.mini 'fn main() i32 { return f(); }' \
        'fn f() i32 { var varx = 1; if (true) { varx = 5; } return varx; }'
    mine main.mini
    expect_compiled main.mini:f
}

@test "3.2 a body compiles its function, and nobody who calls it" {
    program_of_five
    mine main.mini
    settle
    doing sed -i 's/return a + b;/return b + a;/' math.mini
    mine main.mini
    expect_compiled math.mini:sum
}

@test "3.2 a signature compiles those who name it, and ends there" {
    write main.mini 'import "math.mini" as math;' 'fn main() i32 { math.show(); return 0; }'
    write math.mini 'import "base.mini" as base;' 'fn show() { print(base.one()); print(other()); }' \
        'fn other() i32 { return 2; }'
    write base.mini 'fn one() i32 { return 1; }' 'fn two() i32 { return 2; }'
    settle
    mine main.mini
    settle
    write base.mini 'fn one() i64 { return 1; }' 'fn two() i32 { return 2; }'
    mine main.mini
    expect_compiled base.mini:one math.mini:show
}

@test "3.2 a function that moved within its file is not compiled" {
    program_of_five
    mine main.mini
    settle
    write math.mini 'fn twice(a: i32) i32 { return sum(a, a); }' "$(fn one 1)" \
        'fn sum(a: i32, b: i32) i32 { return a + b; }'
    mine main.mini
    expect_verdicts 'cached lib/text.mini:greet' 'cached main.mini:main' \
        'cached math.mini:twice' 'cached math.mini:one' 'cached math.mini:sum'
}

@test "3.2 a new function compiles itself, and one that went compiles nothing" {
    program_of_five
    mine main.mini
    settle
    doing sed -i '1i fn zero() i32 { return 0; }' math.mini
    mine main.mini
    expect_compiled math.mini:zero
    settle
    doing sed -i '/twice/d' math.mini
    mine main.mini
    expect_verdicts 'cached lib/text.mini:greet' 'cached main.mini:main' \
        'cached math.mini:zero' 'cached math.mini:one' 'cached math.mini:sum'
}

@test "3.2 an import that leads elsewhere compiles those who use it" {
    write main.mini 'import "a.mini" as m;' 'fn main() i32 { return uses(); }' \
        'fn uses() i32 { return m.f(); }' 'fn alone() i32 { return 1; }'
    write a.mini "$(fn f 1)"
    write b.mini "$(fn f 1)"
    settle
    mine main.mini
    settle
    doing sed -i 's/a.mini/b.mini/' main.mini
    mine main.mini
    expect_compiled b.mini:f main.mini:uses
}

@test "3.2 a name that leads nowhere is an error of the one who names it" {
    program_of_five
    mine main.mini
    right=$(ids)
    settle
    doing sed -i 's/fn sum/fn add/; s/return sum/return add/' math.mini
    mine main.mini
    EXPECTED_STATUS=1 expect_verdicts 'cached lib/text.mini:greet' 'wrong main.mini:main' \
        'cached math.mini:one' 'compiled math.mini:add' 'compiled math.mini:twice'
    expect_error_in main.mini
    settle
    doing sed -i 's/fn add/fn sum/; s/return add/return sum/' math.mini
    mine main.mini
    expect_compiled
    expect_ids "$right"
}

@test "3.2 functions that call each other in a cycle" {
    write main.mini 'import "other.mini" as other;' 'fn main() i32 { return down(3); }' \
        'fn down(n: i32) i32 { if (n == 0) { return 0; } return other.step(n - 1); }'
    write other.mini 'import "main.mini" as back;' 'fn step(n: i32) i32 { return back.down(n); }'
    settle
    mine main.mini
    expect_compiled main.mini:main main.mini:down other.mini:step
    settle
    write other.mini 'import "main.mini" as back;' 'fn step(n: i32) i32 { return back.down(n - 1); }'
    mine main.mini
    expect_compiled other.mini:step
}

@test "3.2 other settings compile again, and switching back does not" {
    program_of_five
    mine main.mini
    settle
    setting MINIC_TARGET wasm32-wasi
    mine main.mini
    [ -z "$(reported cached)" ] || flunk "expected every function to be compiled for the other target"
    setting MINIC_TARGET
    mine main.mini
    expect_compiled
}

@test "3.3 what is kept is what was compiled" {
    program_of_five
    mine main.mini
    first=$(ids)
    settle
    mine main.mini
    expect_compiled
    expect_ids "$first"
    settle
    write lib/text.mini 'fn greet() { print("Hello,  Ada"); }'
    mine main.mini
    expect_compiled lib/text.mini:greet
    differs "greet, with another text" "$(grep greet <<<"$first")" "$(ids | grep greet)"
    same "main, which calls it" "$(grep main.mini <<<"$first")" "$(ids | grep main.mini)"
}

@test "3.3 an edit that is undone is found again" {
    program_of_five
    mine main.mini
    first=$(ids)
    settle
    doing sed -i 's/return 1;/return 11;/' math.mini
    mine main.mini
    expect_compiled math.mini:one
    settle
    doing sed -i 's/return 11;/return 1;/' math.mini
    mine main.mini
    expect_compiled
    expect_ids "$first"
}

@test "3.3 two programs share what was compiled" {
    program_of_five
    mine main.mini
    settle
    write other.mini 'import "math.mini" as math;' 'fn main() i32 { return math.twice(2); }'
    mine other.mini
    expect_compiled other.mini:main
    settle
    mine main.mini
    expect_compiled
}

@test "3.4 one body of ten is edited: one is compiled, nine are found" {
    ten_functions 5
    mine main.mini
    [ "$(reported compiled | wc -l)" = 10 ] || flunk "expected ten functions to be compiled"
    ten_functions 55
    mine main.mini
    expect_compiled main.mini:f5
    [ "$(reported cached | wc -l)" = 9 ] || flunk "expected nine functions to be cached"
}

@test "3.4 an error is reported by every build until it is mended" {
    program_of_five
    write math.mini "$(fn one 1)" 'fn sum(a: i32, b: i32) i32 { return plus(a, b); }' \
        'fn twice(a: i32) i32 { return sum(a, a); }'
    mine main.mini
    EXPECTED_STATUS=1 expect_verdicts 'compiled lib/text.mini:greet' 'compiled main.mini:main' \
        'compiled math.mini:one' 'wrong math.mini:sum' 'compiled math.mini:twice'
    expect_error_in math.mini
    first=$complained
    settle
    mine main.mini
    EXPECTED_STATUS=1 expect_verdicts 'cached lib/text.mini:greet' 'cached main.mini:main' \
        'cached math.mini:one' 'wrong math.mini:sum' 'cached math.mini:twice'
    same "what it says on stderr" "$first" "$complained"
    settle
    doing sed -i 's/plus(a, b)/a + b/' math.mini
    mine main.mini
    expect_compiled math.mini:sum
}

@test "3.4 while a file cannot be lowered, nothing is compiled" {
    program_of_five
    mine main.mini
    settle
    doing sed -i '1s/}//' math.mini
    mine main.mini
    expect_error_in math.mini
    expect_nothing_reported
    settle
    doing sed -i '1s/$/}/' math.mini
    mine main.mini
    expect_compiled
}
