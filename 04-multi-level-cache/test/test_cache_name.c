/* SPDX-License-Identifier: MIT */
/* Names of ours are matched whole. */
#include "cache_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#define ID "0123456789abcdef"
#define PRODUCT ID "-01234567"

static void test_what_is_ours(void **state)
{
    static const struct {
        const char *name, *id, *table;
        uint64_t generation;
        bool is_manifest, is_temporary;
    } cases[] = {
        {"zir.pack", "", "", 0, false, false},
        {"air.index", "", "", 0, false, false},
        {"used_bytes", "", "", 0, false, false},
        {"entries", "", "", 0, false, false},
        {"clock", "", "", 0, false, false},
        {"zir.pack.tmp", "", "", 0, false, true},
        {"used_bytes.tmp.4711", "", "", 0, false, true},
        {"owner.tmp.4711", "", "", 0, false, true},
        {ID ".manifest", ID, "", 0, true, false},
        {ID ".manifest.tmp.1", ID, "", 0, false, true},
        {ID ".spare", ID, "", 0, false, false},
        {ID ".unsettled", ID, "", 0, false, false},
        {ID ".files.7", ID, "files", 7, false, false},
        {ID ".sections.18446744073709551615.journal", ID, "sections", UINT64_MAX, false, false},
        {ID ".units.12.journal.tmp.3", ID, "units", 12, false, true},
        {PRODUCT ".manifest", PRODUCT, "", 0, true, false},
        {PRODUCT ".files.7", PRODUCT, "files", 7, false, false},
        {ID ".latest", ID, "", 0, false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CacheName name;
        assert_true(cache_name_parse(cases[i].name, &name));
        assert_string_equal(name.id, cases[i].id);
        assert_string_equal(name.table, cases[i].table);
        assert_true(name.generation == cases[i].generation);
        assert_int_equal(name.is_manifest, cases[i].is_manifest);
        assert_int_equal(name.is_latest, strcmp(cases[i].name, ID ".latest") == 0);
        assert_int_equal(name.is_temporary, cases[i].is_temporary);
    }
}

static void test_what_is_not(void **state)
{
    static const char *const names[] = {
        "", ".", "lock", "owner", "owner.tmp", "owner.tmp.x", "notes.txt", "zir", "zir.packs", "zir.pack~", "xzir.pack", "air.pack.old",
        "clock.tm", "clock.tmp.", "clock.tmp.1x", "clock.tmp.1.tmp", "clockwork", "entries2",
        "0123.manifest", ID, ID ".", ID "x.manifest", "0123456789ABCDEF.manifest", ID ".manifests",
        ID ".manifest.7", ID ".files", ID ".files.", ID ".files.x", ID ".files.7.backup",
        ID ".files.7.journals", ID ".files.123456789012345678901", ID ".Files.7", ID ".fi les.7",
        ID "-.manifest", ID "-0123456.manifest", ID "-0123456x.manifest", PRODUCT "8.manifest",
        PRODUCT ".latest", "-01234567.manifest", ID ".latest.7",
        ID ".averylongtablename.7", ID ".7", ID "..7", ID ".spare.journal",
    };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        CacheName name;
        if (cache_name_parse(names[i], &name))
            fail_msg("%s passes for one of ours", names[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_ours),
        cmocka_unit_test(test_what_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
