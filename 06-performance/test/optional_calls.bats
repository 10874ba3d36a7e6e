#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# System calls that are not to be had everywhere: on a network file system, on a volume of another
# system, in a sandbox. Each one is taken away, in each way in which that is said, and the build is
# as with it (01-file-change-detection/base/system_calls.h).

bats_require_minimum_version 1.5.0
load ../../01-file-change-detection/test/await

setup() {
    ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    BUILD=${BUILD:-$ROOT/build}
    MINIC=${MINIC:-$BUILD/minic}
    mkdir "$BATS_TEST_TMPDIR/project" && cd "$BATS_TEST_TMPDIR/project" || return 1
    unset MINIC_VERBOSE MINIC_TARGET
    export ASAN_OPTIONS=detect_leaks=0 # looking for leaks is tracing, and strace does that already
    strace -f -qq -o /dev/null true 2>/dev/null || skip "strace may not trace here"
}

# program N: main.mini and one.mini, whose size depends on N.
program() {
    echo "fn f() i32 { return $1; }" >one.mini
    for ((i = 0; i < $1 % 3 * 40; i++)); do echo "fn g$i() i32 { return $i + f(); }"; done >>one.mini
    echo 'import "one.mini" as one; fn main() i32 { return one.f(); }' >main.mini
}

# builds_without CALL ERROR [FLAG...]: a first build, and edits for which the output grows and shrinks,
# while that call fails each time. Each output is that of a build from nothing; nothing is said.
builds_without() {
    local call=$1 error=$2 step
    shift 2
    rm -rf .mini_cache main.ll clean
    : >../injected
    for step in 1 2 3; do
        program $step
        settle
        strace -f -qq -o ../trace -e trace="$call" -e inject="$call:error=$error" \
            "$MINIC" build -q "$@" main.mini 2>../said
        cat ../trace >>../injected
        [ ! -s ../said ]
        "$MINIC" build -q main.mini --cache-dir clean -o clean.ll
        cmp main.ll clean.ll
        "$MINIC" verify main.mini
    done
}

# The same, of a call that a build makes, each time that it needs it.
is_optional() {
    builds_without "$@"
    grep -q INJECTED ../injected || { echo "$1 was not called" && return 1; }
}

@test "fallocate: sandboxes, NFS" {
    for error in EPERM ENOSYS EOPNOTSUPP EINVAL; do
        is_optional fallocate $error
    done
}

@test "a volume without modes, where every directory shows that others may write" {
    program 1
    mkdir .mini_cache && chmod 777 .mini_cache
    run "$MINIC" build -q main.mini
    [ "$status" = 3 ]
    [[ $output == *"others may write to"* ]]
    [ "$(stat -c %a .mini_cache)" = 777 ]
    for error in EPERM EOPNOTSUPP ENOSYS; do
        strace -f -qq -o ../trace -e trace=fchmod -e inject="fchmod:error=$error" \
            "$MINIC" build -q main.mini 2>../said
        grep -q INJECTED ../trace
        [ ! -s ../said ]
    done
}

@test "renameat2: kernels and file systems without an exchange of names" {
    for error in EINVAL ENOSYS EPERM; do
        is_optional renameat2 $error
    done
}

@test "flock: NFS without a lock daemon, Lustre, sandboxes" {
    for error in ENOLCK ENOSYS EOPNOTSUPP EPERM; do
        is_optional flock $error
    done
    program 4
    strace -f -qq -o ../injected -e trace=flock -e inject=flock:error=ENOSYS \
        "$MINIC" build main.mini 2>../said
    [ "$(grep -c 'minic: warning: .mini_cache: there is no flock' ../said)" = 1 ]
    run -3 strace -f -qq -o ../injected -e trace=flock -e inject=flock:error=EIO \
        "$MINIC" build -q main.mini
}

@test "what asks and says where threads run" {
    for error in ENOSYS EPERM; do
        is_optional sched_getaffinity $error
        builds_without sched_setaffinity $error -j4 # is called if threads are
    done
}

@test "getrandom: sandboxes" {
    export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state # there is no key yet
    for error in ENOSYS EPERM; do
        rm -rf "$XDG_STATE_HOME"
        is_optional getrandom $error
        [ -s "$XDG_STATE_HOME/minic/key" ]
    done
}

@test "madvise" {
    case ${SANITIZE:-} in *thread*) skip "the thread sanitizer itself cannot do without" ;; esac
    for error in EINVAL ENOSYS EPERM; do
        builds_without madvise $error # is called where large pages are
    done
}

@test "fchmod: WSL drives, CIFS, volumes of Windows" {
    for error in EPERM EOPNOTSUPP ENOSYS; do
        builds_without fchmod $error # only the lock of a new cache needs it where the modes agree
        [ -z "$(grep INJECTED ../injected | grep -v ', 0600)')" ]
        chmod 640 main.ll
        rm -rf .mini_cache
        strace -f -qq -o ../injected -e trace=fchmod -e inject=fchmod:error=$error \
            "$MINIC" build -q main.mini
        grep INJECTED ../injected | grep -qF ', 0640)'
        "$MINIC" verify main.mini
    done
    chmod 640 main.ll
    rm -rf .mini_cache
    run -3 strace -f -qq -o ../injected -e trace=fchmod -e inject=fchmod:error=EIO \
        "$MINIC" build -q main.mini
}

# ---- inode numbers -------------------------------------------------------------------------------

# FAULT_INODES of the builds from here on; see faults/inodes.c.
number_inodes() {
    case ${SANITIZE:-} in ?*) skip "nothing can be preloaded before a sanitizer" ;; esac
    "${CC:-cc}" -shared -fPIC -o "$BATS_TEST_TMPDIR/inodes.so" "$BATS_TEST_DIRNAME/faults/inodes.c" -ldl
    export FAULT_INODES=$1 shim=$BATS_TEST_TMPDIR/inodes.so
}
numbered() { LD_PRELOAD=$shim timeout 600 "$MINIC" "$@"; }

# Builds, edits, and every kind of output: each is that of a build from nothing.
builds_with_these_numbers() {
    local step
    for step in 1 2 3 3; do
        program $step
        settle
        numbered build -q main.mini
        "$MINIC" build -q main.mini --cache-dir clean -o clean.ll
        cmp main.ll clean.ll
        numbered build -q main.mini -o - >stream.ll
        cmp stream.ll clean.ll
        numbered verify main.mini
    done
    ln -f main.ll second.ll
    numbered build -q main.mini -o second.ll
    cmp second.ll clean.ll
    numbered clean
}

@test "an inode number that is another one at each look" {
    number_inodes new
    builds_with_these_numbers
}

@test "one inode number for all files" {
    number_inodes one
    builds_with_these_numbers
    program 4
    run -2 numbered build main.mini -o main.mini # and yet no source is written over
    [[ $output == *"main.mini: is a source of the program"* ]]
    ln one.mini hard.ll
    run -2 numbered build main.mini -o hard.ll
    run -2 numbered build main.mini -o .mini_cache/out.ll
    [[ $output == *"is in the cache directory"* ]]
}
