#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Stage 5, what makes it right: an output in marked sections, that of a clean build whatever happened.

load ../../../01-file-change-detection/test/conformance/mine
load project

@test "5.1 a marker stands before each file's section, in byte order of the paths" {
    project_of_three
    mine main.mini out
    expect_paths lib/text.mini main.mini shapes.mini
}

@test "5.1 a file without functions has a section, too" {
    write main.mini 'import "empty.mini" as empty; import "remark.mini" as remark;' 'fn main() i32 { return 0; }'
    : >empty.mini
    write remark.mini '// nothing but this'
    settle
    mine main.mini out
    expect_paths empty.mini main.mini remark.mini
}

@test "5.1 the hash changes with the code of the file, and with nothing else" {
    project_of_three
    mine main.mini out
    text=$(hash_of lib/text.mini) main=$(hash_of main.mini) shapes=$(hash_of shapes.mini)
    edit shapes.mini 's/w \* h/h * w/'
    mine main.mini out
    differs "the hash of shapes.mini, edited" "$shapes" "$(hash_of shapes.mini)"
    same "the hash of main.mini" "$main" "$(hash_of main.mini)"
    same "the hash of lib/text.mini" "$text" "$(hash_of lib/text.mini)"
    edit shapes.mini 's/h \* w/w * h/'
    edit lib/text.mini '1i // Shows numbers.'
    mine main.mini out
    same "the hash of shapes.mini, the edit undone" "$shapes" "$(hash_of shapes.mini)"
    same "the hash of lib/text.mini, with a comment" "$text" "$(hash_of lib/text.mini)"
}

@test "5.1 the hash changes with the interfaces that the file's functions name" {
    project_of_three
    mine main.mini out
    text=$(hash_of lib/text.mini) main=$(hash_of main.mini) shapes=$(hash_of shapes.mini)
    edit shapes.mini 's/area(w: i32, h: i32) i32 { return w \* h/area(w: i64, h: i32) i32 { return h/'
    mine main.mini out
    differs "the hash of shapes.mini, edited" "$shapes" "$(hash_of shapes.mini)"
    differs "the hash of main.mini, which calls area" "$main" "$(hash_of main.mini)"
    same "the hash of lib/text.mini" "$text" "$(hash_of lib/text.mini)"
}

@test "5.1 the hash comes back with the settings" {
    project_of_three
    mine main.mini out
    first=$(sections_of out)
    settle
    setting MINIC_TARGET wasm32-wasi
    mine main.mini out
    expect_paths lib/text.mini main.mini shapes.mini
    expect_clean
    settle
    setting MINIC_TARGET
    mine main.mini out
    same "offset, size, hash and path of each section" "$first" "$(sections_of out)"
}

