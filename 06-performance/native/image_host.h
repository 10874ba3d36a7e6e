/* SPDX-License-Identifier: MIT */
/*
 * The dynamic linker and the C library that programs on this machine use: those of the process that
 * asks. Nothing is searched for, and what works for the compiler works for its programs.
 */
#ifndef IMAGE_HOST_H
#define IMAGE_HOST_H

#include "image_head.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifdef IMAGES_RUN_HERE /* a test compiles image_host.c as another machine would */
#elif defined(__linux__) && defined(__x86_64__)
#define IMAGES_RUN_HERE 1
#else
#define IMAGES_RUN_HERE 0
#endif

typedef struct ImageHost {
    char interpreter[256];
    char libraries[2][64]; /* the C library, and that of mathematics if it is one of its own */
    const char *names[2];
} ImageHost;

/* NULL; or why this machine cannot run images, as the end of a sentence. All callers ask here:
 * what was compiled for another machine then differs in image_host.c alone. */
const char *image_host_why_not(void);

/* Fills in what `settings` lends from `host`. Returns what image_host_why_not does. One thread. */
const char *image_host_find(ImageHost *host, ImageSettings *settings);

#ifdef __cplusplus
}
#endif
#endif
