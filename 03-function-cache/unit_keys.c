/* SPDX-License-Identifier: MIT */
/*
 * An interface key first needs the keys of what the interface refers to: a depth-first walk. A
 * chain of ten thousand constants must not take ten thousand stack frames, so the walk keeps its
 * own stack. Interfaces that refer to each other in a cycle get their keys together (Tarjan,
 * "Depth-first search and linear graph algorithms"): the stack holds everything that was met and
 * has no key yet, in that order, and the path of the walk is threaded through it.
 *
 *     main → node → pair → edge → node          place   0      1      2      3
 *                                               stack  main │ node   pair   edge
 *                                               lowest   0  │   1      1      1
 *
 * Each learns the lowest place that it leads to. One that is left and leads to no place below its
 * own is the first of a component: it and all above it refer only to each other and to what has a
 * key. They are keyed and taken off the stack; most components are of one.
 *
 * Marks are learned the same way, from whatever a reference leads to. Meeting a place means a
 * cycle; a reference to something poisoned, or marked, passes that on. The first of a component is
 * left last and has learned the marks of all.
 */
#include "unit_keys.h"

#include <stdlib.h>

#define NO_USER UINT32_MAX

typedef struct Visit { /* a declaration that has no interface key yet */
    ProgramFile *owner;
    uint32_t file, declaration, next_reference;
    uint32_t user;   /* the place from which it was reached */
    uint32_t lowest; /* of the places that it leads to, its own included */
    KeyState state;  /* what its key will be, as far as it is known */
} Visit;

typedef struct VisitStack {
    Visit *visits;
    uint32_t count, capacity;
    uint32_t top; /* the end of the path; above it are those that wait for their component */
} VisitStack;

Resolution program_resolve(Program *program, const ProgramFile *from, uint32_t file,
                           const Reference *reference, uint32_t *target_file,
                           uint32_t *target_declaration)
{
    const ProgramFile *owner = from;
    *target_file = file;
    if (reference->import != IMPORT_SELF) {
        *target_file = from->targets[reference->import];
        if (*target_file == TARGET_NONE)
            return NAME_POISONED;
        if (*target_file == TARGET_ABSENT)
            return NAME_MISSING;
        owner = program->file(program, *target_file);
    }
    Slice name = declarations_text(&from->declarations, reference->name);
    *target_declaration = declarations_find(&owner->declarations, name);
    if (*target_declaration != DECLARATION_NONE)
        return NAME_FOUND;
    return owner->is_poisoned ? NAME_POISONED : NAME_MISSING;
}

/* ---- what keys are made of ---------------------------------------------------------------- */

bool program_is_entry_point(const Program *program, uint32_t file, Slice name)
{
    return file == program->entry_file && slice_equal(name, program->entry_point);
}

/* Distinguishes a symbol made from path and name, which the interface key covers, from the plain
 * name of the entry point. */
static char symbol_kind(const Program *program, uint32_t file, Slice name)
{
    return program_is_entry_point(program, file, name) ? 'e' : 'n';
}

static bool is_worthless(KeyState state)
{
    return state == KEY_UNKNOWN || state == KEY_UNCACHEABLE;
}

/* Puts what a reference leads to: symbol and interface key, or that it is not found. False if it
 * leads to something poisoned: the key being made is worthless. */
static bool put_reference(Program *program, const ProgramFile *owner, uint32_t file,
                          const Reference *reference, ByteBuffer *key)
{
    uint32_t target_file, target;
    switch (program_resolve(program, owner, file, reference, &target_file, &target)) {
    case NAME_MISSING: buffer_put_byte(key, '?'); return true;
    case NAME_POISONED: return false;
    case NAME_FOUND: break;
    }
    const ProgramFile *found = program->file(program, target_file);
    if (is_worthless(found->key_states[target]))
        return false;
    Slice name = declaration_name(&found->declarations, target);
    buffer_put_byte(key, symbol_kind(program, target_file, name));
    key_put_hash(key, found->interface_keys[target]);
    return true;
}

/* ---- interface keys ---------------------------------------------------------------------- */

static void put_identity(const ProgramFile *owner, uint32_t declaration, ByteBuffer *key)
{
    key_put_slice(key, owner->path);
    key_put_slice(key, declaration_name(&owner->declarations, declaration));
}

