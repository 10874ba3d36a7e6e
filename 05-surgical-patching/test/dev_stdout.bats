#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# /dev/stdout is a link, and a program that replaces its output by a new file may replace that link
# when root runs it. So each program runs in a root directory of its own making, whose /dev it may do
# with as it likes: no other test names /dev/stdout to a program that could be wrong about it.

bats_require_minimum_version 1.5.0

setup() {
    ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null || skip "not root, or no mounts of one's own"
    cd "$BATS_TEST_TMPDIR"
    echo 'fn twice(n: i32) i32 { return n + n; }' >math.mini
    printf '%s\n' 'import "math.mini" as math;' 'fn main() i32 { return math.twice(21); }' >main.mini
    cat >in_private_dev <<-'SH'
	set -e
	mount -t tmpfs tmpfs /dev
	ln -s /proc/self/fd /dev/fd
	ln -s /proc/self/fd/1 /dev/stdout
	echo before >stream
	for name in /dev/stdout "$PWD/../../../../../../../dev/./stdout"; do
	    "$@" main.mini $name >>stream 2>facts
	done
	{ echo before; cat out out; } >expected
	cmp expected stream
	[ "$(readlink /dev/stdout)" = /proc/self/fd/1 ]
	[ "$(echo /dev/stdout*)" = /dev/stdout ]
	SH
}

appends() {
    "$@" main.mini out
    unshare -m sh in_private_dev "$@"
}

@test "stage 4 in C leaves root's /dev/stdout as it is" { appends "$BUILD/demo-04"; }

@test "stage 5 in C leaves root's /dev/stdout as it is" { appends "$BUILD/demo-05"; }

@test "stage 4 in Python leaves root's /dev/stdout as it is" {
    appends python3 "$ROOT/04-multi-level-cache/test/python/build.py"
}

@test "stage 5 in Python leaves root's /dev/stdout as it is" {
    appends python3 "$ROOT/05-surgical-patching/test/python/patch.py"
}
