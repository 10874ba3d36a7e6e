/* SPDX-License-Identifier: MIT */
/* main names add. A new body of add leaves the key of main unchanged, a new interface does not. */
#include "unit_keys.h"

static ProgramFile file;

static ProgramFile *the_file(Program *program, uint32_t number)
{
    (void)program, (void)number;
    return &file;
}

static Hash128 key_of_main(const char *interface, const char *body)
{
    Arena arena = {0};
    ByteBuffer scratch = {0};
    Hash128 interface_keys[2];
    uint8_t key_states[2] = {0};
    bool is_cacheable;

    DeclarationsBuilder builder = {0};
    Declaration *add = declarations_add(&builder, slice_from("add"), 1, 1);
    add->interface_hash = hash_bytes(slice_from(interface));
    add->body_hash = hash_bytes(slice_from(body));
    declarations_add(&builder, slice_from("main"), 2, 1);
    declarations_add_reference(&builder, IMPORT_SELF, slice_from("add"), false);

    file = (ProgramFile){
        .path = slice_from("main.x"), .interface_keys = interface_keys, .key_states = key_states};
    declarations_view(declarations_finish(&builder, &arena), &file.declarations);
    Program program = {.file = the_file, .entry_point = slice_from("main")};
    program_interface_keys(&program, 0, &scratch);
    Hash128 key = program_unit_key(&program, 0, 1, &scratch, &is_cacheable);

    declarations_builder_free(&builder);
    buffer_free(&scratch);
    arena_free(&arena);
    return key;
}

int main(void)
{
    Hash128 key = key_of_main("(a, b)", "a + b");
    bool is_cut_off = hash_equal(key, key_of_main("(a, b)", "b + a"));
    bool is_followed = !hash_equal(key, key_of_main("(a, c)", "a + c"));
    return !(is_cut_off && is_followed);
}
