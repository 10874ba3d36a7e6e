/* SPDX-License-Identifier: MIT */
/*
 * Putting back is writing bytes, and whoever writes a file changes its ctime. The sources are
 * not written again: an edit is made once, after the state was kept. The output is, and so the
 * stamp that the kept manifest has for it is replaced by the one it has now.
 */
#include "damaged_project.h"

#include "cache_directory.h"
#include "manifest.h"
#include "output_state.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- the sources --------------------------------------------------------------------------- */

static void write_part(const DamagedProject *in, unsigned number, unsigned edition)
{
    const MiniProject *project = &in->project;
    char name[32], text[400];
    snprintf(name, sizeof name, "part%u.mini", number);
    if (in->is_tiny)
        snprintf(text, sizeof text, "fn twice(n: i32) i32 { return %u%u; }\n", in->flavour,
                 edition);
    else
        snprintf(text, sizeof text,
                 "struct Pair { first: i32, second: i32 }\nconst base: i32 = %u;\n"
                 "fn add(a: i32, b: i32) i32 { const p = Pair{ first: a, second: b };\n"
                 "    return p.first + p.second + %u; }\n"
                 "fn twice(n: i32) i32 { return add(n, n) * base; }\n",
                 in->flavour + number % 4, edition);
    mini_project_write(project, name, text);
}

static void write_sources(const DamagedProject *in, unsigned files)
{
    const MiniProject *project = &in->project;
    ByteBuffer text = {0};
    char line[80];
    for (unsigned i = 0; i + 1 < files; i++) {
        snprintf(line, sizeof line, "import \"part%u.mini\" as part%u;\n", i, i);
        buffer_put(&text, slice_from(line));
        write_part(in, i, 100);
    }
    buffer_put(&text, slice_from("fn main() i32 {\n    var sum = 0;\n"));
    for (unsigned i = 0; i + 1 < files; i++) {
        snprintf(line, sizeof line, "    sum = sum + part%u.twice(%u);\n", i, i);
        buffer_put(&text, slice_from(line));
    }
    buffer_put(&text, slice_from("    print(sum);\n    return 0;\n}\n"));
    buffer_put_byte(&text, '\0');
    mini_project_write(project, "main.mini", text.data);
    buffer_free(&text);
}

/* ---- keeping ------------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const KeptFile *)a)->name, ((const KeptFile *)b)->name);
}

static bool is_dots_or_lock(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, "lock") == 0;
}

static DIR *list_cache(const DamagedProject *project)
{
    DIR *list = fdopendir(openat(project->cache_fd, ".", O_RDONLY | O_DIRECTORY));
    assert_non_null(list);
    return list;
}

static void keep_cache(DamagedProject *project)
{
    char path[300];
    DIR *list = list_cache(project);
    for (struct dirent *item; (item = readdir(list)) != NULL;) {
        if (is_dots_or_lock(item->d_name))
            continue;
        assert_true(project->count < MOST_KEPT);
        KeptFile *file = &project->files[project->count++];
        assert_true(strlen(item->d_name) < sizeof file->name);
        strcpy(file->name, item->d_name);
        snprintf(path, sizeof path, "cache/%s", item->d_name);
        file->bytes = scratch_read(&project->project.scratch, path, &file->size);
    }
    closedir(list);
    qsort(project->files, project->count, sizeof *project->files, compare_names);
}

static void build_until_settled(MiniProject *project)
{
    scratch_age(&project->scratch, "main.mini", 10); /* all the files', the clock waits for it */
    do {
        assert_int_equal(mini_project_build(project), BUILD_OK);
    } while (project->patch.strategy != PATCH_UP_TO_DATE || project->counts.files_hashed != 0);
}

