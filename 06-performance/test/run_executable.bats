#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# minic run with an executable: where it is kept, when it is patched, and what it is like for the
# program.

bats_require_minimum_version 1.5.0
load called_minic

setup() {
    ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    MINIC=${MINIC:-${BUILD:-$ROOT/build}/minic}
    cd "$BATS_TEST_TMPDIR" || return 1
    unset MINIC_VERBOSE MINIC_TARGET MINIC_CLANG MINIC_LLI
    [ "$(uname -sm)" = "Linux x86_64" ] || skip "executables are made for x86-64 Linux"
}

# prints VALUE: a program, in two files, that prints it and exits with 7.
prints() {
    echo "fn value() i32 { return $1; }" >value.mini
    [ -e main.mini ] || cat >main.mini <<-'MINI'
	import "value.mini" as value;
	fn main() i32 { print(value.value()); return 7; }
	MINI
}

# The fields of the --stats=json line: json NAME
json() { sed -n "s/.*\"$1\":\"\{0,1\}\([^,\"}]*\).*/\1/p" <<<"$stderr"; }

program() { echo .mini_cache.run/main-*; }
is_elf() { [ "$(head -c 4 "$1")" = $'\x7fELF' ]; }
is_ir() { grep -q '^target triple' "$1"; }

await() {
    for _ in $(seq 200); do
        ! "$@" || return 0
        sleep 0.05
    done
    echo "in vain: $*"
    return 1
}

# ---- the program ---------------------------------------------------------------------------------

@test "run keeps an executable beside the cache, and patches it" {
    command -v git >/dev/null || skip "no git"
    git init -q .
    prints 1
    run -7 --separate-stderr env PATH=/nothing "$MINIC" run --stats=json main.mini a b --stats # no clang
    [ "$output" = 1 ]
    [ "$(json strategy)" = full ]
    [ "$(stat -c %a .mini_cache.run "$(program)" | xargs)" = "700 755" ]
    git check-ignore -q "$(program)"
    inode=$(stat -c %i "$(program)")
    prints 2
    minic 7 run --stats=json main.mini
    [ "$output" = 2 ]
    [ "$(json strategy) $(json functions_emitted)" = "patch 1" ]
    [ "$(stat -c %i "$(program)")" = "$inode" ]
    minic 7 run --stats=json main.mini
    [ "$(json strategy)" = up-to-date ]
    minic 0 verify -v main.mini # of what the last build made
    says "main.mini: no difference in 2 files"
    minic 0 verify --emit=exe main.mini
}

@test "run: a program that divides by zero is 132, and what it printed before is there" {
    echo 'fn main() i32 { print("before"); var none = 0; return 1 / none; }' >main.mini
    minic 132 run main.mini
    [ "$output" = before ]
    says "division by zero in main.mini:main"
    says "minic: the program was ended by a signal: "
}

@test "run: a str that C gives as a null pointer prints as (null), in both outputs" {
    printf '%s\n' 'extern fn getenv(name: str) str;' \
        'fn main() i32 { print("before"); print(getenv("NO_SUCH_NAME")); print("after"); return 0; }' >main.mini
    minic 0 run main.mini
    [ "$output" = $'before\n(null)\nafter' ]
    minic 0 run --with=clang main.mini # as -O2 would have it, too
    [ "$output" = $'before\n(null)\nafter' ]
}

@test "run: a program with errors is not run, and the one that was kept stays" {
    prints 1
    minic 7 run -q main.mini
    cp "$(program)" before
    echo 'fn value() i32 { return x; }' >value.mini
    minic 1 run main.mini
    [ -z "$output" ]
    cmp before "$(program)"
    minic 2 run nothing/main.mini
    [ ! -e nothing ]
}

@test "run: a program that runs goes on as it was while it is built again" {
    cat >main.mini <<-'MINI'
	extern fn creat(path: str, mode: i32) i32;
	extern fn access(path: str, mode: i32) i32;
	extern fn usleep(microseconds: i32) i32;
	fn result() i32 { return 1111; }
	fn main() i32 {
	    creat("running", 384);
	    while (access("go", 0) != 0) { usleep(10000); }
	    print(result());
	    return 0;
	}
	MINI
    "$MINIC" run -q main.mini >first &
    await test -e running
    sed -i 's/1111/2222/' main.mini
    "$MINIC" run -v main.mini >second 2>said &
    await grep -q '^output       reassemble: output is in use$' said
    : >go
    wait %1
    wait %2
    [ "$(cat first second | xargs)" = "1111 2222" ]
    sed -i 's/2222/3333/' main.mini
    minic 0 run --stats=json main.mini
    [ "$output $(json strategy)" = "3333 patch" ]
}

