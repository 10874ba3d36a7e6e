/* SPDX-License-Identifier: MIT */
/*
 * For the one file of a test that asks for more memory than there is: under a sanitizer, too, malloc
 * then returns NULL like any other, and does not end the process itself.
 */
#ifndef FAILING_MALLOC_H
#define FAILING_MALLOC_H

const char *__asan_default_options(void);
const char *__tsan_default_options(void);

const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

const char *__tsan_default_options(void)
{
    return "allocator_may_return_null=1";
}

#endif
