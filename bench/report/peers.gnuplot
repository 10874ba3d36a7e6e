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
height = 48 + rows * 26
load report."/style.gnuplot"

set lmargin 17
set rmargin 12
set logscale x
set xrange [least * 0.7:most * 1.5]
set xtics ("0.1 ms" 0.1, "1 ms" 1, "10 ms" 10, "100" 100, "1 s" 1000, "10" 10000, "100 s" 100000)
set yrange [rows - 0.4:-0.6]

ours(n) = n == 1 ? 1 : NaN
other(n) = n == 0 ? 1 : NaN
plot data using 7:($1 - 0.5):(0):(1) with vectors nohead @CEILING notitle, \
     data every ::1::1 using 7:(0):("stat of every file") with labels left offset -1.5, 0 @CEILING_TEXT notitle, \
     data using 4:1:5:6 with xerrorbars @RANGE pointtype 0 notitle, \
     data using ($4 * other($9)):1 with points @OTHERS notitle, \
     data using ($4 * ours($9)):1 with points @OURS notitle, \
     data using ($6 * other($9)):1:8 with labels left offset 1, 0 @TEXT notitle, \
     data using (($6 > $7 ? $6 : $7) * ours($9)):1:8 with labels left offset 1, 0 @OURS_TEXT notitle, \
     data using (least * 0.7 * other($9)):1:3 with labels right offset -1, 0 @TEXT notitle, \
     data using (least * 0.7 * ours($9)):1:3 with labels right offset -1, 0 @OURS_TEXT notitle, \
     data using (least * 0.7):1:2 with labels left offset -15.5, 0 @HEADING notitle
