#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Tests of the test runner: it adds up small programs that pass, fail, crash, stop early or hang,
# and its progress is never silent for long.

bats_require_minimum_version 1.5.0

setup() {
    run_tests=$BATS_TEST_DIRNAME/run-tests
    results=$BATS_TEST_TMPDIR/build/results
    tests=$BATS_TEST_TMPDIR/tests
    mkdir -p "$tests"
    cd "$tests" || return 1
    PATH=$tests:$PATH
    unset ONLY CASE AGAIN SANITIZE PATIENCE PULSE SLOW
}

# a_test NAME LINE...: a shell script of these lines.
a_test() {
    printf '%s\n' '#!/bin/sh' "${@:2}" >"$1"
    chmod +x "$1"
}

a_good_test() { a_test "$1" 'echo 1..1; echo "ok 1 - all is well"'; }

# runs TEST...: sets $output to what it prints, and $stderr to its progress.
runs() { run --separate-stderr "$run_tests" "$results" "$@"; }

closes_with() {
    [ "${lines[-1]}" = "$1" ] || { echo "expected at the end: $1"; echo "$output"; return 1; }
}

@test "each test that ends prints its number, of how many, its name and its time" {
    a_good_test one
    a_good_test two
    a_good_test three
    runs one two three
    [ "$status" = 0 ]
    closes_with "3 passed, 0 failed, 0 skipped"
    [ "$(sed -n 's/ .*//p' <<<"$stderr")" = $'[1/3]\n[2/3]\n[3/3]' ]
    [ "$(grep -cE '^\[[1-3]/3\] (one|two|three) \([0-9]+\.[0-9] s\)$' <<<"$stderr")" = 3 ]
}

# The test ends when it has read the line that names it, so it hangs if that is never printed.
@test "a test that takes long is named while it runs" {
    mkfifo shown
    a_test slow 'echo 1..2; echo "ok 1 - one"' 'grep -m 1 "still running.*slow.* 1 of 2 cases" shown >seen' \
        'echo "ok 2 - two"'
    PULSE=1 PATIENCE=600 "$run_tests" "$results" slow >said 2<>shown
    grep -qE '^\.\.\. still running: slow \([0-9]+ s, 1 of 2 cases\)$' seen
    [ "$(tail -n 1 said)" = "2 passed, 0 failed, 0 skipped" ]
}

@test "on a terminal the line is redrawn, and only what failed stays" {
    command -v script >/dev/null || skip "no script"
    a_good_test good
    a_test bad 'echo 1..1; echo "not ok 1 - wrong"'
    export SLOW=1000
    TERM=xterm script -qec "$(printf '%q ' "$run_tests" "$results" good bad)" /dev/null >said </dev/null || true
    grep -qF $'\r\033[K[0/2] ' said
    ! tr '\r' '\n' <said | grep -F '] good (' | grep -vF $'\033[K[' || false
    tr '\r' '\n' <said | grep -qF '] bad ('
    TERM=dumb script -qec "$(printf '%q ' "$run_tests" "$results" good)" /dev/null >said </dev/null
    run ! grep -qF $'\033' said
    grep -qF '[1/1] good (' said
}

@test "the slow ones are named at the end, the slowest first" {
    a_good_test quick
    a_test slow 'sleep 1.5; echo 1..1; echo "ok 1 - at last"'
    a_test slower 'sleep 2.5; echo 1..1; echo "ok 1 - at last"'
    SLOW=1 runs quick slow slower
    closes_with "3 passed, 0 failed, 0 skipped"
    [[ $output == *"took 1 s or more:"* && $output == *" s  slower"* && $output == *" s  slow"$'\n'* ]]
    sed -n 's/^ *\([0-9.]*\) s  .*/\1/p' <<<"$output" | sort -rnc
    SLOW=1000 runs quick
    [[ $output != *"or more"* ]]
}

