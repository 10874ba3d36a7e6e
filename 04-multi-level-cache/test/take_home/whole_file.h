/* SPDX-License-Identifier: MIT */
/* The smallest compiler that can be plugged in: a file is one unit, and its code is its text. */
#ifndef WHOLE_FILE_H
#define WHOLE_FILE_H

#include "compiler.h"

Compiler whole_file_compiler(void);

#endif
