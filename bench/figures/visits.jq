# SPDX-License-Identifier: MIT
#
# A chain, a ring and a star: does a file of a large program cost more than one of a small program?
include "common";
include "table";

measured(.shapes; "make bench";
    markdown(["shape", "files", "us per file, cold", "a tenth of the files", "declarations visited",
              "a tenth of the files"];
        [.shapes[] | [.shape, (.files_total | grouped), (.per_file_us | fixed(1)),
         (.per_file_us_tenth | fixed(1)), (.declarations_visited | grouped),
         (.declarations_visited_tenth | grouped)]]),
    by("make bench"; "scale"))
