#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The programs that print the figures of the READMEs: of a whole run, of one of which a part is
# missing, and what bench/figures/update does with them.

bats_require_minimum_version 1.5.0

setup() {
    root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    all=$BATS_TEST_TMPDIR/all.json
    # The invented figures of the report, and what only the READMEs show.
    jq '(.techniques | map(.name)) as $there | .techniques[0] as $first |
        .techniques += (["arena", "threads_cold", "threads_warm", "mtime_check", "combined_hash",
                         "visited_set", "binary_state_json", "binary_state_text", "patch_full",
                         "patch_reassemble",
                         "pack_write", "pack_read"] - $there
                        | map(. as $name | $first | .name = $name)) |
        .cases |= map(.stats.seconds = ("open discover lower keys look emit save write commit other total"
                      | split(" ") | map({ key: ., value: 0.001 }) | from_entries)
                      | .stats += { files_stat: 10001, functions_total: 30001, sections_total: 10001,
                                    declarations_visited: 3, workers: 2, bytes_read: 1100,
                                    bytes_written: 9000, output_bytes_written: 768 })' \
        "$BATS_TEST_DIRNAME/report_fixture.json" >"$all"
}

# For tests that run nothing that a sanitizer could look at.
tests_no_c() { [ -z "${SANITIZE:-}" ] || skip "tests no C, so there is nothing to sanitize"; }

programs() {
    find "$root/bench/figures" -type f ! -name update ! -name table.jq | sort
}

# figure PROGRAM RESULTS
figure() {
    case $1 in
    *.jq) jq -r -L "$root/bench/figures" -L "$root/bench/report" --arg pictures pictures \
        --argjson lines '{"01":100,"02":100,"03":100,"04":100,"05":100,"06":100}' -f "$1" "$2" ;;
    *) "$1" "$2" ;;
    esac
}

@test "of a whole run each program prints its figures" {
    tests_no_c
    local program count=0
    while read -r program; do
        run -0 figure "$program" "$all"
        echo "$program: $output"
        [ -n "$output" ] && [[ $output != *null* && $output != *"ot measured yet"* ]]
        count=$((count + 1))
    done < <(programs)
    [ $count -gt 15 ]
}

@test "of a run without its part each program says what is missing" {
    tests_no_c
    local program
    echo '{}' >"$BATS_TEST_TMPDIR/none.json"
    while read -r program; do
        run -0 figure "$program" "$BATS_TEST_TMPDIR/none.json"
        echo "$program: $output"
        [[ $output == *"ot measured yet"*"make bench"* || $program == */stages.jq ]]
    done < <(programs)
}

@test "the claim shows medians with their ranges" {
    tests_no_c
    jq '(.cases[] | select(.name == "one_body")) |= (.median_ms = 12.34 | .min_ms = 11.1 | .max_ms = 15 | .ceiling_ms = 13.2)' "$all" \
        >"$BATS_TEST_TMPDIR/claim.json"
    run -0 figure "$root/bench/figures/claim.jq" "$BATS_TEST_TMPDIR/claim.json"
    [[ $output == *" 12.3 ms (11.1..15.0) later the new output is there"*"one thread 13.2 ms"*"(10.8..17.1). Medians"* ]]
}

# busy PROGRAMS MACHINES: the whole run, all parts measured while others had these shares.
busy() {
    jq --argjson programs "$1" --argjson machines "$2" '
        { programs: $programs, machines: $machines } as $other |
        .other_work = (["headline", "techniques", "scale", "native", "large"] | map({ (.): $other }) | add) |
        .peers.other_work.peers = $other' "$all" >"$BATS_TEST_TMPDIR/busy.json"
}

