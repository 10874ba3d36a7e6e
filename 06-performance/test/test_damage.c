/* SPDX-License-Identifier: MIT */
/*
 * Whatever happens to the files of a cache, the next build succeeds, its output is that of a clean
 * build, and the build after it finds everything up to date.
 *
 * Every file is cut at every length and has every bit flipped, with a small project; a larger
 * one is damaged at random; both in two languages, one of which keeps lists of what lowering saw; whole files are lost, swapped, and replaced by things that are not
 * files. `make test` tries a sample. DAMAGE_STRIDE=1 tries all lengths and bits, DAMAGE_RANDOM says
 * how many random damages, DAMAGE_SEED which ones.
 */
#include "damaged_project.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TINY = 2, SMALL = 4, LARGE = 24 };

static void report(const DamagedProject *project, const char *what)
{
    print_message("# tried: %u %s, situation %d\n", project->tries, what, project->situation);
}

static int open_file(const DamagedProject *project, const KeptFile *file)
{
    int fd = openat(project->cache_fd, file->name, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static off_t size_of(int fd)
{
    struct stat status;
    assert_int_equal(fstat(fd, &status), 0);
    return status.st_size;
}

/* ---- everywhere in a small cache ----------------------------------------------------------- */

static void cut(DamagedProject *project, const KeptFile *file, size_t size)
{
    char what[128];
    snprintf(what, sizeof what, "%s cut to %zu bytes", file->name, size);
    damaged_project_restore(project);
    int fd = open_file(project, file);
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
    close(fd);
    damaged_project_expect_rebuilding(project, what);
}

/* Tries every stride-th place in the situation that reads most of the file; fewer in the others. */
static size_t stride_for(const DamagedProject *project, const KeptFile *file, size_t otherwise)
{
    size_t stride = number_from("DAMAGE_STRIDE", otherwise);
    bool holds_objects = strstr(file->name, ".pack") != NULL || strstr(file->name, ".index") != NULL;
    Situation reading = holds_objects ? DAMAGED_AND_NO_OUTPUT : DAMAGED_THEN_EDITED;
    return project->situation == reading ? stride : stride * 16 + 1;
}

static void cut_everywhere(Flavour flavour)
{
    for (Situation situation = 0; situation < SITUATIONS; situation++) {
        DamagedProject project;
        damaged_project_open(&project, TINY, situation, flavour);
        for (unsigned i = 0; i < project.kept.count; i++) {
            const KeptFile *file = &project.kept.files[i];
            for (size_t size = 0; size < file->size; size += stride_for(&project, file, 61))
                cut(&project, file, size);
        }
        report(&project, "files cut");
        damaged_project_close(&project);
    }
}

static void test_every_file_cut_at_every_length(void **state)
{
    (void)state;
    cut_everywhere(FLAVOUR_USUAL);
    cut_everywhere(FLAVOUR_INCLUDES);
}

static void flip(DamagedProject *project, const KeptFile *file, size_t bit)
{
    char what[128];
    snprintf(what, sizeof what, "%s with bit %zu flipped", file->name, bit);
    damaged_project_restore(project);
    char byte;
    int fd = open_file(project, file);
    if (pread(fd, &byte, 1, (off_t)(bit / 8)) == 1) {
        byte = (char)(byte ^ 1 << bit % 8);
        assert_int_equal(pwrite(fd, &byte, 1, (off_t)(bit / 8)), 1);
    }
    close(fd);
    damaged_project_expect_rebuilding(project, what);
}

/* In free slots, which are most of an index, one bit of each byte is enough. */
static void flip_bits_of(DamagedProject *project, const KeptFile *file)
{
    bool is_index = strstr(file->name, ".index") != NULL;
    size_t stride = stride_for(project, file, 487);
    for (size_t bit = 0; bit < file->size * 8; bit += stride)
        if (!is_index || file->bytes[bit / 8] != '\0' || bit / 8 % 8 == bit % 8)
            flip(project, file, bit);
}

static void flip_everywhere(Flavour flavour)
{
    for (Situation situation = 0; situation < SITUATIONS; situation++) {
        DamagedProject project;
        damaged_project_open(&project, TINY, situation, flavour);
        for (unsigned i = 0; i < project.kept.count; i++)
            flip_bits_of(&project, &project.kept.files[i]);
        report(&project, "bits flipped");
        damaged_project_close(&project);
    }
}

static void test_every_bit_flipped(void **state)
{
    (void)state;
    flip_everywhere(FLAVOUR_USUAL);
    flip_everywhere(FLAVOUR_INCLUDES);
}

/* ---- at random in a larger one ------------------------------------------------------------- */

/* A place in the file, at the front as often as anywhere else: that is where headers are. */
static off_t random_place(uint64_t *random, off_t size)
{
    off_t limit = random_next(random) % 2 == 0 && size > 256 ? 256 : size;
    return limit == 0 ? 0 : (off_t)(random_next(random) % (uint64_t)limit);
}

static void damage_at_random(const DamagedProject *project, uint64_t *random)
{
    char bytes[64];
    const KeptFile *file = &project->kept.files[random_next(random) % project->kept.count];
    const KeptFile *other = &project->kept.files[random_next(random) % project->kept.count];
    int fd = openat(project->cache_fd, file->name, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return; /* an earlier damage removed it */
    off_t place = random_place(random, size_of(fd));
    size_t count = 1 + random_next(random) % sizeof bytes;
    memset(bytes, (int)(random_next(random) % 3) - 1, sizeof bytes);
    switch (random_next(random) % 8) {
    case 0: assert_int_equal(ftruncate(fd, place), 0); break;
    case 1: assert_int_equal(ftruncate(fd, size_of(fd) + place), 0); break;
    case 2: assert_int_equal(unlinkat(project->cache_fd, file->name, 0), 0); break;
    case 3: /* bytes of another file, or another place of this one */
        if (other->size >= count)
            memcpy(bytes, other->bytes + random_next(random) % (other->size - count + 1), count);
        assert_true(pwrite(fd, bytes, count, place & ~(off_t)7) > 0);
        break;
    case 4:
    case 5:
        for (size_t i = 0; i < count; i++)
            bytes[i] = (char)random_next(random);
        assert_true(pwrite(fd, bytes, count, place) > 0);
        break;
    case 6: assert_true(pwrite(fd, bytes, 1, place) > 0); break;
    default: assert_true(pwrite(fd, bytes, count, place) > 0); break;
    }
    close(fd);
}

static void damage_larger_caches(Flavour flavour)
{
    uint64_t first = number_from("DAMAGE_SEED", 1), tries = number_from("DAMAGE_RANDOM", 100);
    for (Situation situation = 0; situation < SITUATIONS; situation++) {
        DamagedProject project;
        damaged_project_open(&project, LARGE, situation, flavour);
        assert_true(flavour == FLAVOUR_INCLUDES || /* where an edit reaches all units */
                    kept_cache_find(&project.kept, ".journal") != NULL);
        for (uint64_t seed = first; seed < first + tries / SITUATIONS + 1; seed++) {
            char what[64];
            uint64_t random = seed;
            snprintf(what, sizeof what, "DAMAGE_SEED=%llu", (unsigned long long)seed);
            damaged_project_restore(&project);
            for (uint64_t i = random_next(&random) % 4 + 1; i > 0; i--)
                damage_at_random(&project, &random);
            damaged_project_expect_rebuilding(&project, what);
        }
        report(&project, "random damages");
        damaged_project_close(&project);
    }
}

static void test_random_damage_of_a_larger_cache(void **state)
{
    (void)state;
    damage_larger_caches(FLAVOUR_USUAL);
    damage_larger_caches(FLAVOUR_INCLUDES);
}

/* ---- whole files --------------------------------------------------------------------------- */

static void write_cache_file(const DamagedProject *project, const char *name, const char *bytes,
                             size_t size)
{
    char path[256];
    snprintf(path, sizeof path, "cache/%s", name);
    scratch_write_bytes(&project->project.scratch, path, slice_of(bytes, size));
}

/* Another version of its format: bytes 8 to 11 of every file but "clock" and the like. */
static void age_format(const DamagedProject *project, const KeptFile *file)
{
    int fd = open_file(project, file);
    if (file->size >= 12)
        assert_int_equal(pwrite(fd, "\177\0\0\0", 4, 8), 4);
    close(fd);
}

typedef enum Loss {
    LOSS_MISSING, LOSS_EMPTY, LOSS_OTHER_VERSION, LOSS_DOUBLED, LOSS_READ_BY_LINK, LOSSES
} Loss;

static void lose(const DamagedProject *project, const KeptFile *file, Loss how)
{
    switch (how) {
    case LOSS_MISSING: assert_int_equal(unlinkat(project->cache_fd, file->name, 0), 0); break;
    case LOSS_EMPTY: write_cache_file(project, file->name, "", 0); break;
    case LOSS_OTHER_VERSION: age_format(project, file); break;
    case LOSS_DOUBLED: {
        int fd = open_file(project, file);
        assert_int_equal(pwrite(fd, file->bytes, file->size, (off_t)file->size),
                         (ssize_t)file->size);
        close(fd);
        break;
    }
    case LOSS_READ_BY_LINK: /* a second name of the same bytes loses nothing */
        assert_int_equal(linkat(project->cache_fd, file->name, project->cache_fd, "second", 0), 0);
        break;
    case LOSSES: break;
    }
}

static void test_files_lost(void **state)
{
    (void)state;
    for (Situation situation = 0; situation < SITUATIONS; situation++) {
        DamagedProject project;
        damaged_project_open(&project, LARGE, situation, FLAVOUR_USUAL);
        for (unsigned i = 0; i < project.kept.count; i++) {
            for (Loss how = 0; how < LOSSES; how++) {
                damaged_project_restore(&project);
                lose(&project, &project.kept.files[i], how);
                damaged_project_expect_rebuilding(&project, project.kept.files[i].name);
            }
        }
        report(&project, "files lost");
        damaged_project_close(&project);
    }
}

static void test_files_swapped(void **state)
{
    (void)state;
    for (Situation situation = 0; situation < SITUATIONS; situation++) {
        DamagedProject project;
        damaged_project_open(&project, LARGE, situation, FLAVOUR_USUAL);
        for (unsigned i = 0; i < project.kept.count; i++) {
            for (unsigned k = 0; k < i; k++) {
                const KeptFile *a = &project.kept.files[i], *b = &project.kept.files[k];
                damaged_project_restore(&project);
                write_cache_file(&project, a->name, b->bytes, b->size);
                write_cache_file(&project, b->name, a->bytes, a->size);
                damaged_project_expect_rebuilding(&project, a->name);
            }
        }
        report(&project, "pairs of files swapped");
        damaged_project_close(&project);
    }
}

/* ---- from another project ------------------------------------------------------------------ */

/* The part of the file's name that is the same in every project. */
static const char *role_of(const KeptFile *file)
{
    const char *dot = strchr(file->name, '.');
    return dot != NULL && dot - file->name == 16 ? dot : file->name;
}

/* Replaces the files in the set by the other project's files. */
static void transplant(const DamagedProject *to, const DamagedProject *from, uint64_t set)
{
    for (unsigned i = 0; i < to->kept.count; i++) {
        const KeptFile *other = kept_cache_find(&from->kept, role_of(&to->kept.files[i]));
        if ((set >> i & 1) != 0 && other != NULL)
            write_cache_file(to, to->kept.files[i].name, other->bytes, other->size);
    }
}

static void test_files_of_another_project(void **state)
{
    unsigned most = number_from("DAMAGE_STRIDE", 61) == 1 ? LARGE : SMALL;
    (void)state;
    for (unsigned files = SMALL; files <= most; files += LARGE - SMALL) {
        for (Situation situation = 0; situation < SITUATIONS; situation++) {
            DamagedProject project, other;
            damaged_project_open(&project, files, situation, FLAVOUR_USUAL);
            damaged_project_open(&other, files, situation, FLAVOUR_OTHER);
            assert_true(project.kept.count < 16);
            for (uint64_t set = 1; set < UINT64_C(1) << project.kept.count; set++) {
                char what[64];
                snprintf(what, sizeof what, "set %#llx of %u files", (unsigned long long)set,
                         project.kept.count);
                bool is_few = __builtin_popcountll(set) <= 2;
                bool is_most = __builtin_popcountll(set) + 2 >= (int)project.kept.count;
                if (!is_few && !is_most && set % number_from("DAMAGE_STRIDE", 61) != 0)
                    continue;
                damaged_project_restore(&project);
                transplant(&project, &other, set);
                damaged_project_expect_rebuilding(&project, what);
            }
            report(&project, "sets of files from another project");
            damaged_project_close(&project);
            damaged_project_close(&other);
        }
    }
}

/* ---- other than files ---------------------------------------------------------------------- */

typedef enum Thing {
    THING_DIRECTORY, THING_FULL_DIRECTORY, THING_FIFO, THING_LINK_TO_NOTHING, THING_LINK_TO_ITSELF,
    THING_LINK_TO_BYTES, THINGS
} Thing;

static void put_thing(const DamagedProject *project, const KeptFile *file, Thing thing)
{
    int dir_fd = project->cache_fd;
    char path[128];
    assert_int_equal(unlinkat(dir_fd, file->name, 0), 0);
    switch (thing) {
    case THING_FULL_DIRECTORY:
    case THING_DIRECTORY:
        assert_int_equal(mkdirat(dir_fd, file->name, 0777), 0);
        snprintf(path, sizeof path, "%s/inside", file->name);
        if (thing == THING_FULL_DIRECTORY)
            write_cache_file(project, path, "mine", 4);
        break;
    case THING_FIFO: assert_int_equal(mkfifoat(dir_fd, file->name, 0666), 0); break;
    case THING_LINK_TO_NOTHING: assert_int_equal(symlinkat("none", dir_fd, file->name), 0); break;
    case THING_LINK_TO_ITSELF: assert_int_equal(symlinkat(file->name, dir_fd, file->name), 0); break;
    case THING_LINK_TO_BYTES:
        scratch_write_bytes(&project->project.scratch, "victim",
                            slice_of(file->bytes, file->size));
        assert_int_equal(symlinkat("../victim", dir_fd, file->name), 0);
        break;
    case THINGS: break;
    }
}

static void remove_thing(const DamagedProject *project, const KeptFile *file)
{
    char path[128];
    snprintf(path, sizeof path, "%s/inside", file->name);
    unlinkat(project->cache_fd, path, 0);
    if (unlinkat(project->cache_fd, file->name, 0) != 0)
        unlinkat(project->cache_fd, file->name, AT_REMOVEDIR);
}

/* The file is rebuilt, or the build fails with a line that names what is wrong and loses nothing:
 * without the thing, the file is rebuilt. The build never follows a link and writes to its
 * target. */
static void expect_rebuilding_or_refusal(DamagedProject *project, const KeptFile *file, Thing thing)
{
    MiniProject *in = &project->project;
    if (mini_project_build(in) == BUILD_MACHINE_FAILED) {
        assert_non_null(strstr(in->said.data, "cannot "));
        remove_thing(project, file);
    }
    if (thing == THING_LINK_TO_BYTES) {
        size_t size;
        char *bytes = scratch_read(&in->scratch, "victim", &size);
        assert_true(slice_equal(slice_of(bytes, size), slice_of(file->bytes, file->size)));
        free(bytes);
    }
    damaged_project_expect_rebuilding(project, file->name);
    remove_thing(project, file);
}

static void test_things_that_are_no_files(void **state)
{
    (void)state;
    for (Situation situation = 0; situation < SITUATIONS; situation++) {
        DamagedProject project;
        damaged_project_open(&project, LARGE, situation, FLAVOUR_USUAL);
        for (unsigned i = 0; i < project.kept.count; i++) {
            for (Thing thing = 0; thing < THINGS; thing++) {
                damaged_project_restore(&project);
                put_thing(&project, &project.kept.files[i], thing);
                expect_rebuilding_or_refusal(&project, &project.kept.files[i], thing);
            }
        }
        report(&project, "files replaced by other things");
        damaged_project_close(&project);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_file_cut_at_every_length),
        cmocka_unit_test(test_every_bit_flipped),
        cmocka_unit_test(test_random_damage_of_a_larger_cache),
        cmocka_unit_test(test_files_lost),
        cmocka_unit_test(test_files_swapped),
        cmocka_unit_test(test_files_of_another_project),
        cmocka_unit_test(test_things_that_are_no_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
