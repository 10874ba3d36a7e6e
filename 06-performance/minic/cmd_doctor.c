/* SPDX-License-Identifier: MIT */
/* minic doctor: test what the file system does, and say what that means for a build. */
#include "cache_mark.h"
#include "commands.h"
#include "doctor_report.h"
#include "invocation.h"
#include "manifest.h"
#include "system_calls.h"

/* If there is no cache yet, the directory where it would be made is probed. */
static int probe(const CommandLine *line, FileSystemFacts *facts, const char **why)
{
    int project_fd = open_at(AT_FDCWD, line->entry, O_RDONLY | O_DIRECTORY);
    if (project_fd < 0)
        return -errno;
    int cache_fd = cache_mark_open_directory(line->cache_dir, line->trust_cache, why);
    int status = cache_fd;
    if (cache_fd >= 0 || cache_fd == -ENOENT)
        status = file_system_probe(facts, cache_fd >= 0 ? cache_fd : project_fd, project_fd);
    facts->knows_restarts = !hash_is_none(manifest_boot());
    if (cache_fd >= 0)
        close(cache_fd);
    close(project_fd);
    return status;
}

int cmd_doctor(Invocation *invocation)
{
    const CommandLine *line = &invocation->line;
    FileSystemFacts facts;
    BuildFailure failure = {.what = "cannot try the file system"};
    const char *why = NULL;
    int error = probe(line, &facts, &why);
    if (error != 0) {
        const char *path = why == NULL ? line->entry : line->cache_dir;
        snprintf(failure.path, sizeof failure.path, "%s", path);
        failure.what = why == NULL ? failure.what : why;
        failure.error = -error;
        return invocation_print_failure(BUILD_MACHINE_FAILED, &failure);
    }
    if (line->json)
        doctor_report_json(&facts, &invocation->text);
    else
        doctor_report_text(&facts, &invocation->text);
    invocation_print_text(&invocation->text, stdout);
    return file_system_defect(&facts, 0) == NULL ? BUILD_OK : BUILD_PROGRAM_WRONG;
}
