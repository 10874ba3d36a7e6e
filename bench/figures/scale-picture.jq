# SPDX-License-Identifier: MIT
#
# Time against files, as make bench-pictures draws them. $pictures: where they are, seen from the README.
include "table";

measured(.scale and .corpus.files >= 10000; "make bench";
    "![Time of a build against the number of files, from 100 to 100,000](\($pictures)/scale.svg)")
