/* SPDX-License-Identifier: MIT */
#include "random_lines.h"

#include "memory.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned pick(RandomLines *lines, unsigned below)
{
    return random_draw(&lines->random, below);
}

unsigned random_lines_pick(RandomLines *lines, unsigned below)
{
    return pick(lines, below);
}

/* ---- the files ----------------------------------------------------------------------------- */

const char *const random_lines_names[RANDOM_FILES + 1] = {
    "f0.line", "f1.line", "d/f2.line", "f3.line", "f4.line", "d/f5.line", "f6.line", "f7.line",
    "d/f8.line", NULL};

static void file_path(unsigned file, char path[32])
{
    snprintf(path, 32, "%s", random_lines_names[file]);
}

/* The file in which a name at this place is looked up. */
static unsigned target_of(const RandomFile *file, unsigned import)
{
    return import < IMPORTS && file->imports[import] != RANDOM_FILES ? file->imports[import]
                                                                     : file->number;
}

static void put(ByteBuffer *text, const char *word)
{
    buffer_put(text, slice_from(word));
}

static void put_number(ByteBuffer *text, const char *word, unsigned number)
{
    put(text, word);
    buffer_put_decimal(text, number);
}

/* A file that imports itself still calls its units by their plain names: two spellings of one
 * reference would have two keys and one text. */
static void put_reference(ByteBuffer *text, const RandomFile *file, const char *kind,
                          unsigned import, unsigned name)
{
    unsigned target = target_of(file, import);
    put(text, target != file->number && file->imports_are_optional ? " ~" : kind);
    if (target != file->number) {
        put_number(text, "f", target);
        put(text, ".");
    }
    put_number(text, "u", name);
}

static void put_unit(ByteBuffer *text, const RandomFile *file, const RandomUnit *unit)
{
    if (!unit->exists)
        return;
    put_number(text, "unit u", unit->name);
    put_number(text, unit->parameters % 4 == 0 ? "(!p" : "(p", unit->parameters);
    if (unit->name != 0 && unit->interface_name < unit->name)
        put_reference(text, file, " $", unit->interface_file, unit->interface_name);
    if (unit->pointer_name < UNITS)
        put_reference(text, file, file->holds_all ? " $" : " &", unit->pointer_file,
                      unit->pointer_name);
    if (unit->bridge_name < UNITS)
        put_reference(text, file, " &", unit->bridge_file, unit->bridge_name);
    put(text, ")");
    if (unit->body != 0) {
        put_number(text, unit->body % 4 == 0 ? " ?b" : " b", unit->body);
        for (unsigned i = 0; i < REFERENCES; i++)
            if (unit->body_names[i] < UNITS)
                put_reference(text, file, " $", unit->body_files[i], unit->body_names[i]);
    }
    put(text, "\n");
}

static void put_path(ByteBuffer *text, const RandomFile *file, unsigned target)
{
    char path[32];
    file_path(target, path);
    put(text, "import \"");
    put(text, file->number % 3 == 2 ? "../" : "");
    put(text, path);
    put(text, "\"");
}

static void put_searched(ByteBuffer *text, const RandomFile *file, unsigned target)
{
    put(text, file->imports_are_optional ? "import? " : "import ");
    put_number(text, file->demands_brackets ? "<f" : "\"f", target);
    put(text, file->demands_brackets ? ".line>" : ".line\"");
}

static void put_imports(ByteBuffer *text, const RandomFile *file, bool searches)
{
    for (unsigned i = 0; i < IMPORTS; i++) {
        if (file->imports[i] == RANDOM_FILES)
            continue;
        (searches ? put_searched : put_path)(text, file, file->imports[i]);
        put_number(text, " as f", file->imports[i]);
        put(text, "\n");
    }
}

/* In one of three files, with the path of its first import. */
static void put_todo(ByteBuffer *text, const RandomFile *file, bool is_inner)
{
    char path[32];
    if (file->comment % 3 != 0)
        return;
    put(text, "todo ");
    if (file->imports[0] != RANDOM_FILES) {
        file_path(file->imports[0], path);
        put(text, is_inner ? "in \"../" : "in \"");
        put(text, path);
        put(text, "\" ");
    }
    put_number(text, "more: ", file->comment / 3);
    put(text, "\n");
}

