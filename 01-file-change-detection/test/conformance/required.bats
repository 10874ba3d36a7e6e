#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Stage 1, what every program must do: report what changed, from the contents, across runs.

load mine
load project

# Everything is known and unchanged: `touched` is an unchanged file with a different stamp.
expect_no_change() {
    local words
    words=$(reported "$files" | cut -d' ' -f1 | sort -u)
    [ "$words" = unchanged ] || [ "$words" = touched ] || [ "$words" = $'touched\nunchanged' ] ||
        flunk "expected every file to be unchanged"
}

@test "1.1 the first look adds the file" {
    write main.mini 'fn main() i32 { return 1; }'
    mine main.mini
    expect "$files" 'added main.mini'
}

@test "1.1 a second look finds nothing changed" {
    write main.mini 'fn main() i32 { return 1; }'
    mine main.mini
    settle
    mine main.mini
    expect_no_change
}

@test "1.1 an edit is reported, once" {
    write main.mini 'fn main() i32 { return 1; }'
    mine main.mini
    settle
    write main.mini 'fn main() i32 { return 11; }'
    settle
    mine main.mini
    expect changed 'changed main.mini'
    settle
    mine main.mini
    expect_no_change
}

@test "1.1 an edit that keeps the size is reported" {
    write main.mini 'fn main() i32 { return 1; }'
    mine main.mini
    settle
    write main.mini 'fn main() i32 { return 7; }'
    mine main.mini
    expect changed 'changed main.mini'
}

@test "1.1 what a file holds decides, not when it was written" {
    write main.mini 'fn main() i32 { return 1; }'
    mine main.mini
    settle
    doing touch main.mini
    mine main.mini
    expect_no_change
}

@test "1.1 any bytes can be hashed: an empty file, one with NUL" {
    : >empty.mini
    note "made empty.mini, of no bytes"
    mine empty.mini
    expect "$files" 'added empty.mini'
    printf '// a\0b\n' >nul.mini
    note "wrote nul.mini: // a, NUL, b"
    mine nul.mini
    settle
    printf '// a\0c\n' >nul.mini
    note "wrote nul.mini: // a, NUL, c"
    mine nul.mini
    expect changed 'changed nul.mini'
}

@test "1.1 wrong usage is exit status 2, with a message" {
    mine nowhere.mini
    expect_failure 2 "there is no such entry"
    write main.mini '// one'
    write other.mini '// two'
    mine main.mini other.mini
    expect_failure 2 "it takes one entry"
}

@test "1.3 every file is reported, in byte order of the paths" {
    project_of_three
    mine main.mini
    expect "$files" 'added lib/text.mini' 'added main.mini' 'added math.mini'
}

@test "1.3 only the file that was edited is changed" {
    project_of_three
    mine main.mini
    settle
    write math.mini 'fn one() i32 { return 11; }'
    settle
    mine main.mini
    expect changed 'changed math.mini'
    settle
    mine main.mini
    expect_no_change
}

@test "1.3 an import of an import belongs to the program" {
    write main.mini 'import "a.mini" as a;'
    write a.mini 'import "b.mini" as b;'
    write b.mini '// the last one'
    write unrelated.mini '// nobody imports this'
    mine main.mini
    expect "$files" 'added a.mini' 'added b.mini' 'added main.mini'
}

@test "1.3 a path is relative to the file that imports it" {
    write main.mini 'import "lib/a.mini" as a;'
    write lib/a.mini 'import "b.mini" as b;' 'import "../c.mini" as c;'
    write lib/b.mini '// in lib'
    write c.mini '// above lib'
    mine main.mini
    expect "$files" 'added c.mini' 'added lib/a.mini' 'added lib/b.mini' 'added main.mini'
}

@test "1.3 a path may lead out of the directory of the entry" {
    write ../beside.mini 'import "lib/a.mini" as a;'
    write ../lib/a.mini '// below the directory above'
    write main.mini 'import "lib/../../beside.mini" as beside;'
    mkdir lib
    mine main.mini
    expect "$files" 'added ../beside.mini' 'added ../lib/a.mini' 'added main.mini'
}

@test "1.3 a file that is imported twice is reported once" {
    write main.mini 'import "left.mini" as left; import "right.mini" as right;'
    write left.mini 'import "lib/../base.mini" as base;'
    write right.mini 'import "./base.mini" as base;'
    write base.mini '// both import this'
    mkdir lib
    mine main.mini
    expect "$files" 'added base.mini' 'added left.mini' 'added main.mini' 'added right.mini'
}

@test "1.3 circular imports end" {
    write main.mini 'import "a.mini" as a;'
    write a.mini 'import "b.mini" as b;'
    write b.mini 'import "a.mini" as a; import "main.mini" as main; import "b.mini" as self;'
    LIMIT=10 mine main.mini
    expect "$files" 'added a.mini' 'added b.mini' 'added main.mini'
}

