#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Where the project stands is nobody's business: it is built, tested and measured below a directory
# with whatever name.

bats_require_minimum_version 1.5.0

setup_file() {
    export root built
    root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    built=${BUILD:-$root/build}
}

# The project in a directory with such a name, and what was built of it, but for results.
setup() {
    cd "$root"
    project="$BATS_TEST_TMPDIR/it's my [project] (1)"
    mkdir -p "$project/build"
    cp -a .ci 0[1-6]-* LICENSE Makefile README.md bench "$project"
    cd "$project"
    ln -s "$built"/* build
    rm -rf build/{results,bench,try,test,clang}
    PATH=${PATH//"$BATS_LIBEXEC":/} # a bats inside of make is to begin like any other
    unset BUILD ONLY CASE LESSON MAKEFLAGS MAKELEVEL
}

@test "a test of stage 1 that runs other programs is passed there, and nothing is built again" {
    run make TESTING=1 BUILD=build SANITIZE="${SANITIZE:-}" CC="${CC:-cc}" run-tests-01 \
        ONLY=01-file-change-detection/test/conformance.bats CASE='the tests of one lesson'
    echo "$output"
    [ "$status" = 0 ]
    [[ $output == *"1 passed, 0 failed, "* || -n ${SANITIZE:-} ]]
    [[ $output != *"cc   "* && $output != *"link "* ]]
}

@test "check-mine there takes a program in a directory of the same kind" {
    [ -z "${SANITIZE:-}" ] || skip "tests no C, so there is nothing to sanitize"
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
