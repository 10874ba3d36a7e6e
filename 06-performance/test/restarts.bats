#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A restart of the system, which may come with a power cut: what was written last may be on the disk
# or not, and no stamp says which. A preloaded library (other_disk.c of stage 1) names the run of
# the system, or hides that there is a name.

bats_require_minimum_version 1.5.0
load ../../01-file-change-detection/test/await
load called_minic
load other_disk

FILES=3

setup() {
    open_project
    export BOOT_ID=../run # of the system
    echo first >../run
    echo 'fn one() i32 { return 10; }' >one.mini
    echo 'fn two() i32 { return 20; }' >two.mini
    echo 'import "one.mini" as one; import "two.mini" as two;' >main.mini
    echo 'fn main() i32 { return one.one() + two.two(); }' >>main.mini
    settle
}

minic_here() { LD_PRELOAD=$shim "$MINIC" "$@"; }

# reads NUMBER STRATEGY: a build that reads so many files, and does so much to the output, which is
# then that of a new cache.
reads() {
    local stats
    stats=$(minic_here build main.mini --stats=json)
    [ "$(jq -r '"\(.files_hashed) \(.strategy)"' <<<"$stats")" = "$1 $2" ] ||
        { printf '%s\n' "not $1 $2:" "$stats" && return 1; }
    rm -rf ../clean
    "$MINIC" build -q main.mini --cache-dir ../clean -o ../clean.ll
    cmp main.ll ../clean.ll
    minic_here verify main.mini
}

# A page of the output did not reach the disk, and the stamp did. A disk without ctime shows no
# later write to this test either.
lose_a_write() {
    export OTHER_DISK=.ll OTHER_DISK_NO_CTIME=1
    minic_here build -q main.mini
    settle
    minic_here build -q main.mini
    touch -r main.ll mtime
    printf 'lost' | dd of=main.ll bs=1 seek=700 conv=notrunc status=none
    touch -r mtime main.ll
    rm mtime
}

# The files of the cache as they are; the clock is one that a build writes in order to look at it.
cache() { stat -c '%n %s %.Y %.Z' .mini_cache/* | grep -v /clock; }

@test "after a restart all sources are read, once" {
    reads $FILES full
    settle
    reads 0 up-to-date
    echo second >../run
    reads $FILES up-to-date
    reads 0 up-to-date
}

@test "a lost write in the output is found after a restart" {
    lose_a_write
    minic_here build -q main.mini
    grep -q lost main.ll # in the same run of the system, the stamp is proof
    echo second >../run
    reads $FILES patch
}

@test "a lost write in the output is found where nothing names the run of the system" {
    rm ../run
    lose_a_write
    reads $FILES patch
    lose_a_write
    echo first >../run # it had no name when the output was written
    reads $FILES patch
}

@test "where nothing names the run of the system, nothing changed still writes nothing" {
    rm ../run
    reads $FILES full
    settle
    reads $FILES up-to-date # and records stamps that are old enough now
    cache >../before
    for i in 1 2; do
        reads $FILES up-to-date
        cache | diff ../before -
    done
    echo 'fn one() i32 { return 11; }' >one.mini
    reads $FILES patch
}

# tear PACK: a byte of its first object.
tear() { printf x | dd of=".mini_cache/$1.pack" bs=1 seek=70 conv=notrunc status=none; }

@test "torn objects and a lost table are made again after a restart, though nothing changed" {
    reads $FILES full
    settle
    for pack in zir air; do
        tear $pack
        minic_here build -q main.mini
        run -1 minic_here verify main.mini # in the same run of the system, nobody looks
        date +%N >../run
        minic_here build -q main.mini
        minic_here verify main.mini
        reads 0 up-to-date
    done
    rm .mini_cache/*.units.*
    minic_here build -q main.mini
    run -1 minic_here verify main.mini
    echo another >../run
    minic_here build -q main.mini
    minic_here verify main.mini
    reads 0 up-to-date
}

@test "an index that a killed compaction removed is written again, though nothing changed" {
    reads $FILES full
    settle
    reads 0 up-to-date
    rm .mini_cache/zir.index .mini_cache/air.index
    echo 'at work' >.mini_cache/lock
    minic_here build -q main.mini
    minic_here verify main.mini
}

@test "torn objects are made again where nothing names the run of the system" {
    rm ../run
    reads $FILES full
    settle
    for pack in zir air; do
        tear $pack
        minic_here build -q main.mini
        minic_here verify main.mini
    done
    reads $FILES up-to-date
    cache >../before
    reads $FILES up-to-date
    cache | diff ../before -
}

@test "doctor says what it costs" {
    minic_here doctor | grep 'restart  of the system is noticed: yes'
    rm ../run
    minic_here doctor >../said
    grep 'restart  of the system is noticed: no' ../said
    grep 'reads all sources, checks the caches and compares the output' ../said
    minic_here doctor --json | grep '"knows_restarts":false'
}
