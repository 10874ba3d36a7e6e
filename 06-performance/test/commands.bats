#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The commands that look at the program and its cache, and compile nothing: cache and graph; and the
# files of a program for other tools.

bats_require_minimum_version 1.5.0
load called_minic

setup() {
    ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    MINIC=${MINIC:-${BUILD:-$ROOT/build}/minic}
    cd "$BATS_TEST_TMPDIR" || return 1
    unset MINIC_VERBOSE MINIC_TARGET
    mkdir -p "a b/lib"
    cat >"a b/main.mini" <<-'MINI'
	import "lib/shapes.mini" as shapes;
	import "text.mini" as text;
	fn main() i32 { print(text.hello()); return shapes.area(2); }
	MINI
    cat >"a b/lib/shapes.mini" <<-'MINI'
	import "sizes.mini" as sizes;
	fn area(n: i32) i32 { return sizes.size(n) * n; }
	fn edge(n: i32) i32 { return n * 4; }
	MINI
    cat >"a b/lib/sizes.mini" <<-'MINI'
	import "shapes.mini" as shapes;
	fn size(n: i32) i32 { if (n > 9) { return shapes.edge(n); } return n; }
	MINI
    echo 'fn hello() str { return "hello"; }' >"a b/text.mini"
    entry="a b/main.mini"
}

