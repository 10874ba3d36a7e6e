# SPDX-License-Identifier: MIT
#
# results.json → the rows of peers.gnuplot, a heading and then the compilers for each case, the fastest
# first: row, heading, compiler, milliseconds (median, least, most, stat walk), the text beside it,
# and whether it is this project.
include "common";

{ cold: "Cold", warm: "Nothing changed", few: "One body changed, in a file that few import",
  many: "One body changed, in a file that many import" } as $titles |
[ .peers.peers // [] | .[] | select(.cases) | .name as $name | .cases[] | select(.median_ms > 0) |
  . + { peer: $name } ] as $measured |
[ $titles | to_entries[] | .key as $case | .value as $title |
  [$measured[] | select(.name == $case)] | select(length > 0) | sort_by(.median_ms) |
  [$title, "", null, null, null, null, "", 0],
  (.[] | ["", .peer, .median_ms, .min_ms, .max_ms, .stat_walk_ms,
          "\(.median_ms | duration), \(.ceiling_ratio | times)", (.peer | if test("^minic") then 1 else 0 end)]) ]
| data_rows
