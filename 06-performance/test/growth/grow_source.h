/* SPDX-License-Identifier: MIT */
/* Writing a program that grows, and the lists of what can grow in one. */
#ifndef GROW_SOURCE_H
#define GROW_SOURCE_H

/* ---- writing --------------------------------------------------------------------------------- */

/* Each writes into the file opened last; the first one is main.mini. */
void open_file(const char *name);
void open_numbered(int number); /* m7.mini */

#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
void put(const char *format, ...);

/* `text` n times; each %d in it is the number of the repetition. */
void repeat(int n, const char *text);

/* A `main` that does nothing; a `main` of `before`, then `text` n times; the declarations `text` n
 * times, and a `main`. */
void put_main(void);
void body(int n, const char *before, const char *text);
void top(int n, const char *text);

/* ---- what grows ------------------------------------------------------------------------------ */

typedef struct Construct {
    const char *name;
    void (*write)(int n);
    int n; /* the first size measured */
    const char *verdict;
} Construct;

#define RIGHT(function, n) {#function, function, n, "right"}
#define WRONG(function, n, error) {#function, function, n, error}

/* Each ends with {0}. */
extern const Construct growing_code[], growing_values[], growing_mistakes[];

#endif
