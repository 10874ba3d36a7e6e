# SPDX-License-Identifier: MIT
"""The power goes while minic builds: every disk that there may be then, and what comes of it.

    crash.py MINIC LIBRARY [CASE]      speaks TAP; the library is that of same_disk.c

A build is traced (steps.py). Of its steps any may be on the disk and any may not, but for what was
synced (disk.py). Such disks are put in the place of the real one, one after another, and on each

    the next build     gives the output of a clean one, byte for byte; and so it does if the edit
                       that was being built is undone first
    minic verify       is content, with the output and with the cache
    another edit       is built right, too
    nothing            is left over after that, in the cache or beside the output

With --sync an executable that can be started before the next build is whole: it ends as the last
build's does, or as this one's. After the next build it has the permissions that it had.

With --sync the order of the steps is enough: all but the last holds even if nobody notices that
the system was started again (the same boot id). Also, what was compiled before is not compiled
again; and of a build that has ended all is on the disk, so the next one has nothing to do.

That syncs and order matter is shown, too (disk.py): a trace in which one sync is left out, or two
steps have changed places, must have a disk on which something is wrong.

CRASH_DISKS says how many disks of each case are tried, 0: all, and some at random; CRASH_SEED which
ones. CRASH_DISK=N tries only that one of a case, and leaves what came of it.
"""
import concurrent.futures
import itertools
import json
import os
import random
import re
import shutil
import sys
import tempfile
import traceback

import disk
from project import MODES, MORE, Project
from scenarios import SCENARIOS, body

SEED, DISKS = os.environ.get("CRASH_SEED", "1"), int(os.environ.get("CRASH_DISKS", "40"))
ONE = os.environ.get("CRASH_DISK")
MOST = 8  # faults of a case that are printed

# Those whose every sync matters and every order: in others a step may change nothing.
SHOWN = ("cold_build", "body_edit", "program", "journaled_edit", "grown_section", "file_added",
         "first_output_elsewhere", "output_is_a_link", "compaction", "cleaned")

# What is wrong after some disks, and is known to be. A fault that is mended leaves this list: a run of
# all disks in which one of these does not come up fails.
KNOWN = (  # (a name, the cases, the faults, why)
    ("same_boot", "synced|dropped|shown",
     "verify: .*(holds damaged records|does not fit its pack|its (ZIR|output) is missing or damaged)",
     "After a power cut that the boot id does not show, what is torn is found when an edit needs it."),
    ("other_output", "(first_output_elsewhere|settings_changed)_synced_after_plain",
     r"left over: (\.output-.*|\.mini_cache/[0-9a-f-]*\.(files|sections|units)\.[0-9]+)",
     "A draft of another output, and its tables where its manifest is torn, stay until that one is built again."),
)


def known(case, fault):
    """The names of those that explain it."""
    return [name for name, cases, faults, _ in KNOWN if re.search(cases, case) and re.fullmatch(faults, fault)]


# ---- one disk ----

def build_all(project, right, stamps, is_sure):
    """Builds all entries. (what is wrong with them, what the first one did)"""
    faults, first = [], None
    for entry, expected in zip(project.scenario.entries, right):
        status, said = project.minic("build", *entry.split(), stamps=stamps)
        if status != 0:
            faults.append(f"the build fails: {said}")
            continue
        stats = json.loads(said)
        first = first or stats
        if project.output(entry) != expected:
            faults.append(f"wrong output: {entry} ({stats['strategy']}, {stats['reason']})")
        is_synced = entry == project.scenario.entries[0] or project.mode != "synced_after_plain"
        if is_sure and is_synced and stats["reason"] == "damaged state":
            faults.append("lost: the state")
    return faults, first


def torn_program(project, on_disk):
    """What is wrong if the output is started as it is. It may be longer, by the space for a patch."""
    status = project.started(project.scenario.entries[0])
    is_whole = any(status == right_status and on_disk.startswith(project.right[which][0])
                   for which, right_status in zip(("undone", "edited"), project.statuses))
    return [] if status is None or is_whole else [f"half a program can be started, and ends with {status}"]


def check(project, tree, which, boot, is_done, choose):
    """What is wrong after this disk."""
    stamps = project.put(tree, which, choose)
    project.boot = project.boot_id(boot)
    on_disk = project.output(project.scenario.entries[0])
    is_sure = is_done or project.is_ordered
    is_program = is_sure and project.scenario.product
    torn = torn_program(project, on_disk) if is_program else []
    faults, stats = build_all(project, project.right[which], stamps, is_sure)
    faults += torn
    if is_program and project.permissions() != project.permitted:
        faults.append(f"lost: the permissions are {project.permissions():o}")
    if is_sure and stats:
        faults += [f"lost: {stats[what]} {what}" for what, most in project.allowed.items()
                   if stats[what] > (0 if is_done else most)]
    if is_done and on_disk != project.right[which][0]:
        faults.append("not durable: the output")
    if is_done and boot == "same" and stats and \
            (stats["strategy"] != "up-to-date" or stats["files_hashed"] or stats["bytes_written"]):
        faults.append(f"not durable: the next build has work to do ({stats['strategy']}, {stats['reason']})")
    for entry in project.scenario.entries:
        faults += [f"verify: {line}" for line in project.minic("verify", *entry.split(), stamps=stamps)[1].splitlines()]
    body(project, "c", MORE)
    found, _ = build_all(project, project.right[which, MORE], stamps, is_sure)
    faults += [f"after an edit, {fault}" for fault in found]
    if boot != "same":
        faults += [f"left over: {name}" for name in project.left_over()]
    return faults


