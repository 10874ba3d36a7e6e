/* SPDX-License-Identifier: MIT */
/*
 * The whole state of a project, damaged under valid checksums: file table, unit table, sections,
 * manifest and its blobs, objects and their indexes. No disk does that; it is what remains once
 * checksums are taken for granted, and it reaches every check after them.
 *
 *     u8: stamps are trusted or not │ u8: forgeries │ each: what u8, damage │ u8: edits │ edits
 *
 * The next build need not make sense of it. It must end without touching foreign memory; and a
 * build that ignores the cache must leave the right output, and state that the next one can use (if
 * the program has errors, the right errors: such a build leaves no state).
 */
#include "edit_project.h"
#include "line_language.h"
#include "multi_level_cache.h"
#include "output_state.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct Forger {
    const EditProject *project;
    FuzzInput *input;
    int cache_fd;
    char entry_id[PROGRAM_ID_SIZE + 1];
    Manifest manifest;
    bool header_is_forged; /* then nothing need be where it should */
    Arena arena;
} Forger;

/* ---- tables ------------------------------------------------------------------------------ */

/* Magic and version as in the base of a table. */
static BinaryFormat format_of(const Forger *forger, const char *name, const StateRef *ref)
{
    char file[80];
    BinaryFormat format = {.version = 0};
    snprintf(file, sizeof file, "%s.%llu", name, (unsigned long long)ref->generation);
    int fd = openat(forger->cache_fd, file, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && pread(fd, format.magic, sizeof format.magic, 0) == sizeof format.magic)
        (void)!pread(fd, &format.version, sizeof format.version, sizeof format.magic);
    if (fd >= 0)
        close(fd);
    return format;
}

static void forge_table(Forger *forger, const char *suffix, StateRef *ref)
{
    char name[40];
    StateFile state;
    Image image;
    ByteBuffer bytes = {0};
    snprintf(name, sizeof name, "%s.%s", forger->entry_id, suffix);
    BinaryFormat format = format_of(forger, name, ref);
    int status = state_file_load(&state, &image, forger->cache_fd, name, &format, ref);
    FUZZ_CHECK(status == 0 || forger->header_is_forged);
    buffer_put(&bytes, image_slice(&image));
    fuzz_damage(forger->input, &bytes);
    image_replace(&image, &bytes);
    FUZZ_CHECK(state_file_commit(&state, &image, false, ref, NULL) == 0);
    image_close(&image);
}

static void forge_sections(Forger *forger)
{
    Slice blob;
    StateRef ref;
    if (!manifest_blob(&forger->manifest, "sections", &blob) || blob.size != sizeof ref)
        return;
    memcpy(&ref, blob.data, sizeof ref);
    forge_table(forger, "sections", &ref);
    manifest_set_blob(&forger->manifest, "sections", slice_of(&ref, sizeof ref));
}

static void forge_blob(Forger *forger, const char *name)
{
    Slice blob;
    ByteBuffer bytes = {0};
    if (!manifest_blob(&forger->manifest, name, &blob))
        return;
    buffer_put(&bytes, blob);
    fuzz_damage(forger->input, &bytes);
    manifest_set_blob(&forger->manifest, name, buffer_slice(&bytes));
    buffer_free(&bytes);
}

static void forge_header(Forger *forger)
{
    ByteBuffer bytes = {0};
    ManifestHeader *header = &forger->manifest.header;
    buffer_put(&bytes, slice_of(header, sizeof *header));
    forger->header_is_forged |= fuzz_damage(forger->input, &bytes);
    memcpy(header, bytes.data, bytes.size < sizeof *header ? bytes.size : sizeof *header);
    buffer_free(&bytes);
}

/* ---- objects ----------------------------------------------------------------------------- */

static void forge_object(Forger *forger, ObjectStore *store, Hash128 key)
{
    Slice payload;
    ByteBuffer bytes = {0};
    if (!object_store_get(store, key, &payload))
        return;
    buffer_put(&bytes, payload);
    fuzz_damage(forger->input, &bytes);
    Slice copy = slice_of(arena_copy(&forger->arena, buffer_slice(&bytes)), bytes.size);
    object_store_invalidate(store, key);
    object_store_put(store, key, &copy, 1);
    buffer_free(&bytes);
}

static void forge_lowered(Forger *forger)
{
    FileHashCache files;
    StateFile state;
    ZirCache zir;
    CacheSecret secret;
    char name[40];
    Hash128 language = line_language("").fingerprint;
    FUZZ_CHECK(cache_secret_open(&secret, forger->cache_fd, NULL, false) == 0);
    Hash128 fingerprint = hash_keyed(&secret.hash, slice_of(&language, sizeof language));
    FUZZ_CHECK(forger->header_is_forged || forger->manifest.header.generation == 0 ||
               hash_equal(fingerprint, forger->manifest.header.fingerprint));
    snprintf(name, sizeof name, "%s.files", forger->entry_id);
    file_table_load(&files, &state, forger->cache_fd, name, &forger->manifest.header.files);
    FUZZ_CHECK(zir_cache_open(&zir, forger->cache_fd, fingerprint) == 0);
    if (files.count != 0) {
        Hash128 key[] = {zir.fingerprint,
                         files.records[fuzz_u8(forger->input) % files.count].content};
        forge_object(forger, zir.store, hash_bytes(slice_of(key, sizeof key)));
    }
    FUZZ_CHECK(zir_cache_commit(&zir, false, NULL) == 0);
    zir_cache_close(&zir);
    file_hash_cache_close(&files);
}

