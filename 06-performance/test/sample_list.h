/* SPDX-License-Identifier: MIT */
/* The sample programs in ../samples. */
#ifndef SAMPLE_LIST_H
#define SAMPLE_LIST_H

#include <stddef.h>

enum { MAX_SAMPLES = 100 };

const char *samples_directory(void);

/* The subdirectories that hold a main.mini, sorted; the caller frees each. */
size_t list_samples(const char *directory, char *names[MAX_SAMPLES]);

/* The file `expected` of a sample, NUL-terminated; the caller frees. */
char *read_expected(const char *sample);

#endif
