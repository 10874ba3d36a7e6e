# SPDX-License-Identifier: MIT
#
# results.json → what was measured, and on what.
include "common";

if .corpus and .machine then
    "<p class=\"lead\">\("How long an incremental build takes, why, and what others need for the same. "
        + "One program of \(.corpus | corpus_facts), \(.corpus.source_bytes | mb) of source and "
        + "\(.corpus.output_bytes | mb) of output, edited and built again." | @html)</p>",
    "<p class=\"machine\">\("Measured on \(.machine | machine_facts). Built by "
        + "\(.machine.compiler), \(.machine.flags). Other machines have other milliseconds; the "
        + "multiples of what the machine itself needs, and the counts of work, travel better."
        | on_one_line | @html)</p>"
else
    "<p class=\"lead\">How long an incremental build takes, why, and what others need for the same.</p>"
end
