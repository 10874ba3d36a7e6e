# SPDX-License-Identifier: MIT
#
# Finds what names a file declares, and where a name means something else: a member, a parameter, a
# variable of a function. It reads declarations and statements, and skips expressions.
#
#     kinds[f, name]         what a file declares at its top: type, tag, function, object, constant
#     is_static[f, name]     only that file can see it
#     begin_of[f, name]      the tokens with which its declarations begin
#     keep[i]                this token is a member's name
#     local_name[l] local_from[l] local_to[l]    from token to token, the name is a function's own

BEGIN {
    count = split("typedef static extern inline register const volatile restrict _Atomic _Noreturn " \
                  "_Thread_local __extension__", list, " ")
    for (i = 1; i <= count; i++)
        STORAGE[list[i]] = RESERVED[list[i]] = 1
    count = split("void char short int long float double signed unsigned _Bool _Complex", list, " ")
    for (i = 1; i <= count; i++)
        TYPE_WORD[list[i]] = RESERVED[list[i]] = 1
    count = split("struct union enum if else while do for switch case default return goto break " \
                  "continue sizeof _Static_assert _Alignas _Alignof alignas __attribute__ typeof " \
                  "__typeof__", list, " ")
    for (i = 1; i <= count; i++)
        RESERVED[list[i]] = 1
}

function add_name(f, text, kind)
{
    if (!((f, text) in kinds)) {
        names_of[f] = names_of[f] " " text
        kinds[f, text] = kind
    }
}

# ---- tokens ----

function ahead(n) { return T[S[P + n]] }

function is_name(n) { return K[S[P + n]] == "i" && !(ahead(n) in RESERVED) }

function accept(text)
{
    if (ahead(0) != text)
        return 0
    P++
    return 1
}

function line_of(i,    j, line)
{
    line = 1
    for (j = first[file]; j < i; j++)
        line += K[j] == "n" ? 1 : gsub(/\n/, "\n", T[j])
    return line
}

function misread()
{
    die(path[file] ":" line_of(S[P] ? S[P] : last[file]) ": cannot be read as C near '" ahead(0) "'")
}

function expect(text) { if (!accept(text)) misread() }

# From an opening bracket to what follows its closing one.
function skip_brackets(    open)
{
    do {
        if (P > parsed) misread()
        if (ahead(0) ~ /^[({[]$/) open++
        if (ahead(0) ~ /^[])}]$/) open--
        P++
    } while (open > 0)
}

