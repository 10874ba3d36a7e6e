/* SPDX-License-Identifier: MIT */
/*
 * ELF, as far as an executable for x86-64 needs it: the shapes and numbers of the System V ABI's
 * chapters 4 and 5 and of its AMD64 supplement. Written here, since not every system that this
 * compiles on has <elf.h>. All little-endian.
 */
#ifndef ELF_FORMAT_H
#define ELF_FORMAT_H

#include <stdint.h>

enum {
    ELF_CLASS_64 = 2,
    ELF_LITTLE_ENDIAN = 1,
    ELF_VERSION = 1,
    ELF_EXECUTABLE = 2, /* at fixed addresses */
    ELF_X86_64 = 62,
    ELF_NOTE_BUILD_ID = 3,
    ELF_RELOCATION_GLOB_DAT = 6, /* R_X86_64_GLOB_DAT: the 8 bytes receive the symbol's address */
};

typedef struct ElfHeader {
    unsigned char magic[4], word_size, encoding, version, abi[9];
    uint16_t type, machine;
    uint32_t file_version;
    uint64_t entry;             /* address where the program starts */
    uint64_t segments, sections; /* file offsets of the tables */
    uint32_t flags;
    uint16_t header_size, segment_size, segment_count, section_size, section_count, name_section;
} ElfHeader;

enum ElfSegmentType {
    SEGMENT_LOAD = 1,
    SEGMENT_DYNAMIC = 2,
    SEGMENT_INTERPRETER = 3,
    SEGMENT_NOTE = 4,
    SEGMENT_HEADERS = 6,
    SEGMENT_STACK = 0x6474e551,
    SEGMENT_READ_ONLY_LATER = 0x6474e552, /* GNU_RELRO: written by the dynamic linker only */
};

enum ElfSegmentFlags { SEGMENT_EXECUTE = 1, SEGMENT_WRITE = 2, SEGMENT_READ = 4 };

typedef struct ElfSegment {
    uint32_t type, flags;
    uint64_t offset, address, physical, file_size, memory_size, alignment;
} ElfSegment;

enum ElfSectionType {
    SECTION_PROGRAM = 1,
    SECTION_SYMBOLS = 2,
    SECTION_STRINGS = 3,
    SECTION_RELA = 4,
    SECTION_HASH = 5,
    SECTION_DYNAMIC = 6,
    SECTION_NOTE = 7,
    SECTION_DYNAMIC_SYMBOLS = 11,
};

enum ElfSectionFlags { SECTION_WRITE = 1, SECTION_ALLOCATE = 2, SECTION_EXECUTE = 4 };

typedef struct ElfSection {
    uint32_t name, type;
    uint64_t flags, address, offset, size;
    uint32_t link, info;
    uint64_t alignment, entry_size;
} ElfSection;

enum ElfSymbolInfo { /* binding << 4 | type */
    SYMBOL_LOCAL_FUNCTION = 0 << 4 | 2,
    SYMBOL_LOCAL_SECTION = 0 << 4 | 3,
    SYMBOL_GLOBAL_FUNCTION = 1 << 4 | 2,
};

typedef struct ElfSymbol {
    uint32_t name;
    uint8_t info, visibility;
    uint16_t section;
    uint64_t value, size;
} ElfSymbol;

enum ElfDynamicTag {
    DYNAMIC_END = 0,
    DYNAMIC_NEEDED = 1,
    DYNAMIC_HASH = 4,
    DYNAMIC_STRINGS = 5,
    DYNAMIC_SYMBOLS = 6,
    DYNAMIC_RELA = 7,
    DYNAMIC_RELA_SIZE = 8,
    DYNAMIC_RELA_ENTRY = 9,
    DYNAMIC_STRINGS_SIZE = 10,
    DYNAMIC_SYMBOL_ENTRY = 11,
    DYNAMIC_DEBUG = 21, /* filled in for debuggers */
    DYNAMIC_FLAGS = 30,
};

enum { DYNAMIC_BIND_NOW = 8 }; /* all symbols before the program starts */

typedef struct ElfDynamic {
    uint64_t tag, value;
} ElfDynamic;

typedef struct ElfRela {
    uint64_t offset, info;
    int64_t addend;
} ElfRela;

#endif
