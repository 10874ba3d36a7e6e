#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Stage 3, what few programs get right.

load ../../../01-file-change-detection/test/conformance/mine
load project

@test "3.1 names with spaces and in UTF-8" {
    write main.mini 'import "a b.mini" as a;' 'import "größe.mini" as b;' \
        'fn main() i32 { return a.f() + b.f(); }'
    write 'a b.mini' "$(fn f 1)"
    write 'größe.mini' "$(fn f 2)"
    settle
    mine main.mini
    expect_verdicts 'compiled a b.mini:f' 'compiled größe.mini:f' 'compiled main.mini:main'
    a=$(id 'a b.mini:f') b=$(id größe.mini:f)
    settle
    write 'a b.mini' "$(fn f 3)"
    mine main.mini
    differs "a b.mini:f, edited" "$a" "$(id 'a b.mini:f')"
    same "größe.mini:f" "$b" "$(id größe.mini:f)"
}

@test "3.2 two saves within one tick of the clock are both compiled" {
    saves_within_a_tick
    expect_compiled text.mini:f
}

@test "3.2 a chain of 5,000 calls: an edit at its end travels one step" {
    chain() {
        awk -v type="$1" 'BEGIN { print "fn c0() " type " { return 1; }\nfn c1() i32 { print(c0()); return 1; }"
            for (i = 2; i < 5000; i++) print "fn c" i "() i32 { return c" i - 1 "(); }"
            print "fn main() i32 { return c4999(); }" }' >main.mini
        note "wrote main.mini: c0 returns $1, c1 prints it, c2 calls c1, and so on to c4999"
        settle
    }
    chain i32
    LIMIT=20 mine main.mini
    [ "$(reported compiled | wc -l)" = 5001 ] || flunk "expected 5,001 functions to be compiled"
    chain i64
    LIMIT=20 mine main.mini
    expect_compiled main.mini:c0 main.mini:c1
}

@test "3.2 a ring of 300 files" {
    for ((i = 0; i < 300; i++)); do
        printf 'import "m%d.mini" as next;\nfn f(n: i32) i32 { if (n == 0) { return %d; } return next.f(n - 1); }\n' \
            $(((i + 1) % 300)) $i >m$i.mini
    done
    write main.mini 'import "m0.mini" as m;' 'fn main() i32 { return m.f(5); }'
    note "wrote m0.mini ... m299.mini: the f of each calls that of the next, and the last one that of m0"
    settle
    LIMIT=20 mine main.mini
    [ "$(reported compiled | wc -l)" = 301 ] || flunk "expected 301 functions to be compiled"
    doing sed -i 's/return 7;/return 77;/' m7.mini
    settle
    mine main.mini
    expect_compiled m7.mini:f
    doing sed -i 's/n: i32/n: i32, m: i32/' m7.mini
    settle
    doing sed -i 's/f(n - 1)/f(n - 1, 0)/' m6.mini
    mine main.mini
    expect_compiled m6.mini:f m7.mini:f
}

@test "3.2 a function that names another 20,000 times" {
    { fn one 1; echo 'fn main() i32 {'; yes '    print(one());' | head -n 20000; echo '    return 0; }'; } >main.mini
    note "wrote main.mini: a function with 20,000 calls of one()"
    settle
    LIMIT=20 mine main.mini
    expect_compiled main.mini:one main.mini:main
    doing sed -i '1s/return 1/return 2/' main.mini
    settle
    LIMIT=20 mine main.mini
    expect_compiled main.mini:one
}

@test "3.3 any byte of what is kept may be wrong" {
    program_of_five
    mine main.mini
    right=$(ids)
    flip_through 3
}

@test "3.3 a build that is killed leaves what the next one can use" {
    many_functions
    mine main.mini
    right=$(ids)
    kill_builds 0.001 0.003 0.01 0.02 0.03 0.05 0.08
}