void damaged_project_open(DamagedProject *project, unsigned files, Situation situation,
                          Flavour flavour)
{
    MiniProject *in = &project->project;
    *project = (DamagedProject){
        .situation = situation, .flavour = flavour, .is_tiny = files == 2};
    mini_project_open(in);
    write_sources(project, files);
    build_until_settled(in);
    for (unsigned edition = 101; edition < 104 && !project->is_tiny; edition++) {
        write_part(project, (edition - 100) % (files - 1), edition);
        build_until_settled(in);
    }
    project->cache_fd = openat(in->scratch.fd, "cache", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(project->cache_fd >= 0);
    keep_cache(project);
    project->old_output = scratch_read(&in->scratch, "out.ll", &project->old_size);
    if (situation != DAMAGED_ONLY)
        write_part(project, 0, 222);
    project->new_output = mini_project_clean_output(in, &project->new_size);
    assert_non_null(project->new_output);
}

void damaged_project_close(DamagedProject *project)
{
    for (unsigned i = 0; i < project->count; i++)
        free(project->files[i].bytes);
    free(project->old_output);
    free(project->new_output);
    close(project->cache_fd);
    mini_project_close(&project->project);
}

/* ---- putting back -------------------------------------------------------------------------- */

static void remove_others(const DamagedProject *project)
{
    DIR *list = list_cache(project);
    for (struct dirent *item; (item = readdir(list)) != NULL;) {
        const char *name = item->d_name;
        if (is_dots_or_lock(name) || damaged_project_find(project, name) != NULL ||
            unlinkat(project->cache_fd, name, 0) == 0)
            continue;
        assert_int_equal(unlinkat(project->cache_fd, name, AT_REMOVEDIR), 0);
    }
    closedir(list);
}

static bool holds(int fd, const char *bytes, size_t size)
{
    char there[16 << 10];
    for (size_t done = 0; done < size;) {
        ssize_t count = pread(fd, there, sizeof there, (off_t)done);
        if (count <= 0 || (size_t)count > size - done ||
            memcmp(there, bytes + done, (size_t)count) != 0)
            return false;
        done += (size_t)count;
    }
    return lseek(fd, 0, SEEK_END) == (off_t)size;
}

/* Most files are what they were, and comparing is cheaper than writing. */
static void put_back(int dir_fd, const char *name, const char *bytes, size_t size)
{
    int fd = openat(dir_fd, name, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    assert_true(fd >= 0);
    if (!holds(fd, bytes, size)) {
        assert_int_equal(pwrite(fd, bytes, size, 0), (ssize_t)size);
        assert_int_equal(ftruncate(fd, (off_t)size), 0);
    }
    close(fd);
}

/* Makes the kept manifest, already put back, have the output's present stamp. */
static void adopt_output(const DamagedProject *project)
{
    char id[ENTRY_ID_SIZE + 1] = "";
    uint64_t written = 0;
    Manifest manifest;
    Slice blob;
    OutputRecord record;
    memcpy(id, damaged_project_find(project, ".manifest")->name, ENTRY_ID_SIZE);
    assert_int_equal(manifest_load(&manifest, project->cache_fd, id), 0);
    assert_true(manifest_blob(&manifest, "output", &blob));
    memcpy(&record, blob.data, sizeof record);
    record.is_young = 0;
    assert_int_equal(file_stamp_at(project->project.scratch.fd, "out.ll", &record.stamp), 0);
    ByteBuffer changed = {0};
    buffer_put(&changed, slice_of(&record, sizeof record));
    buffer_put(&changed, slice_of(blob.data + sizeof record, blob.size - sizeof record));
    manifest_set_blob(&manifest, "output", buffer_slice(&changed));
    assert_int_equal(manifest_store(&manifest, project->cache_fd, id, false, &written), 0);
    buffer_free(&changed);
    manifest_free(&manifest);
}

void damaged_project_restore(DamagedProject *project)
{
    int dir_fd = project->project.scratch.fd;
    remove_others(project);
    for (unsigned i = 0; i < project->count; i++)
        put_back(project->cache_fd, project->files[i].name, project->files[i].bytes,
                 project->files[i].size);
    put_back(dir_fd, "out.ll", project->old_output, project->old_size);
    adopt_output(project);
    if (project->situation == DAMAGED_AND_NO_OUTPUT)
        assert_int_equal(unlinkat(dir_fd, "out.ll", 0), 0);
}

/* ---- the oracle ---------------------------------------------------------------------------- */

void damaged_project_expect_healing(DamagedProject *project, const char *what)
{
    MiniProject *in = &project->project;
    Slice expected = slice_of(project->new_output, project->new_size);
    project->tries++;
    if (mini_project_build(in) != BUILD_OK)
        fail_msg("%s, situation %d: the build ends with status %d: %s", what, project->situation,
                 in->status, in->said.data);
    if (!mini_project_output_is(in, expected))
        fail_msg("%s, situation %d: the output is wrong", what, project->situation);
    mini_project_build(in);
    if (in->status != BUILD_OK || in->was_damaged || in->patch.strategy != PATCH_UP_TO_DATE ||
        !mini_project_output_is(in, expected))
        fail_msg("%s, situation %d: one build does not heal (%s)", what, project->situation,
                 patch_strategy_name(in->patch.strategy));
}

const KeptFile *damaged_project_find(const DamagedProject *project, const char *ending)
{
    size_t length = strlen(ending);
    for (unsigned i = 0; i < project->count; i++) {
        size_t size = strlen(project->files[i].name);
        if (size >= length && strcmp(project->files[i].name + size - length, ending) == 0)
            return &project->files[i];
    }
    return NULL;
}
