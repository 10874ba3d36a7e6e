/* SPDX-License-Identifier: MIT */
/*
 * The edits that a benchmark makes to a generated corpus: edit-corpus KIND FILE...
 *
 *     touch      a new mtime, the same bytes
 *     comment    the revision in the first comment grows by one
 *     body       the first `bias` constant grows by one: one function body differs; also works in a
 *                translation of the file (bench/peers/)
 *     grow       six statements more before the first function's `return total;`: they compile to
 *                more than a block of the output (output_layout.h) and less than two, so the
 *                section of the file outgrows its place
 *     signature  the parameter of the last function gets a new name, in all of its body
 *     rename     likewise, the local variable `total` of the first function
 *     swap       the first two functions change places, with the comments above them
 *     function   a new function before the first one; nothing calls it
 *     drop       removes the last of these
 *     constant   the value of the constant LIMIT grows by one
 *     field      the struct Span of the first FILE gets a new first field, which that FILE and the
 *                others, its importers, set wherever they make one
 *     add        a new file beside FILE, imported by FILE and called by a new function in it;
 *                the revision grows too, and both functions hold it
 *     remove     undoes add, except for the revision
 *
 * A number or a text that only grows makes each edit new, so no cache has seen the result before,
 * and the file itself is the only state. (Three kinds can lead back: swap, made twice, drop, and
 * remove.) Files are rewritten in place, as most editors do.
 */
#include "common.h"
#include "program_begin.h"

#include <stdio.h>
#include <sys/stat.h>

static const char ADDED_IMPORT[] = "import \"added.mini\" as added;\n";
static const char ADDED_CALL[] = "\nfn call_added(value: i32) i32 {\n";
static const char REVISION[] = "revision ";

static void die(const char *path, const char *why)
{
    fprintf(stderr, "edit-corpus: %s: %s\n", path, why);
    exit(3);
}

static void check(int status, const char *path)
{
    if (status != 0)
        die(path, strerror(-status));
}

static void write_file(const char *path, Slice text)
{
    check(write_whole_file(path, &text, 1), path);
}

/* ---- text ------------------------------------------------------------------------------------ */

/* Replaces [start, end) by `with`; the buffer stays NUL-terminated. */
static void replace(ByteBuffer *text, size_t start, size_t end, Slice with)
{
    buffer_reserve(text, with.size + 1);
    memmove(text->data + start + with.size, text->data + end, text->size - end + 1);
    memcpy(text->data + start, with.data, with.size);
    text->size = text->size - (end - start) + with.size;
}

/* Adds one to the decimal number after the first `mark` at or after `from`; none counts as 0.
 * Returns where it ends, or SIZE_MAX if there is no such mark. */
static size_t grow_number(ByteBuffer *text, size_t from, const char *mark)
{
    char *found = strstr(text->data + from, mark);
    if (found == NULL)
        return SIZE_MAX;
    size_t start = (size_t)(found - text->data) + strlen(mark);
    size_t end = start + strspn(text->data + start, "0123456789");
    char number[24];
    int length = snprintf(number, sizeof number, "%lu", strtoul(text->data + start, NULL, 10) + 1);
    replace(text, start, end, slice_of(number, (size_t)length));
    return start + (size_t)length;
}

/* The offset of the first `mark` at or after `from`, or the end of the text. */
static size_t place_of(const ByteBuffer *text, size_t from, const char *mark)
{
    const char *found = strstr(text->data + from, mark);
    return found == NULL ? text->size : (size_t)(found - text->data);
}

static size_t start_of_last_function(const ByteBuffer *text)
{
    size_t start = 0;
    for (const char *found = text->data; (found = strstr(found, "\nfn ")) != NULL; found++)
        start = (size_t)(found - text->data);
    return start;
}

typedef struct Block { /* a function with its comment */
    size_t start, end;
} Block;

/* The first function that begins at or after `from`, which is 0 or the end of another; empty if
 * there is none. Each has a blank line before it. */
static Block find_block(const ByteBuffer *text, size_t from)
{
    size_t name = place_of(text, from, "\nfn "), start = from;
    if (name == text->size)
        return (Block){name, name};
    for (size_t at = from == 0 ? 0 : from - 1; (at = place_of(text, at, "\n\n")) < name; at++)
        start = at + strlen("\n\n");
    return (Block){start, place_of(text, name, "\n}\n") + strlen("\n}\n")};
}

