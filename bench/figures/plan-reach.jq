# SPDX-License-Identifier: MIT
#
# How far an edit reaches: keys that were computed, functions that were compiled.
include "common";
include "table";

measured(.cases; "make bench";
    ["warm", "comment", "one_body", "popular_body", "popular_signature", "hundred", "cold"] as $shown |
    markdown(["", "files lowered", "keys computed", "functions compiled", "of"];
        [.cases[] | select(.name as $name | $shown | index([$name]))] |
        sort_by(.stats.declarations_visited) |
        map([.title, (.stats | .files_lowered, .declarations_visited, .functions_emitted,
                               .functions_total | grouped)])),
    by("make bench"))