# To the first of these characters that stands in no brackets.
function skip_to(characters)
{
    while (!(K[S[P]] == "p" && index(characters, ahead(0)))) {
        if (P > parsed) misread()
        if (ahead(0) ~ /^[({[]$/) skip_brackets()
        else P++
    }
}

# ---- names ----

function add_local(i)
{
    local_name[++locals] = T[i]
    local_from[locals] = i
    local_to[locals] = 0
    local_level[locals] = parameter_level
}

function end_locals(from,    l)
{
    for (l = from + 1; l <= locals; l++)
        if (!local_to[l])
            local_to[l] = S[P]
}

function declare(i, kind, flags)
{
    if (in_function) {
        add_local(i)
        return
    }
    add_name(file, T[i], kind)
    if (kind != "function" && kind != "object")
        return
    if (flags ~ / static /)
        is_static[file, T[i]] = 1
    else if (flags ~ / extern / && kind == "object")
        is_extern[file, T[i]] = 1
    begin_of[file, T[i]] = begin_of[file, T[i]] " " S[begin]
}

# ---- declarations ----

function skip_attributes() { while (accept("__attribute__")) skip_brackets() }

function specifiers(    flags, has_type)
{
    flags = " "
    for (;;) {
        if (ahead(0) == "_Atomic" && ahead(1) == "(") {
            has_type = 1
            P++
            skip_brackets()
        } else if (ahead(0) in STORAGE) {
            flags = flags ahead(0) " "
            P++
        } else if (ahead(0) in TYPE_WORD) {
            has_type = 1
            P++
        } else if (ahead(0) ~ /^(__attribute__|_Alignas|alignas|typeof|__typeof__)$/) {
            has_type = has_type || ahead(0) ~ /typeof/
            P++
            skip_brackets()
        } else if (ahead(0) ~ /^(struct|union|enum)$/) {
            has_type = 1
            P++
            tagged(T[S[P - 1]], flags)
        } else if (is_name(0) && !has_type) {
            has_type = 1
            P++
        } else
            return flags
    }
}

# After `struct`, `union` or `enum`. `struct stat;` alone declares no name of ours.
function tagged(what, flags,    tag)
{
    skip_attributes()
    if (is_name(0)) {
        tag = S[P]
        P++
    }
    if (ahead(0) == "{" || flags ~ / typedef /) {
        if (tag)
            declare(tag, "tag", "")
    } else if (!in_function || parameter_level)
        tag_uses[file] = tag_uses[file] " " T[tag]
    if (ahead(0) == "{" && what == "enum")
        enumerators()
    else if (ahead(0) == "{")
        members()
}

function members()
{
    for (P++; !accept("}"); )
        if (!accept(";"))
            declarators("member", specifiers())
}

function enumerators()
{
    for (P++; !accept("}"); ) {
        if (!is_name(0)) misread()
        declare(S[P], "constant", "")
        P++
        if (accept("="))
            skip_to(",}")
        accept(",")
    }
}

# The token of the name; 0 if there is none. Sets has_parameters.
function declarator(    token_of_name, nested, called, inner, from, to)
{
    while (ahead(0) ~ /^(\*|const|volatile|restrict|__attribute__)$/)
        if (ahead(0) == "__attribute__") skip_attributes()
        else P++
    if (ahead(0) == "(" && ahead(1) == "*") {
        P++
        token_of_name = declarator()
        expect(")")
        nested = 1
        inner = has_parameters # it gives a pointer to a function
        from = parameters_from
        to = parameters_to
    } else if (is_name(0)) {
        token_of_name = S[P]
        P++
    }
    while (ahead(0) == "[" || ahead(0) == "(") {
        if (ahead(0) == "[") skip_brackets()
        else {
            parameters()
            called = 1
        }
    }
    has_parameters = nested ? inner : called
    if (inner) {
        parameters_from = from
        parameters_to = to
    }
    return token_of_name
}

function parameters(    from, i)
{
    from = locals
    P++
    in_function++
    parameter_level++
    while (ahead(0) != ")") {
        if (accept("...")) continue
        specifiers()
        if (i = declarator())
            add_local(i)
        if (!accept(",") && ahead(0) != ")") misread()
    }
    end_locals(from)
    in_function--
    parameter_level--
    P++
    if (!parameter_level && !in_function) {
        parameters_from = from
        parameters_to = locals
    }
}

# `where` is "member" in a struct. True if a function's body follows.
function declarators(where, flags,    i)
{
    while (!accept(";")) {
        i = declarator()
        if (i && where == "member")
            keep[i] = 1
        else if (i)
            declare(i, flags ~ / typedef / ? "type" : has_parameters ? "function" : "object", flags)
        skip_attributes()
        if (accept(":") || accept("="))
            skip_to(",;")
        if (ahead(0) == "{" && i && has_parameters)
            return 1
        if (!accept(",") && ahead(0) != ";") misread()
    }
    return 0
}

function body(    l)
{
    in_function++
    compound()
    in_function--
    for (l = parameters_from + 1; l <= parameters_to; l++)
        if (local_level[l] == 1)
            local_to[l] = S[P - 1]
}

# ---- statements ----

function is_declaration(    n)
{
    if (ahead(0) in STORAGE || ahead(0) in TYPE_WORD ||
        ahead(0) ~ /^(struct|union|enum|_Alignas|alignas|typeof|__typeof__|__attribute__)$/)
        return 1
    if (!is_name(0))
        return 0
    for (n = 1; ahead(n) ~ /^(\*|const|volatile|restrict)$/; n++) ;
    return is_name(n) && (n == 1 || ahead(n + 1) ~ /^[=;,[)]$/)
}

function compound(    from)
{
    from = locals
    expect("{")
    while (ahead(0) != "}")
        statement()
    end_locals(from)
    P++
}

function for_loop(    from)
{
    from = locals
    expect("(")
    if (is_declaration())
        declarators("", specifiers())
    else {
        skip_to(";")
        P++
    }
    skip_to(")")
    P++
    statement()
    end_locals(from)
}

function statement()
{
    if (P > parsed) misread()
    if (ahead(0) == "{") compound()
    else if (accept("for")) for_loop()
    else if (ahead(0) ~ /^(if|while|switch)$/) {
        P++
        skip_brackets()
        statement()
    } else if (accept("else") || accept("do"))
        statement()
    else if (accept("case") || accept("default")) {
        skip_to(":")
        P++
    } else if (is_name(0) && ahead(1) == ":")
        P += 2
    else if (ahead(0) != "_Static_assert" && is_declaration())
        declarators("", specifiers())
    else {
        skip_to(";")
        P++
    }
}

function parse_file(f,    i)
{
    parsed = 0
    for (i = first[f]; i <= last[f]; i++)
        if (K[i] ~ /[i0sp]/ && !D[i] && !hidden[i])
            S[++parsed] = i
    S[parsed + 1] = S[parsed + 2] = S[parsed + 3] = 0
    first_local[f] = locals + 1
    for (P = 1; P <= parsed; ) {
        begin = P
        if (accept(";"))
            continue
        if (ahead(0) == "_Static_assert") {
            skip_to(";")
            continue
        }
        if (declarators("", specifiers()))
            body()
    }
    last_local[f] = locals
}
