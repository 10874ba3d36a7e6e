# SPDX-License-Identifier: MIT
#
# Reads C: files become tokens, and lines that begin with # become directives.
#
#     T[i] K[i]    a token's text and its kind: i identifier, 0 number, s string or character,
#                  p punctuation, c comment, w blanks, n end of a line
#     D[i]         the directive that it is part of, or 0; a directive includes its end of line
#     first[f] last[f]    the tokens of file f; directive_first[f] directive_last[f]
#     name[d] word[d] rest[d] depth[d]    a directive: `define`, the first identifier after that,
#                  all of it, and in how many #if it stands, those that guard a header left out

function die(message)
{
    print "amalgamate: " message >"/dev/stderr"
    failed = 1
    exit 1
}

function base_name(path)
{
    sub(/.*\//, "", path)
    return path
}

function stem(f,    text)
{
    text = base_name(path[f])
    sub(/\.[ch]$/, "", text)
    return text
}

function token(text, kind)
{
    T[++tokens] = text
    K[tokens] = kind
    D[tokens] = directive
    if (directive)
        tokens_to[directive] = tokens
}

# The piece of `s` that `match` has found.
function cut(kind)
{
    token(substr(s, 1, RLENGTH), kind)
    s = substr(s, RLENGTH + 1)
}

function cut_comment(    end)
{
    end = index(substr(s, 3), "*/")
    RLENGTH = end ? end + 3 : length(s)
    in_comment = !end
    cut("c")
}

function begin_directive()
{
    directive = ++directives
    tokens_from[directive] = tokens + 1
}

function read_line(line,    end)
{
    s = line
    if (in_comment) {
        end = index(s, "*/")
        T[tokens] = T[tokens] "\n" (end ? substr(s, 1, end + 1) : s)
        in_comment = !end
        s = end ? substr(s, end + 2) : ""
    } else if (!directive && s ~ /^[ \t]*#/)
        begin_directive()
    while (s != "") {
        if (match(s, /^[ \t]+/)) cut("w")
        else if (match(s, /^[A-Za-z_][A-Za-z_0-9]*/)) cut("i")
        else if (s ~ /^\/\*/) cut_comment()
        else if (match(s, /^\/\/.*/)) cut("c")
        else if (match(s, /^"([^"\\]|\\.)*"/)) cut("s")
        else if (match(s, /^'([^'\\]|\\.)*'/)) cut("s")
        else if (match(s, /^\.?[0-9][0-9A-Za-z_.]*/)) cut("0")
        else if (match(s, /^(->|\.\.\.|##|::)/)) cut("p")
        else { RLENGTH = 1; cut("p") }
    }
    if (in_comment)
        return
    token("\n", "n")
    if (line !~ /\\$/)
        directive = 0
}

function read_file(f,    line, status)
{
    first[f] = tokens + 1
    directive_first[f] = directives + 1
    while ((status = (getline line <path[f])) > 0)
        read_line(line)
    close(path[f])
    if (status < 0 || in_comment)
        die(path[f] ": cannot be read")
    last[f] = tokens
    directive_last[f] = directives
    read_directives(f)
}

# What a directive says: sets name, word and rest.
function split_directive(d,    i)
{
    rest[d] = ""
    for (i = tokens_from[d]; i <= tokens_to[d]; i++) {
        if (K[i] == "i" && name[d] == "")
            name[d] = T[i]
        else if (K[i] == "i" && word[d] == "")
            word[d] = T[i]
        if (T[i] == "##")
            die(path[file] ": ## makes names that cannot be found in the text")
        if (K[i] != "c" && K[i] != "n")
            rest[d] = rest[d] T[i]
    }
    sub(/ +$/, "", rest[d])
}

function drop_directive(d,    i)
{
    for (i = tokens_from[d]; i <= tokens_to[d]; i++)
        dropped[i] = 1
    was_dropped[d] = 1
}

function is_guarded(f,    d)
{
    d = directive_first[f]
    return path[f] ~ /\.h$/ && name[d] == "ifndef" && name[d + 1] == "define" &&
        word[d] == word[d + 1] && name[directive_last[f]] == "endif"
}

function is_library(text) { return text ~ /[<\/"](xxhash|stb_ds)\.h[>"]/ }

function is_condition(d) { return name[d] ~ /^(if|ifdef|ifndef)$/ }

function read_directives(f,    d, open, condition, i, guarded)
{
    for (d = directive_first[f]; d <= directive_last[f]; d++)
        split_directive(d)
    guarded = is_guarded(f)
    open = 0
    for (d = directive_first[f]; d <= directive_last[f]; d++) {
        if (guarded && (d <= directive_first[f] + 1 || d == directive_last[f])) {
            drop_directive(d)
            continue
        }
        if (name[d] == "endif") open--
        depth[d] = open
        if (is_condition(d)) condition[++open] = d
        if (name[d] == "else" || name[d] == "elif") is_plus[open] = 0
        if (is_condition(d)) is_plus[open] = rest[d] == "#ifdef __cplusplus"
        enclosing[d] = depth[d] ? condition[depth[d]] : 0
        hide_from_parser(d, open)
        if (name[d] == "include") read_include(f, d)
        if (name[d] == "define") read_macro(f, d)
    }
    if (open)
        die(path[f] ": an #if is not closed")
    drop_empty_conditions(f)
}

# What only C++ sees is not parsed: `extern "C" {` and `using`.
function hide_from_parser(d, open,    i)
{
    if (open == 0 || !is_plus[open])
        return
    for (i = tokens_to[d] + 1; i <= last[file] && !D[i]; i++)
        hidden[i] = 1
}

function read_include(f, d,    what)
{
    what = rest[d]
    sub(/^# *include */, "", what)
    if (is_library(what)) {
        uses_library[f] = 1
    } else if (what ~ /^"/) {
        what = base_name(substr(what, 2, length(what) - 2))
        includes[f] = includes[f] " " what
        if (!is_program[f] || what in header_of)
            drop_directive(d)
    } else if (depth[d] == 0 && !is_program[f]) {
        system_includes[f] = system_includes[f] " " what
        drop_directive(d)
    }
}

# Macros that ask the system for more than C has stand before all includes. A name that is defined
# where it is absent is another's, and so is one in lower case without parameters.
function read_macro(f, d,    outer)
{
    outer = enclosing[d]
    if (is_program[f])
        add_name(f, word[d], "macro")
    else if (word[d] ~ /^_[A-Z]/) {
        features[++feature_count] = d
        drop_directive(d)
    } else if (word[d] ~ /_IMPLEMENTATION$/)
        is_implementation[f] = 1
    else if (word[d] !~ /^(XXH|STB)/ && !(outer && name[outer] == "ifndef" && word[outer] == word[d]) &&
             !(word[d] ~ /^[a-z]/ && rest[d] !~ ("define *" word[d] "\\(")))
        add_name(f, word[d], "macro")
}

function drop_empty_conditions(f,    d, i, inside)
{
    for (d = directive_first[f]; d + 2 <= directive_last[f]; d++) {
        if (!is_condition(d) || !was_dropped[d + 1] || name[d + 2] != "endif")
            continue
        inside = 0
        for (i = tokens_to[d] + 1; i < tokens_from[d + 2]; i++)
            inside += !dropped[i] && K[i] !~ /[nw]/
        if (!inside) {
            drop_directive(d)
            drop_directive(d + 2)
        }
    }
}
