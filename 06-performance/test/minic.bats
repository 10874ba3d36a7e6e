# SPDX-License-Identifier: MIT
#
# The command line of minic, driven from outside: flags, exit statuses, messages, samples, and
# everything that a disk or a user can get wrong.

bats_require_minimum_version 1.5.0
load called_minic
load ../../01-file-change-detection/test/await

setup() {
    ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    MINIC=${MINIC:-${BUILD:-$ROOT/build}/minic}
    cd "$BATS_TEST_TMPDIR" || return 1
    unset MINIC_VERBOSE MINIC_TARGET MINIC_CLANG MINIC_LLI
}

# ---- helpers ------------------------------------------------------------------------------------

# A program of two files.
two_files() {
    echo 'fn add(a: i32, b: i32) i32 { return a + b; }' >math.mini
    cat >main.mini <<-'MINI'
	import "math.mini" as math;
	fn main() i32 { print(math.add(2, 3)); return 0; }
	MINI
}

# The value of a number or string in a --stats=json line: json NAME LINE.
json() {
    sed -n "s/.*\"$1\":\"\{0,1\}\([^,\"}]*\).*/\1/p" <<<"$2"
}

# Runs a command as somebody whom file permissions stop.
as_nobody() {
    if [ "$(id -u)" != 0 ]; then
        "$@"
    else
        chmod 755 "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR/.." 2>/dev/null || true
        setpriv --reuid 65534 --regid 65534 --clear-groups -- "$@"
    fi
}

# A copy of minic in a place that nobody can reach, too.
public_place() {
    PUBLIC=$(mktemp -d /tmp/minic-bats-XXXXXX)
    cp "$MINIC" "$PUBLIC/minic"
    mkdir "$PUBLIC/work"
    cd "$PUBLIC/work"
    [ "$(id -u)" != 0 ] || chown -R 65534:65534 "$PUBLIC"
}

teardown() {
    cd /
    if [ -n "${PUBLIC:-}" ]; then
        chmod -R u+rwx "$PUBLIC"
        rm -rf "$PUBLIC"
    fi
}

# ---- help and usage ---------------------------------------------------------------------------

@test "--help and --version answer on stdout" {
    minic 0 --help
    [[ $output == *"minic build ENTRY.mini"* ]]
    minic 0 build --help
    [[ $output == *"exit status: 0"* ]]
    minic 0 --version
    [[ $output == "minic "* ]]
}

@test "each command has a page with its flags and an example, the same by help and by --help" {
    for command in build run check clean cache verify plan graph digest diff doctor help version; do
        minic 0 help $command
        page=$output
        [[ ${lines[0]} == "minic $command"* ]]
        [[ $page == *$'\nexample:\n  minic '* ]]
        minic 0 $command --help
        [ "$output" = "$page" ]
        minic 0 $command -h
        [ "$output" = "$page" ]
        minic 0 --help $command
        [ "$output" = "$page" ]
        minic 0 --help
        [[ $output == *$'\n'"  minic $command"* ]]
        [ -z "$(printf '%s\n' "$page" "$output" | grep -E '.{81}')" ]
        # A flag is on the page of a command exactly if the command takes it.
        for flag in $(grep -oE '^  (-h, )?--?[a-z-]+' <<<"$output" | grep -oE -- '--?[a-z-]+$'); do
            run --separate-stderr "$MINIC" $command "$flag"
            if grep -qE "^  (-h, )?$flag\b" <<<"$page"; then
                [[ $stderr != *"does not take"* ]]
            else
                [[ $stderr == *"$command does not take $flag"* ]]
            fi
        done
    done
}

@test "an unknown command is answered with those that there are" {
    for arguments in bulid "help bulid" "--help bulid"; do
        # shellcheck disable=SC2086
        minic 2 $arguments
        says "unknown command 'bulid': did you mean 'build'?"
    done
    for arguments in make "help make"; do
        # shellcheck disable=SC2086
        minic 2 $arguments
        says "unknown command 'make': there are build, run, check, clean, cache, verify, plan, graph, digest, diff, doctor, help and version"
    done
    minic 2 help build run
    minic 2 version build
}

@test "--version has the commit, and what run uses" {
    commit=$(sed -n 's/^minic is of commit \([^ ]*\) *$/\1/p' "$ROOT/build/commit")
    minic 0 --version
    [ "${lines[0]}" = "minic 1.0${commit:+, commit $commit}" ]
    if [ "$(git -C "$ROOT" rev-parse --show-cdup 2>/dev/null || echo no)" = "" ]; then
        [[ $commit =~ ^"$(git -C "$ROOT" rev-parse --short=12 HEAD)"(-dirty)?$ ]]
    fi
    [[ ${lines[1]} == "run "*" needs LLVM 15 or newer, here: "* ]]
    mkdir tools
    printf '#!/bin/sh\necho "LLVM version 17.0.1"\n' >tools/my-lli
    chmod +x tools/my-lli
    MINIC_LLI=$PWD/tools/my-lli minic 0 version
    [[ ${lines[1]} == *": my-lli ($PWD/tools/my-lli, LLVM 17)" ]]
    printf '#!/bin/sh\necho "LLVM version 9.0.1"\n' >tools/my-lli
    MINIC_LLI=$PWD/tools/my-lli minic 0 version
    [[ ${lines[1]} == *"here: cannot use $PWD/tools/my-lli: it is version 9, and LLVM 15 or newer is needed" ]]
    MINIC_LLI=nowhere minic 0 version
    [[ ${lines[1]} == *"here: cannot use nowhere: no such program" ]]
}

