/* SPDX-License-Identifier: MIT */
/*
 * The smallest language that needs all of the build engine: for tests, and as an example of how
 * little a front end must provide. A file is a list of lines:
 *
 *     # comment
 *     import "lib/other.line" as other
 *     unit NAME(PARAMETERS) BODY         others see name and parameters; parameters and body are
 *     optional
 *     declare SYMBOL LINE                a line that the prelude of the program must hold
 *
 * In parameters and bodies `$name` and `$other.name` refer to units, and `\n` is a line break.
 * A unit is emitted as one line, its references replaced by what they name:
 *
 *     unit add(a b) sum                  math.line:add(a b) sum
 *     unit main calls $math.add          main() calls <math.line:add(a b)>
 *
 * Parameters that lead back to themselves have no end, and are an error. `&` instead of `$` allows
 * them: where it leads back, it writes only the symbol.
 *
 *     unit node(&node)
 *     unit main walks &node              main() walks &<list.line:node(&list.line:node)>
 *
 * There are warnings. Lowering has one for each line of this form, and adds a note to the start of
 * the file, if there is one. Emitting has one for a body with a `?`, at its first, and one for each
 * name of a unit whose parameters begin with a `!`, with a note to that unit.
 *
 *     todo TEXT
 *     todo in "lib/other.line" TEXT
 *
 * With a list of directories, a path is looked for beside its file and then in each of them; one in
 * angle brackets only in these. `import?` may lead nowhere, and `~` instead of `$` writes what it
 * names, or "nothing".
 *
 *     import <io.line> as io
 *     import? "config.line" as config
 *     unit main starts ~config.level
 */
#ifndef LINE_LANGUAGE_H
#define LINE_LANGUAGE_H

#include "compiler.h"

/* The plug. `settings` stands for a compiler's flags. */
Compiler line_language(const char *settings);

/* For its emit_file: emits one unit after the other. */
void line_emit_file(void *language, UnitEmission *units, size_t count, Arena *scratch);

/* The same with directories to look in: absolute or from the entry's, ending in NULL. They are
 * lent, and part of the fingerprint. */
Compiler line_language_searching(const char *settings, const char *const *directories);

#endif
