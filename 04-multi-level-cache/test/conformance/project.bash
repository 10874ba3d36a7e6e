# SPDX-License-Identifier: MIT
#
# What the tiers of stage 4 share.

load ../../../02-file-cache/test/conformance/project    # project_of
facts='new|dirty|dependent|cached|lost|wrong|files|lowered|functions|compiled|fast'
counts='files|lowered|functions|compiled|fast'

project_of_three() {
    write main.mini 'import "shapes.mini" as shapes;' 'import "lib/text.mini" as text;' \
        'fn main() i32 { text.show(shapes.area(3, 4)); return 0; }'
    write shapes.mini 'fn area(w: i32, h: i32) i32 { return w * h; }' \
        'fn border(w: i32, h: i32) i32 { return 2 * (w + h); }'
    write lib/text.mini 'fn show(n: i32) { print(n); }' 'fn gap() { print(""); }'
    settle
}

# edit FILE SED...: changes a file in its place.
edit() {
    note "edited $1: ${*:2}"
    sed -i "${@:2}" "$1"
    settle
}

# expect_work LINE...: these functions are not merely found again, in this order. A line without a
# colon is of a section (stage 5).
expect_work() {
    expect_lines "$(reported 'new|dirty|dependent|lost|wrong' | grep :)" "expected of all functions that are not cached:" "$@"
}

# expect_counts LOWERED COMPILED [FAST]
expect_counts() {
    expect_status 0
    expect_fact "lowered $1"
    expect_fact "compiled $2"
    [ -z "${3:-}" ] || expect_fact "fast $3"
}

sources() { find . -name .mini_cache -prune -o -name '*.mini' -print | sort; }

# clean_build ENTRY TO: what a build without any history makes of the sources.
clean_build() {
    local fresh=$BATS_TEST_TMPDIR/fresh
    rm -rf "$fresh"
    mkdir "$fresh"
    find . -name .mini_cache -prune -o -name '*.mini' -exec cp --parents -t "$fresh" {} +
    (cd "$fresh" && exec timeout -k 5 "${PATIENCE:-300}" "${program[@]}" "$1" out) >"$BATS_TEST_TMPDIR/fresh.said" 2>&1 ||
        flunk "a build of the same sources in an empty directory fails:" "$(cat "$BATS_TEST_TMPDIR/fresh.said")"
    mv "$fresh/out" "$2"
}

# expect_clean [ENTRY OUT]: the output is that of a build without history.
expect_clean() {
    local clean=$BATS_TEST_TMPDIR/clean
    expect_status 0
    clean_build "${1:-main.mini}" "$clean"
    [ -e "${2:-out}" ] || flunk "expected an output: ${2:-out}"
    cmp -s "$clean" "${2:-out}" ||
        flunk "the output is not that of a build without history (<), but (>):" \
            "$(diff -a "$clean" "${2:-out}" | head -n 20)"
}

# Remembers the output, to see later whether it is untouched.
remember_output() { cp out "$BATS_TEST_TMPDIR/remembered"; }
expect_output_as_remembered() {
    cmp -s "$BATS_TEST_TMPDIR/remembered" out || flunk "expected the output to be as it was"
}

