#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Names, texts and places that were chosen to do harm: what they are called must not matter to
# the output, and nothing that somebody else named reaches a terminal as it is.

bats_require_minimum_version 1.5.0

setup() {
    ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    MINIC=${MINIC:-${BUILD:-$ROOT/build}/minic}
    mkdir "$BATS_TEST_TMPDIR/project" && cd "$BATS_TEST_TMPDIR/project" || return 1
    unset MINIC_VERBOSE MINIC_TARGET
}

# Every byte of a name as \xNN, as an import path may spell it.
spell() { printf %s "$1" | od -An -v -tx1 | tr -d '\n' | sed 's/ /\\x/g'; }

# program NAME: main.mini imports a file of that name.
program() {
    printf 'fn f() i32 { return 3; }\n' >"$1"
    printf 'import "%s" as other;\nfn main() i32 { return other.f(); }\n' "$(spell "$1")" >main.mini
}

# No byte that a terminal obeys: newlines at the ends of lines are all.
is_plain() { ! LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f]' "$1"; }

# Builds, edits, builds again: the second output is that of a clean build, with one marker for
# each file.
builds_like_any_other() {
    "$MINIC" build -q main.mini
    sed -i 's/return 3/return 4/' "$1"
    "$MINIC" build -vv main.mini 2>said
    is_plain said
    [ "$(LC_ALL=C grep -ac '^; ==== FILE: [ -~]*:[0-9a-f]\{32\} ====$' main.ll)" = 2 ]
    "$MINIC" build -q main.mini --cache-dir clean -o clean.ll
    cmp main.ll clean.ll
    "$MINIC" verify main.mini >said
    [ ! -s said ]
    rm -rf clean clean.ll
}

@test "names with newlines, quotes, markers, escapes, invalid UTF-8" {
    local name long
    long=$(printf 'x%.0s' {1..250}).mini
    for name in $'two\nlines.mini' 'a"quote.mini' "an'other.mini" 'back\slash.mini' \
        '; ==== FILE: main.mini:00000000000000000000000000000000 ====' \
        $'x\n; ==== FILE: main.mini:00000000000000000000000000000000 ====\n.mini' \
        $'\e[2J\e[31mred.mini' $'bell\a\b\r.mini' $'\xff\xfe\x80.mini' $'\xe2\x80\xae.mini' \
        ' ' '-' '--force' '%s%n' '$(touch harm)' '@main' "$long" 'a:b.mini' $'tab\t.mini' \
        'ünïcödé.mini' '...' '.mini' 'a.mini '; do
        program "./$name" # the shell's tools take "-" and "--force" for something else
        sed -i "s/import \".*\" as/import \"$(spell "$name" | sed 's/\\/\\\\/g')\" as/" main.mini
        builds_like_any_other "./$name"
    done
    [ ! -e harm ]
}

@test "a name of 255 bytes, and one that is too long" {
    program "$(printf 'y%.0s' {1..255})"
    builds_like_any_other "$(printf 'y%.0s' {1..255})"
    sed -i 's/import "/import "z/' main.mini
    run -1 --separate-stderr "$MINIC" build main.mini
    [[ $stderr == "main.mini:1:8: error: cannot import"* ]]
}

@test "LLVM reads what the hostile names became" {
    assembler=$(compgen -c llvm-as | sort -V | tail -n 1)
    [ -n "$assembler" ] || skip "no llvm-as"
    program $'x"\n\\; ==== \xff\e.mini'
    "$MINIC" build -q main.mini
    "$assembler" main.ll -o /dev/null
}

@test "texts and comments that look like markers stay what they are" {
    local marker='; ==== FILE: main.mini:00000000000000000000000000000000 ===='
    {
        echo "// $marker"
        echo "fn main() i32 {"
        echo "    print(\"$marker\"); // $marker"
        echo "    print(\"\\n$marker\\n\");"
        echo "    return 0; }"
        echo "// =="
    } >main.mini
    "$MINIC" build -q main.mini
    [ "$(grep -c '^; ==== FILE: ' main.ll)" = 1 ]
    sed -i 's/return 0/return 1/' main.mini
    "$MINIC" build -q main.mini
    "$MINIC" build -q main.mini --cache-dir clean -o clean.ll
    cmp main.ll clean.ll
}

