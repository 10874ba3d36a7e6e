/* SPDX-License-Identifier: MIT */
/* minic verify: compare the cache and the output with a clean build. */
#include "build_session.h"
#include "commands.h"
#include "output_verify.h"

/* One line for each difference, whatever the name of the file. */
static void on_difference(void *context, Slice subject, const char *what)
{
    Invocation *invocation = context;
    progress_hold(&invocation->progress);
    diagnostics_put_shown(&invocation->text, subject);
    invocation_print_text(&invocation->text, stdout);
    printf(": %s\n", what);
    if (invocation->on_terminal) /* in order with the progress line */
        fflush(stdout);
    progress_release(&invocation->progress);
}

static void print_verification(const Invocation *invocation, const Verification *verification)
{
    const CommandLine *line = &invocation->line;
    bool differs = verification->differences != 0;
    if (differs ? line->quiet : line->verbosity == 0)
        return;
    fputs(differs ? "minic: " : "", stderr);
    invocation_print_shown(line->entry, stderr);
    if (differs)
        fprintf(stderr, ": differences: %llu\n", (unsigned long long)verification->differences);
    else
        fprintf(stderr,
                ": no difference in %llu files, %llu units, %llu objects, %llu sections: "
                "%.1f MB, %.1f ms\n",
                (unsigned long long)verification->files, (unsigned long long)verification->units,
                (unsigned long long)verification->objects,
                (unsigned long long)verification->sections, (double)verification->bytes / 1e6,
                (invocation_now() - invocation->begun) * 1e3);
}

/* A build that uses no cache makes the same decisions for every file; they are not reported. */
static int verify(Invocation *invocation)
{
    Verification verification = {.differs = on_difference, .context = invocation};
    BuildRequest request = build_session_request(invocation);
    request.in_memory = true;
    request.output = invocation->line.output;
    request.observer = NULL;
    BuildStatus status = build_open(&invocation->build, &request);
    if (status == BUILD_OK)
        status = build_verify(invocation->build, &verification);
    if (status == BUILD_OK)
        status = output_verify(invocation->build, invocation->line.output,
                               invocation->format, &verification);
    invocation_report_problems(invocation, status);
    if (status != BUILD_OK)
        return (int)status;
    print_verification(invocation, &verification);
    return verification.differences == 0 ? BUILD_OK : BUILD_PROGRAM_WRONG;
}

int cmd_verify(Invocation *invocation)
{
    int status = build_session_look_at_output(invocation, ": verify needs an output that is a file",
                                              NULL);
    return status == BUILD_OK ? build_session(invocation, verify) : status;
}