@test "those that took long begin first the next time" {
    for name in a b c; do
        a_test $name "echo $name >>order; echo 1..1; echo 'ok 1 - one'"
    done
    mkdir -p "${results%/*}"
    printf '%s\n' '1 a' '3000 b' '20000 c' >"$results.times"
    mkdir bin
    printf '#!/bin/sh\necho 1\n' >bin/nproc # one after another, to see the order
    chmod +x bin/nproc
    PATH=$PWD/bin:$PATH runs a b c
    closes_with "3 passed, 0 failed, 0 skipped"
    [ "$(tr -d '\n' <order)" = cba ]
    [ "$(cut -d' ' -f2 "$results.times" | sort | tr -d '\n')" = abc ] # and these times are the new ones
    run ! grep -qx '20000 c' "$results.times"
    ONLY=b runs a b c
    [ "$(cut -d' ' -f2 "$results.times" | sort | tr -d '\n')" = abc ]
}

@test "a case that fails is reported, with the command that runs it again" {
    a_test bad 'echo 1..2; echo "ok 1 - fine"; echo "not ok 2 - wrong_sum"; echo "# 1 is not 2"'
    AGAIN='make test' runs bad
    [ "$status" = 1 ]
    [[ $output == *"FAILED  bad: wrong_sum"*"again: make test ONLY=bad CASE=wrong_sum"*"1 is not 2"* ]]
    [[ $stderr == *"bad ("*" s, failed)"* ]]
    closes_with "1 passed, 1 failed, 0 skipped"
}

@test "a crash is a failure, whatever passed before it" {
    a_test early 'kill -SEGV $$'
    a_test between 'echo 1..3; echo "ok 1 - one"; kill -ABRT $$'
    a_test late 'echo 1..1; echo "ok 1 - one"; kill -SEGV $$'
    runs early between late
    [ "$status" = 1 ]
    [[ $output == *"FAILED  early: it printed no plan (exit status 139)"* ]]
    [[ $output == *"FAILED  between: it stopped after 1 of 3 cases (exit status 134)"* ]]
    [[ $output == *"FAILED  late: all cases passed, but not the program (exit status 139)"* ]]
    [[ $stderr == *"] late ("*" s, failed)"* ]]
    closes_with "2 passed, 3 failed, 0 skipped"
}

@test "a plan that is not fulfilled, or not there, is a failure" {
    a_test short 'echo 1..3; echo "ok 1 - one"; echo "ok 2 - two"'
    a_test without 'echo "ok 1 - one"'
    a_test silent ':'
    runs short without silent
    [ "$status" = 1 ]
    [[ $output == *"FAILED  short: it stopped after 2 of 3 cases (exit status 0)"* ]]
    [[ $output == *"FAILED  without: it printed no plan"* ]]
    [[ $output == *"FAILED  silent: it printed no plan"* ]]
    closes_with "3 passed, 3 failed, 0 skipped"
}

@test "a test that does not end is ended, and is a failure" {
    a_test endless 'exec tail -f /dev/null'
    PATIENCE=1 runs endless
    [ "$status" = 1 ]
    [[ $output == *"FAILED  endless: it printed no plan (no end within 1 s)"* ]]
    closes_with "0 passed, 1 failed, 0 skipped"
}

@test "a test that is not there is a failure" {
    runs nowhere
    [ "$status" = 1 ]
    closes_with "0 passed, 1 failed, 0 skipped"
}

@test "what is skipped is counted and named, also inside of another test" {
    a_test some 'echo 1..3; echo "ok 1 - one # SKIP no tool"; echo "ok 2 - two"' \
        'echo "# skipped: 1.2 in the stage: no clock"; echo "ok 3 - three"'
    runs some
    [ "$status" = 0 ]
    [[ $output == *"skipped some: ok 1 - one # SKIP no tool"* ]]
    [[ $output == *"skipped some: 1.2 in the stage: no clock"* ]]
    closes_with "2 passed, 0 failed, 2 skipped"
}

@test "ONLY and CASE choose" {
    a_good_test first
    a_good_test second
    ONLY=sec runs first second
    closes_with "1 passed, 0 failed, 0 skipped"
    [[ $stderr == "[1/1] second ("* ]]
    printf '%s\n' '@test "red" { true; }' '@test "blue" { false; }' >colours.bats
    CASE=red runs first colours.bats
    [ "$status" = 0 ]
    closes_with "2 passed, 0 failed, 0 skipped"
    [[ $(<"$results.times") != *colours* ]] # half a test is not a measurement
}
