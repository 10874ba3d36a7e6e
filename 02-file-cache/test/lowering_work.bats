#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# How much work lowering does, counted in basic blocks of code that were entered: no clock, and so
# nothing that a loaded machine could change.

bats_require_minimum_version 1.5.0

# Stages 1 and 2, compiled to count their blocks, and the programs that ask for the count.
setup_file() {
    local first=$BATS_TEST_DIRNAME/../../01-file-change-detection second=$BATS_TEST_DIRNAME/..
    local flags room
    eval "flags=(${CPPFLAGS:-} ${CFLAGS:-})" # where a user's xxHash is
    flags+=(-O0 -std=c11 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE)
    for room in "$first" "$second" "$first"/{base,discovery,mini,demo} "$second"/{objects,mini,demo}; do
        flags+=(-I"$room")
    done
    cd "$BATS_FILE_TMPDIR"
    ${CC:-cc} "${flags[@]}" -fsanitize-coverage=trace-pc -c "$first"/{,base/,discovery/,mini/}*.c \
        "$second"/{,objects/,mini/}*.c
    for program in many_names many_references; do
        ${CC:-cc} "${flags[@]}" -o $program "$BATS_TEST_DIRNAME"/counted/{$program,block_count}.c ./*.o
    done
}

# expect_linear PROGRAM COUNT LEAST: eight times as many are about eight times the work; were a
# search hidden in it, up to 64 times.
expect_linear() {
    few=$("$BATS_FILE_TMPDIR/$1" "$2")
    many=$("$BATS_FILE_TMPDIR/$1" $(($2 * 8)))
    echo "$few blocks for $2, $many for eight times as many"
    [ "$few" -gt "$3" ]
    [ "$many" -lt $((few * 10)) ]
}

@test "many names take linear work" {
    expect_linear many_names 5000 1000000
}

@test "many references take linear work" {
    expect_linear many_references 12500 100000
}
