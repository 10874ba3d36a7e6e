# SPDX-License-Identifier: MIT
#
# What the conformance tests share. They know of the program under test only its command, CMD,
# and what its stage's contract says.
#
# A test writes files with `write`, calls `mine`, and then says what it expects. When that is
# not so, it prints everything that was done up to there, and stops.
#
# The words at the beginning of the lines that count are in `facts`, which each tier sets.

bats_require_minimum_version 1.5.0

setup() {
    [ ! -e "${FIRST_FAILURE:-}" ] || skip "not run"
    project=$BATS_TEST_TMPDIR/project
    transcript=$BATS_TEST_TMPDIR/transcript
    mkdir -p "$project"
    cd "$project" || return 1
    : >"$transcript"
}

teardown() {
    [ -n "${BATS_TEST_COMPLETED:-}" ] || [ -z "${FIRST_FAILURE:-}" ] || keep_failure
}

# The tests after this one are skipped; the project stays, for whoever wants to try by hand.
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
    local file=$1
    shift
    [ "$file" = "${file%/*}" ] || mkdir -p "${file%/*}"
    printf '%s\n' "$@" >"$file"
    note "wrote $file:"
    head -n 8 "$file" | sed 's/^/    /' >>"$transcript"
    [ "$(wc -l <"$file")" -le 8 ] || note "    ..."
}

# doing COMMAND...: anything else that happens to the project.
doing() {
    note "did: $*"
    "$@"
}

# Long enough for the clock of any local file system to tick. An edit that follows a run at once
# is the subject of one lesson and would disturb all others.
settle() { sleep 0.03; }

# mine [ARGUMENT...]: runs the program in the project. Sets said, complained and status.
mine() {
    note "ran: ${CMD##*/} $*"
    status=0
    said=$(timeout -k 5 "${LIMIT:-60}" $CMD "$@" 2>"$BATS_TEST_TMPDIR/complained") || status=$?
    complained=$(cat "$BATS_TEST_TMPDIR/complained")
    case $status in
    124) flunk "it did not end within ${LIMIT:-60} seconds" ;;
    126 | 127) flunk "it could not be started" ;;
    esac
    if [ "$status" -ge 128 ]; then
        flunk "it crashed: signal $((status - 128)) ($(kill -l $((status - 128))))"
    elif [ "$status" -gt 3 ]; then
        flunk "it crashed: exit status $status, and the contract knows 0 to 3"
    elif [ "$status" = 1 ] && ! grep -q 'error:' <<<"$complained"; then
        flunk "it crashed, or hid its reason: exit status 1 without an 'error:' line"
    fi
}

# ---- what is expected ----------------------------------------------------------------------------

flunk() {
    cat "$transcript"
    echo
    [ -z "${said:-}" ] || { echo "it printed:"; sed 's/^/    /' <<<"$said" | head -n 40; }
    [ -z "${complained:-}" ] || { echo "it said on stderr:"; sed 's/^/    /' <<<"$complained" | tail -n 8; }
    echo
    printf '%s\n' "$@"
    return 1
}

# The facts that the program told: lines whose first word is one, with single spaces.
told() {
    tr -s ' \t' ' ' <<<"${said:-}" | sed 's/^ //; s/ $//' | grep -E "^(${1:-$facts}) " || true
}

expect_status() {
    [ "$status" = "$1" ] || flunk "expected exit status $1, got $status${2:+: $2}"
}

# expect WORDS LINE...: of the lines that begin with one of WORDS (a|b|c) these, in this order.
expect() {
    local words=$1 expected
    shift
    expected=$(printf '%s\n' "$@")
    [ "$status" = 0 ] || flunk "expected exit status 0, got $status"
    [ "$(told "$words")" = "$expected" ] ||
        flunk "expected these lines, in this order:" "$(sed 's/^/    /' <<<"$expected")"
}

# expect_fact LINE: one line, which may stand anywhere. A pattern of bash.
expect_fact() {
    local line
    while read -r line; do
        # shellcheck disable=SC2053
        [[ $line != $1 ]] || return 0
    done < <(told)
    flunk "expected a line: $1"
}

# expect_error LOCATION: exit status 1, and a line LOCATION: error: ... on stderr
expect_error() {
    expect_status 1 "there is an error in the sources"
    grep -qF "$1: error:" <<<"$complained" || flunk "expected on stderr: $1: error: ..."
}

# word NAME: the second word of the line that begins with NAME.
word() { told "$1" | cut -d' ' -f2; }

# same WHAT ONE OTHER; differs WHAT ONE OTHER
same() { [ -n "$2" ] && [ "$2" = "$3" ] || flunk "$1: expected the same twice, got '$2' and '$3'"; }
differs() { [ "$2" != "$3" ] || flunk "$1: expected two different ones, got '$2' twice"; }

# ---- what it looks at ----------------------------------------------------------------------------

# mine_watched ARGUMENT... -- FILE...: as mine; `opened` are those FILEs that were opened.
mine_watched() {
    local arguments=() log=$BATS_TEST_TMPDIR/opened watcher
    while [ "$1" != -- ]; do arguments+=("$1"); shift; done
    shift
    inotifywait -m -e open --format '%w' "$@" >"$log" 2>"$log.ready" 3>&- &
    watcher=$!
    until grep -q established "$log.ready"; do
        kill -0 $watcher || { cat "$log.ready"; return 1; }
        sleep 0.01
    done
    mine "${arguments[@]}"
    sleep 0.05
    kill $watcher
    wait $watcher || true
    opened=$(sort -u "$log")
}

expect_unopened() {
    [ -z "$opened" ] || flunk "expected that these are not opened, but they were:" "$opened"
}

# What the program keeps, one line for each file: to see whether it was written again.
kept() { find .mini_cache -type f -printf '%p %i %s %T@\n' 2>/dev/null | sort; }

# ---- damage --------------------------------------------------------------------------------------

# damage_each COMMAND...: for each file that the program keeps, from the same state: COMMAND FILE,
# then a call of `after_damage`, which the test defines.
damage_each() {
    local file saved=$BATS_TEST_TMPDIR/saved
    cp -a .mini_cache "$saved"
    [ -n "$(find "$saved" -type f -size +0)" ] || flunk "it keeps nothing in .mini_cache"
    while read -r file; do
        rm -rf .mini_cache
        cp -a "$saved" .mini_cache
        doing "$@" ".mini_cache/$file"
        after_damage
    done < <(cd "$saved" && find . -type f -size +0 -printf '%P\n' | sort)
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

# flip_through PARTS: in each file that the program keeps, from the same state, one bit in about
# PARTS places, spread over the file; after each a call of `after_flip`, which the test defines.
flip_through() {
    local file size at saved=$BATS_TEST_TMPDIR/saved
    cp -a .mini_cache "$saved"
    while read -r file size; do
        for ((at = 0; at < size; at += size / $1 + 1)); do
            rm -rf .mini_cache
            cp -a "$saved" .mini_cache
            flip_bit ".mini_cache/$file" $at
            note "flipped a bit in byte $at of .mini_cache/$file"
            after_flip
        done
    done < <(cd "$saved" && find . -type f -size +0 -printf '%P %s\n' | sort)
}
