/* SPDX-License-Identifier: MIT */
/*
 * What lowering may ask for besides its source: texts that it includes, data that it embeds,
 * values.
 *
 * A front end that opened files itself would be right once: nobody would know what the result was
 * made from. So it asks, and each answer is recorded (input_lists.h). It may ask for what the scan
 * of its source found, or the scan of a text that it was given; for less, where an `#ifdef` leaves
 * something out.
 *
 *     InputText text;
 *     ScannedImport import = {.path = slice_from("list.h"), .kind = QUOTED, .role = IMPORT_TEXT};
 *     if (inputs->read(inputs, INPUT_SELF, &import, &text) == INPUT_FOUND)
 *         expand(text.bytes, text.number);      what it includes in turn is asked for from there
 *     if (inputs->value(inputs, ENVIRONMENT, slice_from("MODE"), &mode) == INPUT_ABSENT)
 *         mode = slice_from("debug");
 *
 * What lowering asks next must follow from its source and the answers so far: then the same answers
 * mean the same result.
 */
#ifndef INPUTS_H
#define INPUTS_H

#include "discovery.h"
#include "zir_cache.h"

#ifdef __cplusplus
extern "C" {
#endif

#define INPUT_SELF UINT32_MAX /* the file that is lowered */

typedef enum InputAnswer {
    INPUT_REFUSED, /* the scan did not find it, or it cannot be read: give up, and return false.
                      That is reported already */
    INPUT_ABSENT,  /* an optional file that is not there; a name without a value */
    INPUT_FOUND,
} InputAnswer;

typedef struct InputText { /* lent until lowering returns */
    Slice path;            /* its name: for diagnostics, in which it is not resolved again */
    Slice bytes;
    uint32_t number; /* `from`, for what it imports itself */
} InputText;

typedef struct Inputs Inputs;
struct Inputs {
    /* The text or data that an import in `from` leads to. Of the import, path, kind and role count,
     * and they are as scan_imports gives them. */
    InputAnswer (*read)(Inputs *inputs, uint32_t from, const ScannedImport *import,
                        InputText *text);
    /* Only whether there is such a file: its content does not matter. */
    InputAnswer (*exists)(Inputs *inputs, uint32_t from, const ScannedImport *import);
    /* The value of a name. */
    InputAnswer (*value)(Inputs *inputs, uint32_t kind, Slice name, Slice *value);
};

/* As a compiler's lower (stage 4), with something to ask. Any thread, each with inputs of its
 * own. */
typedef bool (*LowerWithInputs)(void *language, Slice source, Inputs *inputs,
                                const HashSecret *secret, Arena *arena, Diagnostics *diagnostics,
                                Lowered *lowered);

#ifdef __cplusplus
}
#endif
#endif
