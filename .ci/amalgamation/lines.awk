# SPDX-License-Identifier: MIT
#
# Puts out lines: what stood below each other does so again, though names have become longer, and
# comments speak of the new names.

# ---- lines ----

function put(line)
{
    if (queued)
        put_queue()
    sub(/[ \t]+$/, "", line)
    if (line == "") {
        blank_pending = 1
        return
    }
    if (blank_pending && !at_beginning)
        print_line("")
    blank_pending = at_beginning = 0
    print_line(line)
}

function print_line(line)
{
    if (is_quoting)
        print " *" (line == "" ? "" : "     ") line >output
    else
        print line >output
}

function end_line()
{
    if (!line_is_queued)
        put(line_now)
    line_is_queued = 0
    line_now = ""
    column = 0
}

# `column` is where the line was in the source. What stood below an opening bracket stays below it.
function append(old, new)
{
    line_now = line_now new
    column += length(old)
}

function spaces(count,    text)
{
    while (count-- > 0)
        text = text " "
    return text
}

function open_bracket()
{
    column_old[++brackets] = column
    column_new[brackets] = length(line_now)
}

function indent(blanks)
{
    if (line_now == "" && brackets && column_old[brackets] == length(blanks))
        append(blanks, spaces(column_new[brackets]))
    else
        append(blanks, blanks)
}

# ---- comments ----

# In prose a plain word is a name only if it looks like one; what is set in is code.
function is_meant(word, before, after, is_code)
{
    if (after ~ /^\.[ch]([^A-Za-z0-9_]|$)/ || before ~ /(\.|->|-|\/)$/)
        return 0
    if (word ~ /_/ || word ~ /[a-z].*[A-Z]/ || word ~ /^[A-Z0-9]+$/ || after ~ /^\(/)
        return 1
    if (word ~ /^[a-z]/)
        return 0
    return is_code || before !~ /(^|[.:!?*]|\/\*) *$/
}

function in_comments(f, word)
{
    if ((f, word) in private_new)
        return private_new[f, word]
    return word in header_new && (word in public || sees(f, word)) ? header_new[word] : word
}

# `said` is what the line continues.
function renamed_line(f, rest_of, said,    result, word, new, is_code)
{
    is_code = rest_of ~ /^ *\*     /
    while (match(rest_of, /[A-Za-z_][A-Za-z_0-9]*/)) {
        word = substr(rest_of, RSTART, RLENGTH)
        result = result substr(rest_of, 1, RSTART - 1)
        rest_of = substr(rest_of, RSTART + RLENGTH)
        new = in_comments(f, word)
        if (new != word && is_meant(word, said result, rest_of, is_code)) {
            result = with_article(result, new)
            word = new
        }
        result = result word
    }
    return result rest_of
}

# "a" before the new name, or "an"?
function with_article(before, new)
{
    if (before ~ /(^|[^A-Za-z])[Aa]n? $/ && new !~ /^[A-Z0-9_]*$/) {
        sub(/n? $/, "", before)
        before = before (new ~ /^[AEIOUaeiou]/ ? "n " : " ")
    }
    return before
}

function renamed_comment(f, text,    list, count, i, said, result)
{
    count = split(text, list, "\n")
    for (i = 1; i <= count; i++) {
        result = result (i > 1 ? "\n" : "") renamed_line(f, list[i], list[i] ~ /^ *\* [^ ]/ ? said : "")
        said = list[i] " "
        sub(/^ *\*? */, "", said)
    }
    return result
}

function put_comment(f, i,    text, list, count, j)
{
    text = renamed_comment(f, T[i])
    if (line_now ~ /[^ ]/ && K[i + 1] == "n") {
        queue_comment(text)
        return
    }
    count = split(text, list, "\n")
    for (j = 1; j <= count; j++) {
        if (j > 1)
            end_line()
        append("", list[j])
    }
}

# Comments that stood below each other, after code, do so again: further to the right if some of the
# code has become longer.
function queue_comment(text)
{
    if (queued && queue_column != column)
        put_queue()
    queue_column = column
    sub(/ +$/, "", line_now)
    queue_code[++queued] = line_now
    queue_text[queued] = text
    line_now = ""
    line_is_queued = 1
}

function put_queue(    to, q, count, list, lines, i)
{
    to = queue_column
    for (q = 1; q <= queued; q++)
        if (length(queue_code[q]) >= to)
            to = length(queue_code[q]) + 1
    count = queued
    queued = 0
    for (q = 1; q <= count; q++) {
        lines = split(queue_text[q], list, "\n")
        put(queue_code[q] spaces(to - length(queue_code[q])) list[1])
        for (i = 2; i <= lines; i++)
            put(spaces(to - queue_column) list[i])
    }
}
