/* SPDX-License-Identifier: MIT */
/* Everything is laid out twice by one function: first only to know the sizes, then to write. */
#include "image_head.h"

typedef enum ImageSectionNumber {
    IMAGE_NO_SECTION,
    IMAGE_INTERPRETER,
    IMAGE_NOTES,
    IMAGE_DYNAMIC_SYMBOLS,
    IMAGE_DYNAMIC_STRINGS,
    IMAGE_SYMBOL_HASH,
    IMAGE_RELOCATIONS,
    IMAGE_DYNAMIC,
    IMAGE_C_SLOTS,
    IMAGE_SLOTS,
    IMAGE_TEXT,
    IMAGE_SYMBOLS,
    IMAGE_STRINGS,
    IMAGE_SECTION_NAMES,
    IMAGE_SECTION_COUNT
} ImageSectionNumber;

static const char section_names[] = "\0.interp\0.note.gnu.build-id\0.dynsym\0.dynstr\0.hash\0"
                                    ".rela.dyn\0.dynamic\0.got\0.slots\0.text\0.symtab\0.strtab\0"
                                    ".shstrtab";

enum {
    SEGMENT_COUNT = 10,
    C_SLOT_SIZE = 8,
    DYNAMIC_FIXED = 12, /* entries besides the libraries */
    BUILD_ID_AT = 12 + 4, /* in the notes */
    UNIT_COUNT_AT = BUILD_ID_AT + 16 + 12 + 8,
    NOTES_SIZE = UNIT_COUNT_AT + 4,
    /* The C slots have a place that no other part moves. */
    C_SLOTS_ADDRESS = IMAGE_DATA_ADDRESS + IMAGE_PAGE,
};

uint32_t image_c_slot(uint32_t slot)
{
    return C_SLOTS_ADDRESS + slot * C_SLOT_SIZE;
}

bool image_slot_at(uint32_t address, bool *is_c, uint32_t *slot)
{
    *is_c = address < IMAGE_SLOTS_ADDRESS;
    uint32_t first = *is_c ? (uint32_t)C_SLOTS_ADDRESS : (uint32_t)IMAGE_SLOTS_ADDRESS;
    uint32_t size = *is_c ? (uint32_t)C_SLOT_SIZE : (uint32_t)sizeof(ImageSlot);
    *slot = (address - first) / size;
    return address >= first && address < IMAGE_TEXT_ADDRESS && (address - first) % size == 0;
}

/* ---- the layout ---------------------------------------------------------------------------- */

typedef struct Part {
    uint64_t offset, size, address;
} Part;

typedef struct Layout {
    Part parts[IMAGE_SECTION_COUNT];
    Part sections; /* the table of them */
    Part segments; /* the table of them */
    uint64_t headers_end;
    uint64_t data_end;
} Layout;

static uint64_t rounded(uint64_t size, uint64_t alignment)
{
    return (size + alignment - 1) / alignment * alignment;
}

static Part place(uint64_t *at, uint64_t size, uint64_t alignment, uint64_t address)
{
    *at = rounded(*at, alignment);
    Part part = {*at, size, address == 0 ? 0 : address + *at};
    *at += size;
    return part;
}

static uint64_t dynamic_strings_size(const ImageHead *head)
{
    uint64_t size = 1;
    for (uint32_t i = 0; i < head->library_count; i++)
        size += strlen(head->settings->libraries[i]) + 1;
    for (uint32_t i = 0; i < head->c_count; i++)
        size += head->c_symbols[i].name.size + 1;
    return size;
}

