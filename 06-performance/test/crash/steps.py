# SPDX-License-Identifier: MIT
"""What a command did to the files below a directory, as a list of steps.

A tree of files is {inode: content}: bytes of a file, {name: inode} of a directory, a str that is
where a link leads. Inodes are small numbers of our own, 0 is the top. tree[PERMISSIONS] is {inode:
permissions}. The steps are

    ("write", inode, offset, bytes)     ("size", inode, bytes)     ("mode", inode, permissions)
    ("names", inode, {name: inode, or None if it goes})      at once, in one directory
    ("sync", inode)

They are read from strace. A call that could change files and is not known here is an error, and so
is a write through mmap; and what the steps make of the first tree must be what is on the disk then,
file by file.
"""
import os
import re
import stat
import subprocess

HARMLESS = set("""access faccessat faccessat2 stat fstat lstat newfstatat statx readlink readlinkat getcwd
    read pread64 getdents64 fstatfs statfs flock fadvise64 execve ioctl utimensat msync close fcntl""".split())
CALL = re.compile(r"\d+ +(\w+)\((.*)\) += (-?\d+|\?)")
TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')  # strace writes all texts like this
FILE = re.compile(r"(\w+)<((?:\\x[0-9a-f]{2})+)>")  # a descriptor, and where it leads


PERMISSIONS = -1  # no inode


class Unknown(Exception):
    """A call that this reader does not understand."""


def is_source(name):
    return name.endswith(".mini")


def decoded(text):
    return bytes.fromhex(text.replace("\\x", ""))


