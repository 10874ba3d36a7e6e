# SPDX-License-Identifier: MIT
#
# Writes files with their new names, and the two that hold them all.

# ---- one file ----

# A function's own names stay as they are, and so do members: also those of offsetof.
function keep_names(f,    l, i, open)
{
    for (l = first_local[f]; l <= last_local[f]; l++)
        if (renamed(f, local_name[l]) != local_name[l])
            for (i = local_from[l]; i <= local_to[l]; i++)
                if (T[i] == local_name[l])
                    keep[i] = 1
    for (i = first[f]; i <= last[f]; i++) {
        if (T[i] != "offsetof")
            continue
        while (T[i] != "," && i < last[f]) i++
        for (open = 1; open > 0 && i < last[f]; i++) {
            open += (T[i] == "(") - (T[i] == ")")
            keep[i] = 1
        }
    }
}

function put_title(f)
{
    put("")
    put("/* ==== " path[f] " " substr(EQUALS, 1, 88 - length(path[f])) " */")
    put("")
}

function put_token(f, i, before,    text)
{
    text = T[i]
    if (becomes_static[i] && text == "extern")
        append(text, "static")
    else {
        if (becomes_static[i])
            append("", "static ")
        if (before ~ /^(\.|->)$/ || (keep[i] && before !~ /^(struct|union|enum)$/))
            append(text, text)
        else
            append(text, renamed(f, text))
    }
}

function put_file(f,    i, d, before, needs_pop)
{
    keep_names(f)
    needs_pop = silences(f)
    if (needs_pop) put("#pragma GCC diagnostic push")
    for (i = first[f]; i <= last[f]; i++) {
        d = D[i]
        if (d && i == tokens_from[d] && name[d] == "include")
            put_include(f, d)
        if (dropped[i] || (i == first[f] && T[i] ~ /SPDX/))
            continue
        if (K[i] == "n") end_line()
        else if (K[i] == "w") indent(T[i])
        else if (K[i] == "c") put_comment(f, i)
        else if (K[i] != "i" || (d && name[d] ~ /^(include|pragma|error)$/)) {
            append(T[i], T[i])
            if (becomes_static[i]) die(path[f] ": cannot be made static")
        } else put_token(f, i, before)
        if (T[i] ~ /^[({]$/) open_bracket()
        if (T[i] ~ /^[)}]$/ && brackets) brackets--
        if (K[i] !~ /[nwc]/) before = T[i]
    }
    if (needs_pop) put("#pragma GCC diagnostic pop")
    if (queued) put_queue()
    brackets = 0
}

# A file that stands alone may switch warnings off to its end.
function silences(f,    d, off)
{
    for (d = directive_first[f]; d <= directive_last[f]; d++) {
        if (rest[d] ~ /diagnostic push/)
            return 0
        off = off || rest[d] ~ /diagnostic ignored/
    }
    return off
}

