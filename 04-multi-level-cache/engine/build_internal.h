/* SPDX-License-Identifier: MIT */
/*
 * Shared by the parts of the engine.
 *
 *     incremental_build.c   what changed, a plan for it, and the commit
 *     build_open.c          the project, the cache, the memory
 *     build_prepare.c       what comes before emission: lowered files, the plan
 *     build_program.c       the files of the program as keys and code generation see them
 *     build_recorded.c      what the last commit recorded for them
 *     build_lowering.c      one source is lowered, and what is kept of it
 *     build_inputs.c        what lowering asks for besides its source
 *     build_opened.c        interface blobs, opened once
 *     build_plan.c          from what changed to what must be emitted
 *     build_prelude.c       the lines that declarations want before all sections
 *     build_reports.c       what emission reports
 *     build_emit.c          the sections' texts, emitted or cached
 *     build_forecast.c      what would be emitted
 *     build_warnings.c      the warnings of what this build did not look at
 *     build_again.c         is a unit the same if it is emitted alone?
 *     build_drop.c          removes from the caches what the user wants made again
 *     build_dropped.c       what was dropped, and is made again
 *     build_recover.c       what a power cut may have taken is found, and is made again
 *     build_save.c          what is written before the output
 *     build_query.c         what can be asked about a build
 *     build_shared.c        what all of them need
 *
 * The calls between them form no cycle.
 */
#ifndef BUILD_INTERNAL_H
#define BUILD_INTERNAL_H

#include "cached_codegen.h"
#include "import_graph.h"
#include "incremental_build.h"
#include "input_lists.h"
#include "multi_level_cache.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct PlannedUnit {
    Hash128 key;
    bool is_cacheable;
    bool is_own_change; /* its own source differs from that of every unit the file had before */
} PlannedUnit;

typedef struct PlannedFile { /* {0}: nothing about this file changed */
    bool source_changed;     /* its content differs from the recorded one, or it is new */
    bool is_affected;        /* its interface keys must be computed again */
    bool is_rekeyed;         /* its unit keys were computed in this build: row and units are set */
    bool is_dirty;
    UnitRow row;
    UnitRecord *units;       /* row.unit_count of them */
    PlannedUnit *planned;    /* the same number */
} PlannedFile;

/* What must be emitted. Made by build_plan.c, and not changed afterwards. */
typedef struct EmissionPlan {
    PlannedFile *files; /* {0} until the plan reaches them: of 10,000 an edit touches one. NULL if
                           nothing changed */
    uint32_t *rekeyed, *dirty; /* work on all reached files goes by these ascending lists */
    uint32_t rekeyed_count, dirty_count;
    bool prelude_is_dirty;
} EmissionPlan;

typedef struct Prelude { /* build_prelude.c */
    ByteBuffer text;
    bool is_made;
} Prelude;

typedef struct BuildWorker { /* one per worker of the executor */
    Arena arena;             /* lives as long as the build */
    Arena once;              /* for lowering one file */
    ByteBuffer key;          /* what is hashed into a key */
    Diagnostics diagnostics; /* of lowering */
    bool is_cancelled;       /* it got that answer */
} BuildWorker;

/* What one phase keeps for itself. */
typedef struct LoadedFiles LoadedFiles; /* build_program.c */
typedef struct InputTexts InputTexts;   /* build_inputs.c */
typedef struct OpenedFiles OpenedFiles; /* build_opened.c */
typedef struct Emission Emission;       /* build_emit.c */

/* In the order of the phases; what one of them makes, those after it only read. */
struct Build {
    BuildRequest request;
    BuildFailure failure;
    BuildCounts counts;
    BuildTimes times;
    Diagnostics diagnostics;
    BuildWorker *workers;

    /* build_open */
    int project_fd;
    char *directory; /* of the entry, as the user wrote it */
    SourceOverlays overlays;
    const SourceReader *reader; /* of all sources; NULL: the disk */
    char *cache_path;
    char *output;    /* its absolute path, if the request names one; else NULL */
    Slice entry;     /* its name in the directory */
    Slice *more_entries; /* the names of the others, as discovery wants them */
    uint32_t more_entry_count;
    MultiLevelCache cache;
    bool cache_is_open;

