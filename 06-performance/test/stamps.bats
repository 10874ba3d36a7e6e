#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Which stamps a build believes, and when (stage 1, lesson 1.2): how many files it reads, on file
# systems of every kind. They are made up by other_disk.c of stage 1, and so is the wall clock: no test
# waits, and none is in a hurry.
#
# A stamp that is not believed at once costs a read in each build until one has found it more than
# 3 s after it was first seen, and none from then on.

bats_require_minimum_version 1.5.0
load ../../01-file-change-detection/test/await
load called_minic
load other_disk

FILES=5
LOCAL=0xef53 FUSE=0x65735546 # what statfs says of ext4, and of FUSE

setup() {
    open_project
    export FILE_SYSTEM_TYPE=$LOCAL
    began=$(date +%s)
    local i
    first=$(now_of_files)
    for ((i = 1; i < FILES; i++)); do
        save f$i.mini 10
        echo "import \"f$i.mini\" as f$i;"
    done >main.mini
    echo 'fn main() i32 { return f1.f() + f2.f() + f3.f() + f4.f(); }' >>main.mini
    settle
}

# save FILE NUMBER: of two digits, so that all versions are of one size. The inode stays.
save() { echo "fn f() i32 { return $2; }" >"$1"; }

# The stamp of a file that is written now: SECONDS.NANOSECONDS
now_of_files() {
    : >"$BATS_TEST_TMPDIR/now"
    stat -c %.9Y "$BATS_TEST_TMPDIR/now"
    rm "$BATS_TEST_TMPDIR/now"
}

# The sources are on a disk whose clock ticks when the test says so, and stands still until then.
# By the first tick they are all written.
other_disk() { export OTHER_DISK=.mini OTHER_DISK_TICKS=$first OTHER_DISK_SHIFT=$1; }
tick() {
    settle
    OTHER_DISK_TICKS+=" $(now_of_files)"
    settle
}

