# SPDX-License-Identifier: MIT
#
# Shared by the parts of the benchmark: where things are, what is printed while they run, and how
# one case is timed. To be sourced by bash; expects `part` to name the part.
#
# Every figure is the wall time of a whole process, started by hyperfine without a shell. Each
# case is a pair: a preparation before each run (not timed), and the build (timed). Around each
# case the ceilings of the machine are measured too, so that a ratio holds when a shared machine
# drifts; a last run of the case, with --stats=json, reports how much work it was.
#
# An edit is followed by a pause of 50 ms. People edit seconds before they build, and a file
# that changes within the same tick of the file system's clock as the build is read again by
# the next one: without the pause the cases would measure that.
#
#     BUILD=build        figures go to $BUILD/bench
#     BIN=build/release  where the programs are, built by make RELEASE=1
#     QUICK=1            smaller corpora and fewer runs
#     JOBS=2 SEED=1      -j of the builds; seed of the corpora
#     KEEP=1             leave the corpora of a part in $BUILD/bench/PART

set -euo pipefail
export LC_ALL=C
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Commands are kept as texts and split into words, by hyperfine too, so their paths are relative to
# here: the path of the project itself may have spaces.
bin=${BIN:-${BUILD:-build}}
bin=${bin#"$PWD"/}
results=${BUILD:-build}/bench
results=${results#"$PWD"/}
work=$results/$part
jobs=${JOBS:-2}
seed=${SEED:-1}
quick=${QUICK:-}
[ "$quick" != 0 ] || quick=
pause="sleep 0.05"
ceiling_runs=7
ceilings_are_of=

progress() { printf 'bench: %s: %s\n' "$part" "$*" >&2; }
fail() { printf 'bench: %s: %s\n' "$part" "$*" >&2; exit 1; }

need() {
    local tool
    for tool in "$@"; do
        command -v "$tool" >/dev/null || fail "$tool is missing: run 'make bench', which provides it"
    done
}

# start_part TOOL...: the part's tools, besides the programs that all parts need.
start_part() {
    need jq "$bin"/{minic,generate-corpus,edit-corpus} "$@"
    rm -rf "$work"
    mkdir -p "$work/raw"
    processors_at_start=$(processors)
}

# end_part [NAME]: only NAME.json stays of a part; its corpora are large.
end_part() {
    add_other_work "${1:-$part}"
    [ -n "${KEEP:-}" ] || rm -rf "$work"
}

# ---- who else was at work --------------------------------------------------------------------------
#
# A table says so if the machine did much else while a part was measured. /proc/stat counts the ticks
# of all processors; what this shell and the processes it waited for used is not other work.

# Ticks so far: all, those of other programs, those that a hypervisor gave to other machines. Nothing
# where there is no /proc/stat.
processors() {
    cat /proc/stat "/proc/$$/stat" 2>/dev/null | awk -v us="$$" '
        $1 == "cpu" {
            for (i = 2; i <= 9; i++)
                all += $i
            busy = all - $5 - $6 - $9 # neither idle nor waiting for a disk
            stolen = $9
        }
        $1 == us {
            sub(/.*\) /, "") # the name, which may hold spaces
            ours = $12 + $13 + $14 + $15
        }
        END { if (all) print all, busy - ours, stolen }'
}

# add_other_work NAME: to NAME.json, as shares of the processors' time since start_part.
add_other_work() {
    local ticks
    read -r -a ticks <<<"$processors_at_start $(processors)"
    [ ${#ticks[@]} = 6 ] && [ "${ticks[3]}" -gt "${ticks[0]}" ] || return 0
    jq --arg part "$1" '
        ($ARGS.positional | map(tonumber)) as $ticks |
        def share(i): [($ticks[i + 3] - $ticks[i]) / ($ticks[3] - $ticks[0]), 0] | max;
        .other_work = { ($part): { programs: share(1), machines: share(2) } }' \
        "$results/$1.json" --args "${ticks[@]}" >"$results/$1.json.new"
    mv "$results/$1.json.new" "$results/$1.json"
}

machine() {
    jq -n --arg cpu "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" \
        --argjson cpus "$(getconf _NPROCESSORS_ONLN)" --arg kernel "$(uname -sr)" \
        --arg file_system "$(df --output=fstype "$results" | tail -n 1)" \
        --arg compiler "$(${CC:-cc} --version | head -n 1)" --arg flags "${CFLAGS:--O3 -g -flto=auto -fprofile-use}" '
        { cpu: $cpu, cpus: $cpus, kernel: $kernel, file_system: $file_system,
          compiler: $compiler, flags: $flags }'
}

# ---- a corpus --------------------------------------------------------------------------------------

# use_corpus NAME: sets `corpus`, `output`, `cache` and `build`, used by the cases; and `few` and
# `most`, files to edit, once the corpus exists.
use_corpus() {
    corpus=$work/$1 output=$work/$1.ll cache=$work/$1.cache
    build="$bin/minic build $corpus/main.mini -q -j $jobs -o $output --cache-dir $cache"
    [ -e "$corpus/corpus.json" ] || return 0
    most=$corpus/$(jq -r .most_imported "$corpus/corpus.json")
    few=$corpus/$(jq -r .least_imported "$corpus/corpus.json")
}

# make_corpus NAME FILES [OPTIONS]: generates one and uses it.
make_corpus() {
    local name=$1 files=$2
    shift 2
    use_corpus "$name"
    progress "generating $files files${*:+ ($*)}"
    "$bin/generate-corpus" "$corpus" --files "$files" --seed "$seed" "$@"
    use_corpus "$name"
}

# The numbers mean nothing if the built program is wrong.
verify_program() {
    progress "running the program of the corpus"
    "$bin/minic" run -q -j "$jobs" -o "$output" --cache-dir "$cache" "$corpus/main.mini" \
        >"$work/raw/printed"
    cmp -s "$work/raw/printed" "$corpus/expected" || fail "the program printed something else"
    sync
}

# After hundreds of edits the output must equal that of a build from nothing.
verify_output() {
    progress "comparing with a build from nothing"
    $build
    "$bin/minic" build "$corpus/main.mini" -q -o "$work/fresh.ll" --cache-dir "$work/fresh.cache"
    cmp "$output" "$work/fresh.ll" || fail "the patched output differs from a fresh one"
    rm -rf "$work/fresh.ll" "$work/fresh.cache"
}

# ---- one case --------------------------------------------------------------------------------------

# The ceilings of the corpus in use, into the file. Only a cold build must read everything and
# write the output; for all others a stat of every file is the least.
measure_ceilings() {
    local size=0
    [ "$1" != cold ] || size=$(wc -c <"$output")
    "$bin/ceilings" "$corpus" "$size" "$ceiling_runs" >"$2"
}

# time_runs FIGURES RUNS PREPARATION COMMAND...: RUNS runs of each command, each after the
# preparation. hyperfine writes its results to FIGURES; its options may come before a command.
time_runs() {
    local figures=$1 count=$2 prepare=$3
    shift 3
    hyperfine -N --style none --runs "$count" --prepare "sh -c '$prepare'" \
        --export-json "$figures" "$@" >"$figures.log" 2>&1 && return
    cat "$figures.log" >&2
    return 1
}

# measure NAME TITLE RUNS PREPARATION: one case of the corpus in use, into $work/raw/NAME.case.
# The ceilings measured after one case are those before the next of the same corpus.
measure() {
    local name=$1 title=$2 count=$3 prepare=$4 raw=$work/raw
    progress "$title"
    [ -e "$output" ] || $build
    if [ "$name" = cold ] || [ "$ceilings_are_of" != "$corpus" ]; then
        measure_ceilings "$name" "$raw/before"
    fi
    time_runs "$raw/$name.times" "$count" "$prepare" "$build" || fail "$title: the build failed"
    measure_ceilings "$name" "$raw/after"
    sh -c "$prepare"
    $build --stats=json >"$raw/$name.stats"
    jq -n --arg name "$name" --arg title "$title" \
        --slurpfile times "$raw/$name.times" --slurpfile stats "$raw/$name.stats" \
        --slurpfile before "$raw/before" --slurpfile after "$raw/after" '
        def around(key): [$before[0][key], $after[0][key]] | if all then add / 2 else null end;
        $times[0].results[0] as $run |
        { name: $name, title: $title,
          median_ms: ($run.median * 1000), min_ms: ($run.min * 1000), max_ms: ($run.max * 1000),
          times_ms: [$run.times[] * 1000],
          stat_walk_ms: around("stat_walk_ms"), read_all_ms: around("read_all_ms"),
          write_output_ms: around("write_output_ms"), stats: $stats[0] }
        | .ceiling_ms = if $name == "cold" then .read_all_ms + .write_output_ms
                        else .stat_walk_ms end
        | .ceiling_ratio = .median_ms / .ceiling_ms' >"$raw/$name.case"
    mv "$raw/after" "$raw/before"
    ceilings_are_of=$corpus
}

# The edits that are measured for every program; see README.md.
all_cases="cold warm one_body touched comment popular_body popular_signature hundred grown added removed"

# A hundred files of the corpus in use, or all if there are fewer, spread evenly over it.
hundred_files() {
    find "$corpus" -name 'f*.mini' | sort | awk '
        { files[NR] = $0 }
        END {
            every = int((NR + 99) / 100)
            for (i = every; i > 0 && i <= NR; i += every)
                print files[i]
        }'
}

# measure_all_cases RUNS COLD_RUNS: of the corpus in use.
measure_all_cases() {
    local runs=$1 cold_runs=$2 edit=$bin/edit-corpus
    hundred_files >"$work/raw/hundred"

    measure cold "cold" "$cold_runs" "rm -rf $cache $output; sync; $pause"
    $pause
    $build
    measure warm "nothing changed" "$runs" "$pause"
    measure one_body "1 body" "$runs" "$edit body $few; $pause"
    measure touched "1 touched only" "$runs" "$edit touch $few; $pause"
    measure comment "1 comment" "$runs" "$edit comment $few; $pause"
    measure popular_body "1 popular body" "$runs" "$edit body $most; $pause"
    measure popular_signature "1 popular sign." "$runs" "$edit signature $most; $pause"
    measure hundred "100 bodies" "$runs" "xargs $edit body <$work/raw/hundred; $pause"
    measure grown "1 section grown" "$runs" "$edit grow $few; $pause"
    "$edit" add "$few"
    $build
    measure added "1 file added" "$runs" \
        "$edit remove $few; $pause; $build; $edit add $few; $pause"
    "$edit" remove "$few"
    $build
    measure removed "1 file removed" "$runs" \
        "$edit add $few; $pause; $build; $edit remove $few; $pause"
}

# cases NAME...: the results of measure as one JSON array, each with its speedup over the cold build.
cases() {
    local files=() name
    for name in "$@"; do files+=("$work/raw/$name.case"); done
    jq -s '(.[] | select(.name == "cold") | .median_ms) as $cold |
           map(.speedup = $cold / .median_ms)' "${files[@]}"
}
