/* SPDX-License-Identifier: MIT */
/*
 * One source is lowered: what it reports goes to the diagnostics or is kept as warnings, and what
 * comes of it is copied to where it can stay until it is put into the ZirCache.
 */
#include "build_internal.h"

#include "kept_warnings.h"

static bool call_lower(Build *build, Slice source, uint32_t number, Lowering *lowering,
                       Slice *list)
{
    const Compiler *compiler = build->request.compiler;
    if (compiler->lower_with_inputs != NULL)
        return build_lower_with_inputs(build, source, number, lowering->memory, lowering->once,
                                       lowering->diagnostics, &lowering->lowered, list);
    return compiler->lower(compiler->language, source, build->cache.files.secret, lowering->once,
                           lowering->diagnostics, &lowering->lowered);
}

/* The result, copied once to where it can stay. */
static void keep(Build *build, uint32_t number, Lowering *lowering, Slice list)
{
    const FileHashCache *files = &build->cache.files;
    const ZirCache *zir = build->request.force ? NULL : &build->cache.zir;
    LoweredObject *made = &lowering->made;
    made->content = input_list_content(files->records[number].content, list);
    made->object = zir_cache_join(&lowering->lowered, &lowering->warnings, lowering->memory);
    if (list.size != 0)
        made->lists = input_lists_join(zir, files, number, list, lowering->memory);
}

bool build_lower_source(Build *build, Slice source, uint32_t number, Lowering *lowering)
{
    Diagnostics *diagnostics = lowering->diagnostics;
    Slice path = file_hash_cache_path(&build->cache.files, number), list = {"", 0};
    size_t first = diagnostics->count;
    ByteBuffer kept = {.arena = lowering->once};
    diagnostics->path = path;
    bool is_right = call_lower(build, source, number, lowering, &list);
    bool has_error = diagnostics_have_error(diagnostics, first);
    if (!is_right && !has_error && !build->cache.files.has_gaps &&
        !build_lacks_text(build))
        build_report_silence(diagnostics, 1, 1, path);
    if (!is_right || has_error) {
        build_place_diagnostics(build, diagnostics, first);
        if (!has_error)
            lowering->lowered = (Lowered){0}; /* without what it asked for, nothing is known */
        else if (lowering->lowered.declarations.size != 0) /* to check the rest with */
            zir_cache_join(&lowering->lowered, &lowering->warnings, lowering->memory);
        return false;
    }
    kept_warnings_put(&kept, diagnostics, first, NULL);
    diagnostics->count = first;
    lowering->warnings = buffer_slice(&kept);
    keep(build, number, lowering, list);
    return true;
}

void build_put_lowered(Build *build, uint32_t file, const LoweredObject *made)
{
    zir_cache_put_joined(&build->cache.zir, made->content, made->object);
    if (made->lists.size != 0)
        input_lists_put(&build->cache.zir, &build->cache.files, file, made->lists);
}
