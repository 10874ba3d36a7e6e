# SPDX-License-Identifier: MIT
#
# results.json → a row for each case: row, title, multiples of its ceiling (median, least, most),
# the first written out.
include "common";

[ .cases // [] | .[] | select(.ceiling_ms > 0) |
  [ .title, .ceiling_ratio, .min_ms / .ceiling_ms, .max_ms / .ceiling_ms,
    (.ceiling_ratio | times) ] ]
| data_rows
