# SPDX-License-Identifier: MIT
#
# What the tiers of stage 5 share: the projects and edits of stage 4, and what an output looks like.

load ../../../04-multi-level-cache/test/conformance/project

facts="unchanged|changed|removed|strategy|reason|written|section|$facts"
marker='^; ==== FILE: .*:[0-9a-f]{32} ====$'

# ---- what an output holds, found out without the program -----------------------------------------

# sections_of FILE: OFFSET SIZE HASH PATH of each section.
sections_of() {
    LC_ALL=C grep -aboE "$marker" "$1" | awk -v end="$(stat -c %s "$1")" '
        { offset[++count] = $0; sub(/:.*/, "", offset[count])
          path[count] = $0; sub(/^[0-9]*:; ==== FILE: /, "", path[count])
          sub(/:[0-9a-f]* ====$/, "", path[count])
          hash[count] = $(NF - 1); sub(/.*:/, "", hash[count]) }
        END { offset[count + 1] = end
              for (i = 1; i <= count; i++)
                  print offset[i], offset[i + 1] - offset[i], hash[i], path[i] }'
}

paths_of() { sections_of "$1" | cut -d' ' -f4-; }

# hash_of PATH [FILE]: what its marker says.
hash_of() { sections_of "${2:-out}" | awk -v path="$1" '{ at = $3; sub(/^[^ ]* [^ ]* [^ ]* /, "") } $0 == path { print at }'; }

# cut_out PATH FILE: the bytes of a section.
cut_out() {
    local offset size path
    while read -r offset size _ path; do
        [ "$path" != "$1" ] || tail -c +$((offset + 1)) "$2" | head -c "$size"
    done < <(sections_of "$2")
}

# expect_paths PATH...: these have sections, in this order, and with no marker in between.
expect_paths() {
    expect_status 0
    [ -e out ] || flunk "expected an output: out"
    note "markers in the output:" "$(paths_of out | sed 's/^/    /')"
    expect_lines "$(paths_of out)" "expected markers of these files, in this order:" "$@"
}

# inside PATH: where, in the output, the code of a section begins, and a little more.
inside() { sections_of out | awk -v path="$1" '$4 == path { print $1 + 52 + length(path) + 2 }'; }

# ---- what the program says -----------------------------------------------------------------------

# What became of each section. Lines with a colon are of functions (stage 4).
verdicts() { reported 'unchanged|changed|new|removed' | grep -v : || true; }

expect_sections() {
    expect_status 0
    expect_lines "$(verdicts)" "expected of the sections:" "$@"
}

# expect_split FILE LINE...: PATH HASH OFFSET SIZE of each section.
expect_split() {
    mine --split "$1"
    expect_status 0
    expect_lines "$(reported section | cut -d' ' -f2-)" "expected of $1, each behind the word 'section':" "${@:2}"
}

# expect_strategy STRATEGY [REASON]
expect_strategy() {
    expect_status 0
    expect_fact "strategy $1"
    [ $# = 1 ] || expect_fact "reason $2"
}

# ---- what happens to it --------------------------------------------------------------------------

# sum TERMS: an expression, so that code grows with it.
sum() { local i; echo -n 1; for ((i = 1; i < $1; i++)); do echo -n " + $i"; done; }

# For `walk`: sections grow and shrink.
grow_at_random() {
    local file terms
    file=$((RANDOM % (many + 1)))
    terms=$((1 + RANDOM % 60))
    value[$file]=$(sum $terms)
    note "m$file.mini: a body of $terms terms"
}

# A program whose sections stand one behind another in this order: first, main, middle, second.
project_in_a_row() {
    write main.mini 'import "first.mini" as a; import "middle.mini" as b; import "second.mini" as c;' \
        'fn main() i32 { return a.f() + b.f() + c.f(); }'
    write first.mini 'fn f() i32 { return 1000; }'
    write middle.mini 'fn f() i32 { return 1000; }'
    write second.mini 'fn f() i32 { return 1000; }'
    settle
}

# scribble OFFSET: over the output, keeping its size.
scribble() {
    note "did: wrote over the output at $1"
    printf 'here!' | dd of=out bs=1 seek="$1" conv=notrunc status=none
}
