#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Stage 5, what makes it worth while and what makes it robust: one section is written, and an output
# that somebody else had in hand is put right.

load ../../../01-file-change-detection/test/conformance/mine
load project

inode_of() { stat -c %i "$1"; }

# Says whether the bytes of the output lie where they lay: the same file was written into.
expect_same_file() {
    [ "$(inode_of out)" = "$1" ] || flunk "expected that the output is written into, and it was replaced"
}

# expect_in_place WHAT FILE...: main.mini calls f of these files from now on, and of no others. The
# output is that of a clean build, in the same file ($inode).
expect_in_place() {
    local file imports='' calls=0
    note "$1"
    for file in "${@:2}"; do
        [ -e "$file.mini" ] || write "$file.mini" 'fn f() i32 { return 1000; }'
        imports+="import \"$file.mini\" as of_$file; " calls+=" + of_$file.f()"
    done
    write main.mini "$imports" "fn main() i32 { return $calls; }"
    settle
    mine main.mini out
    expect_strategy patch none
    expect_same_file "$inode"
    expect_clean
}

# ---- markers -------------------------------------------------------------------------------------

@test "5.1 a name of any letters is escaped in its marker, and comes back" {
    write main.mini 'import "a b.mini" as a; import "c:d.mini" as b; import "é.mini" as c; import "z.mini" as d;' \
        'import "😀.mini" as e; import "～.mini" as f;' \
        'fn main() i32 { return a.f() + b.f() + c.f() + d.f() + e.f() + f.f(); }'
    for name in 'a b.mini' 'c:d.mini' 'é.mini' z.mini 😀.mini ～.mini; do
        write "$name" 'fn f() i32 { return 1; }'
    done
    settle
    mine main.mini out
    # In byte order of the paths themselves: é begins with the byte C3, behind every letter; and 😀
    # comes last, which UTF-16 would put before ～.
    expect_paths 'a b.mini' 'c\3Ad.mini' main.mini z.mini '\C3\A9.mini' '\EF\BD\9E.mini' '\F0\9F\98\80.mini'
    expect_sections 'new a b.mini' 'new c\3Ad.mini' 'new main.mini' 'new z.mini' 'new \C3\A9.mini' \
        'new \EF\BD\9E.mini' 'new \F0\9F\98\80.mini'
    settle
    write é.mini 'fn f() i32 { return 2; }'
    mine main.mini out
    expect_fact 'changed \\C3\\A9.mini'
    expect_clean
}

@test "5.2 a marker that nobody would have written so is none" {
    hash=0123456789abcdef0123456789abcdef
    write any "; ==== FILE: a\\41:$hash ====" "; ==== FILE: a\\3a:$hash ====" "; ==== FILE: a:b:$hash ====" \
        "; ==== FILE: a\\:$hash ====" "; ==== FILE: a\\3:$hash ====" "; ==== FILE: a\\XY:$hash ====" \
        "; ==== FILE: é:$hash ====" "; ==== FILE: a"$'\t'":$hash ====" "; ==== FILE: a"$'\177'":$hash ====" \
        "; ==== FILE: a\\C3\\A9\\5C\\3A\\0A:$hash ===="
    expect_split any "a\\C3\\A9\\5C\\3A\\0A $hash $(($(stat -c %s any) - 68)) 68"
}

# ---- what is written -----------------------------------------------------------------------------

@test "5.4 an edit that fits is written into its place" {
    project_in_a_row
    mine main.mini out
    inode=$(inode_of out)
    edit middle.mini 's/1000/2000/'
    mine main.mini out
    expect_strategy patch none
    expect_same_file "$inode"
    size=$(sections_of out | awk '$4 == "middle.mini" { print $2 }')
    [ "$(word written)" -le "$size" ] || flunk "expected at most $size bytes to be written: the section of middle.mini"
    expect_clean
}

@test "5.4 of a large output only a part is written" {
    project_of 60 100
    mine main.mini out
    expect_status 0
    size=$(stat -c %s out)
    edit m30.mini 's/30001/39991/'
    mine_counted main.mini out
    expect_clean
    [ "$bytes_written" -lt $((size / 2)) ] ||
        flunk "expected fewer than $((size / 2)) bytes to be written, to the output and all else: it was $bytes_written"
    [ "$(word written)" -le "$bytes_written" ] || flunk "it wrote $bytes_written bytes, and said otherwise"
}

@test "5.4 what grows moves what comes after it, in the file that is there" {
    project_in_a_row
    mine main.mini out
    inode=$(inode_of out)
    for terms in 100 1 30 2; do
        edit middle.mini "s/return .*;/return $(sum $terms);/"
        mine main.mini out
        expect_strategy patch none
        expect_same_file "$inode"
        expect_clean
    done
}

