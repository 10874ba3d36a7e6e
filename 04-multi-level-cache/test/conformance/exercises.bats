#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Stage 4, the exercises at the end of its README. A program that passes the other tiers and knows
# nothing of them passes none.

load ../../../01-file-change-detection/test/conformance/mine
load project
facts="$facts|same|differs|removed"

@test "exercise 1: check tells errors, keeps what it compiled, and moves no state" {
    project_of_three
    mine main.mini out
    remember_output
    settle
    edit shapes.mini 's/w \* h/h * w/'
    edit main.mini 's/shapes.area/shapes.nowhere/'
    mine check main.mini
    expect_error_in main.mini
    settle
    edit main.mini 's/shapes.nowhere/shapes.border/'
    mine check main.mini
    expect_counts 1 1
    expect_work 'dirty main.mini:main'
    expect_output_as_remembered
    settle
    mine main.mini out
    expect_counts 0 0 no
    expect_clean
}

@test "exercise 2: verify compares the output with a build without history, and writes nothing" {
    project_of_three
    mine main.mini out
    before=$(kept)
    mine verify main.mini out
    expect_status 0
    expect_fact 'same out'
    edit out '1s/$/ /'
    mine verify main.mini out
    expect_status 1 "the output was edited"
    expect_fact 'differs out'
    doing rm out
    mine verify main.mini out
    expect_status 1 "there is no output"
    [ ! -e out ] || flunk "verify wrote the output"
    expect_kept "$before"
}

@test "exercise 3: clean --stale removes the state of programs that are gone" {
    project_of_three
    write other.mini 'import "shapes.mini" as shapes;' 'fn main() i32 { return shapes.border(1, 2); }'
    mine main.mini out
    mine other.mini other
    settle
    mine clean --stale main.mini
    expect_status 0
    [ -z "$(reported removed)" ] || flunk "no program is gone"
    doing rm other.mini
    mine clean --stale main.mini
    expect removed 'removed other.mini'
    mine clean --stale main.mini
    [ -z "$(reported removed)" ] || flunk "it was removed already"
    mine main.mini out
    expect_fact 'fast yes'
}
