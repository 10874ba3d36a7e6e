#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What a warm build asks of the system, counted: a program of 500 files and one of 2,000, the same
# edit in both, and all that differs is one stat per file. Counted are system calls, bytes read and
# written, and calls of the allocator; -j 1, for a thread more or less is no work of the build.
#
# All files but main.mini are the same, so that every record of them is as long as any other's.

bats_require_minimum_version 1.5.0
load ../../01-file-change-detection/test/await

setup_file() {
    export ASAN_OPTIONS=detect_leaks=0 # looking for leaks is tracing, and strace does that already
    cd "$BATS_FILE_TMPDIR"
    make_program small 500
    make_program large 2000
    ${CC:-cc} -O1 -fPIC -shared -o allocations.so \
        "$BATS_TEST_DIRNAME/faults/allocations.c"
}

setup() {
    cd "$BATS_FILE_TMPDIR"
}

# make_program NAME FILES: main.mini imports all others; built, and then edited once in each way,
# so that journals and spares are there.
make_program() {
    local i edit
    mkdir "$1"
    for ((i = 1; i < $2; i++)); do
        printf 'fn f(x: i32) i32 { return x + 1; }\n' >"$1/$(printf 'f%04d.mini' $i)"
        printf 'import "f%04d.mini" as f%04d;\n' $i $i
    done >"$1/main.mini"
    printf 'fn main() i32 { return f0001.f(-1); }\n' >>"$1/main.mini"
    for edit in nothing body comment touch nothing; do
        "edit_$edit" "$1"
        settle # a stamp that is as young as the build is not trusted by the next one
        build "$1" -q
    done
}

build() {
    "${BUILD:-$BATS_TEST_DIRNAME/../../build}/minic" build "$1/main.mini" -j 1 -o "$1/out.ll" "${@:2}"
}

edit_nothing() { :; }
edit_touch() { touch "$1/f0007.mini"; }
edit_comment() { edited "$1" " // "; }
edit_body() { edited "$1" ""; }

# A file comes, first of all in path order and imported by the last one; or the one that came last
# goes. Names and contents are as long as those of the others.
edit_add() {
    local number=$(($(cat "$1.added" 2>/dev/null || echo 0) + 1))
    echo $number >"$1.added"
    printf 'fn f(x: i32) i32 { return x + 1; }\n' >"$1/$(printf 'a%04d.mini' $number)"
    sed -i "1i $(printf 'import "a%04d.mini" as a%04d;' $number $number)" "$1/main.mini"
}
edit_remove() {
    [ -s "$1.added" ] && [ "$(cat "$1.added")" != 0 ] || edit_add "$1"
    local number=$(cat "$1.added")
    echo $((number - 1)) >"$1.added"
    sed -i "/$(printf 'a%04d.mini' $number)/d" "$1/main.mini"
}

# The section of the first file takes one block more than before, or one less.
edit_outgrow() {
    local lines=8
    grep -q g1 "$1/f0001.mini" && lines=0
    {
        printf 'fn f(x: i32) i32 { return x + 1; }\n'
        for ((i = 1; i <= lines; i++)); do printf 'fn g%d() i32 { return %d; }\n' $i $i; done
    } >"$1/f0001.mini"
}

# edited PROGRAM WHERE: a value that was not there before, always of the same length.
edited() {
    local number=$(($(cat "$1.number" 2>/dev/null || echo 10000) + 1))
    echo $number >"$1.number"
    printf 'fn f(x: i32) i32 { return x + 1%s + %d\n; }\n' "$2" $number >"$1/f0007.mini"
}

# traced EDIT PROGRAM: EDIT.PROGRAM.trace holds the calls of the build after the edit, paths beside
# descriptors. The loader's own are left out: a build begins with a look at the project.
traced() {
    local log=$1.$2.trace
    "edit_$1" "$2"
    settle
    build "$2" -q # what the tests before left behind
    "edit_$1" "$2"
    settle
    strace -f -qq -y -s 0 -o "$log.all" \
        "${BUILD:-$BATS_TEST_DIRNAME/../../build}/minic" build "$2/main.mini" -q -j 1 -o "$2/out.ll"
    sed -E 's/^[0-9]+ +//' "$log.all" | awk -v own="\"$2\"" 'index($0, own) { on = 1 } on' >"$log"
}

# calls TRACE: how often each call was made. Memory that is asked for is not among them: the
# allocations are counted where they are made.
calls() {
    grep -vE '^(brk|mmap\([^<]*$|munmap|mprotect|madvise|exit_group)' "$1" |
        sed -E 's/\(.*//' | sort | uniq -c
}

stats_of_sources() { grep -cE '^(newfstatat|fstatat64|statx)\(.*\.mini"' "$1"; }

# bytes NAMES TRACE: what calls of these names returned, added up.
bytes() { grep -E "^($1)\(" "$2" | sed 's/.*= //' | awk '{ sum += $1 } END { print sum + 0 }'; }

# written TRACE: the files that were written to, renamed or removed, by their last names; those of
# the state without the id of the entry (program and product) and the number of their base. A call
# that failed, such as the removal of a draft that no killed build left, did none of it.
written() {
    grep -v ' = -1 ' "$1" | sed -nE -e 's/^(write|pwrite64|writev|pwritev|ftruncate|fallocate)\([0-9]+<([^>]*)>.*/\2/p' \
        -e 's/^(rename|unlink|mkdir)[a-z0-9]*\(.*"([^"]*)".*/\2/p' |
        sed -E 's,.*/,,; s/^[0-9a-f]{16}(-[0-9a-f]{8})?\.//; s/\.[0-9]+\.journal$/.journal/' | sort -u | xargs
}

