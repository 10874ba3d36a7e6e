# SPDX-License-Identifier: MIT
#
# minic as a process: started without descriptors, ended by signals, with a reader that goes away, a
# limit on the size of files, fewer processors than there are, odd values in the environment.

bats_require_minimum_version 1.5.0

setup() {
    ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    BUILD=${BUILD:-$ROOT/build}
    MINIC=${MINIC:-$BUILD/minic}
    cd "$BATS_TEST_TMPDIR" || return 1
    unset MINIC_VERBOSE MINIC_TARGET MINIC_CLANG MINIC_LLI
    TMPDIR=$BATS_TEST_TMPDIR/tmp # nothing may stay there
    mkdir "$TMPDIR"
    export TMPDIR ASAN_OPTIONS=detect_leaks=0 # looking for leaks is tracing, and strace does that already
}

# ---- helpers ------------------------------------------------------------------------------------

# A program of two files, in a directory of its own.
two_files() {
    mkdir -p "$1"
    echo 'fn add(a: i32, b: i32) i32 { return a + b; }' >"$1/math.mini"
    cat >"$1/main.mini" <<-'MINI'
	import "math.mini" as math;
	fn main() i32 { print(math.add(2, 3)); return 0; }
	MINI
}

# many_functions DIRECTORY COUNT
many_functions() {
    mkdir -p "$1"
    for ((i = 0; i < $2; i++)); do
        echo "fn g$i(x: i32) i32 { print(\"a text for function $i\"); return x * $i + 1; }"
    done >"$1/main.mini"
    echo 'fn main() i32 { return g0(1); }' >>"$1/main.mini"
}

# Fails unless the next build of DIRECTORY leaves what a clean one leaves, and nothing else stays.
expect_sound() {
    "$MINIC" build -q "$1/main.mini"
    "$MINIC" verify -q "$1/main.mini"
    "$MINIC" build -q "$1/main.mini" -o "$BATS_TEST_TMPDIR/clean.ll" --cache-dir "$BATS_TEST_TMPDIR/clean"
    cmp "$1/main.ll" "$BATS_TEST_TMPDIR/clean.ll"
    find "$1" "$TMPDIR" -mindepth 1 \( -name '*tmp*' -o -name '.output*' -o -name '*probe*' \) >left
    find "$TMPDIR" -mindepth 1 ! -name 'tsan.rodata.*' >>left # the sanitizer's own, of a process that was killed early
    [ ! -s left ] || { echo "left over:" && cat left && return 1; }
}

# expect STATUS COMMAND...: what it prints goes to the files `out` and `err`.
expect() {
    local expected=$1 status=0
    shift
    "$@" >out 2>err || status=$?
    [ "$status" = "$expected" ] || {
        echo "$*: exit status $status, not $expected"
        cat out err
        return 1
    }
}

# expect_status STATUS COMMAND...
expect_status() {
    local expected=$1 status=0
    shift
    "$@" >/dev/null 2>&1 || status=$?
    [ "$status" = "$expected" ] || { echo "$*: exit status $status, not $expected"; return 1; }
}

# ---- descriptors --------------------------------------------------------------------------------

# The same files, byte for byte, as with all three.
@test "started without descriptors 0 to 2, a program writes nothing of its messages into files" {
    for program in minic demo-04 demo-05; do
        build="$(printf %q "$BUILD/$program") main.mini out"
        [ $program != minic ] || build="$(printf %q "$BUILD/minic") build main.mini -j1 -v --stats -o out"
        for without in '<&-' '>&-' '2>&-' '<&- >&-' '>&- 2>&-' '<&- 2>&-' '<&- >&- 2>&-'; do
            for round in with without; do
                rm -rf "$program" && two_files "$program" && cd "$program"
                # diagnostics are printed while the caches are open
                redirect=$without
                [ $round = without ] || redirect=
                status=0 # what a demo prints, and --stats, goes nowhere without a standard output
                [[ $redirect != *'>&-'* || $redirect == '2>&-' || $redirect == '<&- 2>&-' ]] || status=3
                expect_status $status sh -c "$build $redirect"
                cp out before
                echo 'fn main() i32 { return x; }' >main.mini
                ! sh -c "$build $redirect" >/dev/null 2>&1
                cmp out before
                if [ $round = with ]; then
                    (cd .mini_cache && ls -A && find . -name lock -size +0) >"../$program.files"
                else
                    (cd .mini_cache && ls -A && find . -name lock -size +0) |
                        diff "../$program.files" -
                fi
                ! grep -rl 'undefined name' .mini_cache out
                ! grep -rl 'functions emitted' .mini_cache out
                two_files .
                expect_status $status sh -c "$build $redirect"
                cmp out before
                cd ..
            done
        done
    done
}

