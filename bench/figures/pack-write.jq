# Writing what was lowered: one pack, or a file per object.
include "table";

def ms: if . < 1 then . * 100 | round / 100 else . * 10 | round / 10 end;
([.techniques[]? | select(.name == "pack_write")] |
if length == 0 then "not measured yet (`make bench`)" else
    .[0] |
    "| `make bench`, \(.unit) written | ms |",
    "| --- | ---: |",
    "| a file for each | \(.naive_ms | ms) |",
    "| one pack and its index | \(.ours_ms | ms) |",
    "| faster | \(.factor | ms)x |"
end),
noted("techniques")
