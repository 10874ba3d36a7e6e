#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Stage 1, the exercises at the end of its README. A program that only passes the other tiers passes
# none of them.

load mine
load project
facts="$facts|renamed|below"
files="$files|renamed"

@test "exercise 1: the path of an import may be written with escapes" {
    write main.mini 'import "a\x62.mini" as a; import "say\"hi\".mini" as b;'
    write ab.mini '// written with an escape'
    write 'say"hi".mini' '// quotes in its name'
    mine main.mini
    expect "$files" 'added ab.mini' 'added main.mini' 'added say"hi".mini'
}

@test "exercise 2: --paranoid reads every file" {
    write main.mini 'import "a.mini" as a;'
    write a.mini '// one'
    settle
    mine main.mini
    settle
    mine --paranoid main.mini
    expect "$files" 'touched a.mini' 'touched main.mini'
    expect read 'read 2'
    mine main.mini
    expect read 'read 0'
}

@test "exercise 3: a file under a new name is renamed" {
    write main.mini 'import "b.mini" as b; import "c.mini" as c;'
    write b.mini '// the same in two files'
    write c.mini '// the same in two files'
    mine main.mini
    settle
    doing mv b.mini d.mini
    write c.mini '// changed'
    write e.mini '// new'
    write main.mini 'import "c.mini" as c; import "d.mini" as d; import "e.mini" as e;'
    mine main.mini
    expect "$files" 'changed c.mini' 'renamed b.mini d.mini' 'added e.mini' 'changed main.mini'
}

# below_of FILE
below_of() { reported below | sed -n "s/^below $1 //p"; }

@test "exercise 4: each file has a combined hash of its own" {
    write main.mini 'import "left.mini" as left; import "right.mini" as right;'
    write left.mini 'import "ring.mini" as ring;'
    write ring.mini 'import "left.mini" as left;'
    write right.mini '// alone'
    mine main.mini
    for file in main left ring right; do
        eval "$file=\$(below_of $file.mini)"
        [ -n "${!file}" ] || flunk "expected a line: below $file.mini WORD"
    done
    differs "left.mini and ring.mini, which reach the same files" "$left" "$ring"
    settle
    write ring.mini 'import "left.mini" as left; // edited'
    mine main.mini
    differs "below main.mini" "$main" "$(below_of main.mini)"
    differs "below left.mini" "$left" "$(below_of left.mini)"
    differs "below ring.mini" "$ring" "$(below_of ring.mini)"
    same "below right.mini" "$right" "$(below_of right.mini)"
}
