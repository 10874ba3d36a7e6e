/* SPDX-License-Identifier: MIT */
/* CASE=name runs one case of a test program: `make test ONLY=test_memory CASE=name`. The name
 * may contain * and ?. */
#include "scratch.h"

#include <stdlib.h>

__attribute__((constructor)) static void run_one_case(void)
{
    const char *name = getenv("CASE");
    if (name != NULL && name[0] != '\0')
        cmocka_set_test_filter(name);
}
