/* SPDX-License-Identifier: MIT */
/*
 * One build in memory, and beside it the recorded state, opened read-only:
 *
 *     build->cache.files          recorded.files
 *     build->plan.files           recorded.units      rows and units
 *     build->cache.zir            recorded.zir        the same keys, in stores without files
 *     build->cache.air            recorded.air
 *
 * Files are compared through the executor to find those that differ; these, few or none, are
 * compared again in order to report how. So the loop needs no list of findings per worker.
 */
#include "build_verify.h"

#include "build_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct Recorded { /* the contents of the caches */
    FileHashCache files;
    UnitTable units;
    ZirCache zir;
    AirCache air;
    bool has_files, has_units;
} Recorded;

typedef struct FileTally { /* the findings on one file */
    uint64_t units, objects, bytes;
    bool differs;
} FileTally;

typedef struct Comparison {
    Build *build;
    Recorded recorded;
    Verification *verification;
    FileTally *tallies; /* per file */
} Comparison;

typedef struct FileLook { /* one file being compared */
    const Comparison *comparison;
    uint32_t file, recorded_file;
    Slice path;
    bool tells; /* else it only notes that there is a difference */
    FileTally *tally;
} FileLook;

void verification_report(Verification *verification, Slice subject, const char *what)
{
    verification->differences++;
    if (verification->differs != NULL)
        verification->differs(verification->context, subject, what);
}

/* ---- what is on record --------------------------------------------------------------------- */

static void state_name(const Build *build, const char *suffix, char name[64])
{
    snprintf(name, 64, "%s.%s", build->cache.entry_id, suffix);
}

/* A difference in a state file, reported by its name in the cache directory. */
static void report_state(Comparison *comparison, const char *suffix, const char *what)
{
    char name[64];
    state_name(comparison->build, suffix, name);
    verification_report(comparison->verification, slice_from(name), what);
}

static bool is_damage(int status)
{
    return status == -EBADMSG || status == -ENOENT;
}

static int open_tables(Comparison *comparison)
{
    const Build *build = comparison->build;
    Recorded *recorded = &comparison->recorded;
    StateFile state;
    char name[64];
    state_name(build, "files", name);
    int status = file_table_load(&recorded->files, &state, build->cache.directory.fd, name,
                                 &build->cache.manifest.header.files);
    recorded->has_files = status == 0;
    if (is_damage(status))
        report_state(comparison, "files", "is missing or damaged");
    else if (status != 0)
        return status;
    state_name(build, "units", name);
    status = unit_table_open(&recorded->units, build->cache.directory.fd, name,
                             &build->cache.manifest.header.units);
    recorded->has_units = status == 0;
    if (is_damage(status))
        report_state(comparison, "units", "is missing or damaged");
    return is_damage(status) ? 0 : status;
}

static void check_store(Comparison *comparison, const ObjectStore *store, const char *pack,
                        const char *index)
{
    Verification *verification = comparison->verification;
    if (object_store_is_damaged(store) || object_store_count_damaged(store) != 0)
        verification_report(verification, slice_from(pack), "holds damaged records");
    if (object_store_lost_index(store))
        verification_report(verification, slice_from(index), "does not fit its pack");
}

static int open_stores(Comparison *comparison)
{
    Recorded *recorded = &comparison->recorded;
    int dir_fd = comparison->build->cache.directory.fd;
    int status =
        zir_cache_open_read_only(&recorded->zir, dir_fd, comparison->build->cache.fingerprint);
    if (status == 0)
        status = air_cache_open_read_only(&recorded->air, dir_fd);
    if (status != 0)
        return status;
    check_store(comparison, recorded->zir.store, "zir.pack", "zir.index");
    check_store(comparison, recorded->air.store, "air.pack", "air.index");
    return 0;
}

static void close_recorded(Recorded *recorded)
{
    file_hash_cache_close(&recorded->files);
    unit_table_close(&recorded->units);
    zir_cache_close(&recorded->zir);
    air_cache_close(&recorded->air);
}

/* ---- the file table ------------------------------------------------------------------------ */

/* Since the last build a file appeared where its imports ask for one, or one is gone: they lead
 * elsewhere by now. */
