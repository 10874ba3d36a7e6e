# SPDX-License-Identifier: MIT
#
# What the tiers of stage 3 share: what is made are functions, in the words of stage 2.

load ../../../02-file-cache/test/conformance/project
facts='compiled|cached|wrong'
made=compiled
names='the names of the code'

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
    local file i number
    for file in {0..9}; do
        for i in {0..9}; do
            number=$i
            [ $file$i != 77 ] || number=${1:-7}
            long_function "s$i" 40 $((number * 1000))
        done >m$file.mini
    done
    { for file in {0..9}; do echo "import \"m$file.mini\" as m$file;"; done
      echo 'fn main() i32 { return m7.s7(1); }'; } >main.mini
    note "wrote main.mini, and m0.mini ... m9.mini: ten functions s0 ... s9 of 40 lines each in each of them"
    note "    (s7 of m7.mini holds the number ${1:-7})"
    settle
}

# expect_compiled PATH:NAME...: these are compiled, in this order, and all others are cached.
expect_compiled() { expect_made "$@"; }

expect_nothing_reported() {
    [ -z "$(reported)" ] || flunk "expected that no function is reported of: there is a file that cannot be lowered"
}

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
