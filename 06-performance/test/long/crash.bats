#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Every disk that a power cut may leave (../crash/crash.py), where make test-faults tries some.

@test "a build after any power cut is right, and leaves nothing over" {
    export BUILD=${BUILD:-$BATS_TEST_DIRNAME/../../../build} CRASH_DISKS=0 CASE=
    disks=$BATS_TEST_TMPDIR/disks
    "$BATS_TEST_DIRNAME/../faults/crash" >"$disks" || { cat "$disks"; false; }
    ! grep -q '# SKIP' "$disks" || skip "$(sed -n 's/.*# SKIP //p' "$disks")"
}
