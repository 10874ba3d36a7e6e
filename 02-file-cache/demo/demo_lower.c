/* SPDX-License-Identifier: MIT */
#include "demo_lower.h"
#include "parser.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- one file ------------------------------------------------------------------------------- */

/* The bytes of a file that the look read; NULL if it did not read it. */
static const Slice *source_just_read(Lowering *lowering, uint32_t file)
{
    const Discovery *found = &lowering->look.found;
    for (; lowering->next_change < found->change_count; lowering->next_change++) {
        const FileChange *change = &found->changes[lowering->next_change];
        if (change->file >= file)
            return change->file == file ? &change->source : NULL;
    }
    return NULL;
}

static bool find_source(Lowering *lowering, uint32_t file)
{
    FileStamp stamp;
    Slice path = file_hash_cache_path(&lowering->look.files, file);
    const Slice *known = source_just_read(lowering, file);
    lowering->source = known != NULL ? *known : (Slice){0};
    lowering->errors = (Diagnostics){.path = path};
    if (known != NULL)
        return true;
    int error = file_read_start(AT_FDCWD, path.data, MINI_MAX_SOURCE_BYTES + 1, &lowering->arena,
                                &lowering->source, &stamp);
    if (error != 0)
        diagnostics_add(&lowering->errors, 1, 1, "cannot be read: %s", strerror(-error));
    return error == 0;
}

/* All of the cache's use. */
FormOrigin lower_cached(Lowering *lowering, uint32_t file, Lowered *lowered)
{
    if (zir_cache_get(&lowering->zir, lowering->look.files.records[file].content, lowered))
        return FORM_CACHED;
    if (!find_source(lowering, file) ||
        !mini_lower(lowering->source, NULL, &lowering->arena, &lowering->errors, lowered))
        return FORM_WRONG; /* not kept: the next build reports the errors again */
    zir_cache_put(&lowering->zir, hash_bytes(lowering->source), lowered);
    return FORM_LOWERED;
}

void lowering_report_errors(Lowering *lowering)
{
    diagnostics_report(&lowering->errors, lowering->source);
}

/* ---- from the look to the commit ------------------------------------------------------------ */

/* Identifies this program's build and the settings that reach its output. */
static Hash128 fingerprint(void)
{
    const char *target = getenv("MINIC_TARGET");
    Arena arena = {0};
    Slice program = {0};
    FileStamp stamp;
    file_read(AT_FDCWD, "/proc/self/exe", &arena, &program, &stamp);
    Hash128 fields[] = {hash_bytes(program), hash_bytes(slice_from(target != NULL ? target : ""))};
    arena_free(&arena);
    return hash_bytes(slice_of(fields, sizeof fields));
}

LookStatus lowering_cache_status(int error)
{
    if (error == 0)
        return LOOK_OK;
    fprintf(stderr, ".mini_cache: %s\n", look_error_text(error));
    return LOOK_MACHINE_FAILED;
}

LookStatus lowering_begin(Lowering *lowering, const char *entry)
{
    *lowering = (Lowering){0};
    int error = look_begin(&lowering->look);
    if (error != 0)
        return lowering_cache_status(error);
    LookStatus status = look_find(&lowering->look, entry, NULL);
    if (status != LOOK_OK)
        return status;
    error = zir_cache_open(&lowering->zir, lowering->look.cache_fd, fingerprint());
    return lowering_cache_status(error);
}

LookStatus lowering_commit(Lowering *lowering)
{
    int error = zir_cache_commit(&lowering->zir, false, NULL);
    if (error == 0)
        error = look_save(&lowering->look);
    return lowering_cache_status(error);
}

void lowering_end(Lowering *lowering)
{
    zir_cache_close(&lowering->zir);
    look_end(&lowering->look);
    arena_free(&lowering->arena);
}

/* ---- the program ---------------------------------------------------------------------------- */

/* Lowers a file and reports how, with the first digits of a hash of both blobs. False if it is
 * wrong. */
static bool lower_and_report(Lowering *lowering, uint32_t file)
{
    static const char *const words[] = {"cached", "lowered", "wrong"};
    char hex[HASH_HEX_SIZE + 1];
    Slice path = file_hash_cache_path(&lowering->look.files, file);
    Lowered lowered;
    FormOrigin origin = lower_cached(lowering, file, &lowered);
    printf("  %-7s  ", words[origin]);
    print_name(stdout, path, 9);
    if (origin == FORM_WRONG) {
        printf("\n");
        lowering_report_errors(lowering);
        return false;
    }
    Hash128 both[] = {hash_bytes(lowered.declarations), hash_bytes(lowered.ir)};
    hash_to_hex(hash_bytes(slice_of(both, sizeof both)), hex);
    printf("  %.8s\n", hex);
    return true;
}

static LookStatus lower_all(Lowering *lowering)
{
    bool is_right = true;
    for (uint32_t file = 0; file < lowering->look.files.count; file++)
        is_right &= lower_and_report(lowering, file);
    LookStatus status = lowering_commit(lowering);
    if (status != LOOK_OK)
        return status;
    printf("  objects  %d\n", (int)object_store_count(lowering->zir.store));
    return is_right ? LOOK_OK : LOOK_SOURCES_WRONG;
}

int lower(const char *entry)
{
    Lowering lowering;
    LookStatus status = lowering_begin(&lowering, entry);
    look_report_unreadable(&lowering.look, entry);
    if (status == LOOK_OK)
        status = lower_all(&lowering);
    lowering_end(&lowering);
    return (int)status;
}
