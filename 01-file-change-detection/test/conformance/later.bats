#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Stage 1, what makes it fast and keeps it right: stamps, loaded state, damage.

load mine
load project

one_file() {
    write main.mini 'fn main() i32 { return 1; }'
    settle
}

@test "1.2 the first look reads every file" {
    one_file
    mine main.mini
    expect read 'read 1'
}

@test "1.2 a file that did not change is not read" {
    one_file
    mine main.mini
    mine_watched main.mini -- main.mini
    expect "$files" 'unchanged main.mini'
    expect read 'read 0'
    expect_unopened
}

@test "1.2 a touched file is read once, and no change" {
    one_file
    mine main.mini
    settle
    doing touch main.mini
    settle
    mine main.mini
    expect "$files" 'touched main.mini'
    expect read 'read 1'
    settle
    mine main.mini
    expect "$files" 'unchanged main.mini'
    expect read 'read 0'
}

@test "1.2 an edit with the size and the mtime of before is reported" {
    one_file
    mine main.mini
    settle
    doing cp -p main.mini before
    write main.mini 'fn main() i32 { return 7; }'
    doing touch -r before main.mini
    settle
    mine main.mini
    expect changed 'changed main.mini'
}

@test "1.2 an older file in the place of a newer one is reported" {
    write older '// an older one'
    settle
    one_file
    mine main.mini
    settle
    doing mv older main.mini
    mine main.mini
    expect changed 'changed main.mini'
}

@test "1.2 a file from the future is not trusted" {
    one_file
    doing touch -d '+1 hour' main.mini
    mine main.mini
    settle
    mine main.mini
    expect read 'read 1'
    write main.mini 'fn main() i32 { return 7; }'
    doing touch -d '+1 hour' main.mini
    mine main.mini
    expect changed 'changed main.mini'
}

@test "1.2 a file without a time is not trusted" {
    one_file
    doing touch -d @0 main.mini
    mine main.mini
    settle
    mine main.mini
    expect read 'read 1'
    write main.mini 'fn main() i32 { return 7; }'
    doing touch -d @0 main.mini
    mine main.mini
    expect changed 'changed main.mini'
}

@test "1.3 one edit reads one file" {
    project_of_three
    mine main.mini
    settle
    write math.mini 'fn one() i32 { return 2; }'
    settle
    mine_watched main.mini -- main.mini lib/text.mini
    expect "$files" 'unchanged lib/text.mini' 'unchanged main.mini' 'changed math.mini'
    expect read 'read 1'
    expect_unopened
}

@test "1.3 an import that is new reads two files" {
    project_of_three
    write new.mini '// new'
    settle
    mine main.mini
    settle
    write main.mini 'import "math.mini" as math;' 'import "new.mini" as new;' 'import "lib/text.mini" as text;'
    mine_watched main.mini -- math.mini lib/text.mini
    expect "$files" 'unchanged lib/text.mini' 'changed main.mini' 'unchanged math.mini' 'added new.mini'
    expect read 'read 2'
    expect_unopened
}

@test "1.3 an import of a directory is an error at its line" {
    write main.mini '// a directory' 'import "lib" as lib;'
    mkdir lib
    mine main.mini
    expect_error main.mini:2:8
}

@test "1.3 a file that is gone is an error at the line that imports it" {
    write main.mini '// three lines' '' 'import "a.mini" as a;'
    write a.mini '// there'
    settle
    mine main.mini
    settle
    doing rm a.mini
    mine main.mini
    expect_error main.mini:3:8
}

@test "1.3 the imports of a file that is not read are known" {
    write main.mini 'import "a.mini" as a;'
    write a.mini 'import "b.mini" as b;'
    write b.mini '// the last one'
    settle
    mine main.mini
    settle
    write b.mini '// changed'
    mine_watched main.mini -- main.mini a.mini
    expect "$files" 'unchanged a.mini' 'changed b.mini' 'unchanged main.mini'
    expect_unopened
}

# Whatever was damaged, the next look reports an edit correctly and is not an error.
after_damage() {
    settle
    echo "// $RANDOM $RANDOM" >math.mini
    settle
    mine main.mini
    expect_status 0 "a damaged cache is a cold start, not an error"
    expect_seen math.mini
    [ "$(reported "$files" | wc -l)" = 3 ] || flunk "expected three files"
}

@test "1.4 a flipped bit is a cold start" {
    project_of_three
    mine main.mini
    damage_each flip_in_middle
}

@test "1.4 a file that is cut short is a cold start" {
    project_of_three
    mine main.mini
    damage_each cut_in_half
    damage_each empty
}

@test "1.4 a file that is gone is a cold start" {
    project_of_three
    mine main.mini
    damage_each remove
    doing rm -rf .mini_cache
    mine main.mini
    expect "$files" 'added lib/text.mini' 'added main.mini' 'added math.mini'
}

# Files that another program, or another version of yours, may have left there.
another() { printf 'version 999\n{"main.mini": [1, 2, 3]}\n' >"$1"; }

@test "1.4 a state of another version is a cold start" {
    project_of_three
    mine main.mini
    damage_each another
}

@test "1.4 a state in which nothing changed is not written again" {
    project_of_three
    expect_nothing_written main.mini
}

@test "1.4 two entries of one directory do not disturb each other" {
    project_of_three
    write other.mini 'import "math.mini" as math;'
    mine main.mini
    mine other.mini
    settle
    write math.mini 'fn one() i32 { return 2; }'
    for entry in main.mini other.mini; do
        mine $entry
        expect_seen math.mini
    done
}
