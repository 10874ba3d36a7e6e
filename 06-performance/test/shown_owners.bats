#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Shares and volumes of other systems (sshfs, virtiofs, vboxsf) show owners that are no users of this
# one. What the programs have made there is theirs, whatever it shows, and what a stranger has made is
# not. The owners are those that faults/owners.c shows; who may do what stays as it is.

bats_require_minimum_version 1.5.0
load called_minic
load ../../01-file-change-detection/test/await

setup() {
    # by a name without a space, for the commands below are split at spaces
    ROOT=$BATS_TEST_TMPDIR/root
    ln -s "$(cd "$BATS_TEST_DIRNAME/../.." && pwd)" "$ROOT"
    ln -s "${BUILD:-$ROOT/build}" "$BATS_TEST_TMPDIR/bin"
    bin=$BATS_TEST_TMPDIR/bin
    REAL_MINIC=${MINIC:-$bin/minic}
    MINIC=shared
    mkdir "$BATS_TEST_TMPDIR/project" && cd "$BATS_TEST_TMPDIR/project" || return 1
    unset MINIC_VERBOSE MINIC_TARGET MINIC_CLANG MINIC_LLI MINIC_TRUST_CACHE
    export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
    case ${SANITIZE:-} in ?*) skip "nothing can be preloaded before a sanitizer" ;; esac
    shim=$BATS_TEST_TMPDIR/owners.so
    "${CC:-cc}" -shared -fPIC -o "$shim" "$BATS_TEST_DIRNAME/faults/owners.c" -ldl
    export SHOWN_OWNER=54321
    program 1
}

# minic, and any other program, on the share.
shared() { LD_PRELOAD=$shim "$REAL_MINIC" "$@"; }
seen() { LD_PRELOAD=$shim "$@"; }

program() {
    echo "fn f() i32 { return $1; }" >one.mini
    echo 'import "one.mini" as one; fn main() i32 { print(one.f()); return 0; }' >main.mini
}

json() { sed -n "s/.*\"$1\":\"\{0,1\}\([^,\"}]*\).*/\1/p" <<<"$output"; }

# Nothing is said to be made elsewhere, and no file that was made to find out is left.
is_quiet() {
    [[ $stderr != *warning* ]] || { echo "$stderr"; return 1; }
    [ -z "$(find "$BATS_TEST_TMPDIR" -name 'owner.*' ! -name owners.so)" ]
}

@test "the shim shows what it should" {
    [ "$(seen python3 -c 'import os; print(os.stat(".").st_uid, os.lstat(".").st_uid)')" = "54321 54321" ]
    export SHOWN_STRANGER=$PWD/one.mini
    [ "$(seen python3 -c 'import os; print(os.stat("one.mini").st_uid)')" = 12345 ]
}

@test "doctor uses what a killed one left, and no directory of a stranger" {
    mkdir .file_system_probe
    : >.file_system_probe/owner.tmp.4711
    minic 0 doctor .
    [ ! -e .file_system_probe ]
    mkdir .file_system_probe
    : >.file_system_probe/tick
    SHOWN_STRANGER=$PWD/.file_system_probe minic 3 doctor .
    [ -e .file_system_probe/tick ]
}

@test "every command works in a cache that seems to be another user's" {
    minic 0 build main.mini --stats=json
    [ "$(json functions_emitted)" = 2 ]
    is_quiet
    settle
    minic 0 build main.mini --stats=json # the sources were as young as the cache
    minic 0 build main.mini --stats=json
    [ "$(json functions_emitted)" = 0 ]
    [ "$(json files_hashed)" = 0 ]
    is_quiet
    program 2
    minic 0 build main.mini --stats=json
    [ "$(json functions_emitted)" = 1 ]
    is_quiet
    for round in 1 2; do # files that their owner may not write a second time
        seen sh -c 'umask 0222; exec "$1" build -q main.mini --force' sh "$REAL_MINIC"
    done
    minic 0 check main.mini
    is_quiet
    minic 0 verify main.mini
    is_quiet
    minic 0 doctor .
    is_quiet
    minic 0 run main.mini
    [ "$output" = 2 ]
    is_quiet
    "$REAL_MINIC" build -q main.mini --cache-dir clean -o clean.ll
    cmp main.ll clean.ll
    minic 0 clean
    [ ! -e .mini_cache/zir.pack ]
    is_quiet
}

