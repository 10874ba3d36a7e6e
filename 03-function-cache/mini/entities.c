/* SPDX-License-Identifier: MIT */
/*
 * References are numbered per declaration: each entity keeps one slot per reference and asks the
 * Lookup once. Results are interned by (file, declaration) in an open-addressing table that starts
 * with 16 slots: most units name fewer than ten others.
 */
#include "entities.h"

enum { FIRST_SLOTS = 16 };

/* What is kept of an entity for later units. */
typedef struct EntityNote {
    uint8_t kind; /* ZirKind */
    bool is_wrong;
    bool is_enough; /* its IR is not needed */
    uint32_t interface_count;
    uint32_t height, leaves;
    Slice spelled;
    const ConstValue *value;
} EntityNote;

enum { TARGET_MISSING = 1, TARGET_POISONED, FIRST_TARGET }; /* 0: not asked yet */

/* The slot of a declaration: the one that holds it, or the free one for it. */
static uint32_t *find_slot(const Entities *entities, const Unit *unit)
{
    uint32_t mask = entities->slot_count - 1;
    uint64_t mixed = ((uint64_t)unit->file << 32 | unit->declaration) * 0x9E3779B97F4A7C15u;
    for (uint32_t i = (uint32_t)(mixed >> 32) & mask;; i = (i + 1) & mask) {
        uint32_t *slot = &entities->slots[i];
        if (*slot == 0)
            return slot;
        const Unit *held = &entities->items[*slot - 1]->unit;
        if (held->file == unit->file && held->declaration == unit->declaration)
            return slot;
    }
}

static void *zeroed(Arena *arena, size_t count, size_t size)
{
    return memset(arena_allocate(arena, count * size), 0, count * size);
}

/* Keeps the table at most half full. */
static void grow(Entities *entities)
{
    uint32_t capacity = entities->capacity == 0 ? FIRST_SLOTS / 2 : entities->capacity * 2;
    Entity **items = arena_allocate(entities->scratch, capacity * sizeof *items);
    if (entities->count != 0)
        memcpy(items, entities->items, entities->count * sizeof *items);
    entities->items = items;
    entities->capacity = capacity;
    entities->slot_count = capacity * 2;
    entities->slots = zeroed(entities->scratch, entities->slot_count, sizeof *entities->slots);
    for (uint32_t i = 0; i < entities->count; i++)
        *find_slot(entities, &items[i]->unit) = i + 1;
}

/* Gives the unit a number. Its IR is not viewed yet. */
static Entity *add(Entities *entities, const Unit *unit)
{
    if (entities->count == entities->capacity)
        grow(entities);
    Entity *entity = zeroed(entities->scratch, 1, sizeof *entity);
    entity->unit = *unit;
    entity->number = entities->count;
    entities->items[entities->count++] = entity;
    *find_slot(entities, unit) = entities->count;
    return entity;
}

/* Only the unit itself has body references. */
static uint32_t reference_count(const Entity *entity)
{
    const Declaration *declaration =
        &entity->unit.declarations->items[entity->unit.declaration];
    return declaration->interface_reference_count +
           (entity->number == 0 ? declaration->body_reference_count : 0);
}

/* Reads the IR of an entity: all of the unit's own, the interface of others. IR from a cache is
 * checked; IR that the parser has just made is not. */
static bool view_part(const Entities *entities, Entity *entity)
{
    const Unit *unit = &entity->unit;
    const Declaration *item = &unit->declarations->items[unit->declaration];
    bool interface_only = entity->number != 0;
    Arena *arena = entities->scratch;
    Zir *zir = &entity->zir;
    entity->targets = zeroed(arena, reference_count(entity), sizeof *entity->targets);
    if (unit->ir_is_fresh)
        return zir_view_fresh(unit->ir, item->ir_offset, item->ir_size, interface_only, arena, zir);
    if (interface_only)
        return zir_view_interface(unit->ir, item->ir_offset, item->ir_size, arena, zir);
    return zir_view(unit->ir, item->ir_offset, item->ir_size, arena, zir);
}

/* A declaration with a syntax error, which is reported: others see the signature of a function, if
 * that is whole, and nothing of anything else. */
static bool accept_broken(Entity *entity)
{
    if (entity->zir.kind == ZIR_FN_BROKEN && entity->number != 0) {
        entity->zir.kind = ZIR_FN;
        return true;
    }
    entity->zir.insts = NULL;
    return false;
}

static bool view(const Entities *entities, Entity *entity)
{
    if (!view_part(entities, entity))
        return false;
    return entity->zir.kind <= ZIR_STRUCT || accept_broken(entity);
}

bool entities_init(Entities *entities, const Unit *unit, const Lookup *lookup, Arena *scratch)
{
    *entities = (Entities){.lookup = lookup, .scratch = scratch};
    Entity *entity = add(entities, unit);
    if (lookup->notes != NULL)
        entity->note = lookup->note(lookup, unit);
    return view(entities, entity);
}

/* ---- notes --------------------------------------------------------------------------------- */

/* True if the note is all that is needed. */
static bool recall(const Entities *entities, Entity *entity)
{
    const Lookup *lookup = entities->lookup;
    if (lookup->notes == NULL)
        return false;
    entity->note = lookup->note(lookup, &entity->unit);
    const EntityNote *note = entity->note == NULL ? NULL : unit_note_read(entity->note);
    if (note == NULL)
        return false;
    entity->zir.kind = (ZirKind)note->kind;
    entity->zir.interface_count = note->interface_count;
    entity->state = ENTITY_DONE;
    entity->is_wrong = note->is_wrong;
    entity->height = note->height;
    entity->leaves = note->leaves;
    entity->spelled = note->spelled;
    entity->value = note->value;
    return note->is_enough;
}