# each_damaged COMMAND...: for each file that the program keeps after a build: COMMAND FILE, then
# a build in which nothing else changed, and one of an edit.
each_damaged() {
    local number=0 kept_files edited=$BATS_TEST_TMPDIR/edited
    project_of_three
    edit shapes.mini 's/w \* h/h * w/'
    clean_build main.mini "$edited"
    while :; do
        rm -rf .mini_cache
        project_of_three
        mine main.mini out
        expect_status 0
        [ $number != 0 ] || remember_output
        mapfile -t kept_files < <(find .mini_cache -type f -size +0 | sort)
        [ ${#kept_files[@]} != 0 ] || flunk "it keeps nothing in .mini_cache"
        [ $number -lt ${#kept_files[@]} ] || break
        doing "$@" "${kept_files[number]}"
        mine main.mini out
        expect_status 0 "a damaged cache costs time, and is no error"
        expect_output_as_remembered
        edit shapes.mini 's/w \* h/h * w/'
        mine main.mini out
        expect_status 0
        cmp -s out "$edited" || flunk "the output is not that of a build without history:" \
            "$(diff -a "$edited" out | head -n 20)"
        number=$((number + 1))
    done
}

# ---- a program that is edited at random ----------------------------------------------------------

# m0 is the entry, each file imports the next, and the last one that before it; spare.mini comes and goes.
declare -A value parameter comment broken rendered
has_spare=
many=5

render() {
    local i next text
    for ((i = 0; i <= many; i++)); do
        next=$((i < many ? i + 1 : i - 1))
        text=$(echo "import \"m$next.mini\" as next;"
          [ $i != 0 ] || [ -z "$has_spare" ] || echo 'import "spare.mini" as spare;'
          echo "// ${comment[$i]:-none}"
          echo "fn f(${parameter[$i]:-x}: i32) i32 { return ${parameter[$i]:-x} + ${value[$i]:-0}; }"
          case ${broken[$i]:-} in
          syntax) echo "fn g(x: i32) i32 { return f(x);" ;;
          name) echo "fn g(x: i32) i32 { return next.nowhere(x); }" ;;
          *) echo "fn g(x: i32) i32 { return f(x) + next.f(x); }" ;;
          esac
          [ $i != 0 ] || echo "fn main() i32 { print(g(1)${has_spare:+ + spare.s()}); return 0; }")
        [ "$text" = "${rendered[$i]:-}" ] || printf '%s\n' "$text" >m$i.mini
        rendered[$i]=$text
    done
    echo "fn s() i32 { return 9; }" >spare.mini
    settle
}

# One edit, or two.
edit_at_random() {
    local file
    file=$((RANDOM % (many + 1)))
    case $((RANDOM % 8)) in
    0 | 1) value[$file]=$((RANDOM % 5)); note "m$file.mini: another body" ;;
    2) parameter[$file]=p$((RANDOM % 3)); note "m$file.mini: another interface" ;;
    3) comment[$file]=$((RANDOM % 9)); note "m$file.mini: another comment" ;;
    4) [ -n "$has_spare" ] && has_spare= || has_spare=yes; note "spare.mini: ${has_spare:-no} (imported)" ;;
    5) broken[$file]=syntax; note "m$file.mini: an error of syntax" ;;
    6) broken[$file]=name; note "m$file.mini: a name that nobody declares" ;;
    7) broken=(); note "all errors mended" ;;
    esac
    [ $((RANDOM % 3)) != 0 ] || edit_at_random
}

