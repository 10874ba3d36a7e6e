#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The program that measures the techniques, on a small corpus: it ends with an error if a naive
# version finds, keeps or writes something else.

setup() {
    work=$(mktemp -d)
    "$BUILD/generate-corpus" "$work/corpus" --files 40
    mkdir "$work/pairs"
    few=$work/corpus/$(jq -r .least_imported "$work/corpus/corpus.json")
}

teardown() {
    rm -rf "$work"
}

@test "each technique is measured beside its naive version, and both agree" {
    "$BUILD/techniques" "$work/corpus" "$work/pairs" 1 3 "'$BUILD/edit-corpus' body '$few'" \
        >"$work/reported" 2>"$work/progress"
    [ "$(jq length "$work/reported")" = 10 ]
    jq -e 'all(.ours_ms > 0 and .naive_ms > 0 and .unit != "")' "$work/reported"
    [ "$(jq -r '.[] | select(.name == "visited_set") | .unit' "$work/reported")" = \
        "a ladder of 3 diamonds: 10 files, 29 visits without a set" ]
    [ "$(wc -l <"$work/progress")" = 10 ]
}

@test "an edit that fails ends the measuring" {
    run "$BUILD/techniques" "$work/corpus" "$work/pairs" 1 3 false
    [ "$status" = 3 ]
    [[ $output == *"techniques: false"* ]]
}
