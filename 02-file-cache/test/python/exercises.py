#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The exercises of stage 2, solved on top of lower.py.

    python3 exercises.py ENTRY.mini                  with MINI_KEEP and MINI_SHARED in the environment
    python3 exercises.py --show ENTRY.mini PATH
"""
import os
import sys

import lower
from lower import ObjectStore, detect

# ---- exercise 1: what is kept of a file ------------------------------------------------------------


def show(entry, path):
    found, store = detect.look(entry), ObjectStore(".mini_cache/zir")
    if path not in found.files:
        raise detect.UsageError(f"{path}: not a file of this program")
    _, lowered, _ = lower.lower_cached(store, lower.fingerprint(), path, found.files[path]["hash"])
    for function in lowered.functions:
        detect.say("function", function.name)
        calls = [f"{alias}.{name}" if alias else name for alias, name, _, _ in function.references]
        for callee in dict.fromkeys(calls):
            detect.say("calls", callee)
    return 0


# ---- exercise 2: no more than so many --------------------------------------------------------------


class LimitedStore(ObjectStore):
    """Knows which objects were used, and drops the oldest of the others."""

    def __init__(self, name):
        super().__init__(name)
        self.name, self.used = name, set()

    def get(self, key):
        self.used.add(bytes.fromhex(key))
        return super().get(key)

    def put(self, key, payload):
        self.used.add(bytes.fromhex(key))
        super().put(key, payload)

    def commit(self):
        super().commit()
        limit = int(os.environ.get("MINI_KEEP", len(self)))
        if len(self) > limit:
            self.rewrite(self.worth_keeping(limit))

    def worth_keeping(self, limit):
        """Keys in the order of the pack: those that were used, and the newest of the others."""
        keys = [record[0] for record in self.pack.records_from(16)]
        keys = [key for key in dict.fromkeys(keys) if self.index.find(key)]
        others = [key for key in keys if key not in self.used]
        room = max(0, limit - len(self.used))
        dropped = set(others[:max(0, len(others) - room)])
        return [key for key in keys if key not in dropped]

    def rewrite(self, keys):
        """A new pack beside the old one; at no moment does a pack stand beside another's index."""
        new = ObjectStore(self.name + ".new")
        for key in keys:
            if (payload := ObjectStore.get(self, key.hex())) is not None:
                new.put(key.hex(), payload)
        new.commit()
        os.remove(self.name + ".index")
        os.replace(self.name + ".new.pack", self.name + ".pack")
        os.replace(self.name + ".new.index", self.name + ".index")
        self.pack, self.index = new.pack, new.index


# ---- exercise 3: a store that is shared ------------------------------------------------------------


class SharedStore(LimitedStore):
    """Asks a second store for what it has not, and gives it what it gets."""

    def __init__(self, name):
        super().__init__(name)
        shared = os.environ.get("MINI_SHARED")
        self.shared = ObjectStore(os.path.join(shared, os.path.basename(name))) if shared else None

    def get(self, key):
        payload = super().get(key)
        if payload is None and self.shared is not None and (payload := self.shared.get(key)) is not None:
            self.waiting[bytes.fromhex(key)] = payload
        return payload

    def put(self, key, payload):
        super().put(key, payload)
        if self.shared is not None:
            self.shared.put(key, payload)

    def commit(self):
        if self.shared is not None:
            self.shared.commit()
        super().commit()


def main(arguments):
    if arguments[:1] == ["--show"] and len(arguments) == 3:
        return show(*arguments[1:])
    return lower.main(arguments, SharedStore)


if __name__ == "__main__":
    sys.exit(detect.guarded(main))
