/* SPDX-License-Identifier: MIT */
/*
 * Imports that lead nowhere, told at the line that imports.
 *
 * Private to discovery. A file that does not exist is the program's mistake; a file that exists
 * and cannot be read is the machine's, and no matter for this file.
 */
#ifndef WRONG_IMPORTS_H
#define WRONG_IMPORTS_H

#include "graph_walk.h"

/* Is this what comes of reading a file whose import is a mistake? */
bool wrong_import_error(int error);

/* Adds a diagnostic for each import that leads nowhere. The files of the walk are in the cache's
 * table by now, input->last, which lends the paths of the diagnostics. 0, or -EBADMSG if there is
 * such an import. */
int wrong_imports_tell(const GraphWalk *walk, const WalkInput *input);

#endif
