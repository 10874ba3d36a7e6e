/* SPDX-License-Identifier: MIT */
/* Keeps the code of each function under a hash of all that decides it: 2, 0 and 1 are compiled. */
#include "air_cache.h"
#include "cache_mark.h"

#include <stdio.h>

typedef struct Function {
    const char *name, *parameters, *body, *callee_parameters;
} Function;

static int build(int dir_fd, const Function functions[2])
{
    AirCache cache = {0};
    Arena arena = {0}; /* holds what is put until the commit: the cache takes no copy before */
    int compiled = 0, error = air_cache_open(&cache, dir_fd);
    for (const Function *f = functions; error == 0 && f < functions + 2; f++) {
        ByteBuffer key = {.arena = &arena}, code = {.arena = &arena};
        Slice kept;
        const char *parts[] = {"toy 1.0", f->name, f->parameters, f->body, f->callee_parameters};
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
            key_put_slice(&key, slice_from(parts[i]));
        Hash128 hash = hash_bytes(buffer_slice(&key));
        if (air_cache_get(&cache, hash, &kept))
            continue;
        buffer_put_format(&code, "%s%s: %s\n", f->name, f->parameters, f->body); /* "compiles" */
        air_cache_put(&cache, hash, buffer_slice(&code));
        compiled++;
    }
    error = error != 0 ? error : air_cache_commit(&cache, false, NULL);
    air_cache_close(&cache);
    arena_free(&arena);
    return error != 0 ? error : compiled;
}

int main(void)
{
    Function program[] = {{"add", "(a, b)", "a + b", ""}, {"main", "()", "add(1, 2)", "(a, b)"}};
    int dir_fd = cache_mark_open("small_cache");
    int first = build(dir_fd, program), again = build(dir_fd, program);
    program[0].body = "b + a";
    int edited = build(dir_fd, program);
    printf("compiled %d, %d, %d\n", first, again, edited);
    return again != 0 || first != 2 * edited; /* a second run finds all: 0, 0, 0 */
}
