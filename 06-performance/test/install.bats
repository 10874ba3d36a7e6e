#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What make install puts where, that it works there, and that make uninstall takes it away again.

bats_require_minimum_version 1.5.0
load copied_project

setup() {
    tests_no_c
    installs=$root/06-performance/install
    cd "$BATS_TEST_TMPDIR"
}

# install_into PREFIX [VARIABLE...]: from a copy of the project, what was built for the tests.
install_into() {
    [ -d "$BATS_TEST_TMPDIR/project" ] || { copy_project "$BATS_TEST_TMPDIR/project" && borrow_build; }
    run make -C "$BATS_TEST_TMPDIR/project" "${again[@]}" install PREFIX="$1" "${@:2}"
    echo "$output"
    [ "$status" = 0 ]
}

uninstall_from() { make -C "$BATS_TEST_TMPDIR/project" uninstall PREFIX="$1" "${@:2}"; }

# ---- the page and the completions --------------------------------------------------------------------

@test "the man page has the flags, commands and variables of minic --help, and no others" {
    help=$("$built/minic" --help)
    grep -oE '(^|[ ,[])--?[a-z][a-z-]*' <<<"$help" | tr -d ' ,[' | sort -u >flags
    [ "$(wc -l <flags)" -ge 14 ]
    sed -nE 's/^\.It Fl (Fl )?([a-z-]+).*/\1\2/p; s/^\.It Fl Fl ([a-z-]+) Ns .*/Fl \1/p' "$installs/minic.1" |
        sed 's/^Fl /--/; t; s/^/-/' | sort -u | diff flags -
    sed -n 's/^  minic \([a-z]*\).*/\1/p' <<<"$help" | sort -u >commands
    [ "$(wc -l <commands)" -ge 6 ]
    sed -n 's/^\.It Cm \([a-z]*\)$/\1/p' "$installs/minic.1" | sort -u | diff commands -
    grep -oE 'MINIC_[A-Z_]+' <<<"$help" | sort -u >variables
    grep -oE 'MINIC_[A-Z_]+' <(grep '^\.It Ev' "$installs/minic.1") | sort -u | diff variables -
}

# completions WORD BEFORE POSITION: what bash offers for a word after that one.
completions() {
    bash -c 'source "$0"
        COMP_CWORD=$4
        _minic "$1" "$2" "$3"
        printf "%s\n" "${COMPREPLY[@]}"' "$installs/minic.bash" "$built/minic" "$@"
}

@test "bash completes the commands, the flags, and entries" {
    [ "$(completions '' minic 1 | sort | xargs)" = "$("$built/minic" --help |
        sed -n 's/^  minic \([a-z]*\).*/\1/p' | sort | xargs)" ]
    [ "$(completions ver minic 1 | xargs)" = "verify version" ]
    [ "$(completions --par build 2)" = --paranoid ]
    [ "$(completions --s build 2 | xargs)" = "--stats --sync" ]
    [ "$(completions '' --emit 3 | xargs)" = "ir exe" ]
    [ "$(completions = --with 3 | xargs)" = "clang lli" ]
    touch 'main one.mini' main.c
    mkdir mainly
    [ "$(completions ma build 2)" = "$(printf 'main one.mini\nmainly')" ]
    [ "$(completions ma -o 3)" = "" ]
}

# ---- installing -------------------------------------------------------------------------------------

# compile PROGRAM SOURCE...: as somebody does who has nothing but what is installed.
compile() {
    local flags libraries
    export PKG_CONFIG_PATH="$prefix/lib/pkgconfig"
    eval "flags=($(pkg-config --cflags incremental-compiler))"
    eval "libraries=($(pkg-config --libs --static incremental-compiler))"
    "${CC:-cc}" -Wall -Wextra -Werror "${flags[@]}" -o "$1" "${@:2}" "${libraries[@]}"
}

@test "programs are compiled against what was installed, in a place with a space" {
    prefix="$BATS_TEST_TMPDIR/a place"
    install_into "$prefix"
    cd "$BATS_TEST_TMPDIR"
    cp "$root"/0[456]-*/test/take_home/*.[ch] .
    compile engine engine.c whole_file.c
    compile patch patch.c whole_file.c
    compile parallel parallel.c
    for program in engine patch parallel; do
        mkdir "in_$program"
        (cd "in_$program" && ../$program)
    done
    [ "$(pkg-config --modversion incremental-compiler)" = \
        "$("$prefix/bin/minic" --version | sed -n 's/^minic \([0-9.]*\).*/\1/p')" ]
}

@test "each installed header compiles alone, from nothing but what was installed" {
    install_into "$BATS_TEST_TMPDIR/tree"
    cd "$BATS_TEST_TMPDIR/tree/include/incremental-compiler"
    ! grep -n '#include <\(stb\|xxhash\)' ./*.h
    for header in *.h; do
        "${CC:-cc}" -fsyntax-only -Wall -Wextra -Werror -I. -x c - <<<"#include <$header>"
    done
    [ "$(ls | wc -l)" -ge 40 ]
}

@test "uninstall leaves nothing of ours, and what is not ours" {
    install_into /usr DESTDIR="$BATS_TEST_TMPDIR/stage"
    cd "$BATS_TEST_TMPDIR"
    [ -x stage/usr/bin/minic ]
    grep -q '^prefix=/usr$' stage/usr/lib/pkgconfig/incremental-compiler.pc
    ! grep -rq "$BATS_TEST_TMPDIR/stage" stage/usr/share stage/usr/lib/pkgconfig
    uninstall_from /usr DESTDIR="$BATS_TEST_TMPDIR/stage"
    [ ! -e stage ]

    mkdir -p stage/usr/share/man
    install_into /usr DESTDIR="$BATS_TEST_TMPDIR/stage"
    cd "$BATS_TEST_TMPDIR"
    echo other >stage/usr/bin/other
    uninstall_from /usr DESTDIR="$BATS_TEST_TMPDIR/stage"
    [ "$(find stage -mindepth 1 | sort | xargs)" = \
        "stage/usr stage/usr/bin stage/usr/bin/other stage/usr/share stage/usr/share/man" ]
    run uninstall_from /usr DESTDIR="$BATS_TEST_TMPDIR/stage"
    [ "$status" = 0 ]
    [[ $output == *"nothing is installed in "* ]]
}

@test "what an older version had installed goes with the next" {
    install_into "$BATS_TEST_TMPDIR/tree"
    cd "$BATS_TEST_TMPDIR"
    echo old >tree/include/incremental-compiler/old.h
    echo "$PWD/tree/include/incremental-compiler/old.h" >>tree/share/incremental-compiler/installed
    install_into "$BATS_TEST_TMPDIR/tree"
    [ -e tree/include/incremental-compiler/slice.h ]
    [ ! -e tree/include/incremental-compiler/old.h ]
    uninstall_from "$BATS_TEST_TMPDIR/tree"
    [ ! -e tree ]
}
