#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# minic where no executables are made: what it refuses, and what it does instead. One file knows which
# machine this is, image_host.c; here it is compiled as on another one, and put before the rest.

bats_require_minimum_version 1.5.0
load called_minic

setup_file() {
    ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    case ${SANITIZE:-} in ?*) skip "what it is linked with has other flags" ;; esac
    BUILD=${BUILD:-$ROOT/build}
    MINIC=$BATS_FILE_TMPDIR/minic
    "${CC:-cc}" -std=c11 -DIMAGES_RUN_HERE=0 -I"$ROOT/01-file-change-detection" \
        -I"$ROOT/01-file-change-detection/base" -I"$ROOT/06-performance/native" \
        -o "$MINIC" -Wl,--build-id "$ROOT/06-performance/native/image_host.c" \
        "$BUILD/obj/06-performance/minic/minic.o" "$BUILD"/stage-0{6,5,4,3,2,1}.a -lxxhash -lpthread -lm
    export MINIC BUILD
}

setup() {
    mkdir "$BATS_TEST_TMPDIR/project"
    cd "$BATS_TEST_TMPDIR/project" || return 1
    unset MINIC_VERBOSE MINIC_TARGET MINIC_CLANG MINIC_LLI
    echo 'fn main() i32 { print(41); return 7; }' >main.mini
}

refusal="minic: --emit=exe: executables are made for x86-64 Linux; \`minic run --with=clang\` works here"

@test "an executable is refused in one line, which names what works, and nothing is made" {
    for command in "build --emit=exe main.mini" "build --emit=exe -o prog main.mini" "verify --emit=exe main.mini"; do
        minic 2 $command
        [ "$stderr" = "$refusal" ]
        [ -z "$output" ]
    done
    [ "$(ls -A)" = main.mini ]
    minic 7 run -q --with=clang main.mini # it does work
    [ "$output" = 41 ]
}

@test "run makes LLVM IR, and compiles or interprets it" {
    minic 7 run main.mini
    [ "$output" = 41 ]
    grep -q '^target triple' main.ll
    minic 7 run -q --with=lli main.mini
    [ "$output" = 41 ]
    minic 7 run -q -o prog main.mini
    [ "$output" = 41 ]
    grep -q '^target triple' prog
    [ ! -e .mini_cache.run ]
    minic 0 verify main.mini
    run -3 --separate-stderr env PATH=/nothing "$MINIC" run -q main.mini
    [ "$stderr" = "minic: cannot run the program: neither clang nor lli is installed" ]
    minic 0 version
    [[ $output == *"run needs LLVM "* ]]
}

@test "what is there of an executable's cache is no hindrance" {
    [ "$(uname -sm)" = "Linux x86_64" ] || skip "no executable can be made here"
    "$BUILD/minic" build -q --emit=exe -o prog main.mini
    "$BUILD/minic" run -q main.mini || true
    minic 2 build --emit=exe -o prog main.mini
    minic 7 run -q main.mini
    [ "$output" = 41 ]
    minic 0 clean
}
