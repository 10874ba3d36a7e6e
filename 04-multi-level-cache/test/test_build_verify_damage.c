/* SPDX-License-Identifier: MIT */
/* Verifying names every damaged or missing file of the cache. */
#include "verified_cache.h"

#include <sys/stat.h>
#include <unistd.h>

static off_t size_of(const LineProject *project, const char *path)
{
    struct stat status;
    assert_int_equal(fstatat(project->scratch.fd, path, &status, 0), 0);
    return status.st_size;
}

/* How a flipped byte of that file must be reported. NULL: it is not state. */
static const char *name_of_damage(const char *file)
{
    static const struct {
        const char *part, *line;
    } kinds[] = {
        {".manifest", ".manifest: is damaged\n"},
        {".unsettled", ".unsettled: the last build did not finish writing its output\n"},
        {".files", ".files: is missing or damaged\n"},
        {".units", ".units: is missing or damaged\n"},
        {"zir.pack", "zir.pack: holds damaged records\n"},
        {"air.pack", "air.pack: holds damaged records\n"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strstr(file, kinds[i].part) != NULL)
            return kinds[i].line;
    return NULL;
}

static bool is_padding(const char *file, off_t place)
{
    return strstr(file, ".pack") != NULL && place >= 12 && place < 32;
}

typedef struct Flips { /* this many bytes */
    unsigned named, unnoticed;
} Flips;

/* Flips each byte of the file in turn. */
static void flip_all(const LineProject *project, const char *file, const char *line, Flips *flips)
{
    for (off_t place = 0; place < size_of(project, file); place++) {
        if (is_padding(file, place))
            continue;
        scratch_flip(&project->scratch, file, place, 0x20);
        ByteBuffer found = line_project_verify(project, (LineRequest){0}, NULL);
        bool is_noticed = found.data[0] != '\0';
        if (!is_noticed && strstr(file, ".pack") == NULL)
            fail_msg("%s, byte %ld: not found", file, (long)place);
        flips->named += strstr(found.data, line) != NULL;
        flips->unnoticed += !is_noticed;
        scratch_flip(&project->scratch, file, place, 0x20);
        buffer_free(&found);
    }
}

/* Bases and journals, packs, manifest and mark: each byte of each. */
static void test_a_flipped_byte_anywhere_is_named(void **state)
{
    LineProject *project = *state;
    Flips flips = {0};
    line_rebuild(project);
    line_edit(project, "lib.line", "multiplied", "multiplied once");
    line_rebuild(project);
    line_edit(project, "lib.line", "once", "twice"); /* so that there are journals */
    line_rebuild(project);
    expect_found(project, "");
    FileList files = scratch_list(&project->scratch, "cache");
    for (unsigned i = 0; i < files.count; i++) {
        const char *line = name_of_damage(files.paths[i]);
        if (line != NULL)
            flip_all(project, files.paths[i], line, &flips);
    }
    expect_found(project, "");
    assert_true(flips.named > 1000);
    assert_true(flips.unnoticed < flips.named / 10); /* padding after the objects */
}

static void test_each_missing_file_is_named(void **state)
{
    static const struct {
        const char *part, *line;
    } cases[] = {
        {".files", ".files: is missing or damaged\n"},
        {".units", ".units: is missing or damaged\n"},
        {"zir.pack", "main.line: its ZIR is missing or damaged\n"},
        {"air.pack", "lib.line:area: its output is missing or damaged\n"},
        {"zir.index", "zir.index: does not fit its pack\n"},
        {"air.index", "air.index: does not fit its pack\n"},
        {".manifest", "main.line: no build of it is recorded\n"},
    };
    LineProject *project = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        line_rebuild(project);
        FileList files = scratch_list(&project->scratch, "cache");
        for (unsigned f = 0; f < files.count; f++)
            if (strstr(files.paths[f], cases[i].part) != NULL)
                assert_int_equal(unlinkat(project->scratch.fd, files.paths[f], 0), 0);
        expect_among_found(project, cases[i].line);
        line_project_clean(project);
        line_output_free(&project->output);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_WITH_PAIR(test_a_flipped_byte_anywhere_is_named),
        CASE_WITH_PAIR(test_each_missing_file_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