@test "5.2 --split tells the sections of an output, without a gap" {
    project_of_three
    mine main.mini out
    lines=()
    while read -r offset size hash path; do lines+=("$path $hash $offset $size"); done < <(sections_of out)
    [ ${#lines[@]} = 3 ] || flunk "expected three markers"
    expect_split out "${lines[@]}"
}

@test "5.2 a section reaches to the next marker, and the last one to the end" {
    write any 'this is a prelude' '; ==== FILE: a.mini:0123456789abcdef0123456789abcdef ====' 'of a' '' \
        '; ==== FILE: lib/b c.mini:fedcba9876543210fedcba9876543210 ====' '    of b'
    printf 'and more of b' >>any
    expect_split any 'a.mini 0123456789abcdef0123456789abcdef 18 64' \
        'lib/b c.mini fedcba9876543210fedcba9876543210 82 86'
}

@test "5.2 a marker may be the first line, and have nothing behind it" {
    write any '; ==== FILE: a:0123456789abcdef0123456789abcdef ====' '; ==== FILE: b:0123456789abcdef0123456789abcdef ===='
    expect_split any 'a 0123456789abcdef0123456789abcdef 0 53' 'b 0123456789abcdef0123456789abcdef 53 53'
}

@test "5.2 a file without a marker has no section" {
    : >any
    expect_split any
    write any 'define i32 @main() {' '  ret i32 0' '}'
    expect_split any
}

@test "5.2 what is almost a marker is none" {
    hash=0123456789abcdef0123456789abcdef
    write any " ; ==== FILE: a:$hash ====" "; ==== FILE: a:$hash ==== " "; === FILE: a:$hash ====" "; ==== FILE: a:$hash ===" \
        "; ==== FILE: a:${hash%?} ====" "; ==== FILE: a:${hash}0 = ====" "; ==== FILE: a:${hash^^} ====" "; ==== FILE: a ====" \
        "; ==== FILE: $hash ====" "; ==== FILE:a:$hash ====" "x; ==== FILE: a:$hash ====" "; ==== FILE: a:$hash" '====' \
        "; ==== FILE: a:${hash%?}g ====" "; ==== FILE: ====" "; ==== FILE: "
    printf '; ==== FILE: a:%s ====\r\n; ==== FILE: a:%s ====' $hash $hash >>any
    expect_split any
}

# JavaScript's ^ with the flag m, and what splits lines elsewhere, take these for the end of a line.
@test "5.2 a line begins after LF, and after nothing else" {
    for end in $'\r' $'\v' $'\f' $'\034' $'\u0085' $'\u2028' $'\u2029'; do
        printf 'code%s; ==== FILE: a:0123456789abcdef0123456789abcdef ====\n' "$end"
    done >any
    expect_split any
}

@test "5.2 any bytes can be split" {
    printf '\0\377\n; ==== FILE: a:0123456789abcdef0123456789abcdef ====\n\0' >any
    head -c 1000000 /dev/zero >>any
    printf '\r\n; ==== FILE: b:0123456789abcdef0123456789abcdef ====\n\303' >>any
    expect_split any 'a 0123456789abcdef0123456789abcdef 3 1000056' 'b 0123456789abcdef0123456789abcdef 1000059 54'
}

@test "5.2 a file that cannot be read, and wrong usage, are exit status 2 with a message" {
    project_of_three
    for arguments in '--split nowhere' 'main.mini' 'nowhere.mini out' 'main.mini out more'; do
        mine $arguments
        expect_failure 2 "$arguments"
    done
}

@test "5.3 in the first build every section is new" {
    project_of_three
    mine main.mini out
    expect_sections 'new lib/text.mini' 'new main.mini' 'new shapes.mini'
}

@test "5.3 if nothing happened, every section is unchanged" {
    project_of_three
    mine main.mini out
    settle
    mine main.mini out
    expect_sections 'unchanged lib/text.mini' 'unchanged main.mini' 'unchanged shapes.mini'
}

@test "5.3 an edited body changes one section, and a comment none" {
    project_of_three
    mine main.mini out
    edit shapes.mini 's/w \* h/h * w/'
    mine main.mini out
    expect_sections 'unchanged lib/text.mini' 'unchanged main.mini' 'changed shapes.mini'
    edit shapes.mini '1i // What has two sides.'
    mine main.mini out
    expect_sections 'unchanged lib/text.mini' 'unchanged main.mini' 'unchanged shapes.mini'
}

@test "5.3 an edited signature changes the sections that name it" {
    project_of_three
    mine main.mini out
    edit shapes.mini 's/area(w: i32, h: i32) i32 { return w \* h/area(w: i64, h: i32) i32 { return h/'
    mine main.mini out
    expect_sections 'unchanged lib/text.mini' 'changed main.mini' 'changed shapes.mini'
}

@test "5.3 a file that comes is new, and one that goes is removed" {
    project_of_three
    mine main.mini out
    write border.mini 'fn border(w: i32, h: i32) i32 { return 2 * (w + h); }'
    edit main.mini '1i import "border.mini" as border;'
    mine main.mini out
    expect_sections 'new border.mini' 'unchanged lib/text.mini' 'unchanged main.mini' 'unchanged shapes.mini'
    doing mv border.mini zone.mini
    edit main.mini 's/border.mini/zone.mini/'
    mine main.mini out
    expect_sections 'removed border.mini' 'unchanged lib/text.mini' 'unchanged main.mini' 'unchanged shapes.mini' \
        'new zone.mini'
    expect_paths lib/text.mini main.mini shapes.mini zone.mini
}

@test "5.4 an edited program has the output of a clean build" {
    project_of_three
    mine main.mini out
    expect_clean
    for change in 's/w \* h/h * w/' "s/h \* w/h * w + $(sum 80)/" 's/ + 1 + .*; }$/; }/' '1i fn zero() i32 { return 0; }' 1d; do
        edit shapes.mini "$change"
        mine main.mini out
        expect_clean
    done
}

@test "5.4 sections that did not change have the bytes that they had" {
    project_of_three
    mine main.mini out
    remember_output
    edit main.mini "s/area(3, 4)/area($(sum 40), 4)/"
    mine main.mini out
    for path in lib/text.mini shapes.mini; do
        [ "$(cut_out $path out | cksum)" = "$(cut_out $path "$BATS_TEST_TMPDIR/remembered" | cksum)" ] ||
            flunk "the section of $path changed, and the file did not"
    done
    expect_clean
}

@test "5.4 whatever is edited, the output is that of a clean build" {
    walk 8 grow_at_random
}

@test "5.4 what is compiled is what stage 4 compiles" {
    project_of_three
    mine main.mini out
    expect_work 'new lib/text.mini:show' 'new lib/text.mini:gap' 'new main.mini:main' \
        'new shapes.mini:area' 'new shapes.mini:border'
    expect "$counts" 'files 3' 'lowered 3' 'functions 5' 'compiled 5' 'fast no'
    settle
    mine main.mini out
    expect_work
    expect "$counts" 'files 3' 'lowered 0' 'functions 5' 'compiled 0' 'fast yes'
    edit shapes.mini 's/w \* h/h * w/'
    mine main.mini out
    expect_work 'dirty shapes.mini:area'
    expect "$counts" 'files 3' 'lowered 1' 'functions 5' 'compiled 1' 'fast no'
    edit shapes.mini 's/area(w: i32, h: i32) i32 { return h \* w/area(h: i32, w: i32) i32 { return h * w/'
    mine main.mini out
    expect_work 'dependent main.mini:main' 'dirty shapes.mini:area'
    edit lib/text.mini '1i // Shows numbers.'
    mine main.mini out
    expect_work
    expect_counts 1 0 no
}

@test "5.4 what stage 1 asks for holds" {
    expect_stage_1 out
}

@test "5.4 clean removes what is kept, and nothing else" {
    expect_clean_command
}

@test "5.4 an error leaves the output as it was" {
    project_of_three
    mine main.mini out
    remember_output
    edit lib/text.mini 's/print(n);/print(n); print(n);/'
    edit shapes.mini 's/ return w \* h; }/ return w * h;/'
    mine main.mini out
    expect_status 1 "a brace is not closed"
    expect_output_as_remembered
    edit shapes.mini 's/ return w \* h;/ return nowhere(w); }/'
    mine main.mini out
    expect_status 1 "a name that nobody declares"
    expect_output_as_remembered
    edit shapes.mini 's/nowhere(w)/w * h/'
    mine main.mini out
    expect_clean
}

@test "5.4 an output that is gone is written again" {
    project_of_three
    mine main.mini out
    remember_output
    settle
    doing rm out
    mine main.mini out
    expect_status 0
    expect_output_as_remembered
}

@test "5.4 two outputs of one program are kept apart" {
    project_of_three
    mine main.mini out
    edit shapes.mini 's/w \* h/h * w/'
    mine main.mini other
    expect_clean main.mini other
    edit lib/text.mini 's/print(n);/print(n); print(n);/'
    mine main.mini out
    expect_clean
    settle
    mine main.mini other
    expect_clean main.mini other
}

@test "5.4 an output that is a source is refused" {
    project_of_three
    cp shapes.mini kept
    doing ln shapes.mini link.mini
    for name in shapes.mini ./lib/../shapes.mini link.mini; do
        mine main.mini $name
        expect_failure 2 "$name is a source of the program"
        cmp -s kept shapes.mini || flunk "shapes.mini was written over"
    done
}

@test "5.5 the first build is full, and the next one is up to date and writes nothing" {
    project_of_three
    mine main.mini out
    expect_strategy full 'first build'
    expect_fact "written $(stat -c %s out)"
    settle
    mine main.mini out
    expect_strategy up-to-date none
    expect_fact 'written 0'
}

@test "5.5 a comment leaves the output up to date" {
    project_of_three
    mine main.mini out
    edit shapes.mini '1i // What has two sides.'
    mine main.mini out
    expect_strategy up-to-date none
    expect_fact 'written 0'
}

@test "5.5 an edited output is patched or reassembled, and the reason is reported" {
    project_of_three
    mine main.mini out
    edit shapes.mini 's/w \* h/h * w/'
    mine main.mini out
    expect_fact 'strategy @(patch|reassemble)'
    expect_fact 'reason ?*'
    [ "$(word written)" -gt 0 ] || flunk "expected that something was written"
}
