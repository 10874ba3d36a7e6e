# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Waiting for an event, not for a time: a busy machine takes longer, and the test is the same. The
# tests that drive a program from outside load this.

# await COMMAND...: until it succeeds. It gives up after ten minutes, which is no measure of
# anything: it keeps a test that waits for what never comes from hanging.
await() {
    local begun=$SECONDS
    until "$@"; do
        [ $((SECONDS - begun)) -lt 600 ] || return 1
        pause
    done
}

# A hundredth of a second, without a process: reading what never comes. Tests wait thousands of times.
pause() {
    [ -n "${silence:-}" ] || exec {silence}<> <(:)
    read -r -t 0.01 -u "$silence" || :
}

# settle: until the file system gives new files a later stamp than any that is there now. What was
# written before can then be trusted by its stamp, and what is written next has another one.
settle() {
    local tick=${BATS_RUN_TMPDIR:-${BATS_FILE_TMPDIR:-.}}/.tick
    : >"$tick.first"
    await is_later "$tick.next" "$tick.first"
}
is_later() { : >"$1" && [ "$1" -nt "$2" ]; }
