# SPDX-License-Identifier: MIT
#
# results.json → a row for each technique: row, title, naive title, milliseconds (ours, naive), the
# factor written out, and what stands to the left and to the right of the line between the two.
include "common";

[ .techniques // [] | .[] | select(.ours_ms > 0 and .naive_ms > 0) |
  [ .title, "instead of: \(.naive_title)", .ours_ms, .naive_ms,
    (if .tutorial_factor then "tutorial \(.tutorial_factor)x,  " else "" end) + (.factor | times) ]
  + (if .ours_ms <= .naive_ms then [.ours_ms, .naive_ms] else [.naive_ms, .ours_ms] end
     | . + map(duration)) ]
| data_rows
