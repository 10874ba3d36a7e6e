# SPDX-License-Identifier: MIT
#
# results.json → a row for each of three cases: row, title, milliseconds (median, least, most,
# ceiling, tutorial), and the last three written out.
include "common";

.corpus.files as $files |
[ .cases // [] | .[] | select(.name == ("cold", "warm", "one_body")) |
  (if $files == 10001 and .tutorial_s then .tutorial_s * 1000 else null end) as $tutorial |
  [ ({ cold: "Cold: everything is compiled", warm: "Nothing changed",
       one_body: "One function changed, in one file" }[.name]),
    .median_ms, .min_ms, .max_ms, .ceiling_ms, $tutorial,
    (.median_ms | duration),
    (if .name == "cold" then "read and write: " else "stat: " end) + (.ceiling_ms | duration),
    (if $tutorial then "tutorial: " + ($tutorial | duration) else null end) ] ]
| data_rows
