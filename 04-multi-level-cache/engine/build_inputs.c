/* SPDX-License-Identifier: MIT */
/*
 * The answers to what lowering asks for, from the file table.
 *
 * An import leads where discovery found that it leads: its candidates are gone through once more,
 * in the table instead of on the disk. What the scan of the asking file did not find is refused: a
 * change of it would go unnoticed. Each text is read once in a build, and what is read must have
 * the recorded hash.
 */
#include "build_internal.h"

#include <errno.h>
#include <pthread.h>

typedef struct KeptText {
    Slice bytes;
    bool is_read;
} KeptText;

struct InputTexts {
    pthread_mutex_t lock;  /* guards what follows */
    KeptText *of_file;     /* per file of the table */
    bool has_sources;      /* those that discovery read are still there */
    int error;             /* errno of what could not be read ... */
    Slice failed;          /* ... a path, or, */
    bool is_value;         /* the name of a value */
};

void build_make_texts(Build *build)
{
    InputTexts *texts = memory_allocate_zeroed(1, sizeof *texts);
    texts->has_sources = true;
    pthread_mutex_init(&texts->lock, NULL);
    if (build->request.compiler->lower_with_inputs != NULL)
        texts->of_file =
            memory_allocate_zeroed(build->cache.files.count + 1, sizeof *texts->of_file);
    build->texts = texts;
}

void build_forget_sources(Build *build)
{
    build->texts->has_sources = false;
    discovery_forget_sources(&build->found);
}

void build_free_texts(Build *build)
{
    if (build->texts == NULL)
        return;
    pthread_mutex_destroy(&build->texts->lock);
    memory_free(build->texts->of_file);
    memory_free(build->texts);
}

BuildStatus build_check_texts(Build *build)
{
    const InputTexts *texts = build->texts;
    if (texts == NULL || texts->error == 0)
        return BUILD_OK;
    if (texts->is_value)
        return build_fail(build, texts->failed.data, "the value was changed while it was used", 0);
    if (texts->error == ESTALE)
        return build_fail(build, texts->failed.data, "the file was changed while it was built", 0);
    return build_fail(build, texts->failed.data, "cannot read", texts->error);
}

static void fail(Build *build, Slice failed, bool is_value, int error)
{
    InputTexts *texts = build->texts;
    pthread_mutex_lock(&texts->lock);
    texts->error = error;
    texts->failed = failed;
    texts->is_value = is_value;
    pthread_mutex_unlock(&texts->lock);
}

bool build_lacks_text(Build *build)
{
    pthread_mutex_lock(&build->texts->lock);
    bool lacks = build->texts->error != 0;
    pthread_mutex_unlock(&build->texts->lock);
    return lacks;
}

/* ---- texts --------------------------------------------------------------------------------- */

static bool find_source(const Build *build, uint32_t file, Slice *bytes)
{
    const Discovery *found = &build->found;
    size_t low = 0, high = build->texts->has_sources ? found->change_count : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (found->changes[middle].file < file)
            low = middle + 1;
        else
            high = middle;
    }
    if (!build->texts->has_sources || low == found->change_count ||
        found->changes[low].file != file)
        return false;
    *bytes = found->changes[low].source;
    return bytes->data != NULL;
}

static int read_file(const Build *build, uint32_t file, Arena *arena, Slice *bytes)
{
    const FileHashCache *files = &build->cache.files;
    size_t largest = build->request.compiler->largest_source;
    bool is_limited = largest != 0 && file_hash_cache_role(files, file) != IMPORT_DATA;
    FileStamp stamp;
    int status = source_read_bytes(build->reader, build->project_fd,
                                   file_hash_cache_path(files, file).data,
                                   is_limited ? largest + 1 : 0, arena, bytes, &stamp);
    if (status != 0)
        return -status;
    return hash_equal(hash_keyed(files->secret, *bytes), files->records[file].content) ? 0 : ESTALE;
}

