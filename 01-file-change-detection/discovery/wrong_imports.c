/* SPDX-License-Identifier: MIT */
#include "wrong_imports.h"

#include <errno.h>

static const char *import_error_text(int error)
{
    if (error == -ENOENT || error == -ENOTDIR)
        return "there is no such file";
    if (error == -EISDIR)
        return "it is a directory";
    if (error == -ENAMETOOLONG)
        return "its name is too long";
    if (error == -ELOOP)
        return "its symbolic links lead nowhere";
    return "it is not a regular file";
}

bool wrong_import_error(int error)
{
    return error == -ENOENT || error == -ENOTDIR || error == -EISDIR || error == -EINVAL ||
           error == -ENAMETOOLONG || error == -ELOOP;
}

/* Recorded imports have no line numbers: the file is read once more to find them. */
static void locate_imports(const WalkInput *input, WalkNode *node)
{
    Reading again;
    source_read(&again, input->request, input->clock, node->path, NULL, &input->scratch[0]);
    for (uint32_t i = 0; i < node->import_count; i++)
        node->imports[i].line = node->imports[i].column = 1; /* if unknown */
    for (uint32_t i = 0; i < node->import_count && i < again.import_count; i++) {
        node->imports[i].line = again.imports[i].line;
        node->imports[i].column = again.imports[i].column;
    }
}

static void report_import(const WalkInput *input, const WalkNode *node, const NodeImport *import,
                          const WalkNode *target)
{
    Diagnostics *diagnostics = input->request->diagnostics;
    diagnostics->path = file_hash_cache_path(input->last, node->number);
    if (target == NULL)
        diagnostics_add(diagnostics, import->line, import->column, "cannot import \"%.*s\": %s",
                        (int)import->written->path.size, import->written->path.data,
                        path_error_text(import->written->error));
    else
        diagnostics_add(diagnostics, import->line, import->column, "cannot import \"%.*s\": %s",
                        (int)target->path.size, target->path.data,
                        import_error_text(target->reading->error));
}

static bool import_is_wrong(const GraphWalk *walk, const NodeImport *import,
                            const WalkNode **target)
{
    *target = import->node == FILE_NONE ? NULL : walk->nodes[import->node];
    if (*target == NULL)
        return true;
    return (*target)->reading != NULL && wrong_import_error((*target)->reading->error);
}

int wrong_imports_report(const GraphWalk *walk, const WalkInput *input)
{
    int status = 0;
    for (uint32_t n = 0; n < walk->count; n++) {
        WalkNode *node = walk->nodes[n];
        for (uint32_t i = 0; i < node->import_count; i++) {
            const WalkNode *target;
            if (!import_is_wrong(walk, &node->imports[i], &target))
                continue;
            if (node->imports[i].line == 0)
                locate_imports(input, node);
            report_import(input, node, &node->imports[i], target);
            status = -EBADMSG;
        }
    }
    return status;
}
