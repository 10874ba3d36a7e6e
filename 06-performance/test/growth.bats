#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What a source costs grows no faster than the source, whatever it is made of: each construct of the
# language, repeated, nested, chained or made long, is built at four sizes, each twice the last. It
# is counted how many basic blocks of code minic enters, how many bytes of memory it asks for and
# how many it writes: no clock, and so nothing that a loaded machine could change.

bats_require_minimum_version 1.5.0

# minic, compiled to count.
setup_file() {
    local root flags directory source
    root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    eval "flags=(${CPPFLAGS:-} ${CFLAGS:-})" # where a user's xxHash is
    flags+=(-O0 -std=c11 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE)
    for directory in "$root"/0?-*/ "$root"/0?-*/*/ "$root"/0?-*/*/mini/; do
        [[ $directory == */test/* ]] || flags+=(-I"$directory")
    done
    cd "$BATS_FILE_TMPDIR"
    for source in "$root"/0?-*/*.c "$root"/0?-*/*/*.c "$root"/0?-*/*/mini/*.c; do
        [[ $source == */0?-*/test/* || $source == */demo/* ]] || printf '%s\0' "$source"
    done | xargs -0 ${CC:-cc} "${flags[@]}" -fsanitize-coverage=trace-pc -c
    ${CC:-cc} "${flags[@]}" -Wl,--build-id,--wrap=malloc,--wrap=calloc,--wrap=realloc \
        -Wl,--wrap=posix_memalign -o minic ./*.o "$BATS_TEST_DIRNAME/growth/work_count.c" -lm -pthread
    ${CC:-cc} "${flags[@]}" -o grow-source "$BATS_TEST_DIRNAME"/growth/grow_*.c
}

setup() {
    cd "$BATS_FILE_TMPDIR"
    rm -rf program
    mkdir program
}

# build: builds program/main.mini; what it says is in program/said, its exit status in $status, and
# in $work: blocks entered, bytes asked for, and bytes of the output and of what was said.
build() {
    status=0
    WORK_FILE=program/work ./minic build program/main.mini -q -j 1 -o program/out.ll \
        --cache-dir program/cache >program/said 2>&1 || status=$?
    touch program/out.ll
    work=($(cat program/work) $(cat program/out.ll program/said | wc -c))
}

# is_reported VERDICT: the program is right, or refused by an error that has these words.
is_reported() {
    if [ "$1" = right ]; then
        [ "$status" = 0 ]
    else
        [ "$status" = 1 ] && grep -qE '^[^ ]+:[0-9]+:[0-9]+: error: ' program/said &&
            grep -qF -- "$1" program/said
    fi
}

# What a build costs whatever it builds is not counted: that of an empty program is taken off. What
# does not grow is let pass: a chunk of an arena, and the hundred errors that a file may have.
what=("blocks" "bytes of memory" "bytes written")
spare=(100000 8000000 32000)

# grows_with_source NAME N VERDICT: eight times the source costs at most ten times as much, and each
# doubling at most two and a half times as much. A size that is refused may cost less than the last.
grows_with_source() {
    local name=$1 n=$2 verdict=$3 times i cost first last
    for times in 1 2 4 8; do
        rm -rf program
        mkdir program
        ./grow-source "$name" $((n * times)) program
        build
        for i in 0 1 2; do
            cost=$((work[i] > base[i] ? work[i] - base[i] : 0))
            if [ $times = 1 ]; then
                first[i]=$cost
            elif [ $((cost - spare[i])) -gt $((last[i] * 5 / 2)) ] ||
                { [ $times = 8 ] && [ $((cost - spare[i])) -gt $((first[i] * 10)) ]; }; then
                echo "$name: $cost ${what[i]} at $((n * times)), ${last[i]} at half of that," \
                    "${first[i]} at $n"
                return 1
            fi
            last[i]=$cost
        done
    done
    is_reported "$verdict" && return
    echo "$name at $((n * 8)): not '$verdict', but status $status and:"
    head -n 2 program/said
    return 1
}

@test "each construct costs no more than its share of the source" {
    local name n verdict failed=0 base
    echo 'fn main() i32 { return 0; }' >program/main.mini
    build
    base=("${work[@]}")
    ./grow-source >constructs
    [ "$(wc -l <constructs)" -gt 70 ]
    while read -r name n verdict; do
        grows_with_source "$name" "$n" "$verdict" || failed=$((failed + 1))
    done <constructs
    [ $failed = 0 ]
}

@test "of a file with holes that is too large no more is read than that it is" {
    local i
    for i in 1 2 3 4 5 6; do
        printf 'import "s%d.mini" as s%d;\n' $i $i
        truncate -s 2147483646 program/s$i.mini
    done >program/main.mini
    echo 'fn main() i32 { return 0; }' >>program/main.mini
    build
    is_reported "the file is larger than 16 MiB"
    [ "$(grep -c 'larger than 16 MiB' program/said)" = 6 ]
    [ "${work[1]}" -lt 250000000 ]
}
