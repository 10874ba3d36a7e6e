#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The model of the commit, 04-multi-level-cache/commit.pml, is a model of this program: the calls of
# builds of every kind are runs of it. What the model says is checked by `make test-faults`.

bats_require_minimum_version 1.5.0
load ../../01-file-change-detection/test/await
load traced_project

setup() {
    MINIC=${BUILD:-$BATS_TEST_DIRNAME/../../build}/minic
    MODEL=$BATS_TEST_DIRNAME/../../04-multi-level-cache/commit.pml
    make_project
    mkdir out
}

build() { "$MINIC" build -q -j1 main.mini -o out/main.ll "$@"; }

# traced OPTION...: the build, traced; the steps in the file steps.
traced() {
    strace -f -qq -y -s 40 -o trace "$MINIC" build -q -j1 main.mini -o out/main.ll "$@"
    reduced
}

# A sanitizer that watches threads makes a file of its own, and removes it.
reduced() {
    sed -i '/tsan\.rodata/d' trace
    python3 -B "$BATS_TEST_DIRNAME/model/commit_steps.py" "$MODEL" trace >steps
}

# judged: the steps on standard input.
judged() { python3 -B "$BATS_TEST_DIRNAME/model/commit_steps.py" "$MODEL" -; }

made() { grep -qx "$1" steps; }

# every_kind OPTION...: of build, with these options.
every_kind() {
    traced "$@"
    made RENAME_DRAFT
    body 'b + a'
    traced "$@"
    made PATCH_OUTPUT
    body 'a * b + a * b + a * b + a * b + a * b + a * b + a * b + a * b + a * b + a * b + a * b'
    traced "$@"
    made GROW_OUTPUT
    sed -i '1i import "more.mini" as more;' main.mini
    traced "$@"
    for i in {10..79}; do echo '// no code' >>"part$i.mini"; done
    traced "$@"
    for i in {10..79}; do echo 'fn g() {}' >>"part$i.mini"; done
    traced "$@" # so many changes that a new base is written
    made PRUNE
    touch math.mini
    traced "$@"
    run ! made PATCH_OUTPUT
    settle
    build "$@"
    traced "$@"
    run ! made EXCHANGE
    body 'a - b'
    traced "$@" --cache-limit 1 # entries and objects are looked through
}

@test "builds of every kind are runs of the model" {
    every_kind
    run ! grep -q SYNC steps
}

@test "builds of every kind with --sync are runs of the model" {
    every_kind --sync
    made SYNC_EXCHANGE
}

@test "a build with --sync after one without is a run of the model" {
    build
    body 'b + a'
    traced --sync
    settle
    build
    traced --sync
    made SYNC_KEPT
}

@test "a build that was killed, and the next one, are runs of the model" {
    build
    for call in pwrite64:4 pwrite64:5 renameat2:1 writev:5 writev:9; do
        body "a + ${call##*:} - b"
        strace -f -qq -y -s 40 -o trace -e inject="${call%:*}:signal=KILL:when=${call##*:}" \
            "$MINIC" build -q -j1 main.mini -o out/main.ll || true
        reduced
        traced
    done
    rm out/main.ll
    strace -f -qq -y -s 40 -o trace -e inject="rename:signal=KILL:when=1" \
        "$MINIC" build -q -j1 main.mini -o out/main.ll || true
    reduced
    traced
}

@test "two steps that are swapped, one left out, and one that the model does not know are seen" {
    build --sync
    body 'b + a'
    traced --sync
    judged <steps
    for pair in 'MARK PATCH_OUTPUT' 'PATCH_OUTPUT WRITE_SPARE' 'SYNC_OUTPUT EXCHANGE' 'WRITE_STATE MARK'; do
        set -- $pair
        run ! judged < <(sed "s/^$1\$/first/; s/^$2\$/$1/; s/^first\$/$2/" steps)
        [[ $output = *"no run of the model: after "*" comes "*", and in the model "* ]]
    done
    for left_out in MARK SYNC_STATE SYNC_OUTPUT EXCHANGE SYNC_EXCHANGE; do
        run ! judged < <(grep -vx "$left_out" steps)
        [[ $output = *"no run of the model: after "* ]]
    done
    run ! judged < <(sed '/^MARK$/i SAVE_THE_WEATHER' steps)
    [[ $output = *"SAVE_THE_WEATHER is not a step of the model" ]]
}

@test "calls in another order, and a file that the model does not know, are seen in a trace" {
    build --sync
    body 'b + a'
    traced --sync
    cp trace right
    awk '/pwrite64.*main[.]ll/ { kept = $0; next } { print } /renameat2/ { print kept }' right >trace
    run ! reduced
    sed '/renameat2/s/^\([0-9]*\).*/&\n\1 pwrite64(9<\/tmp\/weather>, "x", 1, 0) = 1/' right >trace
    run ! reduced
}
