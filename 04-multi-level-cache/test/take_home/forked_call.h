/* SPDX-License-Identifier: MIT */
/*
 * The seam for a compiler that keeps globals, exits at the first error or crashes: each call runs
 * in a child process, and what it leaves behind ends with the child.
 *
 * The child starts with the globals as they are in the parent, which never runs the compiler
 * itself. It ends with _exit: the parent's buffers are not written twice. What the child needs from
 * outside it asks the parent for, because only the parent can record an answer.
 *
 *     static bool compile(void *context, ForkedChild *child, ByteBuffer *result)
 *     {
 *         Slice text = forked_ask(child, slice_from("list.h"));
 *         ...                                            false, or _exit: the call fails
 *     }
 *
 *     int error = forked_call(compile, context, answer, &sources, &result);
 */
#ifndef FORKED_CALL_H
#define FORKED_CALL_H

#include "memory.h"

#include <stdbool.h>

typedef struct ForkedChild { /* the child's ends of two pipes */
    int to_parent, from_parent;
} ForkedChild;

/* In the child. False, _exit and a signal mean that there is no result. */
typedef bool (*ForkedRun)(void *context, ForkedChild *child, ByteBuffer *result);

/* In the parent: appends the answer to a question. */
typedef void (*ForkedAnswer)(void *context, Slice question, ByteBuffer *answer);

/* Asks the parent, in the child. The answer lives as long as the child. */
Slice forked_ask(ForkedChild *child, Slice question);

/* Appends to `result`. 0; -ECHILD if the child failed, and the result is empty; or another negative
 * errno if there is no child. */
int forked_call(ForkedRun run, void *context, ForkedAnswer answer, void *answer_context,
                ByteBuffer *result);

#endif