static bool is_redirected(const FileHashCache *now, const FileHashCache *recorded, uint32_t file)
{
    const FileRecord *record = &recorded->records[file];
    for (uint32_t i = 0; i < record->import_count; i++) {
        uint32_t number = recorded->imports[record->first_import + i];
        bool was_absent = number >= recorded->count;
        if (number == FILE_ABSENT || /* the paths before it are in the record, too */
            number >= recorded->count + recorded->absent_count)
            continue;
        Slice path = file_hash_cache_path(recorded, number);
        if (was_absent != (file_hash_cache_find(now, path) == FILE_NONE))
            return true;
    }
    return false;
}

/* The bytes differ from the recorded ones: edited since, or worse? */
static void report_content(Comparison *comparison, uint32_t recorded_file, Slice path)
{
    FileStamp now;
    const Build *build = comparison->build;
    const FileRecord *record = &comparison->recorded.files.records[recorded_file];
    Verification *verification = comparison->verification;
    (void)source_stamp(build->reader, build->project_fd, path.data, &now);
    if (file_stamp_proves(&record->known, &now)) {
        verification_report(
            verification, path,
            "its recorded hash is wrong, and its stamp says that it did not change");
        return;
    }
    verification->is_stale = true;
    verification_report(verification, path, "was edited since the last build");
}

static void compare_record(Comparison *comparison, uint32_t file)
{
    const FileHashCache *files = &comparison->build->cache.files;
    const FileHashCache *recorded = &comparison->recorded.files;
    Slice path = file_hash_cache_path(files, file);
    uint32_t number = file_hash_cache_find(recorded, path);
    comparison->verification->files++;
    if (number == FILE_NONE) {
        comparison->verification->is_stale = true;
        verification_report(comparison->verification, path, "is not in the last build");
    } else if (!hash_equal(files->records[file].content, recorded->records[number].content)) {
        report_content(comparison, number, path);
    } else if (!known_files_same_imports(files, file, recorded, number)) {
        bool is_stale = is_redirected(files, recorded, number);
        comparison->verification->is_stale |= is_stale;
        verification_report(comparison->verification, path,
                            is_stale ? "has an import that leads elsewhere than in the last build"
                                     : "its recorded imports are wrong");
    }
}

/* All that the files ask for are those of the last build, or there is another finding. */
static void compare_values(Comparison *comparison)
{
    const FileHashCache *files = &comparison->build->cache.files;
    const FileHashCache *recorded = &comparison->recorded.files;
    for (uint32_t i = 0; i < files->value_count; i++) {
        Slice name = file_hash_cache_value_name(files, i);
        uint32_t place = file_hash_cache_find_value(recorded, files->values[i].kind, name);
        if (place == FILE_NONE ||
            hash_equal(recorded->values[place].content, files->values[i].content))
            continue;
        comparison->verification->is_stale = true;
        verification_report(comparison->verification, name,
                            "has another value than in the last build");
    }
}

static void compare_files(Comparison *comparison)
{
    const FileHashCache *files = &comparison->build->cache.files;
    const FileHashCache *recorded = &comparison->recorded.files;
    if (!comparison->recorded.has_files)
        return;
    for (uint32_t i = 0; i < files->count; i++)
        compare_record(comparison, i);
    for (uint32_t i = 0; i < recorded->count; i++) {
        Slice path = file_hash_cache_path(recorded, i);
        if (file_hash_cache_find(files, path) != FILE_NONE)
            continue;
        comparison->verification->is_stale = true;
        verification_report(comparison->verification, path, "is no longer imported");
    }
    compare_values(comparison);
    if (!slice_equal(files->entry, recorded->entry))
        report_state(comparison, "files", "names another entry");
}

/* ---- one file: its objects and its keys ---------------------------------------------------- */

static void note(const FileLook *look, Slice subject, const char *what)
{
    look->tally->differs = true;
    if (look->tells)
        verification_report(look->comparison->verification, subject, what);
}

static void note_unit(const FileLook *look, uint32_t unit, const char *what)
{
    ByteBuffer subject = {0};
    const ProgramFile *file = build_loaded_file(look->comparison->build, look->file);
    if (look->tells) {
        buffer_put(&subject, look->path);
        buffer_put_byte(&subject, ':');
        buffer_put(&subject, declaration_name(&file->declarations, unit));
    }
    note(look, buffer_slice(&subject), what);
    buffer_free(&subject);
}

static bool count_object(const FileLook *look, bool found, size_t bytes)
{
    look->tally->objects += found;
    look->tally->bytes += found ? bytes : 0;
    return found;
}

