/* SPDX-License-Identifier: MIT */
/*
 * The commit of lesson 4.2 as a model for spin, a program that visits every state a model can reach.
 * Builds follow each other, each of any kind; they may be killed and the power cut between any two
 * steps and in the middle of each; and spin looks for a state in which an assertion is wrong:
 *
 *     RIGHT      a build that ends has the output of its sources
 *     WHOLE      a killed build never costs the state that the manifest names, nor does a power cut
 *                if the last commit was made with --sync
 *     DURABLE    the output of a build with --sync is on the disk when it ends
 *
 *     spin -DKILLS=1 -a commit.pml && cc -DSAFETY -o pan pan.c && ./pan
 *     spin -DKILLS=1 -DMOVE=PRUNE -DTO=39 -a commit.pml && cc -DSAFETY -o pan pan.c && ./pan
 *     spin -DKILLS=1 -DMOVE=PRUNE -DTO=39 -t commit.pml              how the second one went wrong
 *
 * Steps have even numbers: an odd one is a place between two of them. MOVE=MARK TO=33 puts a step
 * there, and TO=0 leaves it out.
 */
#ifndef BUILDS
#define BUILDS 3 /* the first of them is over, and on the disk; */
#endif
#ifndef FIRST
#define FIRST 0 /* 1: it is not, and nothing is there */
#endif
#ifndef PROCESSES
#define PROCESSES 1 /* that build at the same time */
#endif
#ifndef KILLS
#define KILLS 0
#endif
#ifndef CUTS
#define CUTS 0 /* of the power */
#endif
#ifndef SYNC
#define SYNC 0 /* builds with --sync: 0 none, 1 all, 2 some */
#endif
#ifndef BOOT
#define BOOT KNOWN
#endif
#define KNOWN 1   /* the system names its run: in another one no stamp is proof */
#define UNKNOWN 2 /* it does not, and no stamp is ever proof */
#define SAME 3    /* it names the same one after a power cut, or "no name" is taken for a name */
#ifndef COARSE
#define COARSE 0 /* 1: a write into a file may leave its stamp as it was */
#endif
#ifndef MOVE
#define MOVE 0
#define TO 0
#endif

/* ---- the steps of a build, in the order of the code ------------------------------------------- */

#define TAKE_LOCK         2 /* cache_directory_open */
#define LOOK              4 /* reads the manifest and what it names, the sources, the output */
#define SYNC_KEPT         6 /* the output, if nothing has to be written to it */
#define WRITE_OBJECTS     8 /* object_store_commit: packs, then their indexes */
#define SYNC_OBJECTS    10
#define WRITE_DRAFT      12 /* output_draft_open, output_write_all */
#define GROW_OUTPUT      14 /* output_patch_prepare: space for a patch, behind the last byte */
#define SYNC_CACHE_NAME  16 /* cache_directory_sync_name */
#define SYNC_NAMED       18 /* what a manifest names that was committed without --sync */
#define WRITE_STATE      20 /* state_file_commit: new tables, or more journal */
#define SYNC_STATE      22
#define MARK             24 /* manifest_mark_in_progress */
#define SYNC_MARK        26
#define SYNC_DRAFT       28
#define RENAME_DRAFT     30 /* output_draft_publish */
#define PATCH_OUTPUT     32 /* output_patch_apply */
#define SYNC_OUTPUT      34
#define SYNC_OUTPUT_NAME 36
#define WRITE_SPARE      38 /* manifest_store: the new manifest, beside the old one */
#define SYNC_SPARE       40
#define EXCHANGE         42 /* of the two names: the commit */
#define SYNC_EXCHANGE    44
#define PRUNE            46 /* state_file_prune, cache_leftovers_remove */
#define COLLECT          48 /* object_store_compact */
#define DROP_DRAFT       50 /* output_draft_remove_leftovers */
#define DONE             52
/* BESIDE: MAKE_CACHE NOTE_WORK TOUCH_CLOCK COUNT_ENTRIES LOCK_DRAFT are steps that may come at any
 * time: nothing that a manifest names depends on them. */

/* ---- the disk ----------------------------------------------------------------------------------- */

/* Everything exists twice: in memory, where programs find it, and on the disk, where a power cut may. */
#define NOTHING 0
#define TORN 255
#define OUTPUT_NAME    0            /* names lead to files 1 to 3, of which there are */
#define STAMP(file)    (0 + file)
#define OUTPUT(file)   (6 + file)   /* their bytes: the version of the sources that they belong to */
#define CACHE_NAME     4
#define MANIFEST_NAME  5            /* which of two manifests is called so; the other is the spare */
#define OBJECTS        6            /* up to which build they are in the packs */
#define FIRST_TORN     7            /* a half-written name, stamp or pack is one of before */
#define MANIFEST(file) (10 + file)  /* as tables: the number of the build that wrote it */
#define MARKED         12           /* a generation */
#define TABLE(number)  (12 + number)
#define CELLS          (12 + BUILDS + PROCESSES)
byte memory[CELLS], disk[CELLS];