/* Read outside the lock. Of two threads that want one text at once, both may read it. */
bool build_read_text(Build *build, uint32_t file, Arena *arena, Slice *bytes)
{
    InputTexts *texts = build->texts;
    if (find_source(build, file, bytes))
        return true;
    pthread_mutex_lock(&texts->lock);
    bool is_read = texts->of_file[file].is_read;
    if (is_read)
        *bytes = texts->of_file[file].bytes;
    pthread_mutex_unlock(&texts->lock);
    if (is_read)
        return true;
    int error = read_file(build, file, arena, bytes);
    if (error != 0) {
        fail(build, file_hash_cache_path(&build->cache.files, file), false, error);
        return false;
    }
    pthread_mutex_lock(&texts->lock);
    if (!texts->of_file[file].is_read)
        texts->of_file[file] = (KeptText){*bytes, true};
    pthread_mutex_unlock(&texts->lock);
    return true;
}

/* ---- what one lowering asks ----------------------------------------------------------------- */

typedef struct Asking {
    Inputs inputs; /* first: it is this that lowering gets */
    Build *build;
    uint32_t file;
    Arena *arena;    /* of the build's life */
    ByteBuffer given; /* numbers of the texts that it was given */
    Diagnostics *diagnostics;
    InputList list;
    bool is_refused;
} Asking;

static InputAnswer refuse(Asking *asking, const char *what, Slice name)
{
    asking->is_refused = true;
    diagnostics_add(asking->diagnostics, 1, 1, "asks for %s'%.*s', which scan_imports did not find",
                    what, (int)name.size, name.data);
    return INPUT_REFUSED;
}

static bool was_given(const Asking *asking, uint32_t file)
{
    const uint32_t *given = (const uint32_t *)(const void *)asking->given.data;
    for (size_t i = 0; i < asking->given.size / sizeof *given; i++)
        if (given[i] == file)
            return true;
    return false;
}

static void note_given(Asking *asking, uint32_t file)
{
    if (!was_given(asking, file))
        buffer_put_u32(&asking->given, file);
}

/* Is a number among the imports of a file, in that role? */
static bool imports_number(const FileHashCache *files, uint32_t file, uint32_t number,
                           ImportRole role)
{
    const FileRecord *record = &files->records[file];
    for (uint32_t i = record->first_import; i < record->first_import + record->import_count; i++)
        if (files->imports[i] == number &&
            (role == IMPORT_VALUE || (files->roles != NULL && files->roles[i] == role)))
            return true;
    return false;
}

static InputAnswer choose(Asking *asking, uint32_t from, const ScannedImport *import,
                          const ImportCandidates *candidates, uint32_t *file)
{
    const FileHashCache *files = &asking->build->cache.files;
    for (uint32_t i = 0; i < candidates->count; i++) {
        Slice path = candidates->items[i];
        *file = file_hash_cache_find(files, path);
        if (*file != FILE_NONE)
            return imports_number(files, from, *file, import->role)
                       ? INPUT_FOUND
                       : refuse(asking, "", import->path);
        uint32_t absent = file_hash_cache_find_absent(files, path);
        if (absent == FILE_NONE || !imports_number(files, from, absent, IMPORT_VALUE))
            break;
        input_list_add(&asking->list, &(InputEntry){INPUT_NO_FILE, 0, path, {0, 0}});
    }
    if (imports_number(files, from, FILE_ABSENT, import->role))
        return INPUT_ABSENT;
    if (!files->has_gaps)
        return refuse(asking, "", import->path);
    asking->is_refused = true; /* discovery has reported it */
    return INPUT_REFUSED;
}

static InputAnswer lead(Asking *asking, uint32_t from, const ScannedImport *import, uint32_t *file)
{
    const Build *build = asking->build;
    const Compiler *compiler = build->request.compiler;
    ImportCandidates candidates = {.arena = asking->arena};
    if (from == INPUT_SELF)
        from = asking->file;
    else if (!was_given(asking, from))
        return refuse(asking, "", import->path);
    (void)import_candidates_find(compiler->resolve, compiler->language,
                                 file_hash_cache_path(&build->cache.files, from), import,
                                 &candidates);
    InputAnswer answer = choose(asking, from, import, &candidates, file);
    memory_free(candidates.items);
    return answer;
}

