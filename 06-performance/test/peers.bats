#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The corpus in other languages, for `make bench-peers`: every translation prints what the Mini
# program prints, the edits are the same edits, and what is not understood is refused.

bats_require_minimum_version 1.5.0

setup() {
    root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    bin=${BUILD:-$root/build}
    npm=$root/build/bench/peers/npm/node_modules
    cd "$BATS_TEST_TMPDIR" || exit
}

translate() { # LANGUAGE: mini/ → LANGUAGE/
    rm -rf "$1"
    "$bin/translate-corpus" "$1" mini "$1"
}

printed_by() { "./$1" >"$1.printed" && diff "$1.printed" mini/expected; }

# Each of these makes ./program of a translation.
link_c() { find c -name '*.c' -print0 | xargs -0 "$@" -w -fwrapv -o program; }
link_go() {
    printf 'module corpus\n\ngo 1.19\n' >go/go.mod
    (cd go && GOCACHE=$BATS_TEST_TMPDIR/go-cache GOFLAGS=-mod=mod GOPROXY=off go build -o ../program .)
}
link_ts() {
    "$npm"/.bin/esbuild ts/main.ts --bundle --tree-shaking=false --log-level=warning \
        --outfile=program.js
    printf '#!/bin/sh\nexec node program.js\n' >program
    chmod +x program
}

# What arithmetic can get wrong: wrapping, signs, rounding, precedence, order.
write_hard_program() {
    mkdir -p mini
    cat >mini/other.mini <<'END'
const LEAST: i32 = -2147483647 - 1;
const SEVEN: i32 = 7;
struct Pair { left: i32, right: i64 }
fn twice(n: i32) i32 { return n * 2; }
fn show(n: i32) { print(n); }
fn pair_of(n: i32) Pair { return Pair{ right: n as i64, left: -n }; }
fn far(n: i64) i64 { return n * n + 1; }
END
    cat >mini/main.mini <<'END'
import "other.mini" as other;
fn numbers(n: i32) i32 {
    const bias: i32 = 12;
    var sum = n - (3 - bias) - 2 * (n + 1) / 3 % other.SEVEN;
    if (n > 3 && (n < 9 || n == 30) && !(n == 4)) { sum = -sum; } else if (n != 2) { sum = sum + 1; }
    const odd = n % 2 == 1;
    if (odd || sum <= other.LEAST) { sum = sum - other.LEAST; }
    var i = 0;
    while (true) {
        i = i + 1;
        if (i < 3) { continue; }
        sum = sum * 1103515245 + i;
        if (i >= 5) { break; }
    }
    return sum;
}
fn main() i32 {
    var wide: i64 = 9000000000000000000;
    wide = wide + wide / 3 - (wide - 1) * 5;
    print((wide % 1000000007) as i32);
    print(other.far(wide) as i32);
    print((wide as i32) / 16);
    print(-17 / 5);
    print(-17 % 5);
    var least = other.LEAST;
    print(least - 1);
    print(-least);
    other.show(other.twice(2000000000));
    var pair = other.pair_of(5);
    pair.left = pair.left * 3;
    other.show(pair.left + pair.right as i32);
    var n = -5;
    while (n < 12) {
        print(numbers(n));
        other.twice(n);
        n = n + 1;
    }
    print(numbers(30));
    return 0;
}
END
    "$bin/minic" run -q mini/main.mini >mini/expected
}

# every_corpus LANGUAGE LINK...: the hard program and corpora of every shape.
every_corpus() {
    local language=$1 shape
    shift
    write_hard_program
    translate "$language"
    "$@"
    printed_by program
    for shape in dag chain star cycle; do
        rm -rf mini
        "$bin/generate-corpus" mini --files 30 --shape "$shape"
        translate "$language"
        "$@"
        printed_by program
    done
}

@test "translated to C, programs print the same" {
    every_corpus c link_c "${CC:-cc}" -O0
}

@test "so they do when all files are one C file" {
    unity() { find c -name '*.c' -print0 | sort -z | xargs -0 cat >all.c; "${CC:-cc}" -w -fwrapv -o program all.c; }
    every_corpus c unity
}

@test "so they do with tcc" {
    command -v tcc >/dev/null || skip "tcc is not installed"
    every_corpus c link_c tcc
}

@test "translated to TypeScript, programs print the same" {
    command -v node >/dev/null || skip "node is not installed"
    [ -x "$npm/.bin/esbuild" ] || skip "make bench-peers has not installed esbuild"
    every_corpus ts link_ts
}

@test "translated to Go, programs print the same" {
    command -v go >/dev/null || skip "go is not installed"
    every_corpus go link_go
}

@test "a body edit of a translation is the translation of the edit" {
    "$bin/generate-corpus" mini --files 30
    for language in c ts go; do translate $language; done
    "$bin/edit-corpus" body mini/d000/f00017.mini
    for language in c ts go; do
        "$bin/edit-corpus" body "$language/d000/f00017.$language"
        mv $language edited-$language
        translate $language
        diff -r $language edited-$language
    done
}

@test "what is not translated is reported with its place" {
    mkdir mini
    while IFS='|' read -r place what program; do
        printf '%s\n' "$program" >mini/main.mini
        for language in c ts go; do
            run "$bin/translate-corpus" $language mini out
            [ "$status" -eq 1 ]
            [[ "$output" == "main.mini:$place: error: $what"* ]]
        done
    done <<'END'
1:32|a value of this kind|fn main() i32 { const x: f64 = 1.5; return 0; }
1:29|a divisor that is not known|fn f(n: i32) i32 { return 7 / n; } fn main() i32 { return f(1); }
1:60|an expression that calls two|fn f(n: i32) i32 { return n; } fn main() i32 { return f(1) + f(2); }
1:17|'print' of something else|fn main() i32 { print(true); return 0; }
1:60|the copy of a struct|struct S { n: i32 } fn main() i32 { var a = S{ n: 1 }; var b = a; return b.n; }
1:18|a C function|extern fn abs(n: i32) i32; fn main() i32 { return 0; }
END
}

@test "a wrong program, a missing one and a wrong call are refused" {
    mkdir mini
    echo 'fn main() i32 { return x; }' >mini/main.mini
    run "$bin/translate-corpus" c mini out
    [ "$status" -eq 1 ]
    [[ "$output" == "main.mini:1:24: error: undefined name 'x'"* ]]
    run "$bin/translate-corpus" c nowhere out
    [ "$status" -ne 0 ]
    run "$bin/translate-corpus" rust mini out
    [ "$status" -eq 2 ]
}
