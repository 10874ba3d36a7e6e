#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Stage 4, what makes it right: three caches, one state, one output.

load ../../../01-file-change-detection/test/conformance/mine
load project

@test "4.1 the first build compiles every function" {
    project_of_three
    mine main.mini out
    expect_work 'new lib/text.mini:show' 'new lib/text.mini:gap' 'new main.mini:main' \
        'new shapes.mini:area' 'new shapes.mini:border'
    expect "$counts" 'files 3' 'lowered 3' 'functions 5' 'compiled 5' 'fast no'
    [ -s out ] || flunk "expected an output: out"
}

@test "4.1 what stage 1 asks for holds" {
    expect_stage_1 out
}

@test "4.1 a second build compiles nothing, and leaves the output as it is" {
    project_of_three
    mine main.mini out
    remember_output
    settle
    mine main.mini out
    expect_work
    expect_fact 'functions 5'
    expect_counts 0 0
    expect_output_as_remembered
}

@test "4.1 an edited body compiles one function" {
    project_of_three
    mine main.mini out
    settle
    edit shapes.mini 's/w \* h/h * w/'
    mine main.mini out
    expect_work 'dirty shapes.mini:area'
    expect "$counts" 'files 3' 'lowered 1' 'functions 5' 'compiled 1' 'fast no'
    expect_clean
}

@test "4.1 an edited signature compiles who names it, and no one else" {
    project_of_three
    mine main.mini out
    settle
    edit shapes.mini 's/area(w: i32, h: i32) i32 { return w/area(width: i32, h: i32) i32 { return width/'
    mine main.mini out
    expect_work 'dependent main.mini:main' 'dirty shapes.mini:area'
    expect_counts 1 2
    expect_clean
}

@test "4.1 a comment is lowered, and not compiled" {
    project_of_three
    mine main.mini out
    settle
    edit lib/text.mini '1i // Shows numbers.'
    mine main.mini out
    expect_work
    expect_counts 1 0 no
    expect_clean
}

@test "4.1 an edit that is undone is found in both caches" {
    project_of_three
    mine main.mini out
    remember_output
    settle
    edit shapes.mini 's/w \* h/h * w/'
    mine main.mini out
    settle
    edit shapes.mini 's/h \* w/w * h/'
    mine main.mini out
    expect_work
    expect_counts 0 0
    expect_output_as_remembered
}

@test "4.1 a file that comes is new, and one that goes leaves the output" {
    project_of_three
    mine main.mini out
    remember_output
    settle
    write extra.mini 'fn more() i32 { return 1; }'
    edit main.mini '1i import "extra.mini" as extra;'
    mine main.mini out
    expect_work 'new extra.mini:more'
    expect_fact 'files 4'
    expect_clean
    settle
    edit main.mini 1d
    mine main.mini out
    expect_work
    expect_fact 'files 3'
    expect_fact 'functions 5'
    expect_output_as_remembered
}

@test "4.1 two programs share what was lowered and compiled" {
    project_of_three
    mine main.mini out
    settle
    write other.mini 'import "shapes.mini" as shapes;' 'fn main() i32 { return shapes.area(1, 2); }'
    mine other.mini other
    expect_counts 1 1
    expect_clean other.mini other
    mine main.mini out
    expect_counts 0 0
    expect_clean
}

@test "4.2 an error leaves the output as it was" {
    project_of_three
    mine main.mini out
    remember_output
    settle
    edit shapes.mini 's/ return w \* h; }/ return w * h;/'
    mine main.mini out
    expect_error_in shapes.mini
    expect_output_as_remembered
    settle
    edit shapes.mini 's/ return w \* h;/ return nowhere(w);  }/'
    mine main.mini out
    expect_status 1 "a name that nobody declares"
    expect_fact 'wrong shapes.mini:area'
    expect_output_as_remembered
}

@test "4.2 what was edited while another file was wrong is not lost" {
    project_of_three
    mine main.mini out
    settle
    for mistake in 's/ return w \* h; }/ return w * h;/' 's/ return w \* h; }/ return nowhere(w); }/'; do
        cp shapes.mini right
        edit shapes.mini "$mistake"
        edit lib/text.mini 's/print(n);/print(n); print(n);/'
        mine main.mini out
        expect_status 1 "there is an error in shapes.mini"
        settle
        doing cp right shapes.mini
        settle
        mine main.mini out
        expect_clean
    done
}

@test "4.2 what a failed build compiled is not compiled again" {
    project_of_three
    mine main.mini out
    settle
    edit shapes.mini 's/area(w: i32/size(w: i32/'
    mine main.mini out
    expect_status 1 "main names area, which is called otherwise now"
    expect_work 'wrong main.mini:main' 'dirty shapes.mini:size'
    settle
    edit main.mini 's/shapes.area/shapes.size/'
    mine main.mini out
    expect_work 'dirty main.mini:main'
    expect_counts 1 1
    expect_clean
}

@test "4.2 an error is reported by every build until it is mended" {
    project_of_three
    mine main.mini out
    remember_output
    settle
    edit main.mini 's/shapes.area/shapes.nowhere/'
    mine main.mini out
    first=$complained
    expect_status 1 "a name that nobody declares"
    settle
    mine main.mini out
    expect_status 1 "nothing was mended"
    same "what it says on stderr" "$first" "$complained"
    settle
    edit main.mini 's/shapes.nowhere/shapes.area/'
    mine main.mini out
    expect_counts 0 0
    expect_output_as_remembered
}

@test "4.2 the first build may fail" {
    project_of_three
    edit main.mini 's/shapes.area/shapes.nowhere/'
    mine main.mini out
    expect_status 1 "a name that nobody declares"
    [ ! -e out ] || flunk "expected no output of a program that is wrong"
    settle
    edit main.mini 's/shapes.nowhere/shapes.area/'
    mine main.mini out
    expect_counts 1 1
    expect_clean
}

@test "4.2 whatever is edited, the output is that of a build without history" {
    walk 8
}

@test "4.2 clean removes what is kept, and nothing else" {
    expect_clean_command
}

@test "4.3 if nothing changed, the combined hash decides, and no function is looked at" {
    project_of_three
    mine main.mini out
    settle
    mine main.mini out
    expect "$facts" 'files 3' 'lowered 0' 'functions 5' 'compiled 0' 'fast yes'
    expect_clean
}

@test "4.3 files that were only touched change no hash" {
    project_of_three
    mine main.mini out
    settle
    doing touch main.mini shapes.mini
    mine main.mini out
    expect "$facts" 'files 3' 'lowered 0' 'functions 5' 'compiled 0' 'fast yes'
}

@test "4.3 other settings are another hash, and going back finds everything" {
    project_of_three
    mine main.mini out
    remember_output
    for round in 1 2; do
        settle
        setting MINIC_TARGET wasm32-wasi
        mine main.mini out
        expect_fact 'fast no'
        [ $round = 2 ] && expect_counts 0 0 || expect_counts 3 5
        expect_clean
        settle
        mine main.mini out
        expect_fact 'fast yes'
        settle
        setting MINIC_TARGET
        mine main.mini out
        expect_counts 0 0 no
        expect_output_as_remembered
    done
}

@test "4.3 an output that is gone is written again, and nothing compiled" {
    project_of_three
    mine main.mini out
    remember_output
    settle
    doing rm out
    mine main.mini out
    expect_counts 0 0 no
    expect_output_as_remembered
}
