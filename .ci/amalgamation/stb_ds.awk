# SPDX-License-Identifier: MIT
#
# Reads stb_ds.h as the preprocessor leaves it. Prints macros that give each of its names the prefix,
# and declares the functions that it defines as static.

# The first thing in `rest` that fits, and `rest` is what follows it.
function next_match(pattern,    found)
{
    if (!match(rest, pattern))
        return ""
    found = substr(rest, RSTART, RLENGTH)
    rest = substr(rest, RSTART + RLENGTH)
    return found
}

{ text = text " " $0 }

END {
    NAME = "(stbds|STBDS)_[A-Za-z_0-9]*"
    rest = text
    while (name = next_match(NAME))
        if (!known[name]++)
            print "#define " name " " ENVIRON["PREFIX"] "_" name
    rest = text
    while (declaration = next_match("extern [^;{}()]*" NAME "\\([^;{}()]*\\);"))
        declarations[++count] = declaration
    for (i = 1; i <= count; i++) {
        rest = declarations[i]
        name = next_match(NAME)
        if (text !~ (name "\\([^;{}()]*\\) *[{]"))
            continue
        while (type = next_match(NAME))
            if (!declared[type]++)
                print "typedef struct " type " " type ";"
        gsub(/ +/, " ", declarations[i])
        gsub(/\* /, "*", declarations[i])
        sub(/^extern/, "__attribute__((unused))\nstatic", declarations[i])
        print declarations[i]
    }
    if (!count) {
        print "amalgamate: stb_ds.h declares no function" >"/dev/stderr"
        exit 1
    }
}
