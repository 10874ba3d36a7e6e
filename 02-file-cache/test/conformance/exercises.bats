#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Stage 2, the exercises at the end of its README. A program that only passes the other tiers passes
# none of them.

load ../../../01-file-change-detection/test/conformance/mine
load project
facts='lowered|cached|wrong|objects|function|calls'

@test "exercise 1: --show tells the functions of a file, from what is kept" {
    write main.mini 'import "math.mini" as math;' 'fn twice(x: i32) i32 { return x * 2; }' \
        'fn main() i32 { print("square(1)"); return twice(math.square(7)) + twice(1); }'
    write math.mini 'fn square(x: i32) i32 { return x * x; } // cube(x)'
    settle
    mine main.mini
    settle
    mine_watched --show main.mini main.mini -- main.mini math.mini
    expect 'function|calls' 'function twice' 'function main' 'calls twice' 'calls math.square'
    expect_unopened
    mine --show main.mini math.mini
    expect 'function|calls' 'function square'
}

@test "exercise 2: MINI_KEEP limits what is kept, and keeps what is used" {
    project_of_three
    setting MINI_KEEP 4
    for number in 1 2 3 4; do
        write math.mini "$(fn one $number)"
        settle
        mine main.mini
        expect_status 0
    done
    expect objects 'objects 4'
    write math.mini "$(fn one 3)"
    settle
    mine main.mini
    expect_verdicts 'cached lib/text.mini' 'cached main.mini' 'cached math.mini'
    write math.mini "$(fn one 1)"
    settle
    mine main.mini
    expect_verdicts 'cached lib/text.mini' 'cached main.mini' 'lowered math.mini'
    setting MINI_KEEP 1
    mine main.mini
    expect objects 'objects 3'
    mine main.mini
    expect_all_cached
}

@test "exercise 3: MINI_SHARED is a second store, which others fill, too" {
    setting MINI_SHARED "$BATS_TEST_TMPDIR/shared"
    project_of_three
    mine main.mini
    expect_verdicts 'lowered lib/text.mini' 'lowered main.mini' 'lowered math.mini'
    mkdir ../clone
    cp -r main.mini math.mini lib ../clone
    cd ../clone
    note "copied the sources to another directory"
    write math.mini "$(fn one 2)"
    settle
    mine main.mini
    expect_verdicts 'cached lib/text.mini' 'cached main.mini' 'lowered math.mini'
    setting MINI_SHARED
    mine main.mini
    expect_all_cached
}