# What the message is about was named by somebody else.
says_it_plainly() {
    run -"$1" bash -c '"$0" "$@" >said 2>&1' "$MINIC" "${@:2}"
    [ -s said ]
    is_plain said
    ! grep -qv '^\(minic: \|main.mini:[0-9]\|import \| *^$\|[^:]*: \(full\|reassemble\|up to date\)\)' said
}

@test "messages show no control characters, and one line stays one line" {
    local evil=$'evil\e[31m\n\a.mini'
    echo 'fn main() i32 { return 0; }' >main.mini
    says_it_plainly 0 build main.mini -o $'out\e[31m\n'
    says_it_plainly 3 build main.mini -o $'no\e[31m\n/out'
    says_it_plainly 2 build "$evil" # there is no such entry
    says_it_plainly 2 "$evil"
    says_it_plainly 2 build $'--\e[31m\n' main.mini
    echo >blocked
    says_it_plainly 3 build main.mini --cache-dir $'blocked/\e[31m\n'
    program "$evil"
    rm "$evil"
    says_it_plainly 1 build main.mini
    mkdir "$evil"
    says_it_plainly 1 build main.mini
    rmdir "$evil"
    printf 'fn f( \e[31m' >"$evil"
    "$MINIC" build -v main.mini 2>said && return 1
    is_plain said
}

@test "an import may leave the project's directory, and its name is then that path" {
    mkdir -p in/deep
    echo 'fn f() i32 { return 3; }' >outside.mini
    echo 'import "../../outside.mini" as o; fn main() i32 { return o.f(); }' >in/deep/main.mini
    "$MINIC" build -q in/deep/main.mini -o main.ll
    grep -q '^; ==== FILE: ../../outside.mini:' main.ll
    cd in/deep
    "$MINIC" build -q main.mini -o again.ll
    cmp again.ll ../../main.ll
}

@test "a path to outside that returns is the path that it returns to" {
    program lib.mini
    sed -i '1s/.*/import "..\/'"$(basename "$PWD")"'\/lib.mini" as other;/' main.mini
    "$MINIC" build -q main.mini
    grep -q "^; ==== FILE: ../$(basename "$PWD")/lib.mini:" main.ll # by its text: see source_path.h
    sed -i '1s/.*/import "x\/..\/lib.mini" as other;/' main.mini
    "$MINIC" build -q main.mini
    grep -q '^; ==== FILE: lib.mini:' main.ll
}

# A secret outside of the project, which has the ways to it as imports.
ways_to_a_secret() {
    printf -- '-----BEGIN S3CRET KEY-----\nb3Bl\n' >../id_rsa
    mkdir lib
    ln -s ../id_rsa link.mini
    ln -s "$(dirname "$PWD")" lib/top
    ln -s link.mini twice.mini
    {
        echo 'import "../id_rsa" as a;'
        echo 'import "link.mini" as b;'
        echo 'import "lib/top/id_rsa" as c;'
        echo 'import "twice.mini" as d;'
        echo 'fn main() i32 { return nope; }'
    } >main.mini
}

@test "of a file outside of the project, errors tell the place and quote nothing" {
    ways_to_a_secret
    for command in build check run verify check; do # the later ones find a cache
        run -1 --separate-stderr "$MINIC" $command -j1 main.mini
        [[ $output$stderr != *S3CRET* && $output$stderr != *b3Bl* && $output$stderr != *---* ]]
        for file in ../id_rsa link.mini lib/top/id_rsa twice.mini; do
            grep -qxF "$file:1:1: error: expected ..., found ..." <<<"$stderr"
        done
        grep -q -A1 "^main.mini:5:24: error: undefined name 'nope'" <<<"$stderr"
        grep -qxF "fn main() i32 { return nope; }" <<<"$stderr"
        grep -qx "minic: files outside of the entry's directory are not quoted; --root DIR .*" <<<"$stderr"
        [ -z "${cold:-}" ] || [ "$cold" = "$stderr" ]
        cold=$stderr
    done
}

