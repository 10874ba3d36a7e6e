#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# How much work lowering does, counted in basic blocks of code that were entered: no clock, and so
# nothing that a loaded machine could change.

bats_require_minimum_version 1.5.0

# Stages 1 and 2, compiled to count their blocks, and the program that asks for the count.
setup_file() {
    local first=$BATS_TEST_DIRNAME/../../01-file-change-detection second=$BATS_TEST_DIRNAME/..
    local flags=(-std=c11 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE -I"$first" -I"$first/mini"
        -I"$second" -I"$second/mini")
    cd "$BATS_FILE_TMPDIR"
    ${CC:-cc} "${flags[@]}" -fsanitize-coverage=trace-pc -c {"$first","$second"}{,/mini}/*.c
    rm demo.o
    ${CC:-cc} "${flags[@]}" -o many-names "$BATS_TEST_DIRNAME"/work/many_names.c ./*.o
}

@test "many names take linear work" {
    few=$("$BATS_FILE_TMPDIR/many-names" 5000)
    many=$("$BATS_FILE_TMPDIR/many-names" 40000)
    echo "$few blocks for 5,000 names, $many for 40,000"
    [ "$few" -gt 1000000 ]
    [ "$many" -lt $((few * 9)) ] # 8 times as many; were a search hidden in it, up to 64 times
}
