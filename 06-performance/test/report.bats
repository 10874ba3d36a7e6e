#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The page that bench/report/make-report makes of the benchmark's figures. report_fixture.json
# holds invented ones, for all parts of the story.

bats_require_minimum_version 1.5.0

setup() {
    root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    report=$root/bench/report
    export BUILD=$BATS_TEST_TMPDIR
    results=$BUILD/bench/results.json
    page=$BUILD/bench/report.html
    mkdir "$BUILD/bench"
    cp "$BATS_TEST_DIRNAME/report_fixture.json" "$results"
}

make_report() { "$report/make-report" "$@"; }

# with FILTER: the figures of the fixture, changed.
with() { jq "$1" "$BATS_TEST_DIRNAME/report_fixture.json" >"$results"; }

# The text of a part, from its heading to its end.
part() { sed -n "/^<section id=\"$1\">/,/^<\/section>/p" "$page"; }

has() { grep -qF -- "$1" "$page" || { echo "the page lacks: $1" && return 1; }; }

well_formed() {
    local picture
    for picture in "$BUILD"/bench/report/*.svg; do xmllint --noout "$picture"; done
}

@test "the page has all five parts, each with a picture and a table" {
    make_report
    for name in headline techniques policies scale peers; do
        part "$name" | grep -q '^<svg role="img"'
        part "$name" | grep -q '^<table>'
        part "$name" | grep -q '^<p class="made">Made by <code>make bench'
        run ! grep -q 'class="absent"' <(part "$name")
    done
}

@test "the parts stand in the order of the story" {
    make_report
    [ "$(grep -o '<section id="[a-z]*"' "$page" | cut -d '"' -f 2 | xargs)" = \
        "headline techniques policies scale peers" ]
}

@test "sentences quote the figures" {
    with '(.cases[] | select(.name == "one_body") | .median_ms) = 77.7 |
          .policies.edits |= map(if .name == "body" then .compiled.file_hashes.functions = 12345 else . end)'
    make_report
    part headline | grep -q '^<p>.* is there in 77.7 ms'
    part policies | grep -q '^<p>.*file hashes 12,345,'
}

@test "the hits of ordinary edits are shares that are never rounded up" {
    with '.ordinary.total = 1000001 | .ordinary.emitted = 1'
    make_report
    part policies | grep -q '^<p>.* 99.99 % come from the cache'
    part policies | grep -qF '<th scope="row">hits</th>'
    with 'del(.ordinary)'
    make_report
    part policies | grep -qF 'Ordinary edits are not measured yet: run <code>make bench PARTS=policies</code>'
}

@test "growing edits are shown as parts of a stat walk, where they were measured" {
    make_report
    part headline | grep -qF 'half of the builds take at most 0.81x of a stat of every file (10.5 ms), 95 % at most 1.20x (15.6 ms)'
    "$root/bench/figures/headline" "$results" | grep -qxF 'within 15.6 ms, the slowest 31.2 ms; 0.81x, 1.2x and 2.4x of the stat walk.'
    with 'del(.growing)'
    make_report
    run ! grep -qF 'outgrow its place' "$page"
    run ! grep -qF 'outgrow its place' <("$root/bench/figures/headline" "$results")
}

@test "a part says when the machine was busy, and nothing when it was quiet or nobody looked" {
    with '{ programs: 0.31, machines: 0.02 } as $other | .peers.other_work.peers = $other |
          .other_work = { headline: $other, techniques: $other, scale: $other }'
    make_report
    for name in headline techniques scale peers; do
        part "$name" | grep -q '^<p>The machine was busy: 31 % of .* other programs, 2 % to'
    done
    with '.other_work.headline = { programs: 0.06, machines: 0.03 }'
    make_report
    run ! grep -qF 'machine was busy' "$page"
}

@test "the tutorial stands beside a corpus of its own size only" {
    make_report
    part headline | grep -qF 'tutorial: 7.97 s</text>'
    part headline | grep -qF '>the tutorial</text>'
    with '.corpus.files = 1001'
    make_report
    run ! grep -qF -e 'tutorial: ' -e '>the tutorial<' <(part headline)
}

@test "each picture says what its marks mean" {
    make_report
    legend() { grep -qF ">$2</text>" "$BUILD/bench/report/$1.svg" || { echo "$1 lacks: $2" && return 1; }; }
    legend headline 'minic: the median, on the range of its runs'
    legend headline 'the least that one thread needs'
    legend ceilings 'minic: the median, as a multiple of the ceiling'
    legend ceilings 'the range of its runs'
    legend techniques 'the technique'
    legend techniques 'its naive version'
    legend techniques 'times as fast as the naive version'
    legend peers 'minic'
    legend peers 'others'
    legend peers 'a stat of every file by one thread'
    legend scale 'dashed: what one thread needs'
    grep -qF 'a ring means none.' "$BUILD/bench/report/policies.svg"
}

@test "the page is valid HTML, and its pictures well-formed" {
    make_report
    run -0 tidy -q -e "$page"
    [ -z "$output" ]
    well_formed
}

@test "each picture has a title, a description, the small print, and ids of its own" {
    make_report
    for picture in "$BUILD"/bench/report/*.svg; do
        [ "$(grep -c '<title>' "$picture")" = 1 ]
        [ "$(grep -c '<desc>..*</desc>' "$picture")" = 1 ]
        grep -qE 'font-size="11" fill="#666666">[^<]*(functions|CPUs)' "$picture"
    done
    [ -z "$(grep -oE " id=[\"'][^\"']*" "$page" | tr "'" '"' | sort | uniq -d)" ]
}

@test "the page loads nothing and runs nothing" {
    make_report
    run ! grep -qiE '<script|<link|<iframe|@import|url\((https?:)?//' "$page"
    run ! grep -qiE '(src|href)=.?(https?:)?//' "$page"
}

@test "a part that was not measured says how, and shows no picture" {
    with '{ machine, corpus, jobs, cases }'
    make_report
    for name in techniques policies scale; do
        part "$name" | grep -qF "not measured yet: run <code>make bench PARTS=$name</code>"
        run ! grep -q '<svg' <(part "$name")
    done
    part peers | grep -qF 'not measured yet: run <code>make bench-peers</code>'
    part headline | grep -q '<svg'
    run -0 tidy -q -e "$page"
}

@test "without any part there is a page that says how to make each" {
    with '{}'
    make_report
    [ "$(grep -c 'class="absent"' "$page")" -ge 5 ]
    run ! grep -q '<svg' "$page"
}

@test "what the figures say is text, never HTML, never a command" {
    with '.peers.peers[0].note = "<script>alert(1)</script>" |
          .peers.peers[0].name = "minic \"<b>\" & \u0027x\u0027 `touch owned` @x {/Bold y}_2" |
          .techniques[0].title = "\"\t<img src=x>\\n#\n@picture" |
          .machine.cpu = "<i>`touch owned`\u0027; system(\u0027touch owned\u0027) #"'
    cd "$BATS_TEST_TMPDIR"
    make_report
    has '&lt;script&gt;alert(1)&lt;/script&gt;'
    run ! grep -qE '<script|<img|<b>|<i>' "$page"
    [ ! -e owned ]
    run -0 tidy -q -e "$page"
    well_formed
}

@test "a compiler that was not measured is named, with why" {
    make_report
    part peers | grep -qF '<li>go build was not measured: the go command is not installed</li>'
}

@test "a technique that costs time is drawn, too" {
    with '.techniques = [.techniques[-1]]'
    make_report
    part techniques | grep -qF '<text>8.0 ms</text>'
    part techniques | grep -qF '>-2.0<'
}

@test "the same figures make the same bytes" {
    make_report
    cp "$page" "$BATS_TEST_TMPDIR/first"
    make_report
    cmp "$page" "$BATS_TEST_TMPDIR/first"
}

@test "the pictures for the READMEs are those of the page, of a full corpus only" {
    make_report --pictures "$BATS_TEST_TMPDIR/pictures"
    for name in headline ceilings techniques policies peers; do
        cmp "$BUILD/bench/report/$name.svg" "$BATS_TEST_TMPDIR/pictures/$name.svg"
    done
    with '.corpus.files = 1001'
    run -1 make_report --pictures "$BATS_TEST_TMPDIR/small"
    [[ $output == *"not of the full corpus: run 'make bench' without QUICK"* ]]
    [ ! -e "$BATS_TEST_TMPDIR/small" ]
}

@test "without figures, or with broken ones, it says so and leaves the old page" {
    make_report
    cp "$page" "$BATS_TEST_TMPDIR/old"
    echo '{ "cases": [' >"$results"
    run -1 make_report
    [[ $output == *"results.json: not a JSON object" ]]
    with '.cases = 3'
    run -1 make_report
    [[ $output == *"results.json: "*"cannot read it" ]]
    rm "$results"
    run -1 make_report
    [[ $output == *"results.json: no such file: run 'make bench', which measures" ]]
    cmp "$page" "$BATS_TEST_TMPDIR/old"
}

@test "without gnuplot it says what to do" {
    mkdir "$BATS_TEST_TMPDIR/tools"
    for tool in bash env dirname jq; do ln -s "$(command -v "$tool")" "$BATS_TEST_TMPDIR/tools"; done
    PATH=$BATS_TEST_TMPDIR/tools run -1 make_report
    [ "$output" = "bench: report: gnuplot is missing: run 'make bench-report', which provides it" ]
    [ ! -e "$page" ]
}
