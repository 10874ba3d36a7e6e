# SPDX-License-Identifier: MIT
#
# Where the time goes: the phases of a build as it reports them itself.
include "common";
include "beside";
include "table";

def seconds(name): one_case(name).stats.seconds;
measured(seconds("cold"); "make bench";
    [seconds("cold"), seconds("one_body"), seconds("warm")] as $builds |
    [ ["discover (stat, read, hash)", "discover"], ["lower, keys", "lower", "keys"], ["emit", "emit"],
      ["save, write, commit", "save", "write", "commit"], ["open, look, other", "open", "look", "other"], ["total", "total"]
    ] as $rows |
    markdown(["\(.corpus.files | grouped) files, ms", "cold", "1 body", "nothing changed"];
        [$rows[] | . as $row |
         [.[0], ($builds[] | . as $build | [$row[1:][] | $build[.]] | add * 1000 | fixed(1))]]),
    by("make bench"; "headline"), (phases_again | apart))
