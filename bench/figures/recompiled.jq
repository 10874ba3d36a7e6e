# What each edit compiles again, counted in functions, by what decides.
[.policies.edits[]? | select(.name | IN("comment", "swap", "body", "body_most", "constant",
                                        "signature", "undo"))] as $edits |
if ($edits | length) == 0 then "not measured yet (`make bench`)" else
    "| `make bench`, functions compiled again, of \(.policies.functions_total) | file hashes | interfaces | function keys |",
    "| --- | ---: | ---: | ---: |",
    ($edits[] | "| \(.title) | \(.compiled.file_hashes.functions) | " +
                "\(.compiled.interface_hashes.functions) | \(.compiled.function_keys.functions) |")
end