static void put_interface(const ProgramFile *owner, uint32_t declaration, ByteBuffer *key)
{
    put_identity(owner, declaration, key);
    key_put_hash(key, owner->declarations.items[declaration].interface_hash);
    if (owner->interface.size != 0)
        key_put_hash(key, owner->interface_blob_hash);
}

static Hash128 *key_of(const Visit *visit)
{
    return &visit->owner->interface_keys[visit->declaration];
}

/* No two members are equal: a name leads to the first declaration that has it, so a second one is
 * in no cycle. */
static int by_identity(const void *left, const void *right)
{
    const Visit *a = left, *b = right;
    int order = slice_compare(a->owner->path, b->owner->path);
    return order != 0 ? order
                      : slice_compare(declaration_name(&a->owner->declarations, a->declaration),
                                      declaration_name(&b->owner->declarations, b->declaration));
}

static void put_member(Program *program, const Visit *member, ByteBuffer *key)
{
    const Declarations *view = &member->owner->declarations;
    put_interface(member->owner, member->declaration, key);
    for (uint32_t i = 0; i < view->items[member->declaration].interface_reference_count; i++)
        put_reference(program, member->owner, member->file,
                      declaration_reference(view, member->declaration, i), key);
}

/* A hash of all members, in which the number of a member stands for its key, which it does not have
 * yet. The numbers follow the identities, not the walk, which may begin anywhere. */
static Hash128 hash_component(Program *program, Visit *members, uint32_t count, ByteBuffer *key)
{
    qsort(members, count, sizeof *members, by_identity);
    for (uint32_t i = 0; i < count; i++)
        *key_of(&members[i]) = (Hash128){i, 0};
    key->size = 0;
    for (uint32_t i = 0; i < count; i++) {
        put_member(program, &members[i], key);
        if (count > 1)
            buffer_put_byte(key, '.'); /* no reference begins like this */
    }
    return hash_keyed(program->secret, buffer_slice(key));
}

static Hash128 member_key(const Program *program, const Visit *member, Hash128 component,
                          ByteBuffer *key)
{
    key->size = 0;
    buffer_put_u32(key, UINT32_MAX); /* the length of no path: a component of one begins with it */
    key_put_hash(key, component);
    put_identity(member->owner, member->declaration, key);
    return hash_keyed(program->secret, buffer_slice(key));
}

static void key_component(Program *program, Visit *members, uint32_t count, KeyState state,
                          ByteBuffer *key)
{
    Hash128 component = {0, 0};
    if (state != KEY_UNCACHEABLE)
        component = hash_component(program, members, count, key);
    for (uint32_t i = 0; i < count; i++) {
        bool is_alone = count == 1 || state == KEY_UNCACHEABLE;
        *key_of(&members[i]) =
            is_alone ? component : member_key(program, &members[i], component, key);
        members[i].owner->key_states[members[i].declaration] = (uint8_t)state;
    }
}

static void push(VisitStack *stack, ProgramFile *owner, uint32_t file, uint32_t declaration)
{
    if (stack->count == stack->capacity) {
        stack->capacity = stack->capacity == 0 ? 64 : stack->capacity * 2;
        stack->visits = memory_resize(stack->visits, stack->capacity * sizeof *stack->visits);
    }
    uint32_t place = stack->count++;
    stack->visits[place] = (Visit){.owner = owner,
                                   .file = file,
                                   .declaration = declaration,
                                   .user = stack->top,
                                   .lowest = place,
                                   .state = KEY_KNOWN};
    stack->top = place;
    owner->interface_keys[declaration].low = place;
    owner->key_states[declaration] = KEY_VISITING;
}

static void learn(Visit *visit, uint32_t lowest, KeyState state)
{
    if (lowest < visit->lowest)
        visit->lowest = lowest;
    if (state > visit->state)
        visit->state = state;
}

/* Follows the next reference of the top. False when none is left. */
static bool advance(Program *program, VisitStack *stack)
{
    Visit *visit = &stack->visits[stack->top];
    const Declarations *view = &visit->owner->declarations;
    if (visit->next_reference == view->items[visit->declaration].interface_reference_count)
        return false;
    const Reference *reference =
        declaration_reference(view, visit->declaration, visit->next_reference++);
    uint32_t file, declaration;
    switch (program_resolve(program, visit->owner, visit->file, reference, &file, &declaration)) {
    case NAME_MISSING: return true;
    case NAME_POISONED: learn(visit, visit->lowest, KEY_UNCACHEABLE); return true;
    case NAME_FOUND: break;
    }
    ProgramFile *target = program->file(program, file);
    KeyState state = target->key_states[declaration];
    if (state == KEY_UNKNOWN)
        push(stack, target, file, declaration);
    else if (state == KEY_VISITING)
        learn(visit, (uint32_t)target->interface_keys[declaration].low, KEY_CIRCULAR);
    else
        learn(visit, visit->lowest, state);
    return true;
}

