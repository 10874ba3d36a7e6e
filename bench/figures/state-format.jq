# Loading what is known of the files: parsed, or mapped and checked.
include "table";

def ms: if . < 1 then . * 100 | round / 100 else . * 10 | round / 10 end;
([.techniques[]? | select(.name | startswith("binary_state"))] |
if length == 0 then "not measured yet (`make bench`)" else
    "| `make bench`, \(.[0].unit) | ms | the mapped table is faster |",
    "| --- | ---: | ---: |",
    (sort_by(-.naive_ms)[] | "| \(.naive_title), parsed | \(.naive_ms | ms) | \(.factor | round)x |"),
    "| this table, mapped and checked | \(map(.ours_ms) | min | ms) | |"
end),
noted("techniques")