typedef Commit { byte generation, version, stamp, boot, base, table; bit is_synced }
Commit commit[BUILDS + PROCESSES]; /* what the manifest of a build says */
byte boot = 1, lock, builds, stamps, kills, cuts;
bit is_built, is_exposed, is_excused; /* a cut may cost what was last committed; one came */
mtype = { IDLE, KEEP, PATCH, NEW_FILE } /* KEEP: the state learns something, the output is right */

/* Before it is written again, the old content may have got to the disk. */
inline set(cell, value)
{
    if :: cuts < CUTS && memory[cell] != disk[cell] -> disk[cell] = memory[cell] :: true fi;
    memory[cell] = value
}
inline write(cell, value) { set(cell, value); writing = cell }
inline sync(cell) { disk[cell] = memory[cell] }

inline cut_power()
{
    for (i : 0 .. CELLS - 1) {
        if
        :: memory[i] == disk[i]
        :: memory[i] != disk[i] -> memory[i] = disk[i]
        :: memory[i] != disk[i] -> disk[i] = memory[i]
        :: memory[i] != disk[i] && i >= FIRST_TORN -> memory[i] = TORN; disk[i] = TORN
        fi
    }
    for (i : MANIFEST_NAME .. CELLS - 1) {
        if :: !memory[CACHE_NAME] && (i <= OBJECTS || i >= MANIFEST(0)) -> memory[i] = 0; disk[i] = 0 :: else fi
    }
    is_excused = is_excused || is_exposed;
    boot = (BOOT == SAME -> boot : boot + 1)
}

/* ---- a build ------------------------------------------------------------------------------------ */

#define NAMED memory[MANIFEST(memory[MANIFEST_NAME])]
#define OUT   memory[OUTPUT_NAME]
#define IS_PROOF \
    (BOOT != UNKNOWN && commit[last].boot == boot && commit[last].stamp == memory[STAMP(OUT)])

inline look()
{
    builds++; me = builds;
    if :: version = 1 :: version = 2 fi; /* whatever was edited since */
    if :: SYNC != 1 -> is_synced = 0 :: SYNC != 0 -> is_synced = 1 fi;
    last = (NAMED == TORN -> NOTHING : NAMED);
    for (i : commit[last].base .. commit[last].table) {
        if :: last && (memory[TABLE(i)] == NOTHING || memory[TABLE(i)] == TORN) -> last = NOTHING :: else fi
    }
    last = (last && memory[TABLE(commit[last].table)] == last -> last : NOTHING); /* a checksum */
    assert(is_excused || !is_built || (last && memory[OBJECTS] >= last)); /* WHOLE */
    if
    :: !last || !OUT || memory[MARKED] > commit[last].generation -> way = NEW_FILE
    :: else ->
        if
        :: version == commit[last].version && IS_PROOF -> if :: way = IDLE :: way = KEEP fi
        :: version == commit[last].version && !IS_PROOF && memory[OUTPUT(OUT)] == version -> way = KEEP
        :: else -> if :: way = PATCH :: way = NEW_FILE fi
        fi
    fi;
    table = commit[last].table + 1;
    if :: base = table :: last -> base = commit[last].base fi; /* a new base, or more journal */
    spare = 1 - memory[MANIFEST_NAME];
    stamp = memory[STAMP(OUT)];
    is_exposed = is_exposed || (way != IDLE && !is_synced);
    file = 1;
    do :: file == OUT || file == disk[OUTPUT_NAME] -> file++ :: else -> break od
}

inline describe()
{
    commit[me].generation = commit[last].generation + 1; commit[me].version = version;
    commit[me].stamp = stamp; commit[me].boot = boot;
    commit[me].base = base; commit[me].table = table;
    commit[me].is_synced = is_synced
}

inline renew_stamp(slot) { stamps++; stamp = stamps; set(STAMP(slot), stamp) }
inline sync_output(slot) { sync(OUTPUT(slot)); sync(STAMP(slot)) }