/* A constant that has no value for any unit is not read, unless a walk continues through it. */
static bool leave_unread(const Entities *entities, Entity *entity)
{
    const Unit *unit = &entity->unit;
    const Declaration *item = &unit->declarations->items[unit->declaration];
    entity->is_unread =
        entity_is_hopeless(entities, entity) &&
        zir_view_kind(unit->ir, item->ir_offset, item->ir_size, &entity->zir.kind) &&
        entity->zir.kind == ZIR_CONST;
    return entity->is_unread;
}

void entity_note(const Entities *entities, const Entity *entity, bool is_enough)
{
    if (entity->note == NULL)
        return;
    Arena *arena = entities->lookup->notes;
    EntityNote *note = arena_allocate(arena, sizeof *note);
    *note = (EntityNote){.kind = (uint8_t)entity->zir.kind,
                         .is_wrong = entity->is_wrong,
                         .is_enough = is_enough,
                         .interface_count = entity->zir.interface_count,
                         .height = entity->height,
                         .leaves = entity->leaves,
                         .value = entity->value};
    if (entity->spelled.size != 0)
        note->spelled = slice_of(arena_copy(arena, entity->spelled), entity->spelled.size);
    unit_note_write(entity->note, note);
}

/* ---- references ---------------------------------------------------------------------------- */

/* The number of the entity for `found`, new or existing. */
static uint32_t intern(Entities *entities, const Unit *found)
{
    uint32_t known = *find_slot(entities, found);
    if (known != 0)
        return known - 1;
    Entity *entity = add(entities, found);
    if (!recall(entities, entity) && !leave_unread(entities, entity))
        entity->is_wrong |= !view(entities, entity);
    return entity->number;
}

Entity *entity_of(Entities *entities, uint32_t file, uint32_t declaration)
{
    Unit wanted = {.file = file, .declaration = declaration};
    uint32_t known = *find_slot(entities, &wanted);
    if (known != 0)
        return entities->items[known - 1];
    wanted = entities->lookup->unit(entities->lookup, file, declaration);
    uint32_t number = intern(entities, &wanted); /* this may move the items */
    return entities->items[number];
}

/* Without IR it cannot be used, and it is already wrong: nothing is reported about it. */
static Entity *poisoned(Entities *entities)
{
    if (entities->poisoned == NULL) {
        entities->poisoned = zeroed(entities->scratch, 1, sizeof *entities->poisoned);
        entities->poisoned->is_wrong = true;
    }
    return entities->poisoned;
}

static uint32_t look_up(Entities *entities, const Entity *from, uint32_t reference)
{
    Unit found;
    switch (entities->lookup->find(entities->lookup, &from->unit, reference, &found)) {
    case NAME_FOUND: return intern(entities, &found) + FIRST_TARGET;
    case NAME_POISONED: return TARGET_POISONED;
    case NAME_MISSING: break;
    }
    return TARGET_MISSING;
}

Entity *entity_reference(Entities *entities, Entity *from, uint32_t reference)
{
    if (from->is_unread) {
        from->is_unread = false;
        from->is_wrong |= !view(entities, from);
    }
    if (reference >= reference_count(from))
        return NULL;
    uint32_t target = from->targets[reference];
    if (target == 0)
        target = from->targets[reference] = look_up(entities, from, reference);
    if (target >= FIRST_TARGET)
        return entities->items[target - FIRST_TARGET];
    return target == TARGET_POISONED ? poisoned(entities) : NULL;
}

static bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\';
}

/* Names are, except in files with odd names. */
static bool all_plain(Slice name)
{
    unsigned odd = 0;
    for (size_t i = 0; i < name.size; i++)
        odd |= !is_plain((unsigned char)name.data[i]);
    return odd == 0;
}

static char *put_name_byte(char *to, unsigned char byte)
{
    static const char digits[] = "0123456789ABCDEF";
    if (is_plain(byte)) {
        *to++ = (char)byte;
        return to;
    }
    *to++ = '\\';
    *to++ = digits[byte >> 4];
    *to++ = digits[byte & 15];
    return to;
}

Slice entity_quoted_symbol(Entities *entities, Entity *entity)
{
    if (entity->quoted.size == 0) {
        Slice symbol = entity->unit.symbol;
        char *text = arena_allocate(entities->scratch, symbol.size * 3 + 2);
        char *end = text;
        *end++ = '"';
        if (all_plain(symbol))
            end = (char *)memcpy(end, symbol.data, symbol.size) + symbol.size;
        else
            for (size_t i = 0; i < symbol.size; i++)
                end = put_name_byte(end, (unsigned char)symbol.data[i]);
        *end++ = '"';
        entity->quoted = slice_of(text, (size_t)(end - text));
    }
    return entity->quoted;
}

const char *entity_place_text(const Entities *entities, const Entity *entity)
{
    Slice path = entity->unit.path, name = entity_name(entity);
    char *text = arena_allocate(entities->scratch, path.size + 1 + name.size + 1);
    memcpy(text, path.data, path.size);
    text[path.size] = ':';
    memcpy(text + path.size + 1, name.data, name.size);
    text[path.size + 1 + name.size] = '\0';
    return text;
}
