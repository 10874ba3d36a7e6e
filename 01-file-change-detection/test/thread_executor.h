/* SPDX-License-Identifier: MIT */
/* The plainest executor with threads: for tests that show that a loop does not mind being run by
 * several, and for ThreadSanitizer, which watches them. */
#ifndef THREAD_EXECUTOR_H
#define THREAD_EXECUTOR_H

#include "executor.h"

/* Four threads, made anew for each loop. Shared, stateless. */
extern Executor thread_executor;

#endif
