/* SPDX-License-Identifier: MIT */
/*
 * Are the output and its record right?
 *
 * The part of build_verify.h that concerns stage 5. The program's sections, emitted in memory, are
 * put together as in a clean build and compared with the bytes of the output and with the recorded
 * hash and size of each section. Nothing is written.
 *
 *     status = build_verify(build, &verification);
 *     if (status == BUILD_OK)
 *         status = output_verify(build, NULL, NULL, &verification);
 *
 * Cost: one pass over the output. Threads: through the build's executor.
 */
#ifndef OUTPUT_VERIFY_H
#define OUTPUT_VERIFY_H

#include "build_verify.h"
#include "output_format.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Compares the output at `path` in a format (NULL: text), or, if it is NULL, the one that the last build wrote. The subject
 * of a difference is the path of the output or of the section. After a change of sources or
 * settings the output differs with good reason, and nothing is compared. An output that went to a
 * FIFO or a device is not kept, and not compared either. BUILD_OK or BUILD_MACHINE_FAILED. */
BuildStatus output_verify(Build *build, const char *path, OutputFormat *format,
                          Verification *verification);

#ifdef __cplusplus
}
#endif
#endif