static void lay_out(const ImageHead *head, Layout *layout)
{
    uint64_t at = sizeof(ElfHeader), base = IMAGE_HEADERS_ADDRESS;
    uint64_t c_symbols = (uint64_t)head->c_count + 1;
    Part *parts = layout->parts;
    *layout = (Layout){0};
    layout->segments = place(&at, SEGMENT_COUNT * sizeof(ElfSegment), 8, base);
    layout->sections = place(&at, IMAGE_SECTION_COUNT * sizeof(ElfSection), 8, base);
    parts[IMAGE_SECTION_NAMES] = place(&at, sizeof section_names, 1, 0);
    parts[IMAGE_NOTES] = place(&at, NOTES_SIZE, 8, base);
    parts[IMAGE_INTERPRETER] = place(&at, strlen(head->settings->interpreter) + 1, 1, base);
    parts[IMAGE_DYNAMIC_SYMBOLS] = place(&at, c_symbols * sizeof(ElfSymbol), 8, base);
    parts[IMAGE_SYMBOL_HASH] = place(&at, (3 + c_symbols) * sizeof(uint32_t), 8, base);
    parts[IMAGE_RELOCATIONS] = place(&at, head->c_count * sizeof(ElfRela), 8, base);
    parts[IMAGE_DYNAMIC_STRINGS] = place(&at, dynamic_strings_size(head), 1, base);
    layout->headers_end = at;

    at = rounded(at, IMAGE_PAGE);
    base = IMAGE_DATA_ADDRESS - at;
    uint64_t entries = DYNAMIC_FIXED + head->library_count;
    parts[IMAGE_DYNAMIC] = place(&at, entries * sizeof(ElfDynamic), IMAGE_PAGE, base);
    parts[IMAGE_C_SLOTS] =
        place(&at, (uint64_t)slot_room(head->c_capacity) * C_SLOT_SIZE, IMAGE_PAGE, base);
    layout->data_end = at;

    at = rounded(at, IMAGE_PAGE);
    uint64_t slots = slot_room(head->unit_capacity);
    parts[IMAGE_SLOTS] =
        place(&at, slots * sizeof(ImageSlot), IMAGE_PAGE, IMAGE_SLOTS_ADDRESS - at);
    parts[IMAGE_SYMBOLS] = place(&at, (slots + 1) * sizeof(ElfSymbol), IMAGE_PAGE, 0);
    at = rounded(at, IMAGE_PAGE);
    parts[IMAGE_TEXT] = place(&at, head->runtime.size + head->section_bytes, IMAGE_PAGE,
                              IMAGE_TEXT_ADDRESS - at);
    parts[IMAGE_STRINGS] = parts[IMAGE_TEXT];
    parts[IMAGE_STRINGS].address = 0;
}

static ImageParts parts_of(const Layout *layout)
{
    const Part *parts = layout->parts;
    return (ImageParts){
        .data = parts[IMAGE_DYNAMIC].offset,
        .slots = parts[IMAGE_SLOTS].offset,
        .symbols = parts[IMAGE_SYMBOLS].offset,
        .text = parts[IMAGE_TEXT].offset,
        .slot_count = (uint32_t)(parts[IMAGE_SLOTS].size / sizeof(ImageSlot)),
        .c_slot_count = (uint32_t)(parts[IMAGE_C_SLOTS].size / C_SLOT_SIZE),
        .dynamic_symbols = parts[IMAGE_DYNAMIC_SYMBOLS].offset,
        .dynamic_strings = parts[IMAGE_DYNAMIC_STRINGS].offset,
        .dynamic_strings_size = parts[IMAGE_DYNAMIC_STRINGS].size,
        .build_id = parts[IMAGE_NOTES].offset + BUILD_ID_AT,
    };
}

static bool fits(Part part, uint64_t end)
{
    return part.address + part.size <= end;
}

bool image_head_plan(const ImageHead *head, ImageParts *parts)
{
    Layout layout;
    lay_out(head, &layout);
    *parts = parts_of(&layout);
    return layout.headers_end <= IMAGE_DATA_ADDRESS - IMAGE_HEADERS_ADDRESS &&
           fits(layout.parts[IMAGE_C_SLOTS], IMAGE_SLOTS_ADDRESS) &&
           fits(layout.parts[IMAGE_SLOTS], IMAGE_TEXT_ADDRESS) &&
           fits(layout.parts[IMAGE_TEXT], IMAGE_END_ADDRESS) &&
           layout.parts[IMAGE_DYNAMIC].size <= IMAGE_PAGE;
}

uint64_t image_head_size(const ImageHead *head, const ImageParts *parts)
{
    return parts->text + head->runtime.size;
}

