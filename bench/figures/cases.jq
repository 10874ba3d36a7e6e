# SPDX-License-Identifier: MIT
#
# The headline in six rows, beside what the tutorial reports for three of them.
include "common";
include "table";

measured(.cases; "make bench";
    .corpus.files as $files |
    ["cold", "warm", "one_body", "touched", "comment", "hundred"] as $shown |
    "\(.corpus | corpus_facts); \(.machine | machine_facts):",
    "",
    markdown(["", "ms", "faster than cold", "times ceiling", "files read", "functions emitted",
              "sections written", "the tutorial"];
        [.cases[] | select(.name as $name | $shown | index([$name])) |
         [.title, (.median_ms | ms), (.speedup | times), (.ceiling_ratio | times),
          (.stats | .files_hashed, .functions_emitted, .sections_written | grouped),
          (if .tutorial_s and $files == 10001
           then "\(.tutorial_s) s, \(7.97 / .tutorial_s | times)" else "-" end)]]),
    by("make bench"; "headline"))
