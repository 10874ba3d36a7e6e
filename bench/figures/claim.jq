# SPDX-License-Identifier: MIT
#
# The first lines of the first page: what it takes after one edited body, from nothing, and what the
# machine itself needs to ask for the stamps. Medians, each with its range.
include "common";
include "table";

def ranged: "\(.median_ms | duration) (\(span(.min_ms; .max_ms)))";
measured(one_case("one_body"); "make bench";
    one_case("one_body") as $body | one_case("cold") as $cold |
    "One function changes in a program of \(.corpus.files | grouped) files. "
    + "\($body | ranged) later the new output is there, byte for byte what",
    "a build from nothing writes in \($cold | ranged). To ask the file system for "
    + "\(.corpus.files | grouped) timestamps takes one thread \($body.ceiling_ms | duration)",
    "(\(.cases | walked)). Medians and ranges: of \($body.times_ms | length) builds, "
    + "of \($cold.times_ms | length) from nothing, and of the timestamps beside each case.")
