# SPDX-License-Identifier: MIT
#
# Four policies: edits as rows, policies as columns, a bar for the functions compiled again.
#
# `data` and `picture` are the paths of what policies.jq made and of the SVG; unless they are set,
# policies.dat and policies.svg in $BUILD/bench/report.
#
# The plot is laid out in units, y downwards. None is a ring and no bar. A bar for 1 has a length
# of its own, so that it cannot be taken for none; from there the scale is logarithmic. Nothing
# hangs on the colours (Okabe and Ito's, darkened where they are letters): the columns have names.

if (!exists("data")) data = system("printf %s \"${BUILD:-build}\"")."/bench/report/policies.dat"
if (!exists("picture")) picture = data[1:strlen(data) - 4].".svg"

set datafile separator "\t"
stats data using 12 nooutput
rows = int(STATS_records)
total = STATS_max
total_text = system("head -n 1 '".data."' | cut -f 13")

width = 540
left = 168      # of the first column
step = 95       # from one to the next
bar = 80        # of all functions
unit = 8        # of one function
top = 124       # of the first row
row = 43
height = top + rows * row + 28

x(c) = left + (c - 1) * step
y(r) = top + r * row
size(n) = n == 0 ? 0 : unit + (bar - unit) * log10(n) / log10(total)
is_none(n) = n == 0 ? 1 : NaN
is_some(n) = n == 0 ? NaN : 1

set encoding utf8
set terminal svg size width, height fixed rounded enhanced name "policies" \
    font "sans-serif,14" background rgb "white"
set output picture
set margins 0, 0, 0, 0
set xrange [0:width]
set yrange [height:0]
unset border
unset tics
unset key

colours = "#D55E00 #E69F00 #009E73 #0072B2"
letters = "#B24A00 #9A6700 #00775A #00609A"
INK = "#222222"; GREY = "#666666"; PALE = "#D8D8D8"; TRACK = "#EFEFEF"

set label "{/:Bold Functions compiled again after an edit}" at 12, 26 \
    font "sans-serif,18" textcolor rgb INK
set label "of ".total_text.". The bars are on a logarithmic scale; a ring means none." at 12, 47 \
    textcolor rgb GREY
array name[4] = ["time-", "file", "interface", "function"]
array name_below[4] = ["stamps", "hashes", "hashes", "keys"]
array known[4] = ["make, ninja", "ccache, SCons", "OCaml, SML/NJ", "this project"]
do for [c = 1:4] {
    set label "{/:Bold ".name[c]."}" at x(c), 79 font "sans-serif,15" textcolor rgb word(letters, c)
    set label "{/:Bold ".name_below[c]."}" at x(c), 96 font "sans-serif,15" textcolor rgb word(letters, c)
    set label known[c] at x(c), 113 font "sans-serif,11" textcolor rgb GREY
}

# A line above each row, and the scale below the last.
do for [r = 0:rows] {
    set arrow from 12, y(r) to width - 6, y(r) nohead linecolor rgb PALE linewidth 1
}
do for [c = 1:4] {
    do for [tick in "1 100 10000"] {
        n = int(tick)
        if (n <= total) {
            set label (n < 1000 ? tick : sprintf("%dk", n / 1000)) at x(c) + size(n), y(rows) + 15 \
                center font "sans-serif,11" textcolor rgb GREY
        }
    }
}

plot for [c = 1:4] data \
         using (x(c) * is_some(column(c + 3))):(y($1) + 26):(x(c)):(x(c) + bar):(y($1) + 25):(y($1) + 35) \
         with boxxyerror fillstyle solid noborder linecolor rgb TRACK, \
     for [c = 1:4] data \
         using (x(c) * is_some(column(c + 3))):(y($1) + 26):(x(c)):(x(c) + size(column(c + 3))):(y($1) + 25):(y($1) + 35) \
         with boxxyerror fillstyle solid noborder linecolor rgb word(colours, c), \
     for [c = 1:4] data \
         using (x(c) + 5):(is_none(column(c + 3)) * (y($1) + 30)) \
         with points pointtype 6 pointsize 0.65 linewidth 2 linecolor rgb word(colours, c), \
     for [c = 1:4] data using (x(c)):(y($1) + 14):(strcol(c + 7)) \
         with labels left noenhanced font "sans-serif,15" textcolor rgb INK, \
     data using (12):(y($1) + 14):(strcol(2)) \
         with labels left noenhanced font "sans-serif,15" textcolor rgb INK, \
     data using (12):(y($1) + 31):(strcol(3)) \
         with labels left noenhanced font "sans-serif,12" textcolor rgb GREY