static void write_text(RandomLines *lines, const RandomFile *file, const char *path)
{
    ByteBuffer text = {0};
    put_imports(&text, file, lines->searches);
    if (!lines->searches) /* it would point to a file as an import of that path */
        put_todo(&text, file, file->number % 3 == 2);
    put_number(&text, "# ", file->comment);
    put(&text, "\n");
    if (file->number < RANDOM_ENTRIES)
        put_reference((put(&text, "unit main starts"), &text), file, " $", 0, 0);
    put(&text, file->is_broken ? "\nbroken\n" : "\n");
    if (file->declares)
        put_number(&text, "declare puts as ", file->declared);
    put(&text, "\n");
    for (unsigned i = 0; i < UNITS; i++)
        put_unit(&text, file, &file->units[i]);
    scratch_write_bytes(lines->scratch, path, buffer_slice(&text));
    buffer_free(&text);
}

static void clear_place(const RandomLines *lines, const char *path)
{
    if (unlinkat(lines->scratch->fd, path, 0) != 0)
        unlinkat(lines->scratch->fd, path, AT_REMOVEDIR);
}

/* A varied file: its first unit has other parameters, and bodies of its own. */
static void write_place(RandomLines *lines, const RandomFile *file, const RandomPlace *place,
                        const char *path)
{
    RandomFile varied = *file;
    clear_place(lines, path);
    varied.units[0].parameters += place->variation;
    for (unsigned i = 1; i < UNITS; i++)
        varied.units[i].body += varied.units[i].body == 0 ? 0 : place->variation / 2;
    switch (place->kind) {
    case PLACE_EMPTY: break;
    case PLACE_FILE: write_text(lines, &varied, path); break;
    case PLACE_DIRECTORY: assert_int_equal(mkdirat(lines->scratch->fd, path, 0777), 0); break;
    case PLACE_LINK: assert_int_equal(symlinkat("no", lines->scratch->fd, path), 0); break;
    }
}

static void write_places(RandomLines *lines, const RandomFile *file)
{
    char home[32], path[400];
    file_path(file->number, home);
    for (unsigned i = 0; i < PLACES; i++) {
        bool is_here = strcmp(lines->directories[i], ".") == 0;
        snprintf(path, sizeof path, "%s%sf%u.line", is_here ? "" : lines->directories[i],
                 is_here ? "" : "/", file->number);
        if (strcmp(path, home) != 0)
            write_place(lines, file, &file->places[i], path);
    }
}

static void write_file(RandomLines *lines, unsigned number)
{
    char path[32];
    const RandomFile *file = &lines->files[number];
    file_path(number, path);
    if (lines->searches)
        write_places(lines, file);
    if (file->is_missing)
        unlinkat(lines->scratch->fd, path, 0);
    else
        write_text(lines, file, path);
}

static void make_unit(RandomLines *lines, RandomUnit *unit, unsigned name)
{
    *unit = (RandomUnit){.exists = pick(lines, 8) != 0, .name = name};
    unit->parameters = pick(lines, 3);
    unit->body = pick(lines, 4);
    unit->interface_file = pick(lines, IMPORTS + 1);
    unit->interface_name = pick(lines, 2 * UNITS);
    unit->pointer_file = pick(lines, IMPORTS + 1);
    unit->pointer_name = unit->bridge_name = UNITS;
    for (unsigned i = 0; i < REFERENCES; i++) {
        unit->body_files[i] = pick(lines, IMPORTS + 1);
        unit->body_names[i] = pick(lines, 3 * UNITS);
    }
}

static void make_file(RandomLines *lines, unsigned number)
{
    RandomFile *file = &lines->files[number];
    *file = (RandomFile){.number = number, .comment = pick(lines, 3)};
    file->imports_are_optional = lines->searches && number % 4 == 1;
    for (unsigned i = 0; i < IMPORTS; i++)
        file->imports[i] = pick(lines, 2) == 0 ? pick(lines, RANDOM_FILES) : RANDOM_FILES;
    for (unsigned i = 0; i < IMPORTS; i++)
        for (unsigned k = 0; k < i; k++)
            if (file->imports[i] == file->imports[k])
                file->imports[i] = RANDOM_FILES;
    for (unsigned i = 0; i < UNITS; i++)
        make_unit(lines, &file->units[i], i);
}

