#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The four policies of the benchmark: on a program whose answers are known by hand, and on a
# generated corpus. What is said of function keys must be what minic does.

bats_require_minimum_version 1.5.0

setup() {
    root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    bin=${BUILD:-$root/build}
    tick=1700000000
    cd "$BATS_TEST_TMPDIR" || return 1
}

# main ─► app ─► list, text ─► base, and main ─► help. Functions: 1, 3, 2, 3, 2, 1.
six_files() {
    cat >base.mini <<-'MINI'
	// What everybody uses.
	const SIZE: i32 = 4;
	struct Pair { a: i32, b: i32 }

	fn twice(x: i32) i32 { return x + x; }
	fn thrice(x: i32) i32 { var sum = x; sum = sum + x + x; return sum; }
	MINI
    cat >list.mini <<-'MINI'
	import "base.mini" as base;
	fn length(x: i32) i32 { return base.twice(x); }
	fn room(x: i32) i32 { return base.SIZE + x; }
	MINI
    cat >text.mini <<-'MINI'
	import "base.mini" as base;
	fn width(x: i32) i32 { return base.thrice(x); }
	fn first(p: base.Pair) i32 { return p.a; }
	fn pair(x: i32) base.Pair { return base.Pair{ a: x, b: x }; }
	MINI
    cat >app.mini <<-'MINI'
	import "list.mini" as list;
	import "text.mini" as text;
	fn run(x: i32) i32 { return list.length(x) + text.width(x); }
	fn area(x: i32) i32 { return list.room(x); }
	fn pick(x: i32) i32 { return text.first(text.pair(x)); }
	MINI
    echo 'fn help(x: i32) i32 { return x; }' >help.mini
    cat >main.mini <<-'MINI'
	import "app.mini" as app;
	import "help.mini" as help;
	fn main() i32 { print(app.run(1) + app.area(2) + app.pick(3)); return help.help(0); }
	MINI
    save *.mini
}

# Files are saved at moments of our own, so that no test hangs on the clock.
save() {
    tick=$((tick + 10))
    touch -d "@$tick" "$@"
}

begin() {
    coproc looks { exec "$bin/policies" main.mini 3>&-; }
    looks_pid=$looks_PID # bash forgets the name as soon as the process has ended
    read -r -u "${looks[0]}" seen
    "$bin/minic" build main.mini -q
}

end() {
    exec {looks[1]}>&-
    wait "$looks_pid"
}

# would TIMESTAMPS FILE_HASHES INTERFACE_HASHES FUNCTION_KEYS: files/functions since the last look.
would() {
    local got done_by_minic
    echo >&"${looks[1]}"
    read -r -u "${looks[0]}" seen
    got=$(jq -r '[.timestamps, .file_hashes, .interface_hashes, .function_keys |
                  "\(.files)/\(.functions)"] | join(" ")' <<<"$seen")
    [ "$got" = "$*" ] || {
        echo "compiled: $got"
        echo "expected: $*"
        return 1
    }
    done_by_minic=$("$bin/minic" build main.mini --stats=json |
        jq -r '"\(.files_lowered)/\(.functions_emitted)"')
    [ "$done_by_minic" = "$4" ] || {
        echo "minic: $done_by_minic, expected $4"
        return 1
    }
}

@test "the first look compiles everything, and nothing changed compiles nothing" {
    six_files
    begin
    [ "$(jq -c '[.[] | [.files, .functions]] | unique' <<<"$seen")" = "[[6,12]]" ]
    would 0/0 0/0 0/0 0/0
    end
}

