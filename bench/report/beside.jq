# SPDX-License-Identifier: MIT
#
# What a table says about its own measurement, where there is something to say: include "beside";
include "common";

# busy(PART): if the machine did something else for a tenth of its time or more while PART was measured.
# Results of a time when this was not recorded say nothing.
def busy(part):
    (.other_work // {})[part] // empty | select(.programs + .machines >= 0.1) |
    def percent: "\(. * 100 | round) %";
    "The machine was busy: \(.programs | percent) of its processors' time went to other programs, "
    + "\(.machines | percent) to other virtual machines.";

# A sentence as lines below a table for terminals.
def below:
    reduce (split(" ")[]) as $word ([""];
        if (.[-1] | length) + ($word | length) < 100 then .[-1] += " " + $word else . + [" " + $word] end)
    | "", (.[] | .[1:]);
