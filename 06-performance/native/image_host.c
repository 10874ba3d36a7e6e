/* SPDX-License-Identifier: MIT */
#ifdef __linux__
#define _GNU_SOURCE /* dl_iterate_phdr */
#endif

#include "image_host.h"

#if IMAGES_RUN_HERE

#include <link.h>

/* A static executable has no dynamic linker; programs then use the one of the x86-64 ABI. */
static const char usual_interpreter[] = "/lib64/ld-linux-x86-64.so.2";
static const char usual_library[] = "libc.so.6";
static const char usual_mathematics[] = "libm.so.6";

static void copy_text(char *to, size_t room, const char *text)
{
    size_t size = strlen(text);
    if (size < room)
        memcpy(to, text, size + 1);
}

/* Some C libraries replace the offsets in here by addresses, and some leave them as they are. */
static const char *strings_of(const struct dl_phdr_info *program, const ElfW(Dyn) *entry)
{
    for (; entry->d_tag != DT_NULL; entry++)
        if (entry->d_tag == DT_STRTAB)
            return (const char *)(entry->d_un.d_ptr < program->dlpi_addr
                                      ? program->dlpi_addr + entry->d_un.d_ptr
                                      : entry->d_un.d_ptr);
    return NULL;
}

static void read_libraries(const struct dl_phdr_info *program, const ElfW(Dyn) *dynamic,
                           ImageHost *host)
{
    const char *strings = strings_of(program, dynamic);
    for (const ElfW(Dyn) *entry = dynamic; strings != NULL && entry->d_tag != DT_NULL; entry++)
        if (entry->d_tag == DT_NEEDED && strncmp(strings + entry->d_un.d_val, "libc.", 5) == 0)
            copy_text(host->libraries[0], sizeof host->libraries[0],
                      strings + entry->d_un.d_val);
}

/* The first object is the program itself. */
static int visit_program(struct dl_phdr_info *program, size_t size, void *data)
{
    (void)size;
    ImageHost *host = data;
    for (size_t i = 0; i < program->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &program->dlpi_phdr[i];
        const char *at = (const char *)(program->dlpi_addr + segment->p_vaddr);
        if (segment->p_type == PT_INTERP)
            copy_text(host->interpreter, sizeof host->interpreter, at);
        else if (segment->p_type == PT_DYNAMIC)
            read_libraries(program, (const ElfW(Dyn) *)(const void *)at, host);
    }
    return 1;
}

const char *image_host_why_not(void)
{
    return NULL;
}

const char *image_host_find(ImageHost *host, ImageSettings *settings)
{
    *host = (ImageHost){0};
    copy_text(host->interpreter, sizeof host->interpreter, usual_interpreter);
    copy_text(host->libraries[0], sizeof host->libraries[0], usual_library);
    dl_iterate_phdr(visit_program, host);
    bool has_mathematics = strcmp(host->libraries[0], usual_library) == 0;
    copy_text(host->libraries[1], sizeof host->libraries[1], usual_mathematics);
    host->names[0] = host->libraries[0];
    host->names[1] = host->libraries[1];
    *settings = (ImageSettings){.interpreter = host->interpreter,
                                .libraries = host->names,
                                .library_count = has_mathematics ? 2 : 1,
                                .needed_count = 1};
    return NULL;
}

#else

const char *image_host_why_not(void)
{
    return "executables are made for x86-64 Linux";
}

const char *image_host_find(ImageHost *host, ImageSettings *settings)
{
    *host = (ImageHost){0};
    *settings = (ImageSettings){0};
    return image_host_why_not();
}

#endif
