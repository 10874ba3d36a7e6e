/* SPDX-License-Identifier: MIT */
/*
 * Where the demos tell their stories: in a temporary directory, with files that they write.
 */
#ifndef DEMO_STORY_H
#define DEMO_STORY_H

#ifdef __cplusplus
extern "C" {
#endif

/* Writes a file. If that fails, it prints why. */
void story_write(const char *path, const char *text);

/* Tells a story in a new directory that is named after the program, and removes it with all that
 * is in it. Returns an exit status: that of the story, or 3 if there can be no such directory. */
int story_tell(const char *program, int (*story)(void));

#ifdef __cplusplus
}
#endif

#endif
