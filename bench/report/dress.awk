# SPDX-License-Identifier: MIT
#
# A picture as gnuplot wrote it → one that can stand in a page beside others. gnuplot gives its
# parts the same ids in every picture, and its own words as tips to every curve; here each picture
# gets ids, a title and a description of its own, and a line of small print below.
#
# NAME, TITLE, DESCRIPTION, FACTS come from the environment; the last three are HTML already.

BEGIN { name = ENVIRON["NAME"]; print_below = 26 }

function attribute(line, key, value) {
    sub(key "=\"[0-9]+\"", key "=\"" value "\"", line)
    return line
}

/^<\?xml/ { next }
/^<title>/ { print "<title>" ENVIRON["TITLE"] "</title>"; next }
/^<desc>/ { print "<desc>" ENVIRON["DESCRIPTION"] "</desc>"; next }
/^<svg/ { print "<svg role=\"img\""; next }

/^ width="[0-9]+" height="[0-9]+"/ {
    split($0, quoted, "\"")
    height = quoted[4] + print_below
    $0 = attribute($0, "height", height)
}
/^ viewBox=/ { sub(/[0-9]+"/, height "\"") }
/^<rect x="0" y="0"/ && !background { $0 = attribute($0, "height", height); background = 1 }

{ sub(/"sans-serif:Bold"/, "\"sans-serif\" font-weight=\"bold\"") }
!/<text>/ {
    sub(/<title>.*<\/title>/, "")
    gsub(/ id=["']/, "&" name "-")
    gsub(/href='#/, "&" name "-")
    gsub(/url\(#/, "&" name "-")
    sub(/^[ \t]+/, "")
}
/^<\/svg>/ {
    printf "<text x=\"12\" y=\"%d\" font-family=\"sans-serif\" font-size=\"11\" fill=\"#666666\">%s</text>\n",
           height - 10, ENVIRON["FACTS"]
}
!/^[ \t]*$/
