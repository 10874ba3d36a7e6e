#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Builds on real mounts: trees in which several disks show one device number, servers, disks without
# ctime or whose stamps are whole seconds, images that are exchanged (stage 1, lesson 1.2).
# stamps.bats counts the reads on disks that are made up; here the output must be right, whatever
# was saved when.
#
# All is mounted in a namespace that ends with the test, and with it every process in it. That needs
# no root; what does, a loop device, is skipped for others.

bats_require_minimum_version 1.5.0
load ../../../01-file-change-detection/test/await
load ../called_minic

setup() {
    ROOT=$(cd "$BATS_TEST_DIRNAME/../../.." && pwd)
    MINIC=${MINIC:-${BUILD:-$ROOT/build}/minic}
    unset MINIC_VERBOSE MINIC_TARGET MINIC_TRUST_CACHE
    cd "$BATS_TEST_TMPDIR" || return 1
    here=$PWD
    export XDG_STATE_HOME=$here/state
    has_ctime=yes
    mkdir mnt disk cache
}

teardown() {
    [ -z "${holder:-}" ] || { kill -KILL "${first:-$holder}" && wait "$holder"; } || true
}

# ---- the namespace -------------------------------------------------------------------------------

# hold FLAG...: a namespace of mounts and processes. When its first process is killed, all end.
hold() {
    unshare "$@" --mount --pid --fork --kill-child sh -c 'echo >held; exec sleep infinity' 3>&- >unshare.log 2>&1 &
    holder=$!
    await held_or_over
    [ -e held ] || { holder= && skip "no namespace of mounts to be had: $(tail -n 1 unshare.log)"; }
    first=$(tr -d ' ' <"/proc/$holder/task/$holder/children")
    inside true
}
held_or_over() { [ -e held ] || ! kill -0 $holder 2>/dev/null; }

as_user() {
    entered=(--user --preserve-credentials)
    hold --user --map-root-user
}
as_root() {
    entered=()
    [ "$(id -u)" = 0 ] || skip "a loop device needs root"
    hold
    inside losetup -f >/dev/null 2>&1 || skip "no loop device to be had"
}

inside() {
    nsenter --target "$first" "${entered[@]}" --mount --pid sh -c 'cd "$0" && exec "$@"' "$here" "$@"
}

needs() {
    local tool
    PATH=$PATH:/usr/sbin:/sbin
    for tool; do
        [ "$tool" != FUSE ] || { [ -e /dev/fuse ] && (: <>/dev/fuse) 2>/dev/null; } || skip "needs /dev/fuse"
        [ "$tool" = FUSE ] || command -v "$tool" >/dev/null || skip "needs $tool"
    done
}

# The server of sshfs, without a network: what ssh would run there.
mount_sshfs() { # DIRECTORY PLACE [OPTION]
    local server
    for server in /usr/lib/openssh /usr/libexec/openssh /usr/lib/ssh /usr/libexec; do
        [ ! -x $server/sftp-server ] || break
    done
    [ -x $server/sftp-server ] || skip "needs sftp-server"
    printf '#!/bin/sh\nexec %s/sftp-server\n' $server >ssh
    chmod +x ssh
    inside sshfs -o "ssh_command=$here/ssh${3:+,$3}" "server:$1" "$2"
}

# ---- a program, and what is done to it -----------------------------------------------------------

# The sources are in $project, three of them in lib/, which may be another disk.
write_program() {
    local i
    for i in 1 2 3; do save $i 10; done
    inside sh -c 'for i in 1 2 3; do echo "import \"lib/f$i.mini\" as f$i;"; done >"$1/main.mini"
        echo "fn main() i32 { return f1.f() + f2.f() + f3.f(); }" >>"$1/main.mini"' _ "$project"
}

# save FILE NUMBER: of two digits, so that all versions are of one size. The inode stays.
save() { inside sh -c 'echo "fn f() i32 { return $2; }" >"$1"' _ "$project/lib/f$1.mini" "$2"; }

# build_right WHAT [FLAG...]: builds, and the output is that of a new cache on the disk.
build_right() {
    inside "$MINIC" build "$project/main.mini" "${flags[@]}" --stats=json "${@:2}" >stats 2>said ||
        { cat said && return 1; }
    grep -s '^minic: warning' said >>warnings || true
    is_right "$1"
}
is_right() {
    rm -rf clean
    inside "$MINIC" build -q "$project/main.mini" --cache-dir clean -o clean.ll
    inside cmp "$output_file" clean.ll || { echo "not what the sources say: $1" && return 1; }
}

# Two saves of one size around a build, within one second, wherever a second begins: three times.
save_build_save() {
    local round
    for round in 1 2 3; do
        save 1 $((20 + round))
        save 2 $((20 + round))
        build_right "saved in the second of the build before"
        save 1 $((30 + round))
        build_right "saved twice around a build, built at once"
        save 2 $((30 + round))
        sleep 1.1
        build_right "saved twice around a build, built a second later"
        save 3 $((30 + round))
        sleep 3.1 # more than the 3 s after which a stamp that was seen is believed
        build_right "saved before the last 3 s"
        build_right "and again"
    done
}

