# Reading it back: the index and the pack mapped, or each file opened.
include "table";

def ms: if . < 1 then . * 100 | round / 100 else . * 10 | round / 10 end;
([.techniques[]? | select(.name == "pack_read")] |
if length == 0 then "not measured yet (`make bench`)" else
    .[0] |
    "| `make bench`, \(.unit) found and checked | ms |",
    "| --- | ---: |",
    "| a file for each, opened and read | \(.naive_ms | ms) |",
    "| index and pack, opened and mapped | \(.ours_ms | ms) |",
    "| faster | \(.factor | ms)x |"
end),
noted("techniques")
