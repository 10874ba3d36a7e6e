# SPDX-License-Identifier: MIT
#
# For each case a heading and a row for each compiler, the fastest first. This project has a dot,
# the others a diamond; the dashed line is one thread's stat of every file.

load report."/data.gnuplot"
stats data using 1 nooutput
rows = int(STATS_records)
stats data using 7 nooutput
least = STATS_min
stats data using 5 nooutput
least = STATS_min < least ? STATS_min : least
stats data using 6 nooutput
most = STATS_max
width = 480
height = 108 + rows * 26
load report."/style.gnuplot"

set lmargin 17
set rmargin 12
set logscale x
set xrange [least * 0.7:most * 1.5]
set xtics ("0.1 ms" 0.1, "1 ms" 1, "10 ms" 10, "100" 100, "1 s" 1000, "10" 10000, "100 s" 100000)
set yrange [rows - 0.4:-0.6]

set tmargin at screen top(78)
set label "" at screen left(24), screen top(14) point @OURS
set label "minic" at screen left(24), screen top(14) @LEGEND
set label "" at screen left(104), screen top(14) point @OTHERS
set label "others" at screen left(104), screen top(14) @LEGEND
set arrow from screen left(188), screen top(14) to screen left(204), screen top(14) heads size screen 0.008, 90 @RANGE
set label "the range of the runs" at screen left(196), screen top(14) @LEGEND
set arrow from screen left(24), screen top(27) to screen left(24), screen top(45) nohead @CEILING
set label "a stat of every file by one thread" at screen left(24), screen top(36) @LEGEND
set label "7x" at screen left(15), screen top(58) left font ',13' textcolor rgb INK
set label "the median is 7 times the dashed line" at screen left(24), screen top(58) @LEGEND

ours(n) = n == 1 ? 1 : NaN
other(n) = n == 0 ? 1 : NaN
plot data using 7:($1 - 0.5):(0):(1) with vectors nohead @CEILING notitle, \
     data using 4:1:5:6 with xerrorbars @RANGE pointtype 0 notitle, \
     data using ($4 * other($9)):1 with points @OTHERS notitle, \
     data using ($4 * ours($9)):1 with points @OURS notitle, \
     data using ($6 * other($9)):1:8 with labels left offset 1, 0 @TEXT notitle, \
     data using (($6 > $7 ? $6 : $7) * ours($9)):1:8 with labels left offset 1, 0 @OURS_TEXT notitle, \
     data using (least * 0.7 * other($9)):1:3 with labels right offset -1, 0 @TEXT notitle, \
     data using (least * 0.7 * ours($9)):1:3 with labels right offset -1, 0 @OURS_TEXT notitle, \
     data using (least * 0.7):1:2 with labels left offset -15.5, 0 @HEADING notitle