# walk STEPS: after each edit a build, which is that of a build without history, or fails and keeps the old one.
# Ten times as many steps with make test-long.
walk() {
    local step steps=$1 seed=${SEED:-$((RANDOM % 10000))}
    [ -z "${LONG:-}" ] || steps=$((steps * 10))
    RANDOM=$seed
    note "SEED=$seed repeats these edits"
    render
    mine m0.mini out
    expect_clean m0.mini out
    for ((step = 1; step <= steps; step++)); do
        "${2:-:}"
        edit_at_random
        [ $step -lt $steps ] || broken=()
        render
        [ -e out ] || echo 'somebody wrote this' >out
        remember_output
        mine m0.mini out
        if [ ${#broken[@]} != 0 ]; then
            expect_status 1 "there is an error in the sources"
            expect_output_as_remembered
        else
            expect_clean m0.mini out
        fi
    done
}

# expect_streams: what is open already gets the output from where it stands, in order and once. It is
# never named /dev/stdout here: a program that is wrong about it, run by root, would replace that.
expect_streams() {
    project_of_three
    mine main.mini out
    expect_status 0
    echo before >"$BATS_TEST_TMPDIR/expected"
    for _ in 1 2; do cat out; done >>"$BATS_TEST_TMPDIR/expected"
    echo before >stream
    note "opened stream as descriptor 7, to append to it"
    exec 7>>stream
    for _ in 1 2; do
        mine main.mini /dev/fd/7
        expect_status 0
    done
    exec 7>&-
    cmp "$BATS_TEST_TMPDIR/expected" stream || flunk "stream is not a line and two outputs"
    { echo before; "${program[@]}" main.mini -; "${program[@]}" main.mini /dev/fd/1; } >stream 2>facts
    note "ran it with - and /dev/fd/1, and standard output in a file behind a line"
    cmp "$BATS_TEST_TMPDIR/expected" stream || flunk "standard output is not a line and two outputs"
    grep -Eq "^ *($facts) " facts || flunk "expected the facts on standard error:" "$(cat facts)"
    { "${program[@]}" main.mini - || true; } | cat >stream 2>&1
    cmp out stream || flunk "a pipe did not get the output"
    mine main.mini out
    expect_clean
    exec 7>>shapes.mini
    cp shapes.mini "$BATS_TEST_TMPDIR/before"
    mine main.mini /dev/fd/7
    exec 7>&-
    expect_status 2 "descriptor 7 is open on a source"
    cmp shapes.mini "$BATS_TEST_TMPDIR/before" || flunk "the source was written over"
}

# ---- one build at a time -------------------------------------------------------------------------

# Has the program written something into its cache?
keeps_something() {
    # What is smaller says whose directory it is, before there is a lock.
    [ -n "$(find .mini_cache -type f -size +255c -print -quit 2>/dev/null)" ]
}

# state_of PID: R, S, T, Z ... of a process; X if it is gone.
state_of() {
    local line=
    { read -r line <"/proc/$1/stat"; } 2>/dev/null
    line=${line##*) }
    echo "${line:0:1}" | sed 's/^$/X/'
}
has_ended() { [[ $(state_of "$1") == [ZX] ]]; }
has_stopped() { [[ $(state_of "$1") == [TZX] ]]; }

# Runs a build from nothing, in the background, and stops it when it has begun to keep something and
# not yet written its output. It goes on in steps, each so short as a signal takes: this test, and
# not how busy the machine is, says when it is looked at. Sets pid; false if a step was too long.
stop_in_the_middle() {
    rm -rf .mini_cache out
    "${program[@]}" main.mini out >"$BATS_TEST_TMPDIR/first" 2>&1 3>&- &
    pid=$!
    until keeps_something || [ -e out ] || ! kill -0 $pid 2>/dev/null; do
        kill -CONT $pid && kill -STOP $pid
    done 2>/dev/null
    kill -STOP $pid 2>/dev/null && await has_stopped $pid && [ ! -e out ] && keeps_something &&
        ! has_ended $pid && return
    kill -CONT $pid 2>/dev/null || true
    wait $pid || true
    return 1
}

# asleep PID: the process and those that it started wait for something, all of them.
asleep() {
    local child
    [[ $(state_of "$1") == S ]] || return
    for child in $(cat "/proc/$1/task/$1/children" 2>/dev/null); do
        asleep "$child" || return
    done
}

# Has it ended, or been asleep in fifty looks one after another? Who works on a busy machine is ready
# to run, and not asleep.
waits_or_ended() {
    for _ in {1..50}; do
        has_ended "$1" && return
        asleep "$1" || return
        sleep 0.01
    done
}

expect_waiting() {
    local second too_early=
    project_of 20 60
    for try in {1..50}; do
        ! stop_in_the_middle || break
        [ $try != 50 ] || skip "it could not be stopped in the middle of a build"
    done
    note "ran it, and stopped it in the middle; ran it again"
    "${program[@]}" main.mini out >"$BATS_TEST_TMPDIR/second" 2>&1 3>&- &
    second=$!
    await waits_or_ended $second
    [ ! -e out ] && ! has_ended $second || too_early=yes
    kill -CONT $pid
    wait $pid || flunk "the first build failed:" "$(cat "$BATS_TEST_TMPDIR/first")"
    wait $second || flunk "the second build failed:" "$(cat "$BATS_TEST_TMPDIR/second")"
    [ -z "${too_early:-}" ] || flunk "the second build did not wait until the first one, which was stopped, ended"
    mine main.mini out
    expect_clean
}

# ---- clean ---------------------------------------------------------------------------------------

# expect_clean_command: `clean` of one entry removes what is kept of all programs of the directory.
expect_clean_command() {
    local file left
    project_of_three
    mine clean nowhere.mini
    expect_status 0 "there is nothing to remove, nor such an entry, and that is no error"
    write other.mini 'import "shapes.mini" as shapes;' 'fn main() i32 { return shapes.area(1, 2); }'
    mine other.mini other
    mine main.mini out
    write .mini_cache/notes 'these are mine'
    mine clean main.mini
    expect_status 0
    for file in main.mini shapes.mini lib/text.mini out .mini_cache/notes; do
        [ -e $file ] || flunk "$file is gone, and was not the program's"
    done
    left=$(find .mini_cache -type f -size +255c ! -name notes)
    [ -z "$left" ] || flunk "expected these to be removed (a lock or a mark may stay):" "$left"
    mine main.mini out
    expect_counts 3 5 no
    expect_clean
    mine other.mini other
    expect_counts 1 1 no
    expect_clean other.mini other
}