/* All references of the top are followed: leaves it, and its component if it is the first. */
static void leave(Program *program, VisitStack *stack, ByteBuffer *key)
{
    uint32_t place = stack->top;
    Visit done = stack->visits[place];
    if (done.lowest == place) {
        key_component(program, &stack->visits[place], stack->count - place, done.state, key);
        stack->count = place;
    }
    stack->top = done.user;
    if (done.user != NO_USER)
        learn(&stack->visits[done.user], done.lowest, done.state);
}

void program_interface_keys(Program *program, uint32_t file, ByteBuffer *scratch)
{
    VisitStack stack = {.top = NO_USER};
    ProgramFile *owner = program->file(program, file);
    for (uint32_t i = 0; i < owner->declarations.count; i++) {
        if (owner->key_states[i] != KEY_UNKNOWN)
            continue;
        push(&stack, owner, file, i);
        while (stack.count != 0)
            if (!advance(program, &stack))
                leave(program, &stack, scratch);
    }
    memory_free(stack.visits);
}

void program_plain_interface_keys(const Program *program, const ProgramFile *file,
                                  ByteBuffer *scratch)
{
    for (uint32_t i = 0; i < file->declarations.count; i++) {
        if (file->key_states[i] != KEY_UNKNOWN ||
            file->declarations.items[i].interface_reference_count != 0)
            continue;
        scratch->size = 0;
        put_interface(file, i, scratch);
        file->interface_keys[i] = hash_keyed(program->secret, buffer_slice(scratch));
        file->key_states[i] = KEY_KNOWN;
    }
}

/* ---- unit keys --------------------------------------------------------------------------- */

Hash128 program_unit_key(Program *program, uint32_t file, uint32_t declaration,
                         ByteBuffer *scratch, bool *is_cacheable)
{
    const ProgramFile *owner = program->file(program, file);
    const Declaration *item = &owner->declarations.items[declaration];
    scratch->size = 0;
    key_put_hash(scratch, program->fingerprint);
    buffer_put_byte(scratch, symbol_kind(program, file,
                                         declaration_name(&owner->declarations, declaration)));
    key_put_hash(scratch, owner->interface_keys[declaration]);
    key_put_hash(scratch, item->body_hash);
    *is_cacheable = !is_worthless(owner->key_states[declaration]);
    for (uint32_t i = 0; i < item->body_reference_count; i++) {
        uint32_t number = item->interface_reference_count + i;
        *is_cacheable &= put_reference(
            program, owner, file,
            declaration_reference(&owner->declarations, declaration, number), scratch);
    }
    return hash_keyed(program->secret, buffer_slice(scratch));
}

/* Empty if the import leads nowhere. */
static Slice path_of_target(Program *program, const ProgramFile *owner,
                            const Reference *reference)
{
    if (reference->import == IMPORT_SELF)
        return owner->path;
    uint32_t target = owner->targets[reference->import];
    return target >= TARGET_ABSENT ? (Slice){"", 0} : program->file(program, target)->path;
}

Hash128 program_interface_digest(Program *program, uint32_t file, ByteBuffer *scratch)
{
    const ProgramFile *owner = program->file(program, file);
    const Declarations *view = &owner->declarations;
    scratch->size = 0;
    if (owner->interface.size != 0)
        key_put_hash(scratch, owner->interface_blob_hash);
    for (uint32_t i = 0; i < view->count; i++) {
        const Declaration *item = &view->items[i];
        key_put_slice(scratch, declarations_text(view, item->name));
        key_put_hash(scratch, item->interface_hash);
        buffer_put_u32(scratch, item->interface_reference_count);
        for (uint32_t r = 0; r < item->interface_reference_count; r++) {
            const Reference *reference = declaration_reference(view, i, r);
            key_put_slice(scratch, path_of_target(program, owner, reference));
            key_put_slice(scratch, declarations_text(view, reference->name));
        }
    }
    return hash_keyed(program->secret, buffer_slice(scratch));
}
