/* SPDX-License-Identifier: MIT */
#include "decision_log.h"

#include "diagnostics.h"
#include "cached_codegen.h"
#include "discovery.h"
#include "multi_level_cache.h"
#include "shown_text.h"
#include "surgical_patch.h"

typedef struct Wording {
    int level;
    const char *verb;
    const char *why; /* after the subject */
} Wording;

static const Wording wordings[DECISIONS_OF(6)] = {
    [DECISION_FILE_UNCHANGED] = {2, "unchanged", ""},
    [DECISION_FILE_TOUCHED] = {2, "touched", " (the same bytes)"},
    [DECISION_FILE_CHANGED] = {1, "changed", ""},
    [DECISION_FILE_ADDED] = {1, "added", ""},
    [DECISION_FILE_REMOVED] = {1, "removed", ""},
    [DECISION_FILE_REDIRECTED] = {1, "redirected", " (an import leads elsewhere)"},
    [DECISION_FILE_OTHER_INPUT] = {1, "input", " (what it asks for is another)"},
    [DECISION_FILE_OTHER_ROLE] = {1, "role", " (it became a source, or is none any more)"},
    [DECISION_VALUE_CHANGED] = {1, "value", " (another than in the last build)"},
    [DECISION_IR_CACHED] = {2, "cached IR", ""},
    [DECISION_IR_LOWERED] = {2, "lowered", ""},
    [DECISION_UNIT_CACHED] = {2, "cached", ""},
    [DECISION_UNIT_DIRTY] = {1, "emitted", " (its source changed)"},
    [DECISION_UNIT_NEW] = {1, "emitted", " (new here)"},
    [DECISION_UNIT_LOST] = {1, "emitted", " (its output was lost)"},
    [DECISION_UNIT_WRONG] = {1, "wrong", " (it, or something it names, has errors)"},
    [DECISION_UNIT_DEPENDENT] = {1, "emitted", " (something it names changed)"},
    [DECISION_UP_TO_DATE] = {1, "up to date", ""},
    [DECISION_STATE_MISSING] = {1, "first build", " (no state of it in this cache)"},
    [DECISION_PRODUCT_MISSING] = {1, "first build", " (to this output, with these settings)"},
    [DECISION_STATE_DAMAGED] = {1, "damaged", " (treated as missing)"},
    [DECISION_SETTINGS_CHANGED] = {1, "settings", " (another compiler or other flags)"},
    [DECISION_COMPACTED] = {1, "compacted", ""},
    [DECISION_NOT_COMPACTED] = {1, "not compacted", ""},
    [DECISION_OUTPUT_PATCHED] = {1, "output", ""},
    [DECISION_OUTPUT_REASSEMBLED] = {1, "output", ""},
    [DECISION_OUTPUT_FULL] = {1, "output", ""},
};

int decision_level(Decision decision)
{
    return wordings[decision].level;
}

static const char *strategy_of(Decision decision)
{
    switch (decision) {
    case DECISION_OUTPUT_PATCHED: return patch_strategy_name(PATCH_IN_PLACE);
    case DECISION_OUTPUT_REASSEMBLED: return patch_strategy_name(PATCH_REASSEMBLE);
    case DECISION_OUTPUT_FULL: return patch_strategy_name(PATCH_FULL);
    default: return NULL;
    }
}

void decision_format(Decision decision, Slice subject, ByteBuffer *text)
{
    enum { VERB_WIDTH = 13 };
    const Wording *wording = &wordings[decision];
    buffer_put(text, slice_from(wording->verb));
    for (size_t width = strlen(wording->verb); width < VERB_WIDTH; width++)
        buffer_put_byte(text, ' ');
    const char *strategy = strategy_of(decision);
    if (strategy == NULL) {
        shown_text_put(text, subject);
    } else {
        buffer_put(text, slice_from(strategy));
        if (subject.size != 0 && !slice_equal(subject, slice_from(patch_reason_name(REASON_NONE)))) {
            buffer_put(text, slice_from(": "));
            buffer_put(text, subject);
        }
    }
    buffer_put(text, slice_from(wording->why));
    buffer_put_byte(text, '\n');
}
