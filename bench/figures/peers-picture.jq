# SPDX-License-Identifier: MIT
#
# Other compilers, as make bench-pictures draws them. $pictures: where they are, seen from the README.
include "table";

measured(.peers and .corpus.files >= 10000; "make bench-peers";
    "![Builds of the same program by several compilers](\($pictures)/peers.svg)")