edit() {
    inside sh -c 'echo "fn f() i32 { return 4 + 40; }" >"$1/lib/f1.mini"' _ "$project"
    build_right "another size"
    inside sh -c 'echo "fn f() i32 { return 6 + 40; }" >"$1/new" && mv "$1/new" "$1/lib/f1.mini"' _ "$project"
    build_right "another file in its place"
    inside sh -c 'rm "$1/lib/f2.mini" && echo "fn f() i32 { return 77; }" >"$1/lib/f2.mini"' _ "$project"
    build_right "removed and made again"
    sleep 3.1
    build_right "read once more"
    build_right "read no more"
    [ "$(jq .files_hashed stats)" = 0 ]
}

# A program that saves and gives the file its old mtime back.
restore_mtime() {
    inside touch -r "$project/lib/f3.mini" mtime
    save 3 $((55 + $1))
    inside touch -r mtime "$project/lib/f3.mini"
    [ "$has_ctime" != yes ] || build_right "a restored mtime"
    build_right "a restored mtime, --paranoid" --paranoid
}

# Four builds at the same time wait for each other, or do without a lock.
crowd() {
    local builds=() pid
    save 1 61
    for _ in 1 2 3 4; do
        inside "$MINIC" build -q "$project/main.mini" "${flags[@]}" 3>&- &
        builds+=($!)
    done
    for pid in "${builds[@]}"; do wait "$pid"; done
    is_right "four builds"
    inside "$MINIC" verify "$project/main.mini" "${flags[@]}"
    sleep 3.1
    build_right "read once more"
    build_right "read no more"
}

live() { # [FLAG...]: of each build
    flags=("$@")
    output_file=$project/main.ll
    : >warnings
    write_program
    build_right "the first build"
    save_build_save
    edit
    restore_mtime 1
    crowd
}

# Once with the cache beside the sources, and once with it on the disk.
live_in() {
    project=$1
    live
    case $has_ctime in
    yes) run -1 grep ctime warnings ;;
    no) [ "$(grep -c 'keeps no ctime.*--paranoid' warnings)" = 1 ] ;;
    esac
    live --cache-dir "$here/cache"
}

# again COMMAND...: that mounts mnt once more. If all sources show the same stamps, none is read.
again() {
    local before
    before=$(stamps %D)
    inside umount mnt
    await inside "$@" # what served the mount before may still be going
    build_right "mounted again"
    [ "$before" != "$(stamps %D)" ] || [ "$(jq .files_hashed stats)" = 0 ]
}

# The stamps of the mounted sources, as another mount may show them, too.
stamps() { inside find mnt -name '*.mini' -type f -printf "%P %s %i %T@ %C@ ${1:-}\n" | sort; }

# ---- disks of the kernel -------------------------------------------------------------------------

@test "tmpfs" {
    as_user
    inside mount -t tmpfs none mnt
    inside mkdir mnt/lib
    live_in "$here/mnt"
}

@test "a tmpfs in a tree on the disk" {
    as_user
    mkdir disk/lib
    inside mount -t tmpfs none disk/lib
    live_in "$here/disk"
}

@test "overlay" {
    as_user
    mkdir -p lower/lib upper work
    inside mount -t overlay none -o lowerdir=lower,upperdir=upper,workdir=work mnt ||
        skip "no overlay to be had"
    live_in "$here/mnt"
    again mount -t overlay none -o lowerdir=lower,upperdir=upper,workdir=work mnt
}

# ---- several disks under one device number -------------------------------------------------------

@test "bindfs of a tree in which a tmpfs is mounted" {
    needs bindfs FUSE
    as_user
    mkdir disk/lib
    inside mount -t tmpfs none disk/lib
    inside bindfs disk mnt
    live_in "$here/mnt"
    again bindfs disk mnt
}

@test "bindfs of a tree in which an sshfs is mounted, whose stamps are whole seconds" {
    needs bindfs sshfs FUSE
    as_user
    mkdir disk/lib server
    mount_sshfs "$here/server" disk/lib
    inside bindfs disk mnt
    has_ctime=partly # the tree has, and lib/ has not
    live_in "$here/mnt"
}

@test "bindfs of a tree in which an exfat is mounted" {
    needs bindfs mount.exfat-fuse mkfs.exfat FUSE
    as_root
    mkdir disk/lib
    mount_exfat disk/lib
    inside bindfs disk mnt
    has_ctime=partly
    live_in "$here/mnt"
}