# Both programs do the same but for one stat per file.
expect_same_work() {
    local program
    for program in small large; do traced "$1" $program; done
    local small=$1.small.trace large=$1.large.trace
    [ $(($(stats_of_sources $large) - $(stats_of_sources $small))) = 1500 ]
    diff <(grep -v '\.mini", {' $small | calls /dev/stdin) \
        <(grep -v '\.mini", {' $large | calls /dev/stdin)
    [ "$(bytes 'read|pread64' $small)" = "$(bytes 'read|pread64' $large)" ]
    [ "$(bytes 'write|writev|pwrite64' $small)" = "$(bytes 'write|writev|pwrite64' $large)" ]
}

@test "nothing changed: one stat per file more, and nothing is written" {
    expect_same_work nothing
    [ "$(written nothing.large.trace)" = "" ]
    [ "$(stats_of_sources nothing.large.trace)" -le 2002 ]
}

@test "a touched file: its stamp goes into the journal, and the manifest names it" {
    expect_same_work touch
    [ "$(written touch.large.trace)" = "clock files.journal lock manifest spare" ]
}

@test "a comment: its ZIR, its records, the manifest" {
    expect_same_work comment
    [ "$(written comment.large.trace)" = \
        "clock files.journal lock manifest spare units.journal zir.index zir.pack" ]
}

@test "a body: its objects, its records, its section, the mark and the manifest" {
    expect_same_work body
    [ "$(written body.large.trace)" = "air.index air.pack clock files.journal lock manifest out.ll \
sections.journal spare units.journal unsettled zir.index zir.pack" ]
    [ "$(bytes 'write|writev|pwrite64' body.large.trace)" -lt 8192 ]
}

# Every source is asked for its stamp once, whatever the edit; and of what grows with the program,
# only the bytes that move and the lists of numbers do.
expect_one_stat_per_source() {
    local program small large
    for program in small large; do traced "$1" $program; done
    small=$(stats_of_sources "$1.small.trace") large=$(stats_of_sources "$1.large.trace")
    echo "$1: $small and $large stats"
    [ $((large - small)) = 1500 ]
    [ "$large" -le 2006 ]
    # 256 of them are the section that moves, the rest what the tables say of a file.
    small=$(bytes 'write|writev|pwrite64' "$1.small.trace")
    large=$(bytes 'write|writev|pwrite64' "$1.large.trace")
    echo "$1: $small and $large bytes written"
    [ $((large - small)) -lt $((1500 * 600)) ]
}

@test "a file that comes: one stat per source, and the output is patched" {
    expect_one_stat_per_source add
    run ! grep -q '"[^"]*\.output-[^"]*", O_RDWR|O_CREAT' add.large.trace
    [[ $(written add.large.trace) == *out.ll* ]]
}

@test "a file that goes: one stat per source, and the output is patched" {
    edit_add small && edit_add small && edit_add large && edit_add large
    expect_one_stat_per_source remove
    run ! grep -q '"[^"]*\.output-[^"]*", O_RDWR|O_CREAT' remove.large.trace
}

@test "a section that outgrows its place: one stat per source, and the rest moves" {
    expect_one_stat_per_source outgrow
    [ "$(bytes 'pwrite64' outgrow.large.trace)" -gt $((1998 * 256)) ] # nearly all moved
    run ! grep -q '"[^"]*\.output-[^"]*", O_RDWR|O_CREAT' outgrow.large.trace
}

@test "state is mapped: a base is never read, and a pack only where it is needed" {
    traced body large
    run ! grep -E '^(read|pread64)\([0-9]+<[^>]*\.(files|units|sections)\.[0-9]+>' body.large.trace
    [ "$(bytes 'read|pread64' body.large.trace)" -lt 16384 ]
}

allocations() {
    LD_PRELOAD=$PWD/allocations.so FAULT_MEMORY=count build "$1" -q 2>&1
}

@test "the allocator is not called more often for more files" {
    case ${SANITIZE:-} in *address* | *thread*) skip "the sanitizer has an allocator of its own" ;; esac
    local edit
    for edit in nothing touch comment body; do
        for program in small large; do
            "edit_$edit" $program
            settle
            allocations $program >$program.allocations
        done
        diff small.allocations large.allocations
        [ "$(cat large.allocations)" -gt 10 ]
    done
}

# cold_allocations FUNCTIONS: of a cold build of 100 files with so many functions each.
cold_allocations() {
    "${BUILD:-$BATS_TEST_DIRNAME/../../build}/generate-corpus" "cold$1" --files 100 --functions "$1"
    LD_PRELOAD=$PWD/allocations.so FAULT_MEMORY=count build "cold$1" -q 2>&1
}

@test "ten times the functions in as many files: not twice the calls of the allocator" {
    case ${SANITIZE:-} in *address* | *thread*) skip "the sanitizer has an allocator of its own" ;; esac
    local few many
    few=$(cold_allocations 3)
    many=$(cold_allocations 30)
    echo "$few $many"
    [ "$few" -gt 100 ]
    [ "$many" -lt $((few * 2)) ]
}