/* Stale: these bytes are not built yet, so their ZIR may be missing. */
static void compare_zir(const FileLook *look)
{
    const Comparison *comparison = look->comparison;
    const Build *build = comparison->build;
    const ZirCache *store = &comparison->recorded.zir;
    Hash128 content, kept_content;
    Lowered kept, made;
    Slice kept_warnings, made_warnings;
    if (!build_lowered_content(build, &build->cache.zir, look->file, &content) ||
        !zir_cache_get_with_warnings(&build->cache.zir, content, &made, &made_warnings))
        return; /* too large for a store */
    bool found = build_lowered_content(build, store, look->file, &kept_content) &&
                 hash_equal(kept_content, content) &&
                 zir_cache_get_with_warnings(store, content, &kept, &kept_warnings);
    size_t size = made.declarations.size + made.interface.size + made.ir.size;
    if (!count_object(look, found, size)) {
        if (!comparison->verification->is_stale)
            note(look, look->path, "its ZIR is missing or damaged");
        return;
    }
    if (!slice_equal(kept.declarations, made.declarations))
        note(look, look->path, "its declarations are wrong");
    if (!slice_equal(kept.ir, made.ir) || !slice_equal(kept.interface, made.interface))
        note(look, look->path, "its ZIR is wrong");
    if (!slice_equal(kept_warnings, made_warnings))
        note(look, look->path, "the warnings of its ZIR are wrong");
}

static void compare_unit_record(const FileLook *look, uint32_t unit, const UnitRecord *kept)
{
    const UnitRecord *made = &look->comparison->build->plan.files[look->file].units[unit];
    if (!hash_equal(kept->interface_key, made->interface_key))
        note_unit(look, unit, "its interface key is wrong");
    if (!hash_equal(kept->unit_key, made->unit_key))
        note_unit(look, unit, "its unit key is wrong");
    if (kept->own_hash != made->own_hash)
        note_unit(look, unit, "the hash of its own source is wrong");
}

static void compare_row(const FileLook *look)
{
    const UnitTable *table = &look->comparison->recorded.units;
    const UnitRow *made = &look->comparison->build->plan.files[look->file].row;
    if (look->recorded_file >= table->file_count) {
        note(look, look->path, "is not in the unit table");
        return;
    }
    const UnitRow *kept = unit_table_row(table, look->recorded_file);
    if (!hash_equal(kept->section_key, made->section_key))
        note(look, look->path, "its section key is wrong");
    if (!hash_equal(kept->interface_digest, made->interface_digest))
        note(look, look->path, "the digest of its interfaces is wrong");
    if (kept->prelude_digest != made->prelude_digest)
        note(look, look->path, "the digest of its prelude lines is wrong");
    if (kept->warnings != made->warnings)
        note(look, look->path, "what it says of its warnings is wrong");
    if (kept->unit_count != made->unit_count || kept->function_count != made->function_count) {
        note(look, look->path, "the number of its units is wrong");
        return;
    }
    const UnitRecord *units = unit_table_units(table, look->recorded_file);
    for (uint32_t i = 0; i < made->unit_count; i++)
        compare_unit_record(look, i, &units[i]);
}

/* Warnings are kept for the places that things have in a file. If another program has the same unit
 * at other places, its warnings may be there, which is right: this one would not use them. */
static void compare_output(const FileLook *look, uint32_t unit)
{
    const Comparison *comparison = look->comparison;
    const Build *build = comparison->build;
    const PlannedUnit *planned = &build->plan.files[look->file].planned[unit];
    Slice kept, made, kept_warnings, made_warnings;
    if (!planned->is_cacheable ||
        !air_cache_get_with_warnings(&build->cache.air, planned->key, &made, &made_warnings))
        return; /* it is not kept */
    look->tally->units++;
    bool found = air_cache_get_with_warnings(&comparison->recorded.air, planned->key, &kept,
                                             &kept_warnings);
    if (!count_object(look, found, made.size)) {
        if (!comparison->verification->is_stale)
            note_unit(look, unit, "its output is missing or damaged");
        return;
    }
    if (!slice_equal(kept, made))
        note_unit(look, unit, "its output is wrong");
    if (unit_warnings_differ(kept_warnings, made_warnings))
        note_unit(look, unit, "its warnings are wrong");
}

