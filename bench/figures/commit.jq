# What a commit costs: the caches and the state, without the output.
def ms: . * 1000 | if . < 1 then . * 100 | round / 100 else . * 10 | round / 10 end;
[.cases[]? | select(.name == ("warm", "touched", "one_body", "hundred", "added", "cold"))] |
if length == 0 then "not measured yet (`make bench`)" else
    "| `make bench`, \(.[0].stats.files_total) files | bytes of caches and state written | ms to save and commit |",
    "| --- | ---: | ---: |",
    (sort_by(.stats.bytes_written - .stats.output_bytes_written)[] |
     "| \(.title) | \(.stats.bytes_written - .stats.output_bytes_written) | \(.stats.seconds | .save + .commit | ms) |")
end
