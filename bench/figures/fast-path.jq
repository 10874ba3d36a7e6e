# SPDX-License-Identifier: MIT
#
# What is left to do when nothing changed, and what the file system asks for it.
include "common";
include "table";

measured(.cases; "make bench";
    ["warm", "touched", "cold"] as $shown |
    markdown(["", "whole process, ms", "finding what changed, in one other run", "a stat of each file, one thread"];
        [.cases[] | select(.name as $name | $shown | index([$name]))] | sort_by(.median_ms) |
        map([.title, (.median_ms | ms), (.stats.seconds.discover * 1000 | ms), (.stat_walk_ms | ms)])),
    by("make bench"; "headline"))