@test "only timestamps believe that a touched file changed" {
    six_files
    begin
    save base.mini
    would 5/11 0/0 0/0 0/0
    save help.mini
    would 2/2 0/0 0/0 0/0
    save ./*.mini
    would 6/12 0/0 0/0 0/0
    end
}

@test "a restored older mtime hides a change from timestamps alone" {
    six_files
    begin
    sed -i 's/x + x;/x * x;/' base.mini
    touch -d @1600000000 base.mini
    would 0/0 5/11 1/2 1/2
    end
}

@test "a comment, a local's name and the order of functions stay inside the file" {
    six_files
    begin
    sed -i 's/everybody uses/all use/' base.mini && save base.mini
    would 5/11 5/11 1/2 1/0
    sed -i 's/sum/total/g' base.mini && save base.mini
    would 5/11 5/11 1/2 1/0
    { grep -v '^fn' base.mini; grep '^fn' base.mini | tac; } >swapped
    cat swapped >base.mini && save base.mini
    would 5/11 5/11 1/2 1/0
    end
}

@test "a body" {
    six_files
    begin
    sed -i 's/return x + x;/return x * 2;/' base.mini && save base.mini
    would 5/11 5/11 1/2 1/1
    sed -i 's/return x;/return x + 0;/' help.mini && save help.mini
    would 2/2 2/2 1/1 1/1
    end
}

@test "a signature reaches the files that import it, and the functions that use it" {
    six_files
    begin
    sed -i 's/twice(x: i32) i32 { return x + x/twice(y: i32) i32 { return y + y/' base.mini
    save base.mini
    would 5/11 5/11 3/7 1/2
    end
}

@test "a constant's value" {
    six_files
    begin
    sed -i 's/= 4;/= 5;/' base.mini && save base.mini
    would 5/11 5/11 3/7 1/1
    end
}

@test "a struct's field travels through the interfaces that name the struct" {
    six_files
    begin
    sed -i 's/b: i32 }/b: i32, c: i32 }/' base.mini
    sed -i 's/b: x }/b: x, c: x }/' text.mini
    save base.mini text.mini
    would 5/11 5/11 4/10 2/3
    end
}

@test "a new function that nobody uses, and its end" {
    six_files
    begin
    cp base.mini kept
    echo 'fn unused(x: i32) i32 { return x; }' >>base.mini && save base.mini
    would 5/12 5/12 3/8 1/1
    cat kept >base.mini && save base.mini
    would 5/11 0/0 0/0 0/0
    end
}

@test "a new file" {
    six_files
    begin
    echo 'fn more(x: i32) i32 { return x; }' >more.mini
    sed -i '1i import "more.mini" as more;' help.mini
    save more.mini help.mini
    would 3/3 3/3 2/2 2/1
    end
}

@test "files that import each other in a cycle depend on each other" {
    six_files
    sed -i '1i import "main.mini" as main;' help.mini && save help.mini
    begin
    sed -i 's/return x;/return x + 1;/' help.mini && save help.mini
    would 2/2 2/2 1/1 1/1
    sed -i 's/print(/print(1 + /' main.mini && save main.mini
    would 2/2 2/2 1/1 1/1
    sed -i 's/return x/return 0 - x/' help.mini && save help.mini
    would 2/2 2/2 1/1 1/1
    end
}

@test "a program that is wrong, or missing, is refused" {
    run --separate-stderr "$bin/policies"
    [ "$status" -eq 2 ]
    run --separate-stderr "$bin/policies" main.mini
    [ "$status" -eq 3 ]
    [ "$stderr" = "policies: main.mini: cannot be read: No such file or directory" ]
    echo 'fn main( i32 { }' >main.mini
    run --separate-stderr "$bin/policies" main.mini
    [ "$status" -eq 1 ]
    [[ "$stderr" == "main.mini:1:10: error: "* ]]
}

# ---- on a generated corpus -----------------------------------------------------------------------

# Runs the part of the benchmark where it overwrites nothing.
run_part() {
    mkdir bench
    ln -s "$bin"/{minic,generate-corpus,edit-corpus,policies,ordinary-edits} .
    BUILD=$PWD FILES=$1 "$root/bench/policies" >table
}

@test "each policy compiles at most what the one before it does" {
    run_part 200
    run jq -r '.policies.edits[] | .name as $name |
        [.compiled | .timestamps, .file_hashes, .interface_hashes, .function_keys | .functions] |
        select(. != (sort | reverse)) | "\($name): \(.)"' bench/policies.json
    [ "$output" = "" ]
    run jq -c '.policies | [.files_total, .functions_total, (.edits | length)]' bench/policies.json
    [ "$output" = "[201,601,14]" ]
    run jq -c '[.policies.edits[] | select(.compiled.timestamps.functions == 0) | .name]' \
        bench/policies.json
    [ "$output" = '["nothing"]' ]
    run jq -c '[.policies.edits[] | select(.compiled.function_keys.functions == 0) | .name]' \
        bench/policies.json
    [ "$output" = '["nothing","touch","checkout","comment","rename","swap","undo"]' ]
    [ "$(sed "/ordinary edits/q" table | grep -c .)" -eq 18 ] # and the title of the next table
}

@test "the picture gets a row for each edit, with four numbers for the eye" {
    run_part 60
    run jq -r -f "$root/bench/report/policies.jq" bench/policies.json
    [ "${#lines[@]}" -eq 14 ]
    [ "$(awk -F '\t' 'NF == 13' <<<"$output" | wc -l)" -eq 14 ]
    run jq -r -f "$root/bench/report/policies.jq" <<<'{"policies": {"functions_total": 1234567,
        "edits": [{"title": "a, b, c", "compiled": {"timestamps": {"functions": 1000},
        "file_hashes": {"functions": 999}, "interface_hashes": {"functions": 12},
        "function_keys": {"functions": 0}}}]}}'
    [ "$(tr '\t' '|' <<<"$output")" = \
        "0|a|b, c|1000|999|12|0|1,000|999|12|0|1234567|1,234,567" ]
}
