# SPDX-License-Identifier: MIT
#
# Shared by the conformance tests. Of the program under test they know only its command (CMD, with
# words quoted for a shell) and its stage's contract.
#
# A test writes files with `write`, calls `mine`, and then states what it expects. If that fails, it
# prints everything done so far and stops.
#
# The lines that count begin with a word of `facts`, which each tier sets.

bats_require_minimum_version 1.5.0

# shellcheck source=01-file-change-detection/test/await.bash
. "${BASH_SOURCE[0]%/*}/../await.bash" # await, settle: an edit that follows a run within one tick of
                                       # the clock is the subject of one lesson, and would disturb all others

setup() {
    [ ! -e "${FIRST_FAILURE:-}" ] || skip "not run"
    project=$BATS_TEST_TMPDIR/project
    transcript=$BATS_TEST_TMPDIR/transcript
    eval "program=(${CMD:?})"
    mkdir -p "$project"
    cd "$project" || return 1
    : >"$transcript"
}

teardown() {
    [ -n "${BATS_TEST_COMPLETED:-}" ] || [ -z "${FIRST_FAILURE:-}" ] || keep_failure
}

# The tests after this one are skipped; the project stays, to be tried by hand.
keep_failure() {
    : >"$FIRST_FAILURE"
    [ -n "${FAILED_PROJECT:-}" ] || return 0
    rm -rf "$FAILED_PROJECT"
    mkdir -p "${FAILED_PROJECT%/*}"
    cp -a "$project" "$FAILED_PROJECT"
}

# ---- what is done --------------------------------------------------------------------------------

note() { printf '%s\n' "$*" >>"$transcript"; }

# write FILE LINE...
write() {
    local file=$1 lines
    shift
    [ "$file" = "${file%/*}" ] || [ -d "${file%/*}" ] || mkdir -p "${file%/*}"
    printf '%s\n' "$@" >"$file"
    note "wrote $file:"
    mapfile -t -n 9 lines <"$file"
    printf '    %s\n' "${lines[@]:0:8}" >>"$transcript"
    [ ${#lines[@]} -le 8 ] || note "    ..."
}

# doing COMMAND...: any other change to the project.
doing() {
    note "did: $*"
    "$@"
}

# setting NAME [VALUE]: an environment variable for the program from now on; unset without VALUE.
setting() {
    if [ $# = 2 ]; then
        export "$1=$2"
        note "$1=$2"
    else
        unset "$1"
        note "unset $1"
    fi
}

# mine [ARGUMENT...]: runs the program in the project. Sets said, complained and status.
#
# It may use LIMIT seconds of CPU time: this ends an endless loop, however busy the machine is. A
# program that only waits is ended after PATIENCE seconds.
mine() {
    local command="${program[*]}"
    note "ran: ${command##*/} $*"
    status=0
    said=$(ulimit -S -t "${LIMIT:-60}" && exec timeout -k 5 "${PATIENCE:-300}" "${program[@]}" "$@" \
        2>"$BATS_TEST_TMPDIR/complained") || status=$?
    complained=$(<"$BATS_TEST_TMPDIR/complained")
    case $status in
    0 | 1 | 2 | 3) ;;
    124) flunk "it did not end within ${PATIENCE:-300} seconds" ;;
    $((128 + $(kill -l XCPU)))) flunk "it did not end within ${LIMIT:-60} seconds of CPU time" ;;
    126 | 127) flunk "it could not be started" ;;
    esac
    if [ "$status" -ge 128 ]; then
        flunk "it crashed: signal $((status - 128)) ($(kill -l $((status - 128))))"
    elif [ "$status" -gt 3 ]; then
        flunk "it crashed: exit status $status, and the contract knows 0 to 3"
    elif [ "$status" = 1 ] && ! grep -q ': error: ' <<<"$complained"; then
        flunk "it crashed, or hid its reason: exit status 1 without an 'error:' line"
    fi
}

# preloading NAME: a library preloaded from now on, for programs that use the C library.
preloading() {
    local library=${BUILD:-$BATS_TEST_DIRNAME/../../../build}/$1.so
    [ -z "${SANITIZE:-}" ] || skip "a sanitizer wants to be loaded before all others"
    [ -e "$library" ] || skip "no $1.so: make check-mine builds it"
    cp "$library" "$BATS_TEST_TMPDIR/$1.so" # a path without spaces: a space would end it
    export LD_PRELOAD=$BATS_TEST_TMPDIR/$1.so
}

# The stamp of a file written now: SECONDS.NANOSECONDS
now_of_files() {
    : >"$BATS_TEST_TMPDIR/now"
    stat -c %.9Y "$BATS_TEST_TMPDIR/now"
    rm "$BATS_TEST_TMPDIR/now"
}