@test "no program of the project opens a file as descriptor 0, 1 or 2" {
    command -v strace >/dev/null
    for program in demo-01 demo-02 demo-03 demo-04 demo-05 demo-06 minic generate-corpus edit-corpus; do
        case $program in
        demo-06) arguments=() ;;
        demo-0[45]) arguments=(main.mini out) ;;
        minic) arguments=(build main.mini) ;;
        generate-corpus) arguments=("$BATS_TEST_TMPDIR/corpus" --files 3) ;;
        edit-corpus) arguments=(comment "$(find "$BATS_TEST_TMPDIR/corpus" -name "f*.mini" -print -quit)") ;;
        *) arguments=(main.mini) ;;
        esac
        two_files $program && cd $program
        strace -f -qq -e trace=openat,open -o ../trace "$BUILD/$program" "${arguments[@]}" <&- >&- 2>&- ||
            [ $? = 3 ] # what it printed is lost
        cd ..
        # Those of the loader come first, and are closed again before main.
        awk '/"\/dev\/null"/ { seen = 1 } seen && /= [0-2]$/' trace >standard
        [ "$(grep -c '"/dev/null"' standard)" = 3 ] && [ "$(wc -l <standard)" = 3 ] || {
            echo "$program:"
            cat standard
            return 1
        }
    done
}

no_thread_sanitizer() {
    case ${SANITIZE:-} in *thread*) skip "the thread sanitizer handles signals in its own way" ;; esac
}

# ---- writes that fail ------------------------------------------------------------------------------

@test "ulimit -f: a message and status 3, and the state intact" {
    no_thread_sanitizer
    two_files project
    "$MINIC" build -q project/main.mini
    cp project/main.ll before.ll
    many_functions project 400
    for blocks in 0 1 4 16 40; do
        (
            ulimit -f $blocks
            expect 3 "$MINIC" build project/main.mini 2>&1
        ) | cat >said
        [ ! -s said ] || { cat said; return 1; }
        grep -q 'File too large' err || [ $blocks = 0 ]
        cmp project/main.ll before.ll
    done
    expect_sound project
}

@test "a reader that goes away: a message and status 3, and the state intact" {
    two_files project
    for command in "build project/main.mini --stats" "build project/main.mini --stats=json" --help \
        --version "doctor project"; do
        # shellcheck disable=SC2086
        { sleep 0.3; "$MINIC" $command 2>err && status=0 || status=$?; echo "$status" >status; } | :
        [ "$(cat status)" = 3 ]
        grep -q 'minic: cannot write to standard output: Broken pipe' err
    done
    expect_sound project
}

@test "messages that nobody reads change nothing" {
    many_functions project 50
    { sleep 0.3; "$MINIC" build -vv project/main.mini 2>&1 >/dev/null && status=0 || status=$?; echo "$status" >status; } | :
    [ "$(cat status)" = 0 ]
    expect_sound project
    echo 'fn wrong() i32 { return x; }' >>project/main.mini
    { sleep 0.3; "$MINIC" build project/main.mini 2>&1 >/dev/null && status=0 || status=$?; echo "$status" >status; } | :
    [ "$(cat status)" = 1 ]
    many_functions project 50
    expect_sound project
}

# ignored_signals [FILE]: those ignored by the process that reads FILE, without the two of the
# C library (32 and 33): posix_spawn hands them on ignored or not, depending on threads started.
ignored_signals() {
    local mask
    mask=$(sed -n 's/^SigIgn:[[:space:]]*/0x/p' "${1:-/proc/self/status}")
    printf '%x\n' $((mask & ~0x180000000))
}

