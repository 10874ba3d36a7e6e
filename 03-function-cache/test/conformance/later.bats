#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Stage 3, what makes it fast and keeps it right: one identity, little work, damage.

load ../../../01-file-change-detection/test/conformance/mine
load project

@test "3.1 a file that is imported in two ways is one file" {
    write main.mini 'import "lib/a.mini" as a; import "lib/b.mini" as b;' \
        'fn main() i32 { return a.f() + b.g(); }'
    write lib/a.mini "$(fn f 1)"
    write lib/b.mini 'import "../lib/./a.mini" as again;' 'fn g() i32 { return again.f(); }'
    settle
    mine main.mini
    expect_compiled lib/a.mini:f lib/b.mini:g main.mini:main
}

@test "3.1 the main of the entry is another function when the file is imported" {
    write tool.mini 'fn main() i32 { return helper(); }' 'fn helper() i32 { return 2; }'
    settle
    mine tool.mini
    alone=$(id tool.mini:main) helper=$(id tool.mini:helper)
    settle
    write main.mini 'import "tool.mini" as tool;' 'fn main() i32 { return tool.main(); }'
    mine main.mini
    differs "tool.mini:main, as the entry point and as an imported function" "$alone" "$(id tool.mini:main)"
    same "tool.mini:helper, which is called the same in both" "$helper" "$(id tool.mini:helper)"
    settle
    mine tool.mini
    same "tool.mini:main, the entry point again" "$alone" "$(id tool.mini:main)"
}

@test "3.2 who calls the main of another file is compiled again when that becomes the entry" {
    write main.mini 'import "tool.mini" as tool;' 'fn main() i32 { return calls(); }' \
        'fn calls() i32 { return tool.main(); }'
    write tool.mini 'import "main.mini" as back;' 'fn main() i32 { return 1; }' \
        'fn other() i32 { return back.calls(); }'
    settle
    mine main.mini
    settle
    mine tool.mini
    expect_compiled main.mini:main main.mini:calls tool.mini:main
    settle
    mine main.mini
    expect_compiled
}

@test "3.2 a signature and what it was before are both found" {
    write main.mini 'import "a.mini" as a;' 'fn main() i32 { print(a.f()); return 0; }'
    write a.mini 'fn f() i32 { return 1; }'
    settle
    mine main.mini
    first=$(ids)
    settle
    write a.mini 'fn f() i64 { return 1; }'
    mine main.mini
    expect_compiled a.mini:f main.mini:main
    differs "main.mini:main, which prints an i64 now" "$(grep main <<<"$first")" "$(ids | grep main)"
    settle
    write a.mini 'fn f() i32 { return 1; }'
    mine main.mini
    expect_compiled
    expect_ids "$first"
}

@test "3.3 what is kept is not written again" {
    many_functions
    mine_counted main.mini
    all=$bytes_written
    settle
    many_functions 77
    mine_counted main.mini
    expect_compiled m7.mini:s7
    [ $((bytes_written * 4)) -lt "$all" ] ||
        flunk "the build of 101 functions wrote $all bytes, that of one edited body $bytes_written"
}

@test "3.3 going back and forth keeps nothing twice" {
    ten_functions 5
    mine main.mini
    for number in 6 5 6; do
        ten_functions $number
        mine main.mini
    done
    before=$(find .mini_cache -type f -printf '%s %p\n' | sort)
    for number in 5 6 5 6; do
        ten_functions $number
        mine main.mini
        expect_compiled
    done
    same "the sizes of the files in .mini_cache" "$before" "$(find .mini_cache -type f -printf '%s %p\n' | sort)"
}

@test "3.3 a build with nothing new writes nothing" {
    program_of_five
    expect_nothing_written main.mini
}

# Whatever was damaged, the next build is right and keeps again what was lost.
after_damage() {
    expect_unharmed
    write lib/text.mini "fn greet() { print(\"$RANDOM$RANDOM\"); }"
    settle
    mine main.mini
    expect_compiled lib/text.mini:greet
    write lib/text.mini 'fn greet() { print("Hello, Ada"); }'
    settle
}

@test "3.3 a flipped bit loses nothing but time" {
    program_of_five
    mine main.mini
    right=$(ids)
    damage_each flip_in_middle
}

@test "3.3 a file that is cut short or gone loses nothing but time" {
    program_of_five
    mine main.mini
    right=$(ids)
    damage_each cut_in_half
    damage_each empty
    damage_each remove
    doing rm -rf .mini_cache
    after_damage
}

@test "3.3 files of two builds in one cache give no wrong code" {
    mix_two_builds
}

@test "3.4 a file that did not change is not opened" {
    program_of_five
    mine main.mini
    settle
    mine_watched main.mini -- main.mini math.mini lib/text.mini
    expect_compiled
    expect_unopened
}

@test "3.4 a signature opens the file that it stands in, and not those of its callers" {
    write main.mini 'import "a.mini" as a;' 'fn main() i32 { print(a.f()); return 0; }'
    write a.mini 'fn f() i32 { return 1; }'
    settle
    mine main.mini
    settle
    write a.mini 'fn f() i64 { return 1; }'
    settle
    mine_watched main.mini -- main.mini
    expect_compiled a.mini:f main.mini:main
    expect_unopened
}

@test "3.4 after each of many edits the code is that of a fresh build" {
    program_of_five
    mine main.mini
    for edit in 's/return a + b/return b + a/' 's/return 1;/return 3 - 2;/' 's/one() i32/one() i64/' \
        's/fn sum/\/\/ adds\nfn sum/' 's/(a: i32, b: i32)/(b: i32, a: i32)/' 's/one() i64/one() i32/' \
        '/fn twice/d' '1i fn two() i32 { return one() + one(); }' 's/return b + a/return a - b/' \
        's/return 3 - 2;/return 1;/' 's/(b: i32, a: i32)/(a: i32, b: i32)/' 's/fn two/fn both/'; do
        doing sed -i "$edit" math.mini
        settle
        mine main.mini
        expect_status 0
        after=$(ids)
        same "$names" "$after" "$(fresh_ids)"
    done
}
