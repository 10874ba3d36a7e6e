/* SPDX-License-Identifier: MIT */
/*
 * Shared by the commands that compile: the compiler, the key, the workers, the progress, one build,
 * and its report. Private to minic.
 */
#ifndef BUILD_SESSION_H
#define BUILD_SESSION_H

#include "invocation.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Looks at what -o names before anything is compiled. Output to a descriptor, a FIFO or a device is
 * gone afterwards: a command that must read the output again refuses it, with one of these two (":
 * run needs an output that is a file"; NULL: it is allowed). An exit status. */
int build_session_look_at_output(Invocation *invocation, const char *stream_refusal,
                                 const char *special_refusal);

/* Calls `work` between opening and closing all that a build needs. The cache is locked until it
 * returns. An exit status: that of the first failure. */
int build_session(Invocation *invocation, int (*work)(Invocation *invocation));

/* For `work`: the build request that the command line makes. */
BuildRequest build_session_request(Invocation *invocation);

/* For `work`: opens the build, plans it, emits, and reports problems and --stats. With
 * `writes_output` it also writes the output; without, no output is looked at. `stats` is filled in
 * if the status is BUILD_OK or BUILD_PROGRAM_WRONG. */
BuildStatus build_session_build(Invocation *invocation, bool writes_output, BuildStats *stats);

/* Does the error (positive) say that a place may be read, and not written? With may_go_elsewhere, a
 * build that fails so does not report it, and sets read_only_error. */
bool build_session_is_read_only(int error);

/* For `work`: opens the build and finds the files of the program, and nothing more. */
BuildStatus build_session_discover(Invocation *invocation);

/* After that: the number of a file that is named as errors name it (from the working directory), or
 * as decisions do (from the entry's directory). FILE_NONE if the program has no such file. */
uint32_t build_session_find_file(const Invocation *invocation, Slice name);

/* "NAME: MAIN.MINI has no such file"; returns the exit status. */
int build_session_refuse_file(const Invocation *invocation, const char *name);

#ifdef __cplusplus
}
#endif
#endif
