/* SPDX-License-Identifier: MIT */
/* The plainest executor with threads: for tests that a loop may run on several threads, and for
 * ThreadSanitizer. */
#ifndef THREAD_EXECUTOR_H
#define THREAD_EXECUTOR_H

#include "executor.h"

/* Four threads, created for each loop. Shared, stateless. */
extern Executor thread_executor;

#endif
