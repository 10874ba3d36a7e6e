/* SPDX-License-Identifier: MIT */
/* minic cache: drop what is kept of a file, of one of its units, or of everything. */
#include "build_drop.h"
#include "build_session.h"
#include "commands.h"

typedef struct Target { /* what is to be dropped */
    uint32_t file;
    Slice unit; /* empty: the whole file */
} Target;

/* A name of a file may have a colon in it. */
static bool find_target(const Invocation *invocation, Target *target)
{
    const char *subject = invocation->line.subject, *colon = strrchr(subject, ':');
    *target = (Target){.file = build_session_find_file(invocation, slice_from(subject))};
    if (target->file != FILE_NONE)
        return true;
    if (colon == NULL || colon[1] == '\0')
        return false;
    target->unit = slice_from(colon + 1);
    target->file =
        build_session_find_file(invocation, slice_of(subject, (size_t)(colon - subject)));
    return target->file != FILE_NONE;
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static void print_dropped(const Invocation *invocation, const DropCounts *dropped)
{
    const CommandLine *line = &invocation->line;
    if (line->quiet)
        return;
    invocation_print_shown(line->action == CACHE_CLEAR ? line->cache_dir : line->subject, stderr);
    if (dropped->lowered == 0 && dropped->outputs == 0) {
        fputs(": nothing to drop\n", stderr);
        return;
    }
    fputs(": dropped ", stderr);
    if (dropped->lowered != 0)
        fprintf(stderr, "%llu lowered file%s%s", (unsigned long long)dropped->lowered,
                plural(dropped->lowered), dropped->outputs == 0 ? "\n" : " and ");
    if (dropped->outputs != 0)
        fprintf(stderr, "the code of %llu unit%s\n", (unsigned long long)dropped->outputs,
                plural(dropped->outputs));
}

static int finish(Invocation *invocation, BuildStatus status, const DropCounts *dropped)
{
    invocation_report_problems(invocation, status);
    if (status == BUILD_OK)
        print_dropped(invocation, dropped);
    return (int)status;
}

static int drop(Invocation *invocation)
{
    DropCounts dropped;
    Target target;
    BuildStatus status = build_session_discover(invocation);
    if (status == BUILD_OK && !find_target(invocation, &target)) {
        invocation_report_problems(invocation, status);
        return build_session_refuse_file(invocation, invocation->line.subject);
    }
    if (status == BUILD_OK)
        status = build_drop(invocation->build, target.file, target.unit, &dropped);
    return finish(invocation, status, &dropped);
}

static int clear(Invocation *invocation)
{
    DropCounts dropped;
    BuildStatus status = build_session_discover(invocation);
    if (status == BUILD_OK)
        status = build_drop_all(invocation->build, &dropped);
    return finish(invocation, status, &dropped);
}

int cmd_cache(Invocation *invocation)
{
    return build_session(invocation, invocation->line.action == CACHE_CLEAR ? clear : drop);
}
