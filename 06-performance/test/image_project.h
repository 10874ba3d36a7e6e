/* SPDX-License-Identifier: MIT */
/*
 * A Mini project whose product is an executable, built inside the test's process. On machines that
 * cannot run it, it is made all the same.
 *
 *     ImageProject project;
 *     image_project_open(&project, 0);
 *     mini_project_write(&project.mini, "main.mini", "fn main() i32 { return 7; }\n");
 *     image_project_expect(&project, PATCH_FULL, REASON_FIRST_BUILD);
 *     image_project_expect_run(&project, "", 7);
 *     image_project_close(&project);
 */
#ifndef IMAGE_PROJECT_H
#define IMAGE_PROJECT_H

#include "image_host.h"
#include "mini_project.h"
#include "program_image.h"

typedef struct ImageProject {
    MiniProject mini; /* its output is "out.ll", whatever its name says */
    ImageHost host;
    ImageSettings settings;
    ProgramImage image;
} ImageProject;

/* `hash_bits`: see slot_hash. */
void image_project_open(ImageProject *project, unsigned hash_bits);
void image_project_close(ImageProject *project);

/* A test with an ImageProject for its *state. */
#define CASE_IN_IMAGE(name) \
    cmocka_unit_test_setup_teardown(name, image_project_setup, image_project_teardown)
int image_project_setup(void **state);
int image_project_teardown(void **state);

/* Builds, and fails the test unless it ends as expected, with an image equal to one made from
 * nothing. */
void image_project_expect(ImageProject *project, PatchStrategy strategy, PatchReason reason);

/* Fails the test unless the program prints this and exits with this status. Does nothing where
 * images do not run. */
void image_project_expect_run(const ImageProject *project, const char *output, int status);

/* The image as it is; the caller frees. */
char *image_project_read(const ImageProject *project, size_t *size);

/* Where the parts of the image are. */
ImageParts image_project_parts(const ImageProject *project);

#endif