/* ---- the edits: each returns false if the file is not of this corpus -------------------------- */

/* Gives the local `name` of the function after `at` a new number, everywhere. */
static bool rename_local(ByteBuffer *text, size_t at, const char *name)
{
    size_t renamed = 0;
    while (place_of(text, at, name) < place_of(text, at, "\n}\n")) {
        at = grow_number(text, at, name);
        renamed++;
    }
    return renamed >= 2;
}

static bool edit_swap(ByteBuffer *text)
{
    Block first = find_block(text, 0), second = find_block(text, first.end);
    if (second.start == second.end)
        return false;
    ByteBuffer swapped = {0};
    buffer_put(&swapped, slice_of(text->data + second.start, second.end - second.start));
    buffer_put(&swapped, slice_of(text->data + first.end, second.start - first.end));
    buffer_put(&swapped, slice_of(text->data + first.start, first.end - first.start));
    replace(text, first.start, second.end, buffer_slice(&swapped));
    buffer_free(&swapped);
    return true;
}

static bool edit_function(ByteBuffer *text)
{
    static const char before[] = "fn unused_";
    Block first = find_block(text, 0);
    if (first.start == first.end)
        return false;
    unsigned long number = 1;
    for (const char *found = text->data; (found = strstr(found, before)) != NULL; found++)
        number++;
    char added[128];
    int size = snprintf(added, sizeof added, "%s%lu(value: i32) i32 {\n    return value;\n}\n\n",
                        before, number);
    replace(text, first.start, first.start, slice_of(added, (size_t)size));
    return true;
}

static bool edit_drop(ByteBuffer *text)
{
    Block first = find_block(text, 0);
    if (strncmp(text->data + first.start, "fn unused_", strlen("fn unused_")) != 0)
        return false;
    replace(text, first.start, first.end + 1, slice_from("")); /* and the blank line after it */
    return true;
}

/* Inserts a field before the others, after each `opening`; its number follows from them. */
static bool add_field(ByteBuffer *text, const char *opening, const char *rest)
{
    static const char name[] = "extra";
    size_t at = 0, added = 0;
    while ((at = place_of(text, at, opening)) < text->size) {
        char field[64];
        at += strlen(opening);
        bool has_one = strncmp(text->data + at, name, strlen(name)) == 0;
        unsigned long last = has_one ? strtoul(text->data + at + strlen(name), NULL, 10) : 0;
        int size = snprintf(field, sizeof field, "%s%lu: %s, ", name, last + 1, rest);
        replace(text, at, at, slice_of(field, (size_t)size));
        added++;
    }
    return added != 0;
}

/* `owner` is the path of the file with the struct: its importers' alias comes from it too. */
static bool edit_field(ByteBuffer *text, const char *owner, bool is_owner)
{
    const char *slash = strrchr(owner, '/');
    const char *name = slash == NULL ? owner : slash + 1;
    char literal[64];
    snprintf(literal, sizeof literal, " %.*s.Span{ ", (int)strcspn(name, "."), name);
    if (!is_owner)
        return add_field(text, literal, "0");
    add_field(text, " Span{ ", "0");
    return add_field(text, "struct Span { ", "i32");
}

static unsigned long revision_of(const ByteBuffer *text)
{
    const char *found = strstr(text->data, REVISION);
    return found == NULL ? 0 : strtoul(found + strlen(REVISION), NULL, 10);
}

static bool edit_add(ByteBuffer *text)
{
    char body[64];
    if (strstr(text->data, ADDED_IMPORT) != NULL || grow_number(text, 0, REVISION) == SIZE_MAX)
        return false;
    snprintf(body, sizeof body, "    return added.offset(value) * %lu;\n}\n", revision_of(text));
    replace(text, 0, 0, slice_from(ADDED_IMPORT));
    replace(text, text->size, text->size, slice_from(ADDED_CALL));
    replace(text, text->size, text->size, slice_from(body));
    return true;
}

