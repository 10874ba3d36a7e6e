/* SPDX-License-Identifier: MIT */
/*
 * The demos tell their stories in a temporary directory, with files that they write.
 */
#ifndef DEMO_STORY_H
#define DEMO_STORY_H

#ifdef __cplusplus
extern "C" {
#endif

/* Writes a file; on failure, prints why. */
void story_write(const char *path, const char *text);

/* Tells a story in a new directory named after the program, then removes the directory and its
 * contents. Returns an exit status: the story's, or 3 if the directory cannot be made. */
int story_tell(const char *program, int (*story)(void));

#ifdef __cplusplus
}
#endif

#endif