static InputAnswer answer_read(Inputs *inputs, uint32_t from, const ScannedImport *import,
                               InputText *text)
{
    Asking *asking = (Asking *)(void *)inputs;
    const FileHashCache *files = &asking->build->cache.files;
    uint32_t file;
    InputAnswer answer = lead(asking, from, import, &file);
    if (answer != INPUT_FOUND)
        return answer;
    *text = (InputText){.path = file_hash_cache_path(files, file), .number = file};
    if (!build_read_text(asking->build, file, asking->arena, &text->bytes)) {
        asking->is_refused = true;
        return INPUT_REFUSED;
    }
    note_given(asking, file);
    input_list_add(&asking->list, &(InputEntry){INPUT_HAS_CONTENT, 0, text->path,
                                                files->records[file].content});
    return INPUT_FOUND;
}

static InputAnswer answer_exists(Inputs *inputs, uint32_t from, const ScannedImport *import)
{
    Asking *asking = (Asking *)(void *)inputs;
    uint32_t file;
    InputAnswer answer = lead(asking, from, import, &file);
    if (answer == INPUT_FOUND)
        input_list_add(&asking->list,
                       &(InputEntry){INPUT_EXISTS, 0,
                                     file_hash_cache_path(&asking->build->cache.files, file),
                                     {0, 0}});
    return answer;
}

/* Is it named by the file, or by a text that was given? */
static bool names_value(const Asking *asking, uint32_t number)
{
    const FileHashCache *files = &asking->build->cache.files;
    const uint32_t *given = (const uint32_t *)(const void *)asking->given.data;
    bool is_named = imports_number(files, asking->file, number, IMPORT_VALUE);
    for (size_t i = 0; i < asking->given.size / sizeof *given && !is_named; i++)
        is_named = imports_number(files, given[i], number, IMPORT_VALUE);
    return is_named;
}

static InputAnswer answer_value(Inputs *inputs, uint32_t kind, Slice name, Slice *value)
{
    Asking *asking = (Asking *)(void *)inputs;
    const Compiler *compiler = asking->build->request.compiler;
    const FileHashCache *files = &asking->build->cache.files;
    uint32_t place = file_hash_cache_find_value(files, kind, name);
    if (place == FILE_NONE ||
        !names_value(asking, files->count + files->absent_count + place))
        return refuse(asking, "the value ", name);
    Slice recorded = file_hash_cache_value_name(files, place);
    bool has_value = compiler->value != NULL &&
                     compiler->value(compiler->language, kind, recorded, asking->arena, value);
    Hash128 content = has_value ? hash_keyed(files->secret, *value) : (Hash128){0, 0};
    if (!hash_equal(content, files->values[place].content)) {
        fail(asking->build, recorded, true, ESTALE);
        asking->is_refused = true;
        return INPUT_REFUSED;
    }
    input_list_add(&asking->list, &(InputEntry){INPUT_HAS_VALUE, kind, recorded, content});
    return has_value ? INPUT_FOUND : INPUT_ABSENT;
}

bool build_lower_with_inputs(Build *build, Slice source, uint32_t file, Arena *texts, Arena *arena,
                             Diagnostics *diagnostics, Lowered *lowered, Slice *list)
{
    const Compiler *compiler = build->request.compiler;
    Asking asking = {.inputs = {answer_read, answer_exists, answer_value},
                     .build = build,
                     .file = file,
                     .arena = texts,
                     .diagnostics = diagnostics};
    bool is_right = compiler->lower_with_inputs(compiler->language, source, &asking.inputs,
                                                build->cache.files.secret, arena, diagnostics,
                                                lowered);
    Slice bytes = buffer_slice(&asking.list.bytes);
    *list = slice_of(arena_copy(arena, bytes), bytes.size);
    input_list_free(&asking.list);
    buffer_free(&asking.given);
    return is_right && !asking.is_refused;
}

/* ---- what was lowered before --------------------------------------------------------------- */

bool build_lowered_content(const Build *build, const ZirCache *zir, uint32_t file,
                           Hash128 *content)
{
    *content = build->cache.files.records[file].content;
    return build->request.compiler->lower_with_inputs == NULL ||
           input_lists_find(zir, &build->cache.files, file, content);
}
