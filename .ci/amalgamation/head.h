/* SPDX-License-Identifier: MIT */
/*
 * The parts of an incremental compiler that know no language, @STAGES@, as one pair of files:
 * @PREFIX@.h and @PREFIX@.c, which `make amalgamation STAGE=@STAGE@ PREFIX=@PREFIX@` has made. Above each part stands the
 * name of the file that it was made from: a change belongs there.
 *
 * All public names have the prefix, as these have; members and parameters have none:
 *
 *     functions               @FUNCTION@
 *     types                   @TYPE@
 *     constants and macros    @CONSTANT@
 *
 * Nothing else is exported. @PREFIX@.c needs xxhash.h and stb/stb_ds.h (Debian: libxxhash-dev, libstb-dev)
 * and no flags: it says itself what it needs of the system. It is C, and is compiled as C; C++ can
 * include @PREFIX@.h. A program that is compiled as strict C (-std=c11, c17) needs the two macros; one in
 * gnu11 or gnu17, which is what compilers do without -std, needs none.
 *
 *     cc -std=c11 -c @PREFIX@.c
 *     cc -std=c11 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE program.c @PREFIX@.o -pthread
 *@IF GUARD_LOOKUPS@
 * One macro has no prefix, because it is yours to define and not the header's: GUARD_LOOKUPS. In your@IF GUARD_LOOKUPS@
 * test builds, compile @PREFIX@.c with it, and nothing else. A code generator that looks at what its key@IF GUARD_LOOKUPS@
 * does not cover then ends the process with a message.@IF GUARD_LOOKUPS@
 *@IF GUARD_LOOKUPS@
 *     cc -std=c11 -DGUARD_LOOKUPS -c @PREFIX@.c@IF GUARD_LOOKUPS@
 *
 * A program:
 *
@EXAMPLE@
 */
#ifndef @GUARD@_H
#define @GUARD@_H

