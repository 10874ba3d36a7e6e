# SPDX-License-Identifier: MIT
#
# What the tiers of stage 2 share.

facts='lowered|cached|wrong|objects'
files='lowered|cached|wrong'

# A function: its name, and what it returns.
fn() { echo "fn $1() i32 { return $2; }"; }

project_of_three() {
    write main.mini 'import "math.mini" as math;' 'import "lib/text.mini" as text;' \
        'fn main() i32 { text.greet(); return math.one(); }'
    write math.mini "$(fn one 1)"
    write lib/text.mini 'fn greet() { print("Hello, Ada"); }'
    settle
}

# project_of COUNT: main.mini imports m1.mini ... and each of them lowers to something big.
project_of() {
    local i
    for ((i = 1; i <= $1; i++)); do
        echo "import \"m$i.mini\" as m$i;"
    done >main.mini
    echo 'fn main() i32 { return m1.f(1); }' >>main.mini
    for ((i = 1; i <= $1; i++)); do
        awk -v i=$i 'BEGIN { print "fn f(x: i32) i32 {\n    var sum = 0;"
            for (line = 0; line < 150; line++) print "    sum = sum + x * " i * 1000 + line ";"
            print "    return sum;\n}" }' >m$i.mini
    done
    note "wrote main.mini, which imports m1.mini ... m$1.mini; each has a function of 150 lines"
    settle
}

# What was done with each file: WORD PATH. The name of the lowered form, behind it, is left out.
verdicts() { told "$files" | sed -E '/^wrong /!s/ [^ ]+$//'; }

# expect_files LINE...: WORD PATH of each file, in this order.
expect_files() {
    expect_status "${EXPECTED_STATUS:-0}"
    local expected
    expected=$(printf '%s\n' "$@")
    [ "$(verdicts)" = "$expected" ] ||
        flunk "expected, each but 'wrong' with the name of the lowered form behind it:" \
            "$(sed 's/^/    /' <<<"$expected")"
}

# Every file is cached.
expect_all_cached() {
    expect_status 0
    [ -n "$(told cached)" ] && [ -z "$(told 'lowered|wrong')" ] ||
        flunk "expected every file to be cached"
}

# Not more than COUNT files are lowered.
expect_at_most() {
    expect_status 0
    [ "$(told lowered | wc -l)" -le "$1" ] || flunk "expected at most $1 to be lowered: ${2:-}"
}

# id PATH: the name of its lowered form.
id() {
    local path
    path=$(sed 's/[][\.*^$]/\\&/g' <<<"$1")
    told 'lowered|cached' | sed -nE "s|^[a-z]+ $path ([^ ]+)\$|\\1|p"
}

# All names, one line for each file.
ids() { told 'lowered|cached' | cut -d' ' -f2-; }

# As mine, and `bytes_read` and `bytes_written` are what the program read and wrote through system
# calls, itself and the interpreter that runs it.
mine_counted() {
    local program=$CMD counts=$BATS_TEST_TMPDIR/counts
    [ -r /proc/self/io ] || skip "this system does not count what a process reads and writes"
    export COUNTS=$counts
    printf '"$@"\nstatus=$?\ncat /proc/$$/io >"$COUNTS"\nexit $status\n' >"$counts.sh"
    CMD="bash $counts.sh $CMD"
    mine "$@"
    CMD=$program
    bytes_read=$(sed -n 's/^rchar: //p' "$counts")
    bytes_written=$(sed -n 's/^wchar: //p' "$counts")
}

# The largest file that the program keeps.
largest_kept() { find .mini_cache -type f -printf '%s %p\n' | sort -n | tail -n 1 | cut -d' ' -f2-; }
