#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Releases, built whole, a minute each: two of one commit are one compiler, and nobody's edit gets
# the identity of what was compiled before it.

bats_require_minimum_version 1.5.0
load ../copied_project

setup() {
    tests_no_c
    copy_project "$BATS_TEST_TMPDIR/first"
    [[ $("${CC:-cc}" --version) == *"Free Software"* ]] || skip "only gcc trains a release"
}

release=(RELEASE=1 CC="${CC:-cc}" BUILD=build/release)
minic=build/release/minic

build_id() { readelf -n "$1" | sed -n 's/.*Build ID: //p' | grep .; }

@test "two releases of one commit, in two directories, are one compiler" {
    make "${release[@]}" $minic
    copy_project "$BATS_TEST_TMPDIR/a second (2)"
    LC_ALL=C.UTF-8 make "${release[@]}" $minic
    [ "$(build_id $minic)" = "$(build_id ../first/$minic)" ]
    [ "$(build_id $minic)" = "$(make -s "${release[@]}" identity)" ]
    cd ..
    "$built/generate-corpus" here --files 30
    cp -r here there
    first/$minic build here/main.mini -q -o here.ll --cache-dir shared
    "a second (2)/$minic" build there/main.mini -q -o there.ll --cache-dir shared --stats=json >stats
    [ "$(jq -c '[.functions_emitted, .files_lowered]' stats)" = '[0,0]' ]
    cmp here.ll there.ll
}

@test "a source that is saved while a release is made ends it, and the next make is right" {
    local source=03-function-cache/mini/llvm_ir.c
    { make "${release[@]}" $minic 2>&1 || echo "exit $?"; } | while IFS= read -r line; do
        echo "$line"
        [[ $line != "train "* ]] || sed -i 's/PUT(printer, "define ")/PUT(printer, "define  ")/' $source
    done >said
    tail -n 3 said
    grep -q 'the sources were edited while they were compiled' said
    grep -q '^exit 2$' said
    [ ! -e $minic ]
    make "${release[@]}" $minic
    [ "$(build_id $minic)" = "$(make -s "${release[@]}" identity)" ]
    cp -r "$root/06-performance/samples/structs" .
    $minic build structs/main.mini
    grep -q 'define  ' structs/main.ll
}

@test "the library of a release can be linked by a compiler that knows nothing of it" {
    make "${release[@]}" install PREFIX="$BATS_TEST_TMPDIR/tree"
    cd "$BATS_TEST_TMPDIR"
    cp "$root/06-performance/test/take_home/parallel.c" .
    cc -fno-lto -o parallel -I tree/include/incremental-compiler parallel.c -L tree/lib -lincremental-compiler -pthread
    ./parallel
    ! readelf -SW tree/lib/libincremental-compiler.a | grep -q '\.gnu\.lto_'
}