have_mtime() { touch -d "$1" ./*.mini; }

# at SECONDS: the wall clock of the builds from here on, after the test began.
at() {
    case $1 in *.*) local rest=${1#*.}00000000 ;; *) local rest=000000000 ;; esac
    export WALL_CLOCK=$((began + ${1%.*})).$rest
}

# reads NUMBER [FLAG...]: a build that reads so many files, and whose output is that of a new cache.
reads() {
    local stats
    stats=$(LD_PRELOAD=$shim "$MINIC" build main.mini --stats=json "${@:2}" 2>../said)
    echo "at ${WALL_CLOCK:-now}: $(jq -c '[.files_total, .files_stat, .files_hashed, .files_changed]' <<<"$stats")"
    [ "$(jq .files_hashed <<<"$stats")" = "$1" ] || { echo "and not $1 files read" && return 1; }
    is_right
}

is_right() {
    rm -rf ../clean
    (unset LD_PRELOAD && "$MINIC" build -q main.mini --cache-dir ../clean -o ../clean.ll)
    cmp main.ll ../clean.ll || { echo "the output is not that of the sources" && return 1; }
}

# A second save within the tick of the first, before and after a build has seen that.
is_seen_within_the_tick() {
    at 0
    reads $FILES
    save f1.mini 11
    "$@"
    at 1
    reads $FILES
    save f2.mini 12
    "$@"
    at 3.5
    reads $FILES
    reads 0
}

# How many reads it costs that stamps are not believed at once.
costs_a_second_look() {
    at 0
    reads $FILES
    reads $FILES
    at 2.9
    reads $FILES
    at 3.1
    reads $FILES # found more than 3 s after it was first seen
    reads 0
    at 20
    reads 0
    tick
    save f3.mini 13
    "$@"
    reads 1
    at 24
    reads 1
    reads 0
    tick
    save f4.mini 14
    "$@"
    at 40
    reads 1
    at 42
    reads 1 # not yet
    at 44
    reads 1
    reads 0
}

# Neither is a stamp that a build sees first while others grow old.
is_not_late_for_one() {
    at 0
    reads $FILES
    tick
    save f1.mini 15
    at 4
    reads $FILES
    at 5
    reads 1
    at 8
    reads 1
    reads 0
}

# ---- a local disk --------------------------------------------------------------------------------

costs_one_read() {
    reads $FILES
    reads 0
    save f1.mini 11
    settle
    reads 1
    reads 0
    run -1 grep ctime ../said
}

@test "a local disk: an edit costs one read, and a build of nothing new none" {
    costs_one_read
}

@test "the kinds of file systems that are known to be local" {
    # xfs, btrfs, f2fs, tmpfs, overlay, zfs, bcachefs
    for FILE_SYSTEM_TYPE in 0x58465342 0x9123683e 0xf2f52010 0x1021994 0x794c7630 0x2fc12fc1 0xca451a4e; do
        rm -rf .mini_cache
        costs_one_read
    done
}

@test "all other kinds are read once more" {
    # NFS, SMB, CIFS, 9p, Ceph, AFS, Lustre, vboxsf, vfat, exfat, ntfs3, ntfs, and none that there is
    for FILE_SYSTEM_TYPE in 0x6969 0xfe534d42 0xff534d42 0x1021997 0xc36400 0x5346414f 0xbd00bd0 \
        0x786f4256 0x4d44 0x2011bab0 0x7366746e 0x5346544e 0x12345; do
        rm -rf .mini_cache
        at 100
        reads $FILES
        reads $FILES
        at 104
        reads $FILES
        reads 0
    done
}

# ---- one device number, and stamps in whole seconds ----------------------------------------------

@test "coarse stamps under the device number of the cache: saves within a tick are seen" {
    other_disk -60
    is_seen_within_the_tick
}

@test "coarse stamps under the device number of the cache: reads" {
    other_disk -60
    costs_a_second_look
}

@test "coarse stamps under the device number of the cache: one file is younger" {
    other_disk -60
    is_not_late_for_one
}

@test "coarse stamps under the device number of the cache, and an mtime that a program has set" {
    other_disk -60
    have_mtime @1000000000
    is_seen_within_the_tick have_mtime @1000000000
}

@test "a disk of coarse stamps that holds the cache, too" {
    export OTHER_DISK= OTHER_DISK_TICKS=$first OTHER_DISK_SHIFT=0
    is_seen_within_the_tick
}

@test "a disk of coarse stamps that holds the cache, too: a tick later they are believed at once" {
    export OTHER_DISK= OTHER_DISK_TICKS=$first OTHER_DISK_SHIFT=0
    at 100
    tick
    reads $FILES
    reads 0
    save f1.mini 11
    tick
    reads 1
    reads 0
}

# ---- another device ------------------------------------------------------------------------------

@test "another device: saves within a tick are seen" {
    other_disk -60.250000000
    export OTHER_DISK_DEVICE=99
    is_seen_within_the_tick
}

@test "another device: reads" {
    other_disk -60.250000000
    export OTHER_DISK_DEVICE=99
    costs_a_second_look
}

@test "another device: one file is younger" {
    other_disk -60.250000000
    export OTHER_DISK_DEVICE=99
    is_not_late_for_one
}

@test "a server whose clock is 10 s behind: saves within a tick are seen" {
    other_disk -10.250000000
    export OTHER_DISK_DEVICE=99
    is_seen_within_the_tick
}

@test "a server whose clock is 10 s behind: reads" {
    other_disk -10.250000000
    export OTHER_DISK_DEVICE=99
    costs_a_second_look
}

@test "a server whose clock is 10 s ahead: saves within a tick are seen" {
    other_disk 10.250000000
    export OTHER_DISK_DEVICE=99
    is_seen_within_the_tick
}

@test "a server whose clock is 10 s ahead: reads" {
    other_disk 10.250000000
    export OTHER_DISK_DEVICE=99
    costs_a_second_look
}

# ---- FUSE ----------------------------------------------------------------------------------------

@test "FUSE under the cache: saves within a tick are seen" {
    other_disk -60.250000000
    FILE_SYSTEM_TYPE=$FUSE
    is_seen_within_the_tick
}

@test "FUSE under the cache: reads" {
    other_disk -60.250000000
    FILE_SYSTEM_TYPE=$FUSE
    costs_a_second_look
}

@test "FUSE under the cache, and the server's clock 10 s ahead of it, or behind" {
    FILE_SYSTEM_TYPE=$FUSE
    for shift in -10.250000000 10.250000000; do
        rm -rf .mini_cache
        other_disk $shift
        is_seen_within_the_tick
    done
}

# ---- times that a program has set ----------------------------------------------------------------

@test "an mtime of zero: saves within a tick are seen" {
    other_disk -60.250000000
    have_mtime @0
    is_seen_within_the_tick have_mtime @0
}

@test "an mtime of zero: reads" {
    other_disk -60.250000000
    have_mtime @0
    at 0
    reads $FILES
    reads $FILES
    at 3.1
    reads $FILES
    reads 0
    tick
    save f1.mini 11
    touch -d @0 f1.mini
    reads 1
    at 7
    reads 1
    reads 0
}

@test "an mtime in the future: saves within a tick are seen" {
    other_disk -60.250000000
    have_mtime @$((began + 100000))
    is_seen_within_the_tick have_mtime @$((began + 100000))
}

@test "an mtime in the future: reads" {
    other_disk -60.250000000
    have_mtime @$((began + 100000))
    at 0
    reads $FILES
    reads $FILES
    at 3.1
    reads $FILES
    reads 0
    tick
    save f1.mini 11
    touch -d @$((began + 100000)) f1.mini
    reads 1
    at 7
    reads 1
    reads 0
}

# ---- the wall clock ------------------------------------------------------------------------------

@test "a wall clock that is set back before a stamp was first seen: that is seen first now" {
    other_disk -60.250000000
    export OTHER_DISK_DEVICE=99
    at 100
    reads $FILES
    at 50
    reads $FILES
    save f1.mini 11
    at 52
    reads $FILES
    at 53.1
    reads $FILES
    reads 0
    at 200
    reads 0
}

@test "a local disk asks no wall clock how old a stamp is" {
    at 100
    reads $FILES
    reads 0
    at 90
    reads 0
    save f1.mini 11
    settle
    reads 1
    reads 0
}

# ---- no ctime ------------------------------------------------------------------------------------

no_ctime() { export OTHER_DISK= OTHER_DISK_NO_CTIME=1 FILE_SYSTEM_TYPE=$FUSE; }
warnings() { grep -c 'keeps no ctime.*--paranoid\|--paranoid.*keeps no ctime' ../said; }

@test "a disk without ctime: an edit whose mtime is restored is seen by --paranoid alone, and that is said once" {
    no_ctime
    at 100
    reads $FILES
    [ "$(warnings)" = 1 ]
    reads $FILES
    [ "$(warnings)" = 0 ]
    at 104
    reads $FILES
    [ "$(warnings)" = 0 ]
    reads 0
    cp main.ll before.ll
    touch -r f1.mini mtime
    save f1.mini 11
    touch -r mtime f1.mini
    LD_PRELOAD=$shim "$MINIC" build main.mini 2>../said
    cmp main.ll before.ll
    [ "$(warnings)" = 0 ]
    reads $FILES --paranoid
    [ "$(warnings)" = 0 ]
    run -1 cmp main.ll before.ll
    LD_PRELOAD=$shim "$MINIC" build main.mini --cache-dir second 2>../said
    [ "$(warnings)" = 1 ]
}

@test "a disk without ctime: doctor says it, too" {
    no_ctime
    LD_PRELOAD=$shim "$MINIC" doctor . >../said || [ $? = 1 ] # a defect
    cat ../said
    [ "$(tr '\n' ' ' <../said | grep -c 'keeps no ctime')" = 1 ]
    grep -q -e --paranoid ../said
    unset OTHER_DISK OTHER_DISK_NO_CTIME
    LD_PRELOAD=$shim "$MINIC" doctor . >../said
    run -1 grep 'keeps no ctime' ../said
}

@test "a FUSE disk with ctime: an edit whose mtime is restored is seen, and nothing is said" {
    FILE_SYSTEM_TYPE=$FUSE
    at 100
    reads $FILES
    run -1 grep ctime ../said
    at 104
    reads $FILES
    reads 0
    touch -r f1.mini mtime
    save f1.mini 11
    touch -r mtime f1.mini
    reads 1
}

# ---- another image in the place of one -----------------------------------------------------------

# Believed: all sources, seen under mount 1000.
believed() {
    export OTHER_DISK_DEVICE=99 MOUNT_ID=1000
    at 0
    reads $FILES
    at 4
    reads $FILES
    reads 0
}

@test "times that say nothing: another mount with the same stamps is seen" {
    other_disk -60
    believed
    save f1.mini 11
    MOUNT_ID=1001
    reads $FILES
    at 8
    reads $FILES
    reads 0
    save f1.mini 12
    MOUNT_ID=1002
    at 100
    reads $FILES
}

@test "times that say something: another mount costs no read" {
    other_disk -60.250000000
    believed
    MOUNT_ID=1001
    reads 0
    at 100
    reads 0
}

@test "an mtime in whole seconds and a fine ctime: another mount costs no read" {
    other_disk -60.250000000
    have_mtime @1000000000.25
    believed
    MOUNT_ID=1001
    reads 0
}

@test "an mtime and a ctime in whole seconds that differ: another mount costs no read" {
    other_disk -60
    have_mtime @1000000000
    believed
    MOUNT_ID=1001
    reads 0
}

@test "a local disk: another mount costs no read" {
    MOUNT_ID=1000
    export MOUNT_ID
    reads $FILES
    MOUNT_ID=1001
    reads 0
}
