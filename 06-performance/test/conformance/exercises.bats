#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Stage 6, the exercises at the end of its README. The program that they begin with,
# exercises/start.c, gives right answers and passes none.

load ../../../01-file-change-detection/test/conformance/mine
facts='depth|names|grew'

# ladder COUNT: so many diamonds, one on top of the other. A file imports at most two.
ladder() {
    local i
    write main.mini 'import "left1.mini" as l; import "right1.mini" as r;'
    for ((i = 1; i <= $1; i++)); do
        echo "import \"top$i.mini\" as t;" | tee "left$i.mini" >"right$i.mini"
        echo "import \"left$((i + 1)).mini\" as l; import \"right$((i + 1)).mini\" as r;" >"top$i.mini"
    done
    echo "// the end" >"top$1.mini"
    note "and so on: $1 diamonds"
}

# chain FILES: behind main.mini
chain() {
    write main.mini 'import "f1.mini" as f;'
    awk -v files="$1" 'BEGIN {
        for (i = 1; i <= files; i++) {
            name = "f" i ".mini"
            print i < files ? "import \"f" i + 1 ".mini\" as f;" : "// the end" >name
            close(name)
        }
    }'
    note "and so on: a chain of $1 files behind main.mini"
}

@test "exercise 1: the longest chain of imports, in linear work" {
    ladder 3
    mine depth main.mini
    expect depth 'depth 7'
    ladder 40
    LIMIT=${LIMIT:-20} mine depth main.mini
    expect depth 'depth 81'
    chain 5000
    LIMIT=${LIMIT:-20} mine depth main.mini
    expect depth 'depth 5001'
}

# source_of NAMES REPETITIONS
source_of() {
    awk -v names="$1" -v times="$2" 'BEGIN {
        for (t = 0; t < times; t++)
            for (i = 0; i < names; i++)
                print "name" i " = " i ";"
    }'
}

# counted ARGUMENT...: as mine; `allocations` is how often it called malloc, calloc and realloc.
counted() {
    LD_PRELOAD=$BATS_TEST_TMPDIR/allocations.so FAULT_MEMORY=count mine "$@"
    allocations=$(grep -xE '[0-9]+' <<<"$complained" | head -n 1)
}

@test "exercise 2: names are counted without a malloc for each" {
    ${CC:-cc} -O1 -fPIC -shared -o "$BATS_TEST_TMPDIR/allocations.so" \
        "${BATS_TEST_DIRNAME}/../faults/allocations.c"
    source_of 100 1 >small.mini
    source_of 500 10 >large.mini
    note "small.mini has 100 names, once each; large.mini has 500, ten times each"
    counted names small.mini
    expect names 'names 100'
    local few=$allocations
    [ -n "$few" ] || flunk "its allocations cannot be counted: does it not use malloc?"
    counted names large.mini
    expect names 'names 500'
    [ "$allocations" -le $((few + 50)) ] ||
        flunk "expected at most 50 allocations more for fifty times the text: $few, then $allocations"
}

stats() {
    echo '{"status":0,"strategy":"patch","reason":"none","files_total":9,"files_hashed":1,' \
        "\"functions_emitted\":$1,\"bytes_read\":$2,\"peak_memory_bytes\":$3,\"workers\":$4," \
        "\"seconds\":{\"open\":0.00$5,\"total\":0.01$5}}" | tr -d ' '
}

@test "exercise 3: more work is reported, more time is not" {
    write old.json "$(stats 2 800 3000000 2 1)"
    write slower.json "$(stats 2 700 9000000 4 9)"
    write worse.json "$(stats 13 900 3000000 2 1)"
    mine compare old.json slower.json
    expect_status 0 "times, memory and workers are not work"
    [ -z "$(reported grew)" ] || flunk "expected no line that begins with grew"
    mine compare old.json worse.json
    expect_status 1 "it did more than before"
    [ "$(reported grew)" = $'grew functions_emitted 2 13\ngrew bytes_read 800 900' ] ||
        flunk "expected: grew functions_emitted 2 13, and grew bytes_read 800 900"
}
