/* SPDX-License-Identifier: MIT */
#include "kept_warnings.h"

enum { TEXT_COUNT = 5 };

typedef struct Record {
    uint32_t line, column, severity;
    uint32_t sizes[TEXT_COUNT];
} Record;

/* All arithmetic is modulo 2^32: a distance may be negative. */
static void measure(Record *record, const Declaration *origin)
{
    if (record->line == origin->line)
        record->column -= origin->column;
    record->line -= origin->line;
}

static void place(Record *record, const Declaration *origin)
{
    if (record->line == 0)
        record->column += origin->column;
    record->line += origin->line;
}

void kept_warnings_put(ByteBuffer *blob, const Diagnostics *diagnostics, size_t first,
                       const Declaration *origin)
{
    for (size_t i = first; i < diagnostics->count; i++) {
        const Diagnostic *item = &diagnostics->items[i];
        bool is_own = item->path.data == diagnostics->path.data;
        Slice texts[TEXT_COUNT] = {is_own ? (Slice){"", 0} : item->path, item->subject,
                                   item->message, item->kind, item->code};
        Record record = {.line = item->line, .column = item->column, .severity = item->severity};
        if (item->subject.size != 0)
            record.line = record.column = 0;
        else if (origin != NULL && is_own)
            measure(&record, origin);
        for (int text = 0; text < TEXT_COUNT; text++)
            record.sizes[text] = (uint32_t)texts[text].size;
        buffer_put(blob, slice_of(&record, sizeof record));
        for (int text = 0; text < TEXT_COUNT; text++)
            buffer_put(blob, texts[text]);
    }
}

static bool take_record(Slice *rest, Record *record, Slice texts[TEXT_COUNT])
{
    if (rest->size < sizeof *record)
        return false;
    memcpy(record, rest->data, sizeof *record);
    *rest = slice_of(rest->data + sizeof *record, rest->size - sizeof *record);
    for (int text = 0; text < TEXT_COUNT; text++) {
        uint32_t size = record->sizes[text];
        if (size > rest->size)
            return false;
        texts[text] = slice_of(rest->data, size);
        *rest = slice_of(rest->data + size, rest->size - size);
    }
    return record->severity == SEVERITY_WARNING || record->severity == SEVERITY_NOTE;
}

bool kept_warnings_get(Slice blob, const Declaration *origin, Diagnostics *diagnostics)
{
    Record record;
    size_t before = diagnostics->count;
    while (blob.size != 0) {
        Slice texts[TEXT_COUNT];
        if (!take_record(&blob, &record, texts)) {
            diagnostics->count = before;
            return false;
        }
        bool is_own = texts[0].size == 0;
        if (origin != NULL && is_own && texts[1].size == 0)
            place(&record, origin);
        Diagnostic *added =
            diagnostics_add_plain(diagnostics, record.line, record.column, texts[2]);
        if (!is_own)
            added->path = texts[0];
        added->severity = (Severity)record.severity;
        added->subject = texts[1];
        added->kind = texts[3];
        added->code = texts[4];
    }
    return true;
}
