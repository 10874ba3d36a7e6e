# SPDX-License-Identifier: MIT
#
# The tester is tested too: a right program passes, and a wrong one is caught by the test that
# claims to. The conformance.bats of each stage loads this.

bats_require_minimum_version 1.5.0

setup() {
    root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    bin=${BUILD:-$root/build}
    stage=$(basename "$(dirname "$BATS_TEST_DIRNAME")")
    stage=${stage:1:1}
    python=$BATS_TEST_DIRNAME/python
    check_mine=$root/01-file-change-detection/test/check-mine
}

# For tests that run nothing that a sanitizer could check.
tests_no_c() { [ -z "${SANITIZE:-}" ] || skip "tests no C, so there is nothing to sanitize"; }

# typed WORD...: a command of these words, whatever they contain, quoted as a user types it.
typed() { printf "'%s' " "${@//\'/\'\\\'\'}"; }

# without_walks COMMAND: the tiers that are not random walks; with make test-long all.
without_walks() {
    local tiers=(required)
    [ ! -e "$BATS_TEST_DIRNAME/conformance/later.bats" ] || tiers+=(later)
    [ -z "${LONG:-}" ] || tiers+=(extra)
    passes "$1" "${tiers[@]}"
}

# passes COMMAND [TIER...]. run-tests counts and names the tests skipped there. Every tier, or with a
# sanitizer, under which a program takes many times as long to start, those that are not random walks.
passes() {
    if [ $# = 1 ] && [ -n "${SANITIZE:-}" ]; then
        without_walks "$1"
        return
    fi
    run "$check_mine" "$stage" "$@"
    echo "$output" | grep -v '^  ok '
    sed -n "s/^  skip  /# skipped: stage $stage: /p" <<<"$output" >&3
    [ "$status" = 0 ]
}

# fails COMMAND [TIER...]: with a wrong answer and the lesson to read again.
fails() {
    run "$check_mine" "$stage" "$@"
    echo "$output"
    [ "$status" = 1 ] && [[ $output == *"  FAIL  "* && $output == *"Read again: "* ]]
}

# The checks of each stage; MAIN is its program in Python.
python_passes() {
    tests_no_c
    without_walks "$(typed python3 "$python/${MAIN:?}")"
}
nothing_fails() {
    tests_no_c
    fails /bin/true "$@"
}

# The tier that has the test of this name.
tier_of() {
    local tier
    for tier in required later extra exercises; do
        if grep -sqF "@test \"$1\" {" "$BATS_TEST_DIRNAME/conformance/$tier.bats"; then
            echo $tier
            return
        fi
    done
    echo "no tier has a test '$1'" >&2
    return 1
}

as_pattern() { sed 's/[][\.*^$()+?{}|]/\\&/g' <<<"$1"; }

# only TEST COMMAND: runs that test alone.
only() {
    local tier
    tier=$(tier_of "$1") || return
    ONLY_TEST=$(as_pattern "$1") run "$check_mine" "$stage" "$2" "$tier"
}

# Copies the Python of all stages to the same places below another directory, so that each finds the
# earlier stages there.
copy_python() {
    local from
    rm -rf "$1"
    for from in "$root"/0*/test/python; do
        mkdir -p "$1/${from#"$root"/}"
        cp "$from"/*.py "$1/${from#"$root"/}"
    done
}

# decides TEST COMMAND: runs that test alone, and again if it skipped itself: a test that must hit a
# moment skips if it misses it. False, and named as skipped, if it never reached a verdict.
decides() {
    for _ in 1 2 3 4 5; do
        only "$@"
        [[ $output == *"  skip  $1"* ]] || return 0
    done
    sed -n "s/^  skip  /# skipped: stage $stage, $(basename "${2##* }"): /p" <<<"$output" >&3
    return 1
}

# Each line of python/mistakes: NAME | PROGRAM | TEST | SED. The program with that edit fails that
# test but is not a wreck: it passes the first test of all, unless that is the one. Every fifth of
# them; with make test-long all; with MISTAKES='one|another' those.
catches_mistakes() {
    tests_no_c
    local name program test edit first count=0 number=0
    local copies=$BATS_TEST_TMPDIR/wrong wrong=$BATS_TEST_TMPDIR/wrong${python#"$root"}
    first=$(titles required | head -n 1)
    while IFS='|' read -r name program test edit; do
        [ -n "${name%%#*}" ] || continue
        number=$((number + 1))
        name=${name// /}
        if [ -n "${MISTAKES:-}" ]; then
            [[ $name =~ ^($MISTAKES)$ ]] || continue
        else
            [ -n "${LONG:-}" ] || [ $((number % 5)) = 1 ] || continue
        fi
        program=${program// /} test=$(sed 's/^ *//; s/ *$//' <<<"$test")
        copy_python "$copies"
        sed -i "${edit# }" "$wrong/$program"
        ! cmp -s "$python/$program" "$wrong/$program" ||
            { echo "$name: the edit changes nothing"; return 1; }
        decides "$test" "$(typed python3 "$wrong/${MAIN:?}")" || continue
        if [ "$status" != 1 ] || [[ $output != *"FAIL  $test"* ]]; then
            echo "$name is not caught by '$test':" "$output"
            return 1
        fi
        if [ "$test" != "$first" ]; then
            only "$first" "$(typed python3 "$wrong/$MAIN")"
            [ "$status" = 0 ] || { echo "$name breaks everything:" "$output"; return 1; }
        fi
        [ -z "${MISTAKES:-}" ] || echo "# caught: $name" >&3
        count=$((count + 1))
    done <"$python/mistakes"
    [ $count -ge 3 ] || [ -n "${MISTAKES:-}" ]
}

# titles TIER: the titles of its tests.
titles() { sed -n 's/^@test "\(.*\)" {$/\1/p' "$BATS_TEST_DIRNAME/conformance/$1.bats"; }

# Each exercise is a real one: the stage's program does not pass it, the solution does.
exercises_are_exercises() {
    tests_no_c
    local test
    passes "$(typed python3 "$python/exercises.py")" exercises
    while read -r test; do
        only "$test" "$(typed python3 "$python/${MAIN:?}")"
        [ "$status" = 1 ] || { echo "without the exercise passes '$test'" "$output"; return 1; }
    done < <(titles exercises)
}

solutions_meet_the_contract() {
    tests_no_c
    passes "$(typed python3 "$python/exercises.py")" required
}
