/* SPDX-License-Identifier: MIT */
/* minic graph: the files of the program, and who imports whom. */
#include "build_session.h"
#include "commands.h"
#include "import_graph.h"
#include "json_text.h"
#include "shown_text.h"

#include <stdlib.h>

typedef struct Listing {
    Invocation *invocation;
    const FileHashCache *files;
    ImportGraph graph;
    uint32_t *order;    /* file numbers, as they are listed */
    uint32_t *cycle_of; /* per file: the number of its cycle, or 0 */
    uint32_t cycles;
    bool *is_listed; /* per file */
} Listing;

/* ---- what is listed -------------------------------------------------------------------------- */

static void open_listing(Listing *listing, Invocation *invocation)
{
    *listing = (Listing){.invocation = invocation, .files = build_files(invocation->build)};
    size_t count = listing->files->count;
    import_graph_build(&listing->graph, listing->files);
    listing->order = memory_allocate((count + 1) * sizeof *listing->order);
    listing->cycle_of = memory_allocate_zeroed(count + 1, sizeof *listing->cycle_of);
    listing->is_listed = memory_allocate((count + 1) * sizeof *listing->is_listed);
    listing->cycles = import_graph_order(&listing->graph, listing->order, listing->cycle_of);
    for (uint32_t i = 0; i < count; i++) {
        listing->is_listed[i] = true;
        if (!invocation->line.in_order)
            listing->order[i] = i;
    }
}

static void close_listing(Listing *listing)
{
    import_graph_free(&listing->graph);
    memory_free(listing->order);
    memory_free(listing->cycle_of);
    memory_free(listing->is_listed);
}

static uint32_t mark_imports(const ImportGraph *graph, uint32_t file, bool *marked)
{
    return import_graph_reach(graph, file, marked);
}

static uint32_t mark_importers(const ImportGraph *graph, uint32_t file, bool *marked)
{
    return import_graph_affected(graph, &file, 1, marked);
}

/* Leaves those that are marked from the file of that name on, without itself. False if there is no
 * such file. */
static bool keep_marked(Listing *listing, const char *name,
                        uint32_t (*mark)(const ImportGraph *graph, uint32_t file, bool *marked))
{
    if (name == NULL)
        return true;
    uint32_t file = build_session_find_file(listing->invocation, slice_from(name));
    if (file == FILE_NONE)
        return false;
    bool *marked = memory_allocate_zeroed(listing->files->count + 1, sizeof *marked);
    mark(&listing->graph, file, marked);
    marked[file] = false;
    for (uint32_t i = 0; i < listing->files->count; i++)
        listing->is_listed[i] &= marked[i];
    memory_free(marked);
    return true;
}

/* ---- text ------------------------------------------------------------------------------------ */

static void put_path(const Listing *listing, uint32_t file, ByteBuffer *text,
                     void (*put)(ByteBuffer *text, Slice path))
{
    Arena arena = {0};
    Slice path = file_hash_cache_path(listing->files, file);
    put(text, invocation_shown_path(listing->invocation, path, &arena));
    arena_free(&arena);
}

static void put_imports(const Listing *listing, uint32_t file, ByteBuffer *text)
{
    const ImportGraph *graph = &listing->graph;
    for (uint32_t i = graph->first_import[file]; i < graph->first_import[file + 1]; i++) {
        buffer_put(text, slice_from("  "));
        put_path(listing, graph->imports[i], text, shown_text_put);
        buffer_put_byte(text, '\n');
    }
}