@test "1.3 an import that comes adds a file, one that goes removes it" {
    project_of_three
    write new.mini '// new'
    mine main.mini
    settle
    write main.mini 'import "lib/text.mini" as text;' 'import "new.mini" as new;'
    mine main.mini
    expect "added|changed|removed" 'changed main.mini' 'removed math.mini' 'added new.mini'
    settle
    mine main.mini
    expect "added|changed|removed" ''
}

@test "1.3 a file that went and comes back is new" {
    write main.mini 'import "a.mini" as a;'
    write a.mini '// one'
    mine main.mini
    settle
    write main.mini '// nothing is imported'
    mine main.mini
    settle
    write a.mini '// two'
    write main.mini 'import "a.mini" as a;'
    mine main.mini
    expect "$files" 'added a.mini' 'changed main.mini'
}

@test "1.3 an import in a comment is none" {
    write main.mini '// import "nowhere.mini" as nowhere;' 'import "math.mini" as math;' \
        '// import "nowhere.mini" as nowhere;' 'fn main() i32 { return math.one(); }'
    write math.mini 'fn one() i32 { return 1; } // import "nowhere.mini" as nowhere;'
    mine main.mini
    expect "$files" 'added main.mini' 'added math.mini'
}

@test "1.3 between the words of an import may stand anything blank, or nothing" {
    printf 'import"a.mini"as a;import\t"b.mini" // a comment\n // another\n  as\r\n b ;\r\n' >main.mini
    note "wrote main.mini:" "$(sed 's/^/    /' main.mini)"
    write a.mini '// a'
    write b.mini '// b'
    mine main.mini
    expect "$files" 'added a.mini' 'added b.mini' 'added main.mini'
}

@test "1.3 lines may end with CR LF" {
    printf '// ours\r\nimport "a.mini" as a;\r\n\r\nimport "b.mini" as b;\r\nfn main() void { }\r\n' >main.mini
    note "wrote main.mini, with CR LF:" "$(sed 's/^/    /' main.mini)"
    write a.mini '// a'
    write b.mini '// b'
    mine main.mini
    expect "$files" 'added a.mini' 'added b.mini' 'added main.mini'
}

@test "1.3 imports end where something else begins" {
    write main.mini 'import "a.mini" as a;' 'fn main() void { }' 'import "nowhere.mini" as nowhere;'
    write a.mini 'imported "nowhere.mini" as nowhere;'
    mine main.mini
    expect "$files" 'added a.mini' 'added main.mini'
}

@test "1.3 an import that leads nowhere is an error at its line" {
    write main.mini 'import "math.mini" as math;' 'import "nowhere.mini" as nowhere;'
    write math.mini '// there'
    mine main.mini
    expect_error main.mini:2:8
}

@test "1.3 the column counts bytes, up to the quote" {
    write main.mini 'import "lib/a.mini" as a;'
    write lib/a.mini '// ä' '' '	import "ä.mini" as x; import "nowhere.mini" as nowhere;'
    write lib/ä.mini '// there'
    mine main.mini
    expect_error lib/a.mini:3:32
}

@test "1.3 a path that is absolute, or empty, is an error at its line" {
    write a.mini '// there'
    write main.mini "import \"$PWD/a.mini\" as a;"
    mine main.mini
    expect_error main.mini:1:8
    write main.mini '// empty' 'import "" as a;'
    mine main.mini
    expect_error main.mini:2:8
}

@test "1.3 after an error is mended, everything is there" {
    project_of_three
    mine main.mini
    settle
    doing mv math.mini elsewhere.mini
    mine main.mini
    expect_error main.mini:1:8
    settle
    doing mv elsewhere.mini math.mini
    write math.mini 'fn one() i32 { return 1111; }'
    mine main.mini
    expect_seen math.mini
}

@test "1.5 the combined hash changes with any file, and comes back with it" {
    project_of_three
    mine main.mini
    first=$(word combined)
    settle
    mine main.mini
    same "combined, nothing changed" "$first" "$(word combined)"
    settle
    write lib/text.mini 'const name: str = "Eve";'
    mine main.mini
    differs "combined, an edit" "$first" "$(word combined)"
    settle
    write lib/text.mini 'const name: str = "Ada";'
    mine main.mini
    same "combined, the edit undone" "$first" "$(word combined)"
}

@test "1.5 the combined hash tells which file holds what" {
    write main.mini 'import "a.mini" as a; import "b.mini" as b;'
    write a.mini '// one'
    write b.mini '// two'
    mine main.mini
    first=$(word combined)
    settle
    doing mv a.mini c.mini
    doing mv b.mini a.mini
    doing mv c.mini b.mini
    mine main.mini
    differs "combined, two files exchanged" "$first" "$(word combined)"
}

@test "1.5 the combined hash tells which file is the entry" {
    write a.mini 'import "b.mini" as b;'
    write b.mini 'import "a.mini" as a;'
    mine a.mini
    first=$(word combined)
    mine b.mini
    differs "combined of a.mini and of b.mini, which reach the same files" "$first" "$(word combined)"
}
