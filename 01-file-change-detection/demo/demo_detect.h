/* SPDX-License-Identifier: MIT */
/*
 * The program of this stage's contract: it reports what changed since its last look.
 */
#ifndef DEMO_DETECT_H
#define DEMO_DETECT_H

#ifdef __cplusplus
extern "C" {
#endif

/* One look at the project whose entry is in the working directory. Prints the contract's facts and
 * returns its exit status. */
int detect(const char *entry);

/* The same, with a hash for each file over it and everything that it imports. */
int detect_below(const char *entry);

#ifdef __cplusplus
}
#endif

#endif
