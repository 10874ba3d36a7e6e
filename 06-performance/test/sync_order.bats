#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What a build with --sync has reported is done is on the disk: each step of the commit before the
# next one, by the calls that it makes. And a build in which nothing changed does not even look
# for what killed builds left.

bats_require_minimum_version 1.5.0
load ../../01-file-change-detection/test/await
load traced_project

setup() {
    make_project
}

build() { "${BUILD:-$BATS_TEST_DIRNAME/../../build}/minic" build -q -j1 main.mini "$@"; }

# traced OPTION...: the build, with the paths of descriptors, into the file trace.
traced() {
    strace -f -qq -y -s 200 -o trace \
        "${BUILD:-$BATS_TEST_DIRNAME/../../build}/minic" build -q -j1 main.mini "$@"
}

expect_order() {
    traced --sync "$@"
    python3 -B "$BATS_TEST_DIRNAME/sync_order.py" trace
}

@test "a first build is synced step by step" {
    expect_order
    [ "$(grep -c fsync trace)" -ge 10 ]
}

@test "the directories that are made for the cache are synced, too" {
    expect_order --cache-dir made/for/cache
    [ "$(grep -c '^[0-9 ]*mkdir.* = 0' trace)" = 3 ]
}

@test "the name of a cache that a build without --sync made is synced by the next build" {
    build --cache-dir made/cache
    body 'b + a'
    traced --sync --cache-dir made/cache
    grep -q 'fsync(.*/made>' trace
}

@test "the name of an output that a build without --sync gave is synced by the next build" {
    mkdir patched kept
    for name in patched kept; do build -o $name/main.ll --cache-dir $name/cache/made; done
    body 'b + a'
    traced --sync -o patched/main.ll --cache-dir patched/cache/made
    grep -q 'pwrite64(.*/patched/main.ll>' trace
    grep -q 'fsync(.*/patched>' trace
    body 'a + b'
    traced --sync -o kept/main.ll --cache-dir kept/cache/made
    run ! grep -q 'pwrite64(.*/kept/main.ll>' trace
    grep -q 'fsync(.*/kept>' trace
}

@test "an output that is up to date is synced, too" {
    mkdir out
    build -o out/main.ll
    settle # a stamp that is as young as the build is not trusted by the next one
    build -o out/main.ll
    traced --sync -o out/main.ll
    grep -q 'fsync(.*/out/main.ll>' trace
    grep -q 'fsync(.*/out>' trace
    traced --sync -o out/main.ll # nothing else is left to be synced
    run ! grep -q -e rename -e getdents trace
    [ "$(grep -c fsync trace)" = 2 ]
    grep -q 'fsync(.*/out/main.ll>' trace
    grep -q 'fsync(.*/out>' trace
}

# expect_durable EDIT...: a build without --sync, from which nothing has reached the disk yet; an
# edit; and one with it: then all that both wrote is on the disk, each step before the next.
expect_durable() {
    local before=()
    for edit in "$@"; do
        [ ${#before[@]} = 0 ] || settle
        "$edit"
        traced
        mv trace before.${#before[@]}
        before+=("before.${#before[@]}")
    done
    "$last"
    traced --sync
    python3 -B "$BATS_TEST_DIRNAME/sync_order.py" "${before[@]}" trace
    settle
    traced --sync # stamps, perhaps; its own commit was on the disk
    python3 -B "$BATS_TEST_DIRNAME/sync_order.py" trace
    run ! grep -q getdents trace
    traced --sync
    run ! grep -q rename trace
    [ "$(grep -c fsync trace)" = 2 ]
}

nothing() { :; }
another_body() { body "b + a + $((number += 1))"; }

@test "what builds without --sync left in memory is synced, though nothing changed" {
    last=nothing expect_durable nothing
}

@test "... and the journals and spares of several" {
    last=nothing expect_durable nothing another_body another_body
}

@test "... and after an edit" {
    last=another_body expect_durable nothing another_body
    last=another_body expect_durable another_body
}

@test "objects that a wrong program left in memory are synced by the build that finds them" {
    build --sync
    body 'a + b + 7'
    echo 'fn more(n: i32) i32 { return m; }' >part10.mini
    run -1 traced
    mv trace before
    echo 'fn f(n: i32) i32 { return n + 10; }' >part10.mini
    traced --sync
    python3 -B "$BATS_TEST_DIRNAME/sync_order.py" before trace
    grep -q 'fsync(.*/zir.pack>' trace
}

@test "a build with --sync that was killed before it synced the name does not count as on the disk" {
    build --sync
    echo 'at work' >.mini_cache/lock
    traced --sync
    grep -q 'fsync(.*/main.ll>' trace
    grep -q 'fsync(.*[.]manifest>' trace
    grep -q rename trace
}

@test "a patch is synced step by step" {
    build --sync
    body 'b + a'
    expect_order
    grep -q 'pwrite64(.*/main.ll>' trace
    grep -q 'write.*[.]sections[.]1[.]journal' trace
}

@test "a new output is synced step by step" {
    build --sync
    sed -i '1i import "more.mini" as more;' main.mini
    expect_order --force
    grep -q 'rename.*main.ll' trace
}

@test "a touched file is synced step by step" {
    build --sync
    touch math.mini
    expect_order
}

@test "the order is seen to be wrong without --sync" {
    traced
    run python3 -B "$BATS_TEST_DIRNAME/sync_order.py" trace
    [ "$status" = 1 ]
    [[ $output = *"giving the manifest its name"* ]]
    [[ $output = *"writing"*"index"* ]]
}

@test "no build lists a directory, unless the one before it was killed" {
    build
    settle # a stamp that is as young as the build is not trusted by the next one
    build
    traced
    run ! grep -q getdents trace
    body 'b + a'
    traced
    run ! grep -q getdents trace
    echo "at work" >.mini_cache/lock
    body 'a + b + 1'
    traced
    grep -q 'getdents64(.*/[.]mini_cache>' trace
}