/* ---- writing ------------------------------------------------------------------------------- */

typedef struct HeadWriter {
    const ImageHead *head;
    Layout layout;
    char *to;
} HeadWriter;

static void *at(const HeadWriter *writer, ImageSectionNumber part)
{
    return writer->to + writer->layout.parts[part].offset;
}

static void write_header(const HeadWriter *writer)
{
    const Layout *layout = &writer->layout;
    *(ElfHeader *)(void *)writer->to = (ElfHeader){
        .magic = {0x7f, 'E', 'L', 'F'},
        .word_size = ELF_CLASS_64,
        .encoding = ELF_LITTLE_ENDIAN,
        .version = ELF_VERSION,
        .type = ELF_EXECUTABLE,
        .machine = ELF_X86_64,
        .file_version = ELF_VERSION,
        .entry = IMAGE_TEXT_ADDRESS + (uint64_t)writer->head->start,
        .segments = layout->segments.offset,
        .sections = layout->sections.offset,
        .header_size = sizeof(ElfHeader),
        .segment_size = sizeof(ElfSegment),
        .segment_count = SEGMENT_COUNT,
        .section_size = sizeof(ElfSection),
        .section_count = IMAGE_SECTION_COUNT,
        .name_section = IMAGE_SECTION_NAMES,
    };
}

static ElfSegment segment(uint32_t type, uint32_t flags, Part part, uint64_t alignment)
{
    return (ElfSegment){type, flags, part.offset, part.address, part.address, part.size,
                        part.size, alignment};
}

static void write_segments(const HeadWriter *writer)
{
    const Layout *layout = &writer->layout;
    const Part *parts = layout->parts;
    Part headers = {0, layout->headers_end, IMAGE_HEADERS_ADDRESS};
    Part data = parts[IMAGE_DYNAMIC];
    data.size = rounded(layout->data_end - data.offset, IMAGE_PAGE);
    const ElfSegment segments[SEGMENT_COUNT] = {
        segment(SEGMENT_HEADERS, SEGMENT_READ, layout->segments, 8),
        segment(SEGMENT_INTERPRETER, SEGMENT_READ, parts[IMAGE_INTERPRETER], 1),
        segment(SEGMENT_LOAD, SEGMENT_READ, headers, IMAGE_PAGE),
        segment(SEGMENT_LOAD, SEGMENT_READ | SEGMENT_WRITE, data, IMAGE_PAGE),
        segment(SEGMENT_LOAD, SEGMENT_READ, parts[IMAGE_SLOTS], IMAGE_PAGE),
        segment(SEGMENT_LOAD, SEGMENT_READ | SEGMENT_EXECUTE, parts[IMAGE_TEXT], IMAGE_PAGE),
        segment(SEGMENT_DYNAMIC, SEGMENT_READ | SEGMENT_WRITE, parts[IMAGE_DYNAMIC], 8),
        segment(SEGMENT_NOTE, SEGMENT_READ, parts[IMAGE_NOTES], 4),
        segment(SEGMENT_READ_ONLY_LATER, SEGMENT_READ, data, 1),
        segment(SEGMENT_STACK, SEGMENT_READ | SEGMENT_WRITE, (Part){0}, 16),
    };
    memcpy(writer->to + layout->segments.offset, segments, sizeof segments);
}

static uint32_t section_name(ImageSectionNumber number)
{
    const char *name = section_names;
    for (int i = 0; i < (int)number; i++)
        name += strlen(name) + 1;
    return (uint32_t)(name - section_names);
}