#define COMMITS (way != IDLE)
#define WRITES  (way == PATCH || way == NEW_FILE)
#define STEP(step, when, effect) \
    :: atomic { at == (step == MOVE -> TO : step) -> writing = 0; \
                if :: (when) -> printf(#step); printf("\n"); effect :: else fi; at++ }

proctype Builder()
{
    byte at = 1, me, version, last, base, table, spare, file, stamp, i, writing;
    bit is_synced;
    mtype way;
    do
    STEP(TAKE_LOCK, true, lock == 0 -> lock = _pid + 1)
    STEP(LOOK, true, look())
    STEP(SYNC_KEPT, !WRITES && is_synced, sync(OUTPUT_NAME); sync_output(OUT))
    STEP(WRITE_OBJECTS, COMMITS, set(OBJECTS, me); memory[CACHE_NAME] = 1)
    STEP(SYNC_OBJECTS, COMMITS && is_synced, sync(OBJECTS))
    STEP(WRITE_DRAFT, way == NEW_FILE, renew_stamp(file); write(OUTPUT(file), version))
    STEP(GROW_OUTPUT, way == PATCH, if :: !COARSE -> renew_stamp(OUT) :: else fi)
    STEP(SYNC_CACHE_NAME, COMMITS && is_synced, sync(CACHE_NAME))
    STEP(SYNC_NAMED, is_synced && last && !commit[last].is_synced,
         sync(OBJECTS); sync(CACHE_NAME); sync(MANIFEST_NAME); sync(MANIFEST(1 - spare));
         for (i : commit[last].base .. commit[last].table) { sync(TABLE(i)) })
    STEP(WRITE_STATE, COMMITS, write(TABLE(table), me))
    STEP(SYNC_STATE, COMMITS && is_synced, sync(TABLE(table)); sync(MANIFEST_NAME))
    STEP(MARK, WRITES, write(MARKED, commit[last].generation + 1))
    STEP(SYNC_MARK, WRITES && is_synced, sync(MARKED))
    STEP(SYNC_DRAFT, way == NEW_FILE && is_synced, sync_output(file))
    STEP(RENAME_DRAFT, way == NEW_FILE, set(OUTPUT_NAME, file))
    STEP(PATCH_OUTPUT, way == PATCH,
         if :: !COARSE -> renew_stamp(OUT) :: else fi; write(OUTPUT(OUT), version))
    STEP(SYNC_OUTPUT, way == PATCH && is_synced, sync_output(OUT))
    STEP(SYNC_OUTPUT_NAME, WRITES && is_synced, sync(OUTPUT_NAME))
    STEP(WRITE_SPARE, COMMITS, describe(); write(MANIFEST(spare), me))
    STEP(SYNC_SPARE, COMMITS && is_synced, sync(MANIFEST(spare)))
    STEP(EXCHANGE, COMMITS, set(MANIFEST_NAME, spare))
    STEP(SYNC_EXCHANGE, COMMITS && is_synced, sync(MANIFEST_NAME))
    STEP(PRUNE, COMMITS && base == table, for (i : 1 .. table - 1) { set(TABLE(i), NOTHING) })
    STEP(COLLECT, COMMITS, skip)
    STEP(DROP_DRAFT, COMMITS, skip)
    STEP(DONE, true,
         assert(memory[OUTPUT(OUT)] == version); /* RIGHT */
         assert(!is_synced || (disk[OUTPUT_NAME] == OUT && disk[OUTPUT(OUT)] == version)); /* DURABLE */
         is_excused = is_excused && !COMMITS;
         is_exposed = is_exposed && !(COMMITS && is_synced);
         is_built = is_built || COMMITS)
    :: at == MOVE || (at % 2 == 1 && at != TO && at < DONE) -> at++
    :: atomic { kills < KILLS && at > LOOK && at < DONE && builds < BUILDS ->
            printf("KILLED\n"); kills++;
            if :: writing -> memory[writing] = TORN :: true fi;
            at = DONE + 1 }
    :: atomic { cuts < CUTS && at <= DONE && builds < BUILDS ->
            printf("POWER CUT\n"); cuts++; cut_power(); at = DONE + 1 }
    :: atomic { at == DONE + 1 ->
            lock = (lock == _pid + 1 -> 0 : lock);
            at = 1; me = 0; version = 0; last = 0; base = 0; table = 0; spare = 0; file = 0; stamp = 0;
            i = 0; writing = 0; way = 0; is_synced = 0;
            if :: builds < BUILDS :: else -> break fi }
    od
}

init
{
    byte i;
    if
    :: FIRST
    :: else ->
       builds = 1; stamps = 1; is_built = 1;
       commit[1].generation = 1; commit[1].version = 1; commit[1].stamp = 1; commit[1].boot = 1;
       commit[1].base = 1; commit[1].table = 1; commit[1].is_synced = 1;
       memory[OUTPUT_NAME] = 1; memory[STAMP(1)] = 1; memory[OUTPUT(1)] = 1; memory[CACHE_NAME] = 1;
       memory[OBJECTS] = 1; memory[MANIFEST(0)] = 1; memory[MARKED] = 1; memory[TABLE(1)] = 1;
       for (i : 0 .. CELLS - 1) { disk[i] = memory[i] }
    fi;
    for (i : 1 .. PROCESSES) { run Builder() }
}
