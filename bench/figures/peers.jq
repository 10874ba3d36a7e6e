# SPDX-License-Identifier: MIT
#
# The same program, translated: medians of other compilers.
include "common";
include "beside";
include "table";

def median(case): [.cases[] | select(.name == case)][0].median_ms | duration;
measured(.peers.peers; "make bench-peers";
    markdown(["\(.peers.corpus | corpus_facts)", "cold", "nothing changed", "1 body, few import",
              "1 body, many import", "makes"];
        [.peers.peers[] | select(.cases) |
         ["\(.name)", median("cold"), median("warm"), median("few"), median("many"), .makes]]),
    by("make bench-peers"), (.peers | noted("peers")), (peers_again | apart))
