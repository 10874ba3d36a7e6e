# SPDX-License-Identifier: MIT
#
# The techniques by the time that each saves.
include "common";
include "table";

measured(.techniques; "make bench";
    markdown(["technique", "instead of", "saves, ms", "factor", "tutorial"];
        [.techniques[] | [.title, .naive_title, (.saved_ms | ms), (.factor | times),
         (if .tutorial_factor then "\(.tutorial_factor)x" else "-" end)]]),
    "",
    (technique("visited_set") | values | "The visited set is measured on \(.unit); all others on the corpus of "
     + "the table below."),
    by("make bench"; "techniques"))
