/* SPDX-License-Identifier: MIT */
/*
 * A project whose sources include texts, embed data and ask for a value: what lowering saw of other
 * files is kept in lists, which Mini never writes. Built as a MiniProject, by another compiler.
 *
 *     IncludeProject project;
 *     include_project_open(&project);
 *     include_project_write(&project, &(IncludeSources){.parts = 3});
 *     mini_project_build(&project.mini);
 *     include_project_close(&project);
 */
#ifndef INCLUDE_PROJECT_H
#define INCLUDE_PROJECT_H

#include "include_language.h"
#include "mini_project.h"

typedef struct IncludeProject {
    MiniProject mini; /* first */
    IncludeLanguage language;
} IncludeProject;

/* The edition of each file. main.tree calls a function of each part; each part includes shared.h,
 * which includes deep.h, and names all that follows. */
typedef struct IncludeSources {
    unsigned parts;
    unsigned shared, deep; /* texts, found in the directory "far" */
    unsigned near;         /* a text found before that shared.h; 0: there is none */
    unsigned data;         /* embedded where it exists; 0: it does not */
    unsigned value;        /* of MODE; 0: it has none */
    unsigned body;         /* of the first part */
} IncludeSources;

enum { MOST_VALUES = 4 };

void include_project_open(IncludeProject *project);
void include_project_close(IncludeProject *project);

/* Writes all files, and sets the value. */
void include_project_write(IncludeProject *project, const IncludeSources *sources);

#endif
