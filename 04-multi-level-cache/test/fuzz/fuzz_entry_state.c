/* SPDX-License-Identifier: MIT */
/*
 * The state of one entry under valid checksums: a manifest of any bytes, a unit table with any
 * numbers. Each is refused, or can be read everywhere, changed, written and read again.
 *
 *     kind u8 │ 0: bytes of a manifest
 *             │ 1: blobs, blobs set over them, and damage to the file
 *             │ 2: a unit table, damage to its image, and rows set in it
 */
#include "fuzz_input.h"
#include "manifest.h"
#include "scratch.h"
#include "unit_table.h"

#include <errno.h>
#include <stdlib.h>

enum { MOST_FILES = 6, MOST_UNITS = 5 };

/* ---- manifests --------------------------------------------------------------------------- */

static const char *const blob_names[] = {"output", "sections", "", "fifteen-letters"};

static bool blobs_equal(const Manifest *a, const Manifest *b)
{
    for (size_t i = 0; i < 4; i++) {
        Slice x = {"", 0}, y = {"", 0};
        if (manifest_blob(a, blob_names[i], &x) != manifest_blob(b, blob_names[i], &y) ||
            !slice_equal(x, y))
            return false;
    }
    return true;
}

static void set_blobs(FuzzInput *input, Manifest *manifest)
{
    for (uint32_t count = fuzz_below(input, 5); count > 0; count--) {
        const char *name = blob_names[fuzz_below(input, 4)];
        Slice value = fuzz_bytes(input, fuzz_below(input, 40)), found;
        manifest_set_blob(manifest, name, value);
        FUZZ_CHECK(manifest_blob(manifest, name, &found) && slice_equal(found, value));
    }
}

/* Writes a manifest of the given content, sealed as the product seals it. */
static void write_manifest(const Scratch *scratch, Slice content)
{
    Manifest empty = {0};
    ByteBuffer file = {0};
    uint64_t written = 0;
    size_t size;
    FUZZ_CHECK(manifest_store(&empty, scratch->fd, "id", false, &written) == 0);
    char *bytes = scratch_read(scratch, "id.manifest", &size);
    buffer_put(&file, slice_of(bytes, BINARY_HEADER_SIZE));
    buffer_put(&file, content);
    fuzz_seal(&file);
    scratch_write_bytes(scratch, "id.manifest", buffer_slice(&file));
    buffer_free(&file);
    free(bytes);
}

static void check_manifest(FuzzInput *input, const Scratch *scratch, bool is_damaged)
{
    Manifest manifest, again;
    uint64_t written = 0;
    int status = manifest_load(&manifest, scratch->fd, "id");
    FUZZ_CHECK(status == 0 || (is_damaged && status == -EBADMSG));
    FUZZ_CHECK(status == 0 || (manifest.header.generation == 0 && manifest.blobs.size == 0));
    set_blobs(input, &manifest);
    FUZZ_CHECK(manifest_store(&manifest, scratch->fd, "id", false, &written) == 0);
    FUZZ_CHECK(manifest_load(&again, scratch->fd, "id") == 0);
    FUZZ_CHECK(memcmp(&again.header, &manifest.header, sizeof again.header) == 0);
    FUZZ_CHECK(blobs_equal(&manifest, &again));
    manifest_free(&manifest);
    manifest_free(&again);
}

static void try_any_manifest(FuzzInput *input, const Scratch *scratch)
{
    write_manifest(scratch, fuzz_bytes(input, fuzz_below(input, 1000)));
    check_manifest(input, scratch, true);
}

static void try_damaged_manifest(FuzzInput *input, const Scratch *scratch)
{
    Manifest manifest = {.header = {.generation = 7, .files = {.generation = 1}}};
    ByteBuffer content = {0};
    set_blobs(input, &manifest);
    buffer_put(&content, slice_of(&manifest.header, sizeof manifest.header));
    buffer_put(&content, buffer_slice(&manifest.blobs));
    bool is_damaged = fuzz_damage(input, &content);
    write_manifest(scratch, buffer_slice(&content));
    check_manifest(input, scratch, is_damaged);
    buffer_free(&content);
    manifest_free(&manifest);
}