@test "the programs of all stages do, in C and in Python" {
    local program round python="python3 $ROOT/0"
    for program in "$bin/demo-01 main.mini" "$bin/demo-02 main.mini" "$bin/demo-03 main.mini" \
        "$bin/demo-04 main.mini out" "$bin/demo-05 main.mini out" \
        "${python}1-file-change-detection/test/python/detect.py main.mini" \
        "${python}2-file-cache/test/python/lower.py main.mini" \
        "${python}3-function-cache/test/python/codegen.py main.mini" \
        "${python}4-multi-level-cache/test/python/build.py main.mini out" \
        "${python}5-surgical-patching/test/python/patch.py main.mini out"; do
        rm -rf .mini_cache out
        for round in 1 2 3; do
            seen $program >said # what it says in round 3 is what it says where nothing is bent
            settle
        done
        cp said said.shared
        $program >said
        cmp said said.shared
        [ -z "$(find . -name 'owner.*' -o -name 'tmp*')" ]
        export SHOWN_STRANGER=$PWD/.mini_cache
        run -3 seen $program
        [[ $output == *"another user"* ]]
        unset SHOWN_STRANGER
    done
}

@test "on a volume without modes the Python programs build, too" {
    strace -f -qq -o /dev/null true 2>/dev/null || skip "strace may not trace here"
    local detect=$ROOT/01-file-change-detection/test/python/detect.py
    local calls=chmod,fchmod,fchmodat,fchmodat2
    strace -e trace=fchmodat2 -o /dev/null true 2>/dev/null || calls=chmod,fchmod,fchmodat
    mkdir .mini_cache
    chmod 777 .mini_cache
    run -3 python3 "$detect" main.mini
    [[ $output == *"chmod go-w"* ]]
    [ "$(stat -c %a .mini_cache)" = 777 ]
    strace -f -qq -o trace -e trace=$calls -e inject=$calls:error=EPERM python3 "$detect" main.mini
    grep -q INJECTED trace
    # but where it is the directory alone whose mode stays, it is not ours
    run -3 strace -f -qq -o trace -e trace=chmod,fchmodat -e inject=chmod,fchmodat:error=EPERM \
        python3 "$detect" main.mini
    grep -q INJECTED trace
}

@test "the key is kept, and caches are known by it" {
    minic 0 build main.mini
    is_quiet
    [ -s "$XDG_STATE_HOME/minic/key" ]
    cp "$XDG_STATE_HOME/minic/key" key
    minic 0 build main.mini
    says "up to date"
    is_quiet
    cmp key "$XDG_STATE_HOME/minic/key"
    export XDG_STATE_HOME=$BATS_TEST_TMPDIR/elsewhere
    mkdir "$XDG_STATE_HOME" # a directory of ours that is there, and seems to be another user's
    minic 0 build main.mini
    says "made elsewhere: renamed" # the owner says nothing, so the sign must
    [ -s "$XDG_STATE_HOME/minic/key" ]
    [ -d .mini_cache.untrusted ]
}

@test "a key that a stranger has put there is not used" {
    minic 0 build main.mini
    for stranger in key ""; do
        export SHOWN_STRANGER=$XDG_STATE_HOME/minic/$stranger
        minic 0 build main.mini
        says "cannot keep the key"
    done
    export SHOWN_STRANGER=$XDG_STATE_HOME # then the key is kept in the user's home, as without the variable
    HOME=$BATS_TEST_TMPDIR/none minic 0 build main.mini
    says "made elsewhere"
    [ -s "$BATS_TEST_TMPDIR/none/.local/state/minic/key" ]
}

