/* SPDX-License-Identifier: MIT */
#include "json_text.h"

#include "diagnostics.h"
#include "shown_text.h"

void json_put_string(ByteBuffer *text, Slice string)
{
    ByteBuffer shown = {0};
    shown_text_put(&shown, string); /* leaves no control bytes but tabs */
    buffer_put_byte(text, '"');
    for (size_t i = 0; i < shown.size; i++) {
        if (shown.data[i] == '"' || shown.data[i] == '\\')
            buffer_put_byte(text, '\\');
        if (shown.data[i] == '\t')
            buffer_put(text, slice_from("\\t"));
        else
            buffer_put_byte(text, shown.data[i]);
    }
    buffer_put_byte(text, '"');
    buffer_free(&shown);
}
