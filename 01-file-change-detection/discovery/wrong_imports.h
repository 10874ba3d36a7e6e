/* SPDX-License-Identifier: MIT */
/*
 * Imports that lead nowhere, reported at the importing line.
 *
 * Private to discovery. A file that does not exist is the program's mistake. A file that exists
 * and cannot be read is the machine's, and is not handled here.
 */
#ifndef WRONG_IMPORTS_H
#define WRONG_IMPORTS_H

#include "next_table.h"

/* Does this error of reading a file mean that its import is a mistake? */
bool wrong_import_error(int error);

/* Adds a diagnostic for each import that leads nowhere: its number in the new table, which lends the
 * paths of the diagnostics, is FILE_NONE. 0, or -EBADMSG if there is such an import. */
int wrong_imports_report(const NextTable *now, const Discovery *found, const GraphWalk *walk,
                         const WalkInput *input);

#endif
