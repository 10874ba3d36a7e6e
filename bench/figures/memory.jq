# SPDX-License-Identifier: MIT
#
# Peak memory of a build from nothing and of one in which nothing changed.
include "common";
include "table";

def mib: . / 1048576 | fixed(1);
def peak(name): [.cases[] | select(.name == name)][0].stats.peak_memory_bytes | mib;
measured(.scale; "make bench";
    markdown(["peak memory, MiB", (.scale[] | "\(.files | grouped) files")];
        [["cold", (.scale[] | peak("cold"))], ["nothing changed", (.scale[] | peak("warm"))]]),
    by("make bench"))
