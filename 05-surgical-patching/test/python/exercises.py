#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The exercises of stage 5, solved on top of patch.py.

    python3 exercises.py ENTRY.mini OUT               with MINI_BLOCK in the environment
    python3 exercises.py --cut OUT PATH
    python3 exercises.py --diff BEFORE AFTER
    python3 exercises.py --verify ENTRY.mini OUT
"""
import os
import sys

import patch
from patch import build, codegen, detect


def read(path):
    with open(path, "rb") as file:
        return file.read()


# ---- exercise 1: one section -----------------------------------------------------------------------


def cut(out, path):
    data = read(out)
    for section in patch.split(data):
        if patch.escaped(section.path) == path:
            sys.stdout.buffer.write(data[section.offset:section.offset + section.size])
            return 0
    raise detect.UsageError(f"{out}: it has no section of {path}")


# ---- exercise 2: two outputs -----------------------------------------------------------------------


def keys_of(out):
    return {section.path: section.key for section in patch.split(read(out))}


def diff(before, after):
    for word, path in patch.compare(keys_of(before), keys_of(after)):
        detect.say(word, patch.escaped(path))
    return 0


# ---- exercise 4: other blocks ----------------------------------------------------------------------


class BlockBuild(patch.PatchBuild):
    """The size of a block reaches the output, so it is part of the fingerprint."""

    def __init__(self, entry, out):
        super().__init__(entry, out)
        patch.BLOCK = int(os.environ.get("MINI_BLOCK", patch.BLOCK))
        self.who = codegen.hash_of(self.who, patch.BLOCK)


# ---- exercise 3: is it right? ----------------------------------------------------------------------


class MemoryStore(dict):
    put = dict.__setitem__

    def commit(self):
        pass


class Verify(BlockBuild):
    """A build that knows nothing, and compares where the other one writes."""

    def __init__(self, entry, out):
        super().__init__(entry, out)
        self.state = build.NOTHING

    def look(self):
        found = detect.Look({})
        found.clock = 0, 0, 0  # ask none: no stamp is going to be recorded
        found.run(self.entry)
        return found.files

    def open_store(self, _):
        return MemoryStore()

    def finish(self, _):
        self.after = self.keys()
        there = read(self.out)
        found = {section.path: there[section.offset:section.offset + section.size] for section in patch.split(there)}
        self.words = {path: "right" if found.get(path) == self.bytes_of(path) else "wrong" for path in self.after}

    def tell(self, fast):
        if self.errors:
            return super().tell(fast)
        for path, word in self.words.items():
            detect.say(word, patch.escaped(path))
        if "wrong" not in self.words.values():
            return 0
        detect.say(f"{self.out}: error: not the output of a clean build", file=sys.stderr)
        return 1


def main(arguments):
    commands = {"--cut": cut, "--diff": diff}
    if len(arguments) == 3 and arguments[0] in commands:
        return commands[arguments[0]](*arguments[1:])
    if len(arguments) == 3 and arguments[0] == "--verify":
        return Verify(*arguments[1:]).run()
    patch.PatchBuild = BlockBuild
    return patch.main(arguments)


if __name__ == "__main__":
    sys.exit(detect.guarded(main))
