# SPDX-License-Identifier: MIT
#
# Every case as a multiple of its ceiling: a stem from 1x to the median, thin lines for the range,
# and the number to the right of all three.

load report."/data.gnuplot"
stats data using 5 nooutput
rows = int(STATS_records)
most = STATS_max
stats data using 4 nooutput
left = STATS_min < 0.25 ? STATS_min : 0.25
width = 480
height = 112 + rows * 28
load report."/style.gnuplot"

set lmargin 15
set rmargin 8
set logscale x 2
set xrange [left:(most > 8 ? most * 1.2 : 8.2)]
set xtics ("1/16" 0.0625, "1/8" 0.125, "1/4" 0.25, "1/2" 0.5, "1x" 1, "2x" 2, "4x" 4, "8x" 8, "16x" 16, "32x" 32, "64x" 64)
set yrange [rows - 0.3:-1.3]

set tmargin at screen top(48)
set label "" at screen left(18), screen top(14) point @OURS
set label "minic: the median, as a multiple of the ceiling" at screen left(18), screen top(14) @LEGEND
set arrow from screen left(10), screen top(36) to screen left(26), screen top(36) heads size screen 0.008, 90 @RANGE
set label "the range of its runs" at screen left(18), screen top(36) @LEGEND
set arrow from 1, -0.7 to 1, rows - 0.3 nohead front @CEILING
set label "the ceiling: the least that one thread needs" at 1, -1 center front @CEILING_TEXT
plot data using 4:1:4:5 with xerrorbars @RANGE pointtype 0 notitle, \
     data using (1):1:($3 - 1):(0) with vectors nohead @OURS_RANGE notitle, \
     data using 3:1 with points @OURS notitle, \
     data using ($5 > 1 ? $5 : 1):1:6 with labels left offset 1, 0 @OURS_TEXT notitle, \
     data using (left):1:2 with labels right offset -1, 0 @TEXT notitle
