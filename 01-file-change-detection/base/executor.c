/* SPDX-License-Identifier: MIT */
#include "executor.h"

static void run_serial(Executor *executor, size_t count, ExecutorItem item, void *arg)
{
    (void)executor;
    for (size_t i = 0; i < count; i++)
        item(arg, i, 0);
}

Executor executor_serial = {1, run_serial, run_serial, NULL};
