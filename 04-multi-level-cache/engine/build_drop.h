/* SPDX-License-Identifier: MIT */
/*
 * Drops what the caches keep of a program, so that the next build makes it again.
 *
 * An object that is gone is no reason to build: the section that it belongs to is in the output,
 * and nothing of it changed. So the manifest names the files of which something was dropped, and
 * the next build treats their sections as dirty. Objects first, the manifest after them: a process
 * killed in between leaves lost objects, which a build makes again when it needs them.
 *
 *     status = build_open(&build, &request);
 *     if (status == BUILD_OK)
 *         status = build_discover(build);
 *     if (status == BUILD_OK)
 *         status = build_drop(build, section, slice_from("add"), &dropped);
 *     build_close(build);
 *
 * What goes is what a build would use now. What is kept of earlier contents of a file stays, and so
 * does the output. Other entries of the cache directory make an object that they share again when
 * they need it.
 */
#ifndef BUILD_DROP_H
#define BUILD_DROP_H

#include "incremental_build.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct DropCounts {
    uint64_t lowered; /* lowered forms of files */
    uint64_t outputs; /* of units */
} DropCounts;

/* After build_discover. Drops the lowered form of a file and the outputs of its units or, if
 * `unit` is not empty, the output of the unit of that name and nothing else. A program with errors
 * is BUILD_PROGRAM_WRONG and keeps what it has; a name that the file does not have, BUILD_MISUSED. */
BuildStatus build_drop(Build *build, uint32_t section, Slice unit, DropCounts *dropped);

/* Drops all objects in the cache directory, also those of other entries and of earlier contents.
 * `dropped` counts them. */
BuildStatus build_drop_all(Build *build, DropCounts *dropped);

#ifdef __cplusplus
}
#endif
#endif
