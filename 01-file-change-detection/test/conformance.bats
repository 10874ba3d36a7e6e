#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Who tests the tests of stage 1? What is right passes them; what is wrong does not.

load conformance/tester
MAIN=detect.py

@test "the demo of this stage passes every tier" {
    passes "$(typed "$bin/demo-01")"
}

@test "the demo solves exercise 4 as well, where it is asked to" {
    LESSON='exercise 4' fails "$(typed "$bin/demo-01")" exercises
    LESSON='exercise 4' passes "$(typed "$bin/demo-01" --below)" exercises
}

@test "the program in Python passes" {
    python_passes
}

@test "a program that does nothing fails" {
    nothing_fails
}

@test "each planted mistake is caught by the test that names it" {
    catches_mistakes
}

@test "each exercise is passed by its solution, and not by the program without it" {
    exercises_are_exercises
}

@test "the solutions still meet the contract" {
    solutions_meet_the_contract
}

@test "the tests of one lesson can be run alone" {
    tests_no_c
    LESSON=1.1 passes "$(typed python3 "$python/detect.py")"
    [[ $output == *"ok    1.1 "* && $output != *" 1.3 "* ]]
    LESSON=1.1b passes "$(typed python3 "$python/detect.py")" # half a lesson of the page: its tests are 1.1
    [[ $output == *"ok    1.1 "* && $output != *" 1.3 "* ]]
    LESSON='exercise 2' fails "$(typed python3 "$python/detect.py")" exercises
    [[ $output == *"README.md, exercise 2."* ]]
    LESSON=1.9 run "$check_mine" 1 /bin/true
    [ "$status" = 2 ]
}

# Another user of the machine can make what has a name in /tmp that can be guessed.
@test "no script writes where somebody else may have been first, or evaluates what it finds there" {
    tests_no_c
    mkdir "$BATS_TEST_TMPDIR/bin" "$BATS_TEST_TMPDIR/tmp"
    printf '%s\n' '#!/bin/sh' "[ \"\$*\" = -d ] || echo \"mktemp \$*\" >>'$BATS_TEST_TMPDIR/asked'" \
        "exec $(command -v mktemp) \"\$@\"" >"$BATS_TEST_TMPDIR/bin/mktemp"
    chmod +x "$BATS_TEST_TMPDIR/bin/mktemp"
    TMPDIR=$BATS_TEST_TMPDIR/tmp PATH=$BATS_TEST_TMPDIR/bin:$PATH LESSON=1.1 \
        passes "$(typed python3 "$python/detect.py")" required
    [ ! -e "$BATS_TEST_TMPDIR/asked" ] && [ -z "$(ls -A "$BATS_TEST_TMPDIR/tmp")" ]
    cd "$root"
    run grep -rInE --exclude-dir=build --exclude-dir=.git --exclude=conformance.bats \
        '\<mktemp\>( +-[a-ce-z]|[^-]* *[|)]|.* -u|.*--dry-run)|> *"?/(var/)?tmp/|[ =]"?/(var/)?tmp/[^ ]*\$\$' \
        .ci bench 0*/test 06-performance/install Makefile
    echo "$output"
    [ "$status" = 1 ]
}

@test "a crash, an endless loop and a missing program are told apart from a wrong answer" {
    tests_no_c
    printf 'kill -SEGV $$\n' >"$BATS_TEST_TMPDIR/mine.sh"
    fails "$(typed sh "$BATS_TEST_TMPDIR/mine.sh")"
    [[ $output == *"it crashed: signal 11"* ]]
    [ -e "$bin/mine-1/main.mini" ] # left to be looked into
    run "$check_mine" 1 "python3 there_is_no_such.py"
    [ "$status" = 2 ]
    [[ $output == *"there_is_no_such.py: no such file"* ]]
    run "$check_mine" 1 "there-is-no-such-program"
    [ "$status" = 2 ]
    [[ $output == *"no such program"* ]]
    run "$check_mine" 9 /bin/true
    [ "$status" = 2 ]
    printf 'exit 77\n' >"$BATS_TEST_TMPDIR/mine.sh"
    fails "$(typed sh "$BATS_TEST_TMPDIR/mine.sh")"
    [[ $output == *"it crashed: exit status 77"* ]]
    { echo "import sys; sys.stderr.write('what it was doing\\n' * 30 + 'what failed\\n')"
      echo "print('the first fact'); print('more\\n' * 60); print('the last fact')"
      echo 'raise KeyError("the reason")'; } >"$BATS_TEST_TMPDIR/mine.py"
    fails "$(typed python3 "$BATS_TEST_TMPDIR/mine.py")"
    [[ $output == *"the first fact"*"... ("*" lines)"*"the last fact"* ]]
    [[ $output == *"what it was doing"*"... ("*" lines)"*"KeyError: 'the reason'"*"it crashed, or hid"* ]]
    printf 'exit 1\n' >"$BATS_TEST_TMPDIR/mine.sh"
    fails "$(typed sh "$BATS_TEST_TMPDIR/mine.sh")"
    [[ $output == *"it crashed, or hid its reason"* ]]
    printf 'while :; do :; done\n' >"$BATS_TEST_TMPDIR/mine.sh"
    LIMIT=1 fails "$(typed sh "$BATS_TEST_TMPDIR/mine.sh")"
    [[ $output == *"did not end within 1 seconds of CPU time"* ]]
    printf 'exec tail -f /dev/null\n' >"$BATS_TEST_TMPDIR/mine.sh"
    PATIENCE=1 fails "$(typed sh "$BATS_TEST_TMPDIR/mine.sh")"
    [[ $output == *"did not end within 1 seconds"* ]]
}

@test "a command may have quoted words, and one that is not closed is named" {
    tests_no_c
    local mine="$BATS_TEST_TMPDIR/it's (mine)"
    mkdir "$mine"
    cp "$python"/*.py "$mine"
    cd "$BATS_TEST_TMPDIR"
    LESSON=1.1 passes "python3 \"it's (mine)/detect.py\"" required
    LESSON=1.1 passes "python3 it\'s\ \(mine\)/detect.py" required
    run "$check_mine" 1 "python3 'detect.py"
    [ "$status" = 2 ]
    [[ $output == *"a quote is not closed"* ]]
}
