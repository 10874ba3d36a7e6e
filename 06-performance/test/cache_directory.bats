#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The cache directory from outside: what is not ours is never written or removed, what nobody
# builds any more goes, and what needs no write asks for none.

bats_require_minimum_version 1.5.0
load called_minic

setup() {
    ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    MINIC=${MINIC:-${BUILD:-$ROOT/build}/minic}
    cd "$BATS_TEST_TMPDIR" || return 1
    unset MINIC_VERBOSE MINIC_TARGET MINIC_CLANG MINIC_LLI
    export ASAN_OPTIONS=detect_leaks=0 # looking for leaks is tracing, and strace does that already
}

program() {
    mkdir -p "$1"
    echo "fn main() i32 { print(${2:-1}); return 0; }" >"$1/main.mini"
}

json() { sed -n "s/.*\"$1\":\"\{0,1\}\([^,\"}]*\).*/\1/p" <<<"$output"; }

# as_user COMMAND...: as somebody whom file permissions stop, with a copy of minic that is in reach.
as_user() {
    if [ "$(id -u)" != 0 ]; then
        run --separate-stderr "$@"
        return
    fi
    chmod 755 "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR/.." 2>/dev/null || true
    mkdir -p "${PLACE:-$PWD}/users-state" && chown 65534:65534 "${PLACE:-$PWD}/users-state"
    XDG_STATE_HOME=${PLACE:-$PWD}/users-state run --separate-stderr setpriv --reuid 65534 --regid 65534 --clear-groups -- "$@"
}
give_to_user() { [ "$(id -u)" != 0 ] || chown -R 65534:65534 "$@"; }
in_reach() {
    [ "$(id -u)" != 0 ] || command -v setpriv >/dev/null || skip "no setpriv"
    PLACE=$(mktemp -d "${TMPDIR:-/tmp}/cache-directory.XXXXXX")
    chmod 755 "$PLACE"
    cp "$MINIC" "$PLACE/minic"
    MINIC=$PLACE/minic
    cd "$PLACE" || return 1
}
teardown() {
    [ -z "${PLACE:-}" ] || { chmod -R u+w "$PLACE"; rm -rf "$PLACE"; }
}

# ---- whose directory is it? ----------------------------------------------------------------------

@test "a directory with other things in it is no cache directory" {
    program project
    cd project
    for name in clock zir.pack entries 0123456789abcdef.manifest notes.txt; do
        mkdir other
        echo "my notes" >other/$name
        for command in build run check verify clean; do
            minic 2 $command --cache-dir other main.mini
            says "other: is not a cache directory"
        done
        [ "$(ls -A other)" = $name ]
        [ "$(cat other/$name)" = "my notes" ]
        rm -r other
    done
    minic 2 build main.mini --cache-dir .
    says ".: is not a cache directory"
    [ "$(ls -A)" = main.mini ]
}

@test "a source that is named like a file of the cache stays as it is" {
    echo 'import "zir.pack" as pack; fn main() i32 { return pack.one(); }' >main.mini
    echo 'fn one() i32 { return 1; }' >zir.pack
    minic 2 build main.mini --cache-dir .
    [ "$(cat zir.pack)" = 'fn one() i32 { return 1; }' ]
    minic 0 build main.mini
}

@test "a cache directory says whose it is, to people, to backups and to git" {
    program .
    minic 0 build main.mini
    [ "$(head -c 43 .mini_cache/CACHEDIR.TAG)" = "Signature: 8a477f597d28d172789f06886806bc55" ]
    [ "$(cat .mini_cache/.gitignore)" = "*" ]
    grep -q "cache of an incremental compiler" .mini_cache/incremental-cache
    minic 0 clean
    minic 0 build main.mini
    mkdir empty
    minic 0 build main.mini --cache-dir empty
    [ -e empty/incremental-cache ]
}

@test "a build that was killed while it made the directory is no obstacle" {
    program .
    for left in lock incremental-cache; do
        rm -rf .mini_cache && mkdir .mini_cache && : >.mini_cache/$left
        minic 0 build main.mini
        minic 0 verify main.mini
    done
}

