/* SPDX-License-Identifier: MIT */
/*
 * The fingerprint begins with the identity of the compiler. The linker writes a build id, a hash of
 * all it linked (for a release see the Makefile), into a note of the executable, and the loader has
 * mapped it: finding it costs no system call. An executable without one is read and hashed.
 *
 * The note that counts is that of the object containing this very function: the compiler may be a
 * library of a larger program.
 */
#ifdef __linux__
#define _GNU_SOURCE /* dl_iterate_phdr */
#endif

#include "mini_compiler.h"

#include "import_scanner.h"
#include "mini_emit.h"
#include "parser.h"
#include "runtime_prelude.h"
#include "system_calls.h"
#include "zir.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Raise it when the form of this compiler's cached data changes. */
enum { MINI_FORMAT_VERSION = 2, HASH_BLOCK_BYTES = 1 << 16 };

/* ---- who is compiling ------------------------------------------------------------------------ */

#ifdef __linux__

#include <elf.h>
#include <link.h>

typedef struct BuildId {
    uintptr_t code; /* an address in the wanted object */
    ByteBuffer *key;
    bool found;
} BuildId;

static size_t padded(size_t size)
{
    return (size + 3) & ~(size_t)3;
}

/* A note: sizes of name and content, type, name, content; both padded to four bytes. */
static void read_notes(const char *at, size_t size, BuildId *id)
{
    const char *end = at + size;
    ElfW(Nhdr) note;
    while ((size_t)(end - at) >= sizeof note) {
        memcpy(&note, at, sizeof note);
        size_t room = (size_t)(end - at) - sizeof note;
        if (padded(note.n_namesz) > room || padded(note.n_descsz) > room - padded(note.n_namesz))
            return;
        const char *name = at + sizeof note, *content = name + padded(note.n_namesz);
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && memcmp(name, "GNU", 4) == 0) {
            key_put_slice(id->key, slice_of(content, note.n_descsz));
            id->found = true;
            return;
        }
        at = content + padded(note.n_descsz);
    }
}

static bool contains(const struct dl_phdr_info *object, uintptr_t address)
{
    for (size_t i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        if (segment->p_type == PT_LOAD &&
            address - (object->dlpi_addr + segment->p_vaddr) < segment->p_memsz)
            return true;
    }
    return false;
}

static int visit_object(struct dl_phdr_info *object, size_t size, void *data)
{
    (void)size;
    BuildId *id = data;
    if (!contains(object, id->code))
        return 0;
    for (size_t i = 0; i < object->dlpi_phnum && !id->found; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        if (segment->p_type == PT_NOTE)
            read_notes((const char *)(object->dlpi_addr + segment->p_vaddr), segment->p_memsz, id);
    }
    return 1;
}

static bool put_build_id(ByteBuffer *key)
{
    BuildId id = {.code = (uintptr_t)&mini_compiler_init, .key = key};
    dl_iterate_phdr(visit_object, &id);
    return id.found;
}

#else

static bool put_build_id(ByteBuffer *key)
{
    (void)key;
    return false;
}

#endif

static int hash_descriptor(int fd, ByteBuffer *key)
{
    ByteBuffer block = {0};
    buffer_reserve(&block, HASH_BLOCK_BYTES);
    ssize_t size;
    while ((size = read(fd, block.data, HASH_BLOCK_BYTES)) != 0) {
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            break;
        key_put_hash(key, hash_bytes(slice_of(block.data, (size_t)size)));
    }
    int error = size < 0 ? -errno : 0;
    buffer_free(&block);
    return error;
}

/* The running executable under the names that Linux, NetBSD and FreeBSD give it. */
static int put_executable_hash(ByteBuffer *key)
{
    static const char *const names[] = {"/proc/self/exe", "/proc/curproc/exe",
                                        "/proc/curproc/file"};
    int fd = -1;
    for (size_t i = 0; i < sizeof names / sizeof *names && fd < 0; i++)
        fd = open_at(AT_FDCWD, names[i], O_RDONLY);
    if (fd < 0)
        return -errno;
    int error = hash_descriptor(fd, key);
    close(fd);
    return error;
}

