/* SPDX-License-Identifier: MIT */
/*
 * The table of widths is our own: wcwidth depends on the locale, and a program that sets none has no
 * widths. It holds the blocks that are in use, not each character: for a rare one a caret may be a
 * column off.
 */
#include "shown_text.h"

#include <stdint.h>

/* The size of the UTF-8 character that `text` (not empty) begins with, and its code point; 0 if
 * it is not one. Overlong forms and surrogates are not UTF-8. */
static size_t decode_utf8(Slice text, uint32_t *code)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)text.data[0];
    size_t size = first < 0x80 ? 1 : first < 0xC0 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (size == 0 || size > text.size || first > 0xF4)
        return 0;
    *code = size == 1 ? first : first & (0x7Fu >> size);
    for (size_t i = 1; i < size; i++) {
        unsigned char next = (unsigned char)text.data[i];
        if ((next & 0xC0) != 0x80)
            return 0;
        *code = *code << 6 | (next & 0x3Fu);
    }
    bool surrogate = *code >= 0xD800 && *code <= 0xDFFF;
    return *code < smallest[size] || *code > 0x10FFFF || surrogate ? 0 : size;
}

typedef struct Range {
    uint32_t first, last;
} Range;

/* In order: controls, line ends, and what Unicode calls default ignorable: it draws nothing. */
static const Range unseen[] = {
    {0x00, 0x1F},       {0x7F, 0x9F},       {0xAD, 0xAD},       {0x034F, 0x034F},
    {0x061C, 0x061C},   {0x115F, 0x1160},   {0x17B4, 0x17B5},   {0x180B, 0x180F},
    {0x200B, 0x200F},   {0x2028, 0x202E},   {0x2060, 0x206F},   {0x3164, 0x3164},
    {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},   {0xFFF0, 0xFFFB},
    {0xFFFE, 0xFFFF},   {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
};

static const Range wide[] = { /* East Asian Wide and Fullwidth */
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x23E9, 0x23EC},   {0x2614, 0x2615},
    {0x26A1, 0x26A1},   {0x2705, 0x2705},   {0x270A, 0x270B},   {0x2728, 0x2728},
    {0x274C, 0x274C},   {0x2753, 0x2755},   {0x2795, 0x2797},   {0x2B50, 0x2B50},
    {0x2E80, 0x303E},   {0x3041, 0x4DBF},   {0x4E00, 0xA4CF},   {0xA960, 0xA97F},
    {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF01, 0xFF60},
    {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF},
    {0x20000, 0x3FFFD},
};

static const Range marks[] = { /* Mn and Me */
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x0610, 0x061A}, {0x064B, 0x065F},
    {0x0900, 0x0902}, {0x093C, 0x093C}, {0x0941, 0x0948}, {0x094D, 0x094D}, {0x0E31, 0x0E31},
    {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x20D0, 0x20F0},
    {0x302A, 0x302D}, {0x3099, 0x309A}, {0xFE20, 0xFE2F},
};

static bool is_in(const Range *ranges, size_t count, uint32_t code)
{
    size_t i = 0;
    while (i < count && ranges[i].last < code)
        i++;
    return i < count && code >= ranges[i].first;
}

/* Columns that a terminal draws it in. */
static unsigned width_of(uint32_t code)
{
    if (is_in(marks, sizeof marks / sizeof *marks, code))
        return 0;
    return is_in(wide, sizeof wide / sizeof *wide, code) ? 2 : 1;
}

/* The next character as it is shown; moves `text` past it. */
static Slice next_shown(Slice *text)
{
    uint32_t code = 0;
    size_t size = decode_utf8(*text, &code);
    bool is_seen = !is_in(unseen, sizeof unseen / sizeof *unseen, code);
    bool shown = size != 0 && (is_seen || code == '\t');
    Slice result = shown ? slice_of(text->data, size) : slice_from("?");
    size_t used = size == 0 ? 1 : size;
    *text = slice_of(text->data + used, text->size - used);
    return result;
}

void shown_text_put(ByteBuffer *text, Slice bytes)
{
    while (bytes.size != 0)
        buffer_put(text, next_shown(&bytes));
}

void shown_text_put_blank(ByteBuffer *text, Slice bytes)
{
    while (bytes.size != 0) {
        uint32_t code = 0;
        Slice shown = next_shown(&bytes);
        decode_utf8(shown, &code);
        for (unsigned width = width_of(code); width != 0; width--)
            buffer_put_byte(text, code == '\t' ? '\t' : ' ');
    }
}
