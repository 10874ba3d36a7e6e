/* SPDX-License-Identifier: MIT */
/*
 * What stands before the code in an image: all that the system, the dynamic linker and debuggers
 * read.
 *
 *     file                                          memory
 *     headers, names of C symbols, pages            0x00400000  read
 *     dynamic section, slots of C symbols, pages    0x08000000  read; written by the dynamic linker
 *     slots: address and hash of each symbol        0x10000000  read
 *     symbol table, in the order of the slots       not loaded
 *     text: run-time section │ sections             0x20000000  read, execute
 *
 * Each part has an address of its own that never changes, whatever the sizes of the parts before it
 * in the file: a text that has moved in the file is where it was in memory. The addresses lie below
 * 2 GiB, so that 4 bytes in the code name a slot. They are the same in each run: only libraries and
 * stack are put at random places. A base register would buy random places for the program as well,
 * at one instruction in each function; a program at fixed addresses is what `clang -no-pie` makes.
 * No page is ever both written and executed.
 *
 * The names in the symbol table are those in the sections: no string table has to be kept sorted.
 *
 * Threads: one.
 */
#ifndef IMAGE_HEAD_H
#define IMAGE_HEAD_H

#include "elf_format.h"
#include "slot_table.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    IMAGE_PAGE = 4096,
    IMAGE_HEADERS_ADDRESS = 0x00400000,
    IMAGE_DATA_ADDRESS = 0x08000000,
    IMAGE_SLOTS_ADDRESS = 0x10000000,
    IMAGE_TEXT_ADDRESS = 0x20000000,
    IMAGE_END_ADDRESS = 0x7fff0000,
};

typedef struct ImageSlot { /* in the file: {0} is free */
    uint64_t address, hash;
} ImageSlot;

typedef struct ImageSettings { /* lent */
    const char *interpreter;      /* path of the dynamic linker */
    const char *const *libraries; /* that it loads, in order */
    uint32_t library_count;
    uint32_t needed_count; /* how many of them every program needs; the others are loaded only if a
                              unit names a C symbol that the run-time section does not */
    unsigned hash_bits; /* see slot_hash; 0 */
} ImageSettings;

typedef struct ImageSymbol {
    uint64_t hash;
    Slice name;       /* of a unit: data NULL until it is needed */
    uint32_t slot;    /* its number */
    uint32_t text;    /* of a unit: offset of its code in the text, */
    uint32_t size;    /* the bytes of that, */
    uint32_t name_at; /* and offset of its name */
    uint32_t last_slot; /* in the image of the last build; SLOT_NONE: it was not there */
    uint32_t section;   /* of a unit: the one that it is in */
} ImageSymbol;

typedef struct ImageHead { /* what a head is made from */
    const ImageSettings *settings;
    const ImageSymbol *units; /* in slot order */
    uint32_t unit_count, unit_capacity;
    const ImageSymbol *c_symbols; /* in slot order */
    uint32_t c_count, c_capacity;
    uint32_t library_count; /* of the settings' libraries */
    Slice runtime;         /* bytes of the run-time section, whole blocks; they end the head */
    uint32_t start;        /* where the program starts: offset in the text */
    uint64_t section_bytes; /* of all sections after the head */
    Hash128 build_id;
} ImageHead;

typedef struct ImageParts { /* file offsets, and sizes in elements */
    uint64_t data, slots, symbols, text;
    uint32_t slot_count, c_slot_count; /* room in the tables */
    uint32_t unit_count;
    uint64_t dynamic_symbols, dynamic_strings, dynamic_strings_size, build_id;
} ImageParts;

/* The addresses of slots. */
static inline uint32_t image_unit_slot(uint32_t slot)
{
    return IMAGE_SLOTS_ADDRESS + slot * (uint32_t)sizeof(ImageSlot);
}

uint32_t image_c_slot(uint32_t slot);

/* The slot at an address; false if it is no slot's. `is_c`: whose. */
bool image_slot_at(uint32_t address, bool *is_c, uint32_t *slot);

/* What its slot and its symbol hold, of a unit that has its place. */
ImageSlot image_slot_of(const ImageSymbol *unit);
ElfSymbol image_symbol_of(const ImageSymbol *unit);

/* The symbol of a free slot: of a kind that no tool lists. */
ElfSymbol image_free_symbol(void);

/* Where everything will be. False if the image would not fit below 2 GiB. */
bool image_head_plan(const ImageHead *head, ImageParts *parts);

/* The bytes of the head, which ends with the run-time section. */
uint64_t image_head_size(const ImageHead *head, const ImageParts *parts);
void image_head_write(const ImageHead *head, const ImageParts *parts, char *to);

/* Only what stands before the slots, which are not looked at. */
void image_head_write_front(const ImageHead *head, const ImageParts *parts, char *to);

/* Finds the parts of a head that image_head_write made; `bytes` are its beginning, at least a page.
 * False if it is not one. */
bool image_head_read(Slice bytes, ImageParts *parts);

/* Appends the C symbols of a head, in slot order; `front` is what stands before the slots, and the
 * names point into it. False if it contradicts itself. */
bool image_head_c_symbols(Slice front, const ImageParts *parts, unsigned hash_bits,
                          ByteBuffer *c_symbols);

#ifdef __cplusplus
}
#endif
#endif
