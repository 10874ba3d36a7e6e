#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A source tree that was fetched may hold links, and files with any names. No program of any stage
# writes through a link that it found, and none shows a terminal what that obeys or nobody sees.

bats_require_minimum_version 1.5.0

setup() {
    # by names without a space, for the commands below are split at spaces
    ROOT=$BATS_TEST_TMPDIR/root bin=$BATS_TEST_TMPDIR/bin
    ln -s "$(cd "$BATS_TEST_DIRNAME/../.." && pwd)" "$ROOT"
    ln -s "${BUILD:-$ROOT/build}" "$bin"
    mkdir -p "$BATS_TEST_TMPDIR/project" && cd "$BATS_TEST_TMPDIR/project" || return 1
    unset MINIC_TARGET
    echo 'fn twice(n: i32) i32 { return n + n; }' >math.mini
    printf '%s\n' 'import "math.mini" as math;' 'fn main() i32 { return math.twice(21); }' >main.mini
    echo precious >../victim
    cp ../victim ../before
}

python() { echo "python3 $(echo "$ROOT"/0"$1"-*)/test/python/$2.py"; }

# The commands of all stages that keep something, and of those with an output. Of Python: without
# what a sanitizer could look at.
keeping() {
    printf '%s\n' "$bin/demo-01 main.mini" "$bin/demo-02 main.mini" "$bin/demo-03 main.mini"
    [ -n "${SANITIZE:-}" ] || printf '%s main.mini\n' "$(python 1 detect)" "$(python 2 lower)" "$(python 3 codegen)"
    writing | sed 's/$/ main.mini out/'
}
writing() {
    printf '%s\n' "$bin/demo-04" "$bin/demo-05"
    [ -n "${SANITIZE:-}" ] || printf '%s\n' "$(python 4 build)" "$(python 5 patch)"
}

intact() { cmp ../victim ../before && [ "$(stat -c %h ../victim)" = "${1:-1}" ]; }

# Whatever there is at the place of the output: afterwards it is a file of its own, and the next
# build after an edit finds it and makes it right.
replaces() {
    for edit in 1 2; do
        $program main.mini out >facts
        [ -f out ] && [ ! -L out ] && [ "$(stat -c %h out)" = 1 ]
        sed -i "s/21/2$edit/" main.mini
    done
}

@test "an output that is a link is replaced, and what it leads to stays" {
    local target program
    while read -r program; do
        for target in ../victim "$PWD/../victim" /proc/self/cwd/../victim "/proc/self/root$PWD/../victim" \
            /dev/null /proc/self/fd/1 /dev/stdout /proc/self/mem ../nothing; do
            rm -rf out
            ln -s "$target" out # at first there is no build to be continued
            $program main.mini out >facts
            [ -f out ] && [ ! -L out ]
            intact
        done
        ln -sf ../victim out
        replaces
        intact
        [ ! -e ../nothing ] && [ -c /dev/null ]
        ln -f ../victim out
        replaces
        intact
    done < <(writing)
}

@test "what has the name that a draft could have is not written, and no obstacle" {
    local program name
    while read -r program; do
        for name in out.new out.tmp; do
            rm -rf out* .mini_cache
            ln -s ../victim "$name"
            replaces
            intact
            rm -f "$name" && mkdir -p "$name/full"
            rm -f out && replaces
            [ -d "$name/full" ]
            rm -r "$name"
        done
    done < <(writing)
}

@test "a link to a directory makes no descriptor and no device of an output" {
    local program
    ln -s /proc/self/fd found
    ln -s /dev dev
    while read -r program; do
        for out in found/1 dev/fd/1 dev/stdout; do
            run -3 --separate-stderr $program main.mini "$out"
            [ -z "$(grep -a 'FILE\|define' <<<"$output")" ]
        done
        [ "$(readlink /dev/fd)" = /proc/self/fd ] && [ -z "$(ls -d /dev/*.new /dev/.output* 2>/dev/null)" ]
    done < <(writing)
}

@test "a cache that is a link, or that others may write to, is not used" {
    local command
    mkdir ../elsewhere
    while read -r command; do
        rm -rf .mini_cache out
        ln -s ../elsewhere .mini_cache
        run -3 --separate-stderr $command
        [[ $stderr == *".mini_cache"* ]]
        [ -z "$(ls -A ../elsewhere)" ]
        rm .mini_cache
        (umask 0 && $command >facts)
        [ "$(stat -c %a .mini_cache)" = 700 ]
        chmod 770 .mini_cache
        run -3 --separate-stderr $command
        [[ $stderr == *"chmod go-w"* ]]
        chmod 750 .mini_cache
        $command >facts
    done < <(keeping)
}

@test "links in the cache lead nowhere" {
    local command file
    while read -r command; do
        rm -rf .mini_cache out ../kept
        $command >facts
        cp -a .mini_cache ../kept
        for file in $(ls .mini_cache) files.json.new zir.index.new air.index.new; do
            rm -f ".mini_cache/$file" && ln -s ../../victim ".mini_cache/$file"
            sed -i 's/n + n/n + 1 + n/' math.mini
            $command >facts 2>&1 || [ $? = 3 ]
            intact
            rm -rf .mini_cache
            cp -a ../kept .mini_cache
        done
    done < <(keeping)
}

# spelled NAME: every byte as \xNN, as Mini may have it in an import, but not in the stages' Python.
spelled() { printf %s "$1" | od -An -v -tx1 | tr -d '\n' | sed 's/ /\\x/g'; }

obeyed_or_unseen='[\x00-\x08\x0b-\x1f\x7f\xff]|\xc2[\x80-\x9f]|\xe2\x80[\x8b-\x8f\xaa-\xae]|\xe2\x81[\xa0-\xaf]|\xef\xbb\xbf|\xef\xb8[\x80-\x8f]|\xf3\xa0'

@test "names reach a terminal without what it obeys, and without what nobody sees" {
    local command name import state
    local hostile=$'red\e[31m bell\a cr\r \xff\xfe csi\xc2\x9b zero\u200bwidth join\u200d order\u202e\u2066 mark\ufeff'
    hostile+=$'word\u2060 tag\U000e0041 v\ufe0f.mini'
    while read -r command; do
        for state in wrong right gone; do
            name=$hostile import=$hostile
            [[ $command == python3* ]] || name=$'two\nlines '$hostile import=$(spelled "$name")
            [ $state = gone ] || printf 'fn f() i32 { return 1; }' >"$name"
            [ $state != wrong ] || printf 'fn f( ' >"$name"
            printf 'import "%s" as it;\nfn main() i32 { return it.f(); }\n' "$import" >main.mini
            $command >said 2>&1 || [ $? -le 3 ]
            [ -s said ]
            ! LC_ALL=C grep -aP "$obeyed_or_unseen" said | cat -v | grep . || { echo "$command"; return 1; }
            ! grep -q '^lines' said
            rm -f "$name"
        done
    done < <(keeping)
}
