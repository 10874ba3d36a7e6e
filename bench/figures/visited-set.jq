# A ladder of diamonds, walked with a set of visited files and without.
include "table";

def ms: if . < 1 then . * 100 | round / 100 else . * 10 | round / 10 end;
([.techniques[]? | select(.name == "visited_set")] |
if length == 0 then "not measured yet (`make bench`)" else
    .[0] |
    "| `make bench`, \(.unit) | ms |",
    "| --- | ---: |",
    "| follow every import | \(.naive_ms | ms) |",
    "| visit each file once | \(.ours_ms | ms) |"
end),
noted("techniques")