@test "a program half patched cannot be started, and gets the mode back that its user gave it" {
    strace -f -qq -o /dev/null true 2>/dev/null || skip "strace may not trace here"
    prints 1
    minic 0 build -q --emit=exe -o prog main.mini
    n=2
    for mode in 744 700 711 755; do
        chmod $mode prog
        minic 0 build -q --emit=exe -o prog main.mini # nothing to do; it has seen the mode
        prints $((n++))
        run strace -f -qq -o trace -e trace=fchmod -e inject=fchmod:signal=KILL:when=2 \
            "$MINIC" build -q --emit=exe -o prog main.mini
        [ "$status" = 137 ]
        [ "$(stat -c %a prog)" = "$(printf %o $((0$mode & 0666)))" ]
        minic 0 build --stats=json --emit=exe -o prog main.mini
        [[ $output == *'"reason":"last build unfinished"'* ]]
        [ "$(stat -c %a prog)" = $mode ]
        run -7 ./prog
        [ "$output" = $((n - 1)) ]
    done
}

@test "run: a program that builds its own project waits for nobody" {
    cat >main.mini <<-'MINI'
	extern fn system(command: str) i32;
	fn main() i32 { return system("\"$MINIC\" build main.mini 2>said && ls -l /proc/self/fd >open"); }
	MINI
    export MINIC
    timeout 20 "$MINIC" run -q main.mini
    grep -q '^main.ll: full' said
    run ! grep mini_cache open
}

@test "run where nothing may be executed runs a copy" {
    unshare -rm true 2>/dev/null || skip "no mount may be made"
    prints 1
    mkdir place tmp
    run -7 --separate-stderr unshare -rm bash -c 'mount -t tmpfs -o noexec none place && cp *.mini place &&
        TMPDIR=$PWD/tmp '"'$MINIC'"' run place/main.mini'
    [ "$output" = 1 ]
    says "is on a file system from which nothing is executed: running a copy in $PWD/tmp/minic-"
    [ -z "$(ls -A tmp)" ]
}

# on_tmpfs SCRIPT: the script, in bash, in "place", a file system of its own with the project in it;
# MINIC and TMPDIR are set.
on_tmpfs() {
    mkdir -p place tmp
    run --separate-stderr unshare -rm env MINIC="$MINIC" TMPDIR="$PWD/tmp" bash -c \
        "mount -t tmpfs none place && cp *.mini place && cd place && $1"
}

@test "run where nothing may be executed at all says so, and a copy gets its signals" {
    unshare -rm true 2>/dev/null || skip "no mount may be made"
    cat >main.mini <<-'MINI'
	extern fn system(command: str) i32;
	fn main() i32 { return system("grep SigBlk /proc/self/status"); }
	MINI
    on_tmpfs 'mount -o remount,noexec . && "$MINIC" run -q main.mini'
    [ "$status $output" = "0 $(grep SigBlk /proc/self/status)" ]
    on_tmpfs 'mount -o remount,noexec . && TMPDIR=. "$MINIC" run -q main.mini; status=$?; ls -d minic-*; exit $status'
    [ "$status" = 3 ]
    [[ ${stderr_lines[0]} == "minic: cannot run ./minic-"*": nothing may be executed there; TMPDIR names another place" ]]
    [[ ${stderr_lines[1]} == *"cannot access 'minic-*'"* ]]
}

@test "run in a read-only project keeps nothing, and runs" {
    unshare -rm true 2>/dev/null || skip "no mount may be made"
    prints 1
    notice="minic: .mini_cache: Read-only file system: nothing is kept, and the program is made in memory"
    on_tmpfs 'mount -o remount,ro . && "$MINIC" run main.mini' # there is no cache
    [ "$status $output" = "7 1" ]
    [ "$stderr" = "$notice" ]
    on_tmpfs 'mount -o remount,ro . && "$MINIC" run -q main.mini && exit 1; "$MINIC" run -q --with=clang main.mini'
    [ "$status $output" = "7 1"$'\n'1 ]
    [ -z "$stderr" ]
    on_tmpfs '"$MINIC" build -q main.mini && mount -o remount,ro . && "$MINIC" run main.mini' # no program
    [ "$status $output $stderr" = "7 1 $notice" ]
    on_tmpfs '"$MINIC" run -q main.mini; sed -i s/1/2/ value.mini; mount -o remount,ro .
              "$MINIC" run main.mini' # another one
    [ "$status $output" = "7 1"$'\n'2 ]
    [ "$stderr" = "$notice" ]
    on_tmpfs '"$MINIC" run -q main.mini; mount -o remount,ro . && "$MINIC" run main.mini' # the same
    [ "$status $output $stderr" = "7 1"$'\n'"1 " ]
    [ -z "$(ls -A tmp)" ]
}

@test "run in a read-only project says what is wrong with the program, once, and keeps to -o" {
    unshare -rm true 2>/dev/null || skip "no mount may be made"
    echo 'fn main() i32 { return x; }' >main.mini
    on_tmpfs 'mount -o remount,ro . && "$MINIC" run -q main.mini'
    [ "$status" = 1 ]
    [ "$(grep -c "error: " <<<"$stderr")" = 1 ]
    prints 1
    on_tmpfs 'mount -o remount,ro . && "$MINIC" run -o prog main.mini'
    [ "$status $stderr" = "3 minic: .mini_cache: cannot make the cache directory: Read-only file system" ]
    on_tmpfs 'mount -o remount,ro . && TMPDIR=. "$MINIC" run -q main.mini'
    [ "$status" = 3 ]
    says "cannot make a temporary directory in ./minic-"
    [ -z "$(ls -A tmp)" ]
}

