#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The bare machine of `make test-bare`: here its system is a shell and a few tools of this machine,
# and the project is one file, so that it does not take minutes.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    mkdir -p project/.ci/test
    cp "$BATS_TEST_DIRNAME/bare" project/.ci/test
    echo committed >project/file
    (
        cd project
        git init -q . && git add . && git -c user.name=n -c user.email=e commit -q -m one
    )
    echo edited >project/file
    export BARE=$PWD/kept
    unset CMD
}

# A minimal system for such a machine, where debootstrap would put it.
provide_system() {
    [ "$(id -u)" = 0 ] || skip "needs root"
    unshare --mount --pid --fork --mount-proc true 2>/dev/null || skip "needs to be allowed to mount"
    local tool library
    mkdir -p kept/base/{bin,root,proc,sys,dev,tmp,etc/apt/apt.conf.d,var/cache/apt/archives}
    for tool in sh env cat touch sleep; do
        cp -L "$(PATH=/usr/bin:/bin command -v $tool)" kept/base/bin
        for library in $(ldd "kept/base/bin/$tool" | grep -o '/[^ ]*'); do
            mkdir -p "kept/base${library%/*}"
            cp -L "$library" "kept/base$library"
        done
    done
}

teardown() {
    local left
    for left in $(grep -ls "$BARE" /proc/[0-9]*/mountinfo | cut -d / -f 3); do kill -KILL "$left" || true; done
}

bare() { CMD=$1 project/.ci/test/bare; }

@test "a machine begins from the bare system, with what is committed, and ends with the command" {
    provide_system
    before=$(cat /proc/mounts)
    run -0 bare 'cat file && touch /marker && touch built'
    [ "${lines[0]}" = "# bare: cat file && touch /marker && touch built" ]
    [ "${lines[1]}" = "    committed" ]
    [[ ${lines[2]} == "ok 1 bare: cat file && touch /marker && touch built ("*" s)" ]]
    [ "${lines[-1]}" = "1 passed, 0 failed, 0 skipped" ]
    run -0 bare '! [ -e /marker ] && ! [ -e built ]'
    [ "$(ls kept | tr '\n' ' ')" = "base lock packages " ]
    [ ! -e kept/base/marker ]
    [ "$(cat /proc/mounts)" = "$before" ]
}

@test "packages that a command had to download the next one finds" {
    provide_system
    run -0 bare 'touch /var/cache/apt/archives/some.deb'
    run -0 bare '[ -e /var/cache/apt/archives/some.deb ]'
}

@test "a command that fails has failed, and its status is reported" {
    provide_system
    run -1 bare 'exit 7'
    [[ ${lines[-2]} == "not ok 1 bare: exit 7 (exit status 7, "* ]]
    [ "${lines[-1]}" = "0 passed, 1 failed, 0 skipped" ]
}

@test "killed, it leaves no process and no mount, and the next one begins as any other" {
    provide_system
    before=$(cat /proc/mounts)
    CMD='touch started; sleep 1000' project/.ci/test/bare >/dev/null 2>&1 3>&- &
    # Where an overlay is impossible, as inside such a machine, the system is a copy.
    until compgen -G 'kept/machine/*/home/project/started' >/dev/null; do
        kill -0 $! || return 1
        sleep 0.1
    done
    kill -KILL $!
    wait $! || true
    for try in {1..600}; do
        grep -qs "$BARE" /proc/[0-9]*/mountinfo || break
        [ "$try" != 600 ]
        sleep 0.1
    done
    [ "$(cat /proc/mounts)" = "$before" ]
    run -0 bare '! [ -e started ]'
}

@test "without root, mounts, git or debootstrap the commands are skipped, with the reason" {
    mkdir tools
    ln -s /bin/* /usr/bin/* tools 2>/dev/null || true
    rm -f tools/id tools/unshare
    printf '#!/bin/sh\necho ${WHO:-0}\n' >tools/id
    printf '#!/bin/sh\nexit ${MAY_NOT:-0}\n' >tools/unshare
    chmod +x tools/id tools/unshare
    PATH=$PWD/tools
    WHO=1000 run -0 project/.ci/test/bare
    [ "${lines[0]}" = "skipped test-bare: needs root and chroot" ]
    [ "${lines[1]}" = "0 passed, 0 failed, 3 skipped" ]
    ln -sf "$(command -v true)" tools/chroot
    MAY_NOT=1 run -0 project/.ci/test/bare
    [ "${lines[0]}" = "skipped test-bare: needs to be allowed to mount" ]
    run -0 project/.ci/test/bare
    [ "${lines[0]}" = "skipped test-bare: needs debootstrap" ]
    rm -rf project/.git
    run -0 project/.ci/test/bare
    [ "${lines[0]}" = "skipped test-bare: needs a clone of the project" ]
}
