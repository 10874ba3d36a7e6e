/* SPDX-License-Identifier: MIT */
/* The report of made-up file systems: every fact is in both forms, every rule is explained. */
#include "doctor_report.h"
#include "scratch.h"

#include <stdlib.h>

static const FileSystemFacts sound = {
    .is_one_device = true, .is_local = true, .has_tried_stamps = true, .tick_ns = 4000000, .looked_tick_ns = 3900000, .resolution_ns = 1,
    .behind_ns = 4100000, .ctime_on_write = true, .ctime_on_chmod = true,
    .ctime_on_rename = true, .ctime_on_restored_mtime = true, .mtime_on_write = true,
    .rename_replaces = true, .rename_keeps_inode = true, .has_flock = true,
    .has_private_mmap = true, .knows_restarts = true,
};

typedef void (*Report)(const FileSystemFacts *facts, ByteBuffer *text);

static void expect(Report report, const FileSystemFacts *facts, const char *const *parts)
{
    ByteBuffer text = {0};
    report(facts, &text);
    buffer_put_byte(&text, '\0');
    for (; *parts != NULL; parts++)
        if (strstr(text.data, *parts) == NULL)
            fail_msg("\"%s\" is not in:\n%s", *parts, text.data);
    buffer_free(&text);
}

static void the_facts_are_in_words(void **state)
{
    (void)state;
    expect(doctor_report_text, &sound,
           (const char *const[]){"for up to 4.00 ms\n", "for up to 3.90 ms\n", "multiples of 1 ns",
                                 "wall clock by up to 4.10 ms\n",
                                 "flock    keeps two builds apart: yes",
                                 "restart  of the system is noticed: yes\n",
                                 "rule     a stamp older than a probe is believed\n", NULL});
}

static void defects_are_reported(void **state)
{
    (void)state;
    FileSystemFacts facts = sound;
    facts.has_flock = facts.ctime_on_restored_mtime = false;
    facts.ahead_ns = 7000000;
    expect(doctor_report_text, &facts,
           (const char *const[]){"ahead of it by up to 7.00 ms\n", "defect   flock does not lock",
                                 "defect   the file system keeps no ctime", "--paranoid", NULL});
    facts.is_one_device = false;
    facts.ctime_on_restored_mtime = true;
    expect(doctor_report_text, &facts,
           (const char *const[]){"caches   on the file system of the sources: no", "3 s", NULL});
    facts.has_tried_stamps = false;
    expect(doctor_report_text, &facts, (const char *const[]){"clock    not tried", "3 s", NULL});
}

static void what_unknown_restarts_cost(void **state)
{
    (void)state;
    FileSystemFacts facts = sound;
    facts.knows_restarts = false; /* slow, and no defect */
    expect(doctor_report_text, &facts,
           (const char *const[]){"restart  of the system is noticed: no\n",
                                 "every build\nreads all sources", NULL});
    expect(doctor_report_json, &facts,
           (const char *const[]){"\"knows_restarts\":false,", "\"is_healthy\":true}\n", NULL});
}

static void the_same_as_json(void **state)
{
    (void)state;
    FileSystemFacts facts = sound;
    expect(doctor_report_json, &facts,
           (const char *const[]){"{\"rule\":\"older-than-probe\",", "\"tick_ns\":4000000,",
                                 "\"reuses_inodes\":false,", "\"is_healthy\":true}\n", NULL});
    facts.has_private_mmap = false;
    expect(doctor_report_json, &facts,
           (const char *const[]){"\"has_private_mmap\":false,", "\"is_healthy\":false}\n", NULL});
    facts.looked_tick_ns = 0;
    expect(doctor_report_json, &facts,
           (const char *const[]){"\"rule\":\"older-than-fine-probe\"", NULL});
    facts.is_one_device = false;
    expect(doctor_report_json, &facts,
           (const char *const[]){"\"rule\":\"seen-for-3-s\"", NULL});
    facts.ctime_on_write = false;
    expect(doctor_report_json, &facts, (const char *const[]){"\"rule\":\"nothing\"", NULL});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_facts_are_in_words),
        cmocka_unit_test(defects_are_reported),
        cmocka_unit_test(what_unknown_restarts_cost),
        cmocka_unit_test(the_same_as_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
