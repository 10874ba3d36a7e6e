# SPDX-License-Identifier: MIT
#
# The techniques and their naive versions, as make bench-pictures draws them. $pictures: where they are, seen from the README.
include "table";

measured(.techniques and .corpus.files >= 10000; "make bench";
    "![Each technique beside its naive version, the longest saving first](\($pictures)/techniques.svg)")
