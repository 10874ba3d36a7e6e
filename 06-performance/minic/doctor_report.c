/* SPDX-License-Identifier: MIT */
/* One screen: the facts, the rule that follows from them, and what it means for a build. */
#include "doctor_report.h"

static const char *yes(bool fact)
{
    return fact ? "yes" : "no";
}

/* What the rule means for a user who saves a file and builds. */
static const char *consequence(TrustRule rule)
{
    switch (rule) {
    case TRUST_OLDER_THAN_FINE_PROBE:
        return "Before a build reads a file, it writes one of its own twice and looks at it.\n"
               "Such a stamp is fine, so that nearly every source is older, and costs one stat\n"
               "from then on. One that is not older is read once more by the next build.\n";
    case TRUST_OLDER_THAN_PROBE:
        return "Before a build reads a file, it writes one of its own. A source that was saved\n"
               "in the same tick might be saved again with the same stamp: the next build reads\n"
               "it once more. Every other one costs one stat from then on.\n";
    case TRUST_WHAT_WAS_SEEN:
        return "The caches are on another file system than the sources, or on one that may show the\n"
               "files of several: no clock can be asked. A build that finds a source as it was seen\n"
               "more than 3 s ago reads it once more. From then on it costs one stat.\n";
    case TRUST_NOTHING:
        return "Here a changed file can look unchanged. Build with --paranoid, which reads every\n"
               "file, or move the project to another file system.\n";
    }
    return "";
}

static void put_stamps(const FileSystemFacts *facts, ByteBuffer *text)
{
    if (!facts->has_tried_stamps) {
        buffer_put(text, slice_from("clock    not tried: no file can be made beside the sources\n"));
        return;
    }
    buffer_put_format(text, "clock    two files had the same stamp for up to %.2f ms\n",
                      (double)facts->tick_ns / 1e6);
    buffer_put_format(text, "         one that was looked at after each write: for up to %.2f ms\n",
                      (double)facts->looked_tick_ns / 1e6);
    buffer_put_format(text, "         stamps are multiples of %lld ns\n",
                      (long long)facts->resolution_ns);
    buffer_put_format(text, "         behind the wall clock by up to %.2f ms",
                      (double)facts->behind_ns / 1e6);
    if (facts->ahead_ns != 0)
        buffer_put_format(text, ", ahead of it by up to %.2f ms", (double)facts->ahead_ns / 1e6);
    buffer_put_format(text, "\nctime    changes with a write: %s, chmod: %s, rename: %s\n",
                      yes(facts->ctime_on_write), yes(facts->ctime_on_chmod),
                      yes(facts->ctime_on_rename));
    buffer_put_format(text, "         tells a write whose mtime was set back: %s\n",
                      yes(facts->ctime_on_restored_mtime));
}

void doctor_report_text(const FileSystemFacts *facts, ByteBuffer *text)
{
    TrustRule rule = trust_rule_of(facts);
    const char *defect;
    put_stamps(facts, text);
    buffer_put_format(text,
                      "rename   replaces a file that is open: %s; keeps the inode number: %s\n",
                      yes(facts->rename_replaces), yes(facts->rename_keeps_inode));
    buffer_put_format(text, "inodes   a number is given again at once: %s\n",
                      yes(facts->reuses_inodes));
    buffer_put_format(text, "flock    keeps two builds apart: %s\n", yes(facts->has_flock));
    buffer_put_format(text, "mmap     private pages: %s\n", yes(facts->has_private_mmap));
    buffer_put_format(text, "caches   on the file system of the sources: %s\n",
                      yes(facts->is_one_device));
    buffer_put_format(text, "restart  of the system is noticed: %s\n", yes(facts->knows_restarts));
    for (unsigned i = 0; (defect = file_system_defect(facts, i)) != NULL; i++)
        buffer_put_format(text, "defect   %s\n", defect);
    buffer_put_format(text, "\nrule     %s\n\n", trust_rule_text(rule));
    buffer_put(text, slice_from(consequence(rule)));
    if (!facts->knows_restarts)
        buffer_put(text,
                   slice_from("\nAny build might be the first one after a power cut, which no stamp "
                              "reveals: every build\nreads all sources, checks the caches and "
                              "compares the output.\n"));
    buffer_put(text, slice_from("\nNo stamp reveals a program that writes through mmap, or one that is in the middle of\n"
                                "overwriting a file while a build reads it. --paranoid reads every file.\n"));
}

void doctor_report_json(const FileSystemFacts *facts, ByteBuffer *text)
{
    static const char *const rules[] = {
        [TRUST_OLDER_THAN_FINE_PROBE] = "older-than-fine-probe",
        [TRUST_OLDER_THAN_PROBE] = "older-than-probe",
        [TRUST_WHAT_WAS_SEEN] = "seen-for-3-s",
        [TRUST_NOTHING] = "nothing",
    };
    const struct {
        const char *name;
        long long value;
    } numbers[] = {
        {"tick_ns", facts->tick_ns},
        {"looked_tick_ns", facts->looked_tick_ns},
        {"resolution_ns", facts->resolution_ns},
        {"behind_ns", facts->behind_ns},
        {"ahead_ns", facts->ahead_ns},
    };
    const struct {
        const char *name;
        bool value;
    } flags[] = {
        {"mtime_on_write", facts->mtime_on_write},
        {"ctime_on_write", facts->ctime_on_write},
        {"ctime_on_chmod", facts->ctime_on_chmod},
        {"ctime_on_rename", facts->ctime_on_rename},
        {"ctime_on_restored_mtime", facts->ctime_on_restored_mtime},
        {"rename_replaces", facts->rename_replaces},
        {"rename_keeps_inode", facts->rename_keeps_inode},
        {"reuses_inodes", facts->reuses_inodes},
        {"has_flock", facts->has_flock},
        {"has_private_mmap", facts->has_private_mmap},
        {"knows_restarts", facts->knows_restarts},
        {"is_one_device", facts->is_one_device},
        {"is_local", facts->is_local},
        {"has_tried_stamps", facts->has_tried_stamps},
    };
    buffer_put_format(text, "{\"rule\":\"%s\"", rules[trust_rule_of(facts)]);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        buffer_put_format(text, ",\"%s\":%lld", numbers[i].name, numbers[i].value);
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        buffer_put_format(text, ",\"%s\":%s", flags[i].name, flags[i].value ? "true" : "false");
    buffer_put_format(text, ",\"is_healthy\":%s}\n",
                      file_system_defect(facts, 0) == NULL ? "true" : "false");
}
