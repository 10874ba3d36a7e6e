/* SPDX-License-Identifier: MIT */
/* minic plan: what the next build will compile. */
#include "build_forecast.h"
#include "build_session.h"
#include "cached_codegen.h"
#include "commands.h"
#include "discovery.h"
#include "json_text.h"
#include "shown_text.h"

typedef struct Names { /* in the order in which they were reported */
    Slice *items; /* owned; their bytes are in the arena of the report */
    size_t count, capacity;
} Names;

typedef struct Report {
    Invocation *invocation;
    Arena arena;
    Names changed, added, removed;      /* files */
    Names dirty, dependent, recreated; /* functions; the last: those whose code is no longer kept */
    BuildForecast forecast;
} Report;

static void add_name(Report *report, Names *names, Slice name)
{
    if (names->count == names->capacity) {
        names->capacity = names->capacity == 0 ? 16 : 2 * names->capacity;
        names->items = memory_resize(names->items, names->capacity * sizeof *names->items);
    }
    char *copy = arena_allocate(&report->arena, name.size);
    memcpy(copy, name.data, name.size);
    names->items[names->count++] = slice_of(copy, name.size);
}

static void free_report(Report *report)
{
    Names *all[] = {&report->changed, &report->added,     &report->removed,
                    &report->dirty,   &report->dependent, &report->recreated};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        memory_free(all[i]->items);
    arena_free(&report->arena);
}

/* ---- what is collected ----------------------------------------------------------------------- */

static void take_decision(void *context, Decision decision, Slice subject)
{
    Report *report = context;
    invocation_on_decision(report->invocation, decision, subject);
    if (decision == DECISION_FILE_CHANGED)
        add_name(report, &report->changed, subject);
    else if (decision == DECISION_FILE_ADDED)
        add_name(report, &report->added, subject);
    else if (decision == DECISION_FILE_REMOVED)
        add_name(report, &report->removed, subject);
}

static void take_unit(void *context, Decision decision, Slice symbol, bool is_function)
{
    Report *report = context;
    bool is_dirty = decision == DECISION_UNIT_DIRTY || decision == DECISION_UNIT_NEW;
    if (is_function)
        add_name(report,
                 is_dirty                              ? &report->dirty
                 : decision == DECISION_UNIT_DEPENDENT ? &report->dependent
                                                       : &report->recreated,
                 symbol);
}

static BuildStatus make_plan(Report *report)
{
    Invocation *invocation = report->invocation;
    Observer observer = {take_decision, report};
    BuildRequest request = build_session_request(invocation);
    request.output = invocation->line.output;
    request.observer = &observer;
    request.only_looks = true;
    BuildStatus status = build_open(&invocation->build, &request);
    if (status == BUILD_OK)
        status = build_plan(invocation->build);
    if (status == BUILD_OK)
        build_forecast(invocation->build, take_unit, report, &report->forecast);
    return status;
}

/* ---- text ------------------------------------------------------------------------------------ */

static void put_names(ByteBuffer *text, const char *word, const Names *names)
{
    enum { WORD_WIDTH = 11 };
    for (size_t i = 0; i < names->count; i++) {
        buffer_put(text, slice_from(word));
        for (size_t width = strlen(word); width < WORD_WIDTH; width++)
            buffer_put_byte(text, ' ');
        shown_text_put(text, names->items[i]);
        buffer_put_byte(text, '\n');
    }
}

static void put_text(const Report *report, ByteBuffer *text)
{
    const BuildForecast *forecast = &report->forecast;
    put_names(text, "changed", &report->changed);
    put_names(text, "added", &report->added);
    put_names(text, "removed", &report->removed);
    put_names(text, "dirty", &report->dirty);
    put_names(text, "dependent", &report->dependent);
    put_names(text, "lost", &report->recreated);
    buffer_put_format(text, "%llu of %llu functions to compile",
                      (unsigned long long)forecast->emitted, (unsigned long long)forecast->total);
    if (forecast->emitted != 0)
        buffer_put_format(text, "; with all that call them, directly or not: %llu",
                          (unsigned long long)forecast->breadth_first);
    buffer_put_byte(text, '\n');
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void put_json_names(ByteBuffer *text, const char *key, const Names *names)
{
    buffer_put_format(text, "\"%s\":[", key);
    for (size_t i = 0; i < names->count; i++) {
        buffer_put(text, slice_from(i == 0 ? "" : ","));
        json_put_string(text, names->items[i]);
    }
    buffer_put_byte(text, ']');
}

static void put_json(const Report *report, ByteBuffer *text)
{
    const BuildForecast *forecast = &report->forecast;
    buffer_put_byte(text, '{');
    put_json_names(text, "dirty", &report->dirty);
    buffer_put_byte(text, ',');
    put_json_names(text, "dependent", &report->dependent);
    buffer_put_byte(text, ',');
    put_json_names(text, "lost", &report->recreated);
    buffer_put_format(text, ",\"cached\":%llu,\"files\":{", (unsigned long long)forecast->cached);
    put_json_names(text, "changed", &report->changed);
    buffer_put_byte(text, ',');
    put_json_names(text, "added", &report->added);
    buffer_put_byte(text, ',');
    put_json_names(text, "removed", &report->removed);
    buffer_put_format(text, "},\"breadth_first\":%llu}\n",
                      (unsigned long long)forecast->breadth_first);
}

/* ---- the command ----------------------------------------------------------------------------- */

static int plan(Invocation *invocation)
{
    Report report = {.invocation = invocation};
    BuildStatus status = make_plan(&report);
    invocation_report_problems(invocation, status);
    if (status == BUILD_OK) {
        (invocation->line.json ? put_json : put_text)(&report, &invocation->text);
        invocation_print_text(&invocation->text, stdout);
    }
    free_report(&report);
    return (int)status;
}

int cmd_plan(Invocation *invocation)
{
    return build_session(invocation, plan);
}
