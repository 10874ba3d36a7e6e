# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Shared by the fault tests: a project, edits of it, a build with a fault, and the oracle that
# judges the result:
#
#     the output on disk         is the old one or the new one. If it is neither, the next build
#                                knows, gives that as its reason, and writes the output again
#     the next build             ends as it should, and its output is that of a clean build in an
#                                empty cache, byte for byte
#     the one after that         finds everything up to date
#     the next one that commits  leaves no leftovers in the cache directory or beside the output;
#                                with large packs, every object is there (minic verify)
#
# One fault at one moment is a point. Before each, sources, cache and output are made again by
# building: copies would have other inodes and times than those recorded in the cache.
set -u

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export ASAN_OPTIONS=detect_leaks=0 # leak detection traces the process, and so does strace
export LC_ALL=C
unset MINIC_TARGET MINIC_VERBOSE

# In memory if possible: what a process leaves is in the page cache in any case, and a thousand
# builds with --sync take minutes on a disk.
[ -n "${TMPDIR:-}" ] || [ ! -w /dev/shm ] || TMPDIR=/dev/shm
WORK=$(mktemp -d "${TMPDIR:-/tmp}/minic-faults-XXXXXX") || exit 3
trap 'cd / && rm -rf "$WORK"' EXIT
cp "${MINIC:-${BUILD:?the directory that minic was built in}/minic}" "$WORK/minic" || exit 3
MINIC=$WORK/minic # a copy: another may be built meanwhile
mkdir "$WORK/project" && cd "$WORK/project" || exit 3

# ---- TAP ----------------------------------------------------------------------------------------

TESTS=0 TRIED=0 FLAWS=0 POINT=

# flaw TEXT: the running test fails, for this reason. The first few are reported.
flaw() {
    FLAWS=$((FLAWS + 1))
    [ "$FLAWS" -gt 5 ] || echo "# $POINT: $1" >>"$WORK/flaws"
}

# finish NAME COUNT UNIT: ends a test after COUNT tries.
finish() {
    TESTS=$((TESTS + 1)) TRIED=$((TRIED + $2))
    [ "$2" -gt 0 ] || flaw "nothing was tried"
    if [ "$FLAWS" = 0 ]; then
        echo "ok $TESTS - $1: $2 $3"
    else
        echo "not ok $TESTS - $1: $2 $3, $FLAWS flaws"
        cat "$WORK/flaws"
    fi
    rm -f "$WORK/flaws"
    FLAWS=0
}

# conclude UNIT: the plan, and the total number of tries.
conclude() {
    echo "1..$TESTS"
    echo "# tried: $TRIED $1"
}

# wanted SCENARIO...: these, or only the one that CASE names.
wanted() {
    local name
    for name in "$@"; do
        [ "${CASE:-$name}" != "$name" ] || echo "$name"
    done
}

# thin COUNT: of so many points one stays, others in each test and with each FAULT_SEED; all of them
# with LONG=1.
thin() {
    [ -z "${LONG:-}" ] || return 0
    awk -v count="$1" -v seed="$((${FAULT_SEED:-0} + TESTS))" '
        NR == 1 || (NR + seed) % count == 0' "$WORK/points" >"$WORK/thinned"
    mv "$WORK/thinned" "$WORK/points"
}

skip_all() {
    echo "1..1"
    echo "ok 1 # SKIP $1"
    exit 0
}

need_strace() {
    command -v strace >/dev/null || skip_all "no strace"
    strace -f -qq -o /dev/null true 2>/dev/null || skip_all "strace may not trace here"
}

# need_shim NAME: the library $WORK/NAME.so, to be preloaded into minic.
need_shim() {
    case ${SANITIZE:-} in ?*) skip_all "nothing can be preloaded before a sanitizer" ;; esac
    "${CC:-cc}" -shared -fPIC -o "$WORK/$1.so" "$HERE/$1.c" -ldl || exit 3
}

# ---- calls of a traced build -------------------------------------------------------------------

JOBS=1 # of every build; the fault tests set it
EMIT=() OUT=main.ll # the product; with use_executable, a program that is patched in place
use_executable() { EMIT=(--emit=exe) OUT=main PRODUCT=", executable"; }
PRODUCT=
RUNS_ON="Linux x86_64"

# trace ARGUMENT...: the build of the scenario, traced into $WORK/trace with paths beside descriptors.
trace() { strike strace -f -qqq -y -o "$WORK/trace" "$@"; }

# numbered FILE: the calls of a trace as lines "name number line", the third openat of a thread as
# "openat 3". strace also counts those of each thread.
numbered() {
    awk '{ thread = $1; sub(/^[0-9]+ +/, ""); name = $0; sub(/\(.*/, "", name) }
         name ~ /^[a-z_0-9]+$/ { print name, ++count[thread, name], $0 }' "$1"
}

