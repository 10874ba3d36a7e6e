/* SPDX-License-Identifier: MIT */
/*
 * Finds the imports of a Mini source without parsing it.
 *
 * Imports come before all other declarations: the scanner stops at the first token that is neither
 * an import nor a comment. In a file of a thousand lines it reads the first few. It must agree with
 * the parser of stage 2 on every source that parses; a property test compares the two.
 */
#ifndef IMPORT_SCANNER_H
#define IMPORT_SCANNER_H

#include "discovery.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A ScanImports; `language` is not used. Line and column are those of the path's quote. */
void mini_scan_imports(void *language, Slice source, ImportScan *scan);

#ifdef __cplusplus
}
#endif
#endif
