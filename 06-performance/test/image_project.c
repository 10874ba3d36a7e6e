/* SPDX-License-Identifier: MIT */
#include "image_project.h"

#include "mini_native.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

void image_project_open(ImageProject *project, unsigned hash_bits)
{
    static const char *const libraries[] = {"libc.so.6"};
    *project = (ImageProject){0};
    mini_project_open(&project->mini);
    assert_int_equal(mini_native_compiler_init(&project->mini.compiler, &(MiniSettings){0},
                                               &project->mini.prelude), 0);
    if (image_host_find(&project->host, &project->settings) != NULL)
        project->settings = (ImageSettings){.interpreter = "/lib64/ld-linux-x86-64.so.2",
                                            .libraries = libraries,
                                            .library_count = 1,
                                            .needed_count = 1};
    project->settings.hash_bits = hash_bits;
    program_image_init(&project->image, &project->settings);
    project->mini.format = &project->image.format;
}

void image_project_close(ImageProject *project)
{
    program_image_free(&project->image);
    mini_project_close(&project->mini);
}

int image_project_setup(void **state)
{
    ImageProject *project = memory_allocate_zeroed(1, sizeof *project);
    image_project_open(project, 0);
    *state = project;
    return 0;
}

int image_project_teardown(void **state)
{
    image_project_close(*state);
    memory_free(*state);
    return 0;
}

void image_project_expect(ImageProject *project, PatchStrategy strategy, PatchReason reason)
{
    if (mini_project_build(&project->mini) != BUILD_OK)
        fail_msg("build failed: %s", project->mini.said.data);
    assert_string_equal(patch_strategy_name(project->mini.patch.strategy),
                        patch_strategy_name(strategy));
    assert_string_equal(patch_reason_name(project->mini.patch.reason), patch_reason_name(reason));
    mini_project_expect_clean(&project->mini);
}

void image_project_expect_run(const ImageProject *project, const char *output, int status)
{
    char command[400], text[4096];
    if (!IMAGES_RUN_HERE)
        return;
    snprintf(command, sizeof command, "exec '%s/out.ll'", project->mini.scratch.path);
    FILE *stream = popen(command, "r");
    assert_non_null(stream);
    text[fread(text, 1, sizeof text - 1, stream)] = '\0';
    int ended = pclose(stream);
    assert_string_equal(text, output);
    assert_true(WIFEXITED(ended));
    assert_int_equal(WEXITSTATUS(ended), status);
}

char *image_project_read(const ImageProject *project, size_t *size)
{
    return scratch_read(&project->mini.scratch, "out.ll", size);
}

ImageParts image_project_parts(const ImageProject *project)
{
    ImageParts parts;
    size_t size;
    char *bytes = image_project_read(project, &size);
    assert_true(image_head_read(slice_of(bytes, size), &parts));
    free(bytes);
    return parts;
}
