#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# One commit and one compiler make one minic, wherever and however often it is built: by its
# identity, which is part of every key, caches can be shared. long/release.bats builds the releases.

bats_require_minimum_version 1.5.0
load copied_project

# A locale that sorts other than by bytes, if there is any to be had.
use_other_locale() {
    export LC_ALL=C.UTF-8
    mkdir "$BATS_TEST_TMPDIR/locales"
    localedef -i en_US -f UTF-8 "$BATS_TEST_TMPDIR/locales/en_US.UTF-8" 2>/dev/null || return 0
    export LOCPATH=$BATS_TEST_TMPDIR/locales LC_ALL=en_US.UTF-8
}

build_id() { readelf -n "$1" | sed -n 's/.*Build ID: //p' | grep .; }

# code_of MINIC COMMIT: without the commit, which is appended to it.
code_of() { head -c -"$(wc -c <"$2")" "$1"; }

setup() {
    tests_no_c
    copy_project "$BATS_TEST_TMPDIR/another=place"
}

@test "built in another directory, under another locale, it is the same, and finds what the other kept" {
    use_other_locale
    run make "${again[@]}" build/minic
    echo "$output" | tail -n 3
    [ "$status" = 0 ]
    [ "$(build_id build/minic)" = "$(build_id "$built/minic")" ]
    cmp <(code_of build/minic build/commit) <(code_of "$built/minic" "$root/build/commit")

    "$built/generate-corpus" here --files 30
    cp -r here there
    "$built/minic" build here/main.mini -q -o here.ll --cache-dir shared
    stats=$(build/minic build there/main.mini -q -o there.ll --cache-dir shared --stats=json)
    echo "$stats"
    [ "$(jq -c '[.functions_total, .functions_emitted, .files_lowered]' <<<"$stats")" = '[91,0,0]' ]
    cmp here.ll there.ll
}

# identity [VARIABLE...]: that of a release, as it would be built here.
identity() { make -s RELEASE=1 CC="${CC:-cc}" identity "$@"; }

@test "a release is what its sources, its compiler and its flags are, and no profile" {
    local before
    before=$(cd "$root" && identity)
    [ "${#before}" = 40 ]
    mkdir -p build/release/training && echo 1 >build/release/training/profile
    [ "$(identity)" = "$before" ]
    use_other_locale
    [ "$(identity WERROR=1)" = "$before" ]
    [ "$(identity CFLAGS='-O2 -g')" != "$before" ]
    [ "$(identity CPPFLAGS=-DNDEBUG)" != "$before" ]
    sed -i 's/PUT(printer, "define ")/PUT(printer, "define  ")/' 03-function-cache/mini/llvm_ir.c
    ! cmp -s 03-function-cache/mini/llvm_ir.c "$root/03-function-cache/mini/llvm_ir.c"
    [ "$(identity)" != "$before" ]
}
