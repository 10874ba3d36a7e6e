/* SPDX-License-Identifier: MIT */
#include "package_digest.h"

enum { LINE_BEGIN = HASH_HEX_SIZE + 2 }; /* the hash and two spaces */

static void put_hash(ByteBuffer *text, Hash128 hash)
{
    char hex[HASH_HEX_SIZE + 1];
    hash_to_hex(hash, hex);
    buffer_put(text, slice_of(hex, HASH_HEX_SIZE));
}

static void put_path(ByteBuffer *text, Slice path)
{
    for (size_t i = 0; i < path.size; i++) {
        char byte = path.data[i];
        if (byte == '\\' || byte == '\n')
            buffer_put_byte(text, '\\');
        buffer_put_byte(text, byte == '\n' ? 'n' : byte);
    }
}

void package_digest_put(ByteBuffer *text, const FileDigest *files, size_t count)
{
    ByteBuffer lines = {0};
    for (size_t i = 0; i < count; i++) {
        put_hash(&lines, files[i].hash);
        buffer_put(&lines, slice_from("  "));
        put_path(&lines, files[i].path);
        buffer_put_byte(&lines, '\n');
    }
    put_hash(text, hash_bytes(buffer_slice(&lines)));
    buffer_put_byte(text, '\n');
    buffer_put(text, buffer_slice(&lines));
    buffer_free(&lines);
}

/* ---- reading --------------------------------------------------------------------------------- */

static int digit_of(char byte)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = byte == '\0' ? NULL : strchr(digits, byte);
    return found == NULL ? -1 : (int)(found - digits);
}

/* 32 digits, as hash_to_hex writes them. */
static bool parse_hash(const char *hex, Hash128 *hash)
{
    uint64_t halves[2] = {0, 0};
    for (size_t i = 0; i < HASH_HEX_SIZE; i++) {
        int digit = digit_of(hex[i]);
        if (digit < 0)
            return false;
        uint64_t *half = &halves[i / (HASH_HEX_SIZE / 2)];
        *half = *half << 4 | (unsigned)digit;
    }
    *hash = (Hash128){.high = halves[0], .low = halves[1]};
    return true;
}

static bool next_line(Slice *rest, Slice *line)
{
    const char *end = rest->size == 0 ? NULL : memchr(rest->data, '\n', rest->size);
    if (end == NULL)
        return false;
    *line = slice_of(rest->data, (size_t)(end - rest->data));
    *rest = slice_of(end + 1, rest->size - line->size - 1);
    return true;
}

/* The file of a line, which comes after the last one. */
static bool parse_file(Slice line, const FileDigest *last, FileDigest *file)
{
    if (line.size <= LINE_BEGIN || memcmp(line.data + HASH_HEX_SIZE, "  ", 2) != 0 ||
        !parse_hash(line.data, &file->hash))
        return false;
    file->path = slice_of(line.data + LINE_BEGIN, line.size - LINE_BEGIN);
    return last == NULL || slice_compare(last->path, file->path) < 0;
}

const char *package_digest_parse(PackageDigest *digest, Slice text, size_t *number)
{
    Slice rest = text, line;
    *digest = (PackageDigest){0};
    *number = 1;
    if (!next_line(&rest, &line) || line.size != HASH_HEX_SIZE ||
        !parse_hash(line.data, &digest->hash))
        return "is no digest of a package";
    Hash128 found = hash_bytes(rest);
    digest->files = memory_allocate((rest.size / LINE_BEGIN + 1) * sizeof *digest->files);
    for (; rest.size != 0; digest->count++) {
        ++*number;
        FileDigest *file = &digest->files[digest->count];
        if (!next_line(&rest, &line) || !parse_file(line, digest->count == 0 ? NULL : file - 1, file))
            return "is no line of a digest";
    }
    *number = 1;
    return hash_equal(found, digest->hash) ? NULL : "is not the hash of the lines that follow";
}

void package_digest_free(PackageDigest *digest)
{
    memory_free(digest->files);
    *digest = (PackageDigest){0};
}

/* ---- comparing ------------------------------------------------------------------------------- */

size_t package_digest_compare(const PackageDigest *old, const PackageDigest *new_one,
                              PackageChangeVisit visit, void *context)
{
    size_t a = 0, b = 0, changes = 0;
    while (a < old->count || b < new_one->count) {
        const FileDigest *left = &old->files[a], *right = &new_one->files[b];
        int order = a == old->count       ? 1
                    : b == new_one->count ? -1
                                          : slice_compare(left->path, right->path);
        bool is_same = order == 0 && hash_equal(left->hash, right->hash);
        a += order <= 0;
        b += order >= 0;
        if (is_same)
            continue;
        changes++;
        visit(context, order == 0 ? PACKAGE_CHANGED : order < 0 ? PACKAGE_REMOVED : PACKAGE_ADDED,
              order <= 0 ? left->path : right->path);
    }
    return changes;
}
