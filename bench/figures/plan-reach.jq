# How far an edit reaches: keys that were computed, functions that were compiled.
[.cases[]? | select(.name == ("warm", "comment", "one_body", "popular_body", "popular_signature", "hundred", "cold"))] |
if length == 0 then "not measured yet (`make bench`)" else
    "| `make bench`, \(.[0].stats.files_total) files | files lowered | keys computed | functions compiled | of |",
    "| --- | ---: | ---: | ---: | ---: |",
    (sort_by(.stats.declarations_visited)[] |
     "| \(.title) | \(.stats.files_lowered) | \(.stats.declarations_visited) | \(.stats.functions_emitted) | \(.stats.functions_total) |")
end
