/* SPDX-License-Identifier: MIT */
#include "command_table.h"

enum {
    IN_BUILD = 1 << COMMAND_BUILD,
    IN_RUN = 1 << COMMAND_RUN,
    IN_CHECK = 1 << COMMAND_CHECK,
    IN_CLEAN = 1 << COMMAND_CLEAN,
    IN_CACHE = 1 << COMMAND_CACHE,
    IN_VERIFY = 1 << COMMAND_VERIFY,
    IN_PLAN = 1 << COMMAND_PLAN,
    IN_GRAPH = 1 << COMMAND_GRAPH,
    IN_DIGEST = 1 << COMMAND_DIGEST,
    IN_DOCTOR = 1 << COMMAND_DOCTOR,
    IN_BUILDS = IN_BUILD | IN_RUN | IN_CHECK,
    IN_LOOKS = IN_CACHE | IN_PLAN | IN_GRAPH | IN_DIGEST, /* find the files, and compile nothing */
    IN_WORK = IN_BUILDS | IN_LOOKS | IN_CLEAN | IN_VERIFY | IN_DOCTOR,
    IN_ALL = IN_WORK | 1 << COMMAND_DIFF | 1 << COMMAND_HELP | 1 << COMMAND_VERSION,
};

const FlagRule flag_rules[FLAG_RULES] = {
    {"-o", " OUT", "where the output goes, - is stdout; default: beside ENTRY", FLAG_OUTPUT,
     VALUE_NEEDED, IN_BUILD | IN_RUN | IN_VERIFY | IN_PLAN},
    {"--emit", "=ir|exe", "LLVM IR (the default), or an executable for x86-64 Linux", FLAG_EMIT,
     VALUE_NEEDED, IN_BUILD | IN_VERIFY | IN_PLAN},
    {"-MD", "", "list the files it is made from for make, in OUT.d", FLAG_DEPFILE, VALUE_NONE,
     IN_BUILD},
    {"-MF", " FILE", "list them in FILE", FLAG_DEPFILE_NAME, VALUE_NEEDED, IN_BUILD},
    {"--with", "=clang|lli", "run LLVM IR with one of them", FLAG_WITH, VALUE_NEEDED, IN_RUN},
    {"--cache-dir", " DIR", "where caches are kept; default: .mini_cache beside ENTRY",
     FLAG_CACHE_DIR, VALUE_NEEDED, IN_WORK},
    {"--root", " DIR", "the directory whose files errors quote; default: ENTRY's", FLAG_ROOT,
     VALUE_NEEDED, IN_BUILDS | IN_LOOKS | IN_VERIFY},
    {"-j", " N", "number of workers; default: one per CPU that may be used", FLAG_WORKERS,
     VALUE_NEEDED, IN_BUILDS | IN_LOOKS | IN_VERIFY},
    {"-v", "", "report what changed and what is done about it", FLAG_VERBOSE, VALUE_NONE, IN_WORK},
    {"-vv", "", "report every decision", FLAG_VERY_VERBOSE, VALUE_NONE, IN_WORK},
    {"-q", "", "report errors only", FLAG_QUIET, VALUE_NONE, IN_WORK},
    {"--stats", "[=json]", "counts and times of the build", FLAG_STATS, VALUE_OPTIONAL, IN_BUILDS},
    {"--trace", " FILE", "write what took which time, for a trace viewer", FLAG_TRACE, VALUE_NEEDED,
     IN_BUILDS},
    {"--force", "", "use nothing that is cached", FLAG_FORCE, VALUE_NONE, IN_BUILDS},
    {"--paranoid", "", "read every file, trust no time stamp", FLAG_PARANOID, VALUE_NONE,
     IN_BUILDS | IN_LOOKS},
    {"--trust-cache", "", "use the cache even if somebody else made it", FLAG_TRUST_CACHE,
     VALUE_NONE, IN_BUILDS | IN_LOOKS | IN_VERIFY},
    {"--sync", "", "survive a power cut, too", FLAG_SYNC, VALUE_NONE, IN_BUILDS | IN_CACHE},
    {"--cache-limit", " N",
     "drop old, unused objects beyond N bytes (NK, NM, NG)", FLAG_CACHE_LIMIT,
     VALUE_NEEDED, IN_BUILD | IN_RUN},
    {"--json", "", "print the findings as one line of JSON", FLAG_JSON, VALUE_NONE,
     IN_DOCTOR | IN_GRAPH | IN_PLAN},
    {"--dot", "", "print the graph for Graphviz", FLAG_DOT, VALUE_NONE, IN_GRAPH},
    {"--order", "", "list a file after all that it imports", FLAG_ORDER, VALUE_NONE, IN_GRAPH},
    {"--dependencies", " F", "list what file F imports, directly or not", FLAG_DEPENDENCIES,
     VALUE_NEEDED, IN_GRAPH},
    {"--dependents", " F", "list what imports file F, directly or not", FLAG_DEPENDENTS,
     VALUE_NEEDED, IN_GRAPH},
    {"-h", "", NULL, FLAG_HELP, VALUE_NONE, IN_ALL},
    {"--help", "", "show the help of a command", FLAG_HELP, VALUE_NONE, IN_ALL},
    {"--version", "", "show the version, and what `run` uses", FLAG_VERSION, VALUE_NONE, IN_ALL},
};

