#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Where the project stands is nobody's business: it is tested and measured in a directory with
# whatever name.

bats_require_minimum_version 1.5.0
load copied_project

setup() {
    copy_project "$BATS_TEST_TMPDIR/it's my [project] (1)"
    borrow_build
}

@test "a test of stage 1 that runs other programs is passed there, and nothing is built again" {
    tests_no_c
    run make "${again[@]}" run-tests-01 \
        ONLY=01-file-change-detection/test/conformance.bats CASE='the tests of one lesson'
    echo "$output"
    [ "$status" = 0 ]
    [[ $output == *"1 passed, 0 failed, "* || -n ${SANITIZE:-} ]]
    [[ $output != *"cc   "* && $output != *"link "* ]]
}

@test "check-mine there takes a program in a directory of the same kind" {
    tests_no_c
    mkdir 'my "programs"'
    cp 01-file-change-detection/test/python/detect.py 'my "programs"/'
    run make -s check-mine STAGE=1 LESSON=1.1 TIER=required CMD="python3 'my \"programs\"/detect.py'"
    echo "$output"
    [ "$status" = 0 ]
    [[ $output == *"All passed: required; "* ]]
}

@test "a part of the benchmark is measured there, and the page of it made" {
    BUILD=$PWD/build BIN=$PWD/build FILES=60 PARTS=policies run bench/run-bench
    echo "$output"
    [ "$status" = 0 ]
    [ -s build/bench/policies.json ]
    grep -q '<svg' build/bench/report.html
}
