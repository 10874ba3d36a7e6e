/* SPDX-License-Identifier: MIT */
/*
 * Random edits of random programs: after each, the executable that is patched is that of a build
 * from nothing, byte for byte, whatever was there before and with any number of workers. In every
 * second walk only 8 bits of a hash count, so that nearly all symbols have an equal.
 *
 * IMAGE_EDITS_SEEDS and IMAGE_EDITS_STEPS in the environment say how much to try, and
 * IMAGE_EDITS_SEED where to begin.
 */
#include "image_project.h"
#include "random_edit.h"
#include "work_pool.h"

#include <stdlib.h>

enum { POOLS = 2 };

typedef struct Walk {
    ImageProject image;
    RandomProject model;
    WorkPool pools[POOLS];
    unsigned built;   /* programs without errors */
    unsigned patched; /* images of these */
} Walk;

static void walk_open(Walk *walk, uint64_t seed)
{
    *walk = (Walk){0};
    image_project_open(&walk->image, seed % 2 == 0 ? 8 : 0);
    random_project_init(&walk->model, seed, (RandomShape)(seed / 2 % SHAPES));
    for (unsigned i = 0; i < POOLS; i++)
        work_pool_init(&walk->pools[i], i == 0 ? 1 : 4);
}

static void walk_close(Walk *walk)
{
    for (unsigned i = 0; i < POOLS; i++)
        work_pool_free(&walk->pools[i]);
    image_project_close(&walk->image);
}

/* True if the image, or the lack of one, is that of a build from nothing. */
static bool take_step(Walk *walk)
{
    size_t size;
    MiniProject *mini = &walk->image.mini;
    random_project_write(&walk->model, &mini->scratch);
    mini->executor = &walk->pools[random_below(&walk->model, POOLS)].executor;
    mini_project_build(mini);
    char *clean = mini_project_clean_output(mini, &size);
    bool is_right = (mini->status == BUILD_OK) == (clean != NULL) &&
                    (clean == NULL || mini_project_output_is(mini, slice_of(clean, size)));
    free(clean);
    if (mini->status != BUILD_OK)
        return is_right;
    walk->built++;
    walk->patched += mini->patch.strategy == PATCH_IN_PLACE;
    if (walk->built % 20 == 0) {
        mini_project_expect_verified(mini, "a patched image");
        image_project_expect_run(&walk->image, "", 0);
    }
    return is_right;
}

static void random_edits_leave_the_image_of_a_build_from_nothing(void **state)
{
    (void)state;
    uint64_t first = number_from("IMAGE_EDITS_SEED", 1);
    uint64_t seeds = number_from("IMAGE_EDITS_SEEDS", 6);
    uint64_t steps = number_from("IMAGE_EDITS_STEPS", 50);
    unsigned built = 0, patched = 0;
    for (uint64_t seed = first; seed < first + seeds; seed++) {
        Walk walk;
        walk_open(&walk, seed);
        for (uint64_t i = 0; i < steps; i++) {
            random_project_edit(&walk.model, seed << 32 | i);
            if (!take_step(&walk))
                fail_msg("IMAGE_EDITS_SEED=%llu, step %llu, %.*s: the image differs",
                         (unsigned long long)seed, (unsigned long long)i,
                         (int)walk.model.last_edit.size, walk.model.last_edit.data);
        }
        built += walk.built;
        patched += walk.patched;
        walk_close(&walk);
    }
    print_message("# tried: %llu random edits from seed %llu on; %u of the programs were right, "
                  "and %u images patched\n",
                  (unsigned long long)(seeds * steps), (unsigned long long)first, built, patched);
    assert_true(built > seeds * steps / 4);
    assert_true(patched > built / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_edits_leave_the_image_of_a_build_from_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
