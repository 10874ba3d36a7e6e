# SPDX-License-Identifier: MIT
"""Reads a trace of `minic build --sync` (strace -f -y) and tells every step that came too early.

    python3 sync_order.py [BEFORE...] TRACE

BEFORE are traces of builds before it, of which nothing is asked: what they left in memory.

What a power cut may take is a file that was written and not fsynced since, and a name that was
made or changed while its directory was not. So, with `-->` for "is on the disk before":

    a pack --> its index;   the slots of an index --> its header;   packs, tables, the mark, and the directories that were made for them
    --> the output;   all of these --> the manifest
    the manifest's name --> the first removal of what it superseded, and the next write to the spare
"""
import re
import sys

from strace_calls import descriptor_path, paths, successful_calls

UNSYNCED_FILES, UNSYNCED_NAMES = set(), {}  # paths; directory: names in it
MADE = set()  # directories
FOUND = []
AT = {}  # where the next write to a file goes, if it was told


def is_state(path):
    return path in MADE or re.search(r"(/secret|\.(pack|index|(files|units|sections)\.\d+(\.journal)?|unsettled|spare))(\.tmp.*)?$",
                     path)


def is_output(path):
    return path.endswith("/main.ll")


def on_disk(wanted, moment):
    """Fails if anything that `wanted` says yes to is not on the disk."""
    for path in UNSYNCED_FILES:
        if wanted(path):
            FOUND.append(f"{moment}: {path} is not on the disk")
    for directory, names in UNSYNCED_NAMES.items():
        for name in names:
            if wanted(f"{directory}/{name}"):
                FOUND.append(f"{moment}: the name {directory}/{name} is not on the disk")


def written(path):
    if re.search(r"\.index(\.tmp)?$", path):
        pack = path.split(".index")[0] + ".pack"
        if pack in UNSYNCED_FILES:
            FOUND.append(f"writing {path}: {pack} is not on the disk")
        if path.endswith(".index") and AT.get(path) == 0 and path in UNSYNCED_FILES:
            FOUND.append(f"writing the header of {path}: its slots are not on the disk")
    if path.endswith(".spare") and path not in UNSYNCED_FILES:  # its first write
        on_disk(lambda other: other.endswith(".manifest"), "writing the spare")
    if is_output(path):
        on_disk(is_state, "writing the output")
    UNSYNCED_FILES.add(path)


def named(path):
    directory, name = path.rsplit("/", 1)
    UNSYNCED_NAMES.setdefault(directory, set()).add(name)


def renamed(old, new, is_exchange):
    if old in UNSYNCED_FILES and is_output(new):
        FOUND.append(f"giving the output its name: {old} is not on the disk")
    if is_output(new):
        on_disk(is_state, "giving the output its name")
    if new.endswith(".manifest"):
        on_disk(lambda path: is_state(path) or is_output(path), "giving the manifest its name")
    was_unsynced = {path for path in (old, new) if path in UNSYNCED_FILES}
    UNSYNCED_FILES.difference_update((old, new))
    if old in was_unsynced:
        UNSYNCED_FILES.add(new)
    if is_exchange and new in was_unsynced:
        UNSYNCED_FILES.add(old)
    named(new)


def made(path):
    MADE.add(path)
    named(path)


def synced(path):
    UNSYNCED_FILES.discard(path)
    UNSYNCED_NAMES.pop(path, None)


def removed(path):
    if is_state(path):
        on_disk(lambda other: other.endswith(".manifest"), f"removing {path}")
    UNSYNCED_FILES.discard(path)


def follow(name, arguments, result):
    descriptor = descriptor_path(arguments)
    if name in ("write", "writev", "pwrite64", "ftruncate", "fallocate") and descriptor:
        written(descriptor)
    elif name == "lseek" and descriptor:
        AT[descriptor] = result
    elif name == "fsync":
        synced(descriptor)
    elif name.startswith("open") and "O_CREAT" in arguments:
        named(paths(arguments)[0])
    elif name.startswith("mkdir"):
        made(paths(arguments)[0])
    elif name.startswith("rename"):
        renamed(*paths(arguments), "RENAME_EXCHANGE" in arguments)
    elif name.startswith("unlink"):
        removed(paths(arguments)[0])


for trace in sys.argv[1:]:
    FOUND.clear()
    with open(trace, encoding="utf-8") as lines:
        for call in successful_calls(lines):
            follow(*call)
on_disk(lambda path: is_state(path) or is_output(path) or path.endswith(".manifest"), "at the end")
print("\n".join(FOUND))
sys.exit(1 if FOUND else 0)
