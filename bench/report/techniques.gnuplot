# SPDX-License-Identifier: MIT
#
# One technique below the other, a line from its naive version (hollow square) to it (filled dot):
# on a logarithmic scale the length of the line is the factor.

load report."/data.gnuplot"
stats data using 7 nooutput
rows = int(STATS_records)
least = STATS_min
stats data using 8 nooutput
most = STATS_max
width = 480
height = 74 + rows * 62
load report."/style.gnuplot"

set tmargin at screen top(46)
set label "" at screen left(40), screen top(14) point @OURS
set label "the technique" at screen left(40), screen top(14) @LEGEND
set label "" at screen left(160), screen top(14) point linecolor rgb INK pointtype 4 pointsize 0.9 linewidth 2
set label "its naive version" at screen left(160), screen top(14) @LEGEND
set label "times as fast as the naive version" at graph 1, screen top(36) right @OURS_TEXT

# Room for the numbers beside the marks.
set logscale x
set xrange [least / 14:most * 16]
set lmargin 3
set xtics @TIMES
set yrange [rows:0]

set for [n = 1:rows - 1] arrow from graph 0, first n to graph 1, first n nohead linecolor rgb PALE
marks(n) = n + 0.78
plot data using 4:(marks($1)):($5 - $4):(0) with vectors nohead linecolor rgb SKY linewidth 4 notitle, \
     data using 5:(marks($1)) with points linecolor rgb INK pointtype 5 pointsize 1 notitle, \
     data using 5:(marks($1)) with points linecolor rgb "white" pointtype 5 pointsize 0.6 notitle, \
     data using 4:(marks($1)) with points @OURS notitle, \
     data using (least / 14):($1 + 0.22):2 with labels left offset 0.2, 0 @HEADING notitle, \
     data using (least / 14):($1 + 0.5):3 with labels left offset 0.2, 0 @TEXT notitle, \
     data using (most * 16):($1 + 0.22):6 with labels right @OURS_TEXT notitle, \
     data using 7:(marks($1)):9 with labels right offset -1, 0 @TEXT notitle, \
     data using 8:(marks($1)):10 with labels left offset 1, 0 @TEXT notitle
