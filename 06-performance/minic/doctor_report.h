/* SPDX-License-Identifier: MIT */
/*
 * The facts about a file system, in words for people and as JSON for scripts.
 *
 *     file_system_probe(&facts, cache_fd, project_fd);
 *     doctor_report_text(&facts, &text);
 */
#ifndef DOCTOR_REPORT_H
#define DOCTOR_REPORT_H

#include "file_system_probe.h"
#include "memory.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Both append to `text`. */
void doctor_report_text(const FileSystemFacts *facts, ByteBuffer *text);
void doctor_report_json(const FileSystemFacts *facts, ByteBuffer *text); /* one line */

#ifdef __cplusplus
}
#endif
#endif