@test "mergerfs of a tmpfs and the disk" {
    needs mergerfs FUSE
    as_user
    mkdir branch
    inside mount -t tmpfs none branch
    inside mkdir branch/lib
    inside mergerfs -o category.create=epmfs,func.create=epff branch=RW:disk=RW mnt
    live_in "$here/mnt"
    # a balancer moves a file to another branch
    inside sh -c 'mkdir -p disk/lib && cp -p branch/lib/f1.mini disk/lib && rm branch/lib/f1.mini'
    build_right "moved to another branch"
    save 1 71
    build_right "saved there"
    save 1 72
    sleep 3.1
    build_right "and saved again"
}

@test "mergerfs of an sshfs and the disk" {
    needs mergerfs sshfs FUSE
    as_user
    mkdir branch server server/lib
    mount_sshfs "$here/server" branch
    inside mergerfs -o func.create=epff branch=RW:disk=RW mnt
    has_ctime=partly
    live_in "$here/mnt"
}

# ---- a server ------------------------------------------------------------------------------------

@test "bindfs whose tree is written to by others" {
    needs bindfs FUSE
    as_user
    mkdir disk/lib
    inside bindfs -o attr_timeout=0,entry_timeout=0,negative_timeout=0 disk mnt
    save() { echo "fn f() i32 { return $2; }" >"disk/lib/f$1.mini"; }
    live_in "$here/mnt"
}

@test "sshfs" {
    needs sshfs FUSE
    as_user
    mkdir -p server/lib
    mount_sshfs "$here/server" mnt
    has_ctime=no
    live_in "$here/mnt"
}

@test "sshfs whose server is written to by others" {
    needs sshfs FUSE
    as_user
    mkdir -p server/lib
    mount_sshfs "$here/server" mnt dir_cache=no,attr_timeout=0,entry_timeout=0
    save() { echo "fn f() i32 { return $2; }" >"server/lib/f$1.mini"; }
    has_ctime=no
    live_in "$here/mnt"
}

# ---- no ctime ------------------------------------------------------------------------------------

# mount_exfat DIRECTORY: the loop device goes with its last user.
mount_exfat() {
    local loop
    truncate -s 32M exfat.img
    mkfs.exfat exfat.img >/dev/null
    loop=$(inside losetup --find --show exfat.img)
    inside mount.exfat-fuse "$loop" "$1" || { inside losetup -d "$loop" && return 1; }
    inside losetup -d "$loop"
}

@test "exfat" {
    needs mount.exfat-fuse mkfs.exfat FUSE
    as_root
    mount_exfat mnt
    inside mkdir mnt/lib
    has_ctime=no
    live_in "$here/mnt"
}

# ---- an image in the place of another ------------------------------------------------------------

# Two trees that differ in one number; make_image TREE IMAGE is to give them the same times.
make_images() {
    local project version
    printf '%s\n' 6.8 "$(uname -r)" | sort -CV || skip "needs Linux 6.8: before, a mount has no number of its own"
    for version in 1 2; do
        project=$here/tree$version
        mkdir -p "$project/lib"
        write_program
        [ $version = 1 ] || save 2 99
        make_image tree$version image$version >/dev/null
    done
}

# exchange COMMAND...: that mounts, with the image and the place after it.
exchange() {
    local version
    project=$here/mnt output_file=$here/out.ll flags=(-o "$here/out.ll" --cache-dir "$here/cache")
    : >warnings
    "$@" image1 mnt
    stamps >stamps1
    build_right "the first image"
    sleep 3.1
    build_right "read once more"
    build_right "read no more"
    [ "$(jq .files_hashed stats)" = 0 ]
    for version in 2 1 2; do
        inside umount mnt
        await "$@" image$version mnt # the one before may still be going
        stamps >stamps2
        diff stamps1 stamps2
        build_right "image $version"
        sleep 3.1
        build_right "image $version, later"
        build_right "image $version, read no more"
    done
}
@test "squashfs images that are exchanged, by FUSE" {
    needs squashfuse mksquashfs FUSE
    make_image() { mksquashfs "$1" "$2" -noappend -quiet -all-time 1000000000 -mkfs-time 1000000000 -root-mode 755; }
    as_user
    make_images
    exchange inside squashfuse
}

@test "squashfs images that are exchanged, by the kernel" {
    needs mksquashfs
    make_image() { mksquashfs "$1" "$2" -noappend -quiet -all-time 1000000000 -mkfs-time 1000000000 -root-mode 755; }
    as_root
    make_images
    inside mount -t squashfs -o loop image1 mnt && inside umount mnt || skip "the kernel has no squashfs"
    exchange inside mount -t squashfs -o loop
}

@test "erofs images that are exchanged, by the kernel" {
    needs mkfs.erofs
    make_image() { mkfs.erofs -T1000000000 -U 00000000-0000-0000-0000-000000000000 "$2" "$1"; }
    as_root
    make_images
    inside mount -t erofs -o loop image1 mnt && inside umount mnt || skip "the kernel has no erofs"
    exchange inside mount -t erofs -o loop
}
