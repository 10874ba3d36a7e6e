/* SPDX-License-Identifier: MIT */
#include "include_project.h"

#include <stdio.h>
#include <unistd.h>

void include_project_open(IncludeProject *project)
{
    *project = (IncludeProject){.language = {.values = {{"MODE", NULL}}}};
    mini_project_open(&project->mini);
    project->mini.compiler = include_language(&project->language);
    project->mini.entry = "main.tree";
}

void include_project_close(IncludeProject *project)
{
    mini_project_close(&project->mini);
}

static void write_main(const MiniProject *project, unsigned parts)
{
    ByteBuffer text = {0};
    for (unsigned i = 0; i < parts; i++)
        buffer_put_format(&text, "import \"part%u.tree\" as part%u\n", i, i);
    buffer_put(&text, slice_from("fn main = (sum"));
    for (unsigned i = 0; i < parts; i++)
        buffer_put_format(&text, " $part%u.twice", i);
    buffer_put(&text, slice_from(")\n"));
    scratch_write_bytes(&project->scratch, "main.tree", buffer_slice(&text));
    buffer_free(&text);
}

static void write_part(const MiniProject *project, unsigned number, unsigned edition)
{
    char name[32], text[400];
    snprintf(name, sizeof name, "part%u.tree", number);
    snprintf(text, sizeof text,
             "include \"shared.h\"\nenv MODE\n"
             "ifexists \"data.bin\"\nembed? data \"data.bin\"\nendif\n"
             "fn twice a = (times %%WORD %%DEEP %%MODE p%u w%u)\nfn unused = (do data p%u)\n",
             number, edition, number);
    mini_project_write(project, name, text);
}

/* A file of which there may be none. Texts of two editions differ in size. */
static void write_edition(const MiniProject *project, const char *name, const char *before,
                          unsigned edition, const char *after)
{
    char text[300];
    if (edition == 0) {
        (void)unlinkat(project->scratch.fd, name, 0);
        return;
    }
    snprintf(text, sizeof text, "%sw%u%.*s%s", before, edition, (int)(edition * 7 % 60),
             "_____________________________________________________________", after);
    mini_project_write(project, name, text);
}

void include_project_write(IncludeProject *project, const IncludeSources *sources)
{
    static const char *const values[MOST_VALUES] = {NULL, "debug", "release", "profile"};
    const MiniProject *mini = &project->mini;
    write_main(mini, sources->parts);
    for (unsigned i = 0; i < sources->parts; i++)
        write_part(mini, i, i == 0 ? sources->body : 0);
    write_edition(mini, "far/shared.h", "include \"deep.h\"\ndefine WORD ", sources->shared + 1,
                  "\nwarn shared\n");
    write_edition(mini, "far/deep.h", "define DEEP ", sources->deep + 1, "\n");
    write_edition(mini, "near/shared.h", "include \"deep.h\"\ndefine WORD near ", sources->near,
                  "\n");
    write_edition(mini, "data.bin", "", sources->data, "\n");
    assert_true(sources->value < MOST_VALUES);
    project->language.values[0][1] = values[sources->value];
}
