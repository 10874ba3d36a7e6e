# SPDX-License-Identifier: MIT
#
# The four policies, as make bench-pictures draws them. $pictures: where they are, seen from the README.
include "table";

measured(.policies and .corpus.files >= 10000; "make bench";
    "![Functions that four policies compile again after each of fourteen edits](\($pictures)/policies.svg)")
