/* SPDX-License-Identifier: MIT */
/*
 * Names that lead nowhere, and what may have been meant.
 *
 * The nearest name is looked for among the locals that were known there (the parser left it in the
 * instruction, since their names are not in ZIR), then the declarations of the file, then what every
 * program knows. Of another file only its declarations can be meant.
 *
 * All this depends on names that are not in the unit's key. It may: it is said with an error, and
 * with an error nothing is kept.
 */
#include "foreign_words.h"
#include "sema_pass.h"

#include <stdio.h>

const char *sema_suggestion(const SemaPass *pass, const Spelling *spelling)
{
    char text[SPELLING_MAX_BYTES + 32];
    if (spelling->best.size == 0)
        return "";
    int size = snprintf(text, sizeof text, ": did you mean '%.*s'?", (int)spelling->best.size,
                        spelling->best.data);
    return arena_copy(pass->entities->scratch, slice_of(text, (size_t)size));
}

/* All of them, or of a large file those whose names are next to it: many wrong names in such a file
 * are not to cost the product of both. */
static void try_declarations(Spelling *spelling, const Declarations *declarations)
{
    uint32_t first = 0, count = declarations == NULL ? 0 : declarations->count;
    if (count > SPELLING_MOST_TRIED) {
        uint32_t place = declarations_place(declarations, spelling->wrong), half = SPELLING_MOST_TRIED / 2;
        first = place < half ? 0 : place - half;
        first = first > count - SPELLING_MOST_TRIED ? count - SPELLING_MOST_TRIED : first;
        count = SPELLING_MOST_TRIED;
    }
    for (uint32_t i = first; i < first + count; i++)
        spelling_try(spelling, declaration_name(declarations, declarations->name_order[i]));
}

/* However often it is repeated, it is one mistake. */
static void tell_once(SemaPass *pass)
{
    if (pass->diagnostics != NULL)
        pass->diagnostics->items[pass->diagnostics->count - 1].is_once = true;
}

static void report_undefined(SemaPass *pass, uint32_t at, Slice name)
{
    const ZirInst *inst = &pass->zir->insts[at];
    bool is_value = inst->op == ZIR_REF || inst->op == ZIR_CALL;
    bool is_type = !is_value && inst->op != ZIR_STRUCT_LIT;
    const ForeignWord *word = foreign_word(name);
    const char *shown = shown_name(pass->entities, name);
    Spelling spelling = spelling_of(name);
    if (!is_type && inst->b != 0)
        spelling_try(&spelling, slice_from(entity_text(pass->unit, inst->b - 1)));
    try_declarations(&spelling, pass->unit->unit.declarations);
    Slice own = foreign_own_word(name, is_type ? OWN_TYPES : OWN_STATEMENTS);
    if (is_type || inst->op == ZIR_CALL)
        spelling_try(&spelling, own);
    if (spelling.best.size != 0 || word == NULL)
        sema_error(pass, at, "undefined name '%s'%s", shown, sema_suggestion(pass, &spelling));
    else if (is_type && word->kind == FOREIGN_TYPE && word->advice[0] == '\0')
        sema_error(pass, at, "undefined name '%s': for no result, leave the type out", shown);
    else if (word->kind == FOREIGN_TYPE)
        sema_error(pass, at, "undefined name '%s': did you mean '%s'?", shown,
                   is_type ? word->advice : "as");
    else if (word->kind == FOREIGN_SIGN)
        sema_error(pass, at, "undefined name '%s': write '%s'", shown, word->advice);
    else
        sema_error(pass, at, "undefined name '%s': %s", shown, word->advice);
    tell_once(pass);
}

void sema_report_missing(SemaPass *pass, uint32_t at, uint32_t number)
{
    const Unit *unit = &pass->unit->unit;
    const Declaration *declaration = &unit->declarations->items[unit->declaration];
    if (number >= declaration->interface_reference_count + declaration->body_reference_count) {
        sema_error(pass, at, "undefined name");
        return;
    }
    const Reference *reference =
        declaration_reference(unit->declarations, unit->declaration, number);
    Slice name = declarations_text(unit->declarations, reference->name);
    if (reference->import == IMPORT_SELF) {
        report_undefined(pass, at, name);
        return;
    }
    const Lookup *lookup = pass->entities->lookup;
    Unit missing = {0};
    Spelling spelling = spelling_of(name);
    if (lookup->find(lookup, unit, number, &missing) == NAME_MISSING)
        try_declarations(&spelling, missing.declarations);
    TextRange path = unit->declarations->imports[reference->import].path;
    sema_error(pass, at, "'%s' declares no '%s'%s",
               arena_copy(pass->entities->scratch, declarations_text(unit->declarations, path)),
               shown_name(pass->entities, name), sema_suggestion(pass, &spelling));
    tell_once(pass);
}
