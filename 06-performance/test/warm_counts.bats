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
# the state without the id of the entry and the number of their base. A call that failed, such as
# the removal of a draft that no killed build left, did none of it.
written() {
    grep -v ' = -1 ' "$1" | sed -nE -e 's/^(write|pwrite64|writev|pwritev|ftruncate|fallocate)\([0-9]+<([^>]*)>.*/\2/p' \
        -e 's/^(rename|unlink|mkdir)[a-z0-9]*\(.*"([^"]*)".*/\2/p' |
        sed -E 's,.*/,,; s/^[0-9a-f]{16}\.//; s/\.[0-9]+\.journal$/.journal/' | sort -u | xargs
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
