#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# .ci/run adds up the counts of its steps and names what they skip: with a `make` that only prints.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    mkdir .ci tools
    cp "$BATS_TEST_DIRNAME/../run" .ci
    program .ci/install-missing 'echo "$*" >needs'
    PATH=$PWD/tools:$PATH
}

program() { printf '#!/bin/sh\n%s\n' "$2" >"$1" && chmod +x "$1"; }

# steps TEST-BARE: what `make test-bare` does; all others pass three tests each.
steps() {
    program tools/make "case \$* in test-bare) $1 ;; all*) ;; *) echo 3 passed, 0 failed, 0 skipped ;; esac"
}

@test "a step that is skipped is named on the line before the last" {
    steps 'echo skipped test-bare: needs root and chroot; echo 0 passed, 0 failed, 3 skipped'
    run -0 .ci/run
    [ "${lines[-2]}" = "skipped (test-bare: needs root and chroot)" ]
    [ "${lines[-1]}" = "18 passed, 0 failed, 3 skipped" ]
}

@test "of cases that a test skips, each reason is named once" {
    steps 'echo "skipped 01-x/test/a.bats: ok 1 one # skip too slow"
        echo "skipped 01-x/test/a.bats: ok 2 two # skip too slow"; echo 1 passed, 0 failed, 2 skipped'
    run -0 .ci/run
    [ "${lines[-2]}" = "skipped (a.bats: too slow)" ]
}

@test "without a skip there is no such line, and a failure counts" {
    steps 'echo 2 passed, 1 failed, 0 skipped; exit 1'
    run -1 .ci/run
    [[ $output != *$'\nskipped'* ]]
    [ "${lines[-1]}" = "20 passed, 1 failed, 0 skipped" ]
    steps 'exit 2'
    run -1 .ci/run
    [ "${lines[-1]}" = "18 passed, 1 failed, 0 skipped" ]
}

@test "every step says how long it took, and the first one installs for all" {
    steps 'echo 3 passed, 0 failed, 0 skipped'
    run -0 .ci/run
    [ "$(grep -c '^== ' <<<"$output")" = "$(grep -c '^-- [0-9.]* minutes: ' <<<"$output")" ]
    [ "$(grep '^== ' <<<"$output" | head -n 1)" = "== .ci/install-missing $(cat needs)" ]
    [[ " $(cat needs) " == *" build test faults fuzz bare "* ]]
}

@test "what it builds is built from nothing, but for the bare system" {
    mkdir -p build/bare/base build/obj
    steps 'echo 3 passed, 0 failed, 0 skipped'
    run -0 .ci/run
    [ "$(ls build)" = bare ]
}
