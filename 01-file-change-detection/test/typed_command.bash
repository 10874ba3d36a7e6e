# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# A command that a user typed as one text, CMD='python3 my_detect.py'. To be sourced by scripts that
# have a `usage MESSAGE`, which ends them.

# Sets `words` to the words of the command.
split() {
    xargs printf '' <<<"$1" 2>/dev/null || usage "$1: a quote is not closed"
    mapfile -d '' -t words < <(xargs printf '%s\0' <<<"$1")
}

# The tests run the command in directories of their own. (java -cp classes Detect)
make_absolute() {
    local i
    for i in "${!words[@]}"; do
        case ${words[i]} in
        /* | -*) ;;
        *) [ ! -f "${words[i]}" ] && { [ ! -d "${words[i]}" ] || [ "$i" = 0 ]; } || words[i]=$PWD/${words[i]} ;;
        esac
    done
}

# read_command TEXT: sets `words`. Ends with a message if there is no such program.
read_command() {
    local word
    split "$1"
    make_absolute
    command -v "${words[0]}" >/dev/null || usage "${words[0]}: no such program"
    for word in "${words[@]:1}"; do # python3 my_detct.py
        case $word in
        *.py | *.js | *.rb | *.pl | *.sh | *.lua) [ -e "$word" ] || usage "$word: no such file" ;;
        esac
    done
}
