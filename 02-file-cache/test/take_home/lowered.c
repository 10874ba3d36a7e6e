/* SPDX-License-Identifier: MIT */
/* A one-line front end with a cached result. */
#include "cache_mark.h"
#include "zir_cache.h"

static void lower(Slice source, Arena *arena, Lowered *lowered)
{
    DeclarationsBuilder builder = {0};
    Declaration *all = declarations_add(&builder, slice_from("all"), 1, 1);
    all->body_hash = hash_bytes(source);
    lowered->declarations = declarations_finish(&builder, arena);
    lowered->ir = slice_of(arena_copy(arena, source), source.size);
    declarations_builder_free(&builder);
}

int main(void)
{
    ZirCache cache;
    Arena arena = {0};
    Lowered lowered = {0}, found;
    Slice source = slice_from("let it be");
    int dir_fd = cache_mark_open("my_cache");
    if (dir_fd < 0 || zir_cache_open(&cache, dir_fd, hash_bytes(slice_from("compiler 1.0"))) != 0)
        return 1;
    lower(source, &arena, &lowered);
    zir_cache_put(&cache, hash_bytes(source), &lowered);
    bool is_right = zir_cache_get(&cache, hash_bytes(source), &found) &&
                    slice_equal(found.ir, source) && zir_cache_commit(&cache, false, NULL) == 0;
    zir_cache_close(&cache);
    arena_free(&arena);
    return !is_right;
}
