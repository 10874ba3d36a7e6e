# SPDX-License-Identifier: MIT
#
# What a commit costs: the caches and the state, without the output.
include "common";
include "table";

measured(.cases; "make bench";
    ["warm", "touched", "one_body", "hundred", "added", "cold"] as $shown |
    markdown(["", "bytes of caches and state written", "ms to save and commit"];
        [.cases[] | select(.name as $name | $shown | index([$name])) |
         .stats + { title, bytes: (.stats | .bytes_written - .output_bytes_written) }] |
        sort_by(.bytes) | map([.title, (.bytes | grouped), (.seconds | (.save + .commit) * 1000 | ms)])),
    by("make bench"; "headline"))
