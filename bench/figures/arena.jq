# SPDX-License-Identifier: MIT
#
# Tokens and paths of all sources: a malloc for each, or an arena.
include "common";
include "table";

measured(technique("arena"); "make bench";
    (technique("arena") |
     markdown([.unit, "ms"];
        [[.naive_title, (.naive_ms | ms)], ["an arena", (.ours_ms | ms)], ["faster", (.factor | times)]])),
    by("make bench"; "techniques"))
