#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Stage 4, what makes it fast and keeps it right: how far an edit reaches, damage, the fast path.

load ../../../01-file-change-detection/test/conformance/mine
load project

@test "4.1 what an edit cannot reach is not looked at" {
    project_of_three
    mine main.mini out
    settle
    edit shapes.mini 's/w \* h/h * w/'
    mine main.mini out
    expect 'cached|dirty|dependent' 'dirty shapes.mini:area' 'cached shapes.mini:border'
    settle
    edit lib/text.mini 's/gap()/gap(n: i32)/'
    mine main.mini out
    [ -z "$(reported | grep shapes.mini)" ] || flunk "shapes.mini imports nothing, so no edit of another file reaches it"
    expect_work 'dirty lib/text.mini:gap'
    expect_clean
}

@test "4.1 one edit opens one source" {
    project_of_three
    mine main.mini out
    settle
    edit shapes.mini 's/w \* h/h * w/'
    mine_watched main.mini out -- main.mini lib/text.mini
    expect_counts 1 1
    expect_unopened
}

@test "4.2 two programs of one directory have a state each" {
    project_of_three
    write other.mini 'import "shapes.mini" as shapes;' 'fn main() i32 { return shapes.border(1, 2); }'
    mine main.mini out
    mine other.mini other
    settle
    mine main.mini out
    expect_fact 'fast yes'
    mine other.mini other
    expect_fact 'fast yes'
    settle
    edit shapes.mini 's/w \* h/h * w/'
    mine main.mini out
    mine other.mini other
    expect_counts 0 0 no
    expect_clean other.mini other
}

@test "4.2 an output that cannot be written loses no edit" {
    project_of_three
    mine main.mini out
    settle
    edit shapes.mini 's/w \* h/h * w/'
    mine main.mini nowhere/out
    expect_failure 3 "there is no directory 'nowhere'"
    mine main.mini out
    expect_fact 'fast no'
    expect_clean
}

@test "4.2 another output is written, whichever was written before" {
    project_of_three
    mine main.mini out
    settle
    mine main.mini second
    expect_counts 0 0
    expect_clean main.mini second
    write third 'this is no output'
    settle
    mine main.mini third
    expect_clean main.mini third
    settle
    edit shapes.mini 's/w \* h/h * w/'
    mine main.mini third
    mine main.mini out
    expect_clean
}

@test "4.2 an output may lie in another directory" {
    project_of_three
    doing mkdir -p sub/dir "$BATS_TEST_TMPDIR/elsewhere"
    for place in sub/dir/out ../out "$BATS_TEST_TMPDIR/elsewhere/out"; do
        mine main.mini "$place"
        expect_clean main.mini "$place"
        mine main.mini "$place"
        expect_fact 'fast yes'
    done
    [ ! -e out ] || flunk "expected no output of the name 'out' beside the entry"
}

@test "4.2 a file that is cut short loses nothing but time" {
    each_damaged cut_in_half
}

@test "4.2 a file that is gone loses nothing but time" {
    each_damaged remove
    project_of_three
    doing rm -rf .mini_cache
    mine main.mini out
    expect_counts 3 5
    expect_clean
}

@test "4.3 the fast path writes nothing" {
    project_of_three
    mine main.mini out
    settle
    mine main.mini out
    before=$(kept out)
    mine main.mini out
    expect_fact 'fast yes'
    expect_kept "$before" out
}

@test "4.3 the fast path opens no source, no output, and little of what is kept" {
    project_of 20 100
    mine main.mini out
    settle
    mine main.mini out
    mine_watched main.mini out -- $(sources) out $(find .mini_cache -type f)
    expect_fact 'fast yes'
    all=0 large=0
    for file in $(find .mini_cache -type f); do
        size=$(stat -c %s "$file")
        all=$((all + size))
        ! grep -qxF "$file" <<<"$opened" || large=$((large + size))
    done
    kept_and_opened=$opened
    opened=$(grep -v '^\.mini_cache/' <<<"$opened" || true)
    # A program of stage 5 reports the sections of the output, and may look there for them.
    [ -z "$(reported strategy)" ] || opened=$(grep -vx out <<<"$opened" || true)
    expect_unopened
    [ $((large * 4)) -lt "$all" ] ||
        flunk "it keeps $all bytes. To find that nothing changed, it opened $large of them:" "$kept_and_opened"
}

@test "4.3 touched files are read once" {
    project_of_three
    mine main.mini out
    settle
    doing touch main.mini shapes.mini lib/text.mini
    settle
    mine main.mini out
    expect_fact 'fast yes'
    settle
    mine_watched main.mini out -- main.mini shapes.mini lib/text.mini
    expect_fact 'fast yes'
    expect_unopened
}

@test "4.3 an edit that was undone before the build is no change" {
    project_of_three
    mine main.mini out
    settle
    edit shapes.mini 's/w \* h/h * w/'
    edit shapes.mini 's/h \* w/w * h/'
    mine main.mini out
    expect_counts 0 0 yes
}

@test "4.3 an output that somebody edited is written again" {
    project_of_three
    mine main.mini out
    remember_output
    settle
    echo 'edited by hand' >>out
    note "appended a line to the output"
    settle
    mine main.mini out
    expect_counts 0 0 no
    expect_output_as_remembered
}

@test "4.3 a link in the place of the output is replaced by a file" {
    project_of_three
    mine main.mini out
    settle
    doing mv out target
    doing ln -s target out
    cp target "$BATS_TEST_TMPDIR/before"
    settle
    mine main.mini out
    expect_counts 0 0 no
    [ ! -L out ] || flunk "expected a file in the place of the link"
    edit shapes.mini 's/w \* h/h * w/'
    mine main.mini out
    expect_clean
    cmp -s target "$BATS_TEST_TMPDIR/before" || flunk "the build wrote into target, which the output was a link to"
}

@test "4.2 what is open already gets the output from where it stands" {
    expect_streams
}