/* ---- cycles of interfaces ------------------------------------------------------------------ */

enum { ALL_UNITS = RANDOM_FILES * UNITS };
_Static_assert(ALL_UNITS <= 64, "a set of units is 64 bits");

static unsigned files_of(const RandomLines *lines, unsigned entry)
{
    unsigned files = 1U << entry, last = 0;
    while (files != last) {
        last = files;
        for (unsigned file = 0; file < RANDOM_FILES; file++)
            for (unsigned i = 0; i < IMPORTS && (files >> file & 1) != 0; i++)
                if (lines->files[file].imports[i] != RANDOM_FILES)
                    files |= 1U << lines->files[file].imports[i];
    }
    return files;
}

static void add_lead(const RandomLines *lines, unsigned from, unsigned import, unsigned name,
                     uint64_t leads[ALL_UNITS])
{
    unsigned file = target_of(&lines->files[from / UNITS], import);
    for (unsigned i = 0; i < UNITS; i++)
        if (lines->files[file].units[i].exists && lines->files[file].units[i].name == name)
            leads[from] |= UINT64_C(1) << (file * UNITS + name);
}

void random_lines_components(const RandomLines *lines, unsigned entry,
                             RandomComponents *components)
{
    uint64_t leads[ALL_UNITS] = {0};
    unsigned files = files_of(lines, entry);
    for (unsigned i = 0; i < ALL_UNITS; i++) {
        const RandomUnit *unit = &lines->files[i / UNITS].units[i % UNITS];
        unsigned from = i / UNITS * UNITS + unit->name;
        if (!unit->exists || (files >> i / UNITS & 1) == 0)
            continue;
        if (unit->interface_name < unit->name)
            add_lead(lines, from, unit->interface_file, unit->interface_name, leads);
        if (unit->pointer_name < UNITS)
            add_lead(lines, from, unit->pointer_file, unit->pointer_name, leads);
        if (unit->bridge_name < UNITS)
            add_lead(lines, from, unit->bridge_file, unit->bridge_name, leads);
    }
    for (unsigned via = 0; via < ALL_UNITS; via++)
        for (unsigned i = 0; i < ALL_UNITS; i++)
            if ((leads[i] >> via & 1) != 0)
                leads[i] |= leads[via];
    *components = (RandomComponents){{0}};
    for (unsigned i = 0; i < ALL_UNITS; i++)
        for (unsigned k = 0; k < ALL_UNITS && (leads[i] >> i & 1) != 0; k++)
            if ((leads[i] >> k & 1) != 0 && (leads[k] >> i & 1) != 0)
                components->members[i] |= UINT64_C(1) << k;
}

/* ---- edits --------------------------------------------------------------------------------- */

static void swap_units(RandomLines *lines, RandomFile *file)
{
    unsigned a = pick(lines, UNITS), b = pick(lines, UNITS);
    RandomUnit unit = file->units[a];
    file->units[a] = file->units[b];
    file->units[b] = unit;
}

static void change_import(RandomLines *lines, RandomFile *file)
{
    unsigned target = pick(lines, RANDOM_FILES + 3), place = pick(lines, IMPORTS);
    for (unsigned i = 0; i < IMPORTS; i++)
        if (file->imports[i] == target)
            return;
    file->imports[place] = target < RANDOM_FILES ? target : RANDOM_FILES;
}

/* The place of an import of `target`, added to the file if necessary. */
static unsigned import_of(RandomFile *file, unsigned target)
{
    for (unsigned i = 0; i <= IMPORTS; i++)
        if (target_of(file, i) == target)
            return i;
    unsigned place = 0;
    for (unsigned i = 0; i < IMPORTS; i++)
        if (file->imports[i] == RANDOM_FILES)
            place = i;
    file->imports[place] = target;
    return place;
}

