# SPDX-License-Identifier: MIT
#
# Whole builds with one thread and with two.
include "common";
include "beside";
include "table";

measured(technique("threads_cold"); "make bench";
    markdown(["\(technique("threads_cold").unit), ms", "one thread", "two", "faster"];
        [(technique("threads_cold"), technique("threads_warm")) |
         [(.title | sub("two threads, "; "")), (.naive_ms | ms), (.ours_ms | ms), (.factor | times)]]),
    by("make bench"; "techniques"), (threads_again | apart))
