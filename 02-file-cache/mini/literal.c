/* SPDX-License-Identifier: MIT */
/*
 * Rounding decimal digits to the nearest double is strtod's work. But strtod expects the decimal
 * point of the locale, and a source must mean the same in Germany. It is therefore never given a
 * point: 1.25e3 is passed as 125e1.
 */
#include "literal.h"

#include "lexical.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* This many digits always fit 64 bits. */
enum { SAFE_DIGITS = 19 };

bool literal_int(Slice text, uint64_t *value)
{
    bool hex = text.size > 2 && (text.data[1] | 0x20) == 'x';
    if (!hex && text.size <= SAFE_DIGITS) {
        uint64_t sum = 0;
        for (const char *at = text.data; at < text.data + text.size; at++)
            sum = sum * 10 + (uint64_t)(*at - '0');
        *value = sum;
        return true;
    }
    unsigned base = hex ? 16 : 10;
    uint64_t sum = 0;
    for (size_t i = hex ? 2 : 0; i < text.size; i++) {
        unsigned digit = lexical_hex_value(text.data[i]);
        if (sum > (UINT64_MAX - digit) / base)
            return false;
        sum = sum * base + digit;
    }
    *value = sum;
    return true;
}

/* The number after the `e`. Beyond a million it makes no difference to any double. */
static long exponent_value(const char *at, const char *end)
{
    if (at == end)
        return 0;
    bool negative = at[1] == '-';
    long value = 0;
    for (at += 1 + (at[1] == '-' || at[1] == '+'); at < end; at++)
        value = value > 1000000 ? value : value * 10 + (*at - '0');
    return negative ? -value : value;
}

FloatError literal_float(Slice text, double *value)
{
    char copy[LITERAL_MAX_FLOAT_BYTES + 16];
    if (text.size > LITERAL_MAX_FLOAT_BYTES)
        return FLOAT_TOO_LONG;
    const char *at = text.data, *end = text.data + text.size;
    size_t size = 0;
    long point = 0; /* digits after it */
    bool behind = false;
    for (; at < end && (*at | 0x20) != 'e'; at++) {
        if (*at == '.') {
            behind = true;
            continue;
        }
        copy[size++] = *at;
        point += behind;
    }
    snprintf(copy + size, sizeof copy - size, "e%ld", exponent_value(at, end) - point);
    *value = strtod(copy, NULL);
    return isinf(*value) ? FLOAT_TOO_LARGE : FLOAT_OK;
}
