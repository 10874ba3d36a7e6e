# What keys and code generation cost, and what the cache leaves of them.
include "table";

def ms: . * 1000 | if . < 1 then . * 100 | round / 100 else . * 10 | round / 10 end;
([.cases[]? | select(.name | IN("cold", "hundred", "popular_signature", "one_body", "comment",
                                     "warm"))] |
if length == 0 then "not measured yet (`make bench`)" else
    "| `make bench`, \(.[0].stats.functions_total) functions | compiled | ms for keys | ms for code |",
    "| --- | ---: | ---: | ---: |",
    (sort_by(-.stats.functions_emitted)[] | "| \(.title) | \(.stats.functions_emitted) | " +
     "\(.stats.seconds.keys | ms) | \(.stats.seconds.emit | ms) |")
end),
noted("headline")