/* The unit and one of the same file, or of an imported file, point to each other. */
static void make_cycle(RandomLines *lines, const RandomFile *file, RandomUnit *unit)
{
    unit->pointer_file = pick(lines, IMPORTS + 1);
    RandomFile *other = &lines->files[target_of(file, unit->pointer_file)];
    RandomUnit *back = &other->units[pick(lines, UNITS)];
    unit->pointer_name = back->name;
    back->pointer_file = import_of(other, file->number);
    back->pointer_name = unit->name;
    write_file(lines, other->number);
}

static bool remove_bridge(RandomLines *lines)
{
    bool is_removed = false;
    for (unsigned i = 0; i < ALL_UNITS; i++) {
        RandomUnit *unit = &lines->files[i / UNITS].units[i % UNITS];
        if (unit->bridge_name == UNITS)
            continue;
        unit->bridge_name = UNITS;
        write_file(lines, i / UNITS);
        is_removed = true;
    }
    return is_removed;
}

static void point_across(RandomLines *lines, unsigned from, unsigned to)
{
    RandomFile *file = &lines->files[from / UNITS];
    for (unsigned i = 0; i < UNITS; i++)
        if (file->units[i].name == from % UNITS) {
            file->units[i].bridge_file = import_of(file, to / UNITS);
            file->units[i].bridge_name = to % UNITS;
        }
    write_file(lines, from / UNITS);
}

/* Two cycles become one, or the one that was made of two becomes two again; if there are not two,
 * one is made. There is one bridge at most: what is emitted for a cycle is every way through it. */
static void toggle_bridge(RandomLines *lines)
{
    RandomComponents components;
    if (remove_bridge(lines))
        return;
    random_lines_components(lines, pick(lines, RANDOM_ENTRIES), &components);
    unsigned from = pick(lines, ALL_UNITS), to = pick(lines, ALL_UNITS);
    for (unsigned i = 0; i < ALL_UNITS && components.members[from] == 0; i++)
        from = (from + 1) % ALL_UNITS;
    for (unsigned i = 0; i < ALL_UNITS && (components.members[to] == 0 ||
                                           (components.members[from] >> to & 1) != 0); i++)
        to = (to + 1) % ALL_UNITS;
    if (components.members[from] != 0 && components.members[to] != 0 &&
        (components.members[from] >> to & 1) == 0) {
        point_across(lines, from, to);
        point_across(lines, to, from);
    } else {
        RandomFile *file = &lines->files[from / UNITS];
        make_cycle(lines, file, &file->units[pick(lines, UNITS)]);
        write_file(lines, from / UNITS);
    }
}

static void change_place(RandomLines *lines, RandomFile *file)
{
    RandomPlace *place = &file->places[pick(lines, PLACES)];
    switch (pick(lines, 8)) {
    case 0: case 1: case 2: place->kind = PLACE_EMPTY; break;
    case 3: place->kind = PLACE_DIRECTORY; break;
    case 4: place->kind = PLACE_LINK; break;
    default: *place = (RandomPlace){PLACE_FILE, pick(lines, 4)}; break;
    }
}

/* What is in two directories changes places. */
static void exchange_places(RandomLines *lines)
{
    unsigned a = pick(lines, PLACES), b = pick(lines, PLACES);
    for (unsigned i = 0; i < RANDOM_FILES; i++) {
        RandomPlace place = lines->files[i].places[a];
        lines->files[i].places[a] = lines->files[i].places[b];
        lines->files[i].places[b] = place;
        write_file(lines, i);
    }
}

static void edit_places(RandomLines *lines)
{
    unsigned number = pick(lines, RANDOM_FILES);
    RandomFile *file = &lines->files[number];
    switch (pick(lines, 10)) {
    case 0: file->demands_brackets = !file->demands_brackets; break;
    case 1: exchange_places(lines); break;
    default: change_place(lines, file); break;
    }
    write_file(lines, number);
}

