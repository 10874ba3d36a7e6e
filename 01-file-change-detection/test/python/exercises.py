#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The exercises of stage 1, solved on top of detect.py.    python3 exercises.py [--paranoid] ENTRY.mini"""
import os
import re
import sys

import detect

# ---- exercise 1: escapes in the path of an import --------------------------------------------------

STRING = rb'"((?:[^"\\\n]|\\.)*)"'
detect.IMPORT = re.compile(detect.BLANK.join([b"", b"import", STRING, rb"as\b", rb"[A-Za-z_]\w*", b";"]))
ESCAPE = re.compile(r'\\(?:x([0-9a-fA-F]{2})|(.))')
KNOWN = {"n": "\n", "t": "\t", "\\": "\\", '"': '"'}
plain_resolve = detect.resolve


def unescape(path):
    def one(match):
        if match[1]:
            return os.fsdecode(bytes([int(match[1], 16)]))
        if match[2] not in KNOWN:
            raise ValueError(f"unknown escape \\{match[2]}")
        return KNOWN[match[2]]
    return os.fsdecode(os.fsencode(ESCAPE.sub(one, path)))


detect.resolve = lambda importer, path: plain_resolve(importer, unescape(path))

# ---- exercise 2: trust nothing ---------------------------------------------------------------------


class ParanoidLook(detect.Look):
    """Has no stamp to compare with, and yet knows the hashes."""

    def look_at(self, path):
        known, self.known = self.known, {}
        try:
            return super().look_at(path)
        finally:
            self.known = known


# ---- exercise 3: renamed ---------------------------------------------------------------------------


def renamed(found):
    """{new path: old path}: what was removed under one name and added, with equal content, under another."""
    gone = {}
    for path in detect.by_bytes(set(found.known) - set(found.files)):
        gone.setdefault(found.known[path]["hash"], []).append(path)
    pairs = {}
    for path in detect.by_bytes(set(found.files) - set(found.known)):
        if candidates := gone.get(found.files[path]["hash"]):
            pairs[path] = candidates.pop(0)
    return pairs


def report_files(found):
    pairs = renamed(found)
    for path in detect.by_bytes(set(found.known) | set(found.files)):
        if path in pairs:
            detect.say("renamed", pairs[path], path)
        elif path not in pairs.values():
            detect.say(found.verdict(path), path)


# ---- exercise 4: a combined hash for each file -----------------------------------------------------


def reached_from(files, start):
    reached, waiting = {start}, [start]
    while waiting:
        importer = waiting.pop()
        for path, _, _ in files[importer]["imports"]:
            target = detect.resolve(importer, path)
            if target not in reached:
                reached.add(target)
                waiting.append(target)
    return reached


def below(files, path):
    """The file comes first: those of one ring reach the same files, and are yet not the same."""
    all_of_them = {other: files[other] for other in reached_from(files, path)}
    return detect.combined_hash(path, all_of_them)


def main(arguments):
    paranoid = arguments[:1] == ["--paranoid"]
    if len(arguments) != 1 + paranoid:
        raise detect.UsageError("usage: exercises.py [--paranoid] ENTRY.mini")
    found = detect.look(arguments[-1], ParanoidLook if paranoid else detect.Look)
    report_files(found)
    for path in detect.by_bytes(found.files):
        detect.say("below", path, below(found.files, path))
    detect.say("read", found.reads)
    detect.say("combined", detect.combined_hash(arguments[-1], found.files))
    return 0


if __name__ == "__main__":
    sys.exit(detect.guarded(main))
