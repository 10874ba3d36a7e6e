# What is left to do when nothing changed, and what the file system asks for it.
def ms: . * 10 | round / 10;
[.cases[]? | select(.name == ("warm", "touched", "cold"))] |
if length == 0 then "not measured yet (`make bench`)" else
    "| `make bench`, \(.[0].stats.files_total) files | whole process, ms | of which finding what changed | a stat of each file, one thread |",
    "| --- | ---: | ---: | ---: |",
    (sort_by(.median_ms)[] |
     "| \(.title) | \(.median_ms | ms) | \(.stats.seconds.discover * 1000 | ms) | \(.stat_walk_ms | ms) |")
end
