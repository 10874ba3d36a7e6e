#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Stage 2, what few programs get right.

load ../../../01-file-change-detection/test/conformance/mine
load project

@test "2.1 sources as they come: empty, CR LF, no end of line, a comment at the end" {
    write main.mini 'import "a.mini" as a; import "b.mini" as b; import "c.mini" as c;' "$(fn main 0)"
    : >a.mini
    printf 'fn f() i32 {\r\n    return 1; // one\r\n}\r\n' >b.mini
    printf 'fn f() i32 { return 1; } // the end' >c.mini
    mine main.mini
    expect_verdicts 'lowered a.mini' 'lowered b.mini' 'lowered c.mini' 'lowered main.mini'
}

@test "2.1 two saves within one tick of the clock are both lowered" {
    saves_within_a_tick
    expect_made text.mini
}

@test "2.1 CR alone ends no line" {
    printf '// one line\r}}}\nfn main() i32 {\r\r    return 0; }\n' >main.mini
    note "wrote main.mini, with CR in its comment:" "$(sed 's/^/    /' main.mini)"
    mine main.mini
    expect_verdicts 'lowered main.mini'
}

@test "2.1 what is no text is an error of its file" {
    write main.mini 'import "a.mini" as a; import "b.mini" as b;' "$(fn main 0)"
    printf 'fn f() i32 { return 1; } // \xff\n' >a.mini
    printf 'fn f() i32 { return 1; } // \0\n' >b.mini
    mine main.mini
    EXPECTED_STATUS=1 expect_verdicts 'wrong a.mini' 'wrong b.mini' 'lowered main.mini'
}

@test "2.1 no word of a file outside of the project is reported" {
    write main.mini 'import "../key" as a; import "link.mini" as b;' "$(fn main 0)"
    write ../key '-----BEGIN S3CRET KEY-----'
    write ../real.mini 'fn s3cret s3cret'
    doing ln -s ../real.mini link.mini
    mine main.mini
    expect_error_in ../key
    expect_error_in link.mini
    expect_unsaid S3CRET
    expect_unsaid s3cret
}

@test "2.1 a function of 20,000 calls takes no time" {
    { echo 'fn main() i32 {'; yes '    print(1);' | head -n 20000; echo '    return 0; }'; } >main.mini
    note "wrote main.mini: a function with 20,000 calls"
    LIMIT=10 mine main.mini
    expect_verdicts 'lowered main.mini'
}

@test "2.1 blocks 500 deep" {
    { echo 'fn main() i32 {'; yes 'if (true) {' | head -n 500; yes '}' | head -n 500
      echo 'return 0; }'; } >main.mini
    note "wrote main.mini: a function with 500 blocks, each in the other"
    mine main.mini
    expect_verdicts 'lowered main.mini'
}

@test "2.2 names with spaces and in UTF-8" {
    write main.mini 'import "a b.mini" as a;' 'import "größe.mini" as b;' "$(fn main 0)"
    write 'a b.mini' "$(fn f 1)"
    write 'größe.mini' "$(fn f 2)"
    settle
    mine main.mini
    expect_verdicts 'lowered a b.mini' 'lowered größe.mini' 'lowered main.mini'
    settle
    mine main.mini
    expect_all_cached
}

@test "2.3 a thousand files" {
    { for i in {1..1000}; do echo "import \"m$i.mini\" as m$i;"; done; fn main 0; } >main.mini
    for i in {1..1000}; do fn f "$i" >m"$i".mini; done
    note "wrote main.mini, which imports m1.mini ... m1000.mini"
    settle
    LIMIT=20 mine main.mini
    expect objects 'objects 1001'
    settle
    LIMIT=20 mine main.mini
    expect_all_cached
}

@test "2.4 any byte of the state may be wrong" {
    project_of_three
    mine main.mini
    right=$(ids)
    flip_through 8
}

@test "2.4 a build that is killed leaves what the next one can use" {
    project_of 20 150
    mine main.mini
    right=$(ids)
    kill_builds 0.002 0.01 0.03 0.06
}

# Many keep a table with a header that is written last. Here it was not: the beginning of a file is that of
# the build before.
@test "2.4 a header that was not written counts nothing twice or not at all" {
    local bytes file
    project_of_three
    mine main.mini
    doing mv .mini_cache before
    doing cp -a before .mini_cache
    write other.mini 'import "main.mini" as m;' "$(fn main 0)"
    settle
    mine other.mini
    expect objects 'objects 4'
    right=$(ids)
    doing mv .mini_cache after
    for bytes in 32 64 96 128; do
        while read -r file; do
            [ "$(stat -c %s "before/$file" 2>/dev/null)" = "$(stat -c %s "after/$file")" ] || continue
            doing rm -rf .mini_cache
            doing cp -a after .mini_cache
            doing dd if="before/$file" of=".mini_cache/$file" bs=$bytes count=1 conv=notrunc status=none
            mine other.mini
            expect_status 0 "a damaged cache is a cold start, not an error"
            expect_ids "$right"
            expect objects 'objects 4'
        done < <(cd after && find . -type f -size +0 -printf '%P\n' | sort)
    done
}

# importing ENTRY PREFIX COUNT: a program of COUNT files and its entry, whose functions are like no others.
importing() {
    local i
    { for ((i = 1; i <= $3; i++)); do
          echo "import \"$2$i.mini\" as $2$i;"
          fn "$2" $i >"$2$i.mini"
      done; fn main 0; } >"$1"
    note "wrote $1, which imports ${2}1.mini ... $2$3.mini"
    settle
}

# A table of 64 slots, of which a header counts one and 48 are in use; and the records of the others
# are gone, as they may be after a power cut.
@test "2.4 slots that no header counts do not fill the table" {
    local bytes file
    write main.mini "$(fn main 0)"
    settle
    mine main.mini
    doing cp -a .mini_cache before
    importing other.mini other 46
    mine other.mini
    doing mv .mini_cache after
    importing third.mini third 60
    for bytes in 32 64 96 128; do
        doing rm -rf .mini_cache
        doing cp -a before .mini_cache
        while read -r file; do
            [ "$(stat -c %s "before/$file" 2>/dev/null)" = "$(stat -c %s "after/$file")" ] || continue
            doing cp -a "after/$file" ".mini_cache/$file"
            doing dd if="before/$file" of=".mini_cache/$file" bs=$bytes count=1 conv=notrunc status=none
        done < <(cd after && find . -type f -size +0 -printf '%P\n' | sort)
        mine third.mini
        expect_status 0 "a damaged cache is a cold start, not an error"
        mine third.mini
        expect_all_cached
    done
}