@test "another commit of the same code is the same compiler" {
    two_files
    for commit in 0123456789ab 0123456789ab-dirty; do
        head -c -53 "$MINIC" >minic-of-$commit # in the place of the note of the commit
        printf '\nminic is of commit %-32s\n' $commit >>minic-of-$commit
        chmod +x minic-of-$commit
        [ "$(./minic-of-$commit --version | head -n 1)" = "minic 1.0, commit $commit" ]
        ./minic-of-$commit build -q main.mini
    done
    minic 0 build main.mini --stats=json
    [ "$(json strategy "$output")" = up-to-date ]
}

@test "the commit is noted only if it changed, and only of a checkout of its own" {
    note() { "$ROOT/.ci/note-commit" note; tr -d ' \n' <note; }
    git_here() { git -c user.name=a -c user.email=a@b "$@"; }
    GIT_CEILING_DIRECTORIES=$PWD && export GIT_CEILING_DIRECTORIES
    mkdir checkout && cd checkout
    [ "$(note)" = "" ]
    git_here init -q && echo 1 >source && git_here add source && git_here commit -qm one
    [ "$(note)" = "minicisofcommit$(git rev-parse --short=12 HEAD)" ]
    before=$(stat -c '%i %y' note)
    sleep 0.02
    [ "$(note)" = "minicisofcommit$(git rev-parse --short=12 HEAD)" ]
    [ "$(stat -c '%i %y' note)" = "$before" ]
    echo 2 >source
    [ "$(note)" = "minicisofcommit$(git rev-parse --short=12 HEAD)-dirty" ]
    mkdir below && cd below # an unpacked archive in somebody's repository
    [ "$(note)" = "" ]
}

@test "every flag of the design is in the help" {
    minic 0 --help
    for flag in -o --cache-dir --root -j -v -vv -q --stats --force --paranoid --sync --cache-limit \
        --json --order --dependencies --dependents; do
        [[ $output == *" $flag"* ]] || { echo "no $flag"; return 1; }
    done
}

@test "wrong usage is exit status 2 and one line" {
    two_files
    for arguments in "" "bulid" "build" "build main.mini math.mini" "build -j 0 main.mini" \
        "build --nonsense main.mini" "check -o x.ll main.mini" "build main.mini -o" "clean --force" \
        "verify" "verify --force main.mini" "doctor a b" "build --json main.mini" \
        "build --cache-limit 5X main.mini" "cache" "cache drop" "cache lose main.mini" "cache clear" \
        "cache drop main.mini main.mini main.mini" "cache drop nowhere.mini" "graph" \
        "graph main.mini --dependents" "build --order main.mini"; do
        # shellcheck disable=SC2086
        minic 2 $arguments
        [ "${#stderr_lines[@]}" = 1 ]
        [[ $stderr == "minic: "* ]]
        [ -z "$output" ]
    done
    [ ! -e main.ll ]
}

# ---- build ---------------------------------------------------------------------------------------

@test "the output is beside the entry and its cache too" {
    mkdir project
    cd project && two_files && cd ..
    minic 0 build project/main.mini
    [ -s project/main.ll ]
    [ -d project/.mini_cache ]
    [ ! -e main.ll ]
    [ -z "$output" ]
    says "project/main.ll: full, 2 of 2 functions emitted"
}

@test "-o and --cache-dir say where" {
    two_files
    minic 0 build main.mini -o out.ll --cache-dir cache
    [ -s out.ll ]
    [ -d cache ]
    [ ! -e main.ll ]
    [ ! -e .mini_cache ]
}

@test "-q is silent, with -v too it is not" {
    two_files
    minic 0 build -q main.mini
    [ -z "$output$stderr" ]
    echo '// touched' >>math.mini
    minic 0 build -q -v main.mini
    says "changed      math.mini"
}

@test "a name without .mini gets .ll appended" {
    two_files
    mv main.mini program
    minic 0 build program
    [ -s program.ll ]
}

@test "nothing changed: nothing is done" {
    two_files
    minic 0 build main.mini
    before=$(stat -c '%i %y %s' main.ll)
    settle
    minic 0 build main.mini
    minic 0 build main.mini --stats=json
    [ "$(json strategy "$output")" = up-to-date ]
    [ "$(json functions_emitted "$output")" = 0 ]
    [ "$(json files_lowered "$output")" = 0 ]
    [ "$(json bytes_written "$output")" = 0 ]
    [ "$(stat -c '%i %y %s' main.ll)" = "$before" ]
}

@test "one body edited: one file lowered, one function emitted, one section written" {
    two_files
    echo 'fn other() i32 { return 1; }' >>math.mini
    minic 0 build main.mini
    sed -i 's/a + b/b + a/' math.mini
    minic 0 build main.mini --stats=json
    [ "$(json files_lowered "$output")" = 1 ]
    [ "$(json functions_emitted "$output")" = 1 ]
    [ "$(json sections_written "$output")" = 1 ]
    [ "$(json functions_total "$output")" = 3 ]
    cp main.ll patched.ll
    rm -rf main.ll .mini_cache
    minic 0 build main.mini
    cmp main.ll patched.ll
}

@test "--force emits everything again, with the same bytes" {
    two_files
    minic 0 build main.mini
    cp main.ll before.ll
    minic 0 build --force main.mini --stats=json
    [ "$(json functions_emitted "$output")" = 2 ]
    cmp main.ll before.ll
}

@test "--paranoid reads every file, and finds them the same" {
    two_files
    minic 0 build main.mini
    minic 0 build --paranoid main.mini --stats=json
    [ "$(json files_hashed "$output")" = 2 ]
    [ "$(json files_lowered "$output")" = 0 ]
    [ "$(json strategy "$output")" = up-to-date ]
}

@test "--paranoid finds an edit behind an unchanged stat" {
    two_files
    minic 0 build main.mini
    settle
    minic 0 build main.mini
    minic 0 build --paranoid --sync main.mini
}

@test "-j changes nothing but time" {
    two_files
    for j in 1 2 16; do
        minic 0 build -j$j main.mini -o $j.ll --cache-dir cache$j --stats=json
        [ "$(json workers "$output")" = $j ]
    done
    cmp 1.ll 2.ll
    cmp 1.ll 16.ll
}