static void write_section_table(const HeadWriter *writer)
{
    enum { A = SECTION_ALLOCATE, W = SECTION_WRITE, X = SECTION_EXECUTE };
    const Part *parts = writer->layout.parts;
    static const struct {
        uint32_t type, flags, link, info, entry_size;
    } kinds[IMAGE_SECTION_COUNT] = {
        [IMAGE_INTERPRETER] = {SECTION_PROGRAM, A, 0, 0, 0},
        [IMAGE_NOTES] = {SECTION_NOTE, A, 0, 0, 0},
        [IMAGE_DYNAMIC_SYMBOLS] = {SECTION_DYNAMIC_SYMBOLS, A, IMAGE_DYNAMIC_STRINGS, 1,
                                   sizeof(ElfSymbol)},
        [IMAGE_DYNAMIC_STRINGS] = {SECTION_STRINGS, A, 0, 0, 0},
        [IMAGE_SYMBOL_HASH] = {SECTION_HASH, A, IMAGE_DYNAMIC_SYMBOLS, 0, sizeof(uint32_t)},
        [IMAGE_RELOCATIONS] = {SECTION_RELA, A, IMAGE_DYNAMIC_SYMBOLS, 0, sizeof(ElfRela)},
        [IMAGE_DYNAMIC] = {SECTION_DYNAMIC, A | W, IMAGE_DYNAMIC_STRINGS, 0, sizeof(ElfDynamic)},
        [IMAGE_C_SLOTS] = {SECTION_PROGRAM, A | W, 0, 0, C_SLOT_SIZE},
        [IMAGE_SLOTS] = {SECTION_PROGRAM, A, 0, 0, sizeof(ImageSlot)},
        [IMAGE_TEXT] = {SECTION_PROGRAM, A | X, 0, 0, 0},
        [IMAGE_SYMBOLS] = {SECTION_SYMBOLS, 0, IMAGE_STRINGS, 0, sizeof(ElfSymbol)},
        [IMAGE_STRINGS] = {SECTION_STRINGS, 0, 0, 0, 0},
        [IMAGE_SECTION_NAMES] = {SECTION_STRINGS, 0, 0, 0, 0},
    };
    ElfSection *sections = (ElfSection *)(void *)(writer->to + writer->layout.sections.offset);
    for (int i = 1; i < IMAGE_SECTION_COUNT; i++)
        sections[i] = (ElfSection){section_name((ImageSectionNumber)i), kinds[i].type,
                                   kinds[i].flags, parts[i].address, parts[i].offset,
                                   parts[i].size, kinds[i].link, kinds[i].info,
                                   kinds[i].entry_size != 0 ? 8 : 1, kinds[i].entry_size};
    /* All symbols are local: "info" is the number of the first that is not. */
    sections[IMAGE_SYMBOLS].info = (uint32_t)(parts[IMAGE_SYMBOLS].size / sizeof(ElfSymbol));
}

/* The second note is ours: tools pass over it. */
static void write_notes(const HeadWriter *writer)
{
    static const uint32_t build_id[] = {4, sizeof(Hash128), ELF_NOTE_BUILD_ID};
    static const uint32_t unit_count[] = {6, sizeof(uint32_t), 1};
    char *to = at(writer, IMAGE_NOTES), *second = to + BUILD_ID_AT + sizeof(Hash128);
    memcpy(to, build_id, sizeof build_id);
    memcpy(to + sizeof build_id, "GNU", 4);
    memcpy(to + BUILD_ID_AT, &writer->head->build_id, sizeof(Hash128));
    memcpy(second, unit_count, sizeof unit_count);
    memcpy(second + sizeof unit_count, "units", 6);
    memcpy(to + UNIT_COUNT_AT, &writer->head->unit_count, sizeof(uint32_t));
}

/* ---- for the dynamic linker ---------------------------------------------------------------- */

static uint32_t put_string(char *strings, uint32_t *end, Slice text)
{
    uint32_t offset = *end;
    memcpy(strings + offset, text.data, text.size);
    *end += (uint32_t)text.size + 1;
    return offset;
}

/* The names, and for each C symbol the slot that receives its address. */
static uint32_t write_c_symbols(const HeadWriter *writer, uint32_t strings_end)
{
    const ImageHead *head = writer->head;
    char *strings = at(writer, IMAGE_DYNAMIC_STRINGS);
    ElfSymbol *symbols = (ElfSymbol *)at(writer, IMAGE_DYNAMIC_SYMBOLS) + 1;
    ElfRela *relocations = at(writer, IMAGE_RELOCATIONS);
    for (uint32_t i = 0; i < head->c_count; i++) {
        const ImageSymbol *symbol = &head->c_symbols[i];
        symbols[i] = (ElfSymbol){.name = put_string(strings, &strings_end, symbol->name),
                                 .info = SYMBOL_GLOBAL_FUNCTION};
        relocations[i] = (ElfRela){image_c_slot(symbol->slot),
                                   (uint64_t)(i + 1) << 32 | ELF_RELOCATION_GLOB_DAT, 0};
    }
    return strings_end;
}

