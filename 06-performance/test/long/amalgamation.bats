#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The pairs of files of the other stages. See amalgamation.bats.

bats_require_minimum_version 1.5.0
load ../copied_project
load ../amalgamation

setup() {
    tests_no_c
    cd "$BATS_TEST_TMPDIR"
}

each_of() { for stage in 1 2 4 5; do "$1" "$stage"; done; }

@test "they compile without a warning as C11 and C17, and C++17 includes them" {
    each_of compiles_without_a_warning
}

@test "they export what the libraries do, with the prefix, and nothing else" {
    each_of exports_the_prefix_alone
}

@test "a program may have the same names, and stb_ds and xxHash for itself" {
    each_of lives_beside_other_names
}

@test "the programs to take home run on the pair of their own stage" {
    for stage in 1 2 3 4 5; do
        programs_run "$stage"
    done
}
