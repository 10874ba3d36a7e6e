# SPDX-License-Identifier: MIT
#
# How the tests of minic call it, and look at what it says on standard error. MINIC is the program.

# Runs minic; fails unless it exits with the given status: minic 0 build main.mini
minic() {
    local expected=$1
    shift
    run --separate-stderr "$MINIC" "$@"
    [ "$status" = "$expected" ] || {
        printf '%s\n' "minic $*: exit status $status, not $expected" "$output" "$stderr"
        return 1
    }
}

# Fails unless stderr contains the text.
says() {
    [[ $stderr == *"$1"* ]] || { printf '%s\n' "stderr does not contain: $1" "$stderr"; return 1; }
}
