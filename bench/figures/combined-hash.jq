# Did anything change? One hash over all files, or every key of every function.
include "table";

def ms: if . < 1 then . * 100 | round / 100 else . * 10 | round / 10 end;
([.techniques[]? | select(.name == "combined_hash")] |
if length == 0 then "not measured yet (`make bench`)" else
    .[0] |
    "| `make bench`, \(.unit), nothing changed | ms |",
    "| --- | ---: |",
    "| compute and compare every key | \(.naive_ms | ms) |",
    "| make the combined hash | \(.ours_ms | ms) |",
    "| faster | \(.factor | round)x |"
end),
noted("techniques")
