# SPDX-License-Identifier: MIT
"""Stage 5 in Python: one output, written where it changed.    python3 patch.py ENTRY.mini OUT
                                                              python3 patch.py --split FILE

Small and plain: the pseudocode of the lessons, made runnable. It meets the contract in the
README of the stage.
"""
import errno
import os
import re
import stat
import sys
from typing import NamedTuple

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../../../04-multi-level-cache/test/python"))
import build  # stage 4, which finds those below
import codegen
import detect
import lower
from detect import content_hash

BLOCK = 256


# ---- 5.1 the line before each section --------------------------------------------------------------


def needs_escape(byte):
    return byte < 0x20 or byte > 0x7E or byte in b"\\:"


def escaped(path):
    return "".join(f"\\{byte:02X}" if needs_escape(byte) else chr(byte) for byte in os.fsencode(path))


def marker(path, key):
    return f"; ==== FILE: {escaped(path)}:{key} ====\n".encode()


class Program(codegen.Program):
    """A path stands in the code, too: in symbols. There it must forge no marker either."""

    def path_in_code(self, path):
        return escaped(path)


def section_key(path, unit_keys):
    return codegen.hash_of(path, unit_keys)


# ---- 5.2 from an output back to its sections -------------------------------------------------------

ESCAPE = rb"\\(?:[01][0-9A-F]|3A|5C|7F|[89A-F][0-9A-F])"  # of those bytes that need one
MARKER = re.compile(rb"^; ==== FILE: ((?:[ -9;-\[\]-~]|" + ESCAPE + rb")*):([0-9a-f]{32}) ====\n", re.MULTILINE)


class Section(NamedTuple):
    path: str
    key: str
    offset: int
    size: int


def unescaped(name):
    raw = re.sub(rb"\\(..)", lambda match: bytes([int(match[1], 16)]), name)
    return os.fsdecode(raw)


def split(data):
    """The sections of any bytes. What stands before the first marker belongs to none."""
    markers = list(MARKER.finditer(data))
    ends = [match.start() for match in markers[1:]] + [len(data)]
    return [Section(unescaped(match[1]), match[2].decode(), match.start(), end - match.start())
            for match, end in zip(markers, ends)]


# ---- 5.3 what became of each section ---------------------------------------------------------------


def compare(before, after):
    """(word, path) in byte order of the paths; `before` and `after` are {path: key}."""
    for path in detect.by_bytes(set(before) | set(after)):
        if path not in before:
            yield "new", path
        elif path not in after:
            yield "removed", path
        else:
            yield "unchanged" if before[path] == after[path] else "changed", path


# ---- 5.4 the parts of an output: the prelude, then a section for each file -------------------------


def padded(data):
    """With one line of spaces behind, up to a multiple of 256. Only `data` decides how long it is."""
    return data + b" " * (BLOCK - 1 - len(data) % BLOCK) + b"\n"


class Part(NamedTuple):
    path: str  # "" for the prelude
    key: str  # of what it was made from
    size: int
    hash: str  # of its bytes


def part_of(path, key, data):
    return Part(path, key, len(data), content_hash(data))


def total(parts):
    return sum(part.size for part in parts)


def differing(file, parts):
    """The paths of those parts whose bytes in the file are not the recorded ones."""
    file.seek(0)
    return {part.path for part in parts if content_hash(file.read(part.size)) != part.hash}


def plan(old, new, dirty):
    """[(offset, path)] of what is written anew, and runs [from, to, size] of what only moves.

    Both lists are in byte order of the paths; what is only in `new` is dirty."""
    writes, moves, was, now = [], [], 0, 0
    left = list(reversed(old))  # the next one is the last
    for after in new:
        while left and os.fsencode(left[-1].path) < os.fsencode(after.path):  # it is gone
            was += left.pop().size
        if after.path in dirty:
            writes.append((now, after.path))
        elif was != now and moves and moves[-1][0] + moves[-1][2] == was and moves[-1][1] + moves[-1][2] == now:
            moves[-1][2] += after.size
        elif was != now:
            moves.append([was, now, after.size])
        if left and left[-1].path == after.path:  # otherwise it is new, and was empty
            was += left.pop().size
        now += after.size
    return writes, moves


def move(file, start, to, size):
    file.seek(start)
    data = file.read(size)
    file.seek(to)
    file.write(data)


def apply(file, old, new, texts):
    """Makes the new output out of the old one; `texts` are the bytes of what is dirty."""
    writes, moves = plan(old, new, texts)
    if total(new) > total(old):
        os.posix_fallocate(file.fileno(), 0, total(new))  # a full disk is found before anything is lost
    for start, to, size in moves:  # to the left: from the front
        if to < start:
            move(file, start, to, size)
    for start, to, size in reversed(moves):  # to the right: from the back
        if to > start:
            move(file, start, to, size)
    for offset, path in writes:
        file.seek(offset)
        file.write(texts[path])
    file.truncate(total(new))


