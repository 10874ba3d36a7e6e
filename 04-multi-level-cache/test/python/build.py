# SPDX-License-Identifier: MIT
"""Stage 4 in Python: three caches as one build.    python3 build.py ENTRY.mini OUT
                                                    python3 build.py clean ENTRY.mini

Small and plain: the pseudocode of the lessons, made runnable. It meets the contract in the
README of the stage.
"""
import contextlib
import errno
import fcntl
import json
import os
import re
import sys

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../../../03-function-cache/test/python"))
import codegen  # stage 3, which finds those below
import detect
import lower
from detect import SourceError, content_hash
from object_store import ObjectStore

CACHE = detect.CACHE
OURS = re.compile(r"([0-9a-f]{32}\.state|(zir|air)\.(pack|index))(\.([0-9a-f]{16}\.)?new)?|clock")
NOTHING = {"combined": None, "output": None, "files": {}, "units": {}, "functions": 0, "who": None}


# ---- 4.2 one state, one rename, one build at a time ------------------------------------------------


def state_name(entry):
    return os.path.join(CACHE, content_hash(os.fsencode(entry)) + ".state")


def load(entry):
    return load_from(state_name(entry))


def load_from(path):
    """All that is known of the last build that was right. Damage is a cold start."""
    try:
        with open(path, opener=detect.no_link) as file:
            checksum, text = file.read().split("\n", 1)
        return json.loads(text) if checksum == content_hash(text.encode()) else NOTHING
    except (OSError, ValueError):
        return NOTHING


def save(entry, state):
    text = json.dumps(state)
    detect.replace(state_name(entry), (content_hash(text.encode()) + "\n" + text).encode())


def is_same_file(path, file):
    try:
        return os.path.samestat(os.stat(path), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


@contextlib.contextmanager
def locked():
    """One at a time. The lock file is never removed by us; if somebody did, we take the new one."""
    while True:
        detect.make_cache()
        with open(os.path.join(CACHE, "lock"), "a", opener=detect.no_link) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if is_same_file(lock.name, lock):
                yield
                return


def clean():
    """Removes the files whose names this program makes, states first, and no others."""
    for name in sorted(os.listdir(CACHE), key=lambda name: ".state" not in name):
        if OURS.fullmatch(name):
            os.unlink(os.path.join(CACHE, name))


# ---- 4.2 where the output goes ---------------------------------------------------------------------

DESCRIPTORS = {"-": 1, "/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}
NUMBERED = re.compile(r"(?:/dev/fd|/proc/(self|thread-self|[0-9]+)(?:/task/[0-9]+)?/fd)/([0-9]{1,9})")


def descriptor_named(out):
    """The number of what is open already, if OUT is spelled like that; or None. What it links to does not matter."""
    for path in out, re.sub("^//", "/", os.path.abspath(out)):
        if path in DESCRIPTORS:
            return DESCRIPTORS[path]
        if (match := NUMBERED.fullmatch(path)) and match[1] in (None, "self", "thread-self", str(os.getpid())):
            return int(match[2])
    return None


def refuse_links_to_descriptors(out):
    """A link to a directory may have come with the sources: `lib -> /dev`, and then lib/stdout."""
    resolved = os.path.join(os.path.realpath(os.path.dirname(out) or "."), os.path.basename(out))
    if descriptor_named(out) is None and descriptor_named(resolved) is not None:
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), out)


def beside_facts(out):
    """Facts would mix into an output that is standard output: they go to standard error then."""
    if descriptor_named(out) != 1:
        return out
    given = os.dup(1)
    os.set_inheritable(given, True)
    os.dup2(2, 1)
    return f"/dev/fd/{given}"


def is_special(out):
    """A FIFO or a device, and no link to one."""
    return os.path.lexists(out) and not os.path.islink(out) and not os.path.isfile(out)


def open_straight(out):
    number = descriptor_named(out)
    if number is None:
        return detect.no_link(out, os.O_WRONLY)
    if not os.get_inheritable(number):  # nobody gave it: this program has opened it itself
        raise OSError(errno.EBADF, os.strerror(errno.EBADF), out)
    return os.dup(number)


def write_out(out, text):
    """Into what is open already, from where it stands; into a FIFO or a device; else as a new file."""
    if descriptor_named(out) is None and not is_special(out):
        detect.replace(out, text)
        return
    with open(open_straight(out), "wb") as stream:
        stream.write(text)


def what_must_stay(out, sources):
    """A word for what OUT would be the end of, or None."""
    refuse_links_to_descriptors(out)
    number = descriptor_named(out)
    if number is None and os.path.isdir(os.path.dirname(out) or "."):
        if os.path.samefile(os.path.dirname(out) or ".", CACHE):
            return "in the cache"
    if number is None and not os.path.exists(out):
        return None
    there = os.stat(out if number is None else number)
    if any(os.path.samestat(there, os.stat(path)) for path in sources):
        return "a source"
    kept = (os.path.join(CACHE, name) for name in os.listdir(CACHE))
    return "in the cache" if any(os.path.samestat(there, os.lstat(path)) for path in kept) else None


# ---- 4.3 did anything change at all? ---------------------------------------------------------------


def combined_hash(who, entry, files):
    return codegen.hash_of(who, entry, [[path, files[path]["hash"]] for path in sorted(files)])


def stamp_or_none(out):
    """Of an output that is a file. Of what is written straight nothing is known afterwards."""
    is_file = descriptor_named(out) is None and os.path.isfile(out)
    return detect.stamp_of(out) if is_file else None


def is_up_to_date(state, combined, out):
    return combined == state["combined"] and state["output"] is not None and stamp_or_none(out) == state["output"]


# ---- 4.1 file, lowered form, code ------------------------------------------------------------------


