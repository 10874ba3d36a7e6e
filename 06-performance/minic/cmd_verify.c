/* SPDX-License-Identifier: MIT */
/* minic verify: compare the cache and the output with a clean build. */
#include "build_session.h"
#include "commands.h"
#include "output_verify.h"
#include "shown_text.h"

enum { IS_OF_OTHER_KIND = -1 }; /* beside the exit statuses */

/* One line for each difference, whatever the name of the file; kept until all are known. */
static void on_difference(void *context, Slice subject, const char *what)
{
    Invocation *invocation = context;
    shown_text_put(&invocation->text, subject);
    buffer_put_format(&invocation->text, ": %s\n", what);
}

static void print_differences(Invocation *invocation)
{
    progress_hold(&invocation->progress);
    invocation_print_text(&invocation->text, stdout);
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

/* Without --emit it is what the last build made: LLVM IR, or an executable. The settings in its
 * record say which; so the other kind is tried if they are not those of the first. */
static bool is_of_other_kind(const Invocation *invocation)
{
    const CommandLine *line = &invocation->line;
    return image_host_why_not() == NULL && !line->emit_is_named && line->emit == EMIT_IR &&
           build_planned(invocation->build)->settings_changed;
}

/* A build that uses no cache makes the same decisions for every file; they are not reported. */
static int verify_kind(Invocation *invocation)
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
    if (status == BUILD_OK && is_of_other_kind(invocation))
        return IS_OF_OTHER_KIND;
    print_differences(invocation);
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
    if (status == BUILD_OK)
        status = build_session(invocation, verify_kind);
    if (status == IS_OF_OTHER_KIND) {
        progress_end(&invocation->progress);
        invocation->text.size = 0;
        invocation->line.emit = EMIT_PROGRAM;
        status = build_session(invocation, verify_kind);
    }
    return status;
}
