#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# make bench-mine: a learner's program beside the ones of its stage, on tiny corpora.

bats_require_minimum_version 1.5.0

setup() {
    root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    bin=${BUILD:-$root/build}
    tools=$BATS_TEST_TMPDIR/tools
    mkdir "$tools"
    ln -s "$bin"/{generate-corpus,edit-corpus,demo-0[1-5]} "$tools"
    export BUILD=$tools SIZES='2 4' RUNS=1
}

# All rows but their numbers.
rows() { grep '^|' <<<"$output" | sed 's/ [0-9][0-9]*\.[0-9] |/ N |/g; s/ [0-9][0-9]*\.[0-9] |/ N |/g'; }

@test "three programs are measured in three cases, as a table and a picture" {
    run --separate-stderr "$root/bench/mine" 5 "python3 $root/05-surgical-patching/test/python/patch.py"
    [ "$status" = 0 ]
    diff - <(rows) <<-'END'
	| files | ms | mine | C | Python |
	| ---: | --- | ---: | ---: | ---: |
	| 2 | from nothing | N | N | N |
	| 2 | nothing changed | N | N | N |
	| 2 | one body | N | N | N |
	| 4 | from nothing | N | N | N |
	| 4 | nothing changed | N | N | N |
	| 4 | one body | N | N | N |
	END
    if command -v gnuplot >/dev/null; then
        grep -q '</svg>' "$tools/bench/mine.svg"
        [ "$(grep -c '^[24]' "$tools/bench/mine.dat")" = 6 ]
    fi
    [ -z "$(find "$tools/bench" -name 'mine.??????')" ]
}

@test "a program of a stage without an output is called without one" {
    SIZES=2 run --separate-stderr "$root/bench/mine" 2 "$bin/demo-02"
    [ "$status" = 0 ]
    [ "$(rows | wc -l)" = 5 ]
}

@test "what is measured is what the names say" {
    cat >"$tools/mine.sh" <<-'END'
	[ -e .mini_cache ] && kept=yes || kept=no
	mkdir -p .mini_cache
	cat d*/*.mini | cksum >.mini_cache/now
	cmp -s .mini_cache/now .mini_cache/before && same=yes || same=no
	mv .mini_cache/now .mini_cache/before
	echo "$kept $same" >>"$CALLS"
	END
    CALLS=$tools/calls SIZES=2 run "$root/bench/mine" 4 "sh $tools/mine.sh"
    [ "$status" = 0 ]
    printf '%s\n' 'no no' 'yes yes' 'yes yes' 'yes no' | diff - "$tools/calls"
}

@test "a program that fails, and wrong usage, end it with a message" {
    printf 'echo the reason >&2; exit 3\n' >"$tools/mine.sh"
    run "$root/bench/mine" 5 "sh $tools/mine.sh"
    [ "$status" = 1 ]
    [[ $output == *"the reason"*"exit status 3"* ]]
    for arguments in '6 sh' '5 there-is-no-such-program' '5'; do
        run "$root/bench/mine" $arguments
        [ "$status" = 2 ]
    done
    SIZES=many run "$root/bench/mine" 5 sh
    [ "$status" = 2 ]
}
