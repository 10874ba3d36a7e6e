# SPDX-License-Identifier: MIT
#
# The builds of the headline, as make bench-pictures draws them. $pictures: where they are, seen from the README.
include "table";

measured(.cases and .corpus.files >= 10000; "make bench";
    "![Wall times of a build from nothing, of one in which nothing changed, and of small edits, beside what the machine needs to ask for all timestamps](\($pictures)/headline.svg)")
