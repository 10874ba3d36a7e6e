# SPDX-License-Identifier: MIT
#
# A project on a disk that other_disk.c of stage 1 makes up: $shim is to be preloaded into $MINIC.
# `load` it after `await`.

# In setup: an empty project is the working directory, and no variable bends anything.
open_project() {
    case ${SANITIZE:-} in ?*) skip "nothing can be preloaded before a sanitizer" ;; esac
    ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    MINIC=${MINIC:-${BUILD:-$ROOT/build}/minic}
    shim=$BATS_TEST_TMPDIR/other-disk.so # whose path has no space: that would end it
    cp "${BUILD:-$ROOT/build}/other-disk.so" "$shim"
    mkdir "$BATS_TEST_TMPDIR/project" && cd "$BATS_TEST_TMPDIR/project" || return 1
    unset MINIC_VERBOSE MINIC_TARGET MINIC_TRUST_CACHE
    unset OTHER_DISK{,_TICKS,_SHIFT,_DEVICE,_NO_CTIME} MOUNT_ID WALL_CLOCK
    export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
}
