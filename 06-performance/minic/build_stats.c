/* SPDX-License-Identifier: MIT */
/*
 * The JSON is made from two lists, of counts and of times. The table takes the times from the same
 * list, so that neither misses a phase, and groups the counts by hand.
 */
#include "build_stats.h"

#include <sys/resource.h>

typedef struct NamedCount {
    const char *name; /* in the JSON */
    uint64_t value;
} NamedCount;

typedef struct NamedTime {
    const char *name;
    double seconds;
} NamedTime;

enum { COUNT_COUNT = 24, TIME_COUNT = 11 };

static void list_counts(const BuildStats *stats, NamedCount list[COUNT_COUNT])
{
    const BuildCounts *counts = &stats->counts;
    const PatchResult *patch = &stats->patch;
    const NamedCount all[COUNT_COUNT] = {
        {"files_total", counts->files_total},
        {"files_stat", counts->files_stat},
        {"files_hashed", counts->files_hashed},
        {"files_lowered", counts->files_lowered},
        {"files_changed", counts->files_changed},
        {"files_added", counts->files_added},
        {"files_removed", counts->files_removed},
        {"files_absent", counts->files_absent},
        {"values_asked", counts->values_asked},
        {"functions_total", counts->functions_total},
        {"functions_emitted", counts->functions_emitted},
        {"functions_cached", counts->functions_cached},
        {"functions_failed", counts->functions_failed},
        {"functions_dirty", counts->functions_dirty},
        {"functions_dependent", counts->functions_dependent},
        {"declarations_visited", counts->declarations_visited},
        {"sections_total", counts->sections_total},
        {"sections_dirty", counts->sections_dirty},
        {"sections_written", patch->sections_written},
        {"bytes_read", counts->bytes_read},
        {"bytes_written", counts->bytes_written + patch->bytes_written},
        {"output_bytes_written", patch->bytes_written},
        {"peak_memory_bytes", stats->peak_memory_bytes},
        {"workers", stats->workers},
    };
    memcpy(list, all, sizeof all);
}

static void list_times(const BuildStats *stats, NamedTime list[TIME_COUNT])
{
    const BuildTimes *times = &stats->times;
    const NamedTime all[TIME_COUNT] = {
        {"open", times->open},
        {"discover", times->discover},
        {"lower", times->lower},
        {"keys", times->keys},
        {"look", stats->patch.look_seconds},
        {"emit", times->emit},
        {"save", times->save},
        {"write", stats->patch.write_seconds},
        {"commit", times->commit},
        {"other", 0},
        {"total", stats->total_seconds},
    };
    memcpy(list, all, sizeof all);
    /* Starting threads, releasing memory. */
    NamedTime *other = &list[TIME_COUNT - 2];
    other->seconds = stats->total_seconds;
    for (size_t i = 0; i < TIME_COUNT - 2; i++)
        other->seconds -= list[i].seconds;
    if (other->seconds < 0)
        other->seconds = 0;
}

static uint64_t peak_memory_bytes(void)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0)
        return 0;
#ifdef __APPLE__
    return (uint64_t)usage.ru_maxrss;
#else
    return (uint64_t)usage.ru_maxrss * 1024;
#endif
}

BuildStats build_stats_of(const Build *build, const PatchResult *patch)
{
    BuildStats stats = {.counts = *build_counts(build), .times = *build_times(build)};
    stats.workers = build_request(build)->executor->workers;
    stats.peak_memory_bytes = peak_memory_bytes();
    if (patch != NULL) {
        stats.has_output = true;
        stats.patch = *patch;
    }
    return stats;
}

void build_stats_json(const BuildStats *stats, ByteBuffer *text)
{
    NamedCount counts[COUNT_COUNT];
    NamedTime times[TIME_COUNT];
    list_counts(stats, counts);
    list_times(stats, times);
    buffer_put_format(text, "{\"status\":%d", (int)stats->status);
    if (stats->has_output)
        buffer_put_format(text, ",\"strategy\":\"%s\",\"reason\":\"%s\"",
                          patch_strategy_name(stats->patch.strategy),
                          patch_reason_name(stats->patch.reason));
    else
        buffer_put_format(text, ",\"strategy\":null,\"reason\":null");
    for (size_t i = 0; i < COUNT_COUNT; i++)
        buffer_put_format(text, ",\"%s\":%llu", counts[i].name,
                          (unsigned long long)counts[i].value);
    buffer_put_format(text, ",\"seconds\":{");
    for (size_t i = 0; i < TIME_COUNT; i++)
        buffer_put_format(text, "%s\"%s\":%.6f", i == 0 ? "" : ",", times[i].name,
                          times[i].seconds);
    buffer_put_format(text, "}}\n");
}

static void put_count_lines(const BuildStats *stats, ByteBuffer *text)
{
    const BuildCounts *c = &stats->counts;
#define N(field) ((unsigned long long)c->field)
    buffer_put_format(text, "files      %8llu   %llu stat, %llu hashed, %llu lowered\n",
                      N(files_total), N(files_stat), N(files_hashed), N(files_lowered));
    buffer_put_format(text, "           %8s   %llu changed, %llu added, %llu removed\n", "",
                      N(files_changed), N(files_added), N(files_removed));
    buffer_put_format(text,
                      "functions  %8llu   %llu emitted (%llu dirty, %llu dependent), %llu cached, "
                      "%llu failed\n",
                      N(functions_total), N(functions_emitted), N(functions_dirty),
                      N(functions_dependent), N(functions_cached), N(functions_failed));
    buffer_put_format(text, "sections   %8llu   %llu dirty, %llu written\n", N(sections_total),
                      N(sections_dirty), (unsigned long long)stats->patch.sections_written);
    buffer_put_format(
        text, "bytes      %8s   %llu read, %llu written to caches, %llu to the output\n", "",
        N(bytes_read), N(bytes_written), (unsigned long long)stats->patch.bytes_written);
#undef N
}

void build_stats_table(const BuildStats *stats, ByteBuffer *text)
{
    NamedTime times[TIME_COUNT];
    list_times(stats, times);
    put_count_lines(stats, text);
    if (stats->has_output && stats->patch.reason == REASON_NONE)
        buffer_put_format(text, "strategy   %8s   %s\n", "",
                          patch_strategy_name(stats->patch.strategy));
    else if (stats->has_output)
        buffer_put_format(text, "strategy   %8s   %s (%s)\n", "",
                          patch_strategy_name(stats->patch.strategy),
                          patch_reason_name(stats->patch.reason));
    buffer_put_format(text, "workers    %8u\n", stats->workers);
    buffer_put_format(text, "memory     %8.1f MiB at most\n",
                      (double)stats->peak_memory_bytes / 1048576);
    for (size_t i = 0; i < TIME_COUNT; i++)
        buffer_put_format(text, "%-9s  %8.2f ms\n", times[i].name, times[i].seconds * 1e3);
}
