# SPDX-License-Identifier: MIT
#
# results.json → part 1 of the page.
include "common";
include "beside";

if (.cases | length) == 0 then absent("The headline is"; "make bench PARTS=headline") else
. as $all | facts as $facts |
(.cases | map({ key: .name, value: . }) | from_entries) as $case |
(.corpus.files == 10001) as $as_the_tutorial |
paragraph("After an edit of one function of \(.corpus.functions | grouped), the new output is there in "
    + "\($case.one_body.median_ms | duration), \($case.one_body.speedup | short) times as fast as from "
    + "nothing. One thread takes \($case.one_body.ceiling_ms | duration) to ask the file system for "
    + "\(.corpus.files | grouped) timestamps. When nothing changed, the build takes "
    + "\($case.warm.median_ms | duration)."),
if $as_the_tutorial then
    paragraph("The tutorial that this project follows reports "
        + ([.cases[] | select(.tutorial_s) | "\(.tutorial_s) s for “\(.title)”"] | join(", "))
        + ", on another machine and with another compiler.")
else
    paragraph("The tutorial that this project follows reports seconds for 10,001 files. They say "
        + "nothing about a corpus of \(.corpus.files | grouped).")
end,
made_by("make bench PARTS=headline"),
(busy("headline") | paragraph(.)),
picture("headline"; "Three builds: cold, nothing changed, one function changed";
    ([.cases[] | select(.name == ("cold", "warm", "one_body")) |
      "\(.title): \(.median_ms | duration), ceiling \(.ceiling_ms | duration)"
      + (if $as_the_tutorial and .tutorial_s then ", tutorial \(.tutorial_s) s" else "" end)]
     | join("; ")) + ". Logarithmic scale."; $facts),
paragraph("Dot: the median of this project, with its range. Dashed line: the ceiling, what one thread needs for "
    + "the least that the build must do. "
    + (if $as_the_tutorial then "Hollow diamond: the tutorial. " else "" end)
    + "The same as multiples of the ceiling, for every kind of edit:"),
picture("ceilings"; "Each kind of build as a multiple of its ceiling";
    ([.cases[] | "\(.title) \(.ceiling_ratio | times)"] | join(", "))
    + ". 1x is one stat of every file by one thread; for the cold build, reading every file and "
    + "writing the output. Logarithmic scale."; $facts),
paragraph("Below 1x is possible: the builds use more than one thread (-j \(.jobs)). The ceiling of the "
    + "cold build is reading every file and writing the output, "
    + "\($case.cold.read_all_ms | short) + \($case.cold.write_output_ms | short) ms; of all others one "
    + "stat of every file."),
(.growing // empty | paragraph("\(.edits | grouped) edits of random files, each of which makes a section of the "
    + "output outgrow its place: half of the builds take at most \(.ceiling_ratio.median | times) of a stat of "
    + "every file (\(.ms.median | duration)), 95 % at most \(.ceiling_ratio.p95 | times) "
    + "(\(.ms.p95 | duration)), the slowest \(.ceiling_ratio.max | times) (\(.ms.max | duration)).")),
table("Times of whole processes"; ["case", "median, ms", "range, ms", "n", "faster than cold",
      "tutorial", "its ceiling, ms", "times ceiling"];
    [.cases[] | [.title, (.median_ms | ms), span(.min_ms; .max_ms), (.times_ms | length),
      (.speedup | times), (if $as_the_tutorial and .tutorial_s then
         "\(.tutorial_s) s, \($case.cold.tutorial_s / .tutorial_s | times)" else "-" end),
      (.ceiling_ms | ms), (.ceiling_ratio | times)]]),
table("Work that was done, counted"; ["case", "files hashed", "files lowered", "functions emitted",
      "sections written", "output"];
    [.cases[] | [.title, (.stats | (.files_hashed, .files_lowered, .functions_emitted,
      .sections_written | grouped), .strategy)]])
end
