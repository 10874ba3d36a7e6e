#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What each target needs, and what is printed or done about it, on simulated machines: PATH holds a
# few tools of this machine and stand-ins for apt-get, id and sudo, which note their arguments. The
# compiler finds headers only in include/.

bats_require_minimum_version 1.5.0

setup() {
    root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    cd "$BATS_TEST_TMPDIR" || exit
    mkdir tools include
    for tool in bash chmod cut env flock grep ls make sed sh sleep sort tail uname; do
        ln -s "$(command -v "$tool")" "tools/$tool"
    done
    tool cc "exec $(command -v "${CC%% *}" || command -v cc) -nostdinc \"\$@\""
    touch include/stdio.h
    unset CC CPPFLAGS LDFLAGS SANITIZE TESTING RELEASE ONLY CASE MAKEFLAGS MAKELEVEL MINIC_CLANG MINIC_LLI
    export CFLAGS=-Iinclude
    user 1000
}

# tool NAME COMMANDS: a program of the simulated machine.
tool() { printf '#!/bin/sh\n%s\n' "$2" >"tools/$1" && chmod +x "tools/$1"; }

user() { tool id "echo $1"; }

# A Debian whose package lists have these versions of clang. Installed tools appear: `bats`, say.
debian() {
    tool apt-get 'echo "$*" >>asked
        case "$*" in *update*) exit ;; esac
        for word; do case $word in bats | jq) printf "#!/bin/sh\n" >tools/$word; chmod +x tools/$word ;; esac; done'
    tool apt-cache "for version in $*; do echo \"clang-\$version - C compiler\"; done"
}

install_missing() { PATH=$PWD/tools "$root/.ci/install-missing" "$@"; }

# packages PURPOSE...: what these purposes need on an empty machine, one per line.
packages() {
    debian 19
    install_missing "$@" 2>&1 | sed 's/.* apt-get install //' | tr ' ' '\n' | sort
}

# lists WORD LIST: LIST has that word.
lists() { [[ " $(tr '\n' ' ' <<<"$2")" == *" $1 "* ]]; }