static void compare_again(const FileLook *look, unsigned worker)
{
    uint32_t unit;
    const char *what = build_differs_again(look->comparison->build, worker, look->file, &unit);
    if (what != NULL)
        note_unit(look, unit, what);
}

static void compare_file(const Comparison *comparison, uint32_t file, unsigned worker, bool tells)
{
    const FileHashCache *files = &comparison->build->cache.files;
    const Recorded *recorded = &comparison->recorded;
    FileTally *tally = &comparison->tallies[file];
    *tally = (FileTally){0};
    FileLook look = {comparison, file, FILE_NONE, file_hash_cache_path(files, file), tells, tally};
    if (recorded->has_files)
        look.recorded_file = file_hash_cache_find(&recorded->files, look.path);
    compare_zir(&look);
    if (recorded->has_files && recorded->has_units && !comparison->verification->is_stale)
        compare_row(&look);
    uint32_t count;
    (void)build_section_texts(comparison->build, file, &count);
    for (uint32_t i = 0; i < count; i++)
        compare_output(&look, i);
    compare_again(&look, worker);
}

static void look_at_file(void *arg, size_t index, unsigned worker)
{
    compare_file(arg, (uint32_t)index, worker, false);
}

static void compare_contents(Comparison *comparison)
{
    Verification *verification = comparison->verification;
    uint32_t count = comparison->build->cache.files.count;
    comparison->tallies = memory_allocate_zeroed(count + 1, sizeof *comparison->tallies);
    executor_run(comparison->build->request.executor, count, look_at_file, comparison);
    for (uint32_t i = 0; i < count; i++) {
        if (comparison->tallies[i].differs)
            compare_file(comparison, i, 0, true);
        verification->units += comparison->tallies[i].units;
        verification->objects += comparison->tallies[i].objects;
        verification->bytes += comparison->tallies[i].bytes;
    }
    memory_free(comparison->tallies);
}

/* ---- the program as a whole ---------------------------------------------------------------- */

/* False if nothing more can be compared. */
static bool compare_manifest(Comparison *comparison)
{
    const MultiLevelCache *cache = &comparison->build->cache;
    comparison->verification->is_stale = true;
    if (cache->was_damaged) {
        report_state(comparison, "manifest", "is damaged");
        return false;
    }
    if (cache->manifest.header.generation == 0) {
        verification_report(comparison->verification, comparison->build->entry,
                            "no build of it is recorded");
        return false;
    }
    comparison->verification->is_stale = cache->settings_changed;
    if (cache->settings_changed)
        report_state(comparison, "manifest", "is of another compiler or other settings");
    if (cache->is_in_progress)
        report_state(comparison, "unsettled", "the last build did not finish writing its output");
    return true;
}

static void compare_summary(Comparison *comparison)
{
    const Build *build = comparison->build;
    bool has_warnings = false;
    const ManifestHeader *kept = &build->cache.manifest.header;
    if (!hash_equal(kept->combined, build->summary.combined))
        report_state(comparison, "manifest", "its combined hash is wrong");
    if (!hash_equal(kept->prelude, build->summary.prelude))
        report_state(comparison, "manifest", "its prelude key is wrong");
    for (uint32_t i = 0; i < build->cache.files.count; i++)
        has_warnings |= build->plan.files[i].row.warnings != 0;
    if (build_warnings_are_noted(build) != has_warnings)
        report_state(comparison, "manifest", "its note on warnings is wrong");
    if (kept->function_count != build->counts.functions_total)
        report_state(comparison, "manifest", "its number of functions is wrong");
}

static BuildStatus compare(Comparison *comparison)
{
    if (!compare_manifest(comparison))
        return BUILD_OK;
    int status = open_tables(comparison);
    if (status == 0)
        status = open_stores(comparison);
    if (status != 0)
        return build_fail(comparison->build, comparison->build->cache_path,
                          "cannot read the cache", status);
    compare_files(comparison);
    compare_contents(comparison);
    if (!comparison->verification->is_stale)
        compare_summary(comparison);
    return BUILD_OK;
}

BuildStatus build_verify(Build *build, Verification *verification)
{
    Comparison comparison = {.build = build, .verification = verification};
    BuildStatus status = build_plan(build);
    if (status != BUILD_OK)
        return status;
    build_want_all(build);
    status = build_emit(build);
    build_enter(build, BUILD_COMPARES);
    if (status == BUILD_OK)
        status = compare(&comparison);
    close_recorded(&comparison.recorded);
    return status;
}