/* ---- for which machine ----------------------------------------------------------------------- */

#if defined(__x86_64__)
#define HOST_ARCH "x86_64"
#define HOST_VENDOR "-pc"
#elif defined(__aarch64__) && defined(__APPLE__)
#define HOST_ARCH "arm64"
#elif defined(__aarch64__)
#define HOST_ARCH "aarch64"
#elif defined(__i386__)
#define HOST_ARCH "i686"
#define HOST_VENDOR "-pc"
#elif defined(__riscv) && __riscv_xlen == 64
#define HOST_ARCH "riscv64"
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define HOST_ARCH "powerpc64le"
#elif defined(__s390x__)
#define HOST_ARCH "s390x"
#elif defined(__loongarch64)
#define HOST_ARCH "loongarch64"
#endif

#if defined(__APPLE__)
#define HOST_SYSTEM "-apple-darwin"
#elif defined(__linux__) && defined(__GLIBC__)
#define HOST_SYSTEM "-linux-gnu"
#elif defined(__linux__)
#define HOST_SYSTEM "-linux-musl"
#elif defined(__FreeBSD__)
#define HOST_SYSTEM "-freebsd"
#elif defined(__NetBSD__)
#define HOST_SYSTEM "-netbsd"
#elif defined(__OpenBSD__)
#define HOST_SYSTEM "-openbsd"
#endif

#ifdef __APPLE__
#undef HOST_VENDOR
#define HOST_VENDOR ""
#elif !defined(HOST_VENDOR)
#define HOST_VENDOR "-unknown"
#endif

#if defined(HOST_ARCH) && defined(HOST_SYSTEM)
static const char host_target[] = HOST_ARCH HOST_VENDOR HOST_SYSTEM;
#else
static const char host_target[] = ""; /* the reader of the output knows better */
#endif

/* Letters, digits, `-`, `_` and `.`: it is written into the output between quotes. No triple is
 * nearly that long. */
static bool is_plain_word(Slice word)
{
    enum { LONGEST_TARGET = 100 };
    for (size_t i = 0; i < word.size; i++) {
        char c = word.data[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool is_digit = c >= '0' && c <= '9';
        if (!is_letter && !is_digit && c != '-' && c != '_' && c != '.')
            return false;
    }
    return word.size != 0 && word.size <= LONGEST_TARGET;
}

/* ---- the plug -------------------------------------------------------------------------------- */

static bool lower(void *language, Slice source, const HashSecret *secret, Arena *arena,
                  Diagnostics *diagnostics, Lowered *lowered)
{
    (void)language;
    return mini_lower(source, secret, arena, diagnostics, lowered);
}

/* The host's name stands for machine and system of the compiler itself. */
static int make_fingerprint(Hash128 *fingerprint)
{
    ByteBuffer key = {0};
    int error = put_build_id(&key) ? 0 : put_executable_hash(&key);
    buffer_put_u32(&key, MINI_FORMAT_VERSION);
    buffer_put_u32(&key, ZIR_VERSION);
    key_put_slice(&key, slice_from(host_target));
    *fingerprint = hash_bytes(buffer_slice(&key));
    buffer_free(&key);
    return error;
}

int mini_compiler_init(Compiler *compiler, const MiniSettings *settings, ByteBuffer *prelude)
{
    bool is_host = settings == NULL || settings->target == NULL;
    Slice target = slice_from(is_host ? host_target : settings->target);
    if (!is_host && !is_plain_word(target))
        return -EINVAL;
    prelude->size = 0;
    runtime_prelude_put(prelude, target);
    *compiler = (Compiler){
        .entry_point = slice_from("main"),
        .missing_entry_point = slice_from("the entry file has no `fn main() i32`"),
        .settings = hash_bytes(buffer_slice(prelude)), /* it holds the target */
        .prelude = buffer_slice(prelude),
        .largest_source = MINI_MAX_SOURCE_BYTES,
        .scan_imports = mini_scan_imports,
        .lower = lower,
        .emit = mini_emit,
    };
    return make_fingerprint(&compiler->fingerprint);
}
