/* SPDX-License-Identifier: MIT */
#include "random_edit.h"

static RandomFile *some_file(RandomProject *project, int *number)
{
    do
        *number = (int)random_below(project, MOST_FILES);
    while (!project->files[*number].exists);
    project->last_file = *number;
    return &project->files[*number];
}

/* NULL if the randomly chosen file has none. */
static RandomFunction *some_function(RandomProject *project)
{
    int file;
    RandomFile *in = some_file(project, &file);
    unsigned start = random_below(project, MOST_UNITS);
    for (unsigned i = 0; i < MOST_UNITS; i++)
        if (in->functions[(start + i) % MOST_UNITS].exists)
            return &in->functions[(start + i) % MOST_UNITS];
    return NULL;
}

static void edit_signature(RandomProject *project, RandomFunction *function)
{
    switch (random_below(project, 4)) {
    case 0:
        project->last_edit = slice_from("parameter type");
        function->params[0] = (NumberType)((function->params[0] + 1) % NUMBER_TYPES);
        break;
    case 1:
        project->last_edit = slice_from("result type");
        function->result = (NumberType)((function->result + 1) % NUMBER_TYPES);
        break;
    case 2:
        project->last_edit = slice_from("parameters swapped");
        function->swapped_names = !function->swapped_names;
        break;
    default:
        project->last_edit = slice_from("number of parameters");
        function->param_count = (function->param_count + 1) % (MOST_FIELDS + 1);
        break;
    }
}

static void edit_function(RandomProject *project)
{
    RandomFunction *function = some_function(project);
    int file = project->last_file;
    if (function == NULL)
        return;
    switch (random_below(project, 6)) {
    case 0:
    case 1:
        project->last_edit = slice_from("body");
        function->literal = random_below(project, 100000);
        break;
    case 2:
        edit_signature(project, function);
        break;
    case 3:
        project->last_edit = slice_from("comment");
        function->has_comment = !function->has_comment;
        break;
    case 4:
        project->last_edit = slice_from("calls");
        random_project_make_calls(project, file, function);
        break;
    default:
        project->last_edit = slice_from("misspelled");
        function->is_misspelled = random_chance(project, 30);
        break;
    }
}

static void edit_file(RandomProject *project)
{
    int number;
    RandomFile *file = some_file(project, &number);
    int unit = (int)random_below(project, MOST_UNITS);
    switch (random_below(project, 6)) {
    case 0:
        project->last_edit = slice_from("constant");
        random_project_make_const(project, number, (int)random_below(project, 2));
        break;
    case 1:
        project->last_edit = slice_from("struct");
        random_project_make_struct(project, number);
        break;
    case 2:
        project->last_edit = slice_from("blank lines");
        file->blank_lines = (file->blank_lines + 1) % 4;
        break;
    case 3:
        project->last_edit = slice_from("function added or removed");
        if (file->functions[unit].exists)
            file->functions[unit].exists = false;
        else
            random_project_make_function(project, number, unit);
        break;
    case 4:
        project->last_edit = slice_from("syntax error");
        file->is_broken = random_chance(project, 50);
        break;
    default:
        project->last_edit = slice_from("file rewritten");
        random_project_make_file(project, number);
        break;
    }
}

static void add_or_remove_file(RandomProject *project)
{
    int number = 1 + (int)random_below(project, (uint32_t)random_shape_files(project->shape) - 1);
    project->last_file = number;
    if (project->files[number].exists) {
        project->last_edit = slice_from("file removed");
        project->files[number].exists = false;
    } else {
        project->last_edit = slice_from("file added");
        random_project_make_file(project, number);
    }
}

/* What is broken is soon mended, or most builds would end with errors. */
static void mend(RandomProject *project)
{
    for (int i = 0; i < MOST_FILES; i++) {
        project->files[i].is_broken = false;
        for (int n = 0; n < MOST_UNITS; n++)
            project->files[i].functions[n].is_misspelled = false;
    }
    project->last_edit = slice_from("errors mended");
}

void random_project_edit(RandomProject *project, uint64_t number)
{
    project->random = number;
    project->last_file = -1;
    project->last_edit = slice_from("nothing");
    uint32_t kind = random_below(project, 20);
    if (kind < 11)
        edit_function(project);
    else if (kind < 15)
        edit_file(project);
    else if (kind < 17)
        add_or_remove_file(project);
    else if (kind < 19)
        mend(project);
}
