/* SPDX-License-Identifier: MIT */
/* Units are visited twice: first they are counted, and then every offset is known. */
#include "image_section.h"

#include <errno.h>

enum { CODE_ALIGNMENT = 16 };

static uint64_t aligned(uint64_t size)
{
    return (size + CODE_ALIGNMENT - 1) & ~(uint64_t)(CODE_ALIGNMENT - 1);
}

typedef struct Totals {
    uint64_t units, references, code, names; /* the last two in bytes */
    bool is_malformed;
} Totals;

static Totals add_up(const Slice *texts, uint32_t count)
{
    Totals totals = {0};
    for (uint32_t i = 0; i < count; i++) {
        Slice rest = texts[i];
        UnitCode unit;
        while (unit_code_next(&rest, &unit)) {
            totals.units++;
            totals.references += unit.reference_count;
            totals.code += aligned(unit.code.size);
            totals.names += unit.symbol.size + 1;
        }
        totals.is_malformed |= rest.size != 0;
    }
    return totals;
}

static uint64_t index_end(const Totals *totals)
{
    return aligned(sizeof(SectionHead) + totals->units * sizeof(SectionUnit) +
                   totals->references * sizeof(uint32_t));
}

/* Without the zeros at the end. */
static uint64_t used_size(const Totals *totals)
{
    return index_end(totals) + totals->code + totals->names;
}

uint64_t image_section_size(const Slice *texts, uint32_t count)
{
    Totals totals = add_up(texts, count);
    uint64_t size = (used_size(&totals) / SECTION_BLOCK + 1) * SECTION_BLOCK;
    return totals.is_malformed || size > INT32_MAX ? 0 : size;
}

static void visit_units(const Slice *texts, uint32_t count, const Totals *totals, VisitUnit visit,
                        void *context)
{
    uint64_t code = index_end(totals), name = code + totals->code;
    for (uint32_t i = 0; i < count; i++) {
        Slice rest = texts[i];
        UnitCode unit;
        while (unit_code_next(&rest, &unit)) {
            SectionUnit place = {(uint32_t)code, (uint32_t)unit.code.size, (uint32_t)name,
                                 (uint32_t)unit.symbol.size};
            visit(context, &unit, &place);
            code += aligned(unit.code.size);
            name += unit.symbol.size + 1;
        }
    }
}

void image_section_visit(const Slice *texts, uint32_t count, VisitUnit visit, void *context)
{
    Totals totals = add_up(texts, count);
    visit_units(texts, count, &totals, visit, context);
}

Hash128 image_section_content(Slice path, const Slice *texts, uint32_t count)
{
    ByteBuffer key = {0};
    key_put_slice(&key, path);
    for (uint32_t i = 0; i < count; i++)
        key_put_hash(&key, hash_bytes(texts[i]));
    Hash128 content = hash_bytes(buffer_slice(&key));
    buffer_free(&key);
    return content;
}

/* ---- writing ------------------------------------------------------------------------------- */

typedef struct SectionWriter {
    char *to;
    SectionUnit *units;
    uint32_t *references;
    uint32_t unit_count, reference_count;
    FindSlot find;
    const void *context;
    bool is_missing; /* some symbol */
} SectionWriter;

static void write_unit(void *context, const UnitCode *unit, const SectionUnit *place)
{
    SectionWriter *writer = context;
    writer->units[writer->unit_count++] = *place;
    memcpy(writer->to + place->code, unit->code.data, unit->code.size);
    memcpy(writer->to + place->name, unit->symbol.data, unit->symbol.size);
    for (uint32_t i = 0; i < unit->reference_count; i++) {
        CodeReference reference = unit_code_reference(unit, i);
        uint32_t address = writer->find(writer->context, reference.kind, reference.symbol);
        uint32_t at = place->code + reference.offset;
        writer->is_missing |= address == 0;
        memcpy(writer->to + at, &address, sizeof address);
        writer->references[writer->reference_count++] = at;
    }
}

int image_section_write(char *to, uint64_t size, Slice path, const Slice *texts, uint32_t count,
                        FindSlot find, const void *context)
{
    Totals totals = add_up(texts, count);
    SectionHead *head = (SectionHead *)(void *)to;
    memset(to, 0, (size_t)size);
    *head = (SectionHead){.content = image_section_content(path, texts, count),
                          .unit_count = (uint32_t)totals.units,
                          .reference_count = (uint32_t)totals.references,
                          .size = (uint32_t)used_size(&totals)};
    SectionUnit *units = (SectionUnit *)(void *)(head + 1);
    SectionWriter writer = {.to = to,
                            .units = units,
                            .references = (uint32_t *)(void *)(units + totals.units),
                            .find = find,
                            .context = context};
    visit_units(texts, count, &totals, write_unit, &writer);
    return writer.is_missing ? -ENOENT : 0;
}

/* ---- reading ------------------------------------------------------------------------------- */

static bool lies_within(uint64_t offset, uint64_t size, const SectionHead *head)
{
    return offset >= image_section_index_size(head) && offset + size <= head->size;
}

bool image_section_view(Slice bytes, SectionView *view)
{
    const SectionHead *head = (const SectionHead *)(const void *)bytes.data;
    if (bytes.size < sizeof *head || head->size >= bytes.size ||
        image_section_index_size(head) > head->size)
        return false;
    const SectionUnit *units = (const SectionUnit *)(const void *)(head + 1);
    *view = (SectionView){head, units, (const uint32_t *)(const void *)(units + head->unit_count),
                          bytes};
    for (uint32_t i = 0; i < head->unit_count; i++)
        if (!lies_within(units[i].code, units[i].code_size, head) ||
            !lies_within(units[i].name, (uint64_t)units[i].name_size + 1, head) ||
            bytes.data[units[i].name + units[i].name_size] != '\0')
            return false;
    for (uint32_t i = 0; i < head->reference_count; i++)
        if (!lies_within(view->references[i], sizeof(uint32_t), head))
            return false;
    return true;
}
