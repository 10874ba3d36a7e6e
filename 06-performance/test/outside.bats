#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What others do between two builds: to the output, and to the times of the sources. After each,
# the output is that of a clean build, and the reason that is given has a name.

bats_require_minimum_version 1.5.0
load ../../01-file-change-detection/test/await

setup() {
    ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    MINIC=${MINIC:-${BUILD:-$ROOT/build}/minic}
    mkdir "$BATS_TEST_TMPDIR/project" && cd "$BATS_TEST_TMPDIR/project" || return 1
    unset MINIC_VERBOSE MINIC_TARGET
    echo 'fn add(a: i32, b: i32) i32 { return a + b; }' >math.mini
    echo 'fn three() i32 { return 3; }' >other.mini
    {
        echo 'import "math.mini" as math; import "other.mini" as other;'
        echo 'fn main() i32 { print(math.add(2, other.three())); return 0; }'
    } >main.mini
    "$MINIC" build -q main.mini
    settle
    "$MINIC" build -q main.mini # every stamp is trusted now, that of the output too
}

# expect STRATEGY REASON: of the next build; and its output is that of a clean build.
expect() {
    stats=$("$MINIC" build -q --stats=json main.mini)
    [[ $stats == *"\"strategy\":\"$1\",\"reason\":\"$2\""* ]] || { echo "$stats" && return 1; }
    rm -rf clean clean.ll
    "$MINIC" build -q main.mini --cache-dir clean -o clean.ll
    cmp main.ll clean.ll
    "$MINIC" build -q --stats=json main.mini | grep -q '"strategy":"up-to-date"'
}

body_edit() { sed -i 's/a + b/b + a/' math.mini; }

# ---- the output ---------------------------------------------------------------------------------

@test "nothing happened" {
    expect up-to-date none
}

@test "output appended to" {
    echo '; more' >>main.ll
    expect reassemble 'output changed by others'
    body_edit
    echo '; more' >>main.ll
    expect reassemble 'output changed by others'
}

@test "output cut" {
    truncate -s -1 main.ll
    expect reassemble 'output changed by others'
    truncate -s 0 main.ll
    expect reassemble 'output changed by others'
    body_edit
    truncate -s 300 main.ll
    expect reassemble 'output changed by others'
}

@test "one byte of the output changed, its size and mtime kept" {
    for place in 0 $(($(stat -c %s main.ll) / 2)) $(($(stat -c %s main.ll) - 1)); do
        touch -r main.ll stamp
        printf '\001' | dd of=main.ll bs=1 seek="$place" conv=notrunc status=none
        touch -r stamp main.ll
        expect patch 'output changed by others'
    done
}

@test "one byte changed, and a body edited" {
    printf '\001' | dd of=main.ll bs=1 seek=700 conv=notrunc status=none
    body_edit
    expect patch 'output changed by others'
}

@test "output deleted" {
    rm main.ll
    expect reassemble 'no output'
    rm main.ll
    body_edit
    expect reassemble 'no output'
}

@test "output replaced by a link: what it leads to is not written" {
    cp main.ll theirs.ll
    ln -sf theirs.ll main.ll
    body_edit
    cp theirs.ll before.ll
    expect reassemble 'output is linked'
    cmp theirs.ll before.ll
    [ ! -L main.ll ]
}

@test "output with a second name: that keeps its bytes" {
    ln main.ll theirs.ll
    cp main.ll before.ll
    body_edit
    expect reassemble 'output is linked'
    cmp theirs.ll before.ll
}

@test "output replaced by an older one" {
    cp -p main.ll old.ll
    body_edit
    "$MINIC" build -q main.mini
    mv old.ll main.ll
    expect patch 'output changed by others'
}

@test "output replaced by a directory is a failure, and then no more" {
    rm main.ll && mkdir main.ll
    run -3 --separate-stderr "$MINIC" build main.mini
    [[ $stderr == "minic: main.ll: cannot write the output: Is a directory" ]]
    rmdir main.ll
    expect reassemble 'no output'
}

# ---- the times of the sources -------------------------------------------------------------------

@test "an edit of the same size whose mtime is set back (touch -r)" {
    touch -r math.mini stamp
    body_edit
    touch -r stamp math.mini
    expect patch none
}

@test "an older file copied over, with its time (cp -p)" {
    sed 's/a + b/a - b/' math.mini >../math.mini
    touch -r math.mini ../math.mini
    cp -p ../math.mini math.mini
    expect patch none
}

@test "an older tree unpacked (tar)" {
    tar -cf ../old.tar ./*.mini
    body_edit
    "$MINIC" build -q main.mini
    tar -xf ../old.tar
    expect patch none
}

@test "another branch and back (git checkout), a file moved over (mv)" {
    command -v git >/dev/null || skip "no git"
    git init -q . && git add ./*.mini
    git -c user.name=n -c user.email=e commit -q -m one
    git checkout -q -b two
    body_edit
    git -c user.name=n -c user.email=e commit -q -a -m two
    for branch in master main; do git rev-parse -q --verify $branch >/dev/null && first=$branch; done
    "$MINIC" build -q main.mini
    for branch in "$first" two "$first"; do
        git checkout -q "$branch"
        expect patch none
    done
    sed 's/a + b/a - b/' math.mini >draft
    touch -r math.mini draft
    mv draft math.mini
    expect patch none
}

@test "times of zero, in the future, far away, going backward" {
    local value=10
    for time in @0 @-1000000000 '2037-01-01' @100000000000 '2001-01-01' '2000-01-01' 'now + 1 hour'; do
        sed -i "s/return [0-9]*; }/return $((++value)); }/" other.mini
        touch -d "$time" other.mini || continue
        expect patch none
        sed -i "s/return [0-9]*; }/return $((++value)); }/" other.mini
        touch -d "$time" other.mini
        expect patch none
    done
}

@test "a file swapped with another of the same size and time" {
    sed 's/return 3/return 4/' other.mini >third.mini
    touch -r other.mini third.mini
    settle
    "$MINIC" build -q main.mini
    mv other.mini x && mv third.mini other.mini && mv x third.mini
    expect patch none
}

@test "a touched file is read, and nothing else is done" {
    touch other.mini
    stats=$("$MINIC" build -q --stats=json main.mini)
    [[ $stats == *'"files_hashed":1,"files_lowered":0'* ]]
    [[ $stats == *'"strategy":"up-to-date"'* ]]
}
