# SPDX-License-Identifier: MIT
"""Stage 1 in Python: which files changed?    python3 detect.py ENTRY.mini

Small and plain: the pseudocode of the lessons, made runnable. It meets the contract in the
README of the stage, and the C of the stage was not looked at to write it.
"""
import errno
import hashlib
import json
import os
import re
import secrets
import stat
import sys
import tempfile
import time

CACHE = ".mini_cache"
STATE = CACHE + "/files.json"


class SourceError(Exception):
    """Wrong in the sources: path, line, column, message."""


class UsageError(Exception):
    """Wrong in the way that the program was called."""


# ---- what somebody else put there ------------------------------------------------------------------


def no_link(path, flags):
    """For open(): a link that came with the sources is not followed."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)


def is_own(status, directory):
    """Is it the user's own? On a share stat may show other owners: there, what a new file shows is us."""
    if status.st_uid == os.geteuid():
        return True
    try:
        with tempfile.TemporaryFile(dir=directory) as new:
            return os.fstat(new.fileno()).st_uid == status.st_uid
    except OSError:  # nothing can be made there, so nothing there was made by us
        return False


def can_have(mode, file):
    try:
        os.chmod(file, mode)
        return stat.S_IMODE(os.stat(file).st_mode) == mode
    except OSError:
        return False


def others_write(status, directory):
    """Some volumes have no modes, and show the same for all. If a new file has one, the directory has."""
    mode = stat.S_IMODE(status.st_mode)
    if not mode & 0o022:
        return False
    if can_have(mode & ~0o022, directory):  # for a moment, to find out
        os.chmod(directory, mode)
        return True
    with tempfile.TemporaryFile(dir=directory) as new:
        return can_have(0o640, new.fileno())


def check_cache():
    """The cache is a directory, the user's own, and nobody else may write to it."""
    if not os.path.lexists(CACHE):
        return
    status = os.lstat(CACHE)
    if not stat.S_ISDIR(status.st_mode):
        raise OSError(errno.ENOTDIR, "it is a symlink, or no directory at all", CACHE)
    if not is_own(status, CACHE) or others_write(status, CACHE):
        raise OSError(errno.EPERM, "it is another user's, or others may write to it (chmod go-w)", CACHE)


def make_cache(path=CACHE):
    """Nobody else can read it either, and so nobody else can hold its lock."""
    os.makedirs(path, mode=0o700, exist_ok=True)


def new_file(path):
    """(name, file) of a new file beside `path`, whatever has the name that it should have."""
    for name in path + ".new", f"{path}.{secrets.token_hex(8)}.new":
        try:
            if os.path.lexists(name):
                os.unlink(name)  # what a killed process left
            return name, open(name, "xb", opener=no_link)
        except OSError:
            if not os.path.lexists(name):
                raise
    raise OSError(errno.EEXIST, os.strerror(errno.EEXIST), path)


def replace(path, data, old=None):
    """The file is the old one or the new one, at every moment. It gets the mode of `old`, what stat says
    of a file, if that has the owner that new files have: us."""
    name, file = new_file(path)
    try:
        with file:
            file.write(data)
            if old is not None and old.st_uid == os.fstat(file.fileno()).st_uid:
                os.fchmod(file.fileno(), old.st_mode & 0o777)
        os.replace(name, path)
    except OSError:
        os.unlink(name)
        raise


def shown(text):
    """Without what a terminal obeys or nobody sees: names and lines are somebody else's."""
    return "".join(char if char.isprintable() and not UNSEEN.match(char) or char == "\t" else "?" for char in text)


UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\ufff0-\uffff"
                    "\U000e0000-\U000e0fff]")


def say(*words, file=None):
    print(*(shown(str(word)) for word in words), file=file)


# ---- 1.1 hash what a file holds --------------------------------------------------------------------


def content_hash(data):
    return hashlib.blake2b(data, digest_size=16).hexdigest()


# ---- 1.2 believe a stamp, when it may be believed --------------------------------------------------

SECOND = 1_000_000_000
PATIENCE = 3 * SECOND  # more than the coarsest tick, the 2 s of FAT


def stamp_of(path):
    status = os.stat(path)
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev]


def probe_clock():
    """(wall clock, what time it is for the file system, its device)."""
    wall = time.time_ns()
    make_cache()
    for _ in range(2):  # the first look makes the second stamp fine
        with open(CACHE + "/clock", "w", opener=no_link) as clock:
            clock.write(".")
        status = os.stat(CACHE + "/clock")
    return wall, status.st_mtime_ns, status.st_dev


def is_proven(stamp, clock):
    """Was the file last written in an earlier tick than the probe's, of the same clock?"""
    _, mtime, ctime, _, device = stamp
    _, probe, here = clock
    coarser = ctime % SECOND == 0 and probe % SECOND != 0
    return device == here and not coarser and max(mtime, ctime) < probe and mtime != 0


def racy_since(stamp, old, clock):
    """None if the stamp may be believed from now on; otherwise when it was first seen."""
    is_same = old is not None and stamp == old["stamp"]
    if is_proven(stamp, clock) or is_same and old["racy_since"] is None:
        return None
    if not is_same or old["racy_since"] > clock[0]:
        return time.time_ns()
    return None if clock[0] - old["racy_since"] > PATIENCE else old["racy_since"]


def read_source(path):
    """The bytes, and the stamp that they had all the while; or None if it changed meanwhile."""
    before = stamp_of(path)
    if not os.path.isfile(path):  # looked at, not opened: a FIFO would wait
        raise OSError(errno.EINVAL, "it is not a regular file", path)
    with open(path, "rb") as file:
        data = file.read()
    return data, before if stamp_of(path) == before else None