# count NAME: a number of the build that was just reported.
count() { sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p" <<<"$output"; }

# built LOWERED EMITTED SECTIONS: a build does so much, with the output of the first one.
built() {
    minic 0 build "$entry" --stats=json
    [ "$(count files_lowered) $(count functions_emitted) $(count sections_written)" = "$1 $2 $3" ] ||
        { echo "not $*: $output"; return 1; }
    cmp first.ll "a b/main.ll"
}

first_build() {
    minic 0 build "$entry" -q
    cp "a b/main.ll" first.ll
}

# ---- cache drop ------------------------------------------------------------------------------------

@test "a function that is dropped is compiled again, and nothing else, to the same bytes" {
    first_build
    minic 0 cache drop "a b/lib/shapes.mini:area" "$entry"
    [ "$stderr" = "a b/lib/shapes.mini:area: dropped the code of 1 unit" ]
    cmp first.ll "a b/main.ll"
    minic 0 build "$entry" -v
    [ "$(grep -c ^emitted <<<"$stderr")" = 1 ]
    says "emitted      lib/shapes.mini:area (its output was lost)"
    minic 0 cache drop "a b/lib/shapes.mini:area" "$entry"
    built 0 1 1
    built 0 0 0
    minic 0 verify "$entry"
}

@test "a file that is dropped is lowered and compiled again, and nothing else" {
    first_build
    minic 0 cache drop "a b/lib/shapes.mini" "$entry"
    [ "$stderr" = "a b/lib/shapes.mini: dropped 1 lowered file and the code of 2 units" ]
    minic 0 cache drop "a b/lib/shapes.mini" "$entry"
    [ "$stderr" = "a b/lib/shapes.mini: nothing to drop" ]
    built 1 2 1
    built 0 0 0
    minic 0 verify "$entry"
}

@test "cache clear drops everything, and the output is made again with the same bytes" {
    first_build
    minic 0 cache clear "$entry"
    [ "$stderr" = "a b/.mini_cache: dropped 4 lowered files and the code of 5 units" ]
    [ ! -e "a b/.mini_cache/air.pack" ]
    built 4 5 4
    built 0 0 0
    minic 0 verify "$entry"
}

@test "what is dropped can be named in each way that minic names it, and the entry left out" {
    first_build
    for name in "a b/text.mini" text.mini "./a b/lib/../text.mini"; do
        minic 0 cache drop "$name:hello" "$entry"
        [ "$stderr" = "$name:hello: dropped the code of 1 unit" ]
        minic 0 cache drop -q "$name:hello" "./a b//main.mini"
        [ -z "$stderr$output" ]
        built 0 1 1
    done
    minic 0 cache drop "$PWD/a b/text.mini" "$PWD/$entry"
    built 1 1 1
    minic 0 cache drop "$entry:main"
    built 0 1 1
    minic 0 cache drop "$entry"
    built 1 1 1
}

@test "a file or a name that the program does not have is wrong usage, and nothing is dropped" {
    first_build
    minic 2 cache drop nothing.mini "$entry"
    [ "$stderr" = "minic: nothing.mini: $entry has no such file" ]
    minic 2 cache drop nothing.mini:area "$entry"
    [ "$stderr" = "minic: nothing.mini:area: $entry has no such file" ]
    minic 2 cache drop text.mini: "$entry"
    [ "$stderr" = "minic: text.mini:: $entry has no such file" ]
    minic 2 cache drop text.mini:area "$entry"
    [ "$stderr" = "minic: text.mini:area: the file has nothing of this name" ]
    minic 2 cache drop nowhere.mini
    says "nowhere.mini: cannot read the entry file"
    [ ! -e .mini_cache ]
    built 0 0 0
}

@test "a program with errors keeps what it has" {
    first_build
    cp "a b/text.mini" kept
    echo 'fn hello( str { return "hello"; }' >"a b/text.mini"
    minic 1 cache drop lib/shapes.mini "$entry"
    says "a b/text.mini:1:"
    rm "a b/text.mini"
    minic 1 cache drop lib/shapes.mini "$entry"
    says "a b/main.mini:2:"
    cp kept "a b/text.mini"
    built 0 0 0
}

@test "what check kept is dropped, too, and a drop waits for the next build through other commands" {
    minic 0 check "$entry"
    minic 0 cache drop text.mini "$entry"
    [ "$stderr" = "text.mini: dropped 1 lowered file and the code of 1 unit" ]
    minic 0 build "$entry" --stats=json
    [ "$(count files_lowered) $(count functions_emitted)" = "1 1" ]
    cp "a b/main.ll" first.ll
    minic 0 cache drop text.mini "$entry"
    minic 0 graph "$entry"
    minic 1 verify "$entry"
    [[ $output == *"text.mini: its ZIR is missing or damaged"* ]]
    minic 0 check "$entry" --stats=json
    [ "$(count files_lowered) $(count functions_emitted)" = "1 1" ]
    built 0 0 1
}

@test "cache waits for the lock" {
    first_build
    exec 8>>"a b/.mini_cache/lock"
    flock 8
    "$MINIC" cache drop text.mini "$entry" 2>said 8>&- &
    until grep -q waiting said; do sleep 0.02; done
    flock -u 8
    wait $!
    grep -q "dropped 1 lowered file and the code of 1 unit" said
}

# ---- plan ------------------------------------------------------------------------------------------

# all_files: names, sizes and times of everything in the project.
all_files() { find "a b" -printf '%p %i %s %T@ %C@\n' | sort; }

@test "plan lists what changed and what a build would compile, and touches nothing" {
    minic 0 plan "$entry"
    [ ! -e "a b/.mini_cache" ]
    [ "${lines[-1]}" = "5 of 5 functions to compile; with all that call them, directly or not: 5" ]
    first_build
    minic 0 plan "$entry"
    [ "$output" = "0 of 5 functions to compile" ]
    echo 'fn hello() str { return "hullo"; }' >"a b/text.mini"
    sed -i 's/n > 9/n > 8/' "a b/lib/sizes.mini"
    all_files >before
    minic 0 plan "$entry"
    all_files | diff before -
    diff - <(echo "$output") <<-'TEXT'
	changed    lib/sizes.mini
	changed    text.mini
	dirty      lib/sizes.mini:size
	dirty      text.mini:hello
	2 of 5 functions to compile; with all that call them, directly or not: 4
	TEXT
    minic 0 build "$entry" -v
    [ "$(grep ^emitted <<<"$stderr" | awk '{ print $2 }')" = $'lib/sizes.mini:size\ntext.mini:hello' ]
}

@test "plan --json names functions as -v does, by what makes a build compile them" {
    first_build
    sed -i 's/hello() str/hello() i32/; s/"hello"/1/' "a b/text.mini"
    mv "a b/lib" "a b/bib" && sed -i 's/lib/bib/' "a b/main.mini"
    minic 0 plan "$entry" --json
    [ "${#lines[@]}" = 1 ]
    python3 -c '
import json, sys
plan = json.load(sys.stdin)
assert plan["files"] == {"changed": ["main.mini", "text.mini"],
                         "added": ["bib/shapes.mini", "bib/sizes.mini"],
                         "removed": ["lib/shapes.mini", "lib/sizes.mini"]}, plan
assert plan["dirty"] == ["bib/shapes.mini:area", "bib/shapes.mini:edge", "bib/sizes.mini:size",
                         "main", "text.mini:hello"], plan
assert plan["dependent"] == [] and plan["lost"] == [] and plan["cached"] == 0, plan
assert plan["breadth_first"] == 5, plan
' <<<"$output"
    mv "a b/bib" "a b/lib" && sed -i 's/bib/lib/' "a b/main.mini"
    minic 0 plan "$entry" --json
    [[ $output == '{"dirty":["text.mini:hello"],"dependent":["main"],'*'"breadth_first":2}' ]]
    echo 'fn hello() str { return "hello"; }' >"a b/text.mini"
    minic 0 cache drop text.mini "$entry"
    minic 0 plan "$entry" --json
    [[ $output == '{"dirty":[],"dependent":[],"lost":["text.mini:hello"],"cached":4,'* ]]
}

@test "plan is of one output, and says what is wrong with a program that has no plan" {
    first_build
    minic 0 plan "$entry" -o other.ll # the same code
    [[ ${lines[-1]} == "0 of 5 functions to compile" ]]
    minic 0 plan "$entry" --emit=exe
    [[ ${lines[-1]} == "5 of 5 functions"* ]]
    echo 'fn hello() str { return }' >"a b/text.mini"
    all_files >before
    minic 1 plan "$entry"
    [ -z "$output" ]
    says "a b/text.mini:1:"
    all_files | diff before -
    minic 2 plan missing.mini
    minic 1 plan "$entry" --cache-dir other
    [ ! -e other ]
}

# ---- graph -----------------------------------------------------------------------------------------

@test "graph lists the files with their imports" {
    minic 0 graph "$entry"
    [ -z "$stderr" ]
    diff - <(echo "$output") <<-'TEXT'
	a b/lib/shapes.mini
	  a b/lib/sizes.mini
	a b/lib/sizes.mini
	  a b/lib/shapes.mini
	a b/main.mini
	  a b/lib/shapes.mini
	  a b/text.mini
	a b/text.mini
	TEXT
    [ ! -e "a b/main.ll" ]
    first_build
    echo 'fn more() i32 { return 1; }' >>"a b/text.mini"
    cp "a b/.mini_cache/air.pack" pack
    minic 0 graph "$entry" -v
    [[ $stderr == "changed      text.mini" ]]
    cmp pack "a b/.mini_cache/air.pack"
    cmp first.ll "a b/main.ll"
}

@test "graph --order has imports first, and marks cycles" {
    minic 0 graph "$entry" --order
    diff - <(echo "$output") <<-TEXT
	a b/lib/shapes.mini	cycle 1
	a b/lib/sizes.mini	cycle 1
	a b/text.mini
	a b/main.mini
	TEXT
}

@test "graph --dependents and --dependencies go all the way, and are wrong usage of a file that is not there" {
    minic 0 graph "$entry" --dependents "a b/lib/sizes.mini"
    [ "$output" = $'a b/lib/shapes.mini\na b/main.mini' ]
    minic 0 graph "$entry" --dependents text.mini
    [ "$output" = "a b/main.mini" ]
    minic 0 graph "$entry" --dependents main.mini
    [ -z "$output$stderr" ]
    minic 0 graph "$entry" --dependencies main.mini --order
    [ "$output" = $'a b/lib/shapes.mini\tcycle 1\na b/lib/sizes.mini\tcycle 1\na b/text.mini' ]
    minic 0 graph "$entry" --dependencies main.mini --dependents lib/sizes.mini
    [ "$output" = "a b/lib/shapes.mini" ]
    minic 2 graph "$entry" --dependents nothing.mini
    [ "$stderr" = "minic: nothing.mini: $entry has no such file" ]
    [ -z "$output" ]
    minic 2 graph "$entry" --dependencies nothing.mini --dependents text.mini
}

@test "graph --json is one line that a JSON parser reads, whatever files are called" {
    mkdir $'c"\\\t\xff\n' && cp -r "a b/"* $'c"\\\t\xff\n'
    minic 0 graph $'c"\\\t\xff\n/main.mini' --json --order
    [ "${#lines[@]}" = 1 ]
    python3 -c '
import json, sys
graph = json.loads(sys.stdin.buffer.read().decode())
home = "c\"\\\t??/"
assert [f["path"][len(home):] for f in graph["files"]] == [
    "lib/shapes.mini", "lib/sizes.mini", "text.mini", "main.mini"], graph
assert all(f["path"].startswith(home) for f in graph["files"]), graph
assert graph["files"][3]["imports"] == [home + "lib/shapes.mini", home + "text.mini"], graph
assert [f["cycle"] for f in graph["files"]] == [1, 1, 0, 0] and graph["cycles"] == 1, graph
' <<<"$output"
}

@test "graph --dot has a box for each cycle, and only files that are listed" {
    minic 0 graph "$entry" --dot
    diff - <(echo "$output") <<-'TEXT'
	digraph imports {
	    node [shape=box];
	    "a b/main.mini";
	    "a b/text.mini";
	    subgraph cluster_1 {
	        label="cycle 1";
	        "a b/lib/shapes.mini";
	        "a b/lib/sizes.mini";
	    }
	    "a b/lib/shapes.mini" -> "a b/lib/sizes.mini";
	    "a b/lib/sizes.mini" -> "a b/lib/shapes.mini";
	    "a b/main.mini" -> "a b/lib/shapes.mini";
	    "a b/main.mini" -> "a b/text.mini";
	}
	TEXT
    minic 0 graph "$entry" --dot --dependencies lib/shapes.mini
    [[ $output == *sizes* && $output != *"->"* && $output != *main* ]]
    minic 2 graph "$entry" --dot --json
    says "--json or --dot, not both"
    mkdir 'q"\' && cp -r "a b/"* 'q"\'
    minic 0 graph 'q"\/main.mini' --dot
    [[ $output == *'"q\"\\/main.mini" -> "q\"\\/text.mini";'* ]]
}

@test "graph of a program with an import that leads nowhere lists the rest" {
    rm "a b/text.mini"
    minic 1 graph "$entry"
    says "a b/main.mini:2:"
    [[ $output == *$'a b/main.mini\n  a b/lib/shapes.mini' ]]
}

# ---- digest and diff -------------------------------------------------------------------------------

@test "digest prints a hash of the program and the XXH128 of each file" {
    minic 0 digest "$entry"
    [ -z "$stderr" ]
    [ "$(cut -c35- <<<"$output" | tail -n +2)" = $'lib/shapes.mini\nlib/sizes.mini\nmain.mini\ntext.mini' ]
    tail -n +2 <<<"$output" >files
    [ "$(head -n 1 <<<"$output")" = "$(xxh128sum <files | cut -d' ' -f1)" ]
    (cd "a b" && xxh128sum -c ../files)
    echo "$output" >before
    cp -r "a b" copy && rm -r copy/.mini_cache
    minic 0 digest copy/main.mini
    [ "$output" = "$(cat before)" ]
    rm "a b/text.mini"
    minic 1 digest "$entry"
    [ -z "$output" ]
    says "a b/main.mini:2:"
}

@test "diff lists what differs between the digests of two commits" {
    git init -q . && git config user.name n && git config user.email n@example.org
    git add . && git commit -qm one
    minic 0 digest "$entry" && echo "$output" >one
    echo '// more' >>"a b/lib/sizes.mini"
    sed -i 's/text.mini/words.mini/' "a b/main.mini"
    git mv "a b/text.mini" "a b/words.mini" && git commit -qam two
    minic 0 digest "$entry" && echo "$output" >two
    minic 1 diff one two
    diff - <(echo "$output") <<-'TEXT'
	changed  lib/sizes.mini
	changed  main.mini
	removed  text.mini
	added    words.mini
	TEXT
    minic 1 diff two one
    [[ $output == *"added    text.mini"*"removed  words.mini"* ]]
    git checkout -q HEAD~ && minic 0 digest "$entry" && echo "$output" >again
    minic 0 diff one again
    [ -z "$output$stderr" ]
    run "$MINIC" diff <(cat one) <(cat two)
    [ "$status" = 1 ]
}

@test "a digest of a path with a newline is read again, and one that was cut or changed is refused" {
    mkdir $'c\\\nd' && cp -r "a b/"* $'c\\\nd'
    minic 0 digest $'c\\\nd/main.mini' && echo "$output" >one
    minic 0 diff one one
    head -n 3 one >cut
    minic 2 diff one cut
    says "cut:1: is not the hash of the lines that follow"
    sed 2s/^./g/ one >wrong
    minic 2 diff wrong one
    says "wrong:2: is no line of a digest"
    minic 2 diff one /dev/null
    says "/dev/null:1: is no digest of a package"
    minic 3 diff one missing
    says "missing: cannot read: No such file or directory"
    minic 2 diff one
    minic 2 diff one one one
}

# ---- -MD -------------------------------------------------------------------------------------------

@test "-MD lists what an output is made from, beside it" {
    minic 0 build "$entry" -q -MD
    diff "a b/main.d" - <<-'TEXT'
	a\ b/main.ll: \
	  a\ b/main.mini \
	  a\ b/lib/shapes.mini \
	  a\ b/lib/sizes.mini \
	  a\ b/text.mini

	a\ b/lib/shapes.mini:

	a\ b/lib/sizes.mini:

	a\ b/text.mini:
	TEXT
    find "a b/main.d" -printf '%i %T@\n' >before
    minic 0 build "$entry" -q -MD # nothing changed
    find "a b/main.d" -printf '%i %T@\n' | diff before -
    sed -i /text/d "a b/main.mini"
    minic 1 build "$entry" -q -MD # text.hello is not declared any more
    find "a b/main.d" -printf '%i %T@\n' | diff before - || grep text "a b/main.d"
    sed -i 's/print(text.hello());//' "a b/main.mini"
    echo 'fn main() i32 { return 1; }' >"a b/main.mini"
    minic 0 build "$entry" -q -MF deps -o prog.ll
    [ "$(cat deps)" = $'prog.ll: \\\n  a\\ b/main.mini' ]
    minic 0 build "$entry" -q --emit=exe -MD
    grep -q '^a\\ b/main: ' "a b/main.d"
}

@test "-MD overwrites no file of somebody else's, and wants an output that is a file" {
    echo 'module main: import std.stdio;' >"a b/main.d"
    cp "a b/main.d" theirs
    minic 3 build "$entry" -q -MD
    says "a b/main.d: is not a list of -MD, or is a link; it stays as it is"
    cmp theirs "a b/main.d"
    minic 0 build "$entry" -q -MF list
    mv list real && ln -s real link && cp real before
    sed -i 's/shapes.area(2)/2/' "a b/main.mini"
    minic 0 build "$entry" -q -MF link # it holds what is right
    echo 'fn main() i32 { return 2; }' >"a b/main.mini"
    minic 3 build "$entry" -q -MF link
    cmp before real
    minic 3 build "$entry" -q -MF missing/list
    says "missing/list: cannot write: No such file or directory"
    minic 2 build "$entry" -q -MD -o -
    says "-MD needs an output that is a file"
    minic 2 check "$entry" -MD
    [ -z "$(find . -name '.output-*')" ]
}

# edits TOOL...: what a tool makes of edits that it hears of only through the list.
edits() {
    "$@" >said && [ -s "a b/main.ll" ]
    cp "a b/main.ll" first.ll
    touch -d '+2 seconds' "a b/text.mini"
    sed -i 's/hello"/hullo"/' "a b/text.mini"
    "$@" >said && ! cmp -s first.ll "a b/main.ll"
    rm "a b/text.mini"
    echo 'fn main() i32 { return 1; }' >"a b/main.mini"
    "$@" >said && ! grep text "a b/main.d"
    grep -q "up to date\|no work\|main.ll" said
}

@test "make reads the list, also if a file in it is gone" {
    cat >Makefile <<-'MAKE'
	.RECIPEPREFIX = >
	a\ b/main.ll: a\ b/main.mini
	>@$(MINIC) build "$<" -MD 2>&1
	-include a\ b/main.d
	MAKE
    edits make MINIC="$MINIC"
}

@test "ninja reads the list, also if a file in it is gone" {
    cat >build.ninja <<-NINJA
	rule minic
	  command = $MINIC build "a b/main.mini" -MD 2>&1
	  depfile = a b/main.d
	  restat = 1
	build a\$ b/main.ll: minic a\$ b/main.mini
	NINJA
    edits ninja
}

# ---- --trace ---------------------------------------------------------------------------------------

@test "--trace writes phases, files and functions of each thread, nested" {
    for i in {1..40}; do
        echo "fn f$i(n: i32) i32 { return n + $i; }" >"a b/part$i.mini"
        sed -i "1iimport \"part$i.mini\" as part$i;" "a b/main.mini"
    done
    minic 0 build "$entry" -j2 -q --trace trace.json
    [ -z "$output$stderr" ]
    python3 -c '
import collections, json, sys
spans = [e for e in json.load(open("trace.json"))["traceEvents"] if e["ph"] == "X"]
kinds = collections.Counter(e["cat"] for e in spans)
assert kinds["function"] == 45 and kinds["phase"] >= 6, kinds
names = collections.Counter(e["name"] for e in spans)
assert names["lower"] == 44 and names["scan imports"] == 44, names
assert names["text.mini"] == 2 and names["text.mini:hello"] == 1, names  # lowered, then compiled
threads = collections.defaultdict(list)
for e in spans:
    threads[e["tid"]].append((e["ts"], -e["dur"], e["name"], e["cat"]))
assert set(threads) <= {0, 1}, threads.keys()
for thread in threads.values():
    around = []
    for begin, size, name, kind in sorted(thread):
        while around and around[-1][0] <= begin:
            around.pop()
        end = begin - size
        assert not around or end <= around[-1][0] + 1e-6, (name, around)
        if kind == "function":
            assert name.startswith("main") or around[-1][1] == name.split(":")[0], (name, around)
        around.append((end, name))
'
    minic 0 build "$entry" -q --trace trace.json # nothing to do
    ! grep -q '"lower"' trace.json
    echo 'fn hello() str { return 1; }' >"a b/text.mini"
    minic 1 build "$entry" -q --trace trace.json
    grep -q '"text.mini:hello"' trace.json
    echo mine >theirs
    minic 1 check "$entry" -q --trace theirs
    says "theirs: is not a file of --trace, or is a link; it stays as it is"
    [ "$(cat theirs)" = mine ]
}