def write_anew(out, data):
    """A new file under the name of the old one; what is open, a pipe or a device gets the bytes straight."""
    if build.descriptor_named(out) is not None or build.is_special(out):
        build.write_out(out, data)
        return
    status = os.lstat(out) if os.path.lexists(out) else None
    detect.replace(out, data, status if status and stat.S_ISREG(status.st_mode) else None)


def is_plain(status):
    """Of a file that has one name: nobody else looks at its bytes."""
    return stat.S_ISREG(status.st_mode) and status.st_nlink == 1


def open_looked_at(out, status):
    """The file that was looked at. What has its name by now may be another."""
    file = open(out, "r+b", opener=detect.no_link)
    now = os.fstat(file.fileno())
    if is_plain(now) and os.path.samestat(now, status):
        return file
    file.close()
    raise OSError(errno.ESTALE, os.strerror(errno.ESTALE), out)


# ---- 5.4 may the output be believed? ---------------------------------------------------------------


class Look:
    """What is at the output's path, beside what the state says of it."""

    def __init__(self, out, state):
        self.path = os.path.join(os.path.realpath(os.path.dirname(out) or "."), os.path.basename(out))
        self.parts = [Part(*part) for part in state.get("parts", [])]
        self.is_same_path = state.get("out") == self.path
        self.stamp = build.stamp_or_none(out)
        self.is_file = self.stamp is not None
        self.status = os.lstat(out) if self.is_file else None
        self.is_plain = self.is_file and is_plain(self.status)
        self.is_writable = self.is_file and os.access(out, os.W_OK)
        self.is_whole = self.is_same_path and self.is_file and os.path.getsize(out) == total(self.parts)
        self.is_proven = self.is_whole and state["output"] == self.stamp
        self.damaged = set()
        if self.is_whole and not self.is_proven:
            self.compare_bytes(out)

    def compare_bytes(self, out):
        """The stamp proves nothing, so the bytes must. Afterwards it may be trusted."""
        clock = detect.probe_clock()
        before = detect.stamp_of(out)
        with open(out, "rb") as file:
            self.damaged = differing(file, self.parts)
        self.stamp = before if before == detect.stamp_of(out) and detect.is_proven(before, clock) else None

    def sections(self, out):
        """{path: key} of what is there."""
        if self.is_whole and not self.damaged:
            return {part.path: part.key for part in self.parts[1:]}
        if not self.is_file:
            return {}
        try:
            with open(out, "rb") as file:
                return {section.path: section.key for section in split(file.read())}
        except OSError:  # whatever a link leads to
            return {}


# ---- 5.5 patch, reassemble or full? ----------------------------------------------------------------

WRITE, NEW_FILE, FETCH = 1000, 150000, 700  # nanoseconds: a write, a file and its rename, a cached text
COPIED, NEW_BYTES = 10, 2.5  # bytes per nanosecond: inside the file, into a new one


def obstacle(who, state, look):
    """(strategy, reason) if there is something that patching cannot begin from; or None."""
    obstacles = [
        (state["who"] is None or "parts" not in state, "full", "first build"),
        (state["who"] != who, "full", "fingerprint changed"),
        (not look.is_same_path, "reassemble", "output is another"),
        (look.stamp is None and not look.is_file, "reassemble", "no output"),
        (not look.is_plain, "reassemble", "output is linked"),
        (not look.is_whole, "reassemble", "output changed by others"),
        (not look.is_writable, "reassemble", "output is read-only"),
    ]
    for applies, strategy, reason in obstacles:
        if applies:
            return strategy, reason
    return None


def too_dear(old, new, dirty):
    """The reason why a new file costs less than patching this one; or None."""
    writes, moves = plan(old, new, dirty)
    clean = sum(part.path not in dirty for part in new)
    new_file = NEW_FILE + total(new) / NEW_BYTES + clean * FETCH
    in_place = len(writes) * WRITE + total(part for part in new if part.path in dirty) / COPIED
    moving = len(moves) * WRITE + sum(size for _, _, size in moves) / COPIED
    if in_place > new_file:
        return "too many changes"
    return "section outgrew its place" if in_place + moving > new_file else None


# ---- the build -------------------------------------------------------------------------------------


