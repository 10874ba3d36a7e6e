#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What bench/scale measures, held by counts on smaller programs: work grows with the program and
# not faster, whatever its shape; a small stack is enough; a mutant costs one file.

bats_require_minimum_version 1.5.0
load ../../01-file-change-detection/test/await

setup() {
    root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    bin=${BUILD:-$root/build}
    cd "$BATS_TEST_TMPDIR" || return 1
}

# ---- helpers ------------------------------------------------------------------------------------

# The value of a number or string in the statistics of the last build: stat NAME [LINE].
stat() { sed -n "s/.*\"$1\": *\"\{0,1\}\([^,\"}]*\).*/\1/p" <<<"${2:-$stats}"; }

# make_shape SHAPE FILES: generates it in a directory of that name.
make_shape() { "$bin/generate-corpus" "$1" --shape "$1" --files "$2" && settle; }

# Builds a corpus with a stack of 256 KiB for each thread; what a sanitizer adds needs more.
build() {
    stats=$(ulimit -s $((${#SANITIZE} == 0 ? 256 : 4096)) &&
        "$bin/minic" build "$1/main.mini" -q -o "$1.ll" --cache-dir "$1.cache" --stats=json)
}

# expect NAME=VALUE...: what the last build counted.
expect() {
    local pair
    for pair in "$@"; do
        [ "$(stat "${pair%=*}")" = "${pair#*=}" ] || {
            echo "${pair%=*} is $(stat "${pair%=*}"), not ${pair#*=}"
            echo "$stats"
            return 1
        }
    done
}

equals_fresh_build() {
    "$bin/minic" build "$1/main.mini" -q -o fresh.ll --cache-dir fresh.cache
    cmp "$1.ll" fresh.ll
    rm -rf fresh.ll fresh.cache
}

# ---- shapes -------------------------------------------------------------------------------------

# shape_is_linear SHAPE: a program of 2,000 files visits ten times the declarations of one of
# 200 (and main in each); an edit of the same file costs the same in both.
shape_is_linear() {
    local files edit=d000/f00050.mini edited=()
    for files in 200 2000; do
        rm -rf "$1"*
        make_shape "$1" "$files"
        build "$1"
        expect strategy=full files_lowered=$((files + 1)) functions_emitted=$((files * 3 + 1))
        # Three functions in each file, and a constant and a struct in each tenth.
        expect declarations_visited=$((files * 3 + files / 5 + 1))
        build "$1"
        expect strategy=up-to-date files_hashed=0 declarations_visited=0 bytes_written=0
        "$bin/edit-corpus" body "$1/$edit"
        build "$1"
        expect strategy=patch files_lowered=1 functions_emitted=1 sections_written=1
        edited+=("$(stat declarations_visited)")
        equals_fresh_build "$1"
    done
    [ "${edited[0]}" = "${edited[1]}" ]
}

@test "a chain of 2,000 imports fits a small stack and takes linear work" {
    shape_is_linear chain
}

@test "so does one ring of 2,000 files" {
    shape_is_linear ring
}

@test "so does a star, in which one file is imported by all others" {
    shape_is_linear star
}

@test "in a star a new body costs one function, a new signature all that call it" {
    make_shape star 2001
    local center
    center=star/$(stat most_imported "$(cat star/corpus.json)")
    [ "$(stat most_importers "$(cat star/corpus.json)")" = 2000 ]
    build star
    "$bin/edit-corpus" body "$center"
    build star
    expect files_lowered=1 functions_emitted=1 functions_dependent=0 sections_written=1
    "$bin/edit-corpus" signature "$center"
    build star
    # One function of each importer, and the one in the same file that calls the others.
    expect files_lowered=1 functions_emitted=2002 functions_dirty=1 functions_dependent=2001
    equals_fresh_build star
}

# make_ladder DIAMONDS: each file imports at most two, and 2^DIAMONDS paths lead to the last one.
make_ladder() {
    mkdir ladder
    awk -v diamonds="$1" '
    function write(name, imports, body) {
        print imports "fn f() i32 { return " body "; }" >"ladder/" name ".mini"
        close("ladder/" name ".mini")
    }
    BEGIN {
        for (i = 1; i <= diamonds; i++) {
            write("top" i, "import \"left" i ".mini\" as l;\nimport \"right" i ".mini\" as r;\n",
                  "l.f() + r.f()")
            write("left" i, "import \"top" (i + 1) ".mini\" as t;\n", "t.f()")
            write("right" i, "import \"top" (i + 1) ".mini\" as t;\n", "t.f()")
        }
        write("top" i, "", 1)
    }'
    printf 'import "top1.mini" as t;\nfn main() i32 { return 0; }\n' >ladder/main.mini
}

@test "a ladder of 500 diamonds costs its files, not its paths" {
    make_ladder 500
    build ladder
    expect files_total=1502 files_stat=1502 files_hashed=1502 files_lowered=1502 declarations_visited=1502
    settle
    echo 'fn f() i32 { return 2; }' >ladder/top501.mini
    build ladder
    # A body at the end of all paths: nobody above it is looked at.
    expect files_hashed=1 files_lowered=1 functions_emitted=1 declarations_visited=1
    echo 'fn f() i64 { return 2; }' >ladder/top501.mini
    run -1 "$bin/minic" build ladder/main.mini -q -o ladder.ll --cache-dir ladder.cache
    [[ $output == *"left500.mini:"*"right500.mini:"* ]]
}

# ---- mutants ------------------------------------------------------------------------------------

# mutants [OPTION...]: of a program of ten files; what it prints goes to `stats`.
mutants() { stats=$("$bin/mutants" "$@" "$bin/minic" work corpus/main.mini $(find corpus -name '*.mini' | sort)); }

@test "20 mutants of 10 files lower 30 files, not 200" {
    "$bin/generate-corpus" corpus --files 9
    cp -r corpus before
    mutants --count 20
    expect mutants=20 builds=21 files_lowered=30 functions_emitted=$((9 * 3 + 1 + 20))
    local outputs
    outputs=$(stat outputs)
    diff -r corpus before

    rm -r work
    mutants --count 20 --without-cache
    expect builds=20 files_lowered=200 functions_emitted=$((20 * 28))
    [ "$(stat outputs)" = "$outputs" ]
    diff -r corpus before
}

@test "the seed draws the mutants; each is new, and there are only so many" {
    "$bin/generate-corpus" corpus --files 9
    mutants --count 20 --seed 5
    local outputs
    outputs=$(stat outputs)
    rm -r work
    mutants --count 20 --seed 5
    [ "$(stat outputs)" = "$outputs" ]
    rm -r work
    mutants --count 20 --seed 6
    expect files_lowered=30
    [ "$(stat outputs)" != "$outputs" ]
    run mutants --count 2000
    [ "$status" -eq 3 ]
    [[ $output == "mutants: these files have only "* ]]
    run "$bin/mutants" --count 0 minic work main.mini main.mini
    [ "$status" -eq 2 ]
}

# ---- a large program ------------------------------------------------------------------------------

# disk_with KIB FILES: a df that has so many left.
disk_with() {
    printf '#!/bin/sh\necho " Avail IFree"\necho " %s %s"\n' "$1" "$2" >df
    chmod +x df
}

@test "a large program is not begun where it has no room" {
    disk_with 1000000 9999999
    PATH=$PWD:$PATH BUILD=$PWD BIN=$bin PARTS=scale FILES=1000000 run -1 "$root/bench/run-bench"
    [[ $output == *"1000000 files: 19.1 GiB of disk needed, 1.0 GiB free;"* ]]
    [[ $output == *"too little space: 19.1 GiB needed, 1.0 GiB free"* ]]
    disk_with 99999999 1000000
    PATH=$PWD:$PATH BUILD=$PWD BIN=$bin PARTS=scale FILES=1000000 run -1 "$root/bench/run-bench"
    [[ $output == *"too little space: 1125000 files needed, 1000000 free"* ]]
    [ ! -e bench/scale/1000000 ]
}
