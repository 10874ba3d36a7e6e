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

@test "the solution passes every exercise" {
    tests_no_c
    passes "$(typed "$BATS_FILE_TMPDIR/solved")" exercises
}

@test "the program to begin with passes none, and is right" {
    tests_no_c
    local title
    while read -r title; do
        LIMIT=2 only "$title" "$(typed "$BATS_FILE_TMPDIR/start")" # who needs longer follows every path
        [[ $status = 1 && $output == *"  FAIL  $title"* ]] || { echo "passes '$title'" "$output"; return 1; }
    done < <(titles exercises)
    cd "$BATS_TEST_TMPDIR"
    printf 'import "left.mini" as l;\nimport "right.mini" as r;\n' >main.mini
    printf 'import "right.mini" as r;\n' >left.mini
    printf 'fn f() i32 { return 1; }\n' >right.mini
    for program in start solved; do
        [ "$("$BATS_FILE_TMPDIR/$program" depth main.mini)" = "depth 3" ]
        [ "$("$BATS_FILE_TMPDIR/$program" names right.mini)" = "names 4" ]
    done
}