static void edit_file(RandomLines *lines)
{
    unsigned number = pick(lines, RANDOM_FILES);
    RandomFile *file = &lines->files[number];
    RandomUnit *unit = &file->units[pick(lines, UNITS)];
    switch (pick(lines, 24)) {
    case 0: file->comment++; break;
    case 1: case 2: case 3: unit->body = 1 + pick(lines, 1000); break;
    case 4: case 5: unit->parameters = pick(lines, 1000); break;
    case 6: unit->exists = !unit->exists; break;
    case 7: unit->body_names[0] = pick(lines, 2 * UNITS); break;
    case 8: unit->interface_name = pick(lines, 2 * UNITS); break;
    case 9: swap_units(lines, file); break;
    case 10: case 11: change_import(lines, file); break;
    case 12: file->is_broken = true; break;
    case 13: file->is_missing = number >= RANDOM_ENTRIES; break;
    case 14: file->declares = !file->declares, file->declared = pick(lines, 8) == 0; break;
    case 15: case 16: unit->pointer_name = pick(lines, 2 * UNITS); break;
    case 17: make_cycle(lines, file, unit); break;
    case 18: file->holds_all = true; break;
    case 19: case 20: case 21: case 22: toggle_bridge(lines); break;
    default: break; /* only touched */
    }
    write_file(lines, number);
}

/* What is broken is soon repaired, so that most steps are correct programs. */
static void repair(RandomLines *lines)
{
    for (unsigned i = 0; i < RANDOM_FILES; i++) {
        RandomFile *file = &lines->files[i];
        if (!file->is_broken && !file->is_missing && !file->holds_all && file->declared == 0)
            continue;
        file->is_broken = file->is_missing = file->holds_all = false;
        file->declared = 0;
        write_file(lines, i);
    }
}

/* The name leads to a unit, added to the file if necessary. */
static void mend_reference(RandomLines *lines, unsigned file, unsigned import, unsigned name)
{
    RandomFile *target = &lines->files[target_of(&lines->files[file], import)];
    for (unsigned i = 0; i < UNITS; i++)
        if (target->units[i].name == name)
            target->units[i].exists = true;
}

static void mend_names(RandomLines *lines)
{
    for (unsigned file = 0; file < RANDOM_FILES; file++) {
        if (file < RANDOM_ENTRIES)
            mend_reference(lines, file, 0, 0);
        for (unsigned i = 0; i < UNITS; i++) {
            const RandomUnit *unit = &lines->files[file].units[i];
            if (unit->interface_name < unit->name)
                mend_reference(lines, file, unit->interface_file, unit->interface_name);
            if (unit->pointer_name < UNITS)
                mend_reference(lines, file, unit->pointer_file, unit->pointer_name);
            if (unit->bridge_name < UNITS)
                mend_reference(lines, file, unit->bridge_file, unit->bridge_name);
            for (unsigned r = 0; r < REFERENCES; r++)
                if (unit->body_names[r] < UNITS)
                    mend_reference(lines, file, unit->body_files[r], unit->body_names[r]);
        }
    }
    for (unsigned file = 0; file < RANDOM_FILES; file++)
        write_file(lines, file);
}

static void break_cycles(RandomLines *lines)
{
    for (unsigned file = 0; file < RANDOM_FILES; file++) {
        for (unsigned i = 0; i < UNITS; i++)
            lines->files[file].units[i].pointer_name =
                lines->files[file].units[i].bridge_name = UNITS;
        write_file(lines, file);
    }
}

/* ---- the program --------------------------------------------------------------------------- */

void random_lines_make(RandomLines *lines, const Scratch *scratch, Random random, bool searches)
{
    *lines = (RandomLines){.scratch = scratch,
                           .random = random,
                           .searches = searches,
                           .directories = {"i", lines->system, ".", "d"}};
    snprintf(lines->system, sizeof lines->system, "%s/sys", scratch->path);
    if (searches)
        assert_int_equal(mkdirat(scratch->fd, "i", 0777) | mkdirat(scratch->fd, "sys", 0777), 0);
    for (unsigned i = 0; i < RANDOM_FILES; i++)
        make_file(lines, i);
    RandomFile *first = &lines->files[target_of(&lines->files[0], 0)];
    make_cycle(lines, first, &first->units[0]);
    mend_names(lines);
}

void random_lines_edit(RandomLines *lines)
{
    for (unsigned edits = 1 + pick(lines, 3); edits > 0; edits--)
        (lines->searches && pick(lines, 2) == 0 ? edit_places : edit_file)(lines);
    if (pick(lines, 20) == 0)
        break_cycles(lines);
    if (pick(lines, 2) == 0)
        repair(lines);
    if (pick(lines, 2) == 0)
        mend_names(lines);
}