@test "a plain user reads what to type: once, each package once" {
    debian 15 19 16
    run -1 install_missing build test bench
    [ ${#lines[@]} = 1 ]
    [[ $output == "please install what is missing: sudo apt-get install libxxhash-dev libstb-dev libcmocka-dev "* ]]
    [[ " $output " == *" clang-19 llvm-19 "* ]]
    sorted=$(packages build test bench)
    [ "$(sort -u <<<"$sorted")" = "$sorted" ]
    [ ! -e asked ]
}

@test "a machine without package lists must ask for them first" {
    debian
    run -1 install_missing build
    [ "$output" = "please install what is missing: sudo apt-get update && sudo apt-get install libxxhash-dev libstb-dev" ]
}

@test "a machine without apt-get gets Debian's names" {
    run -1 install_missing build
    [ "$output" = "please install what is missing (Debian's names): libxxhash-dev libstb-dev" ]
    run -1 install_missing bench
    [[ $output == "please install what is missing (Debian's names, LLVM from 15 on): hyperfine clang-19 llvm-19 "* ]]
}

@test "root, and a user whom sudo asks for nothing, install" {
    debian 19
    user 0
    run -0 install_missing mine
    [[ $(cat asked) == *" install --no-install-recommends bats inotify-tools" ]]
    rm asked
    user 1000
    tool sudo '[ "$1" != -n ] || exit 0; exec "$@"'
    run -0 install_missing report
    [[ $(cat asked) == *" install --no-install-recommends jq gnuplot-nox" ]]
}

@test "a user whose sudo wants a password is not asked in the middle of a build" {
    debian 19
    tool sudo 'echo "$*" >>asked; exit 1'
    run -1 install_missing build </dev/null
    [ "$output" = "please install what is missing: sudo apt-get install libxxhash-dev libstb-dev" ]
    [ "$(cat asked)" = "-n true" ]
}

@test "two at once: the second finds what the first installs" {
    debian 19
    user 0
    tool apt-get 'case "$*" in *update*) exit ;; esac; sleep 1; echo "$*" >>asked
        for tool in bats inotifywait; do printf "#!/bin/sh\n" >tools/$tool; chmod +x tools/$tool; done'
    install_missing mine &
    install_missing mine
    wait $!
    run cat asked
    [ ${#lines[@]} = 1 ]
}

@test "headers are looked for where the compiler will look" {
    debian 19
    mkdir -p 'my headers' stb
    touch 'my headers/xxhash.h' stb/stb_ds.h
    run -1 install_missing build
    CPPFLAGS="-I'my headers'" run -1 install_missing build
    [ "$output" = "please install what is missing: sudo apt-get install libstb-dev" ]
    CPPFLAGS="-I'my headers'" CFLAGS="-Iinclude -I." run -0 install_missing build
    [ -z "$output" ]
    CC="cc -I'my headers' -I." run -0 install_missing build
}

@test "a compiler that does not take the flags says so itself" {
    CFLAGS=--no-such-flag run -0 install_missing build
}

@test "a compiler that is not there is a package; cc is gcc's" {
    debian 19
    rm tools/cc
    lists gcc "$(packages build)"
    export CC=/usr/bin/there-is-no-such-cc-7
    lists there-is-no-such-cc-7 "$(packages build)"
}

@test "who runs the program of a corpus needs LLVM: bench and bench-peers" {
    lists "clang-19" "$(packages bench)"
    lists "llvm-19" "$(packages bench)"
    lists "clang-19" "$(packages peers)"
}

@test "clang's sanitizers and libFuzzer come with it, not after it" {
    lists libclang-rt-19-dev "$(packages fuzz)"
    export SANITIZE=address
    lists libclang-rt-16-dev "$(CC=clang-16 packages build)"
    lists libclang-rt-dev "$(CC=clang packages build)"
    lists libclang-rt-dev "$(CC=clang packages build test)" # of the clang that compiles
}

# needs TARGET: what make passes to install-missing; checks first that it passes anything.
needs() {
    PATH=$PWD/tools make -s -C "$root" BUILD="$BATS_TEST_TMPDIR/build" RESULTS=none -n "$1" 2>/dev/null |
        sed -n 's/.*\.ci\/install-missing //p' | sed -n 1p
}

@test "every target of make help says what it needs before it needs it" {
    tool find ''
    tool getconf 'echo 2'
    for target in all demo test test-faults fuzz bench bench-report bench-pictures bench-peers bench-publish \
        deps check-mine bench-mine test-bare test-01 demo-03 stage-05; do
        echo "$target needs: $(needs "$target")"
        [ -n "$(needs "$target")" ]
    done
    [ "$(needs all)" = build ]
    [ "$(needs check-mine)" = mine ]
    # After `make deps`, only the peers and the bare system are missing.
    all=$(packages $(needs deps))
    for target in all test test-faults fuzz bench bench-report bench-pictures check-mine bench-mine; do
        for package in $(packages $(needs "$target")); do
            echo "$target: $package"
            lists "$package" "$all"
        done
    done
}

@test "make says once what is missing, whatever else it was to do" {
    debian 19
    tool find ''
    tool getconf 'echo 2'
    PATH=$PWD/tools run -2 make -C "$root" BUILD="$BATS_TEST_TMPDIR/build" -j4 -k all demo test bench
    [ "$(grep -c 'please install' <<<"$output")" = 1 ]
}

@test "every compilation and every link has the user's flags, after the directories of the project" {
    make -s -C "$root" -n V=1 BUILD="$BATS_TEST_TMPDIR/build" CPPFLAGS=-Ipre CFLAGS=-Ic LDFLAGS=-Lld \
        all programs run-tests-06 >printed
    grep -E -- ' -c | -shared ' printed >compilations
    grep -e '--build-id' printed >links
    [ "$(wc -l <compilations)" -gt 200 ]
    [ "$(wc -l <links)" -gt 100 ]
    run grep -v -e ' -Ipre ' compilations
    [ -z "$output" ]
    run grep -v -E -e '-I01-file-change-detection.* -Ipre -Ic ' <(grep -v -e -shared compilations)
    [ -z "$output" ]
    run grep -v -e ' -Lld ' links
    [ -z "$output" ]
}
