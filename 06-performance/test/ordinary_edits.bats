#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The promise that in ordinary editing more than 95 % of what a build looks at comes from the cache,
# held on a small program; and that the program which counts it would notice.

bats_require_minimum_version 1.5.0

setup() {
    root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    bin=${BUILD:-$root/build}
    count=1000
    [ -z "${SANITIZE:-}" ] || count=150 # two processes for each
    cd "$BATS_TEST_TMPDIR" || return 1
}

# edits MINIC [OPTION...]: of a new program of fifty files. What was counted is in $sums.
edits() {
    rm -rf corpus out.ll cache
    "$bin/generate-corpus" corpus --files 50 --seed 3
    sums=$("$bin/ordinary-edits" --count $count "${@:2}" "$1" "$bin/edit-corpus" corpus/main.mini out.ll cache)
}

# of FILTER: a number of the sums.
of() { jq "$1" <<<"$sums"; }

# hits_are_more_than PERCENT OF: of everything that OF counts, so much was not compiled.
hits_are_more_than() {
    jq -e --argjson least "$1" "(.$2 - .emitted) * 100 > .$2 * \$least" <<<"$sums" >/dev/null ||
        { echo "too few hits among $2: $sums"; return 1; }
}

@test "more than 95 % of the functions are hits in a thousand ordinary edits" {
    edits "$bin/minic"
    [ "$(of .edits)" = $count ]
    hits_are_more_than 95 total
    hits_are_more_than 95 reached
    hits_are_more_than 60 keys
    [ "$(of '.reached <= .total and .keys < .reached and .emitted > 0')" = true ]
    "$bin/minic" build -q corpus/main.mini -o out.ll --cache-dir cache
    "$bin/minic" build -q corpus/main.mini -o fresh.ll --cache-dir fresh
    cmp out.ll fresh.ll
}

@test "every kind of edit is among them, and the sums are theirs" {
    edits "$bin/minic"
    [ "$(of '.kinds | length')" = 10 ]
    [ "$(of '.kinds | all(.edits > 0)')" = true ]
    for name in edits emitted total reached keys; do
        [ "$(of "([.kinds[].$name] | add) == .$name")" = true ]
    done
    # Nothing is compiled for what reaches no code, or was compiled before; one function for a new body.
    [ "$(of '.kinds | map(select(.title | IN("touched only", "a comment", "a function removed", "a file removed", "the edit before undone")).emitted) | add')" = 0 ]
    [ "$(of '.kinds[] | select(.title == "a body") | .emitted <= .edits')" = true ]
}

@test "the seed draws the edits" {
    count=40
    edits "$bin/minic" --seed 5
    first=$sums
    edits "$bin/minic" --seed 5 --jobs 1
    [ "$sums" = "$first" ]
    edits "$bin/minic" --seed 6
    [ "$sums" != "$first" ]
}

@test "a compiler that finds nothing in its cache has too few hits" {
    count=40
    printf '#!/bin/sh\nexec "%s" "$@" --force\n' "$bin/minic" >forgetful
    chmod +x forgetful
    edits ./forgetful
    run -1 hits_are_more_than 95 total
    run -1 hits_are_more_than 95 reached
}

@test "a program that cannot be built, or is not there, is an error" {
    count=1
    run -3 --separate-stderr edits false
    run -3 --separate-stderr "$bin/ordinary-edits" "$bin/minic" "$bin/edit-corpus" nowhere/main.mini out.ll cache
    [ -n "$stderr" ]
    run -2 --separate-stderr "$bin/ordinary-edits" --count 0 "$bin/minic" "$bin/edit-corpus" main.mini out.ll cache
    [[ $stderr == "usage: "* ]]
}
