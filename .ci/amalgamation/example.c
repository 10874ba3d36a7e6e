/* SPDX-License-Identifier: MIT */
#include "content_hash.h"

#include <stdio.h>

int main(void)
{
    char hex[HASH_HEX_SIZE + 1];
    hash_to_hex(hash_bytes(slice_from("an incremental compiler")), hex);
    return puts(hex) < 0;
}
