# SPDX-License-Identifier: MIT
#
# The first lines of the first page: what it takes after one edited body, from nothing, and what the
# machine itself needs to ask for the stamps.
include "common";
include "table";

measured(one_case("one_body"); "make bench";
    one_case("one_body") as $body |
    "One function changes in a program of \(.corpus.files | grouped) files. "
    + "\($body.median_ms | duration) later the new output is there, byte for byte what",
    "a build from nothing writes in \(one_case("cold").median_ms | duration). To ask the file system for "
    + "\(.corpus.files | grouped) timestamps takes one thread \($body.ceiling_ms | duration).")
