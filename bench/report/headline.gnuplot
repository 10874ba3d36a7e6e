# SPDX-License-Identifier: MIT
#
# Three cases, one below the other: our median and its range above the line, the ceiling below it,
# what the tutorial reports far to the right.

load report."/data.gnuplot"
stats data using 1 nooutput
rows = int(STATS_records)
stats data using (valid(7) ? 1 : 0) nooutput
has_tutorial = STATS_sum > 0
width = 480
height = 78 + rows * 100
load report."/style.gnuplot"

set logscale x
set xrange [1:20000]
set xtics @TIMES
set yrange [rows:0]

set tmargin at screen top(52)
set label "" at screen left(18), screen top(14) point @OURS
set label "minic: the median, on the range of its runs" at screen left(18), screen top(14) @LEGEND
set arrow from screen left(18), screen top(27) to screen left(18), screen top(45) nohead @CEILING
set label "the least that one thread needs" at screen left(18), screen top(36) @LEGEND
if (has_tutorial) {
    set label "" at screen left(300), screen top(36) point @THEIRS
    set label "the tutorial" at screen left(300), screen top(36) @LEGEND
}

centre(n) = n + 0.64
plot data using 4:(centre($1)):4:5 with xerrorbars @OURS_RANGE pointtype 0 notitle, \
     data using 6:(centre($1) - 0.1):(0):(0.26) with vectors nohead @CEILING notitle, \
     data using 3:(centre($1)) with points @OURS notitle, \
     data using 7:(centre($1)) with points @THEIRS notitle, \
     data using (1):(centre($1) - 0.47):2 with labels left offset 0.2, 0 @HEADING notitle, \
     data using 3:(centre($1) - 0.19):8 with labels @OURS_TEXT notitle, \
     data using 6:(centre($1) + 0.25):9 with labels @CEILING_TEXT notitle, \
     data using 7:(centre($1) - 0.19):10 with labels @TEXT notitle