/* ---- unit tables ------------------------------------------------------------------------- */

typedef struct Units {
    UnitRow row;
    UnitRecord records[MOST_UNITS];
} Units;

static void make_units(FuzzInput *input, Units *units)
{
    uint8_t fill = fuzz_u8(input);
    memset(units, fill, sizeof *units);
    units->row.unit_count = fuzz_below(input, MOST_UNITS + 1);
    units->row.function_count = fuzz_u8(input);
}

static bool holds_units(const UnitTable *table, uint32_t file, const Units *units)
{
    UnitRow row = *unit_table_row(table, file);
    row.first_unit = units->row.first_unit;
    return memcmp(&row, &units->row, sizeof row) == 0 &&
           memcmp(unit_table_units(table, file), units->records,
                  row.unit_count * sizeof(UnitRecord)) == 0;
}

static void make_table(FuzzInput *input, ByteBuffer *image)
{
    UnitTable table = {0};
    Units units[MOST_FILES];
    UnitRow rows[MOST_FILES];
    const UnitRecord *records[MOST_FILES];
    uint32_t count = fuzz_below(input, MOST_FILES + 1);
    for (uint32_t i = 0; i < count; i++) {
        make_units(input, &units[i]);
        rows[i] = units[i].row;
        records[i] = units[i].records;
    }
    unit_table_replace(&table, rows, records, count);
    for (uint32_t i = 0; i < count; i++)
        FUZZ_CHECK(holds_units(&table, i, &units[i]));
    buffer_put(image, image_slice(&table.image));
    unit_table_close(&table);
}

/* Every accepted row can be read. */
static void look_at_rows(const UnitTable *table)
{
    for (uint32_t i = 0; i < table->file_count; i++) {
        size_t size = unit_table_row(table, i)->unit_count * sizeof(UnitRecord);
        hash_bytes(slice_of(unit_table_units(table, i), size));
    }
    unit_table_is_wasteful(table);
}

/* Sets rows one after another. Setting one leaves the others readable. */
static void set_rows(FuzzInput *input, UnitTable *table)
{
    if (table->file_count == 0)
        return;
    for (uint32_t count = fuzz_below(input, 6); count > 0; count--) {
        Units units;
        uint32_t file = fuzz_u16(input) % table->file_count;
        make_units(input, &units);
        unit_table_set(table, file, &units.row, units.records);
        FUZZ_CHECK(holds_units(table, file, &units));
        look_at_rows(table);
    }
}

/* Saves any image under the table's name. */
static void write_table(const Scratch *scratch, ByteBuffer *image, StateRef *ref)
{
    UnitTable table;
    FUZZ_CHECK(unit_table_open(&table, scratch->fd, "id.units", ref) == 0);
    image_replace(&table.image, image);
    FUZZ_CHECK(state_file_commit(&table.state, &table.image, false, ref, NULL) == 0);
    unit_table_close(&table);
}

static void try_table(FuzzInput *input, const Scratch *scratch)
{
    ByteBuffer image = {0};
    StateRef ref = {0};
    UnitTable table, again;
    make_table(input, &image);
    bool is_damaged = fuzz_damage(input, &image);
    write_table(scratch, &image, &ref);
    int status = unit_table_open(&table, scratch->fd, "id.units", &ref);
    FUZZ_CHECK(status == 0 || (is_damaged && status == -EBADMSG && table.file_count == 0));
    look_at_rows(&table);
    set_rows(input, &table);
    FUZZ_CHECK(state_file_commit(&table.state, &table.image, false, &ref, NULL) == 0);
    FUZZ_CHECK(unit_table_open(&again, scratch->fd, "id.units", &ref) == 0);
    FUZZ_CHECK(slice_equal(image_slice(&table.image), image_slice(&again.image)));
    unit_table_close(&again);
    unit_table_close(&table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = {data, data + size};
    Scratch scratch;
    scratch_open(&scratch);
    switch (fuzz_below(&input, 3)) {
    case 0: try_any_manifest(&input, &scratch); break;
    case 1: try_damaged_manifest(&input, &scratch); break;
    default: try_table(&input, &scratch); break;
    }
    scratch_close(&scratch);
    return 0;
}