# ---- the disks of a trace ----

def different(found, seen):
    for cut, how, tree in found:
        looks = disk.looks(tree), cut.is_end
        if looks not in seen:
            seen.add(looks)
            yield cut, how, tree


def disks_of(project, choose):
    """So many different ones, two of three from the list; or all, and as many at random."""
    seen = set()
    cuts = [disk.Disk(project.first, project.steps, at) for at in disk.cuts(project.steps, project.since)]
    listed = list(different(((cut, *one) for cut in cuts for one in cut.one_by_one()), seen))
    if DISKS:
        listed = choose.sample(listed, min(len(listed), DISKS * 2 // 3))
    count = max(DISKS - len(listed), 100 if not DISKS else 0)
    anything = ((cut, *cut.at_random(choose)) for cut in choose.choices(cuts, k=4 * count))
    return listed + list(itertools.islice(different(anything, seen), count))


def try_disks(project, choose):
    """(how many disks, [(number, what disk, fault)])"""
    found, tried = [], disks_of(project, choose)
    for number, (cut, how, tree) in enumerate(tried):
        is_done = project.is_synced and cut.is_end
        which = "edited" if is_done else choose.choice(("edited", "edited", "undone"))
        boot = choose.choice(("same", "other")) if project.mode == "synced" or is_done else "other"
        stamps = max if is_done else random.Random(number).choice
        if ONE in (None, str(number)):
            how = re.sub("<([0-9]+)>", lambda match: project.names[int(match[1])], how)
            found += [(number, f"{how}, {which}, {boot} boot", fault)
                      for fault in check(project, tree, which, boot, is_done, stamps)]
    return len(tried), found


def try_order(project, wrong, choose, case):
    """The same of traces that are wrong: the fault is to find nothing but what is known of right ones."""
    found, tried = [], 0
    for number, (what, disks) in enumerate(wrong):
        disks = list(different(disks, set()))
        choose.shuffle(disks)
        for cut, _, tree in disks[:max(DISKS, 120)]:
            tried += 1
            ways = itertools.product(("edited", "undone"), (max, min)) if not cut.is_end else (("edited", max),)
            if any(not known(case, fault) for which, stamps in ways
                   for fault in check(project, tree, which, "same", cut.is_end, stamps)):
                break
        else:
            found.append((number, f"{len(disks)} disks", f"nothing is wrong {what}"))
    return tried, found


def try_case(minic, library, name, kind):
    work = tempfile.mkdtemp(prefix="minic-crash-")
    try:
        choose = random.Random(f"{SEED} {name} {kind}")
        project = Project(work, minic, library, name, kind if kind in MODES else "synced")
        if kind in MODES:
            return try_disks(project, choose)
        return try_order(project, getattr(disk, kind)(project), choose, f"{name}_{kind}")
    except Exception:  # pylint: disable=broad-except
        return 0, [(0, "", traceback.format_exc())]
    finally:
        if ONE is None:
            shutil.rmtree(work)
        else:
            print(f"# see {work}/project")


def main():
    minic, library, wanted = sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else ""
    cases = [*itertools.product(SCENARIOS, MODES), *itertools.product(SHOWN, ("left_out", "swapped"))]
    cases = [case for case in cases if wanted in "_".join(case)]
    total, seen, is_right = 0, set(), True
    print(f"# CRASH_SEED={SEED}\n1..{len(cases) + (not wanted)}", flush=True)
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as pool:
        results = [pool.submit(try_case, minic, library, *case) for case in cases]
        for number, (case, result) in enumerate(zip(map("_".join, cases), results), 1):
            count, found = result.result()
            names = [known(case, fault) for _, _, fault in found]
            new = [one for one, why in zip(found, names) if not why]
            total, seen = total + count, seen.union(*names)
            print(f"{'not ok' if new else 'ok'} {number} - {case}", flush=True)
            print(f"# {count} disks, {len(found) - len(new)} known faults, {len(new)} others")
            for which, how, fault in (found if ONE else new)[:MOST]:
                print(f"# disk {which}, {how}: " + fault.replace("\n", "; "))
            is_right = is_right and not new
    if not wanted:
        unseen = [name for name, *_ in KNOWN if name not in seen]
        is_right = is_right and not (unseen and DISKS == 0)
        print(f"{'not ok' if unseen and DISKS == 0 else 'ok'} {len(cases) + 1} - known_faults_are_still_there")
        print(f"# did not come up: {', '.join(unseen) or 'none'}")
    print(f"# tried: {total} disks after a power cut")
    sys.exit(0 if is_right else 1)


if __name__ == "__main__":
    main()
