# What lowering costs, and what the cache leaves of it.
include "table";

def ms: . * 1000 | if . < 1 then . * 100 | round / 100 else . * 10 | round / 10 end;
([.cases[]? | select(.name == ("cold", "hundred", "one_body", "comment", "warm"))] |
if length == 0 then "not measured yet (`make bench`)" else
    "| `make bench`, \(.[0].stats.files_total) files | lowered | ms in lowering |",
    "| --- | ---: | ---: |",
    (sort_by(-.stats.files_lowered)[] |
     "| \(.title) | \(.stats.files_lowered) | \(.stats.seconds.lower | ms) |")
end),
noted("headline")
