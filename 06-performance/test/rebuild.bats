#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What make makes again: what is made with other flags, and nothing otherwise.

bats_require_minimum_version 1.5.0
load copied_project

setup() {
    tests_no_c
    copy_project "$BATS_TEST_TMPDIR/project"
}

# makes YES-OR-NO [VARIABLE...]: does make, called so, compile an object?
makes() {
    local object=build/obj/01-file-change-detection/discovery/source_path.o
    run make CC="${CC:-cc}" BUILD=build $object "${@:2}"
    echo "make ${*:2}: $output"
    [ "$status" = 0 ]
    case $output in
    *"cc   "*source_path.c*) [ "$1" = yes ] ;;
    *) [ "$1" = no ] ;;
    esac
}

@test "other flags, and a changed Makefile, compile again, and once" {
    unset CFLAGS CPPFLAGS LDFLAGS WERROR
    makes yes
    makes no
    makes yes CFLAGS='-O1 -g'
    makes no CFLAGS='-O1 -g'
    makes yes CFLAGS="-O1 -g -DQUOTED='\"a b\"'"
    makes no CFLAGS="-O1 -g -DQUOTED='\"a b\"'"
    makes yes CPPFLAGS=-DOTHER
    CPPFLAGS=-DOTHER makes no
    makes yes WERROR=1
    makes no WERROR=1
    makes yes LDFLAGS=-Wl,-O1
    makes yes
    touch Makefile
    makes yes
    makes no
}

@test "another version of the compiler compiles again" {
    printf '#!/bin/sh\n[ "$1" != --version ] || { echo "cc version $(cat version)"; exit; }\nexec %s "$@"\n' \
        "${CC:-cc}" >my-cc
    chmod +x my-cc
    echo 1 >version
    makes yes CC=./my-cc BUILD=build
    makes no CC=./my-cc BUILD=build
    echo 2 >version
    makes yes CC=./my-cc BUILD=build
    makes no CC=./my-cc BUILD=build
}

@test "with nothing to do make says so, in one line, and starts little" {
    borrow_build
    make "${again[@]}" all >made # the copy has no commit, so minic is linked
    run make "${again[@]}" all
    echo "$output"
    [ "$status" = 0 ]
    [ "${#lines[@]}" = 1 ]
    [[ $output == "make: Nothing to be done for "* ]]
    strace -f -qq -e trace=execve -o started make "${again[@]}" all
    cat started
    [ "$(grep -c ' = 0$' started)" -le 14 ]
}
