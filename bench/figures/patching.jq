# One body was edited: patch the output, put it together again, or build in full.
include "table";

def ms: if . < 1 then . * 100 | round / 100 else . * 10 | round / 10 end;
([.techniques[]? | select(.name == ("patch_reassemble", "patch_full"))] |
if length == 0 then "not measured yet (`make bench`)" else
    "| `make bench`, \(.[0].unit) | ms | patched, ms | faster |",
    "| --- | ---: | ---: | ---: |",
    (.[] | "| \(.naive_title) | \(.naive_ms | ms) | \(.ours_ms | ms) | \(.factor * 10 | round / 10)x |")
end),
noted("techniques")