const CommandRule command_rules[COMMAND_RULES] = {
    [COMMAND_BUILD] =
        {"build", COMMAND_BUILD, "ENTRY.mini [flags]", "compile to one file",
         "Compiles the program that begins with ENTRY.mini to one file: LLVM IR or, with\n"
         "--emit=exe, an executable. Only what changed since the last build is compiled\n"
         "again, and only its part of the file written.\n",
         "  minic build main.mini -v     main.ll, and why each function was compiled\n"
         "  minic build main.mini -o out/prog.ll --cache-dir out/cache\n"
         "  minic build --emit=exe main.mini -o prog     an executable\n"
         "  minic build main.mini -MD    also main.d, for make and ninja\n",
         cmd_build},
    [COMMAND_RUN] =
        {"run", COMMAND_RUN, "[flags] ENTRY.mini [ARG..]", "build, then run",
         "Builds the program and runs it with what follows ENTRY.mini as its arguments.\n"
         "The exit status is the program's, or 128 + n if signal n ended it. On x86-64\n"
         "Linux an executable is kept beside the cache, in .mini_cache.run, and patched\n"
         "from run to run. LLVM IR is run elsewhere, by --with, if -o names a file that\n"
         "ends in .ll, and if MINIC_TARGET is set: with the newest clang-N or lli-N, or\n"
         "with the one that MINIC_CLANG or MINIC_LLI names.\n",
         "  minic run -q main.mini 3 4   with the arguments 3 and 4\n"
         "  minic run -o prog main.mini  the executable is kept there\n",
         cmd_run},
    [COMMAND_CHECK] =
        {"check", COMMAND_CHECK, "ENTRY.mini [flags]", "report errors, write no output",
         "Checks everything that a build would compile, and keeps the results in the\n"
         "cache: the next build has less to do.\n",
         "  minic check src/main.mini\n",
         cmd_check},
    [COMMAND_CLEAN] =
        {"clean", COMMAND_CLEAN, "[ENTRY.mini] [flags]", "remove what is cached",
         "Removes from the cache what was recorded for one entry, or everything if you\n"
         "name none, and the executables that `run` keeps. Other outputs stay.\n",
         "  minic clean                  all of .mini_cache here\n"
         "  minic clean src/main.mini    what was recorded for that program\n",
         cmd_clean},
    [COMMAND_CACHE] =
        {"cache", COMMAND_CACHE, "drop FILE[:NAME] [ENTRY]", "have one file made again",
         "Drops from the cache what is kept of one file (its lowered form and the code of\n"
         "all that it declares), or the code of what it declares as NAME: the next build\n"
         "makes that again. ENTRY is that of the program; default: FILE. The output stays.\n"
         "`minic cache clear ENTRY` drops the lowered forms and the code of all files,\n"
         "also of other programs in the same cache.\n",
         "  minic cache drop main.mini:area       the code of one function\n"
         "  minic cache drop lib.mini main.mini   all that is kept of lib.mini\n",
         cmd_cache},
    [COMMAND_VERIFY] =
        {"verify", COMMAND_VERIFY, "ENTRY.mini [flags]", "compare with a clean build",
         "Compiles everything without using the cache, and compares the result with what\n"
         "the cache and the output hold. Without -o and --emit, the output is that of the\n"
         "last build, whichever kind it is.\n",
         "  minic verify main.mini -v    exit status 1 and a line for each difference\n",
         cmd_verify},
    [COMMAND_PLAN] =
        {"plan", COMMAND_PLAN, "ENTRY.mini [flags]", "list what a build would compile",
         "Lists the files that changed since the last build and the functions that a build\n"
         "would compile now: dirty, its own source changed; dependent, something that it\n"
         "names changed; lost, its code is no longer cached. Beside them, how many a tool\n"
         "would compile that takes all callers of what changed. Sources are read; caches\n"
         "and output are not touched.\n",
         "  minic plan main.mini --json\n",
         cmd_plan},
    [COMMAND_GRAPH] =
        {"graph", COMMAND_GRAPH, "ENTRY.mini [flags]", "list the files and their imports",
         "Lists the files of the program, each with what it imports below it; with a flag\n"
         "that orders or selects, their names alone. Only files that changed are read, and\n"
         "nothing is compiled. --order marks the files of each cycle, after a tab.\n",
         "  minic graph main.mini --dependents lib.mini   what depends on lib.mini\n"
         "  minic graph main.mini --dot | dot -Tsvg >graph.svg\n",
         cmd_graph},
    [COMMAND_DIGEST] =
        {"digest", COMMAND_DIGEST, "ENTRY.mini [flags]", "print a hash of the program",
         "Prints one hash of the program, and below it the XXH128 of each of its files\n"
         "with its path from ENTRY's directory. The same sources have the same digest on\n"
         "every machine.\n",
         "  minic digest main.mini >before\n"
         "  minic digest main.mini | head -n 1     the hash of all of it\n",
         cmd_digest},
    [COMMAND_DIFF] =
        {"diff", COMMAND_DIFF, "A B", "list what differs between digests",
         "Lists the files that differ between two digests of a program, as `minic digest`\n"
         "printed them into the files A and B. Exit status 1 if there are any.\n",
         "  minic diff before after\n",
         cmd_diff},
    [COMMAND_DOCTOR] =
        {"doctor", COMMAND_DOCTOR, "[DIR] [flags]", "check the file system",
         "Tests in DIR (default: here) what the caches rely on: how the clock of the file\n"
         "system ticks, what a changed file looks like, whether locks work. Reports what\n"
         "that means for a build. Exit status 1 if something that is needed does not hold.\n",
         "  minic doctor ~/project\n",
         cmd_doctor},
    [COMMAND_HELP] = {"help", COMMAND_HELP, "[COMMAND]", "show the help of a command",
                      "Without a command: all commands and flags.\n", "  minic help build\n",
         cmd_help},
    [COMMAND_VERSION] =
        {"version", COMMAND_VERSION, "", "show the version, and what `run` uses",
         "Prints the version, the commit that it was built from if that is known, and what\n"
         "`run` would use here.\n",
         "  minic --version\n",
         cmd_version},
};

const CommandRule *command_rule_find(const char *name)
{
    for (size_t i = 0; i < COMMAND_RULES; i++)
        if (strcmp(name, command_rules[i].name) == 0)
            return &command_rules[i];
    return NULL;
}

void command_rules_list(ByteBuffer *text)
{
    for (size_t i = 0; i < COMMAND_RULES; i++) {
        buffer_put(text, slice_from(i == 0                  ? ""
                                    : i + 1 < COMMAND_RULES ? ", "
                                                            : " and "));
        buffer_put(text, slice_from(command_rules[i].name));
    }
}