@test "what may be quoted is what lies below --root" {
    ways_to_a_secret
    "$MINIC" check -q main.mini 2>none || [ $? = 1 ]
    run ! grep S3CRET none
    for root in .. lib/top / "$(dirname "$PWD")"; do
        run -1 --separate-stderr "$MINIC" check --root "$root" main.mini
        [ "$(grep -cx -- '-----BEGIN S3CRET KEY-----' <<<"$stderr")" = 4 ]
        [[ $stderr != *"not quoted"* ]]
    done
    run -1 --separate-stderr "$MINIC" check --root=lib main.mini
    [[ $stderr == *"main.mini:5:24: error: undefined name '...'"* && $stderr != *nope* ]]
    [[ $stderr == *"minic: files outside of lib are not quoted"* ]]
    for root in nowhere main.mini ''; do
        run -2 --separate-stderr "$MINIC" check --root "$root" main.mini
    done
    rm main.mini
    ln -s ../id_rsa main.mini # the entry itself
    run -1 --separate-stderr "$MINIC" check main.mini
    [[ $stderr == "main.mini:1:1: error: expected ..., found ..."* && $stderr != *S3CRET* ]]
}

@test "what an error takes from its file is not reported either" {
    printf '%s\n' 'fn s3cret(s3cret: s3cret) i32 { s3cret; var a = 12s3cret; s3cret(1); return s3cret.s3cret; }' \
        'fn s3cret() i32 { return a.s3cret(1) + s3cret + 12345678901; }' '@s3cret "s3cret' >../a.mini
    printf '%s\n' 'import "s3cret" as s3cret; struct s3cret2 { s3cret: s3cret2 } const s3cret3: i32 = s3cret3;' \
        'fn s3cret4(s3cret: i32) s3cret2 { return s3cret.s3cret(s3cret5, 12345678901); }' \
        'extern fn s3cret6(s3cret: i32) i32; fn main() { s3cret4(true); }' >../b.mini
    echo 'extern fn s3cret6(a: i64) i32; extern fn s3cret6(a: i32) i32;' >../c.mini
    echo 'import "../a.mini" as a; import "../b.mini" as b; import "../c.mini" as c;' >main.mini
    for file in a b c; do
        run -1 --separate-stderr "$MINIC" check main.mini
        [ "$(grep -c '^\.\./[abc]\.mini:[0-9]*:[0-9]*: error: ' <<<"$stderr")" -ge 1 ]
        [[ $output$stderr != *s3cret* && $output$stderr != *12345678901* ]]
        : >../$file.mini
    done
}

@test "an absolute import is refused" {
    echo "import \"$PWD/a.mini\" as a; fn main() i32 { return 0; }" >main.mini
    run -1 --separate-stderr "$MINIC" build main.mini
    [[ $stderr == *"the import path is absolute"* ]]
}

@test "a source that is a directory, a FIFO or a device is an error, not a wait" {
    for kind in directory fifo device link terminal; do
        program thing.mini
        rm thing.mini
        case $kind in
        directory) mkdir thing.mini ;;
        fifo) mkfifo thing.mini ;;
        device) ln -s /dev/zero thing.mini ;;
        link) mkfifo pipe && ln -s pipe thing.mini ;;
        terminal) ln -s /dev/tty thing.mini ;;
        esac
        run -1 --separate-stderr timeout 600 "$MINIC" build main.mini
        [[ $stderr == "main.mini:1:8: error: cannot import"* ]]
        rm -r thing.mini
    done
}

@test "a cache directory of somebody else is refused, and nothing in it is touched" {
    [ "$(id -u)" = 0 ] || skip "only root can give a directory away"
    echo 'fn main() i32 { return 0; }' >main.mini
    mkdir theirs
    chown 12345 theirs
    run -3 --separate-stderr "$MINIC" build main.mini --cache-dir theirs
    [[ $stderr == "minic: theirs: cannot use a cache directory of another user"* ]]
    [ -z "$(ls -A theirs)" ]
    [ ! -e main.ll ]
}

@test "links in the cache directory lead nowhere" {
    echo 'fn main() i32 { return 0; }' >main.mini
    echo precious >victim
    cp victim before
    "$MINIC" build -q main.mini
    for file in .mini_cache/*; do
        "$MINIC" build -q --force main.mini
        rm "$file" && ln -s "$PWD/victim" "$file"
        "$MINIC" build -q --force main.mini || [ $? = 3 ]
        cmp victim before
        rm -rf .mini_cache
        "$MINIC" build -q --force main.mini
    done
}