/* Nobody looks for a symbol in the program: one bucket, with nothing in it. */
static void write_symbol_hash(const HeadWriter *writer)
{
    uint32_t *hash = at(writer, IMAGE_SYMBOL_HASH);
    hash[0] = 1;
    hash[1] = writer->head->c_count + 1;
}

static void write_dynamic(const HeadWriter *writer)
{
    const ImageSettings *settings = writer->head->settings;
    const Part *parts = writer->layout.parts;
    ElfDynamic *entry = at(writer, IMAGE_DYNAMIC);
    char *strings = at(writer, IMAGE_DYNAMIC_STRINGS);
    uint32_t end = 1;
    for (uint32_t i = 0; i < writer->head->library_count; i++)
        *entry++ = (ElfDynamic){DYNAMIC_NEEDED,
                                put_string(strings, &end, slice_from(settings->libraries[i]))};
    write_c_symbols(writer, end);
    const ElfDynamic rest[] = {
        {DYNAMIC_HASH, parts[IMAGE_SYMBOL_HASH].address},
        {DYNAMIC_STRINGS, parts[IMAGE_DYNAMIC_STRINGS].address},
        {DYNAMIC_STRINGS_SIZE, parts[IMAGE_DYNAMIC_STRINGS].size},
        {DYNAMIC_SYMBOLS, parts[IMAGE_DYNAMIC_SYMBOLS].address},
        {DYNAMIC_SYMBOL_ENTRY, sizeof(ElfSymbol)},
        {DYNAMIC_RELA, parts[IMAGE_RELOCATIONS].address},
        {DYNAMIC_RELA_SIZE, parts[IMAGE_RELOCATIONS].size},
        {DYNAMIC_RELA_ENTRY, sizeof(ElfRela)},
        {DYNAMIC_FLAGS, DYNAMIC_BIND_NOW},
        {DYNAMIC_DEBUG, 0},
        {DYNAMIC_END, 0},
    };
    memcpy(entry, rest, sizeof rest);
}

/* ---- slots and symbols --------------------------------------------------------------------- */

ImageSlot image_slot_of(const ImageSymbol *unit)
{
    return (ImageSlot){IMAGE_TEXT_ADDRESS + (uint64_t)unit->text, unit->hash};
}

ElfSymbol image_symbol_of(const ImageSymbol *unit)
{
    return (ElfSymbol){.name = unit->name_at,
                       .info = SYMBOL_LOCAL_FUNCTION,
                       .section = IMAGE_TEXT,
                       .value = IMAGE_TEXT_ADDRESS + (uint64_t)unit->text,
                       .size = unit->size};
}

ElfSymbol image_free_symbol(void)
{
    return (ElfSymbol){.info = SYMBOL_LOCAL_SECTION,
                       .section = IMAGE_TEXT,
                       .value = IMAGE_TEXT_ADDRESS};
}

static void write_units(const HeadWriter *writer)
{
    const ImageHead *head = writer->head;
    ImageSlot *slots = at(writer, IMAGE_SLOTS);
    ElfSymbol *symbols = (ElfSymbol *)at(writer, IMAGE_SYMBOLS) + 1;
    uint32_t room = slot_room(head->unit_capacity);
    for (uint32_t i = 0; i < room; i++)
        symbols[i] = image_free_symbol();
    for (uint32_t i = 0; i < head->unit_count; i++) {
        slots[head->units[i].slot] = image_slot_of(&head->units[i]);
        symbols[head->units[i].slot] = image_symbol_of(&head->units[i]);
    }
}

