#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Stage 1, what few programs get right.

load mine
load project

@test "1.2 two saves within one tick of the clock are both seen" {
    write main.mini 'import "text.mini" as text;'
    two_saves_in_one_tick 'const name: str = "Ada";' 'const name: str = "Eve";' main.mini
    expect changed 'changed text.mini'
}

# The clock stands still, but what was looked at, and then written again, has a stamp of its own
# within the tick.
@test "1.2 where a second write has a fine stamp, one look is enough" {
    settle
    since=$(now_of_files)
    write main.mini '// one'
    settle
    export COARSE_STAMPS=$since: FINE_IF_SEEN=1
    preloading coarse-stamps
    [ "$(stat -c %.9Y main.mini)" = "$since" ] || skip "programs cannot be preloaded here"
    note "the clock stands still, but for files that were looked at and are written again"
    mine main.mini
    expect read 'read 1'
    mine main.mini
    expect read 'read 0'
}

# The sources seem to be on a disk whose clock ticks in whole seconds and stands still; .mini_cache
# does not. Both have one device number, as on merged disks.
on_a_coarser_disk() {
    OTHER_DISK_TICKS=$(now_of_files)
    write main.mini 'import "text.mini" as text;'
    write text.mini 'const name: str = "Ada";'
    settle
    export OTHER_DISK=.mini OTHER_DISK_TICKS
    preloading other-disk
    [[ $(stat -c %.9Y text.mini) == *.000000000 ]] || skip "programs cannot be preloaded here"
    note "the clock of the sources ticks in whole seconds, that of .mini_cache does not"
}

@test "1.2 two saves within one second of a coarser disk are both seen" {
    on_a_coarser_disk
    mine main.mini
    write text.mini 'const name: str = "Eve";'
    mine main.mini
    expect changed 'changed text.mini'
}

@test "1.2 what was seen for 3 seconds is read once more" {
    on_a_coarser_disk
    now=$(date +%s)
    setting WALL_CLOCK "$now.0"
    mine main.mini
    write text.mini 'const name: str = "Eve";'
    settle
    setting WALL_CLOCK "$((now + 4)).0"
    mine main.mini
    expect changed 'changed text.mini'
    mine main.mini
    expect read 'read 0'
}

@test "1.2 an edit behind a symbolic link is seen" {
    write main.mini 'import "link.mini" as link;'
    write ../real.mini '// Ada'
    doing ln -s ../real.mini link.mini
    settle
    mine main.mini
    settle
    write ../real.mini '// Eve'
    mine main.mini
    expect "$files" 'changed link.mini' 'unchanged main.mini'
}

@test "1.2 a symbolic link that leads to another file is seen" {
    write main.mini 'import "link.mini" as link;'
    write one '// Ada'
    write other '// Eve'
    doing touch -r one other
    doing ln -s one link.mini
    settle
    mine main.mini
    settle
    doing ln -sfn other link.mini
    mine main.mini
    expect "$files" 'changed link.mini' 'unchanged main.mini'
}

@test "1.2 a file that is named like a source and is none does not hang" {
    write main.mini 'import "pipe.mini" as pipe;'
    mkfifo pipe.mini
    PATIENCE=60 mine main.mini
    [ "$status" != 0 ] || flunk "expected an error"
}

@test "1.3 no word of a file outside of the project is reported" {
    write main.mini 'import "link.mini" as link;'
    write ../real.mini 'import "s3cret" as s;'
    doing ln -s ../real.mini link.mini
    mine main.mini
    expect_error link.mini:1:8
    expect_unsaid s3cret
}

@test "1.3 a chain of 10,000 imports" {
    seq 1 10000 | awk '{ print "import \"" $1 + 1 ".mini\" as next;" >$1 ".mini"; close($1 ".mini") }'
    echo '// the last one' >10001.mini
    note "wrote 1.mini ... 10001.mini: each imports the next"
    mine 1.mini
    expect_status 0
    [ "$(reported added | wc -l)" = 10001 ] || flunk "expected 10001 files to be added"
}

@test "1.3 a ladder of 40 diamonds ends" {
    for ((i = 0; i < 40; i++)); do
        echo "import \"l$i.mini\" as l; import \"r$i.mini\" as r;" >"$([ $i = 0 ] && echo main || echo "m$i").mini"
        echo "import \"m$((i + 1)).mini\" as m;" | tee "l$i.mini" >"r$i.mini"
    done
    echo '// the bottom' >m40.mini
    note "wrote main.mini, and 40 times: two files that import the same third one"
    LIMIT=20 mine main.mini
    expect_status 0
    [ "$(reported added | wc -l)" = 121 ] || flunk "expected 121 files to be added"
}

@test "1.3 names with spaces, quotes in UTF-8, and dots" {
    write main.mini 'import "a b.mini" as a;' 'import "größe„x“.mini" as b;' 'import "..c.mini" as c;'
    write 'a b.mini' '// 1'
    write 'größe„x“.mini' '// 2'
    write '..c.mini' '// 3'
    mine main.mini
    expect "$files" 'added ..c.mini' 'added a b.mini' 'added größe„x“.mini' 'added main.mini'
}

# U+FF5E is less than U+1F600, and so are their bytes. UTF-16 writes the second with D83D first.
@test "1.3 byte order is the order of UTF-8, and not that of UTF-16" {
    write main.mini 'import "😀.mini" as a;' 'import "～.mini" as b;' 'import "z.mini" as c;'
    for name in 😀 ～ z; do write $name.mini "// $name"; done
    mine main.mini
    expect "$files" 'added main.mini' 'added z.mini' 'added ～.mini' 'added 😀.mini'
}

@test "1.3 CR alone ends no line" {
    printf '// one line\rimport "nowhere.mini" as a;\nimport "b.mini"\ras b;' >main.mini
    note "wrote main.mini, with CR in its comment:" "$(sed 's/^/    /' main.mini)"
    write b.mini '// b'
    mine main.mini
    expect "$files" 'added b.mini' 'added main.mini'
    printf '// one line\r// still\n\r\rimport "nowhere.mini" as a;\n' >main.mini
    note "wrote main.mini: line 2 begins with two CR"
    mine main.mini
    expect_error main.mini:2:10
}

@test "1.4 any byte of the state may be wrong" {
    write main.mini 'import "text.mini" as text;'
    write text.mini '// Ada'
    settle
    mine main.mini
    right=$(word combined)
    after_flip() {
        mine main.mini
        expect_status 0 "a damaged cache is a cold start, not an error"
        same "combined" "$right" "$(word combined)"
        [ -z "$(reported changed)" ] || flunk "nothing changed"
    }
    flip_through 24
}

@test "1.4 a cache that cannot be written is a message, not a crash" {
    write main.mini '// one'
    doing touch .mini_cache
    mine main.mini
    expect_failure 3 ".mini_cache is a file"
}

@test "1.4 a run that is killed leaves a state that can be loaded" {
    write main.mini 'import "text.mini" as text;'
    for delay in 0.001 0.005 0.01 0.02 0.03 0.05 0.08; do
        write text.mini "// $delay"
        mine_killed $delay main.mini
        write text.mini "// after $delay"
        settle
        mine main.mini
        expect_seen text.mini
    done
}
