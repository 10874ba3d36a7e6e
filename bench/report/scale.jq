# SPDX-License-Identifier: MIT
#
# results.json → two blocks for scale.gnuplot. A row for each size: files, and milliseconds cold,
# read and write, one body, nothing changed, stat walk. Then a row for the label of each of these
# lines, at its right end: files, milliseconds, text, number of the line.

def median: sort | .[length / 2 | floor];
def case(name): .cases[] | select(.name == name);
def lines: [case("cold").median_ms, case("cold").ceiling_ms, case("one_body").median_ms,
            case("warm").median_ms, ([.cases[].stat_walk_ms] | median)];

def duration:
    if . < 9.95 then "\(. * 10 | round / 10) ms"
    elif . < 999.5 then "\(round) ms"
    else "\(. / 100 | round / 10) s" end;
def tabs: map(tostring) | join("\t");

# Labels on a logarithmic scale, each by a factor above the one before. Where they crowd, they give
# way to both sides: halfway between all moved up and all moved down.
def up(factor): reduce .[] as $at ([]; . + [[$at, (last // 0) * factor] | max]);
def down(factor): reverse | reduce .[] as $at ([]; . + [[$at, (last // infinite) / factor] | min])
                  | reverse;
def apart(factor): [up(factor), down(factor)] | transpose | map(.[0] * .[1] | sqrt);
def labels($files):
    to_entries | sort_by(.value)
    | [., (map(.value) | apart(1.9))] | transpose[] as [$line, $at]
    | ["cold", "read + write", "1 body", "nothing changed", "stat of each file"][$line.key] as $name
    | [$files, $at, "\"\($name) \($line.value | duration)\"", $line.key];

.scale // [] | sort_by(.files) |
if length == 0 then empty else
    (.[] | [.files] + lines | tabs), "", "", (last | .files as $files | lines | labels($files) | tabs)
end
