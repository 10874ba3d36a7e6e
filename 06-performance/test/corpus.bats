#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The benchmark's corpus: the same bytes for the same options, every file reached, and a program
# that prints what the generator said it would.

bats_require_minimum_version 1.5.0

setup() {
    root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    bin=${BUILD:-$root/build}
    corpus=$BATS_TEST_TMPDIR/corpus
    main=$corpus/main.mini
}

generate() { "$bin/generate-corpus" "$@"; }

# The files that main reaches, found by following import lines as a reader would.
reached() {
    local queue=("$1/main.mini") seen=" $1/main.mini " file path
    while [ ${#queue[@]} -gt 0 ]; do
        file=${queue[0]} queue=("${queue[@]:1}")
        printf '%s\n' "$file"
        for path in $(sed -n 's/^import "\([^"]*\)" as f[0-9]*;$/\1/p' "$file"); do
            case $path in
            ../*) path=$1/${path#../} ;;
            */*) path=$1/$path ;;
            *) path=${file%/*}/$path ;;
            esac
            case $seen in
            *" $path "*) ;;
            *) seen+="$path " queue+=("$path") ;;
            esac
        done
    done | sort
}

prints_expected() {
    "$bin/minic" run -q "$main" >"$BATS_TEST_TMPDIR/printed"
    diff "$BATS_TEST_TMPDIR/printed" "$corpus/expected"
}

# The output after an edit equals that of a build from nothing.
builds_as_from_nothing() {
    "$bin/minic" build "$main" -q -o "$BATS_TEST_TMPDIR/patched.ll" \
        --cache-dir "$BATS_TEST_TMPDIR/cache"
    "$bin/minic" build "$main" -q -o "$BATS_TEST_TMPDIR/fresh.ll" \
        --cache-dir "$BATS_TEST_TMPDIR/fresh-$RANDOM-$RANDOM"
    cmp "$BATS_TEST_TMPDIR/patched.ll" "$BATS_TEST_TMPDIR/fresh.ll"
}

@test "the same seed makes the same bytes, another seed others" {
    generate "$corpus" --files 150 --seed 7
    generate "$corpus-again" --files 150 --seed 7
    generate "$corpus-other" --files 150 --seed 8
    diff -r "$corpus" "$corpus-again"
    run ! diff -rq "$corpus/d000" "$corpus-other/d000"
}

@test "the bytes for seed 1 are the ones that were measured before" {
    generate "$corpus" --files 20
    run cksum <"$corpus/d000/f00010.mini"
    [ "$output" = "390901524 1541" ]
    run cksum <"$corpus/expected"
    [ "$output" = "1391730605 33" ]
}

@test "a file is about 1 KB, has three functions and at most three imports" {
    generate "$corpus" --files 300
    local bytes
    bytes=$(cat "$corpus"/d*/*.mini | wc -c)
    [ $((bytes / 300)) -gt 900 ]
    [ $((bytes / 300)) -lt 1300 ]
    [ "$(cat "$corpus"/d*/*.mini | grep -c '^fn ')" -eq 900 ]
    for file in "$corpus"/d*/*.mini; do
        [ "$(grep -c '^import ' "$file")" -le 3 ]
    done
}

@test "--plain: functions and imports alone, which the programs of all stages build" {
    generate "$corpus" --files 30 --plain
    [ -z "$(cat "$corpus"/main.mini "$corpus"/d*/*.mini | grep -E '^(const|struct)|LIMIT|Span')" ]
    prints_expected
    builds_as_from_nothing
    cd "$corpus"
    python3 -B "$root/05-surgical-patching/test/python/patch.py" main.mini out | grep -E '^(lowered|compiled) ' >facts
    printf 'lowered 31\ncompiled 91\n' | diff - facts
    "$bin/demo-05" main.mini out | grep -E '^ *compiled 91$'
    "$bin/edit-corpus" body d000/f00003.mini
    "$bin/demo-05" main.mini out | grep -E '^ *compiled 1$'
    generate "$corpus-rich" --files 30
    run python3 -B "$root/05-surgical-patching/test/python/patch.py" "$corpus-rich/main.mini" out
    [ "$status" = 1 ]
    run generate "$corpus" --files
    [ "$status" = 2 ]
}