@test "--stats is a table on stdout, also with -q" {
    two_files
    minic 0 build -q --stats main.mini
    [ -z "$stderr" ]
    [[ $output == *"files             2   "* ]]
    [[ $output == *"functions         2   2 emitted"* ]]
    [[ $output == *"total"*" ms"* ]]
}

@test "--stats=json is one line that a JSON parser reads" {
    two_files
    minic 0 build main.mini --stats=json
    [ "${#lines[@]}" = 1 ]
    for name in files_total files_stat files_hashed files_lowered functions_total \
        functions_emitted functions_cached functions_failed declarations_visited sections_total \
        sections_written bytes_read bytes_written strategy reason workers peak_memory_bytes seconds; do
        jq -e "has(\"$name\")" <<<"$output"
    done
    jq -e '.strategy == "full" and .status == 0 and .seconds.total > 0' <<<"$output"
}

# counted ARGUMENT...: emitted, cached, failed; fails unless they are all functions of the sources.
counted() {
    run --separate-stderr "$MINIC" "$@" main.mini --stats=json
    [ "$status" -le 1 ]
    jq -e '.functions_emitted + .functions_cached + .functions_failed == .functions_total' <<<"$output"
    [ "$(json functions_total "$output")" = "$(cat ./*.mini | grep -c '^fn ')" ]
    counts="$(jq -r '"\(.functions_emitted) \(.functions_cached) \(.functions_failed)"' <<<"$output")"
}

# expect_counts 'EMITTED CACHED FAILED' ARGUMENT...
expect_counts() {
    counted "${@:2}"
    [ "$counts" = "$1" ] || { echo "${*:2}: $counts, not $1"; return 1; }
}

@test "emitted, cached and failed functions are the total in every build" {
    two_files
    echo 'fn unused() i32 { return 7; }' >>math.mini
    expect_counts '3 0 0' check # the code is kept, no output is written
    expect_counts '0 3 0' build
    expect_counts '0 3 0' build
    expect_counts '3 0 0' build --force
    expect_counts '0 3 0' build --paranoid
    echo '// a comment' >>math.mini
    expect_counts '0 3 0' check
    expect_counts '0 3 0' build
    sed -i 's/return 7/return 8/' math.mini
    expect_counts '1 2 0' build
    rm main.ll
    expect_counts '0 3 0' build
    echo junk >main.ll
    expect_counts '0 3 0' build
    rm .mini_cache/air.*
    expect_counts '0 3 0' build
    rm main.ll
    expect_counts '3 0 0' build
    echo 'fn wrong() i32 { return x; }' >>math.mini
    expect_counts '0 3 1' check
    expect_counts '0 3 1' build
    sed -i '$d' math.mini
    echo 'fn more() i32 { return 1; }' >more.mini
    sed -i '1i import "more.mini" as more;' main.mini
    expect_counts '1 3 0' build
    sed -i 1d main.mini && rm more.mini
    expect_counts '0 3 0' build
    rm -r .mini_cache
    expect_counts '3 0 0' build
}

@test "-v tells what changed and what is done, -vv every decision, MINIC_VERBOSE the same" {
    two_files
    minic 0 build main.mini
    sed -i 's/a + b/b + a/' math.mini
    minic 0 build -v main.mini
    says "changed      math.mini"
    says "emitted      math.mini:add (its source changed)"
    says "output       "
    [[ $stderr != *"unchanged"* ]]

    minic 0 build -vv main.mini
    says "unchanged    main.mini"

    sed -i 's/b + a/a + b + b - b/' math.mini
    MINIC_VERBOSE=1 minic 0 build main.mini
    says "changed      math.mini"
    MINIC_VERBOSE=2 minic 0 build main.mini
    says "unchanged    main.mini"
    MINIC_VERBOSE=0 minic 0 build -q main.mini
    [ -z "$stderr" ]
}

@test "a changed signature is said to reach the units that name it" {
    two_files
    minic 0 build main.mini
    sed -i 's/a: i32/first: i32/; s/a + b/first + b/' math.mini
    minic 0 build -v main.mini
    says "main (something it names changed)"
}

@test "MINIC_TARGET is in the output and in the keys" {
    two_files
    minic 0 build main.mini
    MINIC_TARGET=aarch64-unknown-linux-gnu minic 0 build -v main.mini --stats=json
    grep -q 'target triple = "aarch64-unknown-linux-gnu"' main.ll
    says "with these settings"
    [ "$(json files_hashed "$output")" = 0 ]
    minic 0 build main.mini --stats=json
    [ "$(json functions_emitted "$output")" = 0 ] # switching back hits
    ! grep -q aarch64-unknown-linux-gnu main.ll
}

@test "going back and forth between outputs hashes, emits and writes nothing" {
    two_files
    minic 0 build -o a.ll main.mini
    minic 0 build -o b.ll main.mini
    cmp a.ll b.ll
    sed -i 's/a + b/b + a/' math.mini
    minic 0 build -o a.ll main.mini
    minic 0 build -o b.ll main.mini --stats=json
    [ "$(json files_hashed "$output") $(json functions_emitted "$output")" = "0 0" ]
    cmp a.ll b.ll
    sleep 0.05
    for out in a.ll b.ll a.ll; do
        minic 0 build -o $out main.mini --stats=json
    done
    for out in b.ll a.ll b.ll; do
        minic 0 build -o $out main.mini --stats=json
        [ "$(json strategy "$output") $(json files_hashed "$output")" = "up-to-date 0" ]
        [ "$(json bytes_written "$output")" = 0 ]
        minic 0 verify -o $out main.mini
    done
}

