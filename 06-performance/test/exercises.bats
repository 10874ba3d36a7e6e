#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Each exercise of stage 6 is one: what it begins with does not pass, what it ends with does.

load ../../01-file-change-detection/test/conformance/tester

setup_file() {
    local name
    for name in start solved; do
        ${CC:-cc} -std=c11 -Wall -Wextra -Werror -O2 -o "$BATS_FILE_TMPDIR/$name" \
            "$BATS_TEST_DIRNAME/exercises/$name.c"
    done
}

# only_exercise TITLE PROGRAM. Whoever needs more than two seconds follows every path.
only_exercise() {
    ONLY_TEST=$(sed 's/[][\.*^$()+?{}|]/\\&/g' <<<"$1") LIMIT=2 run "$check_mine" "$stage" "$2" exercises
}

@test "the solution passes every exercise" {
    tests_no_c
    passes "$BATS_FILE_TMPDIR/solved" exercises
}

@test "the program to begin with passes none, and is right" {
    tests_no_c
    local title
    while read -r title; do
        only_exercise "$title" "$BATS_FILE_TMPDIR/start"
        [[ $status = 1 && $output == *"  FAIL  $title"* ]] || { echo "passes '$title'" "$output"; return 1; }
    done < <(sed -n 's/^@test "\(.*\)" {$/\1/p' "$BATS_TEST_DIRNAME/conformance/exercises.bats")
    cd "$BATS_TEST_TMPDIR"
    printf 'import "left.mini" as l;\nimport "right.mini" as r;\n' >main.mini
    printf 'import "right.mini" as r;\n' >left.mini
    printf 'fn f() i32 { return 1; }\n' >right.mini
    for program in start solved; do
        [ "$("$BATS_FILE_TMPDIR/$program" depth main.mini)" = "depth 3" ]
        [ "$("$BATS_FILE_TMPDIR/$program" names right.mini)" = "names 4" ]
    done
}