# With two threads, a commit of more than 1 MiB for each pack writes both at once. Which thread
# writes which is not fixed, so calls are counted for each file separately: ON are the options with
# which strace sees only those on one file.
PACK_FILES=(zir.pack zir.index zir.index.tmp air.pack air.index air.index.tmp)
on_file() { ON=(-P "$PWD/.mini_cache/$1" -P "$1"); }

# From a trace of it: it is large enough, and with two threads each of them writes a pack, unless
# the second one did not get a processor in time.
expect_large_commit() {
    local try writers name
    for try in {1..9}; do
        writers=$(awk '/^[0-9]+ +writev\(.*[.]pack/ { writes[$1] }
                       END { for (thread in writes) count++; print count + 0 }' "$WORK/trace")
        [ "$writers" != "$JOBS" ] || break
        prepare
        trace
    done
    [ "$writers" = "$JOBS" ] || flaw "with -j$JOBS, $writers threads write the packs"
    for name in zir air; do
        [ "$(stat -c %s .mini_cache/$name.pack)" -gt 1048576 ] || flaw "$name.pack is small"
    done
}

# ---- the project --------------------------------------------------------------------------------

# math EXPRESSION [FILE]: the target of most edits. Its section is in the middle of the output.
math() {
    {
        echo "fn add(a: i32, b: i32) i32 { return $1; }"
        echo "fn twice(n: i32) i32 { return add(n, n); }"
    } >"${2:-math.mini}"
}

# entry NAME...: main.mini, which also imports these files.
entry() {
    local name sum=0
    for name in math shapes text "$@"; do echo "import \"$name.mini\" as $name;"; done
    for name in "$@"; do sum="$sum + $name.f(1)"; done
    echo "fn main() i32 { print(text.hello()); return shapes.area() + math.add(2, 3) + $sum; }"
} >main.mini

# long_texts CHARACTER: functions with so much text that both packs grow by more than 1 MiB and are
# therefore written at the same time. Three objects are large, the others small.
long_texts() {
    [ -d "../$1" ] || make_long_texts "$1"
    cp "../$1"/*.mini .
}

make_long_texts() {
    local i k text
    mkdir "../$1"
    text=$(head -c 1500 /dev/zero | tr '\0' "$1")
    for i in {1..20}; do
        for k in {1..9}; do echo "fn g$k() { print(\"$i$k$text\"); }"; done >"../$1/long$i.mini"
        echo 'fn f(n: i32) i32 { return n; }' >>"../$1/long$i.mini"
    done
    text=$(head -c 300000 /dev/zero | tr '\0' "$1")
    for i in {1..3}; do
        echo "fn f(n: i32) i32 { print(\"$i$text\"); return n; }" >"../$1/big$i.mini"
    done
}

# make_project small: five files, one of which no file imports yet. With `large`, seventy more: the
# output is written in two batches, and changes of the state go into its journals. With `heavy`,
# files of much text.
make_project() {
    local i
    rm -rf ./* .mini_cache
    MORE=()
    math 'a + b'
    {
        echo 'import "math.mini" as math;'
        echo 'struct Box { width: i32, height: i32 }'
        echo 'fn area() i32 { const b = Box{ width: 3, height: 4 }; return math.twice(b.width); }'
    } >shapes.mini
    echo 'fn hello() str { return "hello"; }' >text.mini
    echo 'fn f(n: i32) i32 { return n; }' >extra.mini
    if [ "$1" = large ]; then
        for i in {10..79}; do
            echo "fn f(n: i32) i32 { return n + $i; }" >"part$i.mini"
            MORE+=("part$i")
        done
    fi
    if [ "$1" = heavy ]; then
        long_texts x
        MORE=(big{1..3} long{1..20})
    fi
    entry "${MORE[@]}"
}

# ---- scenarios: each is a function that makes the sources old or new ----------------------------

# What a scenario may change: whether there is an older build; what is run instead of a build, and
# how; the exit status that a build has from then on.
defaults() { BUILT=yes COMMAND=build OPTIONS=("${ALWAYS[@]}") STATUS=0; }

first_build() { BUILT=no; }
no_change() { :; }
touched_file() { case $1 in new) touch math.mini ;; esac; }
comment() { case $1 in old) math 'a + b' ;; new) echo '// no code' >>math.mini ;; esac; }
body_edit() { case $1 in old) math 'a + b' ;; new) math 'b + a' ;; esac; }
second_edit() { case $1 in old) edit_before ;; new) math 'b + a' ;; esac; }
outgrown_place() { case $1 in old) math 'a + b' ;; new) math "$LONG_SUM" ;; esac; }
shrunken_place() { case $1 in old) math "$LONG_SUM" ;; new) math 'a + b' ;; esac; }
new_signature() { case $1 in old) math 'a + b' ;; new) rename_parameter ;; esac; }
new_prelude() { case $1 in old) math 'a + b' ;; new) echo "$EXTERN" >>math.mini ;; esac; }
all_edited() { case $1 in old) sed -i /edition/d ./*.mini ;; new) edit_all ;; esac; }
added_file() { case $1 in old) entry "${MORE[@]}" ;; new) entry "${MORE[@]}" extra ;; esac; }
removed_file() { case $1 in old) entry "${MORE[@]}" extra ;; new) entry "${MORE[@]}" ;; esac; }
syntax_error() { case $1 in old) math 'a + b' ;; new) math 'a +' && STATUS=1 ;; esac; }
forced() { case $1 in new) OPTIONS+=(--force) ;; esac; }
checked() { case $1 in old) math 'a + b' ;; new) math 'b + a' && COMMAND=check ;; esac; }
dropped() { case $1 in old) math 'a + b' ;; new) COMMAND=drop ;; esac; }
cleaned() { case $1 in new) COMMAND=clean ;; esac; }
lost_output() { case $1 in new) rm -f "$OUT" ;; esac; }
lost_index() { case $1 in old) math 'a + b' ;; new) math 'b + a' && lose_index ;; esac; }
collected() { case $1 in old) make_history ;; new) math 'b + a' && collect ;; esac; }
new_texts() { case $1 in old) long_texts x ;; new) long_texts y ;; esac; }
new_settings() { case $1 in old) unset MINIC_TARGET ;; new) export MINIC_TARGET="$OTHER" ;; esac; }

EXTERN='extern fn abs(n: i32) i32;'
LONG_SUM='a + b' # so much code that the section needs several more blocks
for _ in {1..40}; do LONG_SUM="$LONG_SUM + a * b"; done

OTHER=aarch64-unknown-linux-gnu

edit_before() {
    math 'a - b'
    build
    math 'a + b'
}

# Enough old objects for --cache-limit to drop some.
make_history() {
    local i
    for i in {1..6}; do
        math "$LONG_SUM + $i"
        build
    done
    math 'a + b'
}

lose_index() { rm .mini_cache/*.index; }
collect() { OPTIONS+=(--cache-limit 1); }
rename_parameter() { sed -i 's/a: i32/first: i32/; s/a + b/first + b/' math.mini; }
edit_all() {
    local file
    for file in *.mini; do echo 'fn edition() i32 { return 2; }' >>"$file"; done
}

# ---- a point ------------------------------------------------------------------------------------

build() { "$MINIC" build -q "-j$JOBS" "${EMIT[@]}" main.mini; }

# What the program says, and how it ends.
run_it() { ./main 2>&1; echo "$?"; }

# Everything as before the build of $SCENARIO.
prepare() {
    rm -rf .mini_cache "$OUT" .output-*.tmp
    defaults
    "$SCENARIO" old
    [ "$BUILT" = no ] || build
    "$SCENARIO" new
}

# begin SCENARIO small|large [OPTION...]: records the output before its build, and the expected one
# after it.
begin() {
    SCENARIO=$1 SIZE=$2 POINT="$1, without a fault"
    make_project "$2"
    shift 2
    ALWAYS=("$@")
    prepare
    rm -f ../old.ll ../new.ll
    [ ! -e "$OUT" ] || cp "$OUT" ../old.ll
    [ "$OUT" != main ] || OLD_RUN=$(run_it)
    if [ "$STATUS" = 0 ]; then
        rm -rf .mini_cache "$OUT"
        build || flaw "a clean build fails"
        [ "$OUT" != main ] || NEW_RUN=$(run_it)
        mv "$OUT" ../new.ll
    else
        cp ../old.ll ../new.ll
    fi
    prepare
}

# strike FAULT...: the build of the scenario, under a command that causes a fault. Its exit status
# is in $? and its messages in $WORK/said.
strike() {
    case $COMMAND in
    build) { "$@" "$MINIC" build -q "-j$JOBS" "${EMIT[@]}" "${OPTIONS[@]}" main.mini; } ;;
    check) { "$@" "$MINIC" check -q "-j$JOBS" main.mini; } ;;
    clean) { "$@" "$MINIC" clean; } ;;
    drop) { "$@" "$MINIC" cache drop -q "-j$JOBS" math.mini main.mini; } ;;
    esac >"$WORK/said" 2>&1
}

# The output is "old", "new", "longer" (the old one with space after it) or "mixed".
look() {
    if [ ! -e "$OUT" ]; then
        [ -e ../old.ll ] && OUTPUT=lost || OUTPUT=old
    elif cmp -s "$OUT" ../new.ll; then
        OUTPUT=new
    elif [ ! -e ../old.ll ]; then
        OUTPUT=mixed
    elif cmp -s "$OUT" ../old.ll; then
        OUTPUT=old
    elif cat ../old.ll /dev/zero | cmp -s -n "$(stat -c %s "$OUT")" - "$OUT"; then
        OUTPUT=longer
    else
        OUTPUT=mixed
    fi
    case $OUT,$OUTPUT in main,longer | main,mixed) expect_whole_or_nothing ;; esac
}

# Half a program cannot be started: what can is the old one or the new one.
expect_whole_or_nothing() {
    local ran
    [ -x main ] || return
    ran=$(run_it)
    [ "$ran" = "$OLD_RUN" ] || [ "$ran" = "$NEW_RUN" ] || flaw "a $OUTPUT program runs, and says: $ran"
}

# judge STATUS ERROR [CALL]: of the build with the fault. It is right in spite of it, or one line
# says what failed. An interrupted call is no failure; but a --sync that could not reach the disk
# is one, whatever the output looks like.
judge() {
    local said
    mapfile -t said <"$WORK/said"
    if [ "$1" = "$STATUS" ]; then
        [ "$1" != 0 ] || [ ${#said[@]} = 0 ] || flaw "exit status 0, and: ${said[*]}"
    elif [ "$1" != 3 ]; then
        flaw "exit status $1: ${said[*]}"
    elif [ "$2" = EINTR ]; then
        flaw "an interrupted call is not repeated: ${said[*]}"
    else
        [[ ${#said[@]} = 1 && ${said[0]} =~ ^(minic: .+: .+|out of memory: .+) ]] ||
            flaw "exit status 3 and not one clear line: ${said[*]}"
    fi
    # Except in a collection: if it cannot be sure of the new pack, the old one stays.
    if [ "$1,${3:-}" = 0,fsync ] && [ "$2" != EINTR ] && [ "$SCENARIO" != collected ]; then
        flaw "fsync fails, and nobody is reported"
    fi
    look
    [ "$1,$STATUS,$COMMAND" != 0,0,build ] || [ "$OUTPUT" = new ] ||
        flaw "exit status 0, but the output is $OUTPUT"
}

# The oracle. `look` comes first.
heal() {
    local status
    "$MINIC" build -q "-j$JOBS" "${EMIT[@]}" --stats=json main.mini >"$WORK/stats" 2>"$WORK/said"
    status=$?
    STATS=
    read -r STATS <"$WORK/stats"
    [ "$status" = "$STATUS" ] ||
        flaw "the next build exits with $status: $(cat "$WORK/said")"
    cmp -s "$OUT" ../new.ll || flaw "the next output is wrong ($OUTPUT before)"
    [ "$OUT,$STATUS" != main,0 ] || [ -x main ] || flaw "the next program cannot be started"
    [ "$STATUS" = 0 ] || return
    case $OUTPUT,$STATS in
    *'"reason":"damaged state"'*) flaw "the state is damaged" ;;
    old,* | new,*) ;;
    longer,*'"reason":"output changed by others"'*) ;;
    longer,*'"reason":"last build unfinished"'* | mixed,*'"reason":"last build unfinished"'*) ;;
    *) flaw "the output was $OUTPUT, and the next build does not know: $STATS" ;;
    esac
    "$MINIC" build -q "-j$JOBS" "${EMIT[@]}" --stats=json main.mini >"$WORK/stats" 2>&1
    read -r STATS <"$WORK/stats"
    case $STATS in
    *'"strategy":"up-to-date"'*) ;;
    *) flaw "one build does not heal: $STATS" ;;
    esac
    expect_nothing_left_over
    [ "$SIZE" != heavy ] || "$MINIC" verify -j1 main.mini >"$WORK/said" 2>&1 ||
        flaw "the packs are not whole: $(cat "$WORK/said")"
}

KEPT='^(lock|clock|secret|used_bytes|entries|incremental-cache|CACHEDIR.TAG|(zir|air)\.(pack|index)|[0-9a-f]{16}(-[0-9a-f]{8})?\.(manifest|spare|unsettled|latest))$'
TABLE='^([0-9a-f]{16}(-[0-9a-f]{8})?\.[a-z]+)\.([0-9]+)(\.journal)?$'

# After a build that commits although it has nothing to write.
expect_nothing_left_over() {
    local file name
    local -A numbers=() # of each table there is one
    touch main.mini
    build || flaw "a build after that fails"
    for file in .mini_cache/* .output-*; do
        name=${file##*/}
        if [[ $name =~ $TABLE ]]; then
            [ "${numbers[${BASH_REMATCH[1]}]:=${BASH_REMATCH[3]}}" = "${BASH_REMATCH[3]}" ] ||
                flaw "a second one is left over: $name"
        elif ! [[ $name =~ $KEPT ]] && [ -e "$file" ]; then
            flaw "left over: $name"
        fi
    done
}
