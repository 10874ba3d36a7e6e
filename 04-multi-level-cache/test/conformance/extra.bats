#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Stage 4, what few programs get right.

load ../../../01-file-change-detection/test/conformance/mine
load project

@test "4.2 a build that is killed at any moment leaves a state to go on from" {
    project_of 5 20
    longest=$(duration main.mini out)
    for step in {1..12}; do
        edit m3.mini "s/return .*;/return sum + $step;/"
        edit m5.mini "s/return .*;/return sum - $step;/"
        [ $((step % 4)) != 0 ] || doing rm -rf .mini_cache
        delay=$(awk "BEGIN { print $longest * $step / 10000 }")
        mine_killed "$delay" main.mini out
        [ $((step % 3)) != 0 ] || edit m4.mini "s/return .*;/return sum * $step;/"
        mine main.mini out
        expect_clean
    done
    mine main.mini out
    expect_counts 0 0 yes
}

@test "4.2 a build that is killed while it writes the output" {
    project_of 20 60
    mine main.mini out
    for step in {1..4}; do
        note "ran it with another output, and killed it when that appeared"
        edit m3.mini "s/return .*;/return sum + $step;/"
        rm -f other
        "${program[@]}" main.mini other >"$BATS_TEST_TMPDIR/killed" 2>&1 3>&- &
        pid=$!
        until [ -e other ] || ! kill -0 $pid 2>/dev/null; do :; done
        kill -KILL $pid 2>/dev/null || true
        wait $pid 2>/dev/null || true
        mine main.mini other
        expect_clean main.mini other
    done
    mine main.mini out
    expect_clean
}

@test "4.2 several builds at once" {
    project_of 5 20
    mine main.mini out
    settle
    for round in 1 2; do
        edit m3.mini "s/return .*;/return sum + $round;/"
        [ $round != 2 ] || doing rm -rf .mini_cache
        note "ran it four times at once"
        pids=()
        for job in 1 2 3 4; do
            timeout "${PATIENCE:-300}" "${program[@]}" main.mini out >"$BATS_TEST_TMPDIR/job$job" 2>&1 3>&- &
            pids+=($!)
        done
        for job in 1 2 3 4; do
            wait ${pids[job - 1]} || flunk "build $job of four failed:" "$(cat "$BATS_TEST_TMPDIR/job$job")"
        done
        mine main.mini out
        expect_clean
    done
}

@test "4.2 a second build waits for the first" {
    expect_waiting
}

@test "4.2 builds and a clean at once" {
    project_of 5 20
    mine main.mini out
    for round in {1..4}; do
        edit m3.mini "s/return .*;/return sum + $round;/"
        note "ran it, and clean at the same time"
        timeout "${PATIENCE:-300}" "${program[@]}" main.mini out >"$BATS_TEST_TMPDIR/job" 2>&1 3>&- &
        pid=$!
        sleep 0.00$((round * 2))
        mine clean main.mini
        expect_status 0
        wait $pid || flunk "the build failed:" "$(cat "$BATS_TEST_TMPDIR/job")"
        mine main.mini out
        expect_clean
    done
}

@test "4.2 any byte of what is kept may be wrong" {
    project_of_three
    mine main.mini out
    remember_output
    after_flip() {
        rm -f out
        mine main.mini out
        expect_status 0 "a damaged cache costs time, and is no error"
        expect_output_as_remembered
    }
    flip_through 9
}

@test "4.2 many edits, with cleans, killed builds and other settings between them" {
    disturb() {
        case $((RANDOM % 6)) in
        0) doing "${program[@]}" clean m0.mini ;;
        1) mine_killed 0.0$((RANDOM % 10))$((RANDOM % 10)) m0.mini out ;;
        2) doing rm -f out ;;
        3) setting MINIC_TARGET wasm32-wasi ;;
        4) setting MINIC_TARGET ;;
        esac
    }
    walk 6 disturb
}

@test "4.2 two saves within one tick of the clock are both in the output" {
    saves_within_a_tick out
    expect_clean
}

@test "4.2 an output that is a source is refused" {
    project_of_three
    cp shapes.mini before
    mine main.mini shapes.mini
    expect_status 2 "the output is a source of the program"
    cmp before shapes.mini || flunk "the source was written over"
}

@test "4.2 an output in the cache is refused" {
    project_of_three
    mine main.mini out
    doing ln -s .mini_cache way
    find .mini_cache -type f -exec md5sum {} + >"$BATS_TEST_TMPDIR/before"
    for place in .mini_cache/out ./.mini_cache/../.mini_cache/lock way/out $(find .mini_cache -type f | head -n 3); do
        mine main.mini "$place"
        expect_status 2 "the output is in the cache directory: $place"
    done
    md5sum --quiet -c "$BATS_TEST_TMPDIR/before" || flunk "a file in the cache was written over"
    [ ! -e .mini_cache/out ] || flunk "a file was made in the cache"
}

@test "4.2 names with spaces and in UTF-8" {
    write main.mini 'import "a b.mini" as a;' 'import "größe.mini" as b;' \
        'fn main() i32 { return a.f(b.f(1)); }'
    write 'a b.mini' 'fn f(x: i32) i32 { return x; }'
    write 'größe.mini' 'fn f(x: i32) i32 { return x + 1; }'
    settle
    mine main.mini 'the output'
    expect_work 'new a b.mini:f' 'new größe.mini:f' 'new main.mini:main'
    expect_clean main.mini 'the output'
    mine main.mini 'the output'
    expect_fact 'fast yes'
}

@test "4.3 the fast path of 1,000 files" {
    { for i in {1..1000}; do echo "import \"m$i.mini\" as m$i;"; done
      echo 'fn main() i32 { return m7.f(1); }'; } >main.mini
    for i in {1..1000}; do echo "fn f(x: i32) i32 { return x + $i; }" >m$i.mini; done
    note "wrote main.mini, which imports m1.mini ... m1000.mini"
    settle
    LIMIT=30 mine main.mini out
    expect_counts 1001 1001
    settle
    LIMIT=5 mine main.mini out
    expect_counts 0 0 yes
    edit m500.mini "s,500,5000000,"
    LIMIT=10 mine main.mini out
    expect_counts 1 1
    expect_work 'dirty m500.mini:f'
}
