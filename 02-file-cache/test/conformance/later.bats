#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Stage 2, what makes it fast and keeps it right: a pack, an index, damage.

load ../../../01-file-change-detection/test/conformance/mine
load project

@test "2.1 a file that did not change is not opened" {
    project_of_three
    mine main.mini
    settle
    mine_watched main.mini -- main.mini math.mini lib/text.mini
    expect_all_cached
    expect_unopened
}

@test "2.1 one edit opens one file" {
    project_of_three
    mine main.mini
    settle
    write math.mini "$(fn one 2)"
    settle
    mine_watched main.mini -- main.mini lib/text.mini
    expect_verdicts 'cached lib/text.mini' 'cached main.mini' 'lowered math.mini'
    expect_unopened
}

@test "2.2 what is kept is not written again" {
    project_of 100 150
    mine_counted main.mini
    all=$bytes_written
    settle
    write m7.mini 'fn f(x: i32) i32 { return 7; }'
    settle
    mine_counted main.mini
    [ "$(reported lowered | wc -l)" = 1 ] || flunk "expected m7.mini to be lowered, and no other"
    [ $((bytes_written * 4)) -lt "$all" ] ||
        flunk "the build of 101 files wrote $all bytes, that of one edited file $bytes_written"
}

@test "2.2 going back and forth keeps nothing twice" {
    project_of_three
    mine main.mini
    for number in 2 1 2; do
        write math.mini "$(fn one $number)"
        settle
        mine main.mini
    done
    before=$(find .mini_cache -type f -printf '%s %p\n' | sort)
    for number in 1 2 1 2; do
        write math.mini "$(fn one $number)"
        settle
        mine main.mini
        expect_all_cached
    done
    expect objects 'objects 4'
    same "the sizes of the files in .mini_cache" "$before" "$(find .mini_cache -type f -printf '%s %p\n' | sort)"
}

@test "2.3 what is kept for others is not read" {
    write small.mini "$(fn main 0)"
    settle
    mine small.mini
    settle
    mine_counted small.mini
    alone=$bytes_read
    project_of 100 150
    mine_counted main.mini
    settle
    mine_counted main.mini
    all=$bytes_read
    mine_counted small.mini
    expect_all_cached
    [ $bytes_read -lt $((alone + 65536)) ] ||
        flunk "small.mini alone reads $alone bytes, beside 101 others $bytes_read (and these $all)"
}

@test "2.4 a build with nothing new writes nothing" {
    project_of_three
    expect_nothing_written main.mini
}

# Whatever was damaged, the next build is right and keeps again what was lost.
after_damage() {
    expect_unharmed
    write math.mini "$(fn one $RANDOM$RANDOM)"
    settle
    mine main.mini
    expect_verdicts 'cached lib/text.mini' 'cached main.mini' 'lowered math.mini'
    write math.mini "$(fn one 1)"
    settle
}

@test "2.4 a flipped bit loses nothing but time" {
    project_of_three
    mine main.mini
    right=$(ids)
    damage_each flip_in_middle
}

@test "2.4 a file that is cut short loses nothing but time" {
    project_of_three
    mine main.mini
    right=$(ids)
    damage_each cut_in_half
    damage_each empty
}

@test "2.4 a file that is gone loses nothing but time" {
    project_of_three
    mine main.mini
    right=$(ids)
    damage_each remove
    doing rm -rf .mini_cache
    after_damage
}

@test "2.4 of many objects none is lost with the index" {
    project_of 20 150
    mine main.mini
    right=$(ids)
    largest=$(largest_kept)
    find .mini_cache -type f -size +255c ! -path "$largest" -delete # anything smaller is a lock or a mark
    note "removed every file of 256 bytes or more that is kept, but $largest, the largest"
    mine main.mini
    expect_all_cached
    expect_ids "$right"
}

@test "2.4 a flipped bit among many objects costs one of them" {
    project_of 20 150
    mine main.mini
    right=$(ids)
    doing flip_in_middle "$(largest_kept)"
    settle
    mine main.mini
    expect_at_most 1 "one object was hit"
    expect_ids "$right"
}

@test "2.4 an object that was not written to its end costs itself" {
    project_of 20 150
    mine main.mini
    right=$(ids)
    largest=$(largest_kept)
    doing truncate -s -5 "$largest"
    settle
    mine main.mini
    expect_at_most 1 "the last object was hit"
    expect_ids "$right"
    write m3.mini 'fn f(x: i32) i32 { return 3; }'
    settle
    mine main.mini
    expect_at_most 1 "m3.mini"
    settle
    mine main.mini
    expect_all_cached
}

@test "2.4 files of two builds in one cache give no wrong form" {
    mix_two_builds
}
