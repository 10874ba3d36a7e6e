# What is written of the output after each edit, and by which strategy.
include "table";

def ms: . * 1000 | if . < 1 then . * 100 | round / 100 else . * 10 | round / 10 end;
([.cases[]? | select(.name | IN("cold", "warm", "comment", "one_body", "hundred", "popular_signature",
                                     "grown", "added", "removed"))] |
if length == 0 then "not measured yet (`make bench`)" else
    "| `make bench`, \(.[0].stats.sections_total) sections | strategy | sections written | ms for writing |",
    "| --- | --- | ---: | ---: |",
    (sort_by(-.stats.sections_written)[] | "| \(.title) | \(.stats.strategy) | " +
     "\(.stats.sections_written) | \(.stats.seconds.write | ms) |")
end),
noted("headline")