@test "-o naming a source of the program is refused" {
    two_files
    cp math.mini before
    minic 2 build main.mini -o math.mini
    cmp math.mini before
    minic 2 build main.mini -o main.mini
    minic 2 build main.mini -o ./math.mini
    cmp math.mini before
}

@test "stdout that is full is exit status 3" {
    [ -w /dev/full ] || skip "no /dev/full"
    two_files
    run bash -c "'$MINIC' build main.mini --stats >/dev/full"
    [ "$status" = 3 ]
    run bash -c "'$MINIC' --help >/dev/full"
    [ "$status" = 3 ]
}

# ---- errors of the program ---------------------------------------------------------------------

@test "errors have path, line, column, the source line and a caret" {
    two_files
    cat >main.mini <<-'MINI'
	import "math.mini" as math;
	fn main() i32 {
	    return math.ad(1, 2);
	}
	MINI
    minic 1 build main.mini
    [ -z "$output" ]
    [[ $stderr == "main.mini:3:"*": error: "* ]]
    says "    return math.ad(1, 2);"
    says "^"
    [ ! -e main.ll ]
}

@test "all errors of a run are reported, in order, the same again and after a clean" {
    cat >main.mini <<-'MINI'
	import "b.mini" as b;
	fn main() i32 { return nothing; }
	fn two() i32 { return "text"; }
	MINI
    echo 'fn f() i32 { return true; }' >b.mini
    minic 1 build main.mini
    first=$stderr
    [ "$(grep -c ': error: ' <<<"$stderr")" = 3 ]
    [[ ${stderr_lines[0]} == "b.mini:1:"* ]]
    minic 1 build main.mini
    [ "$stderr" = "$first" ]
    minic 0 clean
    minic 1 build -j4 main.mini
    [ "$stderr" = "$first" ]
}

@test "errors in a project elsewhere name the file from the working directory" {
    mkdir -p a/b
    echo 'fn main() i32 { return x; }' >a/b/main.mini
    minic 1 build a/b/main.mini
    [[ $stderr == "a/b/main.mini:1:"* ]]
}

@test "a failed build leaves the output of the last good one" {
    two_files
    minic 0 build main.mini
    cp main.ll before.ll
    echo 'fn broken( i32 {' >>math.mini
    minic 1 build main.mini
    cmp main.ll before.ll
    two_files
    minic 0 build main.mini --stats=json
    [ "$(json functions_emitted "$output")" = 0 ]
    cmp main.ll before.ll
}

# ---- check ---------------------------------------------------------------------------------------

@test "check writes no output and says nothing when all is well" {
    two_files
    minic 0 check main.mini
    [ -z "$output$stderr" ]
    [ ! -e main.ll ]
}

@test "check tells the errors, exit status 1" {
    two_files
    sed -i 's/return a/return c/' math.mini
    minic 1 check main.mini
    says "math.mini:1:"
}

@test "what check found right is not emitted again by build" {
    two_files
    minic 0 check main.mini
    minic 0 build main.mini --stats=json
    [ "$(json functions_emitted "$output")" = 0 ]
    sed -i 's/a + b/b + a/' math.mini
    minic 0 check main.mini
    minic 0 check main.mini
    minic 0 build main.mini --stats=json
    [ "$(json functions_emitted "$output")" = 0 ]
    cp main.ll before.ll
    minic 0 build --force main.mini
    cmp main.ll before.ll
}

# ---- clean ---------------------------------------------------------------------------------------

@test "clean removes what is cached, and nothing that it does not know" {
    two_files
    minic 0 build main.mini
    echo mine >.mini_cache/notes.txt
    minic 0 clean
    [ -e .mini_cache/notes.txt ]
    minic 0 build main.mini --stats=json
    [ "$(json functions_emitted "$output")" = 2 ]
}

@test "clean of one entry leaves the other" {
    two_files
    cp main.mini second.mini
    minic 0 build main.mini
    minic 0 build second.mini
    minic 0 clean main.mini
    minic 0 build second.mini --stats=json
    [ "$(json strategy "$output")" = up-to-date ]
    minic 0 build -v main.mini
    says "first build  main.mini"
}

@test "clean where nothing is cached is fine" {
    minic 0 clean
    minic 0 clean --cache-dir nowhere
    [ ! -e nowhere ]
}

# ---- verify ----------------------------------------------------------------------------------------

@test "verify is silent and 0 where all is well, and says how much it compared with -v" {
    two_files
    minic 0 build main.mini -o out.ll
    find .mini_cache out.ll -printf '%p %T@ %s %i\n' | sort >before
    minic 0 verify main.mini
    [ -z "$output$stderr" ]
    minic 0 verify -v -j2 main.mini
    [ -z "$output" ]
    says "main.mini: no difference in 2 files, 2 units, 4 objects, 2 sections"
    find .mini_cache out.ll -printf '%p %T@ %s %i\n' | sort | diff before -
    sed -i 's/a + b/b + a/' math.mini
    minic 0 build main.mini -o out.ll
    minic 0 verify main.mini
    minic 0 verify main.mini -o out.ll
}

# Overwrites a byte of a file, size and times of which stay: change_byte FILE OFFSET
change_byte() {
    cp -p "$1" saved
    byte=$(dd if="$1" bs=1 skip="$2" count=1 status=none | od -An -tu1)
    # shellcheck disable=SC2059
    printf "\\$(printf %o $((byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
    touch -r saved "$1"
}

