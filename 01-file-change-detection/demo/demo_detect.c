/* SPDX-License-Identifier: MIT */
#include "demo_detect.h"
#include "demo_look.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct Fact {
    Decision decision;
    Slice path;
} Fact;

typedef struct Facts { /* {0} is empty */
    Fact *items;
    size_t count;
    Arena paths;
} Facts;

/* Removed files are reported before all others, and the paths are lent: copies are kept and
 * sorted. */
static void keep_fact(void *context, Decision decision, Slice path)
{
    Facts *facts = context;
    facts->items = memory_resize(facts->items, (facts->count + 1) * sizeof *facts->items);
    Slice copy = slice_of(arena_copy(&facts->paths, path), path.size);
    facts->items[facts->count++] = (Fact){decision, copy};
}

static int compare_facts(const void *a, const void *b)
{
    return slice_compare(((const Fact *)a)->path, ((const Fact *)b)->path);
}

static void report_facts(const Facts *facts)
{
    static const char *const words[] = {
        [DECISION_FILE_UNCHANGED] = "unchanged", [DECISION_FILE_TOUCHED] = "touched",
        [DECISION_FILE_CHANGED] = "changed",     [DECISION_FILE_ADDED] = "added",
        [DECISION_FILE_REMOVED] = "removed",
    };
    if (facts->count != 0)
        qsort(facts->items, facts->count, sizeof *facts->items, compare_facts);
    for (size_t i = 0; i < facts->count; i++) {
        const Fact *fact = &facts->items[i];
        printf("  %-9s  ", words[fact->decision]);
        print_name(stdout, fact->path, 0);
        putchar('\n');
    }
}

static void report_below(const FileHashCache *files)
{
    char hex[HASH_HEX_SIZE + 1];
    for (uint32_t file = 0; file < files->count; file++) {
        hash_to_hex(file_hash_cache_combined_from(files, file), hex);
        printf("  below      ");
        print_name(stdout, file_hash_cache_path(files, file), 0);
        printf("  %.8s\n", hex);
    }
}

static int look_and_report(const char *entry, bool reports_below)
{
    Look look;
    Facts facts = {0};
    Observer observer = {keep_fact, &facts};
    look_begin(&look); /* if nothing can be kept, the files are reported first, then the error */
    LookStatus status = look_find(&look, entry, &observer);
    look_report_unreadable(&look, entry);
    if (status == LOOK_OK) {
        char hex[HASH_HEX_SIZE + 1];
        report_facts(&facts);
        hash_to_hex(file_hash_cache_combined(&look.files, (Hash128){0}), hex);
        printf("  read       %d\n  combined   %.8s\n", (int)look.found.files_hashed, hex);
        if (reports_below)
            report_below(&look.files);
        int error = look_save(&look);
        if (error != 0) {
            fprintf(stderr, "%s: cannot write: %s\n", LOOK_STATE, look_error_text(error));
            status = LOOK_MACHINE_FAILED;
        }
    }
    look_end(&look);
    free(facts.items);
    arena_free(&facts.paths);
    return (int)status;
}

int detect(const char *entry)
{
    return look_and_report(entry, false);
}

int detect_below(const char *entry)
{
    return look_and_report(entry, true);
}
