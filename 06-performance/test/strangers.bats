#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Sources that others wrote, and caches that others made: what they cannot do.

bats_require_minimum_version 1.5.0
load called_minic

setup() {
    ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    MINIC=${MINIC:-${BUILD:-$ROOT/build}/minic}
    cd "$BATS_TEST_TMPDIR" || return 1
    unset MINIC_VERBOSE MINIC_TARGET MINIC_CLANG MINIC_LLI MINIC_TRUST_CACHE
    export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
    export ASAN_OPTIONS=detect_leaks=0 # looking for leaks is tracing, and strace does that already
}

says_not() {
    [[ $stderr != *"$1"* ]] || { printf '%s\n' "stderr contains: $1" "$stderr"; return 1; }
}

# within_memory minic ...: in 1 GB of address space, which a sanitizer alone would use up.
within_memory() {
    case ${SANITIZE:-} in
    ?*) "$@" ;;
    *)
        local before
        before=$(ulimit -S -v)
        ulimit -S -v 1000000
        "$@"
        ulimit -S -v "$before"
        ;;
    esac
}

program() {
    mkdir -p "$1"
    echo "fn main() i32 { print(${2:-1}); return 0; }" >"$1/main.mini"
}

@test "a build runs no other program" {
    program p
    for command in build check verify 'build --force' clean; do
        # shellcheck disable=SC2086
        strace -f -qq -e trace=execve,execveat -o trace "$MINIC" $command p/main.mini -q
        [ "$(grep -c exec trace)" = 1 ]
    done
}

# The absolute paths of all that a program opened to write, made, renamed, removed or changed.
written_by() {
    local calls=mkdir,mkdirat,rename,renameat,renameat2,link,linkat,symlink,symlinkat
    calls+=,unlink,unlinkat,rmdir,chmod,fchmodat,truncate,mknod,mknodat
    strace -f -qq -y -e trace=open,openat,creat,$calls -o trace "$@" >said || [ $? = 1 ]
    # of a call that opens, the path after "= 5<"; of the others, each directory and name
    grep -v ' = -1 ' trace >effects
    grep -E 'O_WRONLY|O_RDWR|O_CREAT|creat\(' effects | sed 's/.* = [0-9]*<\([^>]*\)>.*/\1/'
    grep -vE '(open|openat|creat)\(' effects | grep -oE '([A-Z_0-9]+<[^>]*>, )?"[^"]*"' |
        sed -E -e 's/^[A-Z_0-9]+<([^>]*)>, "([^/].*)"$/\1\/\2/; s/^([A-Z_0-9]+<[^>]*>, )?"(.*)"$/\2/' \
            -e "s|^([^/])|$PWD/\1|"
}

@test "a build writes its output, the cache and the user's key, and nothing else" {
    case ${SANITIZE:-} in *thread*) skip "the thread sanitizer makes files of its own" ;; esac
    local command here
    here=$(pwd -P)
    program p
    for command in build 'build -q' check verify 'build --force' clean; do
        # shellcheck disable=SC2086
        written_by "$MINIC" $command p/main.mini >written
        [ "$command" = verify ] || [ -s written ]
        [ "$command" != build ] || grep -qx "$here/p/main.ll\|$here/p/.output-.*" written
        grep -vxE "$here/(p/(\.mini_cache(/[^/]*)?|\.output-[^/]*|main\.ll)|state(/minic(/[^/]*)?)?)" \
            written && return 1
        sed -i 's/print(/print(1+/' p/main.mini
    done
}

@test "the secret of the cache is not quoted, though it lies in the project" {
    program p
    minic 0 build p/main.mini
    echo 'import ".mini_cache/secret" as s; fn main() i32 { return 0; }' >p/main.mini
    minic 1 build p/main.mini
    says "p/.mini_cache/secret:1:1: error: "
    [ -z "$(grep -v '^p/.mini_cache/secret:[0-9]*:[0-9]*: error: \|^minic: ' <<<"$stderr")" ]
    says_not csecret
}

@test "what is not ours alone is not written over in a cache" {
    program p
    minic 0 build p/main.mini
    for file in p/.mini_cache/{lock,*.manifest,*.spare,*.unsettled}; do
        echo "my notes" >notes
        ln -f notes "$file"
        for i in 1 2 3; do
            program p "$i$RANDOM"
            minic 0 build p/main.mini
        done
        [ "$(cat notes)" = "my notes" ]
        minic 0 verify p/main.mini
    done
}

@test "a cache without its secret is emptied and not read" {
    program p
    minic 0 build p/main.mini
    rm p/.mini_cache/secret
    truncate -s 40G p/.mini_cache/zir.pack
    within_memory minic 0 build p/main.mini
    [ "$(stat -c %s p/.mini_cache/zir.pack)" -lt 100000 ]
    XDG_STATE_HOME=$PWD/elsewhere minic 0 build -q p/main.mini
    truncate -s 40G p/.mini_cache/secret
    within_memory minic 0 build p/main.mini
    minic 0 build p/main.mini
    says "up to date"
}

@test "a neighbour cannot take the lock of a cache" {
    program p
    mkdir -m 755 p/cache
    minic 0 build p/main.mini --cache-dir p/cache
    [ "$(stat -c %a p/cache/lock)" = 600 ]
}

@test "a FIFO or a device at the place of the output is not waited for, unless it is named" {
    program p
    mkfifo p/main.ll
    minic 2 build p/main.mini
    says "minic: p/main.ll: is a FIFO or a device; -o names an output of your own"
    minic 2 run --with=clang p/main.mini
    says "minic: p/main.ll: is a FIFO or a device; -o names an output of your own"
    cat p/main.ll >printed &
    minic 0 build p/main.mini -o p/main.ll
    wait
    grep -q define printed
}

