/* SPDX-License-Identifier: MIT */
/*
 * What is the value of a name? For imports that lead to no file.
 *
 * Private to discovery. As with paths (asked_paths.h), each is asked for once, however many imports
 * name it, and those of the last build first. Of a value only a hash is kept: it may be a secret.
 */
#ifndef ASKED_VALUES_H
#define ASKED_VALUES_H

#include "discovery.h"

typedef struct AskedValue {
    Slice name; /* NUL-terminated */
    uint32_t kind;
    Hash128 content; /* {0}: it has none */
    bool is_used;    /* an import of the new table asks for it */
    uint32_t number; /* its place among the values there */
} AskedValue;

typedef struct AskedValues AskedValues;

/* Asks for the values of the last build. `last` is lent while values are asked for. */
AskedValues *asked_values_open(const DiscoveryRequest *request, const FileHashCache *last);

/* The value of the last build at this place; and whether it is another one now. */
AskedValue *asked_values_last(const AskedValues *asked, uint32_t place);
bool asked_values_differs(const AskedValues *asked, uint32_t place);

/* Any thread. */
AskedValue *asked_values_get(AskedValues *asked, uint32_t kind, Slice name);

/* Numbers the values with `is_used` set, by name and kind; returns them. Freed by close. */
const FileValue *asked_values_number(AskedValues *asked, uint32_t *count);

/* How many were asked for. */
uint64_t asked_values_count(const AskedValues *asked);

void asked_values_close(AskedValues *asked); /* may be NULL */

#endif