# ---- what is run -----------------------------------------------------------------------------------

@test "run: -o names the executable, and .ll at its end LLVM IR" {
    prints 1
    minic 7 run -q -o prog main.mini
    is_elf prog
    run -7 ./prog
    [ "$output" = 1 ]
    minic 7 run -q -o prog.ll main.mini
    [ "$output" = 1 ]
    is_ir prog.ll
    [ ! -e .mini_cache.run ]
    minic 0 build -q -o plain main.mini # build makes LLVM IR unless it is to make a program
    is_ir plain
    minic 0 build -q --emit=exe -o other.ll main.mini
    cmp prog other.ll
    minic 0 build -q --emit=exe main.mini
    cmp prog main
    "$MINIC" build -q --emit=exe -o - main.mini | cmp prog -
}

@test "run: whoever names clang, lli or a target gets LLVM IR" {
    prints 1
    printf '#!/bin/sh\ncase $1 in --version) echo LLVM version 19; exit ;; esac\necho asked; exit 3\n' >lli-19
    chmod +x lli-19
    MINIC_LLI=./lli-19 minic 3 run main.mini
    [ "$output" = asked ]
    MINIC_LLI=./lli-19 minic 3 run --with=lli main.mini
    [ "$output" = asked ]
    PATH=$PWD:$PATH minic 7 run --with=clang main.mini
    [ "$output" = 1 ]
    MINIC_CLANG=./none minic 3 run main.mini
    says "minic: cannot use ./none: no such program"
    MINIC_TARGET=x86_64-pc-linux-gnu minic 7 run main.mini
    [ "$output" = 1 ]
    grep -q '^target triple = "x86_64-pc-linux-gnu"' main.ll
    [ ! -e .mini_cache.run ]
}

# ---- where it is kept ------------------------------------------------------------------------------

@test "run: two programs of one name that share a cache keep two executables" {
    mkdir one two
    (cd one && prints 1)
    (cd two && prints 2)
    for round in first second; do
        for name in one two; do
            minic 7 run -q --cache-dir new/cache $name/main.mini
            [ "$output" = "$([ $name = one ] && echo 1 || echo 2)" ]
        done
    done
    [ "$(find new/cache.run -name 'main-*' | wc -l)" = 2 ]
    minic 0 clean -q --cache-dir new/cache one/main.mini
    [ "$(find new/cache.run -name 'main-*' | wc -l)" = 1 ]
    minic 7 run -q --cache-dir new/cache/ one/main.mini
    minic 0 clean -q --cache-dir new/cache
    [ ! -e new/cache.run ]
}

@test "run: clean leaves what others put beside the programs, and run goes on there" {
    prints 1
    mkdir .mini_cache.run # an empty one is used
    minic 7 run -q main.mini
    echo mine >.mini_cache.run/notes
    mkfifo .mini_cache.run/main-0123456789abcdef
    : >.mini_cache.run/.output-0123.0.tmp # not ours
    : >.mini_cache.run/.output-0123456789abcdef0123456789abcdef.12.tmp # as a killed run leaves it
    minic 0 clean -q
    [ "$(ls -A .mini_cache.run | xargs)" = ".gitignore .output-0123.0.tmp CACHEDIR.TAG incremental-cache main-0123456789abcdef notes" ]
    minic 7 run -q main.mini
    [ "$output" = 1 ]
}

@test "run keeps nothing in a directory that is not its own" {
    prints 1
    mkdir other
    ln -s other .mini_cache.run
    minic 3 run main.mini
    says "minic: .mini_cache.run: cannot keep the program here: cannot use a symlink"
    rm .mini_cache.run
    mkdir .mini_cache.run
    echo mine >.mini_cache.run/notes
    minic 3 run main.mini
    [ "$stderr" = "minic: .mini_cache.run: cannot keep the program here: it has other files in it and no mark; --cache-dir names another place" ]
    minic 0 clean -q
    chmod g+w .mini_cache.run
    minic 3 run main.mini
    says "minic: .mini_cache.run: cannot keep the program here: cannot use a cache directory that others may write to"
    [ "${#stderr_lines[@]}" = 1 ]
    [ "$(ls -A other .mini_cache.run | xargs)" = ".mini_cache.run: notes other:" ]
    rm -r .mini_cache.run
    echo mine >.mini_cache.run
    minic 3 run main.mini
    [ "$(cat .mini_cache.run)" = mine ]
}

# A downloaded tree may hold them.
@test "run: what waits under the program's name is not written to" {
    prints 1
    minic 7 run -q main.mini
    name=$(program)
    rm "$name"
    mkfifo "$name"
    timeout 20 "$MINIC" run main.mini 2>said && return 1
    grep -q 'is a FIFO or a device' said
    rm "$name"
    echo mine >target
    for how in -s ''; do
        ln $how "$PWD/target" "$name"
        minic 7 run -q main.mini
        [ "$output" = 1 ]
        [ "$(cat target)" = mine ]
        is_elf "$name"
        rm "$name"
    done
}
