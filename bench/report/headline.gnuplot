# SPDX-License-Identifier: MIT
#
# Three cases, one below the other: our median and its range above the line, the ceiling below it,
# what the tutorial reports far to the right.

load report."/data.gnuplot"
stats data using 1 nooutput
rows = int(STATS_records)
width = 480
height = 40 + rows * 100
load report."/style.gnuplot"

set logscale x
set xrange [1:20000]
set xtics @TIMES
set yrange [rows:0]

centre(n) = n + 0.64
plot data using 4:(centre($1)):4:5 with xerrorbars @OURS_RANGE pointtype 0 notitle, \
     data using 6:(centre($1) - 0.1):(0):(0.26) with vectors nohead @CEILING notitle, \
     data using 3:(centre($1)) with points @OURS notitle, \
     data using 7:(centre($1)) with points @THEIRS notitle, \
     data using (1):(centre($1) - 0.47):2 with labels left offset 0.2, 0 @HEADING notitle, \
     data using 3:(centre($1) - 0.19):8 with labels @OURS_TEXT notitle, \
     data using 6:(centre($1) + 0.25):9 with labels @CEILING_TEXT notitle, \
     data using 7:(centre($1) - 0.19):10 with labels @TEXT notitle
