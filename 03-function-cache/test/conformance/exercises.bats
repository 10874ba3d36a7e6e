#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Stage 3, the exercises at the end of its README. A program that only passes the other tiers passes
# none of them.

load ../../../01-file-change-detection/test/conformance/mine
load project

program_with_constants() {
    write main.mini 'import "limits.mini" as limits;' \
        'fn main() i32 { return check(5); }' \
        'fn check(n: i32) i32 { if (n < limits.large) { return 1; } return 0; }'
    write limits.mini "const small: i32 = ${1:-10};" 'const large: i32 = small * 10;' \
        'fn unused() i32 { return 1; }'
    settle
}

@test "exercise 1: a constant compiles those who name it, directly or through constants" {
    program_with_constants
    mine main.mini
    expect_verdicts 'compiled limits.mini:small' 'compiled limits.mini:large' \
        'compiled limits.mini:unused' 'compiled main.mini:main' 'compiled main.mini:check'
    program_with_constants 20
    mine main.mini
    expect_compiled limits.mini:small limits.mini:large main.mini:check
    program_with_constants 10
    mine main.mini
    expect_compiled
    write limits.mini 'const small: i32 = large; // a cycle' 'const large: i32 = small * 10;' \
        'fn unused() i32 { return 1; }'
    settle
    mine main.mini
    expect_error_in limits.mini
    [ "$(verdicts | grep limits)" = $'wrong limits.mini:small\nwrong limits.mini:large\ncached limits.mini:unused' ] ||
        flunk "expected that small and large are wrong, and unused is cached"
}

# expect_why LINE...: after a build of main.mini with --why
expect_why() {
    settle
    mine --why main.mini
    expect why "$@"
}

@test "exercise 2: --why tells what in the key is new" {
    program_of_five
    expect_why 'why lib/text.mini:greet new' 'why main.mini:main new' 'why math.mini:one new' \
        'why math.mini:sum new' 'why math.mini:twice new'
    expect_why
    doing sed -i 's/return a + b;/return b + a;/' math.mini
    expect_why 'why math.mini:sum body'
    doing sed -i 's/one() i32/one() i64/' math.mini
    expect_why 'why main.mini:main calls math.mini:one' 'why math.mini:one signature'
    doing mv lib/text.mini text.mini
    doing sed -i 's|lib/text.mini|text.mini|' main.mini
    expect_why 'why main.mini:main calls text.mini:greet' 'why text.mini:greet new'
    setting MINIC_TARGET wasm32-wasi
    expect_why 'why main.mini:main settings' 'why math.mini:one settings' 'why math.mini:sum settings' \
        'why math.mini:twice settings' 'why text.mini:greet settings'
}

@test "exercise 3: another name for a parameter is nothing to its callers" {
    program_of_five
    mine main.mini
    settle
    doing sed -i 's/fn sum(a: i32, b: i32) i32 { return a + b/fn sum(left: i32, b: i32) i32 { return left + b/' math.mini
    mine main.mini
    expect_compiled math.mini:sum
    settle
    doing sed -i 's/(left: i32, b: i32)/(left: i64, b: i32)/; s/left + b/left as i32 + b/; s/sum(a, a)/sum(a as i64, a)/' math.mini
    mine main.mini
    expect_compiled main.mini:main math.mini:sum math.mini:twice
}