# What stands in for clang, the program it makes, and lli report which signals they were started with.
@test "the program that is run, and its compiler, get the signals as minic got them" {
    no_thread_sanitizer
    mkdir tools
    cat >tools/clang-19 <<-'SH'
	#!/bin/sh
	case $1 in --version) echo 'clang version 19.0.0'; exit ;; esac
	grep SigIgn /proc/self/status >"$SIGNALS/clang"
	while [ "$1" != -o ]; do shift; done
	cp "$(command -v grep)" "$2"
	SH
    printf '#!/bin/sh\ncase $1 in --version) echo "LLVM version 19"; exit ;; esac\n%s\n' \
        'grep SigIgn /proc/self/status >"$SIGNALS/lli"' >tools/lli-19
    chmod +x tools/*
    two_files project
    export SIGNALS=$PWD
    MINIC_CLANG=$PWD/tools/clang-19 "$MINIC" run -q project/main.mini SigIgn /proc/self/status >program
    MINIC_LLI=$PWD/tools/lli-19 "$MINIC" run -q project/main.mini
    expected=$(ignored_signals)
    for who in clang program lli; do
        [ "$(ignored_signals $who)" = "$expected" ]
    done
    (
        trap '' PIPE # as nohup and some languages start their children
        ignored_signals >expected
        MINIC_LLI=$PWD/tools/lli-19 "$MINIC" run -q project/main.mini
    )
    [ "$(ignored_signals lli)" = "$(cat expected)" ]
    [ $((0x$(cat expected) & 0x1000)) != 0 ] # SIGPIPE is among them
}

# ---- signals -----------------------------------------------------------------------------------

@test "doctor that is ended leaves nothing, and one that is killed nothing for the next" {
    two_files project
    for signal in INT TERM HUP KILL; do
        for nap in 0.02 0.05 0.1; do
            "$MINIC" doctor project >/dev/null 2>&1 &
            sleep $nap
            kill -$signal $! 2>/dev/null || true
            wait $! || true
            [ $signal = KILL ] || [ "$(ls -A project | xargs)" = 'main.mini math.mini' ]
        done
        "$MINIC" doctor project >/dev/null
        [ "$(ls -A project | xargs)" = 'main.mini math.mini' ]
    done
    "$MINIC" build -q project/main.mini
    ls -A project/.mini_cache >before
    "$MINIC" doctor project >/dev/null &
    sleep 0.05
    kill -KILL $! || true
    wait $! || true
    "$MINIC" doctor project >/dev/null
    ls -A project/.mini_cache | diff before -
}

# Leftovers go with the next commit.
@test "a build that is interrupted leaves nothing for the next" {
    many_functions project 3000
    for signal in INT TERM HUP; do
        for nap in 0.005 0.01 0.02 0.04; do
            "$MINIC" build -q --force project/main.mini &
            sleep $nap
            kill -$signal $! 2>/dev/null || true
            wait $! || true
        done
        echo "fn after_$signal() i32 { return 0; }" >>project/main.mini
        expect_sound project
        rm -rf clean clean.ll
    done
}

# The program itself, and what is started instead of clang, wait to be ended.
@test "run that is ended while clang works ends clang, leaves nothing, and ends by that signal" {
    two_files project
    cat >clang <<-'SH'
	#!/bin/bash
	case $1 in --version) echo 'clang version 19.0.0'; exit ;; esac
	echo $$ >clang.started
	while [ "$1" != -o ]; do shift; done
	echo half >"$2"
	exec sleep 60
	SH
    chmod +x clang
    export MINIC_CLANG=$PWD/clang
    for signal in TERM HUP INT QUIT; do
        rm -f clang.started
        # python starts it with the signals that a terminal's shell would give it
        python3 -c 'import os, signal, sys
for number in signal.SIGINT, signal.SIGQUIT: signal.signal(number, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$MINIC" run -q project/main.mini &
        for ((i = 0; i < 400; i++)); do [ ! -s clang.started ] || break; sleep 0.05; done
        [ -n "$(ls -A "$TMPDIR")" ]
        kill -$signal $!
        status=0
        wait $! || status=$?
        [ "$status" = $((128 + $(kill -l $signal))) ]
        [ -z "$(ls -A "$TMPDIR")" ]
        ! kill -0 "$(<clang.started)" 2>/dev/null
    done
}

# ---- processors ----------------------------------------------------------------------------------

# Of each kind several: nobody knows which worker gets which. A line of 990 calls, parentheses, blocks.
deep_sources() {
    local i deep
    deep() { printf "%s" "$1"; printf "$2%.0s" {1..990}; printf "%s" "$3"; printf "$4%.0s" {1..990}; echo "$5"; }
    for i in {1..20}; do
        {
            deep 'fn f(a: i32) i32 { return ' 'f(1 + ' a ')' '; }'
            deep 'fn g(a: i32) i32 { return ' '(a + ' a ')' '; }'
            deep 'fn h(a: i32) i32 { var x = 0; ' 'if (a == 1) {' 'x = 1;' '}' ' return x; }'
            deep 'const c: i32 = ' '(' 1 ')' ';'
        } >"deep$i.mini"
        echo "import \"deep$i.mini\" as deep$i;"
    done >main.mini
    echo 'fn main() i32 { return 0; }' >>main.mini
}

@test "workers have room for the deepest sources, and 64 of them fit under ulimit -v" {
    deep_sources
    "$BUILD/minic" build -q -j1 main.mini -o one.ll
    "$BUILD/minic" build -q -j8 main.mini -o eight.ll --force
    cmp one.ll eight.ll
    [ -z "${SANITIZE:-}" ] || return 0 # takes all address space that there is
    for kilobytes in 80000 150000 300000 600000; do
        (ulimit -v $kilobytes && "$BUILD/minic" build -q -j64 main.mini -o all.ll --force)
        cmp one.ll all.ll
        rm all.ll
    done
}

@test "as many workers as processors that may be used" {
    two_files project
    workers() { "$@" build -q project/main.mini --stats=json | jq .workers; }
    [ "$(workers "$MINIC")" = "$(nproc)" ]
    one=$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')
    [ "$(workers taskset -c "$one" "$MINIC")" = 1 ]
    [ "$(taskset -c "$one" "$MINIC" build -q -j 3 project/main.mini --stats=json | jq .workers)" = 3 ]
}

# ---- the environment -------------------------------------------------------------------------------

@test "a MINIC_TARGET or MINIC_VERBOSE that makes no sense is wrong usage, and named" {
    two_files project
    long=$(printf 'x%.0s' $(seq 5000))
    for command in build check verify run; do
        for value in 'a b' $'x86_64\nlinux' 'x"y' '' "$long" 'a;b' $'\e[2J'; do
            MINIC_TARGET=$value expect 2 "$MINIC" $command project/main.mini
            [ "$(wc -l <err)" = 1 ]
            [ ! -s out ]
            grep -qF "minic: MINIC_TARGET='${value:0:1}" err || [[ $value == $'\e'* ]]
            [ "$(wc -c <err)" -lt 200 ]
            ! grep -q $'\e' err
        done
    done
    for value in yes 3 '' 11 -1; do
        MINIC_VERBOSE=$value expect 2 "$MINIC" build project/main.mini
        grep -qF "minic: MINIC_VERBOSE='$value'" err
    done
    [ "$(ls -A project | xargs)" = 'main.mini math.mini' ]
    MINIC_TARGET=thumbv7em-none-eabihf expect 0 "$MINIC" build project/main.mini
    MINIC_VERBOSE=2 expect 0 "$MINIC" build project/main.mini
    grep -q '^unchanged ' err
}

@test "demos of later stages name a MINIC_TARGET that makes no sense, too" {
    two_files project
    cd project
    for program in demo-04 demo-05; do
        MINIC_TARGET='a b' expect 2 "$BUILD/$program" main.mini out
        grep -qF "MINIC_TARGET='a b'" err
    done
}
