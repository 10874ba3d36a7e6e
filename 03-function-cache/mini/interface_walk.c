/* SPDX-License-Identifier: MIT */
/*
 * A depth-first search whose stack is threaded through the entities: each knows its parent on the
 * path and the reference to follow next. The search neither recurses nor allocates, and the path of
 * a cycle can be read from the parents.
 *
 * The root is in a cycle exactly if the search meets an edge back to it: the root is active all
 * along, and everything done was followed to its end. Cycles that do not pass through the root are
 * left to the units in them.
 *
 * A chain longer than the limit of its kind is refused. A value of nested structs is written with
 * the type of each, and its text grows with the square of the nesting.
 *
 * An entity that is not in a cycle and does not lead to one is followed to its end even if the
 * chain is too long: its note must be true wherever the walk that met it began. It is met once in
 * the whole program. The others are followed by each unit among them, and less deeply: whether they
 * lead to a cycle or to an unknown name is not known there, and both are errors.
 */
#include "interface_walk.h"

enum { MAX_SHOWN_MEMBERS = 8 };

void interface_walk_begin(InterfaceWalk *walk, Entities *entities, Entity *root)
{
    *walk = (InterfaceWalk){
        .entities = entities,
        .root = root,
        .max_height = root->zir.kind == ZIR_STRUCT ? MAX_STRUCT_HEIGHT : MAX_CONSTANT_HEIGHT};
    walk->max_cycle = walk->max_height;
    if (entities->lookup->notes != NULL && walk->max_cycle > MAX_CYCLE_HEIGHT)
        walk->max_cycle = MAX_CYCLE_HEIGHT;
    if (root->state != ENTITY_NEW)
        return;
    root->state = ENTITY_ACTIVE;
    root->depth = 0;
    walk->top = root;
}

static void put_member(ByteBuffer *text, const Entity *entity)
{
    buffer_put(text, entity->unit.path);
    buffer_put_byte(text, ':');
    buffer_put(text, entity_name(entity));
    buffer_put(text, slice_from(" -> "));
}

/* The path from the root to the top, written from its end: only parents are known. Every member of
 * a cycle reports it, so a long one is abbreviated. */
static const char *spell_cycle(InterfaceWalk *walk)
{
    uint32_t count = walk->top->depth + 1;
    uint32_t shown = count <= MAX_SHOWN_MEMBERS + 1 ? count : MAX_SHOWN_MEMBERS;
    const Entity **members = arena_allocate(walk->entities->scratch, count * sizeof *members);
    for (const Entity *entity = walk->top; entity != NULL; entity = entity->parent)
        members[entity->depth] = entity;

    ByteBuffer text = {0};
    for (uint32_t i = 0; i < shown; i++)
        put_member(&text, members[i]);
    if (shown < count)
        buffer_put_format(&text, "%u more -> ", count - shown);
    put_member(&text, walk->root);
    Slice path = slice_of(text.data, text.size - strlen(" -> "));
    const char *line = arena_copy(walk->entities->scratch, path);
    buffer_free(&text);
    return line;
}

static void raise_height(Entity *entity, uint32_t below)
{
    if (entity->height < below + 1)
        entity->height = below + 1;
}

/* A reference of the top is done. Anything made of something wrong is wrong, and need not be
 * examined; but the root reports its other errors too. */
static void learn_from(const InterfaceWalk *walk, const Entity *done)
{
    Entity *top = walk->top;
    raise_height(top, done->height);
    if (done->is_wrong && top != walk->root)
        top->is_wrong = true;
}

/* One reference of the top leads to `target`: continue there, or learn from it. */
static void follow(InterfaceWalk *walk, Entity *target)
{
    Entity *top = walk->top;
    if (target->state == ENTITY_DONE) {
        learn_from(walk, target);
    } else if (target->state == ENTITY_ACTIVE) {
        top->is_wrong = true;
        if (target == walk->root && walk->cycle == NULL)
            walk->cycle = spell_cycle(walk);
    } else if (top->depth >= walk->max_cycle && target->note == NULL) {
        raise_height(top, walk->max_height);
        walk->is_cut = walk->max_cycle < walk->max_height;
    } else {
        target->state = ENTITY_ACTIVE;
        target->depth = top->depth + 1;
        target->parent = top;
        walk->top = target;
    }
}

static Entity *leave(InterfaceWalk *walk)
{
    Entity *done = walk->top;
    done->state = ENTITY_DONE;
    if (done->height > walk->max_height)
        done->is_wrong = true;
    walk->top = done->parent;
    if (walk->top != NULL)
        learn_from(walk, done);
    return done;
}

Entity *interface_walk_next(InterfaceWalk *walk)
{
    while (walk->top != NULL) {
        Entity *top = walk->top;
        const Unit *unit = &top->unit;
        if (top->cursor ==
            unit->declarations->items[unit->declaration].interface_reference_count)
            return leave(walk);
        Entity *target = entity_reference(walk->entities, top, top->cursor++);
        if (target != NULL && target->zir.kind == walk->root->zir.kind &&
            (!target->is_wrong || target->state == ENTITY_DONE))
            follow(walk, target);
    }
    return NULL;
}

bool interface_walk_report(const InterfaceWalk *walk, Diagnostics *diagnostics)
{
    Entity *root = walk->root;
    if (walk->cycle == NULL && root->height <= walk->max_height)
        return false;
    root->is_wrong = true;
    if (diagnostics == NULL)
        return true;
    const Declaration *at = &root->unit.declarations->items[root->unit.declaration];
    bool is_struct = root->zir.kind == ZIR_STRUCT;
    if (walk->cycle != NULL && is_struct)
        diagnostics_add(diagnostics, at->line, at->column, "a struct cannot contain itself: %s",
                        walk->cycle);
    else if (walk->cycle != NULL)
        diagnostics_add(diagnostics, at->line, at->column,
                        "a constant cannot be made from itself: %s", walk->cycle);
    else if (walk->is_cut)
        diagnostics_add(diagnostics, at->line, at->column,
                        "a constant is made from itself, or from what is not known, more than %d "
                        "levels deep", (int)walk->max_cycle);
    else
        diagnostics_add(diagnostics, at->line, at->column, "%s more than %d levels deep",
                        is_struct ? "structs are nested" : "constants are made from constants",
                        (int)walk->max_height);
    return true;
}