# two_saves_in_one_tick ONE OTHER [ARGUMENT...]: text.mini is saved twice within one tick of the clock,
# and the program runs after each. For a program that uses the C library, the clock stands still from
# the moment `since`, a stamp of the file system, until after the second save: all of that is one
# tick, however long it takes.
two_saves_in_one_tick() {
    local since one=$1 other=$2
    shift 2
    settle
    since=$(now_of_files)
    export COARSE_STAMPS=$since:
    preloading coarse-stamps
    write text.mini "$one"
    [ "$(stat -c %.9Y text.mini)" = "$since" ] || skip "programs cannot be preloaded here"
    mine "$@"
    write text.mini "$other"
    [ "$(stat -c %.9Y:%.9Z text.mini)" = "$since:$since" ] || flunk "the clock did not stand still"
    unset LD_PRELOAD
    settle
    export COARSE_STAMPS=$since:$(now_of_files)
    preloading coarse-stamps
    note "between these two, the clock of the file system stood still"
    mine "$@"
}

# mine_killed SECONDS [ARGUMENT...]: runs the program, and kills it after that time.
mine_killed() {
    timeout -s KILL "$1" "${program[@]}" "${@:2}" >"$BATS_TEST_TMPDIR/killed" 2>&1 || true
    note "ran it, and killed it after $1 s"
}

# duration [ARGUMENT...]: how many milliseconds a run of the program takes, at least one.
duration() {
    local start
    start=$(date +%s%N)
    mine "$@"
    echo $((($(date +%s%N) - start) / 1000000 + 1))
}

# ---- what is expected ----------------------------------------------------------------------------

flunk() {
    cat "$transcript"
    echo
    [ -z "${said:-}" ] || { echo "it printed:"; ends 30 10 <<<"$said" | sed 's/^/    /'; }
    [ -z "${complained:-}" ] || { echo "it said on stderr:"; ends 6 8 <<<"$complained" | sed 's/^/    /'; }
    echo
    printf '%s\n' "$@"
    return 1
}

# ends HEAD TAIL: so many lines from each end. Some languages begin a report of a crash with what
# counts, others end with it.
ends() {
    awk -v head="$1" -v tail="$2" '
        { lines[NR] = $0 }
        END { for (i = 1; i <= NR; i++)
                  if (i <= head || i > NR - tail) print lines[i]
                  else if (i == head + 1) print "... (" NR - head - tail " lines)" }'
}

# The facts that the program reported: lines whose first word is one of `facts`, with single spaces.
reported() {
    FACTS="^(${1:-$facts}) " awk '{ gsub(/[ \t]+/, " "); gsub(/^ | $/, "") }
        $0 ~ ENVIRON["FACTS"]' <<<"${said:-}"
}

expect_status() {
    [ "$status" = "$1" ] || flunk "expected exit status $1, got $status${2:+: $2}"
}

# expect_lines ACTUAL WHAT LINE...: ACTUAL is these lines, in this order; if not, WHAT says what was expected.
expect_lines() {
    local actual=$1 what=$2 expected
    shift 2
    expected=$(printf '%s\n' "$@")
    [ "$actual" = "$expected" ] || flunk "$what" "$(sed 's/^/    /' <<<"${expected:-none}")"
}

# expect WORDS LINE...: the lines that begin with one of WORDS (a|b|c) are these, in this order.
expect() {
    expect_status 0
    expect_lines "$(reported "$1")" "expected these lines, in this order:" "${@:2}"
}

# expect_fact LINE: one line, anywhere. LINE is a bash pattern.
expect_fact() {
    local words
    while read -ra words; do
        # shellcheck disable=SC2053
        [[ ${words[*]} != $1 || ! ${words[0]:-} =~ ^($facts)$ ]] || return 0
    done <<<"${said:-}"
    flunk "expected a line: $1"
}

# expect_error LOCATION: exit status 1, and a line LOCATION: error: ... on stderr
expect_error() {
    expect_status 1 "there is an error in the sources"
    grep -qF "$1: error:" <<<"$complained" || flunk "expected on stderr: $1: error: ..."
}

# The same with any place in a FILE.
expect_error_in() {
    expect_status 1 "there is an error in the sources"
    grep -qE "^$1:.*error: " <<<"$complained" || flunk "expected on stderr: $1:LINE:COLUMN: error: ..."
}

# expect_failure STATUS WHY: this exit status, and a message on stderr.
expect_failure() {
    expect_status "$@"
    [ -n "$complained" ] || flunk "expected a message on stderr"
}

# expect_unsaid WORD: it appears nowhere in the output.
expect_unsaid() {
    [[ $said$complained != *"$1"* ]] || flunk "expected '$1' not to be reported: it is outside the project"
}

# word NAME: the second word of the line that begins with NAME.
word() { reported "$1" | cut -d' ' -f2; }

# same WHAT ONE OTHER; differs WHAT ONE OTHER
same() { [ -n "$2" ] && [ "$2" = "$3" ] || flunk "$1: expected the same twice, got '$2' and '$3'"; }
differs() { [ "$2" != "$3" ] || flunk "$1: expected two different ones, got '$2' twice"; }

