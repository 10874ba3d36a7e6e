/* SPDX-License-Identifier: MIT */
/*
 * Edits of a random project.
 *
 * Text that an edit does not touch stays the same to the byte, so that the incremental build sees
 * it as a person's edit. Some edits break the program on purpose, and a later one mends it.
 *
 * The same number makes the same edit of the same project. An edit can be left out without changing
 * what the others draw: so a failing walk is shrunk to the few edits that matter.
 */
#ifndef RANDOM_EDIT_H
#define RANDOM_EDIT_H

#include "random_project.h"

/* Makes the edit of that number; `last_edit` and `last_file` say what it did. */
void random_project_edit(RandomProject *project, uint64_t number);

#endif
