#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Stage 5, the exercises at the end of its README. A program that passes the other tiers and knows
# nothing of them passes none.

load ../../../01-file-change-detection/test/conformance/mine
load project
facts='unchanged|changed|new|removed|strategy|reason|written|section|right|wrong'

@test "exercise 1: --cut prints the bytes of one section" {
    project_in_a_row
    mine main.mini out
    settle
    for path in main.mini second.mini; do
        "${program[@]}" --cut out $path >cut 2>"$BATS_TEST_TMPDIR/complained" || flunk "--cut out $path failed" "$(cat "$BATS_TEST_TMPDIR/complained")"
        note "ran: --cut out $path"
        cut_out $path out | cmp -s - cut || flunk "these are not the bytes of the section of $path:" "$(head -c 2000 cut)"
    done
    mine --cut out nowhere.mini
    expect_status 2 "there is no such section"
}

@test "exercise 2: --diff tells two outputs apart, section by section" {
    project_in_a_row
    mine main.mini before
    edit middle.mini 's/1000/2000/'
    write third.mini 'fn f() i32 { return 3; }'
    edit main.mini 's/"first.mini"/"third.mini"/'
    mine main.mini out
    settle
    mine --diff before out
    expect 'unchanged|changed|new|removed' 'removed first.mini' 'changed main.mini' 'changed middle.mini' 'unchanged second.mini' 'new third.mini'
    mine --diff out before
    expect 'unchanged|changed|new|removed' 'new first.mini' 'changed main.mini' 'changed middle.mini' 'unchanged second.mini' 'removed third.mini'
}

@test "exercise 3: --verify finds the section that is wrong, and writes nothing" {
    project_in_a_row
    mine main.mini out
    settle
    before=$(kept)
    mine --verify main.mini out
    expect 'right|wrong' 'right first.mini' 'right main.mini' 'right middle.mini' 'right second.mini'
    scribble "$(inside middle.mini)"
    remember_output
    mine --verify main.mini out
    expect_status 1 "a section of the output is wrong"
    [ "$(reported 'right|wrong')" = $'right first.mini\nright main.mini\nwrong middle.mini\nright second.mini' ] ||
        flunk "expected that middle.mini is wrong, and nothing else"
    expect_output_as_remembered
    expect_kept "$before"
}

@test "exercise 4: MINI_BLOCK is the size that sections are filled up to" {
    project_in_a_row
    for block in 64 4096 1; do
        setting MINI_BLOCK "$block"
        mine main.mini out
        expect_clean
        while read -r offset size _ path; do
            [ $((offset % block)) = 0 ] && [ $((size % block)) = 0 ] && [ "$size" -lt $((block + 4096)) ] ||
                flunk "the section of $path has $size bytes, at $offset: not filled up to a multiple of $block"
        done < <(sections_of out)
        expect_paths first.mini main.mini middle.mini second.mini
        settle
        mine main.mini out
        expect_strategy up-to-date none
        settle
    done
}