void image_head_write_front(const ImageHead *head, const ImageParts *parts, char *to)
{
    HeadWriter writer = {.head = head, .to = to};
    lay_out(head, &writer.layout);
    memset(to, 0, (size_t)parts->slots);
    write_header(&writer);
    write_segments(&writer);
    write_section_table(&writer);
    memcpy(at(&writer, IMAGE_SECTION_NAMES), section_names, sizeof section_names);
    memcpy(at(&writer, IMAGE_INTERPRETER), head->settings->interpreter,
           strlen(head->settings->interpreter));
    write_notes(&writer);
    write_symbol_hash(&writer);
    write_dynamic(&writer);
}

void image_head_write(const ImageHead *head, const ImageParts *parts, char *to)
{
    HeadWriter writer = {.head = head, .to = to};
    lay_out(head, &writer.layout);
    image_head_write_front(head, parts, to);
    memset(to + parts->slots, 0, (size_t)(parts->text - parts->slots));
    memcpy(to + parts->text, head->runtime.data, head->runtime.size);
    write_units(&writer);
}

/* ---- reading ------------------------------------------------------------------------------- */

static const ElfSection *sections_of(Slice bytes)
{
    return (const ElfSection *)(const void *)(bytes.data + sizeof(ElfHeader) +
                                              SEGMENT_COUNT * sizeof(ElfSegment));
}

bool image_head_read(Slice bytes, ImageParts *parts)
{
    const ElfHeader *header = (const ElfHeader *)(const void *)bytes.data;
    if (bytes.size < IMAGE_PAGE || header->section_count != IMAGE_SECTION_COUNT ||
        header->sections != sizeof(ElfHeader) + SEGMENT_COUNT * sizeof(ElfSegment))
        return false;
    const ElfSection *sections = sections_of(bytes);
    Layout layout = {0};
    for (int i = 1; i < IMAGE_SECTION_COUNT; i++)
        layout.parts[i] =
            (Part){sections[i].offset, sections[i].size, sections[i].address};
    *parts = parts_of(&layout);
    uint64_t notes = sections[IMAGE_NOTES].offset;
    if (notes > IMAGE_PAGE - NOTES_SIZE)
        return false;
    memcpy(&parts->unit_count, bytes.data + notes + UNIT_COUNT_AT, sizeof parts->unit_count);
    return sections[IMAGE_SYMBOLS].size == (parts->slot_count + 1ull) * sizeof(ElfSymbol) &&
           parts->slots >= IMAGE_PAGE && parts->slots <= parts->symbols &&
           parts->symbols <= parts->text;
}

/* Their slots follow from their names. */
bool image_head_c_symbols(Slice front, const ImageParts *parts, unsigned hash_bits,
                          ByteBuffer *c_symbols)
{
    const ElfSection *table = &sections_of(front)[IMAGE_DYNAMIC_SYMBOLS];
    uint64_t count = table->size / sizeof(ElfSymbol), size = parts->dynamic_strings_size;
    if (count == 0 || size == 0 || table->offset % 8 != 0 || table->size > front.size ||
        table->offset > front.size - table->size || size > front.size ||
        parts->dynamic_strings > front.size - size)
        return false;
    const ElfSymbol *symbols = (const ElfSymbol *)(const void *)(front.data + table->offset);
    const char *strings = front.data + parts->dynamic_strings;
    unsigned shift = slot_shift(slot_capacity(count - 1));
    uint64_t last = 0;
    uint32_t end = 0;
    for (uint64_t i = 1; i < count; i++) {
        if (symbols[i].name >= size || strings[size - 1] != '\0')
            return false;
        Slice name = slice_from(strings + symbols[i].name);
        uint64_t hash = slot_hash(name, hash_bits);
        uint32_t slot = slot_of_next(hash, shift, end);
        ImageSymbol symbol = {.hash = hash, .name = name, .slot = slot, .last_slot = slot};
        if (slot >= parts->c_slot_count || hash < last)
            return false;
        end = slot + 1;
        last = hash;
        buffer_put(c_symbols, slice_of(&symbol, sizeof symbol));
    }
    return true;
}