@test "verify names a changed byte in every kind of state, and the next build is right" {
    two_files
    minic 0 build main.mini
    sed -i 's/a + b/b + a/' math.mini
    minic 0 build main.mini
    cp main.ll good.ll
    while read -r file offset finding; do
        file=$(echo $file)
        [ -f "$file" ]
        change_byte "$file" "$offset"
        minic 1 verify main.mini
        [[ $output == *"$finding"* ]] || { echo "$file: $output"; return 1; }
        says "minic: main.mini: differences: "
        minic 0 build -q main.mini
        cmp main.ll good.ll
        rm -rf .mini_cache
        minic 0 build -q main.mini
    done <<-'STATE'
	.mini_cache/*.manifest 100 .manifest: is damaged
	.mini_cache/*.files.1 100 .files: is missing or damaged
	.mini_cache/*.units.1 100 .units: is missing or damaged
	.mini_cache/*.sections.1 50 .sections: is missing, damaged or contradicts itself
	.mini_cache/*.unsettled 36 .unsettled: the last build did not finish
	.mini_cache/zir.pack 70 zir.pack: holds damaged records
	.mini_cache/air.pack 70 air.pack: holds damaged records
	.mini_cache/zir.index 20 zir.index: does not fit its pack
	main.ll 100 main.ll: its prelude is wrong
	STATE
}

@test "verify tells a file that was edited since, and a section that somebody changed" {
    two_files
    minic 0 build main.mini
    sed -i 's/^define/DEFINE/' main.ll
    minic 1 verify main.mini
    [[ $output == *"math.mini: its section of the output is wrong"* ]]
    minic 0 build main.mini
    sed -i 's/a + b/b + a/' math.mini
    minic 1 verify main.mini
    [ "$output" = "math.mini: was edited since the last build" ]
    minic 1 verify -q main.mini
    [ -z "$stderr" ]
    sed -i 's/b + a/a + /' math.mini
    minic 1 verify main.mini
    [ -z "$output" ]
    says "math.mini:1:"
}

@test "verify without a cache makes none" {
    two_files
    minic 3 verify main.mini
    says ".mini_cache: "
    [ ! -e .mini_cache ]
    minic 0 check main.mini
    minic 1 verify main.mini
    [ "$output" = "main.mini: no build of it is recorded" ]
}

@test "verify looks at what was built last even where the note of it is gone" {
    two_files
    minic 0 build main.mini -o one.ll
    minic 0 build main.mini -o two.ll
    minic 0 build main.mini -o one.ll # writes nothing
    rm .mini_cache/*.latest
    minic 0 verify -v main.mini
    says "main.mini: no difference in 2 files, 2 units, 4 objects, 2 sections"
    sed -i 's/a + b/b + a/' math.mini
    minic 0 build main.mini -o one.ll
    rm -f .mini_cache/*.latest
    minic 0 verify main.mini # two.ll would not be up to date
}

# ---- doctor ----------------------------------------------------------------------------------------

@test "doctor says which rule applies, on one screen, and leaves nothing behind" {
    mkdir empty
    minic 0 doctor empty
    [ "${#lines[@]}" -le 24 ]
    [[ $output == *"rule     a stamp older than a probe is believed"* ]]
    [[ $output == *"flock    keeps two builds apart: yes"* ]]
    [ -z "$(ls -A empty)" ]
    two_files
    minic 0 build -q main.mini
    ls -A .mini_cache >before
    minic 0 doctor
    ls -A .mini_cache | diff before -
    minic 3 doctor nowhere
    says "nowhere: "
}

@test "doctor --json is one line that a JSON parser reads" {
    command -v python3 >/dev/null || skip "no python3"
    minic 0 doctor --json
    [ "${#lines[@]}" = 1 ]
    python3 -c '
import json, sys
facts = json.loads(sys.argv[1])
assert facts["is_healthy"] is True and facts["has_flock"] is True, facts
assert facts["rule"] in ("older-than-probe", "older-than-fine-probe"), facts
assert facts["behind_ns"] >= 0 and facts["resolution_ns"] >= 1, facts
' "$output"
}

# ---- a limit for the cache ----------------------------------------------------------------------------

@test "--cache-limit bounds the packs, and the outputs stay right" {
    two_files
    compacted=0
    for i in $(seq 40); do
        echo "fn add(a: i32, b: i32) i32 { return a + b + $i; }" >math.mini
        minic 0 build -q -v --cache-limit 8K main.mini
        [[ $stderr != *"compacted    zir.pack"* ]] || compacted=$((compacted + 1))
    done
    [ "$compacted" -ge 2 ]
    bytes=$(cat .mini_cache/*.pack | wc -c)
    [ "$bytes" -le 8192 ]
    minic 0 verify main.mini
    cp main.ll limited.ll
    rm -rf .mini_cache main.ll
    minic 0 build -q main.mini
    cmp main.ll limited.ll
}

# ---- run -----------------------------------------------------------------------------------------

@test "run prints what the program prints and exits with its status" {
    cat >main.mini <<-'MINI'
	fn main() i32 { print("hello"); return 7; }
	MINI
    minic 7 run main.mini
    [ "$output" = hello ]
    [ -z "$stderr" ]
    minic 7 run main.mini a b --stats
    [ "$output" = hello ]
    minic 7 run --with=clang main.mini
    [ "$output" = hello ]
    [ -s main.ll ]
}

@test "run with lli does the same" {
    lli=$(compgen -c lli- | grep -E '^lli-[0-9]+$' | sort -t- -k2 -n | tail -n 1)
    [ -n "$lli" ] || skip "no versioned lli"
    echo 'fn main() i32 { print(42); return 3; }' >main.mini
    MINIC_LLI=$lli minic 3 run main.mini
    [ "$output" = 42 ]
}

@test "run of a program that a signal ends is 128+n" {
    cat >main.mini <<-'MINI'
	extern fn abort();
	fn main() i32 { abort(); return 0; }
	MINI
    for how in '' --with=clang; do
        minic 134 run $how main.mini
        says "minic: the program was ended by a signal: "
    done
}

@test "run prints stats on stderr" {
    two_files
    minic 0 run --stats=json main.mini
    [ "$output" = 5 ]
    [[ $stderr == '{"status":0,'* ]]
}

@test "run leaves no temporary file" {
    two_files
    mkdir tmp
    for how in '' --with=clang; do
        TMPDIR=$PWD/tmp minic 0 run $how main.mini
        [ -z "$(ls -A tmp)" ]
    done
}

@test "no name of a file becomes an option of clang or lli" {
    local tool real
    echo 'fn main() i32 { print(7); return 0; }' >-v.mini
    for tool in clang lli; do
        real=$(compgen -c "$tool-" | grep -x "$tool-[0-9]*" | sort -V | tail -n 1)
        [ -n "$real" ] || skip "no $tool"
        printf '%s\n' '#!/bin/sh' 'printf "%s\n" "$@" >>asked' "exec $real \"\$@\"" >tool
        chmod +x tool
        export "MINIC_${tool^^}=./tool"
        minic 0 run -q -- -v.mini
        [ "$output" = 7 ]
        minic 0 run -q -o -x.ll -- -v.mini -v
        [ "$output" = 7 ]
        unset "MINIC_${tool^^}"
    done
    sort -u asked
    ! grep -E '^-[xv]\.' asked
}

@test "run with errors runs nothing" {
    echo 'fn main() i32 { print("no"); return x; }' >main.mini
    minic 1 run main.mini
    [ -z "$output" ]
}

@test "run refuses an old LLVM with one line" {
    two_files
    printf '#!/bin/sh\necho clang version 14.0.6\n' >old-clang
    chmod +x old-clang
    MINIC_CLANG=./old-clang minic 3 run main.mini
    [ "$stderr" = "minic: cannot use ./old-clang: it is version 14, and LLVM 15 or newer is needed" ]
}

# The tool of that kind, newest first: llvm clang | llvm lli
llvm() { compgen -c "$1-" | grep -E "^$1-[0-9]+\$" | sort -t- -k2 -nr | head -n 1; }

# Waits until the condition holds; ten seconds at most.
await() {
    for _ in $(seq 200); do
        "$@" && return
        sleep 0.05
    done
    echo "in vain: $*"
    return 1
}

# slow_tool PROGRAM: a script that says that it is about to read, and reads when it is reported to.
slow_tool() {
    printf '%s\n' '#!/bin/sh' 'case "$*" in *version*) ;; *) : >reading; while [ ! -e go ]; do sleep 0.05; done ;; esac' \
        "exec $1 \"\$@\"" >slow
    chmod +x slow
}

# runs_this_build VARIABLE: with a slow tool, and with an edit and a build before it reads.
runs_this_build() {
    echo 'fn main() i32 { print(1111); return 0; }' >main.mini
    "$MINIC" build -q main.mini # so that the next builds patch the file
    env "$1=./slow" "$MINIC" run -q main.mini >printed &
    local runner=$! builder
    await test -e reading
    echo 'fn main() i32 { print(2222); return 0; }' >main.mini
    "$MINIC" build main.mini 2>said &
    builder=$!
    await test -s said # it is done, or it waits
    : >go
    wait $runner
    wait $builder
    [ "$(cat printed)" = 1111 ]
    rm go reading
    : >go
    env "$1=./slow" "$MINIC" run -q main.mini >printed
    [ "$(cat printed)" = 2222 ]
}

@test "what runs is what this build made, however slow clang is" {
    slow_tool "$(llvm clang)"
    runs_this_build MINIC_CLANG
}

@test "what runs is what this build made, however slow lli is" {
    slow_tool "$(llvm lli)"
    runs_this_build MINIC_LLI
}

@test "a program that builds its own project waits for nobody" {
    cat >main.mini <<-'MINI'
	extern fn system(command: str) i32;
	fn main() i32 { return system("\"$MINIC\" build main.mini 2>said && ls -l /proc/self/fd >open"); }
	MINI
    export MINIC
    for tool in clang lli; do
        export "MINIC_${tool^^}=$(llvm $tool)"
        timeout 20 "$MINIC" run -q main.mini
        grep -q 'up to date' said
        run ! grep -q 'mini_cache' open
        unset "MINIC_${tool^^}"
    done
}

@test "run needs an output that is a file" {
    two_files
    mkfifo pipe
    for place in - /dev/stdout /dev/fd/2 pipe /dev/null; do
        minic 2 run -o "$place" main.mini
        says "run needs an output that is a file"
        [ -z "$output" ]
    done
    minic 2 verify main.mini -o -
    says "verify needs an output that is a file"
}

@test "the lock is released before the program starts" {
    cat >main.mini <<-'MINI'
	extern fn creat(path: str, mode: i32) i32;
	extern fn sleep(seconds: i32) i32;
	fn main() i32 { creat("running", 384); sleep(600); return 0; }
	MINI
    "$MINIC" run -q main.mini &
    runner=$!
    await test -e running
    timeout 500 "$MINIC" build -q main.mini
    kill "$(cat "/proc/$runner/task/$runner/children")" # the program; minic ends with it
    wait "$runner" || [ $? = 143 ]
}

# ---- two builds at once ----------------------------------------------------------------------------

@test "a second build waits, says so, and then is up to date" {
    command -v flock >/dev/null || skip "no flock"
    two_files
    minic 0 build main.mini
    exec {lock}<>.mini_cache/lock
    flock $lock
    (exec {lock}>&- && exec "$MINIC" build main.mini --stats=json) >said 2>complained &
    await grep -q "waiting for another build" complained
    [ ! -s said ]
    exec {lock}>&-
    wait $!
    [ "$(json strategy "$(<said)")" = up-to-date ]
}

@test "many builds at once all succeed" {
    two_files
    for i in 1 2 3 4 5 6; do
        "$MINIC" build -q main.mini -o $i.ll &
        pids="${pids:-} $!"
    done
    for pid in $pids; do
        wait "$pid"
    done
    for i in 2 3 4 5 6; do
        cmp 1.ll $i.ll
    done
}

# ---- samples ---------------------------------------------------------------------------------------

@test "the samples print what is expected" {
    for expected in "$ROOT"/06-performance/samples/*/expected; do
        sample=${expected%/expected}
        minic 0 run -o "$PWD/out.ll" --cache-dir "$PWD/cache" "$sample/main.mini"
        diff -u "$expected" <(printf '%s\n' "$output") || { echo "$sample"; return 1; }
    done
}

