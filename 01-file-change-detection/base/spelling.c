/* SPDX-License-Identifier: MIT */
/*
 * The usual table, of which three rows are kept: cell [i][k] is the distance between the first i
 * letters of one name and the first k of the other. An exchange of two letters looks two rows back.
 */
#include "spelling.h"

#include <stdint.h>

static unsigned most_distance(size_t size)
{
    if (size < 3 || size > SPELLING_MAX_BYTES)
        return 0;
    return size < 6 ? 1 : size < 9 ? 2 : 3;
}

static char folded(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? (char)(letter | 0x20) : letter;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static bool are_exchanged(Slice a, Slice b, size_t i, size_t k)
{
    return i > 1 && k > 1 && folded(a.data[i - 1]) == folded(b.data[k - 2]) &&
           folded(a.data[i - 2]) == folded(b.data[k - 1]);
}

/* Both at most SPELLING_MAX_BYTES. */
static unsigned distance(Slice a, Slice b)
{
    unsigned rows[3][SPELLING_MAX_BYTES + 1] = {{0}};
    for (size_t k = 0; k <= b.size; k++)
        rows[0][k] = (unsigned)k;
    for (size_t i = 1; i <= a.size; i++) {
        unsigned *row = rows[i % 3], *before = rows[(i + 2) % 3], *two_before = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t k = 1; k <= b.size; k++) {
            unsigned replaced = before[k - 1] + (folded(a.data[i - 1]) != folded(b.data[k - 1]));
            row[k] = least(replaced, least(before[k], row[k - 1]) + 1);
            if (are_exchanged(a, b, i, k))
                row[k] = least(row[k], two_before[k - 2] + 1);
        }
    }
    return rows[a.size % 3][b.size];
}

static uint64_t letters_of(Slice name)
{
    uint64_t letters = 0;
    for (size_t i = 0; i < name.size; i++)
        letters |= (uint64_t)1 << (folded(name.data[i]) & 63);
    return letters;
}

/* Each letter that the other name has nowhere was replaced or added: the distance is at least
 * their number, which costs much less to know. */
static bool is_far(const Spelling *spelling, Slice name)
{
    unsigned strange = 0;
    uint64_t rest = letters_of(spelling->wrong) & ~letters_of(name);
    for (; rest != 0 && strange < spelling->distance; rest &= rest - 1)
        strange++;
    return strange >= spelling->distance;
}

Spelling spelling_of(Slice wrong)
{
    return (Spelling){.wrong = wrong, .best = {"", 0}, .distance = most_distance(wrong.size) + 1};
}

void spelling_try(Spelling *spelling, Slice name)
{
    Slice wrong = spelling->wrong;
    size_t difference = name.size > wrong.size ? name.size - wrong.size : wrong.size - name.size;
    if (spelling->distance == 0 || difference >= spelling->distance ||
        most_distance(wrong.size) == 0 || name.size > SPELLING_MAX_BYTES ||
        is_far(spelling, name))
        return;
    unsigned found = distance(wrong, name);
    if (found >= spelling->distance)
        return;
    spelling->distance = found;
    spelling->best = name;
}