@test "each table of times says when the machine was busy, and nothing when it was not" {
    tests_no_c
    local program
    busy 0.2 0.046
    while read -r program; do
        case $program in
        # counts, pictures, and what only quotes
        */policies | */ordinary | */four-policies.jq | */recompiled.jq | */plan-reach.jq | \
            */memory.jq | *-picture.jq | */claim.jq | */stages.jq) continue ;;
        esac
        run -0 figure "$program" "$BATS_TEST_TMPDIR/busy.json"
        echo "$program: $output"
        [[ ${output//$'\n'/ } == *"The machine was busy: 20 % of its processors' time went to other programs, 5 % to other virtual machines."* ]]
    done < <(programs)
    busy 0.05 0.049
    while read -r program; do
        diff <(figure "$program" "$all") <(figure "$program" "$BATS_TEST_TMPDIR/busy.json")
    done < <(programs)
}

# again PROGRAM FILTER: what it prints of the whole run, changed, on one line.
again() {
    jq "$2" "$all" >"$BATS_TEST_TMPDIR/again.json"
    figure "$root/bench/figures/$1" "$BATS_TEST_TMPDIR/again.json" | tr '\n' ' '
}

@test "a case that does not read as in the headline has the reason beside it" {
    tests_no_c
    local headline='(.cases[] | select(.name == ("cold", "one_body", "warm")) | .median_ms) = 132.04 |
                    .cases[].stat_walk_ms = 14 |'
    local size='.scale[2] |= ((.cases[].median_ms = 132.01 | .cases[].stat_walk_ms = 17)'
    local pairs='(.techniques[] | select(.name | startswith("threads_"))) |= (.unit = "10,001 files" | .ours_ms = 132'

    [[ $(again scale "$headline $size | (.cases[0] | .median_ms) = 197)") == *"In the headline: cold 132 ms. This part measured"*"of 10,001 files again, in "*" runs of each case; a stat of every file took 17.0..17.0 ms, in the headline 14.0..14.0 ms."* ]]
    [[ $(again threads.jq "$headline $pairs | .ours_ms = 150 | .runs = 7)") == *"In the headline: cold 132 ms, nothing changed 132 ms. Here one thread and two take turns, 7 times."* ]]
    [[ $(again techniques "$headline $pairs | .ours_ms = 150)") == *"Here one thread and two take turns."* ]]
    [[ $(again phases.jq "$headline .") == *"In the headline: cold 132 ms, nothing changed 132 ms, 1 body 132 ms. Here it is one other run of each case"* ]]
    [[ $(again peers.jq "$headline .peers.corpus = .corpus | .peers.peers[0].cases[0].median_ms = 153") == *"In the headline: cold 132 ms"*"Here minic was measured among the others"* ]]
    [[ $(again large ".scale[3].cases[0].median_ms = 1500 | .large.sizes[0].functions = .scale[3].functions") == *"In the table of sizes: cold 1.50 s"*"Here both programs take turns."* ]]

    # Where it reads the same, or is another program, nothing is said.
    [[ $(again scale "$headline $size)") != *"In the headline"* ]]
    [[ $(again threads.jq "$headline $pairs)") != *"In the headline"* ]]
    [[ $(again scale "$headline $size | (.cases[0] | .median_ms) = 197) | .corpus.seed = 2") != *"In the headline"* ]]
    [[ $(again peers.jq "$headline .peers.corpus.files = 1001") != *"In the headline"* ]]
    [[ $(again threads.jq "$headline $pairs | .unit = \"1,001 files\" | .ours_ms = 150)") != *"In the headline"* ]]
}

@test "update writes the figures into the READMEs, and --check finds one that is different" {
    tests_no_c
    cd "$BATS_TEST_TMPDIR"
    mkdir -p copy/bench/published copy/01-file
    cp -r "$root/bench/figures" "$root/bench/report" copy/bench
    cp "$all" copy/bench/published/results.json
    printf 'before\n<!-- figures: %s -->\n<!-- end of figures -->\nafter\n' headline >copy/README.md
    printf '<!-- figures: %s -->\n<!-- end of figures -->\n' headline-picture >copy/01-file/README.md
    run -0 copy/bench/figures/update --check
    [[ $output == *"not ok 1 figures of README.md"*"# headline: other figures"* ]]
    copy/bench/figures/update
    run -0 copy/bench/figures/update --check
    [[ $output != *"not ok"* ]]
    grep -qx 'cold .*full' copy/README.md
    [ "$(sed -n '1p;$p' copy/README.md)" = $'before\nafter' ]
    grep -q '](../bench/pictures/headline.svg)' copy/01-file/README.md
    sed -i 's/full$/half/' copy/README.md
    run -0 copy/bench/figures/update --check
    [[ $output == *"not ok 1 "* ]]
}