# An internal header stands where it is included first. stb_ds has no prefix that could be chosen:
# it gets ours by macros.
function put_include(f, d,    h, what)
{
    what = rest[d]
    sub(/^# *include */, "", what)
    if (what ~ /stb_ds\.h/)
        put_template(stb_block, 0)
    h = what ~ /^"/ ? header_of[base_name(substr(what, 2, length(what) - 2))] : 0
    if (is_program[f] && h && !has_include[f]++)
        put("#include \"" prefix ".h\"")
    if (!h || !is_internal(h) || was_put[h] || is_program[f])
        return
    was_put[h] = 1
    drop_plus(h)
    put_title(h)
    put_file(h)
    put_title(f)
}

# ---- what C++ sees ----

# The text in `#ifdef __cplusplus` ... `#endif`, or "".
function plus_text(d,    i, text)
{
    if (rest[d] != "#ifdef __cplusplus" || name[d + 1] != "endif")
        return ""
    for (i = tokens_to[d] + 1; i < tokens_from[d + 1]; i++)
        if (K[i] !~ /[nw]/)
            text = text T[i]
    return text
}

function drop_block(d,    i)
{
    for (i = tokens_from[d]; i <= tokens_to[d + 1]; i++)
        dropped[i] = 1
}

function put_extern(text)
{
    put("")
    put("#ifdef __cplusplus")
    put(text)
    put("#endif")
}

# Drops what opens and closes `extern "C"`; true if it found both.
function drop_plus(f,    d, found)
{
    for (d = directive_first[f]; d < directive_last[f]; d++)
        if (plus_text(d) == "extern\"C\"{" || plus_text(d) == "}") {
            drop_block(d)
            found++
        }
    return found == 2
}

# One `extern "C"` goes over many headers. A header that opens its own, around an include of C++,
# stands first in its block.
function put_public_header(f,    d, has_own)
{
    for (d = directive_first[f]; d <= directive_last[f]; d++)
        has_own = has_own || (rest[d] == "#ifdef __cplusplus" && plus_text(d) == "")
    if (drop_plus(f) && !is_open) {
        put_extern("extern \"C\" {")
        is_open = 1
    } else if (has_own) {
        if (is_open) put_extern("}")
        is_open = 1
    }
    put_title(f)
    put_file(f)
}

# ---- the two files ----

function put_headers(f,    list, count, i)
{
    if (was_put[f] || is_program[f])
        return
    was_put[f] = 1
    count = split(includes[f], list, " ")
    for (i = 1; i <= count; i++)
        put_headers(header_of[list[i]])
    put_public_header(f)
}

# The system's headers that files include; each once, in one order.
function put_system_includes(of_headers,    f, list, count, i, j, sorted, sorted_count)
{
    for (f = 1; f <= files; f++) {
        if (is_program[f] || of_headers != (is_header(f) && !is_internal(f)))
            continue
        count = split(system_includes[f], list, " ")
        for (i = 1; i <= count; i++) {
            if (has_system[list[i]]++)
                continue
            for (j = ++sorted_count; j > 1 && sorted[j - 1] > list[i]; j--)
                sorted[j] = sorted[j - 1]
            sorted[j] = list[i]
        }
    }
    for (i = 1; i <= sorted_count; i++)
        put("#include " sorted[i])
}

function example_of(pattern,    i, text)
{
    for (i = 1; i <= header_name_count; i++) {
        text = header_names[i]
        if (text in public && text ~ pattern)
            return header_new[text]
    }
    return "none"
}

# A line with "@IF MACRO@" is for files that ask whether MACRO is defined.
function is_for_these_files(line,    d, macro)
{
    macro = line
    gsub(/.*@IF |@.*/, "", macro)
    for (d = 1; d <= directives; d++)
        if (name[d] == "ifdef" && word[d] == macro)
            return 1
    return 0
}

function put_template(template, example,    line)
{
    while ((getline line <template) > 0) {
        if (line ~ /@EXAMPLE@/) {
            is_quoting = at_beginning = 1
            put_file(example)
            is_quoting = blank_pending = 0
            continue
        }
        if (line ~ /@IF / && !is_for_these_files(line))
            continue
        sub(/ *@IF [A-Z_]+@/, "", line)
        gsub(/@PREFIX@/, prefix, line)
        gsub(/@GUARD@/, toupper(prefix), line)
        gsub(/@STAGES@/, stage == 1 ? "stage 1" : "stages 1 to " stage, line)
        gsub(/@STAGE@/, stage, line)
        gsub(/@TYPE@/, example_of("^[A-Z].*[a-z]"), line)
        gsub(/@FUNCTION@/, example_of("^[a-z]"), line)
        gsub(/@CONSTANT@/, example_of("^[A-Z0-9_]+$"), line)
        put(line)
    }
    close(template)
}

function begin_output(to) { output = to; at_beginning = 1; blank_pending = 0 }

function put_features(    i, d, outer, is_known)
{
    for (i = 1; i <= feature_count; i++)
        if (!enclosing[features[i]])
            everywhere[word[features[i]]] = 1
    for (i = 1; i <= feature_count; i++) {
        d = features[i]
        outer = word[d] in everywhere ? "" : rest[enclosing[d]]
        if (is_known[word[d], outer]++)
            continue
        if (depth[d] > 1)
            die("'" rest[d] "' stands in more than one #if")
        if (outer != "") put(outer)
        put("#ifndef " word[d])
        put(rest[d])
        put("#endif")
        if (outer != "") put("#endif")
    }
}

function write_header(example,    f)
{
    begin_output(directory "/" prefix ".h")
    put_template(templates "/head.h", example)
    put_system_includes(1)
    put_template(templates "/posix.h", 0)
    for (f = 1; f <= files; f++)
        if (is_header(f) && !is_internal(f))
            put_headers(f)
    if (is_open) put_extern("}")
    put("")
    put("#endif")
    close(output)
}

# The file with stb_ds's code stands first: the others have seen its declarations then.
function write_source(    f, turn)
{
    begin_output(directory "/" prefix ".c")
    put_template(templates "/head.c", 0)
    put_features()
    put("")
    put("#include \"" prefix ".h\"")
    put("")
    put_system_includes(0)
    for (turn = 1; turn >= 0; turn--)
        for (f = 1; f <= files; f++)
            if (!is_header(f) && !is_program[f] && (is_implementation[f] + 0) == turn) {
                put_title(f)
                put_file(f)
            }
    put_template(stb_block ".end", 0)
    close(output)
}

# ---- the program ----

BEGIN {
    prefix = ENVIRON["PREFIX"]; stage = ENVIRON["STAGE"]; directory = ENVIRON["DIRECTORY"]
    templates = ENVIRON["TEMPLATES"]; stb_block = ENVIRON["STB_BLOCK"]
    EQUALS = "=========================================================================================="
    for (i = 1; i < ARGC; i++) {
        if (ARGV[i] == "--programs") {
            are_programs = 1
            continue
        }
        path[file = ++files] = ARGV[i]
        is_program[file] = are_programs
        if (are_programs)
            program_header_of[base_name(ARGV[i])] = file
        else if (ARGV[i] ~ /\.h$/) {
            if (base_name(ARGV[i]) in header_of)
                die("two headers are called " base_name(ARGV[i]))
            header_of[base_name(ARGV[i])] = file
        }
        read_file(file)
        parse_file(file)
        if (are_programs && !example)
            example = file
    }
    resolve_names()
    write_header(example)
    write_source()
    for (file = example + 1; file <= files; file++) {
        begin_output(directory "/" base_name(path[file]))
        put_file(file)
        close(output)
    }
    exit
}