class PatchBuild(build.Build):
    """Stage 4, with another end: what is compiled goes into sections, and those into the output."""

    def __init__(self, entry, out):
        super().__init__(entry, out)
        self.who = lower.fingerprint(__file__, build.__file__, codegen.__file__)
        self.strategy, self.reason, self.written = "up-to-date", "none", 0
        self.before = self.after = {part[0]: part[1] for part in self.state.get("parts", [])[1:]}
        self.texts = {}

    def compile_all(self, lowered):
        """Only what the plan reaches; other sections are fetched if they are needed."""
        if self.errors:
            return [], {}
        self.store = self.open_store("air")
        self.plan = build.Plan(Program(self.entry, lowered, self.who), self.state, self.files)
        units = {path: self.plan.record(path) for path in detect.by_bytes(lowered)}
        for path in units:
            if self.plan.is_reached(path):
                self.text_of(path)
        self.store.commit()
        return [], units

    def text_of(self, path):
        """The code of all functions of a file."""
        if path not in self.texts:
            codes = [self.compile_unit(self.store, self.plan, unit) for unit in self.plan.units[path]]
            self.texts[path] = b"".join(code + b"\n" for code in codes)
        return self.texts[path]

    # ---- which parts, and which of them must be written?

    def keys(self):
        """{path: key} of each section, in byte order of the paths."""
        return {path: section_key(path, list(unit["keys"].values()))
                for path, unit in self.state["units"].items()}

    def bytes_of(self, path):
        if path == "":
            return padded(build.prelude())
        return padded(marker(path, self.after[path]) + self.text_of(path))

    def part_keys(self):
        """{path: key} of each part of the new output, in its order."""
        return {"": content_hash(build.prelude()), **self.after}

    def dirty(self, look):
        """What the program changed or has for the first time, and what others changed in the output."""
        was = {part.path: part.key for part in look.parts}
        return {path for path, key in self.part_keys().items() if path in look.damaged or was.get(path) != key}

    def parts_with(self, look, texts):
        was = {part.path: part for part in look.parts}
        return [part_of(path, key, texts[path]) if path in texts else was[path]
                for path, key in self.part_keys().items()]

    # ---- writing

    def finish(self, _):
        look = Look(self.out, self.old_state)
        self.before, self.after = look.sections(self.out), self.keys()
        found = obstacle(self.who, self.old_state, look)
        if found:
            self.strategy, self.reason = found
            return self.write_anew(look)
        texts = {path: self.bytes_of(path) for path in self.dirty(look)}
        new = self.parts_with(look, texts)
        if new == look.parts and not look.damaged:
            return self.keep(new, look, look.stamp)
        self.patch(look, new, texts)

    def patch(self, look, new, texts):
        self.strategy, self.reason = "patch", "output changed by others" if look.damaged else "none"
        if dear := too_dear(look.parts, new, texts):
            self.strategy, self.reason = "reassemble", dear
            return self.write_anew(look)
        writes, moves = plan(look.parts, new, texts)
        self.written = sum(len(texts[path]) for _, path in writes) + sum(size for _, _, size in moves)
        with open_looked_at(self.out, look.status) as file:
            apply(file, look.parts, new, texts)
        self.keep(new, look, self.stamp_now())

    def write_anew(self, look):
        texts = {path: self.bytes_of(path) for path in ["", *self.after]}
        self.written = sum(map(len, texts.values()))
        write_anew(self.out, b"".join(texts.values()))
        self.keep(self.parts_with(look, texts), look, self.stamp_now())

    def stamp_now(self):
        """Of the output, before the clock is asked: a later write cannot look older than the clock."""
        stamp = build.stamp_or_none(self.out)
        return stamp if stamp and detect.is_proven(stamp, detect.probe_clock()) else None

    def keep(self, parts, look, stamp):
        """After the output. After a kill before it, the next build finds the old state, and another stamp."""
        self.store.commit()
        build.save(self.entry, {**self.state, "parts": parts, "out": look.path, "output": stamp})

    # ---- stage 4 calls these

    def make(self, combined):
        self.old_state = self.state
        super().make(combined)

    def tell(self, fast):
        status = super().tell(fast)
        if status == 0:
            for word, path in compare(self.before, self.after):
                detect.say(word, escaped(path))
            detect.say("strategy", self.strategy)
            detect.say("reason", self.reason)
            detect.say("written", self.written)
        return status


# ---- the program -----------------------------------------------------------------------------------


def report_sections(path):
    try:
        with open(path, "rb") as file:
            sections = split(file.read())
    except OSError as error:
        raise detect.UsageError(f"{path}: {error.strerror}")
    for section in sections:
        detect.say("section", escaped(section.path), section.key, section.offset, section.size)
    return 0


def main(arguments):
    if len(arguments) != 2:
        raise detect.UsageError("usage: patch.py ENTRY.mini OUT, or: --split FILE, or: clean ENTRY.mini")
    if arguments[0] == "--split":
        return report_sections(arguments[1])
    if arguments[0] == "clean":
        return build.main(arguments)
    entry, out = arguments[0], build.beside_facts(arguments[1])
    with build.locked():
        return PatchBuild(entry, out).run()


if __name__ == "__main__":
    sys.exit(detect.guarded(main))