@test "the wrong samples have the errors that are expected, incrementally too" {
    cache=$PWD/cache
    for expected in "$ROOT"/06-performance/samples/errors/*/expected; do
        cd "${expected%/expected}"
        for _ in clean again; do
            minic 1 check --cache-dir "$cache" main.mini
            diff -u expected <(grep -E '^[^ ]+:[0-9]+:[0-9]+: (error|note): ' <<<"$stderr") ||
                { pwd; return 1; }
        done
    done
}

# ---- bad input --------------------------------------------------------------------------------------

@test "a missing entry is reported" {
    minic 2 build nothing.mini
    says "minic: nothing.mini: "
    says "No such file"
    [ ! -e nothing.ll ]
}

@test "a missing import is reported with the line that imports it" {
    printf '// first line\nimport "gone.mini" as gone;\nfn main() i32 { return 0; }\n' >main.mini
    minic 1 build main.mini
    [[ $stderr == "main.mini:2:"* ]]
    says "gone.mini"
    says 'import "gone.mini" as gone;'
}

@test "a directory in place of the entry is reported" {
    mkdir main.mini
    minic 2 build main.mini
    says "minic: main.mini: "
    [ ! -e main.ll ]
}

@test "a directory in place of an import is reported" {
    two_files
    rm math.mini
    mkdir math.mini
    minic 1 build main.mini
    [[ $stderr == "main.mini:1:"* ]]
}

@test "an unreadable file is reported" {
    command -v setpriv >/dev/null || [ "$(id -u)" != 0 ] || skip "no setpriv"
    public_place
    two_files
    chmod 000 math.mini
    [ "$(id -u)" != 0 ] || chown 65534:65534 ./*
    run --separate-stderr as_nobody "$PUBLIC/minic" build main.mini
    [ "$status" = 3 ]
    says "math.mini"
    says "Permission denied"
}

@test "an empty entry lacks main" {
    : >main.mini
    minic 1 build main.mini
    says "main.mini:1:1: error: "
    says main
}

@test "an empty import is fine" {
    two_files
    echo 'import "empty.mini" as e;' | cat - main.mini >m && mv m main.mini
    : >empty.mini
    minic 0 build main.mini
}

@test "NUL bytes and invalid UTF-8 are errors with a position" {
    two_files
    printf 'fn f() i32 { return 1;\0 }\n' >math.mini
    minic 1 build main.mini
    says "math.mini:1:23: error: "
    printf 'fn f() i32 { return 1; } // \xff\n' >math.mini
    minic 1 build main.mini
    says "math.mini:1:29: error: "
}

@test "a line of 10 MB" {
    {
        printf 'fn main() i32 { return 0'
        head -c 10000000 /dev/zero | tr '\0' ' '
        echo '; }'
    } >main.mini
    minic 0 build main.mini
    {
        printf 'fn main() i32 { return '
        head -c 10000000 /dev/zero | tr '\0' ' '
        echo 'x; }'
    } >main.mini
    minic 1 build main.mini
    [ "${#stderr}" -lt 1000 ]
    says "main.mini:1:10000024: error: "
}

@test "10,000 levels of nesting are refused, not crashed on" {
    deep() { printf "%0.s$1" $(seq 10000); }
    for pair in "( )" "! :" "- :"; do
        open=${pair% *} close=${pair#* }
        { printf 'fn main() i32 { return '; deep "$open"; printf 1; [ "$close" = : ] || deep "$close"; echo '; }'; } >main.mini
        minic 1 build main.mini
        [ "${#stderr}" -lt 3000 ]
    done
    { printf 'fn main() i32 { '; deep 'while true { '; deep '} '; echo ' return 0; }'; } >main.mini
    minic 1 build main.mini
}

# ---- bad places -------------------------------------------------------------------------------------

@test "a read-only output directory is exit status 3" {
    command -v setpriv >/dev/null || [ "$(id -u)" != 0 ] || skip "no setpriv"
    public_place
    two_files
    mkdir locked
    chmod 555 locked
    [ "$(id -u)" != 0 ] || chown 65534:65534 ./*
    run --separate-stderr as_nobody "$PUBLIC/minic" build main.mini -o locked/out.ll
    [ "$status" = 3 ]
    says "locked/out.ll"
    says "Permission denied"
    run --separate-stderr as_nobody "$PUBLIC/minic" build main.mini --cache-dir locked/cache
    [ "$status" = 3 ]
    says "locked/cache"
}

@test "a cache that cannot be written drops nothing, and says so" {
    command -v setpriv >/dev/null || [ "$(id -u)" != 0 ] || skip "no setpriv"
    public_place
    two_files
    [ "$(id -u)" != 0 ] || chown 65534:65534 ./*
    as_nobody env XDG_STATE_HOME="$PWD/state" "$PUBLIC/minic" build main.mini -q
    as_nobody env XDG_STATE_HOME="$PWD/state" "$PUBLIC/minic" check main.mini -q --cache-dir checked
    chmod 555 .mini_cache checked
    for what in "drop main.mini" "clear main.mini" "drop main.mini --cache-dir checked"; do
        # shellcheck disable=SC2086
        run --separate-stderr as_nobody env XDG_STATE_HOME="$PWD/state" "$PUBLIC/minic" cache $what
        [ "$status" = 3 ]
        [[ $stderr == "minic: "*": cannot write to the cache: Read-only file system" ]]
    done
    run --separate-stderr as_nobody env XDG_STATE_HOME="$PWD/state" "$PUBLIC/minic" verify main.mini
    [ "$status" = 0 ]
}

@test "an output directory that does not exist is reported" {
    two_files
    minic 3 build main.mini -o nowhere/out.ll
    says "nowhere/out.ll"
}

@test "an output that is a directory is reported" {
    two_files
    mkdir out.ll
    run --separate-stderr "$MINIC" build main.mini -o out.ll
    [ "$status" = 2 ] || [ "$status" = 3 ]
    says "out.ll"
}

@test "a full disk is exit status 3" {
    [ -w /dev/full ] || skip "no /dev/full"
    two_files
    minic 3 build main.mini -o /dev/full
    says "/dev/full"
    says "No space left"
    minic 0 build main.mini
}

@test "what is printed and lost is exit status 3, of every program" {
    [ -w /dev/full ] || skip "no /dev/full"
    two_files
    for command in "minic help" "minic build -q main.mini --stats" "demo-01 main.mini" \
        "demo-02 main.mini" "demo-03 main.mini" "demo-04 main.mini out" "demo-05 main.mini out"; do
        status=0
        # shellcheck disable=SC2086
        (set -- $command && exec "$(dirname "$MINIC")/$1" "${@:2}") >/dev/full 2>said || status=$?
        [ "$status" = 3 ]
        grep -q 'cannot write to standard output' said
    done
    minic 0 build -q main.mini
    "$MINIC" build -q main.mini >&- # nothing was printed, and nothing lost
}

@test "an output that is a pipe is written straight" {
    two_files
    mkfifo pipe
    cat pipe >got &
    minic 0 build main.mini -o pipe
    wait
    minic 0 build main.mini -o file.ll
    cmp got file.ll
    [ -p pipe ]
    minic 0 build -q main.mini -o /dev/null
}

# Opened as the shell opens it, and named in every way: the bytes of file.ll, once, behind a line.
@test "an output that is open already is written from where it stands" {
    two_files
    minic 0 build main.mini -o file.ll
    { echo before; cat file.ll; } >expected
    for name in - /dev/stdout /dev/fd/1 /proc/self/fd/1; do
        echo before >stream
        "$MINIC" build main.mini -o $name >>stream 2>said
        cmp expected stream
        { echo before; "$MINIC" build -q main.mini -o $name; } >stream
        cmp expected stream
        "$MINIC" build -q main.mini -o $name | cat >stream
        cmp file.ll stream
        grep -q 'functions emitted' said
    done
    { echo before; "$MINIC" build main.mini -o /dev/stderr; } 2>stream 1>&2
    cmp expected stream
    { echo before; "$MINIC" build main.mini -o /dev/fd/9 >said 2>&1; } 9>stream >&9
    cmp expected stream
    [ ! -e - ]
}

@test "what else is printed does not mix into an output on stdout" {
    two_files
    minic 0 build main.mini -o file.ll
    for stats in --stats --stats=json; do
        "$MINIC" build main.mini -o - $stats -v >stream 2>said
        cmp file.ll stream
        grep -q strategy said
    done
    echo 'fn main() i32 { return x; }' >wrong.mini
    minic 1 build wrong.mini -o -
    [ -z "$output" ]
}

@test "an output on stdout that is a source or a file of the cache is refused" {
    two_files
    minic 0 build main.mini
    cp math.mini source
    cp .mini_cache/zir.pack pack
    for file in math.mini .mini_cache/zir.pack; do
        run bash -c '"$1" build main.mini -o /dev/stdout 2>&1 >>"$2"' - "$MINIC" $file
        [ "$status" = 2 ]
    done
    cmp source math.mini
    cmp pack .mini_cache/zir.pack
}

@test "an output in the cache is refused" {
    two_files
    minic 0 build main.mini
    ln -s .mini_cache way
    for place in .mini_cache/lock .mini_cache/zir.pack .mini_cache/new way/new "$PWD/./.mini_cache/clock"; do
        find .mini_cache -type f -exec md5sum {} + >before
        minic 2 build main.mini -o "$place"
        [ "$stderr" = "minic: $place: is in the cache directory" ]
        md5sum --quiet -c before
        [ ! -e .mini_cache/new ]
    done
    minic 2 run -o .mini_cache/lock main.mini
    minic 2 build main.mini --cache-dir other -o other/out.ll
}

@test "a cache directory that is a file is reported" {
    two_files
    echo precious >.mini_cache
    minic 3 build main.mini
    says ".mini_cache"
    [ "$(cat .mini_cache)" = precious ]
    [ ! -e main.ll ]
}

@test "corrupt cache files give the right output" {
    two_files
    minic 0 build main.mini
    cp main.ll good.ll
    cp -r .mini_cache good_cache
    for file in good_cache/*; do
        name=${file##*/}
        [ -f "$file" ] || continue
        for damage in truncate garbage flip empty remove; do
            rm -rf .mini_cache
            cp -r good_cache .mini_cache
            victim=.mini_cache/$name
            size=$(stat -c %s "$victim")
            case $damage in
            truncate) truncate -s $((size / 2)) "$victim" ;;
            garbage) head -c "$size" /dev/urandom >"$victim" ;;
            flip) printf '\xa5' | dd of="$victim" bs=1 seek=$((size / 2)) conv=notrunc status=none ;;
            empty) : >"$victim" ;;
            remove) rm "$victim" ;;
            esac
            cp good.ll main.ll
            minic 0 build -q main.mini || { echo "$damage $name"; return 1; }
            cmp main.ll good.ll || { echo "$damage $name"; return 1; }
            sed -i 's/a + b/b + a/' math.mini
            minic 0 build -q main.mini || { echo "edited, $damage $name"; return 1; }
            sed -i 's/b + a/a + b/' math.mini
            minic 0 build -q main.mini
            cmp main.ll good.ll || { echo "edited, $damage $name"; return 1; }
        done
    done
}