    /* discovery */
    Discovery found;
    int clock_error; /* of a probe that failed */
    bool is_wrong;   /* an import leads nowhere, or a file has errors; reported in the diagnostics */
    bool is_changed; /* something is dirty, or sections were added or removed */

    /* build_prepare */
    Program program;      /* its `file` is build_program_file */
    LoadedFiles *loaded;
    InputTexts *texts;
    OpenedFiles *opened;  /* NULL: the language opens none */
    uint32_t *lost;       /* files whose lowered form a power cut took: see build_recover.c */
    uint32_t lost_count;
    EmissionPlan plan;
    Prelude prelude;      /* made when it is first needed */
    BuildStatus prepared; /* the result of preparing to emit */
    bool is_prepared;
    BuildPlan planned;    /* for the stages above */

    /* build_emit, build_save, build_commit */
    Emission *emission;     /* once something is wanted */
    bool units_are_updated; /* the unit table describes this build, in its numbers */
    CommitSummary summary;  /* for the manifest */
};

/* A build with overlays keeps its objects, and nothing else. */
static inline bool build_has_overlays(const Build *build)
{
    return build->request.overlay_count != 0;
}

/* Whoever would record something of it: what is in the overlays may never be saved. */
BuildStatus build_refuse_overlays(Build *build);

/* Asked by the worker before each item of work. If it is true, the item is left undone. */
bool build_is_cancelled(Build *build, unsigned worker);

/* Did any worker get that answer? Then some items are undone. */
bool build_was_cancelled(const Build *build);

/* BUILD_OK if `status` is 0, otherwise why the cache cannot be used. */
BuildStatus build_cache_failed(Build *build, int status);

/* A unit neither emitted nor failed is as it was, even where nothing had to be emitted: the counts
 * agree at any moment. */
static inline void build_count_cached(BuildCounts *counts)
{
    counts->functions_cached =
        counts->functions_total - counts->functions_emitted - counts->functions_failed;
}

/* Lowering's diagnostics from number `first` on get the paths of files: that of the file itself,
 * or, for one written as in an import, of where that leads to. What was lowered with inputs has
 * them already. */
void build_place_diagnostics(const Build *build, Diagnostics *diagnostics, size_t first);

/* Reports that `subject` was refused without a reason, at a place in diagnostics->path. */
void build_report_silence(Diagnostics *diagnostics, uint32_t line, uint32_t column, Slice subject);

/* If warnings are errors, they become some. */
void build_raise_warnings(Build *build);

static inline Build *build_of(Program *program)
{
    return (Build *)(void *)((char *)program - offsetof(Build, program));
}

/* What a status means that an entry could not be read with. */
BuildStatus build_entry_failed(Build *build, const char *path, int status);

BuildStatus build_commit_objects(Build *build);

/* Removes all objects, also those of other entries. */
BuildStatus build_clear_objects(Build *build);

/* Records the blobs that were set, beside what the last commit recorded. */
BuildStatus build_commit_blobs(Build *build);

/* ---- build_program.c ----------------------------------------------------------------------- */

/* Makes the slots for all files, and lowers the changed ones or finds them in the ZirCache. A file
 * with errors is poisoned from then on, and the build is wrong. */
void build_lower(Build *build);

/* The file with that number, loaded if necessary. Any thread, after build_lower. */
ProgramFile *build_program_file(Program *program, uint32_t number);

/* The same, or NULL if it is not loaded. */
ProgramFile *build_loaded_file(const Build *build, uint32_t number);

/* The warnings kept with its lowered form. */
Slice build_lowering_warnings(const ProgramFile *file);

/* Puts rebuilt objects into the ZirCache. */
void build_keep_rebuilt(Build *build);

/* The status, if a file needed later could not be loaded. */
BuildStatus build_check_loading(Build *build);

void build_free_loaded(Build *build);

