/* SPDX-License-Identifier: MIT */
/*
 * The parts of an incremental compiler that know no language, @STAGES@, in one file. @PREFIX@.h says
 * how it was made and how it is used.
 *
 *     cc -std=c11 -c @PREFIX@.c
 *
 * It may also be included into a program's only file, as the first thing there.
 */
#ifdef __cplusplus
#error "@PREFIX@.c is C; C++ can include @PREFIX@.h"
#endif

#ifdef INCLUDE_STB_DS_H
#error "@PREFIX@.c must be included before stb_ds.h"
#endif