@test "5.4 a file that comes or goes moves what comes after it, in the file that is there" {
    project_in_a_row
    mine main.mini out
    inode=$(inode_of out)
    expect_in_place 'first.mini is gone' middle second
    expect_in_place 'a.mini comes, at the front' a middle second
    expect_in_place 'more.mini comes, in the middle' a middle more second
    expect_in_place 'z.mini comes, at the end' a middle more second z
    write middle.mini "fn f() i32 { return $(sum 80); }"
    expect_in_place 'a.mini and more.mini go, n.mini comes, and middle.mini grows' middle n second z
    write second.mini 'fn f() i32 { return 2; }'
    expect_in_place 'z.mini goes, a.mini comes, and second.mini is edited' a middle n second
}

@test "5.4 a file that nobody calls comes and goes, and no other section changes" {
    project_in_a_row
    mine main.mini out
    inode=$(inode_of out)
    write extra.mini 'fn f() i32 { return 1; }'
    for change in '1i import "extra.mini" as extra;' 1d; do
        edit main.mini "$change"
        mine main.mini out
        expect_strategy patch none
        expect_same_file "$inode"
        expect_clean
    done
    settle
    mine main.mini out
    expect_strategy up-to-date none
}

@test "5.4 sections grow and shrink in one build" {
    project_in_a_row
    mine main.mini out
    for terms in '80 1 40' '1 80 1' '1 2 2' '90 3 2' '1 2 2' '40 40 2' '2 1 80'; do
        read -r first middle second <<<"$terms"
        edit first.mini "s/return .*;/return $(sum "$first");/"
        edit middle.mini "s/return .*;/return $(sum "$middle");/"
        edit second.mini "s/return .*;/return $(sum "$second");/"
        mine main.mini out
        expect_clean
    done
}

# ---- somebody else -------------------------------------------------------------------------------

@test "5.4 an output that somebody edited is put right" {
    project_in_a_row
    mine main.mini out
    for place in 0 20 middle end; do
        case $place in
        middle) place=$(inside middle.mini) ;;
        end) place=$(($(stat -c %s out) - 20)) ;;
        esac
        settle
        scribble "$place"
        settle
        mine main.mini out
        expect_clean
    done
}

@test "5.4 an output edited together with a source is put right" {
    project_in_a_row
    mine main.mini out
    settle
    scribble "$(inside second.mini)"
    edit first.mini 's/1000/2000/'
    mine main.mini out
    expect_clean
}

@test "5.4 an output edited before a file comes or goes is put right" {
    project_in_a_row
    mine main.mini out
    settle
    scribble "$(inside second.mini)"
    write extra.mini 'fn f() i32 { return 1; }'
    edit main.mini '1i import "extra.mini" as extra;'
    mine main.mini out
    expect_clean
    for path in extra.mini first.mini; do # the section that goes, and one that moves
        settle
        scribble "$(inside $path)"
        edit main.mini '1{/extra/d}; 1i import "extra.mini" as extra;'
        mine main.mini out
        expect_clean
    done
}

@test "5.4 an output edited in a section, with size and mtime of before, is put right" {
    project_in_a_row
    mine main.mini out
    settle
    doing touch -r out "$BATS_TEST_TMPDIR/time"
    scribble "$(inside middle.mini)"
    doing touch -r "$BATS_TEST_TMPDIR/time" out
    settle
    mine main.mini out
    expect_clean
}

@test "5.4 an output edited right after the build is put right" {
    project_in_a_row
    for i in 1 2 3; do
        write middle.mini "fn f() i32 { return 100$i; }"
        mine main.mini out
        scribble "$(inside middle.mini)"
        mine main.mini out
        expect_clean
    done
}

@test "5.4 an output that was cut, made longer or exchanged is put right" {
    project_in_a_row
    mine main.mini out
    for damage in cut_in_half 'truncate -s +1000' 'cp main.mini'; do
        settle
        doing $damage out
        settle
        mine main.mini out
        expect_clean
        doing $damage out
        edit middle.mini 's/return .*;/&/; s/1000/3000/; t; s/3000/1000/'
        mine main.mini out
        expect_clean
    done
}

@test "5.4 an output that was only touched is left alone" {
    project_in_a_row
    mine main.mini out
    inode=$(inode_of out)
    settle
    doing touch out
    for run in 1 2; do
        settle
        mine main.mini out
        expect_strategy up-to-date none
        expect_fact 'written 0'
        expect_same_file "$inode"
    done
}

@test "5.4 a hard link of the output keeps its bytes" {
    project_in_a_row
    mine main.mini out
    settle
    doing ln out copy
    cp out "$BATS_TEST_TMPDIR/before"
    edit middle.mini 's/1000/2000/'
    mine main.mini out
    expect_clean
    cmp -s copy "$BATS_TEST_TMPDIR/before" || flunk "the build wrote into copy, which is a link to the output of before"
}

@test "5.4 a symlink is replaced, and what it leads to is kept" {
    project_in_a_row
    mine main.mini out
    settle
    doing mv out target
    doing ln -s target out
    cp target "$BATS_TEST_TMPDIR/before"
    edit middle.mini 's/1000/2000/'
    mine main.mini out
    expect_clean
    cmp -s target "$BATS_TEST_TMPDIR/before" || flunk "the build wrote into target, which the output was a link to"
}