# ---- 1.3 what a file imports -----------------------------------------------------------------------

BLANK = rb"(?:[ \t\r\n]|//[^\n]*(?:\n|\Z))*"
IMPORT = re.compile(BLANK.join([b"", b"import", rb'"([^"\n]*)"', rb"as\b", rb"[A-Za-z_]\w*", b";"]))


def imports_of(source):
    """[path, line, column of its quote] of each import; they stand before everything else."""
    found, at = [], 0
    while match := IMPORT.match(source, at):
        line = source.count(b"\n", 0, match.start(1)) + 1
        column = match.start(1) - source.rfind(b"\n", 0, match.start(1)) - 1
        found.append([os.fsdecode(match[1]), line, column])
        at = match.end()
    return found


def resolve(importer, path):
    """What an import is called: its path, seen from the importing file, without . and needless .. ."""
    if path.startswith("/"):
        raise ValueError("the path is absolute")
    if path.rpartition("/")[2] in ("", ".", ".."):
        raise ValueError("the path names no file")
    return os.path.normpath(os.path.join(os.path.dirname(importer), path))


# ---- 1.4 keep it across runs -----------------------------------------------------------------------


def load():
    """{entry: {path: {stamp, hash, imports}}}; anything that cannot be read is a cold start."""
    try:
        with open(STATE, opener=no_link) as file:
            checksum, text = file.read().split("\n", 1)
        return json.loads(text) if checksum == content_hash(text.encode()) else {}
    except (OSError, ValueError):
        return {}


def save(state):
    text = json.dumps(state)
    make_cache()
    replace(STATE, (content_hash(text.encode()) + "\n" + text).encode())


# ---- the look --------------------------------------------------------------------------------------


class Look:
    def __init__(self, known):
        self.known, self.files, self.reads, self.clock = known, {}, 0, None

    def look_at(self, path):
        """What is known of the file. It is read unless its stamp proves that it is as it was."""
        old = self.known.get(path)
        if old and old["stamp"] == stamp_of(path) and old["racy_since"] is None:
            return old
        if self.clock is None:
            self.clock = probe_clock()  # before anything is read
        data, stamp = read_source(path)
        self.reads += 1
        since = racy_since(stamp, old, self.clock) if stamp else None
        return {"stamp": stamp, "racy_since": since, "hash": content_hash(data), "imports": imports_of(data)}

    def run(self, entry):
        try:
            self.files[entry] = self.look_at(entry)
        except OSError as error:
            if error.filename != entry:
                raise  # the clock, and so the machine
            raise UsageError(f"{entry}: cannot read the entry file: {error.strerror}")
        waiting = [entry]
        while waiting:
            importer = waiting.pop()
            for path, line, column in self.files[importer]["imports"]:
                try:
                    waiting += self.follow(resolve(importer, path))
                except (OSError, ValueError) as error:
                    if str(getattr(error, "filename", "")).startswith(CACHE + "/"):
                        raise  # the clock, and so the machine
                    why = getattr(error, "strerror", None) or error
                    raise SourceError(importer, line, column, f'cannot import "{path}": {why}')

    def follow(self, target):
        """Looks at a file that is imported, and returns it if that was for the first time."""
        if target in self.files:
            return []  # a diamond is visited once, a cycle ends
        self.files[target] = self.look_at(target)
        return [target]

    def verdict(self, path):
        old, new = self.known.get(path), self.files.get(path)
        if old is None:
            return "added"
        if new is None:
            return "removed"
        if old["hash"] != new["hash"]:
            return "changed"
        return "unchanged" if new is old else "touched"


# ---- 1.5 one hash over everything ------------------------------------------------------------------


def combined_hash(entry, files):
    return content_hash(json.dumps([entry, [[path, files[path]["hash"]] for path in by_bytes(files)]]).encode())


def look(entry, kind=Look):
    state = load()
    found = kind(state.get(entry, {}))
    found.run(entry)
    if found.files != found.known:
        save({**state, entry: found.files})
    return found


def by_bytes(paths):
    return sorted(paths, key=os.fsencode)


def tell(error):
    """The place, and what is wrong there; but nothing that stands in a file outside of the project."""
    path, line, column, message = error.args
    root = os.path.join(os.path.realpath("."), "")
    if not os.path.realpath(path).startswith(root):
        message = "what is wrong is not reported, for the file lies outside of the project"
    say(f"{path}:{line}:{column}: error: {message}", file=sys.stderr)


def guarded(main):
    """Calls main(arguments); what goes wrong becomes a message and an exit status."""
    sys.stdout.reconfigure(errors="surrogateescape")
    sys.stderr.reconfigure(errors="surrogateescape")
    try:
        check_cache()
        return main(sys.argv[1:])
    except SourceError as error:
        tell(error)
        return 1
    except UsageError as error:
        say(error, file=sys.stderr)
        return 2
    except OSError as error:
        say(f"{error.filename}: {error.strerror or error}", file=sys.stderr)
        return 3


def main(arguments):
    if len(arguments) != 1:
        raise UsageError("usage: detect.py ENTRY.mini")
    found = look(arguments[0])
    for path in by_bytes(set(found.known) | set(found.files)):
        say(found.verdict(path), path)
    say("read", found.reads)
    say("combined", combined_hash(arguments[0], found.files))
    return 0


if __name__ == "__main__":
    sys.exit(guarded(main))
