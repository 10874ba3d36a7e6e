# SPDX-License-Identifier: MIT
#
# What the pictures of the report share. make-report makes each of them in two steps:
#
#     jq -r -L bench/report -f bench/report/NAME.jq results.json >NAME.dat     fields between tabs
#     gnuplot bench/report/NAME.gnuplot                                        NAME.dat → NAME.svg
#
# and hands these variables to NAME.gnuplot:
#
#     data       the path of NAME.dat
#     picture    the path of NAME.svg
#     report     the directory of these files
#
# Title, description and the small print below (machine and corpus) are added by make-report. What
# its marks mean stands in the picture itself, on legend lines at the top: a README shows it alone.
#
# NAME.gnuplot says how tall it is, then loads this file, then sets its axes and plots. If it needs
# to know the data before that, by `stats`, it loads data.gnuplot first. A legend is marks, and texts
# beside them; left() and top() count pixels:
#
#     height = 300
#     load report."/style.gnuplot"
#     set tmargin at screen top(44)
#     set label "" at screen left(18), screen top(14) point @OURS
#     set label "minic" at screen left(18), screen top(14) @LEGEND
#     plot data using 2:1 with points @OURS notitle
#
# With a width of 480 or 540, letters of 13 stay readable on a phone, 360 points wide. Everybody can
# tell the colours apart (the palette of Okabe and Ito), and no colour stands alone: what has another
# colour has another mark or another dash too, so that a black-and-white print says the same.

if (!exists("height")) height = 360
if (!exists("width")) width = 540
load report."/data.gnuplot"
set terminal svg size width,height fixed rounded noenhanced font "sans-serif,15" linewidth 1 \
    background rgb "white"
set output picture

BLUE = "#0072B2"; RED = "#D55E00"; GREEN = "#009E73"; ORANGE = "#E69F00"; SKY = "#56B4E9"
PURPLE = "#CC79A7"; INK = "#222222"; GREY = "#666666"; PALE = "#D8D8D8"

# Ours, the ceiling of the machine, what others report: everywhere the same colour and mark.
OURS = "linecolor rgb BLUE pointtype 7 pointsize 1.1 linewidth 2"
OURS_RANGE = "linecolor rgb BLUE linewidth 5"
CEILING = "linecolor rgb RED linewidth 2 dashtype (6,4)"
THEIRS = "linecolor rgb INK pointtype 12 pointsize 1.3 linewidth 2"
OTHERS = "linecolor rgb INK pointtype 13 pointsize 1.2"
RANGE = "linecolor rgb GREY linewidth 3"

# Letters: what is small, what belongs to ours, to the ceiling, to others; headings.
SMALL = "font ',11' textcolor rgb GREY"
TEXT = "font ',13' textcolor rgb INK"
OURS_TEXT = "font ',14' textcolor rgb BLUE"
CEILING_TEXT = "font ',13' textcolor rgb '#A84300'"
HEADING = "font 'sans-serif:Bold,14' textcolor rgb INK"
LEGEND = "left offset 1.4, 0 font ',13' textcolor rgb INK"
left(pixels) = pixels / real(width)
top(pixels) = 1 - pixels / real(height)

# Only the axis that has numbers is drawn; grid lines lie below everything, pale.
set border 1 linecolor rgb GREY linewidth 1
set tics nomirror out scale 0.5 font ',13' textcolor rgb INK
unset ytics
set xtics offset 0, 0.5
set grid xtics back linetype 1 linecolor rgb PALE linewidth 1
unset key

set lmargin 2.2
set rmargin 2
set tmargin 1
set bmargin 2

# Milliseconds, on a logarithmic axis.
TIMES = '("0.001 ms" 0.001, "0.01 ms" 0.01, "0.1 ms" 0.1, "1 ms" 1, "10 ms" 10, "100 ms" 100, "1 s" 1000, "10 s" 10000, "100 s" 100000, "1000 s" 1000000)'
