# SPDX-License-Identifier: MIT
#
# Shared by the tiers of stage 2. For each result, stages 2 and 3 report how they got it, and after
# that its name; `made` is the word for a result that was not found in the cache, and `names` says
# what has the names. Stages 3 and 4 load this too, and change what differs.

facts='lowered|cached|wrong|objects'
made=lowered
names='the names of the lowered forms'

# ---- projects ------------------------------------------------------------------------------------

# A function: its name, and what it returns.
fn() { echo "fn $1() i32 { return $2; }"; }

# long_function NAME LINES NUMBER: its numbers begin with NUMBER. Its result is large.
long_function() {
    awk -v name="$1" -v lines="$2" -v number="$3" 'BEGIN {
        print "fn " name "(x: i32) i32 {\n    var sum = 0;"
        for (line = 0; line < lines; line++) print "    sum = sum + x * " number + line ";"
        print "    return sum;\n}" }'
}

project_of_three() {
    write main.mini 'import "math.mini" as math;' 'import "lib/text.mini" as text;' \
        'fn main() i32 { text.greet(); return math.one(); }'
    write math.mini "$(fn one 1)"
    write lib/text.mini 'fn greet() { print("Hello, Ada"); }'
    settle
}

# project_of COUNT LINES: main.mini imports m1.mini ... and each has a function of LINES lines.
project_of() {
    local i
    { for ((i = 1; i <= $1; i++)); do echo "import \"m$i.mini\" as m$i;"; done
      echo 'fn main() i32 { return m1.f(1); }'; } >main.mini
    for ((i = 1; i <= $1; i++)); do long_function f "$2" $((i * 1000)) >m$i.mini; done
    note "wrote main.mini, which imports m1.mini ... m$1.mini; each has a function of $2 lines"
    settle
}

# ---- what is reported of each thing ------------------------------------------------------------------

# WORD THING, without the name of the result.
verdicts() { reported "$made|cached|wrong" | sed -E '/^wrong /!s/ [^ ]+$//'; }

# expect_verdicts LINE...: WORD THING of each, in this order.
expect_verdicts() {
    expect_status "${EXPECTED_STATUS:-0}"
    expect_lines "$(verdicts)" "expected, each but 'wrong' with a name after it ($names):" "$@"
}

# expect_made THING...: these are made, in this order, and all others are cached.
expect_made() {
    expect_status 0
    [ -n "$(verdicts)" ] || flunk "it did not report what it made or found"
    [ -z "$(reported wrong)" ] || flunk "expected no errors"
    expect_lines "$(verdicts | sed -n "s/^$made //p")" "expected these to be $made, and all others cached:" "$@"
}
expect_all_cached() { expect_made; }

# expect_at_most COUNT WHY: at most COUNT are made.
expect_at_most() {
    expect_status 0
    [ "$(reported $made | wc -l)" -le "$1" ] || flunk "expected at most $1 to be $made: $2"
}

# id THING: the name of its result.
id() {
    local thing
    thing=$(sed 's/[][\.*^$]/\\&/g' <<<"$1")
    reported "$made|cached" | sed -nE "s|^[a-z]+ $thing ([^ ]+)\$|\\1|p"
}

# All names, one line for each thing.
ids() { reported "$made|cached" | cut -d' ' -f2-; }

# expect_ids IDS [WHEN]
expect_ids() { same "$names${2:+, $2}" "$1" "$(ids)"; }

# ---- what every stage asks for -------------------------------------------------------------------

# expect_stage_1 [ARGUMENT...]: of what stage 1 asks for, what its facts are not needed for. The
# arguments come after the entry.
expect_stage_1() {
    mine nowhere.mini "$@"
    expect_failure 2 "there is no such entry"
    write a.mini 'import "b.mini" as b;' "$(fn f 1)"
    write b.mini 'import "sub/../a.mini" as a; // import "nowhere.mini" as x;' "$(fn f 'a.f()')"
    write main.mini 'import "a.mini" as a;' "$(fn main 'a.f()')"
    mkdir sub
    settle
    mine main.mini "$@"
    expect_status 0
    write main.mini '// two lines' 'import "a.mini" as a; import "nowhere.mini" as x;' "$(fn main 'a.f()')"
    settle
    mine main.mini "$@"
    expect_error main.mini:2:30
    write main.mini 'import "a.mini" as a;' "$(fn main 'a.f()')"
    doing rm b.mini
    settle
    mine main.mini "$@"
    expect_error a.mini:1:8
}

# saves_within_a_tick [ARGUMENT...]: two saves, which must both be seen (lesson 1.2b).
saves_within_a_tick() {
    write main.mini 'import "text.mini" as text;' "$(fn main 'text.f()')"
    two_saves_in_one_tick "$(fn f 1)" "$(fn f 7)" main.mini "$@"
}

# ---- whatever happens to what is kept ------------------------------------------------------------

# The next build is right: it has the names of `right`.
expect_unharmed() {
    mine main.mini
    expect_status 0 "a damaged cache is a cold start, not an error"
    expect_ids "$right"
}
after_flip() { expect_unharmed; }

# kill_builds SECONDS...: cold builds are killed after these times, and leave what the next one can
# use.
kill_builds() {
    local delay
    for delay in "$@"; do
        doing rm -rf .mini_cache
        mine_killed "$delay" main.mini
        expect_unharmed
        mine main.mini
        expect_all_cached
    done
}

# For each file that the second of two builds keeps: that file, among those of the first build.
mix_two_builds() {
    local file
    write main.mini 'import "a.mini" as a; import "b.mini" as b;' 'fn main() i32 { return a.f() - b.f(); }'
    two_files 1 2
    mine main.mini
    right=$(ids)
    doing mv .mini_cache first
    two_files 2 1
    mine main.mini
    doing mv .mini_cache second
    two_files 1 2
    while read -r file; do
        rm -rf .mini_cache
        cp -a first .mini_cache
        cp -a "second/$file" ".mini_cache/$file"
        note "made .mini_cache of the first build's files, but $file of the second"
        expect_unharmed
    done < <(cd second && find . -type f -size +0 -printf '%P\n' | sort)
}
two_files() {
    write a.mini "$(fn f "$1")"
    write b.mini "$(fn f "$2")"
    settle
}
