#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Stage 1, what few programs get right.

load mine
load project

# Waits for the beginning of an interval of two seconds, so that what follows fits into one.
await_tick() {
    while [ $(($(date +%s%N) % 2000000000)) -gt 200000000 ]; do sleep 0.02; done
}

@test "1.2 two saves within one tick of the clock are both seen" {
    coarse=${BUILD:-$BATS_TEST_DIRNAME/../../../build}/coarse-stamps.so
    [ -z "${SANITIZE:-}" ] || skip "a sanitizer wants to be loaded before all others"
    [ -e "$coarse" ] || skip "no coarse-stamps.so: make check-mine builds it"
    cp "$coarse" "$BATS_TEST_TMPDIR/coarse.so" # whose path has no space: that would end it here
    export LD_PRELOAD=$BATS_TEST_TMPDIR/coarse.so # stamps of two seconds, as FAT has them
    write probe x
    [[ $(stat -c %.9Y probe) == *[02468].000000000 ]] || skip "programs cannot be preloaded here"
    for _ in 1 2 3 4 5 6 7 8 9 10; do # a busy machine may take longer than a tick
        rm -rf .mini_cache
        : >"$transcript"
        write main.mini 'import "text.mini" as text;'
        await_tick
        write text.mini 'const name: str = "Ada";'
        first=$(stat -c %.9Y:%.9Z text.mini)
        mine main.mini
        write text.mini 'const name: str = "Eve";'
        second=$(stat -c %.9Y:%.9Z text.mini)
        [ "$first" != "$second" ] || break
    done
    [ "$first" = "$second" ] || skip "this machine is too busy to save twice in two seconds"
    sleep 2.1
    mine main.mini
    expect changed 'changed text.mini'
}

@test "1.2 an edit behind a symbolic link is seen" {
    write main.mini 'import "link.mini" as link;'
    write ../real.mini '// Ada'
    doing ln -s ../real.mini link.mini
    settle
    mine main.mini
    settle
    write ../real.mini '// Eve'
    mine main.mini
    expect "$files" 'changed link.mini' 'unchanged main.mini'
}

@test "1.2 a file that is named like a source and is none does not hang" {
    write main.mini 'import "pipe.mini" as pipe;'
    mkfifo pipe.mini
    LIMIT=10 mine main.mini
    [ "$status" != 0 ] || flunk "expected an error"
}

@test "1.3 a chain of 10,000 imports" {
    seq 1 10000 | awk '{ print "import \"" $1 + 1 ".mini\" as next;" >$1 ".mini"; close($1 ".mini") }'
    echo '// the last one' >10001.mini
    note "wrote 1.mini ... 10001.mini: each imports the next"
    mine 1.mini
    expect_status 0
    [ "$(told added | wc -l)" = 10001 ] || flunk "expected 10001 files to be added"
}

@test "1.3 a ladder of 40 diamonds ends" {
    for ((i = 0; i < 40; i++)); do
        echo "import \"l$i.mini\" as l; import \"r$i.mini\" as r;" >"$([ $i = 0 ] && echo main || echo "m$i").mini"
        echo "import \"m$((i + 1)).mini\" as m;" | tee "l$i.mini" >"r$i.mini"
    done
    echo '// the bottom' >m40.mini
    note "wrote main.mini, and 40 times: two files that import the same third one"
    LIMIT=20 mine main.mini
    expect_status 0
    [ "$(told added | wc -l)" = 121 ] || flunk "expected 121 files to be added"
}

@test "1.3 names with spaces, quotes in UTF-8, and dots" {
    write main.mini 'import "a b.mini" as a;' 'import "größe„x“.mini" as b;' 'import "..c.mini" as c;'
    write 'a b.mini' '// 1'
    write 'größe„x“.mini' '// 2'
    write '..c.mini' '// 3'
    mine main.mini
    expect "$files" 'added ..c.mini' 'added a b.mini' 'added größe„x“.mini' 'added main.mini'
}

@test "1.4 any byte of the state may be wrong" {
    write main.mini 'import "text.mini" as text;'
    write text.mini '// Ada'
    settle
    mine main.mini
    right=$(word combined)
    after_flip() {
        mine main.mini
        expect_status 0 "a damaged cache is a cold start, not an error"
        same "combined" "$right" "$(word combined)"
        [ -z "$(told changed)" ] || flunk "nothing changed"
    }
    flip_through 24
}

@test "1.4 a cache that cannot be written is a message, not a crash" {
    write main.mini '// one'
    doing touch .mini_cache
    mine main.mini
    expect_failure 3 ".mini_cache is a file"
}

@test "1.4 a run that is killed leaves a state that can be loaded" {
    write main.mini 'import "text.mini" as text;'
    for delay in 0.001 0.005 0.01 0.02 0.03 0.05 0.08; do
        write text.mini "// $delay"
        mine_killed $delay main.mini
        write text.mini "// after $delay"
        settle
        mine main.mini
        expect_seen text.mini
    done
}
