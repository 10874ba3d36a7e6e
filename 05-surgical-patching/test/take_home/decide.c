/* SPDX-License-Identifier: MIT */
/* One section of a thousand changed in an output of a megabyte; and then somebody linked it. */
#include "patch_strategy.h"

int main(void)
{
    PatchReason reason;
    PatchSituation situation = {
        .had_state = true,
        .same_output_path = true,
        .output_exists = true,
        .output_is_plain = true,
        .output_is_writable = true,
        .output_is_whole = true,
        .output_is_untouched = true,
        .writes = 1,
        .bytes_dirty = 1000,
        .bytes_total = 1000000,
        .sections_clean = 999,
    };
    if (patch_strategy_choose(&situation, &reason) != PATCH_IN_PLACE)
        return 1;
    situation.output_is_plain = false;
    return !(patch_strategy_choose(&situation, &reason) == PATCH_REASSEMBLE &&
             reason == REASON_OUTPUT_LINKED);
}
