/* SPDX-License-Identifier: MIT */
#include "foreign_words.h"

#include "spelling.h"

static const ForeignWord words[] = {
    /* statements */
    {"let", FOREIGN_LINE, "write const for a value that stays, var for one that changes"},
    {"val", FOREIGN_LINE, "write const"},
    {"mut", FOREIGN_LINE, "write var"},
    {"auto", FOREIGN_LINE, "write const or var: the type may be left out"},
    {"final", FOREIGN_LINE, "write const"},
    {"static", FOREIGN_LINE, "write const or var"},
    {"throw", FOREIGN_LINE, "return a value that says what went wrong"},
    {"raise", FOREIGN_LINE, "return a value that says what went wrong"},
    {"assert", FOREIGN_LINE, "write if ... { ... }"},
    {"goto", FOREIGN_LINE, "write while, break and continue"},
    {"pass", FOREIGN_LINE, "an empty block is { }"},
    {"for", FOREIGN_LOOP, "write while, with a var that counts"},
    {"foreach", FOREIGN_LOOP, "write while, with a var that counts"},
    {"loop", FOREIGN_LOOP, "write while true { ... }"},
    {"until", FOREIGN_LOOP, "write while !(...) { ... }"},
    {"elif", FOREIGN_BRANCH, "write else if"},
    {"elsif", FOREIGN_BRANCH, "write else if"},
    {"elseif", FOREIGN_BRANCH, "write else if"},
    {"unless", FOREIGN_BRANCH, "write if !(...) { ... }"},
    {"switch", FOREIGN_CASES, "write if ... { } else if ... { }"},
    {"match", FOREIGN_CASES, "write if ... { } else if ... { }"},
    {"do", FOREIGN_CASES, "write while true { ... }, with a break"},
    {"try", FOREIGN_CASES, "return a value that says what went wrong"},
    {"catch", FOREIGN_CASES, "return a value that says what went wrong"},
    /* types */
    {"int", FOREIGN_TYPE, "i32"},
    {"int32", FOREIGN_TYPE, "i32"},
    {"int32_t", FOREIGN_TYPE, "i32"},
    {"i8", FOREIGN_TYPE, "i32"},
    {"i16", FOREIGN_TYPE, "i32"},
    {"u8", FOREIGN_TYPE, "i32"},
    {"u16", FOREIGN_TYPE, "i32"},
    {"short", FOREIGN_TYPE, "i32"},
    {"char", FOREIGN_TYPE, "i32"},
    {"byte", FOREIGN_TYPE, "i32"},
    {"long", FOREIGN_TYPE, "i64"},
    {"int64", FOREIGN_TYPE, "i64"},
    {"int64_t", FOREIGN_TYPE, "i64"},
    {"u32", FOREIGN_TYPE, "i64"},
    {"u64", FOREIGN_TYPE, "i64"},
    {"unsigned", FOREIGN_TYPE, "i64"},
    {"usize", FOREIGN_TYPE, "i64"},
    {"size_t", FOREIGN_TYPE, "i64"},
    {"float", FOREIGN_TYPE, "f64"},
    {"double", FOREIGN_TYPE, "f64"},
    {"f32", FOREIGN_TYPE, "f64"},
    {"float64", FOREIGN_TYPE, "f64"},
    {"number", FOREIGN_TYPE, "f64"},
    {"boolean", FOREIGN_TYPE, "bool"},
    {"string", FOREIGN_TYPE, "str"},
    {"String", FOREIGN_TYPE, "str"},
    {"void", FOREIGN_TYPE, ""},
    /* the top level */
    {"func", FOREIGN_TOP, "a function begins with fn"},
    {"fun", FOREIGN_TOP, "a function begins with fn"},
    {"function", FOREIGN_TOP, "a function begins with fn"},
    {"def", FOREIGN_TOP, "a function begins with fn"},
    {"class", FOREIGN_TOP, "write struct, and functions that take one"},
    {"record", FOREIGN_TOP, "write struct"},
    {"type", FOREIGN_TOP, "write struct"},
    {"enum", FOREIGN_TOP, "write a const for each value"},
    {"use", FOREIGN_TOP, "write import \"file.mini\" as name;"},
    {"using", FOREIGN_TOP, "write import \"file.mini\" as name;"},
    {"include", FOREIGN_TOP, "write import \"file.mini\" as name;"},
    {"require", FOREIGN_TOP, "write import \"file.mini\" as name;"},
    {"from", FOREIGN_TOP, "write import \"file.mini\" as name;"},
    {"pub", FOREIGN_TOP, "all that a file declares can be imported"},
    {"public", FOREIGN_TOP, "all that a file declares can be imported"},
    {"export", FOREIGN_TOP, "all that a file declares can be imported"},
    {"private", FOREIGN_TOP, "all that a file declares can be imported"},
    /* names and operators */
    {"printf", FOREIGN_NAME, "print(value) prints one value and ends the line"},
    {"println", FOREIGN_NAME, "print(value) prints one value and ends the line"},
    {"puts", FOREIGN_NAME, "print(value) prints one value and ends the line"},
    {"echo", FOREIGN_NAME, "print(value) prints one value and ends the line"},
    {"null", FOREIGN_NAME, "every value of Mini is there"},
    {"NULL", FOREIGN_NAME, "every value of Mini is there"},
    {"nil", FOREIGN_NAME, "every value of Mini is there"},
    {"None", FOREIGN_NAME, "every value of Mini is there"},
    {"and", FOREIGN_SIGN, "&&"},
    {"or", FOREIGN_SIGN, "||"},
    {"not", FOREIGN_SIGN, "!"},
};

const ForeignWord *foreign_word(Slice word)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (slice_equal(word, slice_from(words[i].word)))
            return &words[i];
    return NULL;
}

Slice foreign_own_word(Slice word, OwnWords kind)
{
    static const char own[][12][10] = {
        [OWN_STATEMENTS] = {"return", "while", "const", "var", "if", "else", "break", "continue",
                            "print"},
        [OWN_DECLARATIONS] = {"fn", "const", "struct", "import", "extern"},
        [OWN_TYPES] = {"i32", "i64", "f64", "bool", "str"},
    };
    Spelling spelling = spelling_of(word);
    for (size_t i = 0; own[kind][i][0] != '\0'; i++)
        spelling_try(&spelling, slice_from(own[kind][i]));
    return spelling.best;
}