@test "clean removes its own files by their whole names, and says what it removed" {
    program .
    minic 0 build main.mini
    id=$(basename .mini_cache/*.manifest .manifest)
    for name in notes.txt zir.packs zir.pack.tmp.old clockwork "$id.notes" "$id.manifest.old" \
        "$id.files.1.backup" "$id.filesx"; do
        echo mine >".mini_cache/$name"
    done
    minic 0 clean
    [[ $stderr =~ ^"./.mini_cache: removed "[0-9]+" files, "[0-9.]+" KB"$ ]] ||
        [[ $stderr =~ ^".mini_cache: removed "[0-9]+" files, "[0-9.]+" KB"$ ]]
    [ "$(LC_ALL=C ls -A .mini_cache | wc -l)" = 12 ] # these, the lock, and what marks the directory
    minic 0 clean
    says ".mini_cache: nothing to remove"
    minic 0 clean -q
    [ -z "$stderr" ]
}

@test "a symlink of the cache's name is not followed, by no command and no stage's program" {
    program .
    mkdir elsewhere
    ln -s elsewhere .mini_cache
    for command in "build main.mini" "run main.mini" "check main.mini" "verify main.mini" clean doctor \
        "cache drop main.mini" "graph main.mini"; do
        minic 3 $command
        says ".mini_cache: cannot use a symlink as the cache directory"
        says "--cache-dir"
    done
    for demo in 01 02 03; do
        run -3 "${BUILD:-$ROOT/build}/demo-$demo" main.mini
        [[ $output == *"it is a symlink"* ]]
    done
    for demo in 04 05; do
        run -3 "${BUILD:-$ROOT/build}/demo-$demo" main.mini out
        run -3 "${BUILD:-$ROOT/build}/demo-$demo" clean main.mini
    done
    [ -z "$(ls -A elsewhere)" ] && [ -L .mini_cache ]
    "$MINIC" build main.mini -q -o out --cache-dir cache # a whole cache, behind a link
    rm .mini_cache && ln -s cache .mini_cache
    ls -lR cache >before
    minic 3 clean
    minic 3 build main.mini
    ls -lR cache | diff before -
    minic 0 clean --cache-dir .mini_cache/ # who writes that, means where it leads
    [ ! -e cache/zir.pack ]
}

@test "a cache that others may write to is not used, and one that they may read is" {
    (umask 0 && program .)
    chmod 755 .
    minic 0 build main.mini
    [ "$(stat -c %a .mini_cache)" = 700 ]
    chmod 775 .mini_cache # as a umask of 0002 once made it
    for command in "build main.mini" "run main.mini" "check main.mini" "verify main.mini" clean doctor \
        "cache drop main.mini" "graph main.mini"; do
        minic 3 $command
        says "chmod go-w"
        says "--cache-dir"
    done
    chmod go-w .mini_cache
    minic 0 build main.mini --stats=json
    [ "$(json strategy)" = up-to-date ]
}

@test "another user's cache is not used" {
    [ "$(id -u)" = 0 ] || skip "only root can make one"
    program .
    minic 0 build main.mini
    chown -R 12345 .mini_cache
    minic 3 build main.mini
    says "name one of your own"
    says "--cache-dir"
    minic 0 build main.mini --cache-dir mine
}

# ---- entries that nobody builds any more ---------------------------------------------------------

bytes_of_cache() { find "$1" -type f -printf '%s\n' | awk '{ n += $1 } END { print n }'; }

@test "forty deleted checkouts go when a limit asks for it" {
    for i in {1..40}; do
        program "checkout$i" "$i"
        "$MINIC" build "checkout$i/main.mini" -q --cache-dir cache
    done
    [ "$(ls cache/*.manifest | wc -l)" = 40 ]
    rm -r checkout*
    program last
    minic 0 build last/main.mini --cache-dir cache --cache-limit 1K
    [ "$(ls cache/*.manifest | wc -l)" = 1 ]
    program fresh
    minic 0 build fresh/main.mini --cache-dir fresh/cache
    # as much as one takes, give or take what grows by doubling
    [ "$(bytes_of_cache cache)" -lt $(($(bytes_of_cache fresh/cache) * 3)) ]
    minic 0 verify last/main.mini --cache-dir cache
}

# The calls of a commit, without those for threads and memory.
calls_of_edit() {
    program own "$1"
    strace -f -o trace -e trace='!futex,clone3,mmap,munmap,brk,madvise,mprotect' \
        "$MINIC" build own/main.mini -q -j1 --cache-dir cache
    sed 's/^[0-9]* *\([a-z0-9_]*\)(.*/\1/' trace | grep -v '^[0-9]\|^strace' | sort | uniq -c
}

@test "a commit asks the system for the same, however many entries there are" {
    program own 1001
    "$MINIC" build own/main.mini -q --cache-dir cache
    calls_of_edit 1002 >/dev/null
    calls_of_edit 1003 >few
    for i in {1..70}; do
        program "checkout$i" "$i"
        "$MINIC" build "checkout$i/main.mini" -q --cache-dir cache
    done
    [ "$(ls cache/*.manifest | wc -l)" = 71 ]
    calls_of_edit 1004 >many
    diff few many
    grep -q renameat2 many
    ! grep -q getdents many
}

@test "a build with nothing to do writes nothing, and once a day one time stamp" {
    program .
    minic 0 build main.mini -q
    sleep 0.1
    minic 0 build main.mini -q
    ls -l --time-style=full-iso .mini_cache >before
    minic 0 build main.mini -q
    ls -l --time-style=full-iso .mini_cache | cmp - before
    touch -d '25 hours ago' .mini_cache/*.manifest
    minic 0 build main.mini -q
    [ -n "$(find .mini_cache -name '*.manifest' -mmin -60)" ]
    minic 0 build main.mini --stats=json
    [ "$(json strategy)" = up-to-date ]
}

# ---- what cannot be written ----------------------------------------------------------------------

@test "a read-only project with a warm cache builds, checks, verifies and runs" {
    in_reach
    mkdir project
    program project 7
    give_to_user project
    as_user "$MINIC" build project/main.mini
    [ "$status" = 0 ]
    sleep 0.1
    as_user "$MINIC" build project/main.mini # its stamps are no longer young
    as_user "$MINIC" run project/main.mini
    chmod -R a-w project
    for command in build check verify; do
        as_user "$MINIC" $command project/main.mini
        echo "$command: $stderr"
        [ "$status" = 0 ]
    done
    as_user "$MINIC" run project/main.mini
    echo "run: $stderr"
    [ "$status" = 0 ]
    [ "$output" = 7 ]
    chmod u+w project/main.mini
    program project 8
    chmod a-w project/main.mini
    as_user "$MINIC" check project/main.mini # a changed program is checked all the same
    [ "$status" = 0 ]
    as_user "$MINIC" build project/main.mini
    [ "$status" = 3 ]
    says "Permission denied"
}

@test "a cache that was written under a umask of 0222 is written again" {
    in_reach
    mkdir project && give_to_user project
    program project 7
    as_user sh -c "umask 0222; '$MINIC' build project/main.mini"
    [ "$status" = 0 ]
    for i in 1 2 3; do
        program project "$i"
        as_user sh -c "umask 0222; '$MINIC' build project/main.mini"
        echo "$stderr"
        [ "$status" = 0 ]
    done
    as_user "$MINIC" verify project/main.mini
    [ "$status" = 0 ]
}

@test "what stands in the place of a file of the cache is named, and what to do about it" {
    program .
    minic 0 build main.mini
    for file in zir.pack air.index "$(basename .mini_cache/*.manifest)" lock; do
        mv ".mini_cache/$file" kept
        mkdir -p ".mini_cache/$file/with something in it"
        program . $((RANDOM + 2))
        minic 3 build main.mini
        says ".mini_cache/$file: cannot use this as a file of the cache: remove it"
        rm -r ".mini_cache/$file"
        mv kept ".mini_cache/$file"
        minic 0 build main.mini
    done
    mkdir .mini_cache/zir.index.tmp
    minic 0 clean # an empty directory goes with the rest
    [ ! -e .mini_cache/zir.index.tmp ]
}

@test "a directory called clock costs nothing" {
    program .
    minic 0 build main.mini
    rm .mini_cache/clock && mkdir .mini_cache/clock
    echo '// a comment' >>main.mini
    sleep 0.1
    minic 0 build main.mini
    minic 0 build main.mini --stats=json
    [ "$(json files_hashed)" = 0 ]
    [ -z "$stderr" ] || ! [[ $stderr == *warning* ]]
}

@test "a clock that cannot be asked is reported, and the build is right" {
    program .
    minic 0 build main.mini
    program . 2
    run --separate-stderr strace -o trace -e trace=pwrite64 -e inject=pwrite64:error=EDQUOT:when=1 \
        "$MINIC" build main.mini -j1
    [ "$status" = 0 ]
    grep -q 'pwrite64.*its file system\|pwrite64.*INJECTED' trace
    says "warning: "
    says ".mini_cache: cannot ask the file system for the time: "
    sleep 0.1
    minic 0 build main.mini --stats=json
    [ "$(json files_hashed)" = 1 ]
    minic 0 build main.mini --stats=json
    [ "$(json files_hashed)" = 0 ]
    minic 0 verify main.mini
}
