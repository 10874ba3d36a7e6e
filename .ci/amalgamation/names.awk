# SPDX-License-Identifier: MIT
#
# Who declares which name, who sees it, and what it becomes.
#
#     in_header[name]        the headers that declare it; public[name] if one of them is public
#     header_new[name]       what it becomes
#     private_new[f, name]   what a name becomes that .c file f has for itself

# A header of which only .c files know goes into the .c file, and its names are not public. It is
# around another library, its name ends in _internal.h, or the comment at its head says "Private to".
# The last is not believed of a header that a public one includes: that one needs it to compile.
function is_internal(f) { return path[f] ~ /_internal\.h$/ || uses_library[f] || is_private[f] }

function is_header(f) { return path[f] ~ /\.h$/ }

# The first two comments: the licence, and what the file is.
function says_private(f,    i, comments)
{
    for (i = first[f]; i <= last[f] && K[i] ~ /[nwc]/; i++)
        if (K[i] == "c" && ++comments <= 2 && T[i] ~ /Private to /)
            return 1
    return 0
}

function is_needed_by_public(h,    f)
{
    for (f = 1; f <= files; f++)
        if (is_header(f) && !is_program[f] && !is_internal(f) &&
            index(includes[f] " ", " " base_name(path[h]) " "))
            return 1
    return 0
}

# A header that turns out to be public can make another one public.
function find_private(    f, changed)
{
    for (f = 1; f <= files; f++)
        is_private[f] = is_header(f) && !is_program[f] && says_private(f)
    do {
        changed = 0
        for (f = 1; f <= files; f++)
            if (is_private[f] && is_needed_by_public(f)) {
                is_private[f] = 0
                changed = 1
            }
    } while (changed)
}

# ---- what sees what ----

function look_through(f, g,    list, count, i, h)
{
    if ((f, g) in visible)
        return
    visible[f, g] = 1
    count = split(includes[g], list, " ")
    for (i = 1; i <= count; i++) {
        h = list[i] in header_of ? header_of[list[i]] : is_program[g] ? program_header_of[list[i]] : 0
        if (h)
            look_through(f, h)
        else if (!is_program[g])
            die(path[g] " includes " list[i] ", which is not part of stages 1 to " stage)
    }
}

function sees(f, text,    list, count, i)
{
    count = text in in_header ? split(in_header[text], list, " ") : 0
    for (i = 1; i <= count; i++)
        if ((f, list[i]) in visible)
            return 1
    return 0
}

# ---- what a name becomes ----

# A prefix for types: ic is Ic, my_lib is MyLib.
function capitalised(text,    list, count, i, result)
{
    count = split(text, list, "_")
    for (i = 1; i <= count; i++)
        result = result toupper(substr(list[i], 1, 1)) substr(list[i], 2)
    return result
}

function with_prefix(before, text)
{
    if (text ~ /^[A-Z].*[a-z]/)
        return capitalised(before) text
    if (text ~ /^[A-Z]/)
        return toupper(before) "_" text
    return before "_" text
}

function use_new_name(text, new, f)
{
    if (new in taken)
        die(path[f] ": '" text "' would become '" new "', which is taken; choose another PREFIX")
    taken[new] = 1
    return new
}

function collect_header_names(    f, list, count, i)
{
    for (f = 1; f <= files; f++) {
        if (!is_header(f) || is_program[f])
            continue
        count = split(names_of[f], list, " ")
        for (i = 1; i <= count; i++)
            add_to_header(f, list[i])
    }
}

function add_to_header(f, text)
{
    if (!(text in in_header))
        header_names[++header_name_count] = text
    in_header[text] = in_header[text] " " f
    if (!is_internal(f))
        public[text] = 1
}

# A header may speak of `struct X` without saying more; then X is its name, if it is one of ours.
function collect_tags(    f, g, list, count, i)
{
    for (f = 1; f <= files; f++) {
        if (!is_header(f) || is_program[f])
            continue
        count = split(tag_uses[f], list, " ")
        for (i = 1; i <= count; i++)
            for (g = 1; g <= files; g++)
                if ((g, list[i]) in kinds && kinds[g, list[i]] == "tag" && (g, f) in visible &&
                    !is_program[g] && !sees(f, list[i]))
                    add_to_header(f, list[i])
    }
}

# Names that two files have for themselves get the file's name, too: `put` of text.c is
# ic_text_put, or ic_text_c_put if text_put is a name.
function private_name(f, text, owners,    new)
{
    if (owners[text] == 1 && !(text in in_header))
        return with_prefix(prefix, text)
    new = with_prefix(prefix "_" stem(f), text)
    return new in taken ? with_prefix(prefix "_" stem(f) "_c", text) : new
}

function name_privates(    f, list, count, i, owners)
{
    for (f = 1; f <= files; f++) {
        if (is_header(f) || is_program[f])
            continue
        count = split(names_of[f], list, " ")
        for (i = 1; i <= count; i++)
            if (!sees(f, list[i]))
                owners[list[i]]++
    }
    for (f = 1; f <= files; f++) {
        if (is_header(f) || is_program[f])
            continue
        count = split(names_of[f], list, " ")
        for (i = 1; i <= count; i++) {
            if (sees(f, list[i]))
                continue
            private_new[f, list[i]] = use_new_name(list[i], private_name(f, list[i], owners), f)
        }
    }
}

# What is not public can be seen in the one file only.
function find_static(    f, list, count, i)
{
    for (f = 1; f <= files; f++) {
        if (is_program[f])
            continue
        count = split(names_of[f], list, " ")
        for (i = 1; i <= count; i++)
            if (begin_of[f, list[i]] != "" && !is_static[f, list[i]] &&
                !(list[i] in public && sees(f, list[i])))
                make_static(f, list[i])
    }
}

function make_static(f, text,    list, count, i)
{
    if (is_extern[f, text])
        die(path[f] ": '" text "' cannot be made static: declare objects in public headers, or nowhere")
    count = split(begin_of[f, text], list, " ")
    for (i = 1; i <= count; i++)
        becomes_static[list[i]] = 1
}

function resolve_names(    f, i, list, text)
{
    find_private()
    for (f = 1; f <= files; f++)
        look_through(f, f)
    for (i = 1; i <= tokens; i++)
        if (K[i] == "i")
            taken[T[i]] = 1
    collect_header_names()
    collect_tags()
    for (i = 1; i <= header_name_count; i++) {
        text = header_names[i]
        split(in_header[text], list, " ")
        header_new[text] = use_new_name(text, with_prefix(prefix, text), list[1])
    }
    name_privates()
    find_static()
}

# What a word of file f becomes.
function renamed(f, text)
{
    if ((f, text) in private_new)
        return private_new[f, text]
    if (is_program[f] && (f, text) in kinds)
        return text
    return text in header_new && sees(f, text) ? header_new[text] : text
}
