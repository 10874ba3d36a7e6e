# SPDX-License-Identifier: MIT
#
# Time of a build by number of files, both logarithmic: cold, one body and nothing changed, each
# with marks of its own; thin and dashed, what one thread of the machine needs for the least of it.

height = 400
load report."/style.gnuplot"

set lmargin 8
set rmargin 18.5
set tmargin 1
set bmargin 3
set border 3 linecolor rgb GREY linewidth 1
set grid xtics ytics back linetype 1 linecolor rgb PALE linewidth 1

set logscale xy
stats data index 0 using 1 nooutput
set xrange [STATS_min * 0.8:STATS_max * 1.25]
set xtics ("100" 100, "1,000" 1000, "10,000" 10000, "100,000" 100000)
set xlabel "files" font ",13" textcolor rgb INK offset 0, 0.6
set ytics nomirror out scale 0.5 font ",13" textcolor rgb INK
set ytics @TIMES

COLD = "linecolor rgb RED linewidth 2.5 pointtype 7 pointsize 0.8"
ONE_BODY = "linecolor rgb GREEN linewidth 2 pointtype 5 pointsize 0.7"
NOTHING = "linecolor rgb BLUE linewidth 2.5 pointtype 9 pointsize 0.9"
READ = "linecolor rgb GREY linewidth 1.2 dashtype (2,3)"
WALK = "linecolor rgb GREY linewidth 1.2 dashtype (6,4)"

# Letters have the colour of their line, a little darker.
array letters[5] = [0xa84300, 0x555555, 0x00704f, 0x005a8e, 0x555555]

set label "dashed: what one thread needs" at graph 0.03, 0.95 left font ",13" textcolor rgb GREY

plot data index 0 using 1:3 with lines @READ notitle, \
     data index 0 using 1:6 with lines @WALK notitle, \
     data index 0 using 1:2 with linespoints @COLD notitle, \
     data index 0 using 1:4 with linespoints @ONE_BODY notitle, \
     data index 0 using 1:5 with linespoints @NOTHING notitle, \
     data index 1 using 1:2:3:(letters[$4 + 1]) with labels left offset 1, 0 font ",13" \
         textcolor rgb variable notitle