/* ---- build_recorded.c ---------------------------------------------------------------------- */

/* The row and units that the last commit recorded for a file; NULL if there are none. */
const UnitRow *build_recorded(const Build *build, uint32_t file, const UnitRecord **units);

/* Each file of the last build is on record: a file that the plan does not reach is as it was, and
 * need not be looked at. */
bool build_all_on_record(const Build *build);

/* What the last commit recorded for the files that are no longer part of the program, added up: the
 * functions, and whether any of them needed a line in the prelude. {0} unless all are on record. */
typedef struct RemovedFiles {
    uint64_t function_count;
    bool had_prelude_lines;
} RemovedFiles;
RemovedFiles build_removed_files(const Build *build);

/* Gives a declaration its recorded interface key; without one it is uncacheable. */
void build_take_interface_key(ProgramFile *file, uint32_t declaration, Hash128 recorded);

/* ---- build_lowering.c ---------------------------------------------------------------------- */

typedef struct LoweredObject { /* for the ZirCache */
    Hash128 content;           /* what stands for it in the key */
    Slice object, lists;       /* the second: if it asked for something */
} LoweredObject;

/* Of one lowering: where it takes place, and what comes of it. */
typedef struct Lowering {
    Arena *once, *memory; /* the second lives as long as the build */
    Diagnostics *diagnostics;
    Lowered lowered;
    Slice warnings;
    LoweredObject made;
} Lowering;

/* Lowers a source. If it is right, what was reported are warnings, and they are in `warnings`, to
 * be reported with those of all other files. If not, it is in the diagnostics; unless an import
 * leads nowhere, or a text cannot be read, which others report. */
bool build_lower_source(Build *build, Slice source, uint32_t number, Lowering *lowering);

/* Puts it into the ZirCache; the bytes are lent until the commit. One thread. */
void build_put_lowered(Build *build, uint32_t file, const LoweredObject *made);

/* ---- build_inputs.c ------------------------------------------------------------------------ */

/* Once the files are found. */
void build_make_texts(Build *build);
void build_free_texts(Build *build);

/* What discovery read is lowered: nothing refers to it from here on. */
void build_forget_sources(Build *build);

/* The text of a file, in the arena, which lives as long as the build, or as discovery read it.
 * False: it cannot be read, or is another by now; build_check_texts says so. Any thread. */
bool build_read_text(Build *build, uint32_t file, Arena *arena, Slice *bytes);

/* Did that happen? Any thread. */
bool build_lacks_text(Build *build);

/* The status, if something that lowering asked for could not be read. */
BuildStatus build_check_texts(Build *build);

/* Lowers with what the source asks for. `texts` is an arena that lives as long as the build; the
 * list of what was asked is in the other. False also if something was refused. Any thread. */
bool build_lower_with_inputs(Build *build, Slice source, uint32_t file, Arena *texts, Arena *arena,
                             Diagnostics *diagnostics, Lowered *lowered, Slice *list);

/* What stands for the content of a file in the keys of a ZirCache, as it is lowered now. False:
 * nobody knows yet, so it is not there. */
bool build_lowered_content(const Build *build, const ZirCache *zir, uint32_t file,
                           Hash128 *content);

/* ---- build_opened.c ------------------------------------------------------------------------ */

/* Nothing is opened yet. */
void build_make_opened(Build *build);

/* The opened form of a file that has an interface blob. Any thread, after build_lower. */
const void *build_opened_file(Program *program, uint32_t number);

void build_free_opened(Build *build);

/* ---- build_prepare.c ----------------------------------------------------------------------- */

/* Opens what a no-change build leaves closed, lowers the changed files and makes the plan. Once. */
BuildStatus build_prepare(Build *build);

/* ---- build_plan.c -------------------------------------------------------------------------- */

BuildStatus build_make_plan(Build *build);

/* ---- build_reports.c ----------------------------------------------------------------------- */

/* Moves what a worker's units reported to the diagnostics of the build. */
void build_take_diagnostics(Build *build, Diagnostics *from);

