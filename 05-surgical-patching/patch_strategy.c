/* SPDX-License-Identifier: MIT */
/*
 * Two questions. May the output be patched? A list of obstacles answers, the first that applies
 * gives the reason. Is patching cheaper than a new file? Two sums of measured costs answer.
 *
 * The costs are nanoseconds, as build/output-costs measures them on ext4 with an output of 12.8 MB
 * in 10,000 sections, rounded:
 *
 *     writing a section into its place        1,000    600 to 3,300; most of it is the call
 *     moving sections                           0.1    per byte, 0.06 to 0.15
 *     making a file, rename over the old    150,000    the journal of the file system
 *     writing bytes into a new file             0.4    per byte: every page is new
 *     fetching a clean section's text           700    a lookup and a checksum per unit
 *
 * So one edit in a large program is patched (1 µs against 12 ms), even if half of the file must
 * move (0.7 ms). If two sections of three are written one by one, the new file wins. The sums need
 * not be exact: near the line both ways cost the same.
 */
#include "patch_strategy.h"

#include <stddef.h>

enum {
    WRITE_NS = 1000,
    COPIED_BYTES_PER_NS = 10,
    NEW_FILE_NS = 150000,
    NEW_BYTES_PER_US = 2500,
    FETCH_NS = 700,
};

typedef struct Obstacle {
    bool applies;
    PatchReason reason;
    PatchStrategy strategy;
} Obstacle;

/* Against starting from what the last build left. */
static bool find_obstacle(const PatchSituation *s, Obstacle *found)
{
    const Obstacle obstacles[] = {
        {s->forced, REASON_FORCED, PATCH_FULL},
        {s->settings_changed, REASON_SETTINGS_CHANGED, PATCH_FULL},
        {s->state_damaged, REASON_DAMAGED_STATE, PATCH_REASSEMBLE},
        {!s->had_state, REASON_FIRST_BUILD, PATCH_FULL},
        {s->last_unfinished, REASON_LAST_UNFINISHED, PATCH_REASSEMBLE},
        {!s->same_output_path, REASON_OTHER_OUTPUT, PATCH_REASSEMBLE},
        {!s->output_exists, REASON_NO_OUTPUT, PATCH_REASSEMBLE},
    };
    for (size_t i = 0; i < sizeof obstacles / sizeof *obstacles; i++)
        if (obstacles[i].applies) {
            *found = obstacles[i];
            return true;
        }
    return false;
}

/* Against writing into the file that is there. */
static PatchReason obstacle_in_place(const PatchSituation *s)
{
    if (!s->output_is_plain)
        return REASON_OUTPUT_LINKED;
    if (!s->output_is_whole)
        return REASON_OUTPUT_CHANGED;
    if (s->output_is_in_use)
        return REASON_OUTPUT_IN_USE;
    if (!s->output_is_writable)
        return REASON_OUTPUT_READ_ONLY;
    if (s->layout_changed)
        return REASON_LAYOUT_CHANGED;
    return REASON_NONE;
}

static PatchReason obstacle_of_cost(const PatchSituation *s)
{
    uint64_t new_file = NEW_FILE_NS + s->bytes_total * 1000 / NEW_BYTES_PER_US +
                        s->sections_clean * FETCH_NS;
    uint64_t in_place = (s->writes - s->moves) * WRITE_NS + s->bytes_dirty / COPIED_BYTES_PER_NS;
    uint64_t moving = s->moves * WRITE_NS + s->bytes_moved / COPIED_BYTES_PER_NS;
    if (in_place > new_file)
        return REASON_TOO_MANY_CHANGES;
    return in_place + moving > new_file ? REASON_SECTION_OUTGREW : REASON_NONE;
}

PatchStrategy patch_strategy_choose(const PatchSituation *situation, PatchReason *reason)
{
    Obstacle obstacle;
    if (find_obstacle(situation, &obstacle)) {
        *reason = obstacle.reason;
        return obstacle.strategy;
    }
    *reason = REASON_NONE;
    if (situation->output_is_untouched && !situation->files_changed && situation->writes == 0)
        return PATCH_UP_TO_DATE;
    *reason = obstacle_in_place(situation);
    if (*reason == REASON_NONE)
        *reason = obstacle_of_cost(situation);
    if (*reason != REASON_NONE)
        return PATCH_REASSEMBLE;
    if (!situation->output_is_untouched)
        *reason = REASON_OUTPUT_CHANGED;
    return PATCH_IN_PLACE;
}

const char *patch_strategy_name(PatchStrategy strategy)
{
    static const char *const names[] = {
        [PATCH_UP_TO_DATE] = "up-to-date",
        [PATCH_IN_PLACE] = "patch",
        [PATCH_REASSEMBLE] = "reassemble",
        [PATCH_FULL] = "full",
    };
    return names[strategy];
}

const char *patch_reason_name(PatchReason reason)
{
    static const char *const names[] = {
        [REASON_NONE] = "none",
        [REASON_FORCED] = "forced",
        [REASON_SETTINGS_CHANGED] = "fingerprint changed",
        [REASON_DAMAGED_STATE] = "damaged state",
        [REASON_FIRST_BUILD] = "first build",
        [REASON_LAST_UNFINISHED] = "last build unfinished",
        [REASON_OTHER_OUTPUT] = "output is another",
        [REASON_NO_OUTPUT] = "no output",
        [REASON_OUTPUT_LINKED] = "output is linked",
        [REASON_OUTPUT_CHANGED] = "output changed by others",
        [REASON_OUTPUT_READ_ONLY] = "output is read-only",
        [REASON_OUTPUT_IN_USE] = "output is in use",
        [REASON_LAYOUT_CHANGED] = "layout changed",
        [REASON_TOO_MANY_CHANGES] = "too many changes",
        [REASON_SECTION_OUTGREW] = "section outgrew its place",
    };
    return names[reason];
}