# ---- what it looks at ----------------------------------------------------------------------------

# mine_watched ARGUMENT... -- FILE...: as mine; `opened` lists the FILEs that were opened.
mine_watched() {
    local arguments=() log=$BATS_TEST_TMPDIR/opened last=$BATS_TEST_TMPDIR/last watcher
    while [ "$1" != -- ]; do arguments+=("$1"); shift; done
    shift
    : >"$last"
    inotifywait -m -e open --format '%w' "$@" "$last" >"$log" 2>"$log.ready" 3>&- &
    watcher=$!
    await watches $watcher "$log.ready"
    mine "${arguments[@]}"
    : <"$last" # events come in order: after this one, all earlier ones are there
    await grep -qxF "$last" "$log"
    kill $watcher
    wait $watcher || true
    opened=$(grep -vxF "$last" "$log" | sort -u)
}
watches() { grep -q established "$2" || ! kill -0 "$1"; }

expect_unopened() {
    [ -z "$opened" ] || flunk "expected these not to be opened, but they were:" "$opened"
}

# As mine; `bytes_read` and `bytes_written` are what the program and its interpreter read and wrote
# through system calls.
mine_counted() {
    local uncounted=("${program[@]}") counts=$BATS_TEST_TMPDIR/counts
    [ -r /proc/self/io ] || skip "this system does not count what a process reads and writes"
    export COUNTS=$counts
    printf '"$@"\nstatus=$?\ncat /proc/$$/io >"$COUNTS"\nexit $status\n' >"$counts.sh"
    program=(bash "$counts.sh" "${program[@]}")
    mine "$@"
    program=("${uncounted[@]}")
    bytes_read=$(sed -n 's/^rchar: //p' "$counts")
    bytes_written=$(sed -n 's/^wchar: //p' "$counts")
}

# ---- what it keeps -------------------------------------------------------------------------------

# kept [FILE...]: a line for each file that the program keeps, and for these, to see whether it was
# rewritten.
kept() { find .mini_cache "$@" -type f -printf '%p %i %s %T@\n' 2>/dev/null | sort; }

# expect_kept LINES [FILE...]: they are unchanged.
expect_kept() { same "the files that are kept, with inode, size and time" "$1" "$(kept "${@:2}")"; }

# expect_nothing_written ARGUMENT...: if nothing changes, the third run writes nothing. (The second
# may record a stamp that was too young to be trusted.)
expect_nothing_written() {
    local before
    mine "$@"
    settle
    mine "$@"
    before=$(kept)
    mine "$@"
    expect_kept "$before"
}

# The largest file that the program keeps.
largest_kept() { find .mini_cache -type f -printf '%s %p\n' | sort -n | tail -n 1 | cut -d' ' -f2-; }

# with_each_kept COMMAND...: runs COMMAND FILE for each file that the program now keeps.
with_each_kept() {
    local file saved=$BATS_TEST_TMPDIR/saved
    rm -rf "$saved"
    cp -a .mini_cache "$saved"
    [ -n "$(find "$saved" -type f -size +0)" ] || flunk "it keeps nothing in .mini_cache"
    while read -r file; do
        "$@" ".mini_cache/$file"
    done < <(cd "$saved" && find . -type f -size +0 -printf '%P\n' | sort)
}

# Restores the kept files to their state when with_each_kept began.
restore_kept() {
    rm -rf .mini_cache
    cp -a "$BATS_TEST_TMPDIR/saved" .mini_cache
}

# ---- damage --------------------------------------------------------------------------------------

# damage_each COMMAND...: for each file that the program keeps, from the same state: runs COMMAND
# FILE, then `after_damage`, which the test defines.
damage_each() { with_each_kept damage_one "$@"; }
damage_one() {
    restore_kept
    doing "$@"
    after_damage
}

# flip_bit FILE BYTE
flip_bit() {
    local byte
    byte=$(od -An -tu1 -j "$2" -N1 "$1")
    # shellcheck disable=SC2059
    printf "\\$(printf %o $((byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
flip_in_middle() { flip_bit "$1" $(($(stat -c %s "$1") / 2)); }
cut_in_half() { truncate -s $(($(stat -c %s "$1") / 2)) "$1"; }
empty() { : >"$1"; }
remove() { rm -f "$1"; }

# flip_through PARTS: in each file that the program keeps, from the same state, flips one bit in
# about PARTS places, spread over the file; after each, calls `after_flip`, which the test defines.
flip_through() { with_each_kept flip_through_one "$1"; }
flip_through_one() {
    local at size
    restore_kept
    size=$(stat -c %s "$2")
    for ((at = 0; at < size; at += size / $1 + 1)); do
        restore_kept
        flip_bit "$2" $at
        note "flipped a bit in byte $at of $2"
        after_flip
    done
}