/* Reports that a unit was refused without a reason. */
void build_report_silent_unit(Build *build, uint32_t file, uint32_t unit);

/* Removes a unit's warnings, which are those from number `first` to before `end`, if it names
 * something poisoned. */
void build_drop_poisoned_warnings(Build *build, uint32_t file, uint32_t unit,
                                  Diagnostics *diagnostics, size_t first, size_t end);

/* ---- build_emit.c -------------------------------------------------------------------------- */

void build_free_emission(Build *build);

/* After build_make_plan: looks up the units of what was wanted so far, and not what is dirty, for
 * their warnings. What is lost is emitted again. */
BuildStatus build_emit_wanted(Build *build);

/* Once the texts are in the output. They are the largest part of a first build's memory, and the
 * commit wants some to look at all that the caches hold. */
void build_forget_texts(Build *build);

/* After build_emit: the outputs of all units of a file that was wanted. */
const UnitOutput *build_unit_outputs(const Build *build, uint32_t file, uint32_t *count);

/* Emits units of a file once more, after build_emit; uses and keeps nothing cached, and what is
 * reported is not reported again. */
void build_emit_again(Build *build, unsigned worker, uint32_t file, const WantedUnit *wanted,
                      size_t count);

/* Sorts a list of file numbers. */
void build_sort_numbers(uint32_t *numbers, uint32_t count);

/* Why a unit is emitted that is not in the cache. */
Decision build_emit_reason(const Build *build, uint32_t file, const PlannedUnit *unit);

/* How many units a file has, and the key of one: as planned, or as recorded. */
uint32_t build_unit_count(const Build *build, uint32_t file);
void build_unit_key(const Build *build, uint32_t file, uint32_t unit, PlannedUnit *planned);

/* ---- build_warnings.c ---------------------------------------------------------------------- */

/* The manifest says that some file or unit of the last build had warnings. */
bool build_warnings_are_noted(const Build *build);

/* After build_make_plan: reports the warnings of all lowered files, and those of the units of all
 * files that are not dirty. */
BuildStatus build_recall_warnings(Build *build);

/* With the next commit, the manifest says whether there are any. */
void build_note_warnings(Build *build);

/* ---- build_again.c ------------------------------------------------------------------------- */

/* NULL if the units of a file, all of which were emitted and are right, get the same texts and
 * warnings alone and in reverse order. Else which one does not, and how it came out. Any thread, on
 * different files. */
const char *build_differs_again(Build *build, unsigned worker, uint32_t file, uint32_t *unit);

/* ---- build_dropped.c ----------------------------------------------------------------------- */

/* The files of which something was dropped since the last build: a blob of the manifest. */
#define DROPPED_BLOB "dropped"

/* Records that something of this file was dropped; "" stands for all files. */
BuildStatus build_note_dropped(Build *build, Slice path);

/* Adds a path to a list of them. */
void build_put_dropped(ByteBuffer *paths, Slice path);

bool build_has_dropped(const Build *build);

/* Adds their sections to the dirty ones, unsorted. */
void build_mark_dropped(Build *build);

/* With the next commit, there are none. */
void build_forget_dropped(Build *build);

/* ---- build_recover.c ----------------------------------------------------------------------- */

/* Once the files are found: after a restart of the system, opens and checks everything that the
 * manifest names. What is damaged is dropped, what of it is needed will be made again. Otherwise
 * does nothing. */
BuildStatus build_recover(Build *build);

/* After build_prepare: the lost lowered forms. */
BuildStatus build_recover_lowered(Build *build);

/* ---- build_prelude.c ----------------------------------------------------------------------- */

/* A hash of the lines that a file's declarations need in the prelude; 0: none. */
uint64_t build_prelude_digest(const Build *build, const Declarations *declarations);

/* A hash of the lines of all files; equal to the recorded one: the same prelude. */
Hash128 build_prelude_key(const Build *build);

/* Collects the lines; reports those that disagree. */
void build_make_prelude(Build *build);

#ifdef __cplusplus
}
#endif
#endif