class Build:
    def __init__(self, entry, out):
        self.entry, self.out = entry, out
        self.who = lower.fingerprint(__file__, codegen.__file__)
        self.state = load(entry)
        self.lowered = self.compiled = 0
        self.errors = []

    def look(self):
        found = detect.Look(self.state["files"])
        found.run(self.entry)
        return found.files

    def run(self):
        self.files = self.look()
        combined = combined_hash(self.who, self.entry, self.files)
        fast = is_up_to_date(self.state, combined, self.out)
        if not fast:
            self.make(combined)
        elif self.files != self.state["files"]:  # touched: not to be read again
            save(self.entry, {**self.state, "files": self.files})
        return self.tell(fast)

    def make(self, combined):
        self.refuse_a_source()
        sections, units = self.compile_all(self.lower_all())
        if not self.errors:  # else what was made is kept; the state and the output are those of before
            self.state = {"who": self.who, "combined": combined, "files": self.files, "units": units,
                          "functions": count_functions(units)}
            self.finish(b"".join([prelude(), *sections]))

    def finish(self, text):
        """The output first. Whoever is killed before the state follows finds the old one, and builds again."""
        write_out(self.out, text)
        save(self.entry, {**self.state, "output": stamp_or_none(self.out)})

    def refuse_a_source(self):
        if what := what_must_stay(self.out, self.files):
            raise detect.UsageError(f"{self.out}: cannot be the output: it is {what}")

    def open_store(self, name):
        return ObjectStore(os.path.join(CACHE, name))

    def lower_all(self):
        """{path: its lowered form}: from stage 2."""
        store, files = self.open_store("zir"), {}
        for path in detect.by_bytes(self.files):
            try:
                word, files[path], _ = lower.lower_cached(store, self.who, path, self.files[path]["hash"])
                self.lowered += word == "lowered"
            except SourceError as error:
                self.errors.append(error)
        store.commit()
        return files

    def compile_all(self, lowered):
        """The code of each file, and what is to be remembered of its units."""
        if self.errors:
            return [], {}
        store, sections, units = self.open_store("air"), [], {}
        program = codegen.Program(self.entry, lowered, self.who)
        plan = Plan(program, self.state, self.files)
        for path in detect.by_bytes(lowered):
            units[path] = plan.record(path)
            sections += [self.compile_unit(store, plan, unit) for unit in plan.units[path]]
        store.commit()
        return sections, units

    def compile_unit(self, store, plan, unit):
        """Its code: found, or made and kept. Says why."""
        found, code, errors = plan.code(store, unit)
        self.errors += errors
        self.compiled += found == "compiled"
        if found != "cached" or plan.is_reached(unit.path):
            detect.say(plan.reason(unit) if found == "compiled" else found, codegen.identity(unit))
        return code or b""

    def tell(self, fast):
        for error in self.errors:
            detect.tell(error)
        if not self.errors:
            detect.say("files", len(self.files))
            detect.say("lowered", self.lowered)
            detect.say("functions", self.state["functions"])
            detect.say("compiled", self.compiled)
            detect.say("fast", "yes" if fast else "no")
        return 1 if self.errors else 0


def prelude():
    return f"; target: {os.environ.get('MINIC_TARGET', 'this machine')}\n".encode()


def count_functions(units):
    return sum(len(unit["own"]) for unit in units.values())


class Plan:
    """What must be looked at: the files that changed, and those that import what looks different now."""

    def __init__(self, program, state, files):
        self.program, self.files = program, files
        self.old = state["units"] if state["who"] == program.who else {}
        self.old_files = state["files"]
        self.units = {path: [codegen.Unit(path, function) for function in lowered.functions]
                      for path, lowered in program.files.items()}
        self.interfaces = {path: codegen.hash_of([codegen.interface_key(unit) for unit in units])
                           for path, units in self.units.items()}

    def has_changed(self, path):
        return path not in self.old or self.files[path]["hash"] != self.old_files[path]["hash"]

    def offers_something_else(self, path):
        return path not in self.old or self.interfaces[path] != self.old[path]["interfaces"]

    def is_reached(self, path):
        imports = self.program.files[path].imports.values()
        return self.has_changed(path) or any(
            self.offers_something_else(detect.resolve(path, target)) for target in imports)

    def code(self, store, unit):
        """(compiled, cached or wrong, the code, errors). The key of what is not reached is known."""
        if not self.is_reached(unit.path):
            kept = store.get(self.old[unit.path]["keys"][unit.function.name])
            if kept is not None:
                return "cached", kept, []
        return codegen.compile_cached(store, self.program, unit)

    def reason(self, unit):
        if unit.path not in self.old:
            return "new"
        if not self.is_reached(unit.path):
            return "lost"
        return "dependent" if self.old[unit.path]["own"].get(unit.function.name) == own_hash(unit) else "dirty"

    def record(self, path):
        if not self.is_reached(path):
            return self.old[path]
        return {"interfaces": self.interfaces[path],
                "own": {unit.function.name: own_hash(unit) for unit in self.units[path]},
                "keys": {unit.function.name: codegen.unit_key(self.program, unit) for unit in self.units[path]}}


def own_hash(unit):
    return codegen.hash_of(unit.function.interface, unit.function.body)


# ---- the program -----------------------------------------------------------------------------------


def main(arguments):
    if len(arguments) != 2:
        raise detect.UsageError("usage: build.py ENTRY.mini OUT, or: clean ENTRY.mini")
    if arguments[0] == "clean":
        return clean_locked(clean)
    entry, out = arguments[0], beside_facts(arguments[1])
    with locked():
        return Build(entry, out).run()


def clean_locked(remove):
    if os.path.isdir(CACHE):
        with locked():
            remove()
    return 0


if __name__ == "__main__":
    sys.exit(detect.guarded(main))