@test "--functions and --imports are obeyed" {
    generate "$corpus" --files 40 --functions 5 --imports 1
    [ "$(cat "$corpus"/d*/*.mini | grep -c '^fn ')" -eq 200 ]
    [ "$(cat "$corpus"/d*/*.mini | grep -c '^import ')" -eq 39 ]
}

@test "every file is reached from main, in every shape" {
    for shape in dag chain star cycle ring; do
        generate "$corpus-$shape" --files 130 --shape "$shape"
        diff <(reached "$corpus-$shape") <(find "$corpus-$shape" -name '*.mini' | sort)
    done
}

@test "a ring is one cycle of all files" {
    generate "$corpus" --files 130 --shape ring
    [ "$(cat "$corpus"/d*/*.mini | grep -c '^import ')" -eq 130 ]
    grep -q '^import "../d000/f00000.mini" as f00000;' "$corpus/d001/f00129.mini"
    [ "$(grep -c '^import ' "$main")" -eq 1 ]
}

@test "corpus.json names the file with the most importers" {
    generate "$corpus" --files 120
    local counted
    counted=$(cat "$corpus"/d*/*.mini | sed -n 's/^import .* as \(.*\);$/\1/p' | sort | uniq -c |
        sort -k1,1nr -k2 | awk 'NR == 1 { print $1, $2 }')
    grep -q "\"most_importers\": ${counted% *}, " "$corpus/corpus.json"
    grep -q "\"most_imported\": \"d00[01]/${counted#* }.mini\"" "$corpus/corpus.json"
}

@test "wrong options are refused" {
    run generate
    [ "$status" -eq 2 ]
    run generate "$corpus" --files 0
    [ "$status" -eq 2 ]
    run generate "$corpus" --shape tree
    [ "$status" -eq 2 ]
    run generate "$corpus" --seed
    [ "$status" -eq 2 ]
    [ ! -e "$corpus" ]
}

@test "the program of 300 files prints what is expected" {
    generate "$corpus" --files 300
    prints_expected
}

@test "so does one of each other shape" {
    for shape in chain star cycle ring; do
        rm -rf "$corpus"
        generate "$corpus" --files 130 --seed 2 --shape "$shape"
        prints_expected
    done
}

@test "so do programs with one function and with twenty in a file" {
    for functions in 1 2 20; do
        rm -rf "$corpus"
        generate "$corpus" --files 30 --seed 3 --functions "$functions"
        prints_expected
    done
}

@test "each edit changes what it says, and the program stays valid" {
    generate "$corpus" --files 60
    cp -r "$corpus" "$corpus-before"
    local file=d000/f00030.mini
    for kind in comment body signature; do
        "$bin/edit-corpus" "$kind" "$corpus/$file"
        [ "$(diff -rq "$corpus-before" "$corpus" | wc -l)" -eq 1 ]
        builds_as_from_nothing
    done
    run diff "$corpus-before/$file" "$corpus/$file"
    [[ "$output" == *"revision 2."* ]]
    [[ "$output" == *"const bias: i32 = "* ]]
    [[ "$output" == *"(seed1: i32)"* ]]
}

# The lines that differ from the corpus before the edits, as diff marks them.
changed_lines() {
    diff -r "$corpus-before" "$corpus" | grep '^[<>]' || true
}

@test "edits that only some units can see change just that, and the program prints the same" {
    generate "$corpus" --files 60
    cp -r "$corpus" "$corpus-before"
    local file=$corpus/d000/f00030.mini

    "$bin/edit-corpus" rename "$file"
    [ "$(changed_lines | grep '^>' | sed 's/total1/total/g')" = \
        "$(changed_lines | grep '^<' | tr '<' '>')" ]
    [ "$(changed_lines | grep -c 'var total1 = ')" -eq 1 ]
    prints_expected

    cp "$corpus-before/d000/f00030.mini" "$file"
    "$bin/edit-corpus" swap "$file"
    [ "$(grep '^// Step' "$file" | cut -c 4-9 | tr '\n' ' ')" = "Step 2 Step 1 Step 3 " ]
    diff <(sort "$corpus-before/d000/f00030.mini") <(sort "$file")
    prints_expected
    "$bin/edit-corpus" swap "$file"
    [ -z "$(changed_lines)" ]

    "$bin/edit-corpus" function "$file"
    "$bin/edit-corpus" function "$file"
    [ "$(grep -c '^fn unused_[12](value: i32) i32 {$' "$file")" -eq 2 ]
    [ -z "$(changed_lines | grep '^<')" ]
    prints_expected
}

@test "a section that grows outgrows its place by one block or two, and is patched" {
    generate "$corpus" --files 60
    local file size before
    for file in d000/f00000.mini d000/f00030.mini d000/f00030.mini d000/f00059.mini; do
        builds_as_from_nothing
        before=$(wc -c <"$BATS_TEST_TMPDIR/patched.ll")
        "$bin/edit-corpus" grow "$corpus/$file"
        builds_as_from_nothing
        size=$(wc -c <"$BATS_TEST_TMPDIR/patched.ll")
        [ $((size - before)) -eq 256 ] || [ $((size - before)) -eq 512 ]
    done
    "$bin/edit-corpus" grow "$corpus/d000/f00030.mini"
    run -0 "$bin/minic" build "$main" --stats=json -o "$BATS_TEST_TMPDIR/patched.ll" \
        --cache-dir "$BATS_TEST_TMPDIR/cache"
    [[ "$output" == *'"strategy":"patch"'*'"functions_emitted":1,'* ]]
}

@test "a constant grows, and a new field is set wherever its struct is made" {
    generate "$corpus" --files 60
    cp -r "$corpus" "$corpus-before"
    local file=$corpus/d000/f00030.mini importers
    "$bin/edit-corpus" constant "$file"
    [ "$(changed_lines | tr '\n' ' ')" = \
        "< const LIMIT: i32 = 10007 + 30; > const LIMIT: i32 = 10007 + 31; " ]
    builds_as_from_nothing

    cp "$corpus-before/d000/f00030.mini" "$file"
    mapfile -t importers < <(grep -rl 'f00030\.Span' "$corpus")
    [ "${#importers[@]}" -gt 0 ]
    "$bin/edit-corpus" field "$file" "${importers[@]}"
    "$bin/edit-corpus" field "$file" "${importers[@]}"
    grep -q '^struct Span { extra2: i32, extra1: i32, low: i32, high: i32 }$' "$file"
    grep -q 'f00030.Span{ extra2: 0, extra1: 0, low: ' "${importers[0]}"
    prints_expected
    run "$bin/edit-corpus" field "$file" "$corpus/main.mini"
    [ "$status" -eq 3 ]
}

@test "a file that is added and removed leaves nothing but a new revision" {
    generate "$corpus" --files 60
    cp -r "$corpus" "$corpus-before"
    builds_as_from_nothing
    "$bin/edit-corpus" add "$corpus/d000/f00030.mini"
    [ -f "$corpus/d000/added.mini" ]
    builds_as_from_nothing
    "$bin/edit-corpus" remove "$corpus/d000/f00030.mini"
    diff -r -I 'revision [12]\.$' "$corpus-before" "$corpus"
    builds_as_from_nothing
}

@test "an edit that does not fit the file is refused and changes nothing" {
    generate "$corpus" --files 20
    cp -r "$corpus" "$corpus-before"
    run "$bin/edit-corpus" remove "$corpus/d000/f00010.mini"
    [ "$status" -eq 3 ]
    for kind in body grow signature rename swap function constant field; do
        run "$bin/edit-corpus" "$kind" "$corpus/expected"
        [ "$status" -eq 3 ]
    done
    diff -r "$corpus-before" "$corpus"
}

@test "the ceilings are measured over every file and leave nothing behind" {
    generate "$corpus" --files 50
    cp -r "$corpus" "$corpus-before"
    run "$bin/ceilings" "$corpus" 100000
    [[ "$output" == '{"files": 51, "stat_walk_ms": '*'"read_all_ms": '*'"write_output_ms": '* ]]
    diff -r "$corpus-before" "$corpus"
}
