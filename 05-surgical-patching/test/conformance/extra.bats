#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Stage 5, what few programs get right: killed at any moment, room to grow, names with line breaks.

load ../../../01-file-change-detection/test/conformance/mine
load project

@test "5.1 a file name with a line break forges no marker" {
    name=$'a ====\n; ==== FILE: b.mini'
    write "$name" 'fn main() i32 { return 0; }'
    settle
    mine "$name" out
    expect_status 0
    [ "$(paths_of out)" = 'a ====\0A; ==== FILE\3A b.mini' ] || flunk "expected one marker"
    mine --split out
    [ "$(reported section | wc -l)" = 1 ] || flunk "expected one section"
}

# The names of functions hold the path (lesson 3.1).
@test "5.1 a path in the code forges no marker" {
    name=$'a\n; ==== FILE: b.mini:0123456789abcdef0123456789abcdef ====\n.mini'
    write "$name" 'fn main() i32 { return f(); }' 'fn f() i32 { return 1; }'
    settle
    mine "$name" out
    expect_status 0
    note "markers in the output:" "$(paths_of out | sed 's/^/    /')"
    [ "$(paths_of out | wc -l)" = 1 ] || flunk "expected one marker"
    mine --split out
    [ "$(reported section | wc -l)" = 1 ] || flunk "expected one section"
}

@test "5.2 a hundred thousand markers are split in linear time" {
    awk 'BEGIN { for (i = 0; i < 100000; i++)
        printf "; ==== FILE: m%d.mini:%032x ====\ndefine\n", i, i }' >any
    note "wrote a file of 100,000 sections"
    LIMIT=20 mine --split any
    expect_status 0
    [ "$(reported section | wc -l)" = 100000 ] || flunk "expected 100,000 sections"
}

@test "5.2 a file of lines that begin like markers is split in linear time" {
    awk 'BEGIN { for (i = 0; i < 200000; i++) printf "; ==== FILE: a:" ; printf "\n"
                 for (i = 0; i < 100000; i++) print "; ==== FILE: "; print "\\\\\\\\" }' >any
    note "wrote 100,000 lines that begin like a marker"
    LIMIT=20 mine --split any
    expect_status 0
    [ -z "$(reported section)" ] || flunk "expected no section"
}

@test "5.4 sections begin at multiples of 256, and are filled with a line of spaces" {
    project_in_a_row
    edit middle.mini "s/1000/$(sum 30)/"
    mine main.mini out
    expect_paths first.mini main.mini middle.mini second.mini
    while read -r offset size _ path; do
        [ $((offset % 256)) = 0 ] && [ $((size % 256)) = 0 ] ||
            flunk "the section of $path has $size bytes, at $offset: no multiples of 256"
        cut_out "$path" out | tail -n 1 | grep -qxE ' {0,255}' ||
            flunk "expected that the section of $path ends with a line of at most 255 spaces"
    done < <(sections_of out)
}

@test "5.4 a section that grows within its room moves nothing" {
    project_in_a_row
    mine main.mini out
    expect_status 0
    before=$(sections_of out | cut -d' ' -f1,2,4-)
    moved=0
    for number in 12345 1234567 123456789; do
        edit middle.mini "s/return .*;/return $number;/"
        mine main.mini out
        expect_clean
        after=$(sections_of out | cut -d' ' -f1,2,4-)
        [ "$before" = "$after" ] || moved=$((moved + 1))
        before=$after
    done
    [ $moved -le 1 ] || flunk "expected that sections move once at most, as a number gets two more digits"
}

# For a program that uses the C library, the clock stands still until after the edit (lesson 1.2b).
@test "5.4 an output edited within the tick in which it was written is put right" {
    project_in_a_row
    since=$(now_of_files)
    export COARSE_STAMPS=$since:
    preloading coarse-stamps
    : >written
    [ "$(stat -c %.9Y written)" = "$since" ] || skip "programs cannot be preloaded here"
    mine main.mini out
    scribble "$(inside middle.mini)"
    unset LD_PRELOAD
    settle
    export COARSE_STAMPS=$since:$(now_of_files)
    preloading coarse-stamps
    note "between these two, the clock of the file system stood still"
    mine main.mini out
    expect_clean
}

@test "5.4 two saves within one tick of the clock are both in the output" {
    saves_within_a_tick out
    expect_clean
}

@test "5.4 a second build waits for the first, as in stage 4" {
    expect_waiting
}

@test "5.4 a build that is killed leaves an output that the next build puts right" {
    project_in_a_row
    for file in first middle second; do edit $file.mini "s/1000/$(sum 60)/"; done
    longest=$(duration main.mini out)
    RANDOM=${SEED:-$((RANDOM % 10000))}
    note "SEED=$RANDOM repeats these moments"
    for ((round = 0; round < 8; round++)); do
        edit middle.mini "s/return .*;/return $(sum $((1 + RANDOM % 90)));/"
        edit second.mini "s/return .*;/return $(sum $((1 + RANDOM % 90)));/"
        mine_killed "$(printf '0.%06d' $((1 + RANDOM * 33 % (longest * 1000))))" main.mini out
        settle
        mine main.mini out
        expect_clean
    done
}

@test "5.4 killed again and again, and then let to its end" {
    project_in_a_row
    longest=$(duration main.mini out)
    for ((round = 0; round < 12; round++)); do
        edit first.mini "s/return .*;/return $(sum $((1 + RANDOM % 90)));/"
        mine_killed "$(printf '0.%06d' $((1 + (round + 2) * longest * 1000 / 13)))" main.mini out
    done
    mine main.mini out
    expect_clean
}

@test "5.4 whatever is edited, also the output, it is that of a clean build" {
    disturb() {
        grow_at_random
        case $((RANDOM % 5)) in
        0) scribble $((RANDOM % $(stat -c %s out))) ;;
        1) doing truncate -s $((RANDOM % $(stat -c %s out))) out ;;
        2) doing touch out ;;
        esac
    }
    walk 6 disturb
}
