/* SPDX-License-Identifier: MIT */
/*
 * An output at one moment, for the demo to inspect.
 *
 *     View view;
 *     view_open(&view, "out.ll", OUTPUT_BLOCK);
 *     ... view.sections ...
 *     view_close(&view);
 */
#ifndef DEMO_VIEW_H
#define DEMO_VIEW_H

#include "file_marker.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct View {
    Arena arena;
    Slice bytes;
    OutputSections sections;
} View;

/* 0, or a negative errno, and then there are no sections. Markers count only at multiples of
 * `alignment`. */
int view_open(View *view, const char *path, size_t alignment);
void view_close(View *view);

/* The word of the contract: unchanged, changed, new, removed. */
const char *section_verdict(SectionDifference difference);

/* The path as in the marker, in one line and without a colon. It is in the arena. */
Slice path_in_marker(Slice path, Arena *arena);

#ifdef __cplusplus
}
#endif

#endif