@test "links that lead in a cycle make no files without end" {
    mkdir p && ln -s . p/a && ln -s . p/b
    printf 'import "a/main.mini" as a;\nimport "b/main.mini" as b;\nfn main() i32 { return 0; }\n' >p/main.mini
    within_memory minic 3 build p/main.mini
    says "minic: p/main.mini: its imports lead to one file by more than 100 names, through links"
    # and what has a few names is built
    mkdir -p q/lib && echo 'import "more.mini" as more; fn f() i32 { return more.f(); }' >q/lib/one.mini
    echo 'fn f() i32 { return 1; }' >q/lib/more.mini
    for ((i = 0; i < 90; i++)); do
        ln -s lib "q/l$i"
        echo "import \"l$i/one.mini\" as l$i;"
    done >q/main.mini
    echo 'fn main() i32 { return l0.f() - l89.f(); }' >>q/main.mini
    minic 0 build q/main.mini
    minic 0 build q/main.mini
    says "up to date"
}

@test "a source that was made to collide with the one before is built" {
    collision=$ROOT/01-file-change-detection/samples/collision
    for version in 1 2 1; do
        cp "$collision/v$version.mini" main.mini
        minic 0 build main.mini
        grep -q "ret i32 $((version - 1))" main.ll
    done
}

# The attack: right checksums, right keys, and code that the sources do not have.
@test "a cache that came with the sources is set aside, and its code is not used" {
    program theirs 666
    XDG_STATE_HOME=$PWD/elsewhere minic 0 build theirs/main.mini
    program theirs 1
    cp -r theirs ours
    minic 0 build ours/main.mini
    says "minic: warning: ours/.mini_cache: this cache was made elsewhere: renamed to ours/.mini_cache.untrusted (--trust-cache uses one that you trust)"
    says ", 1 of 1 functions emitted"
    grep -q 'i32 1' ours/main.ll
    [ -e ours/.mini_cache.untrusted/zir.pack ]
    minic 0 build ours/main.mini
    [ "$stderr" = "${stderr/warning/}" ]
    says "up to date"
}

@test "a cache that is trusted is used, signed, and not asked about again" {
    program p
    XDG_STATE_HOME=$PWD/elsewhere minic 0 build p/main.mini
    minic 0 build p/main.mini --trust-cache
    says "up to date"
    minic 0 build p/main.mini
    says "up to date"
    says_not warning
    program q
    XDG_STATE_HOME=$PWD/elsewhere minic 0 build q/main.mini
    export MINIC_TRUST_CACHE=1
    minic 0 check q/main.mini
    says_not warning
    [ ! -e q/.mini_cache.untrusted ]
    MINIC_TRUST_CACHE=yes minic 2 check q/main.mini
    says "minic: MINIC_TRUST_CACHE='yes': not 0 or 1"
}

@test "a cache that its user copies or moves stays the user's own" {
    program p
    minic 0 build p/main.mini
    cp -r p q
    mv p r
    for place in q r; do
        minic 0 build $place/main.mini
        says_not warning
        says "0 of 1 functions emitted"
    done
}

@test "verify uses nothing of a cache that was made elsewhere, and leaves it where it is" {
    program p
    XDG_STATE_HOME=$PWD/elsewhere minic 0 build p/main.mini
    minic 1 verify p/main.mini -o p/main.ll
    [ "${output%%$'\n'*}" = "main.mini: no build of it is recorded" ]
    says "this cache was made elsewhere: not used"
    [ ! -e p/.mini_cache.untrusted ]
}

@test "the key is the user's alone, made once, and made anew if it is damaged" {
    program p
    minic 0 build p/main.mini
    [ "$(stat -c %a state/minic/key)" = 600 ]
    [ "$(stat -c %a state/minic)" = 700 ]
    cp state/minic/key key
    minic 0 build p/main.mini
    cmp key state/minic/key
    [ "$(ls state/minic)" = key ]
    printf x | dd of=state/minic/key bs=1 seek=40 conv=notrunc status=none
    minic 0 build p/main.mini
    says "made elsewhere: renamed"
    ! cmp -s key state/minic/key
}

@test "builds that make the key at the same time agree about it" {
    for i in 1 2 3 4 5 6 7 8; do program p$i; done
    for i in 1 2 3 4 5 6 7 8; do "$MINIC" build -q p$i/main.mini & done
    wait
    for i in 1 2 3 4 5 6 7 8; do
        minic 0 build p$i/main.mini
        says "up to date"
        says_not warning
    done
}

@test "a key that others can write is not used, and neither is a cache" {
    program p
    minic 0 build p/main.mini
    chmod 666 state/minic/key
    minic 0 build p/main.mini
    says "minic: warning: $PWD/state/minic: cannot keep the key that tells your caches from those of others: "
    says "this cache was made elsewhere: renamed to"
    chmod 600 state/minic/key && chmod 777 state/minic
    minic 0 build p/main.mini
    says "this cache was made elsewhere: emptied"
    MINIC_TRUST_CACHE=1 minic 0 build p/main.mini
    says_not warning
}

@test "without a home the build is right, and says what to set" {
    program p
    XDG_STATE_HOME=/dev/null/x minic 0 build p/main.mini
    says "minic: warning: /dev/null/x/minic: cannot keep the key"
    says "set XDG_STATE_HOME, or MINIC_TRUST_CACHE=1"
    grep -q 'define' p/main.ll
    XDG_STATE_HOME=/dev/null/x minic 0 build -q p/main.mini
    [ -z "$stderr" ]
}
