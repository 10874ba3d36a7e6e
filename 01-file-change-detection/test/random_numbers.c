/* SPDX-License-Identifier: MIT */
#include "random_numbers.h"

#include "scratch.h"

#include <stdlib.h>
#include <time.h>

Random random_begin(void)
{
    const char *seed = getenv("SEED");
    bool is_given = seed != NULL && seed[0] != '\0';
    Random random = {is_given ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL)};
    print_message("SEED=%llu\n", (unsigned long long)random.state);
    return random;
}

uint32_t random_draw(Random *random, uint32_t limit)
{
    random->state = random->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random->state >> 33) % limit;
}