static bool edit_remove(ByteBuffer *text)
{
    size_t import_size = strlen(ADDED_IMPORT);
    char *call = strstr(text->data, ADDED_CALL); /* the last function */
    if (call == NULL || strncmp(text->data, ADDED_IMPORT, import_size) != 0)
        return false;
    replace(text, (size_t)(call - text->data), text->size, slice_from(""));
    replace(text, 0, import_size, slice_from(""));
    return true;
}

static bool edit_body(ByteBuffer *text)
{
    static const char *const marks[] = {"const bias: i32 = ", "const int bias = ",
                                        "const bias: number = ", "const bias int32 = "};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (grow_number(text, 0, marks[i]) != SIZE_MAX)
            return true;
    return false;
}

static bool edit_grow(ByteBuffer *text)
{
    size_t at = place_of(text, 0, "\n    return total;\n") + 1;
    if (at > text->size)
        return false;
    for (int i = 0; i < 6; i++)
        replace(text, at, at, slice_from("    total = total * 31 + 1;\n"));
    return true;
}

static bool edit_text(const char *kind, ByteBuffer *text)
{
    if (strcmp(kind, "comment") == 0)
        return grow_number(text, 0, REVISION) != SIZE_MAX;
    if (strcmp(kind, "body") == 0)
        return edit_body(text);
    if (strcmp(kind, "grow") == 0)
        return edit_grow(text);
    if (strcmp(kind, "signature") == 0)
        return rename_local(text, start_of_last_function(text), "seed");
    if (strcmp(kind, "rename") == 0)
        return rename_local(text, place_of(text, 0, "\nfn "), "total");
    if (strcmp(kind, "swap") == 0)
        return edit_swap(text);
    if (strcmp(kind, "function") == 0)
        return edit_function(text);
    if (strcmp(kind, "drop") == 0)
        return edit_drop(text);
    if (strcmp(kind, "constant") == 0)
        return grow_number(text, 0, "const LIMIT: i32 = 10007 + ") != SIZE_MAX;
    if (strcmp(kind, "add") == 0)
        return edit_add(text);
    return strcmp(kind, "remove") == 0 && edit_remove(text);
}

/* ---- added.mini beside FILE ------------------------------------------------------------------- */

static void path_of_added(const char *path, ByteBuffer *added)
{
    const char *slash = strrchr(path, '/');
    buffer_put(added, slice_of(path, slash == NULL ? 0 : (size_t)(slash - path) + 1));
    buffer_put(added, slice_of("added.mini", sizeof "added.mini"));
}

static void write_added(const char *path, unsigned long revision)
{
    char source[256];
    int size = snprintf(source, sizeof source,
                        "// A file that was not there before.\n\n"
                        "fn offset(value: i32) i32 {\n    return value + %lu;\n}\n", revision);
    write_file(path, slice_of(source, (size_t)size));
}

static void add_or_remove_file(const char *kind, const char *path, const ByteBuffer *text)
{
    ByteBuffer added = {0};
    path_of_added(path, &added);
    if (strcmp(kind, "add") == 0)
        write_added(added.data, revision_of(text));
    if (strcmp(kind, "remove") == 0 && unlink(added.data) != 0)
        die(added.data, strerror(errno));
    buffer_free(&added);
}

/* ---- the command line ------------------------------------------------------------------------ */

/* `first` is the first FILE of the command line. */
static void edit_file(const char *kind, const char *path, const char *first, ByteBuffer *text)
{
    if (strcmp(kind, "touch") == 0) {
        if (utimensat(AT_FDCWD, path, NULL, 0) != 0)
            die(path, strerror(errno));
        return;
    }
    check(read_whole_file(path, text), path);
    bool is_done = strcmp(kind, "field") == 0 ? edit_field(text, first, path == first)
                                              : edit_text(kind, text);
    if (!is_done)
        die(path, "cannot be edited in this way");
    write_file(path, buffer_slice(text));
    add_or_remove_file(kind, path, text);
}

int main(int argc, char **argv)
{
    program_begin();
    if (argc < 3) {
        fprintf(stderr, "usage: edit-corpus touch|comment|body|grow|signature|rename|swap|"
                        "function|\n                   drop|constant|field|add|remove FILE...\n");
        return 2;
    }
    ByteBuffer text = {0};
    for (int i = 2; i < argc; i++)
        edit_file(argv[1], argv[i], argv[2], &text);
    buffer_free(&text);
    return 0;
}
