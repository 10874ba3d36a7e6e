/* SPDX-License-Identifier: MIT */
/*
 * An interface key first needs the keys of what the interface refers to: a depth-first walk. A
 * chain of ten thousand constants must not take ten thousand stack frames, so the walk keeps its
 * own stack of (file, declaration, next reference).
 *
 * Meeting a declaration that is on the stack means a cycle, and the top frame is marked. A frame
 * that finishes with a mark passes it to the frame below, which refers to it: the mark reaches the
 * whole cycle and everything that leads into it. It is exact (a declaration finished without a mark
 * refers only to others finished without one) and costs nothing per cycle. A reference to something
 * poisoned sets the same mark.
 */
#include "unit_keys.h"

#include <stdlib.h>

typedef struct Frame {
    ProgramFile *owner;
    uint32_t file, declaration, next_reference;
} Frame;

typedef struct FrameStack {
    Frame *frames;
    size_t count, capacity;
} FrameStack;

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

/* Puts what a reference leads to: symbol and interface key, or that it is not found. False if it
 * leads into a cycle or to something poisoned: the key being made is worthless. */
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
    if (found->key_states[target] != KEY_KNOWN)
        return false;
    Slice name = declaration_name(&found->declarations, target);
    buffer_put_byte(key, symbol_kind(program, target_file, name));
    key_put_hash(key, found->interface_keys[target]);
    return true;
}

/* ---- interface keys ---------------------------------------------------------------------- */

static void begin_interface_key(const ProgramFile *owner, uint32_t declaration, ByteBuffer *key)
{
    key->size = 0;
    key_put_slice(key, owner->path);
    key_put_slice(key, declaration_name(&owner->declarations, declaration));
    key_put_hash(key, owner->declarations.items[declaration].interface_hash);
    if (owner->interface.size != 0)
        key_put_hash(key, owner->interface_blob_hash);
}

static void push(FrameStack *stack, ProgramFile *owner, uint32_t file, uint32_t declaration)
{
    if (stack->count == stack->capacity) {
        stack->capacity = stack->capacity == 0 ? 64 : stack->capacity * 2;
        stack->frames = memory_resize(stack->frames, stack->capacity * sizeof *stack->frames);
    }
    stack->frames[stack->count++] = (Frame){owner, file, declaration, 0};
    owner->key_states[declaration] = KEY_VISITING;
}

/* Follows the frame's next reference. False when none is left. */
static bool advance(Program *program, FrameStack *stack)
{
    Frame *frame = &stack->frames[stack->count - 1];
    const Declaration *item = &frame->owner->declarations.items[frame->declaration];
    if (frame->next_reference == item->interface_reference_count)
        return false;
    const Reference *reference = declaration_reference(
        &frame->owner->declarations, frame->declaration, frame->next_reference++);
    uint32_t file, declaration;
    ProgramFile *target = NULL;
    uint8_t state = KEY_UNCACHEABLE; /* for something poisoned */
    switch (program_resolve(program, frame->owner, frame->file, reference, &file, &declaration)) {
    case NAME_MISSING: return true;
    case NAME_POISONED: break;
    case NAME_FOUND:
        target = program->file(program, file);
        state = target->key_states[declaration];
    }
    if (state == KEY_UNKNOWN)
        push(stack, target, file, declaration);
    else if (state != KEY_KNOWN)
        frame->owner->key_states[frame->declaration] = KEY_UNCACHEABLE;
    return true;
}

/* All references of the top frame are known: makes its key and pops it. */
static void finish(Program *program, FrameStack *stack, ByteBuffer *key)
{
    Frame frame = stack->frames[--stack->count];
    const Declarations *view = &frame.owner->declarations;
    uint8_t *state = &frame.owner->key_states[frame.declaration];
    begin_interface_key(frame.owner, frame.declaration, key);
    for (uint32_t i = 0; i < view->items[frame.declaration].interface_reference_count; i++)
        put_reference(program, frame.owner, frame.file,
                      declaration_reference(view, frame.declaration, i), key);
    frame.owner->interface_keys[frame.declaration] =
        hash_keyed(program->secret, buffer_slice(key));
    if (*state == KEY_VISITING) {
        *state = KEY_KNOWN;
    } else if (stack->count != 0) {
        const Frame *user = &stack->frames[stack->count - 1];
        user->owner->key_states[user->declaration] = KEY_UNCACHEABLE;
    }
}

void program_interface_keys(Program *program, uint32_t file, ByteBuffer *scratch)
{
    FrameStack stack = {0};
    ProgramFile *owner = program->file(program, file);
    for (uint32_t i = 0; i < owner->declarations.count; i++) {
        if (owner->key_states[i] != KEY_UNKNOWN)
            continue;
        push(&stack, owner, file, i);
        while (stack.count != 0)
            if (!advance(program, &stack))
                finish(program, &stack, scratch);
    }
    free(stack.frames);
}

void program_plain_interface_keys(const Program *program, const ProgramFile *file,
                                  ByteBuffer *scratch)
{
    for (uint32_t i = 0; i < file->declarations.count; i++) {
        if (file->key_states[i] != KEY_UNKNOWN ||
            file->declarations.items[i].interface_reference_count != 0)
            continue;
        begin_interface_key(file, i, scratch);
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
    *is_cacheable = owner->key_states[declaration] == KEY_KNOWN;
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
    return target == TARGET_NONE ? (Slice){"", 0} : program->file(program, target)->path;
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