class Tracer:
    """Follows commands in one directory. The sources in it are none of its business."""

    def __init__(self, top):
        self.top, self.steps, self.tree = top, [], None
        self.stamps = {}  # of each inode: [(the system's inode, mtime, ctime)], when it was looked at
        self.known = {}  # the system's inodes, of the first tree
        self.offsets = {}  # of each descriptor
        self.tree = self.look()
        self.first = copy_of(self.tree)

    def look(self):
        """The tree on the disk."""
        tree = {PERMISSIONS: {}}

        def visit(path):
            status = os.lstat(path)
            inode = self.known.setdefault(status.st_ino, len(self.known)) if self.tree is None else self.find(path)
            self.stamps.setdefault(inode, []).append((status.st_ino, status.st_mtime_ns, status.st_ctime_ns))
            tree[PERMISSIONS][inode] = stat.S_IMODE(status.st_mode)
            if stat.S_ISLNK(status.st_mode):
                tree[inode] = os.readlink(path)
            elif stat.S_ISDIR(status.st_mode):
                tree[inode] = {name: visit(f"{path}/{name}") for name in sorted(os.listdir(path))
                               if not is_source(name)}
            else:
                with open(path, "rb") as file:
                    tree[inode] = file.read()
            return inode

        visit(self.top)
        return tree

    def find(self, path):
        """The inode of a path of the present tree, or None."""
        if path == self.top:
            return 0
        above = self.find(os.path.dirname(path)) if path.startswith(self.top + "/") else None
        content = self.tree.get(above)
        return content.get(os.path.basename(path)) if isinstance(content, dict) else None

    def run(self, command, env, *options):
        """Runs it, adds its steps, and holds them against the disk. Returns its standard output."""
        log = self.top + ".strace"
        done = subprocess.run(
            ["strace", "-f", "-qq", "-y", "-xx", "-s", "99999999", "-e", "trace=%file,%desc,sync", "-o", log,
             *options, *(f"-E{name}={value}" for name, value in env.items()), *command],
            cwd=self.top, stdout=subprocess.PIPE, check=False)
        with open(log, encoding="ascii") as lines:
            for line in lines:
                self.follow(line)
        if common(self.tree) != common(self.look()):
            raise Unknown(f"{command}: the steps do not lead to what is on the disk")
        return done.stdout

    def follow(self, line):
        if "unfinished" in line and not re.search("exit|futex", line):
            raise Unknown(f"two threads at once: {line[:200]}")
        call = CALL.match(line)
        if call is None or call[3][0] in "-?":
            return  # it failed, or the process ended in it
        arguments, result = call[2], int(call[3])
        files = [(number, os.fsdecode(decoded(path))) for number, path in FILE.findall(arguments)]
        texts = [decoded(text) for text in TEXT.findall(arguments)]
        words = TEXT.sub("", FILE.sub(r"\1", arguments)).split(", ")
        handler = getattr(self, "on_" + call[1], None)
        if handler is not None:
            handler(files, texts, words, result)
        elif call[1] not in HARMLESS:
            raise Unknown(line[:200])

    def step(self, kind, inode, *rest):
        if inode is not None:  # else it is not below the top
            self.steps.append((kind, inode, *rest))
            apply(self.tree, self.steps[-1])

    # ---- names ----

    def named(self, files, texts):
        """The paths that a call names: each a text, from a directory on."""
        above = [path for _, path in files] or [self.top] * len(texts)
        return [os.path.normpath(os.path.join(*pair)) for pair in zip(above, map(os.fsdecode, texts))]

    def change(self, changes):
        """{path: inode or None}, in one directory"""
        directory, = {os.path.dirname(path) for path in changes}
        if not any(map(is_source, changes)):
            self.step("names", self.find(directory), {os.path.basename(path): to for path, to in changes.items()})

    def make(self, path, content, mode):
        if self.find(os.path.dirname(path)) is not None:
            inode = max(self.tree) + 1
            self.tree[inode], self.first[inode] = content, type(content)()
            self.tree[PERMISSIONS][inode] = self.first[PERMISSIONS][inode] = mode & ~0o022
            self.change({path: inode})

    def on_openat(self, files, texts, words, result):
        path, flags = self.named(files, texts)[0], words[2].split("|")
        inode = self.find(path)
        if inode is None and "O_CREAT" in flags:
            self.make(path, b"", int(words[3], 8))
        elif "O_TRUNC" in flags:
            self.step("size", inode, 0)
        if inode is not None and ("O_APPEND" in flags or isinstance(self.tree[inode], str) and "O_RDONLY" not in flags):
            raise Unknown(f"open {path} {flags}")
        self.offsets[str(result)] = 0

    def on_open(self, files, texts, words, result):
        self.on_openat(files, texts, ["", *words], result)

    def on_mkdirat(self, files, texts, words, _):
        self.make(self.named(files, texts)[0], {}, int(words[-1], 8))

    def on_renameat2(self, files, texts, words, _):
        old, new = self.named(files, texts)
        if len(words) == 5 and words[4] != "RENAME_EXCHANGE":
            raise Unknown(f"renameat2 {words}")
        self.change({old: self.find(new) if len(words) == 5 else None, new: self.find(old)})

    def on_linkat(self, files, texts, *_):
        old, new = self.named(files, texts)
        self.change({new: self.find(old)})

    def on_unlinkat(self, files, texts, *_):
        self.change({self.named(files, texts)[0]: None})

    on_mkdir, on_rename, on_renameat, on_unlink = on_mkdirat, on_renameat2, on_renameat2, on_unlinkat

    # ---- contents ----

    def on_lseek(self, files, _texts, _words, result):
        self.offsets[files[0][0]] = result

    def on_write(self, files, texts, _, result):
        if files:
            number, path = files[0]
            self.step("write", self.find(path), self.offsets.get(number, 0), b"".join(texts)[:result])
            self.offsets[number] = self.offsets.get(number, 0) + result

    on_writev = on_write

    def on_pwrite64(self, files, texts, words, result):
        self.step("write", self.find(files[0][1]), int(words[-1]), texts[0][:result])

    def on_ftruncate(self, files, _, words, __):
        self.step("size", self.find(files[0][1]), int(words[1]))

    def on_fallocate(self, files, _, words, __):
        inode = self.find(files[0][1])
        if words[1] != "0":
            raise Unknown(f"fallocate {words}")
        self.step("size", inode, max(len(self.tree[inode]), int(words[2]) + int(words[3])))

    def on_mmap(self, files, _, words, __):
        if files and "MAP_SHARED" in words[3] and "PROT_WRITE" in words[2]:
            raise Unknown(f"{files[0][1]} is written through mmap")

    def on_fchmod(self, files, _, words, __):
        self.step("mode", self.find(files[0][1]), int(words[1], 8))

    def on_fchmodat(self, files, texts, words, _):
        self.step("mode", self.find(self.named(files, texts)[0]), int(words[2], 8))

    def on_fsync(self, files, *_):
        self.step("sync", self.find(files[0][1]))


# ---- trees ----

def copy_of(tree):
    return {inode: dict(content) if isinstance(content, dict) else content for inode, content in tree.items()}


def apply(tree, step):
    kind, inode = step[:2]
    old = tree.get(inode)
    if kind == "mode":
        tree[PERMISSIONS] = {**tree[PERMISSIONS], inode: step[2]}
    elif kind == "write":
        offset, data = step[2:]
        tree[inode] = old[:offset].ljust(offset, b"\0") + data + old[offset + len(data):]
    elif kind == "size":
        tree[inode] = old[:step[2]].ljust(step[2], b"\0")
    elif kind == "names":
        tree[inode] = {name: to for name, to in {**old, **step[2]}.items() if to is not None}


def paths(tree, inode=0, path=""):
    """All that can be reached, as (path, inode), a directory before what is in it."""
    yield path, inode
    if isinstance(tree[inode], dict):
        for name, below in sorted(tree[inode].items()):
            yield from paths(tree, below, f"{path}/{name}")


def common(tree):
    """What two trees have in common if they are equal, whatever their inodes."""
    return {path: (tree[PERMISSIONS][inode], sorted(tree[inode]) if isinstance(tree[inode], dict) else tree[inode])
            for path, inode in paths(tree)}
