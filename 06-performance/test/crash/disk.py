# SPDX-License-Identifier: MIT
"""What a disk may hold after the power went.

A step (steps.py) is surely on the disk once its inode was synced after it. Of all others a file
system writes what it likes, when it likes:

    a file        any of its writes, or any sectors (512 bytes) or pages (4,096) of them; its size is
                  any that it had meanwhile. A page that is not there is what was there before, or
                  zeros, or, if the file grew over it, what the disk held at that place: old bytes.
                  Its permissions are any that it had meanwhile, whatever is there of its bytes
    a directory   its names change in the order of the steps, as a journal has them: some first part
                  of these is there, and the rest is not

and no file knows of another, no directory of the next. That is more than any one file system does.
Between two syncs the disks only become more; so to cut the power before each sync and at the end is
to cut it everywhere.
"""
import itertools
import re

from steps import PERMISSIONS, apply, copy_of, paths


def cuts(steps, since=0):
    """Where the power is to go: the steps before it are done."""
    return [at for at, step in enumerate(steps) if step[0] == "sync" and at >= since] + [len(steps)]


class Disk:
    """The disk after the power went before step `at`."""

    def __init__(self, first, steps, at):
        self.settled, self.pending, self.is_end = copy_of(first), {}, at == len(steps)
        self.modes = {}  # of an inode: those that it may have
        self.text = "cut at the end" if self.is_end else f"cut before step {at}, sync of <{steps[at][1]}>"
        for step in steps[:at]:
            if step[0] == "sync":
                for done in self.pending.pop(step[1], ()):
                    apply(self.settled, done)
                if step[1] in self.modes:
                    self.settled[PERMISSIONS][step[1]] = self.modes.pop(step[1])[-1]
            elif step[0] == "mode":
                self.modes.setdefault(step[1], [self.settled[PERMISSIONS][step[1]]]).append(step[2])
            else:
                self.pending.setdefault(step[1], []).append(step)
        self.directories = [inode for inode in self.pending if isinstance(self.settled[inode], dict)]
        self.files = [inode for inode in self.pending if inode not in self.directories]
        self.waste = max((content for content in first.values() if isinstance(content, bytes)),
                         key=len, default=b"") or b"\xa5" * 4096

    def after(self, inode, count):
        """A content, with the first `count` of its pending steps."""
        tree = {inode: self.settled[inode]}
        for step in self.pending[inode][:count]:
            apply(tree, step)
        return tree[inode]

    def kept(self, inode):
        return self.after(inode, len(self.pending[inode]))

    def pieces(self, inode, grain):
        """Its pending writes, cut at multiples of `grain`."""
        result = []
        for _, _, offset, data in (step for step in self.pending[inode] if step[0] == "write"):
            while data:
                size = grain - offset % grain
                result.append((offset, data[:size]))
                offset, data = offset + len(data[:size]), data[size:]
        return result

    def sizes(self, inode):
        return sorted({len(self.after(inode, count)) for count in range(len(self.pending[inode]) + 1)})

    def made_of(self, pieces, inode, size, fill):
        """The file with only these pieces, cut or filled up to a size."""
        content = self.settled[inode]
        for offset, data in pieces:
            content = content.ljust(offset, b"\0") if fill == "zeros" else \
                content + self.waste_between(len(content), offset)
            content = content[:offset] + data + content[offset + len(data):]
        if fill == "old bytes":
            content += self.waste_between(len(content), size)
        return content[:size].ljust(size, b"\0")

    def waste_between(self, start, end):
        return (self.waste * (end // len(self.waste) + 1))[start:end] if end > start else b""

    def fates(self, inode):
        """Contents that a file may have, as {content: how it came about}."""
        found = {self.kept(inode): "kept", self.settled[inode]: "lost"}
        for grain in (4096, 512):
            pieces = self.pieces(inode, grain)
            if len(pieces) > 24:
                continue
            for kept in subsets(len(pieces)):
                for size, fill in itertools.product(self.sizes(inode), ("zeros", "old bytes")):
                    content = self.made_of([pieces[i] for i in kept], inode, size, fill)
                    found.setdefault(content, f"pieces {kept} of {len(pieces)}, {grain} bytes, "
                                              f"size {size}, {fill}")
        return found

    # ---- disks ----

    def tree(self, names, fates, modes=()):
        """{directory: number of its steps}, {file: content}, {inode: permissions}; what is not named is kept."""
        tree = dict(self.settled)
        last = {inode: had[-1] for inode, had in self.modes.items()}
        tree[PERMISSIONS] = {**tree[PERMISSIONS], **last, **dict(modes)}
        for inode in self.directories:
            tree[inode] = self.after(inode, names.get(inode, len(self.pending[inode])))
        for inode in self.files:
            tree[inode] = fates[inode] if inode in fates else self.kept(inode)
        return tree

    def one_by_one(self, with_fates=True):
        """The disks on which at most one file is not as all others: with all names that there may
        be it is lost, or kept, alone; with all names, or none, it has any of its fates."""
        counts = [range(len(self.pending[inode]) + 1) for inode in self.directories]
        for names in itertools.islice(itertools.product(*counts), 400):
            names = dict(zip(self.directories, names))
            ends = {count == len(self.pending[inode]) for inode, count in names.items()}
            is_end = with_fates and len(ends) < 2 and (True in ends or not any(names.values()))
            for others in ("kept", "lost"):
                lost = {inode: self.settled[inode] for inode in self.files} if others == "lost" else {}
                yield f"{self.described(names)}, files {others}", self.tree(names, lost)
                for inode in self.files:
                    fates = self.fates(inode) if is_end else {self.settled[inode]: "lost",
                                                              self.kept(inode): "kept"}
                    for content, how in fates.items():
                        yield from ((f"{self.described(names)}, files {others}, <{inode}> {how}{self.shown(modes)}",
                                     self.tree(names, {**lost, inode: content}, modes))
                                    for modes in self.modes_of(inode))

    def modes_of(self, inode):
        """Permissions that it may have, as tree() takes them: those it had last come first."""
        return [{inode: mode} for mode in dict.fromkeys(self.modes[inode][::-1])] if inode in self.modes else [{}]

    @staticmethod
    def shown(modes):
        return "".join(f" with mode {mode:o}" for mode in modes.values())

    def at_random(self, random):
        """Any disk."""
        names = {inode: random.randint(0, len(self.pending[inode])) for inode in self.directories}
        fates, how = {}, []
        for inode in self.files:
            choice = random.random()
            if choice < 0.3:
                fates[inode], text = self.settled[inode], "lost"
            elif choice < 0.6:
                fates[inode], text = random.choice(list(self.fates(inode).items()))
            else:
                continue
            how.append(f"<{inode}> {text}")
        modes = {inode: random.choice(had) for inode, had in self.modes.items()}
        how += [f"<{inode}>{self.shown({inode: mode})}" for inode, mode in modes.items()]
        return ", ".join([self.described(names), *how]), self.tree(names, fates, modes)

    def described(self, names):
        """For people; <inode> becomes its name."""
        return ", ".join([self.text] + [f"<{inode}> with {count} of {len(self.pending[inode])} changes"
                                        for inode, count in names.items()])


def subsets(count):
    """None of so many, all, the first few, all but one, only one."""
    every = tuple(range(count))
    found = [every[:end] for end in range(count + 1)]
    found += [every[:i] + every[i + 1:] for i in every] + [(i,) for i in every]
    return list(dict.fromkeys(found))


def looks(tree):
    """To know equal disks by."""
    return hash(tuple((path, tree[PERMISSIONS][inode], tree[inode] if not isinstance(tree[inode], dict) else None)
                      for path, inode in paths(tree)))


# ---- traces that are wrong on purpose ----
#
# A sync left out, or two steps of the commit that changed places: each is (what is wrong, disks that
# there are only because of it). Some are not wrong at all, and left out here. Names are on the disk in
# their order: of all syncs of a directory the last one makes them sure, and one before it does nothing.
# An index that does not fit its pack is made again: it may come before the pack, and its name after a
# compaction need not be sure. And a draft that has not got its name when the manifest has is known by
# its inode.

LABELS = (("pack", r"\w+\.pack"), ("index", r"\w+\.index"), ("tables", r".*\.(files|units|sections)\."),
          ("mark", r".*\.unsettled"), ("draft", r"\.output-"), ("output", r"(.*\.ll|main)$"),
          ("manifest", r".*\.(spare|manifest)$"), ("notes", ""))
ORDER = (("pack", "manifest"), ("tables", "manifest"), ("mark", "output"),
         ("output", "manifest"), ("manifest", "removal"))


def names_of(first, steps):
    """{inode: the first name that it had}"""
    found = {0: "."}
    contents = [content for inode, content in first.items() if inode != PERMISSIONS]
    for content in [*contents, *(step[2] for step in steps if step[0] == "names")]:
        for name, inode in content.items() if isinstance(content, dict) else ():
            found.setdefault(inode, name)
    return found


def label(name):
    return next(word for word, pattern in LABELS if re.match(pattern, name))


def labels(first, steps):
    """One for each step. A directory is synced for what was done before."""
    names, found = names_of(first, steps), []
    for kind, inode, *rest in steps:
        if kind == "names":
            name = min(rest[0], key=lambda name: rest[0][name] is not None)  # the old one of a rename
            is_removal = label(name) == "tables" and list(rest[0].values()) == [None]
            found.append("removal" if is_removal else label(name))
        elif isinstance(first[inode], dict):
            found.append(found[-1] if found else "notes")
        else:
            found.append(label(names[inode]))
    return found


def left_out(project):
    steps, words = project.steps, labels(project.first, project.steps)
    for at in range(project.last, len(steps)):
        kind, inode = steps[at][:2]
        # What is synced again later in the build, alone shows nothing, unless its permissions say when
        # it is whole. An index that does not fit its pack is made again from it, and nothing depends on
        # the notes (marks, clock, counts).
        has_modes = any(step[:2] == ("mode", inode) for step in steps[project.last:])
        if kind != "sync" or steps[at] in steps[at + 1:] and not has_modes or words[at] in ("index", "notes"):
            continue
        order = steps[:at] + steps[at + 1:]
        disks = list(disks_without(project.first, order, at, inode))
        if disks:
            yield f"without the sync of the {words[at]}, step {at}", disks


def disks_without(first, order, at, inode):
    """This inode alone is not as the last step left it."""
    for cut in cuts(order, at):
        disk = Disk(first, order, cut)
        is_next = order[cut:cut + 1] == [("sync", inode)]
        if is_next and inode not in disk.modes:
            return
        if inode in disk.directories:
            for count in range(len(disk.pending[inode])):
                yield disk, "", disk.tree({inode: count}, {})
        elif inode in disk.files:
            yield from ((disk, "", disk.tree({}, {inode: content}, modes))
                        for content in disk.fates(inode) if content != disk.kept(inode)
                        for modes in disk.modes_of(inode))
        if is_next:
            return


def swapped(project):
    """All that is done for the one, after the other."""
    words = labels(project.first, project.steps)[project.last:]
    for early, late in ORDER:
        if early not in words or late not in words or words.index(early) > words.index(late):
            continue
        end = len(words) - words[::-1].index(late)
        part = list(zip(words, project.steps[project.last:]))
        order = project.steps[:project.last] + (
            [step for word, step in part[:end] if word != early] +
            [step for word, step in part[:end] if word == early] + [step for _, step in part[end:]])
        yield (f"with the {late} before the {early}",
               [(disk, *one) for at in cuts(order, project.last) for disk in (Disk(project.first, order, at),)
                for one in disk.one_by_one(with_fates=False)])
