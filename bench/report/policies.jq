# SPDX-License-Identifier: MIT
#
# results.json → the rows of policies.gnuplot: row, what is edited, where, and for each policy the
# number of functions, for the bar and for the eye.

def thousands: tostring | [scan("^.{1,3}(?=(?:...)*$)|...")] | join(",");

.policies // empty |
.functions_total as $total |
.edits | to_entries[] |
(.value.title / ", ") as $title |
(.value.compiled | [.timestamps, .file_hashes, .interface_hashes, .function_keys | .functions])
    as $functions |
[ .key, $title[0], ($title[1:] | join(", ")), $functions[], ($functions[] | thousands),
  $total, ($total | thousands) ] | @tsv