@test "a stranger's directory is refused by every command, and the way out is named" {
    local before
    minic 0 build main.mini
    before=$(ls -A .mini_cache)
    export SHOWN_STRANGER=$PWD/.mini_cache
    for SHOWN_OWNER in 54321 "$(id -u)"; do # on a share, and on an ordinary file system
        export SHOWN_OWNER
        for command in "build main.mini" "run main.mini" "check main.mini" "verify main.mini" clean "doctor ."; do
            minic 3 $command
            says "cannot use a cache directory of another user"
            says "--cache-dir"
            says "--trust-cache"
        done
        [ "$(ls -A .mini_cache)" = "$before" ]
        minic 0 build main.mini --cache-dir mine
        rm -r mine
    done
}

@test "a cache that was restored with its owner is used by who trusts it" {
    minic 0 build main.mini
    export SHOWN_STRANGER=$PWD/.mini_cache SHOWN_OWNER
    SHOWN_OWNER=$(id -u)
    minic 0 build main.mini --trust-cache
    says "up to date"
    is_quiet
    export MINIC_TRUST_CACHE=1
    program 2
    for command in build check verify run; do
        minic 0 $command main.mini
        is_quiet
    done
    unset MINIC_TRUST_CACHE # the sign in it proves nothing: its owner can have read what is signed
    minic 3 build main.mini
}

@test "a cache that came with the sources is set aside there, too" {
    XDG_STATE_HOME=$BATS_TEST_TMPDIR/theirs "$REAL_MINIC" build -q main.mini
    minic 0 build main.mini
    says "made elsewhere: renamed to .mini_cache.untrusted"
    rm -r .mini_cache
    ln -s ../victim .mini_cache
    mkdir ../victim
    minic 3 build main.mini
    says "symlink"
    [ -z "$(ls -A ../victim)" ]
}

@test "the lock keeps a second build waiting" {
    minic 0 build main.mini
    exec 9>>.mini_cache/lock
    flock 9
    shared build main.mini >said 2>&1 9>&- &
    await grep -q "waiting for another build" said
    exec 9>&-
    wait $!
    grep -q "up to date" said
    [ "$(stat -c %a .mini_cache/lock)" = 600 ]
}

@test "an output keeps its mode, and one that links lead to is replaced" {
    minic 0 build main.mini
    chmod 640 main.ll
    minic 0 build main.mini --force
    [ "$(stat -c %a main.ll)" = 640 ]
    seen "$bin/demo-05" main.mini out >said
    seen python3 "$ROOT/05-surgical-patching/test/python/patch.py" main.mini out.py >said
    chmod 600 out out.py
    rm -r .mini_cache
    seen "$bin/demo-05" main.mini out >said
    seen python3 "$ROOT/05-surgical-patching/test/python/patch.py" main.mini out.py >said
    [ "$(stat -c %a out out.py | uniq)" = 600 ]
    umask 022
    export SHOWN_STRANGER=$PWD/main.ll # all may write to it, and its owner is somebody else
    chmod 666 main.ll
    minic 0 build main.mini --force
    [ "$(stat -c %a main.ll)" = 644 ]
    unset SHOWN_STRANGER
    echo precious >victim
    ln -sf victim main.ll
    minic 0 build main.mini
    ln -f victim main.ll
    minic 0 build main.mini
    [ ! -L main.ll ]
    [ "$(cat victim)" = precious ]
    [ "$(stat -c %h main.ll)" = 1 ]
    [ -z "$(ls -A | grep output-)" ]
}

@test "where stat shows the user, nothing is made to find out" {
    strace -f -qq -o /dev/null true 2>/dev/null || skip "strace may not trace here"
    "$REAL_MINIC" build -q main.mini
    strace -f -qq -o trace "$REAL_MINIC" build -q main.mini
    ! grep owner.tmp trace
}
