# SPDX-License-Identifier: MIT
#
# Time of a build by number of files, both logarithmic, for three programs: a block of the data for
# each, with files, and milliseconds from nothing, with nothing changed, and with one body edited.
# The colour and the mark are the program, the dash is what was measured.

height = 420
load report."/style.gnuplot"

set lmargin 8
set rmargin 3
set tmargin at screen top(64)
set bmargin 3
set border 3 linecolor rgb GREY linewidth 1
set grid xtics ytics back linetype 1 linecolor rgb PALE linewidth 1

set logscale xy
stats data using 1 nooutput
set xrange [STATS_min * 0.8:STATS_max * 1.25]
set xtics ("10" 10, "100" 100, "1,000" 1000, "10,000" 10000, "100,000" 100000)
set xlabel "files" font ",13" textcolor rgb INK offset 0, 0.6
set ytics nomirror out scale 0.5 font ",13" textcolor rgb INK
set ytics @TIMES

MINE = "linecolor rgb RED linewidth 2.5 pointtype 7 pointsize 0.8"
IN_C = "linecolor rgb BLUE linewidth 2 pointtype 9 pointsize 0.9"
IN_PYTHON = "linecolor rgb GREY linewidth 2 pointtype 5 pointsize 0.7"

set label "mine" at screen left(66), screen top(18) point @MINE @LEGEND
set label "C" at screen left(160), screen top(18) point @IN_C @LEGEND
set label "Python" at screen left(230), screen top(18) point @IN_PYTHON @LEGEND
set label "line: from nothing   dashes: one body   dots: nothing changed" \
    at screen left(60), screen top(42) left font ",13" textcolor rgb GREY

BODY = "dashtype (12,4)"
NOTHING = "dashtype (2,4)"
plot data index 0 using 1:2 with linespoints @MINE notitle, \
     data index 0 using 1:4 with linespoints @MINE @BODY notitle, \
     data index 0 using 1:3 with linespoints @MINE @NOTHING notitle, \
     data index 1 using 1:2 with linespoints @IN_C notitle, \
     data index 1 using 1:4 with linespoints @IN_C @BODY notitle, \
     data index 1 using 1:3 with linespoints @IN_C @NOTHING notitle, \
     data index 2 using 1:2 with linespoints @IN_PYTHON notitle, \
     data index 2 using 1:4 with linespoints @IN_PYTHON @BODY notitle, \
     data index 2 using 1:3 with linespoints @IN_PYTHON @NOTHING notitle
