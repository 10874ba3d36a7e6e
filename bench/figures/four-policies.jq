# SPDX-License-Identifier: MIT
#
# Five of the fourteen edits, and the functions that each policy compiles again.
include "common";
include "table";

measured(.policies; "make bench";
    ["checkout", "comment", "body", "signature", "undo"] as $shown |
    markdown(["functions compiled again, of \(.policies.functions_total | grouped)",
              "timestamps", "file hashes", "interface hashes", "function keys"];
        [.policies.edits[] | select(.name as $name | $shown | index([$name])) |
         [.title, (.compiled | .timestamps, .file_hashes, .interface_hashes, .function_keys |
                   .functions | grouped)]]),
    by("make bench"))