@test "5.4 a FIFO gets all of the output, and stays a FIFO" {
    project_in_a_row
    mine main.mini out
    doing mkfifo pipe
    for run in 1 2; do
        exec 8<>pipe 9<pipe # both ends are open before the program comes: no open waits
        cat <&9 >"$BATS_TEST_TMPDIR/got" 3>&- 8>&- &
        reader=$!
        exec 9<&-
        mine main.mini pipe 8>&-
        exec 8>&-
        wait $reader
        [ -s "$BATS_TEST_TMPDIR/got" ] || flunk "nothing came through the pipe"
        expect_status 0
        [ -p pipe ] || flunk "the pipe was replaced"
        cmp -s "$BATS_TEST_TMPDIR/got" out || flunk "what came through the pipe is not what a build writes to a file"
    done
}

@test "5.4 what is open already gets the output from where it stands" {
    expect_streams
}

@test "5.4 a link to a descriptor is a link" {
    project_in_a_row
    mine main.mini out
    echo precious >stream
    exec 7>>stream
    doing ln -s /proc/self/fd/7 link
    mine main.mini link
    exec 7>&-
    expect_clean main.mini link
    [ ! -L link ] || flunk "expected a file in the place of the link"
    [ "$(cat stream)" = precious ] || flunk "the build wrote into stream, which the output was a link to"
}

@test "5.4 an output keeps its permissions, also a read-only one" {
    project_in_a_row
    mine main.mini out
    for mode in 640 444; do
        settle
        doing chmod $mode out
        edit middle.mini 's/1000/2000/; t; s/2000/1000/'
        mine main.mini out
        expect_clean
        doing ln -f out link # so that a new file is made
        edit main.mini '1{/middle/!b}; s/import "first.mini" as a; //; s/a.f() + //; t; s/^import/import "first.mini" as a; import/; s/return b/return a.f() + b/'
        mine main.mini out
        expect_clean
        [ "$(stat -c %a out)" = $mode ] || flunk "expected the permissions to stay $mode, and they are $(stat -c %a out)"
    done
}

@test "5.4 an output that could not be written is written by the next build" {
    project_in_a_row
    edit middle.mini "s/1000/$(sum 2000)/"
    mine main.mini out
    edit second.mini 's/1000/2000/'
    mine main.mini out
    # What is compiled now is known: little is written but the output, and it is larger than the rest.
    for limit in 2 4 6 8 10; do
        edit second.mini 's/1000/2000/; t; s/2000/1000/'
        (ulimit -f $limit; exec "${program[@]}" main.mini out) >"$BATS_TEST_TMPDIR/limited" 2>&1 || true
        note "ran it, and let no file grow beyond $limit KiB"
        settle
        mine main.mini out
        expect_clean
    done
}

@test "5.4 nothing is left beside the output" {
    project_in_a_row
    for i in 1 2 3; do
        edit middle.mini "s/return .*;/return $(sum $((i * 20)));/"
        mine main.mini out
        edit main.mini "s/a.f()/a.f() + $i/"
        rm -f out
        mine main.mini out
    done
    left=$(find . -type f ! -path './.mini_cache/*' ! -name '*.mini' ! -name out)
    [ -z "$left" ] || flunk "expected no other files:" "$left"
}

@test "5.4 an output that cannot be written is reported, and is exit status 3" {
    project_in_a_row
    mine main.mini nowhere/out
    expect_failure 3 "there is no directory of that name"
    doing mkdir nowhere
    mine main.mini nowhere/out
    expect_clean main.mini nowhere/out
}

# ---- decisions -----------------------------------------------------------------------------------

@test "5.5 an output that is missing, another or linked is a reason to reassemble" {
    project_in_a_row
    mine main.mini out
    settle
    doing rm out
    mine main.mini out
    expect_strategy reassemble 'no output'
    settle
    mine main.mini other
    expect_strategy reassemble 'output is another'
    settle
    doing ln other link
    edit middle.mini 's/1000/2000/'
    mine main.mini other
    expect_strategy reassemble 'output is linked'
    expect_clean main.mini other
}

@test "5.5 other settings are a reason to build in full" {
    project_in_a_row
    mine main.mini out
    settle
    setting MINIC_TARGET wasm32-wasi
    mine main.mini out
    expect_strategy full 'fingerprint changed'
    expect_clean
    settle
    setting MINIC_TARGET
    mine main.mini out
    expect_strategy full 'fingerprint changed'
    expect_clean
}

@test "5.5 an output that others changed is patched if its size is as it was" {
    project_in_a_row
    mine main.mini out
    settle
    scribble "$(inside middle.mini)"
    settle
    mine main.mini out
    expect_strategy patch 'output changed by others'
    settle
    doing truncate -s +1000 out
    settle
    mine main.mini out
    expect_strategy reassemble 'output changed by others'
    expect_clean
}

@test "5.5 what is kept is damaged: the output is right all the same" {
    each_damaged flip_in_middle
}

@test "5.5 what is kept is gone, file by file: the output is right all the same" {
    each_damaged remove
}
