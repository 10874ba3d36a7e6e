/* SPDX-License-Identifier: MIT */
#include "cache_name.h"

#include "cache_mark.h"

#include <stdlib.h>
#include <string.h>

static const char digits[] = "0123456789";
static const char hex_digits[] = "0123456789abcdef";
static const char letters[] = "abcdefghijklmnopqrstuvwxyz";

/* Steps over `word` at the front of the rest of a name. */
static bool skip(const char **rest, const char *word)
{
    size_t size = strlen(word);
    if (strncmp(*rest, word, size) != 0)
        return false;
    *rest += size;
    return true;
}

static bool parse_number(const char **rest, uint64_t *number)
{
    size_t size = strspn(*rest, digits);
    if (size == 0 || size > 20)
        return false;
    *number = strtoull(*rest, NULL, 10);
    *rest += size;
    return true;
}

/* The first of the words that is whole at the front. */
static bool skip_one_of(const char **rest, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *after = *rest;
        if (skip(&after, words[i]) && (*after == '\0' || *after == '.')) {
            *rest = after;
            return true;
        }
    }
    return false;
}

static bool parse_shared(const char **rest)
{
    static const char *const names[] = {"zir.pack",  "zir.index",  "air.pack", "air.index",
                                        "used_bytes", "entries", "clock", "secret"};
    return skip_one_of(rest, names, sizeof names / sizeof *names);
}

static bool parse_table(const char **rest, CacheName *parsed)
{
    size_t size = strspn(*rest, letters);
    if (size == 0 || size >= TABLE_NAME_SIZE)
        return false;
    memcpy(parsed->table, *rest, size);
    *rest += size;
    if (!skip(rest, ".") || !parse_number(rest, &parsed->generation))
        return false;
    skip(rest, ".journal");
    return true;
}

/* How long the id at the front is; 0: there is none. */
static size_t id_size(const char *rest)
{
    size_t size = strspn(rest, hex_digits);
    if (size == PROGRAM_ID_SIZE && rest[size] == '-') {
        size_t product = strspn(rest + size + 1, hex_digits);
        size = product == PRODUCT_ID_SIZE ? ENTRY_ID_SIZE : 0;
    }
    return (size == PROGRAM_ID_SIZE || size == ENTRY_ID_SIZE) && rest[size] == '.' ? size : 0;
}

static bool parse_of_entry(const char **rest, CacheName *parsed)
{
    static const char *const manifest[] = {"manifest"}, *const others[] = {"spare", "unsettled"},
                      *const latest[] = {"latest"};
    size_t size = id_size(*rest);
    if (size == 0)
        return false;
    memcpy(parsed->id, *rest, size);
    *rest += size + 1;
    parsed->is_manifest = skip_one_of(rest, manifest, 1);
    parsed->is_latest = size == PROGRAM_ID_SIZE && skip_one_of(rest, latest, 1);
    return parsed->is_manifest || parsed->is_latest || skip_one_of(rest, others, 2) ||
           parse_table(rest, parsed);
}

/* What may follow the name of an unfinished file. */
static bool parse_temporary(const char **rest)
{
    uint64_t process;
    if (!skip(rest, ".tmp"))
        return false;
    return **rest == '\0' || (skip(rest, ".") && parse_number(rest, &process));
}

bool cache_name_parse(const char *name, CacheName *parsed)
{
    *parsed = (CacheName){.is_temporary = cache_mark_is_trial(name)};
    if (parsed->is_temporary)
        return true;
    if (!parse_shared(&name) && !parse_of_entry(&name, parsed))
        return false;
    if (*name == '\0')
        return true;
    parsed->is_temporary = parse_temporary(&name);
    parsed->is_manifest &= !parsed->is_temporary;
    return parsed->is_temporary && *name == '\0';
}
