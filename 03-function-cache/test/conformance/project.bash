# SPDX-License-Identifier: MIT
#
# What the tiers of stage 3 share. The functions `fn`, `mine_counted` and `largest_kept` are those of
# stage 2.

load ../../../02-file-cache/test/conformance/project
facts='compiled|cached|wrong'

# Five functions in three files: main calls greet, sum and one; twice calls sum.
program_of_five() {
    write main.mini 'import "math.mini" as math;' 'import "lib/text.mini" as text;' \
        'fn main() i32 { text.greet(); print(math.one()); return math.sum(1, 2); }'
    write math.mini "$(fn one 1)" \
        'fn sum(a: i32, b: i32) i32 { return a + b; }' \
        'fn twice(a: i32) i32 { return sum(a, a); }'
    write lib/text.mini 'fn greet() { print("Hello, Ada"); }'
    settle
}

# ten_functions NUMBER: one file; the body of f5 holds the number.
ten_functions() {
    { for i in 0 1 2 3 4; do fn "f$i" "$i"; done
      fn f5 "$1"
      for i in 6 7 8; do fn "f$i" "$i"; done
      echo 'fn main() i32 { return f0() + f5() + f8(); }'; } >main.mini
    note "wrote main.mini: nine functions f0 ... f8, and main; f5 returns $1"
    settle
}

# many_functions [NUMBER]: ten files of ten functions each, which compile to something big; the
# function s7 of m7.mini holds the number.
many_functions() {
    local file
    for file in {0..9}; do
        awk -v file="$file" -v number="${1:-7}" 'BEGIN {
            for (i = 0; i < 10; i++) {
                print "fn s" i "(x: i32) i32 {\n    var sum = 0;"
                for (line = 0; line < 40; line++)
                    print "    sum = sum + x * " (file == 7 && i == 7 ? number : i) * 1000 + line ";"
                print "    return sum;\n}"
            } }' >m$file.mini
    done
    { for file in {0..9}; do echo "import \"m$file.mini\" as m$file;"; done
      echo 'fn main() i32 { return m7.s7(1); }'; } >main.mini
    note "wrote main.mini, and m0.mini ... m9.mini: ten functions s0 ... s9 of 40 lines each in each of them"
    note "    (s7 of m7.mini holds the number ${1:-7})"
    settle
}

# What was done with each function: WORD PATH:NAME. The name of its code, behind it, is left out.
verdicts() { told | sed -E '/^wrong /!s/ [^ ]+$//'; }

# expect_functions LINE...: WORD PATH:NAME of each function, in this order.
expect_functions() {
    expect_status "${EXPECTED_STATUS:-0}"
    local expected
    expected=$(printf '%s\n' "$@")
    [ "$(verdicts)" = "$expected" ] ||
        flunk "expected, each but 'wrong' with the name of the code behind it:" \
            "$(sed 's/^/    /' <<<"$expected")"
}

# expect_compiled PATH:NAME...: these are compiled, in this order, and all others are cached.
expect_compiled() {
    expect_status 0
    local expected
    expected=$(printf '%s\n' "$@")
    [ -n "$(told)" ] || flunk "it told nothing of any function"
    [ -z "$(told wrong)" ] && [ "$(verdicts | sed -n 's/^compiled //p')" = "$expected" ] ||
        flunk "expected that these are compiled, and all others cached:" "$(sed 's/^/    /' <<<"${expected:-none}")"
}

expect_all_cached() { expect_compiled; }

expect_at_most() {
    expect_status 0
    [ -n "$(told)" ] && [ "$(told compiled | wc -l)" -le "$1" ] ||
        flunk "expected at most $1 to be compiled: ${2:-}"
}

expect_nothing_told() {
    [ -z "$(told)" ] || flunk "expected that no function is told of: there is a file that cannot be lowered"
}

# id PATH:NAME: the name of its code.
id() {
    local function
    function=$(sed 's/[][\.*^$]/\\&/g' <<<"$1")
    told 'compiled|cached' | sed -nE "s|^[a-z]+ $function ([^ ]+)\$|\\1|p"
}

# All of them, one line for each function.
ids() { told 'compiled|cached' | cut -d' ' -f2-; }

# The names of the code that a build makes which keeps nothing and knows nothing.
fresh_ids() {
    local here=$PWD fresh=$BATS_TEST_TMPDIR/fresh
    rm -rf "$fresh"
    cp -a . "$fresh"
    rm -rf "$fresh/.mini_cache"
    cd "$fresh" || return
    mine main.mini
    cd "$here" || return
    expect_status 0
    ids
}

# Exit status 1, and a message about a place in the file. Which place, is not looked at.
expect_error_in() {
    expect_status 1 "there is an error in the sources"
    grep -qE "^$1:.*error: " <<<"$complained" || flunk "expected on stderr: $1:LINE:COLUMN: error: ..."
}
