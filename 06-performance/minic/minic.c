/* SPDX-License-Identifier: MIT */
/*
 * minic: the command line over the six stages. A call is one Invocation (invocation.h); the table
 * of commands (command_table.h) says what it does.
 */
#include "command_table.h"
#include "invocation.h"
#include "program_begin.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdlib.h>
#include <sys/resource.h>

static int apply_environment(CommandLine *line)
{
    const char *verbose = getenv("MINIC_VERBOSE"), *trust = getenv("MINIC_TRUST_CACHE");
    if (trust != NULL && trust[0] != '\0' && strcmp(trust, "0") != 0 && strcmp(trust, "1") != 0)
        return invocation_refuse_variable("MINIC_TRUST_CACHE", trust, "not 0 or 1");
    line->trust_cache |= trust != NULL && trust[0] == '1';
    if (verbose == NULL)
        return BUILD_OK;
    if (verbose[0] < '0' || verbose[0] > '2' || verbose[1] != '\0')
        return invocation_refuse_variable("MINIC_VERBOSE", verbose, "not 0, 1 or 2");
    if (verbose[0] - '0' > line->verbosity)
        line->verbosity = verbose[0] - '0';
    return BUILD_OK;
}

/* The C library gives each thread a heap of its own, of 64 MB of address space. Under `ulimit -v`
 * the heaps would take the space that the work needs. */
static void spare_address_space(void)
{
#ifdef __GLIBC__
    struct rlimit space;
    if (getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY)
        mallopt(M_ARENA_MAX, 1);
#endif
}

int main(int argc, char **argv)
{
    Invocation invocation = {.begun = invocation_now(), .stream = -1};
    ByteBuffer error = {0};
    int status;
    program_begin();
    spare_address_space();
    if (command_line_parse(&invocation.line, argc, argv, &error)) {
        status = apply_environment(&invocation.line);
        invocation.on_terminal = !invocation.line.quiet && progress_is_possible();
        invocation.observer = (Observer){invocation_on_decision, &invocation};
        if (status == BUILD_OK)
            status = command_rules[invocation.line.command].run(&invocation);
    } else {
        buffer_put(&error, slice_from("; see minic --help"));
        status = invocation_complain(BUILD_MISUSED, &error);
    }
    buffer_free(&error);
    buffer_free(&invocation.text);
    command_line_free(&invocation.line);
    return program_end("minic", status);
}