static void put_text(const Listing *listing, ByteBuffer *text)
{
    const CommandLine *line = &listing->invocation->line;
    bool has_imports =
        !line->in_order && line->dependencies_of == NULL && line->dependents_of == NULL;
    for (uint32_t i = 0; i < listing->files->count; i++) {
        uint32_t file = listing->order[i];
        if (!listing->is_listed[file])
            continue;
        put_path(listing, file, text, shown_text_put);
        if (line->in_order && listing->cycle_of[file] != 0)
            buffer_put_format(text, "\tcycle %u", (unsigned)listing->cycle_of[file]);
        buffer_put_byte(text, '\n');
        if (has_imports)
            put_imports(listing, file, text);
    }
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void put_json_file(const Listing *listing, uint32_t file, ByteBuffer *text)
{
    const ImportGraph *graph = &listing->graph;
    buffer_put(text, slice_from("{\"path\":"));
    put_path(listing, file, text, json_put_string);
    buffer_put(text, slice_from(",\"imports\":["));
    for (uint32_t i = graph->first_import[file]; i < graph->first_import[file + 1]; i++) {
        buffer_put(text, slice_from(i == graph->first_import[file] ? "" : ","));
        put_path(listing, graph->imports[i], text, json_put_string);
    }
    buffer_put_format(text, "],\"cycle\":%u}", (unsigned)listing->cycle_of[file]);
}

static void put_json(const Listing *listing, ByteBuffer *text)
{
    const char *separator = "";
    buffer_put_format(text, "{\"cycles\":%u,\"files\":[", (unsigned)listing->cycles);
    for (uint32_t i = 0; i < listing->files->count; i++) {
        if (!listing->is_listed[listing->order[i]])
            continue;
        buffer_put(text, slice_from(separator));
        put_json_file(listing, listing->order[i], text);
        separator = ",";
    }
    buffer_put(text, slice_from("]}\n"));
}

/* ---- for Graphviz ---------------------------------------------------------------------------- */

/* A string in DOT, in which only a quotation mark has to be escaped; a backslash is doubled, so
 * that none is taken for one of a label's own. */
static void put_dot_string(ByteBuffer *text, Slice string)
{
    ByteBuffer shown = {0};
    shown_text_put(&shown, string);
    buffer_put_byte(text, '"');
    for (size_t i = 0; i < shown.size; i++) {
        if (shown.data[i] == '"' || shown.data[i] == '\\')
            buffer_put_byte(text, '\\');
        buffer_put_byte(text, shown.data[i]);
    }
    buffer_put_byte(text, '"');
    buffer_free(&shown);
}

/* The listed files that are in this cycle; in none, with 0. */
static void put_dot_nodes(const Listing *listing, uint32_t cycle, const char *indent,
                          ByteBuffer *text)
{
    for (uint32_t i = 0; i < listing->files->count; i++) {
        uint32_t file = listing->order[i];
        if (!listing->is_listed[file] || listing->cycle_of[file] != cycle)
            continue;
        buffer_put(text, slice_from(indent));
        put_path(listing, file, text, put_dot_string);
        buffer_put(text, slice_from(";\n"));
    }
}

static void put_dot_imports(const Listing *listing, uint32_t file, ByteBuffer *text)
{
    const ImportGraph *graph = &listing->graph;
    for (uint32_t i = graph->first_import[file]; i < graph->first_import[file + 1]; i++) {
        if (!listing->is_listed[graph->imports[i]])
            continue;
        buffer_put(text, slice_from("    "));
        put_path(listing, file, text, put_dot_string);
        buffer_put(text, slice_from(" -> "));
        put_path(listing, graph->imports[i], text, put_dot_string);
        buffer_put(text, slice_from(";\n"));
    }
}

static void put_dot(const Listing *listing, ByteBuffer *text)
{
    buffer_put(text, slice_from("digraph imports {\n    node [shape=box];\n"));
    put_dot_nodes(listing, 0, "    ", text);
    for (uint32_t cycle = 1; cycle <= listing->cycles; cycle++) {
        buffer_put_format(text, "    subgraph cluster_%u {\n        label=\"cycle %u\";\n",
                          (unsigned)cycle, (unsigned)cycle);
        put_dot_nodes(listing, cycle, "        ", text);
        buffer_put(text, slice_from("    }\n"));
    }
    for (uint32_t i = 0; i < listing->files->count; i++)
        if (listing->is_listed[listing->order[i]])
            put_dot_imports(listing, listing->order[i], text);
    buffer_put(text, slice_from("}\n"));
}

/* ---- the command ----------------------------------------------------------------------------- */

/* If an import leads nowhere, the errors say so, and the rest is listed. */
static int list(Invocation *invocation)
{
    const CommandLine *line = &invocation->line;
    Listing listing;
    BuildStatus status = build_session_discover(invocation);
    invocation_report_problems(invocation, status);
    if (status > BUILD_PROGRAM_WRONG)
        return (int)status;
    open_listing(&listing, invocation);
    const char *missing = NULL;
    if (!keep_marked(&listing, line->dependencies_of, mark_imports))
        missing = line->dependencies_of;
    else if (!keep_marked(&listing, line->dependents_of, mark_importers))
        missing = line->dependents_of;
    if (missing == NULL) {
        (line->json ? put_json : line->dot ? put_dot : put_text)(&listing, &invocation->text);
        invocation_print_text(&invocation->text, stdout);
    }
    close_listing(&listing);
    return missing == NULL ? (int)status : build_session_refuse_file(invocation, missing);
}

int cmd_graph(Invocation *invocation)
{
    return build_session(invocation, list);
}