/* ---- indexes ----------------------------------------------------------------------------- */

/* The header's numbers first: how many slots, keys and slots in use, and where the pack ends. */
static void forge_index(const Forger *forger, const char *name)
{
    enum { NUMBERS = 12, CHECKSUM = 56, HEADER = 64 };
    size_t size;
    if (!scratch_exists(&forger->project->scratch, name))
        return;
    char *index = scratch_read(&forger->project->scratch, name, &size);
    ByteBuffer bytes = {0};
    bool is_header = fuzz_below(forger->input, 4) != 0;
    size_t begin = is_header ? NUMBERS : 0, end = is_header ? CHECKSUM : size;
    if (size >= HEADER) {
        buffer_put(&bytes, slice_of(index + begin, end - begin));
        fuzz_damage(forger->input, &bytes);
        memcpy(index + begin, bytes.data, bytes.size < end - begin ? bytes.size : end - begin);
        uint64_t checksum = hash_checksum(slice_of(index, CHECKSUM));
        memcpy(index + CHECKSUM, &checksum, sizeof checksum);
        scratch_write_bytes(&forger->project->scratch, name, slice_of(index, size));
    }
    buffer_free(&bytes);
    free(index);
}

/* ------------------------------------------------------------------------------------------ */

static void forge(Forger *forger)
{
    ManifestHeader *header = &forger->manifest.header;
    switch (fuzz_below(forger->input, 10)) {
    case 0: case 1: forge_table(forger, "files", &header->files); break;
    case 2: case 3: forge_table(forger, "units", &header->units); break;
    case 4: forge_sections(forger); break;
    case 5: forge_blob(forger, "output"); break;
    case 6: forge_header(forger); break;
    case 8: forge_index(forger, "cache/zir.index"); break;
    case 9: forge_index(forger, "cache/air.index"); break;
    default: forge_lowered(forger); break;
    }
}

/* True if it forged anything. */
static bool forge_state(const EditProject *project, FuzzInput *input)
{
    Forger forger = {.project = project, .input = input};
    uint64_t written = 0;
    forger.cache_fd = openat(project->scratch.fd, "cache", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    FUZZ_CHECK(forger.cache_fd >= 0);
    FUZZ_CHECK(cache_directory_program_id(project->scratch.fd, slice_from("main.line"),
                                          forger.entry_id) == 0);
    FUZZ_CHECK(manifest_load(&forger.manifest, forger.cache_fd, forger.entry_id) == 0);
    uint32_t count = fuzz_below(input, 5);
    for (uint32_t i = 0; i < count; i++)
        forge(&forger);
    FUZZ_CHECK(manifest_store(&forger.manifest, forger.cache_fd, forger.entry_id, false,
                              &written) == 0);
    manifest_free(&forger.manifest);
    arena_free(&forger.arena);
    close(forger.cache_fd);
    return count != 0;
}

static void build(const EditProject *project, bool force)
{
    EditRequest request = {.force = force};
    EditOutcome built = edit_project_build(project, &request);
    edit_outcome_free(&built);
}

/* True if the program is right. */
static bool expect_clean(const EditProject *project, bool force)
{
    EditRequest request = {.force = force};
    EditOutcome built = edit_project_build(project, &request);
    EditOutcome clean = edit_project_build_clean(project, &request);
    edit_outcome_expect_equal(&built, &clean);
    bool is_right = built.status == BUILD_OK;
    edit_outcome_free(&built);
    edit_outcome_free(&clean);
    return is_right;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = {data, data + size};
    EditProject project;
    bool trusts_stamps = fuzz_below(&input, 2) == 1;
    edit_project_open(&project);
    edit_project_write(&project);
    if (trusts_stamps)
        scratch_settle(&project.scratch);
    build(&project, false);
    if (trusts_stamps) { /* the output was young: one more build records its stamp */
        scratch_settle(&project.scratch);
        build(&project, false);
    }
    bool is_forged = forge_state(&project, &input);
    for (uint32_t count = fuzz_below(&input, 4); count > 0; count--)
        edit_project_edit(&project, &input);
    edit_project_write(&project);
    if (is_forged)
        build(&project, false);
    if (expect_clean(&project, is_forged)) /* else nothing was committed */
        expect_clean(&project, false);
    edit_project_close(&project);
    return 0;
}
