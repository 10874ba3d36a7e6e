# SPDX-License-Identifier: MIT
#
# results.json → part 5 of the page.
include "common";
include "beside";

if (.peers.peers | length // 0) == 0 then absent("Other compilers are"; "make bench-peers") else
. as $results | .peers as $all | ($all | facts) as $facts |
[$all.peers[] | select(.cases)] as $measured |
[$all.peers[] | select(.missing)] as $missing |
def median(case): [.cases[] | select(.name == case)][0].median_ms;
([$measured[] | select(.name | test("^minic"))][0]) as $ours |
([$measured[] | select(.name | test("^minic") | not) | select(median("few"))] | sort_by(median("few"))) as $others |
if $ours and ($others | length) > 0 then
    paragraph("The same program, translated for each of them. One body changed in a file that few import: "
        + "\($ours | median("few") | duration) here, \($others[0] | median("few") | duration) for "
        + "\($others[0].name), the fastest of the others\(if ($others | length) > 1 then
          ", \($others[-1] | median("few") | duration) for \($others[-1].name), the slowest" else "" end).")
else paragraph("The same program, translated for each of them.") end,
made_by("make bench-peers"),
(($all | busy("peers")), ($results | peers_again) | paragraph(.)),
picture("peers"; "Builds of the same program by several compilers";
    ([$measured[] | "\(.name): " + ([.cases[] | "\(.name) \(.median_ms | duration)"] | join(", "))] | join("; "))
    + ". Logarithmic scale."; $facts),
paragraph("Dot: this project. Diamond: others. Grey: the range. Dashed line: one thread asks for "
    + "the timestamps of all files; the second number is the multiple of that. They do not all do the same "
    + "work: the table says what each one makes."),
table("\($all.corpus | corpus_facts). Medians, ms (n)";
    ["compiler", "cold", "nothing changed", "1 body, few import", "1 body, many import", "memory, cold", "makes"];
    [$measured[] | . as $peer | [.name]
      + (["cold", "warm", "few", "many"] | map(. as $case | [$peer.cases[] | select(.name == $case)][0] |
          if . then "\(.median_ms | ms) (\(.runs))" else "-" end))
      + [([.cases[] | select(.name == "cold")][0].peak_kb | if . then . * 1024 | mb else "-" end), .makes // ""]]),
"<ul>",
($measured[] | "<li>\("\(.version // .name)\(if .note then ": \(.note)" else "" end)" | on_one_line | @html)</li>"),
($missing[] | "<li>\("\(.name) was not measured: \(.missing)" | on_one_line | @html)</li>"),
"</ul>"
end
