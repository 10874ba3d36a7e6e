#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# ONLY, CASE, PARTS, FILES and PEERS choose from what there is. Of a name that chooses nothing is said so,
# and what there is.

bats_require_minimum_version 1.5.0

setup() {
    root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    cd "$BATS_TEST_TMPDIR"
    PATH=${PATH//"$BATS_LIBEXEC":/} # a bats inside of sh is to begin like any other
    unset ONLY CASE PARTS FILES PEERS
    printf '#!/bin/sh\necho 1..1\necho ok 1 fine\n' >test_one
    printf '@test "fine" { true; }\n' >two.bats
    chmod +x test_one
}

# refuses SAYING COMMAND...: with exit status 2 and these words.
refuses() {
    run "${@:2}"
    echo "$output"
    [ "$status" = 2 ]
    [[ $output == *"$1"* ]]
}

@test "a test that there is not" {
    ONLY=test_on run "$root/.ci/test/run-tests" results ./test_one ./two.bats
    [ "$status" = 0 ]
    ONLY=nonsense refuses "no test has 'nonsense' in its path; there are: test_one two.bats" \
        "$root/.ci/test/run-tests" results ./test_one ./two.bats
}

@test "a case that there is not" {
    CASE=fine run "$root/.ci/test/run-tests" results ./two.bats
    [ "$status" = 0 ]
    CASE=nonsense refuses "no case of these tests has 'nonsense' in its name" \
        "$root/.ci/test/run-tests" results ./two.bats
}

@test "a fuzz target that there is not" {
    ONLY=nonsense refuses "no target has 'nonsense' in its name; there are: lexer zir" \
        "$root/01-file-change-detection/test/fuzz/run-fuzz" 1 found here/fuzz_lexer here/fuzz_zir
}

@test "a part of the benchmark, and a peer, that there is not" {
    BUILD=$PWD PARTS='headline nonsense' refuses \
        "PARTS: there is no part 'nonsense'; there are: headline techniques policies scale native" "$root/bench/run-bench"
    BUILD=$PWD PARTS=scale FILES=2000000 refuses \
        "FILES: '2000000' is not a number from 1000 to 1000000" "$root/bench/run-bench"
    BUILD=$PWD PEERS='nonsense' refuses \
        "PEERS: there is no peer 'nonsense'; there are: minic minic-ir ninja-tcc " "$root/bench/peers/run-peers"
}
