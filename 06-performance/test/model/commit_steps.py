# SPDX-License-Identifier: MIT
"""Is a build that was traced (strace -f -y) a run of the model, 04-multi-level-cache/commit.pml?

    python3 commit_steps.py MODEL TRACE [OUTPUT]     prints the steps, and what is wrong with them
    python3 commit_steps.py MODEL - <STEPS           the same for steps, one on a line

The calls are reduced to the model's steps. The steps, their order, and when each is made are read
from the model: for any way of building (nothing to do, state only, patch, new file; synced or not)
they are one sequence. A build that ended made the whole of one, a killed build the beginning. A step
that the model does not have, or not there, is wrong, and so is one that is missing. The output must
not be beside the cache directory: an fsync of their common directory could mean either.
"""
import itertools
import os
import re
import sys

sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from strace_calls import descriptor_path, paths, successful_calls

UNTRACED = {"LOOK", "DONE"}
OPTIONAL = {  # steps that need not change anything, and then make no call
    "SYNC_NAMED", "WRITE_OBJECTS", "SYNC_OBJECTS", "GROW_OUTPUT", "PRUNE", "COLLECT", "DROP_DRAFT"}


# ---- the model -----------------------------------------------------------------------------------

class Model:
    def __init__(self, path):
        text = open(path, encoding="utf-8").read()
        block = text[text.index("---- the steps"):text.index("---- the disk")]
        numbers = {name: int(n) for name, n in re.findall(r"#define (\w+) +(\d+)", block)}
        self.order = sorted(numbers, key=numbers.get)
        self.beside = set(re.search(r"BESIDE: ([A-Z_ ]+)", block)[1].split())
        self.when = dict(re.findall(r"^ *STEP\((\w+), (.*?),(?: |$)", text, re.M))
        self.ways = re.search(r"mtype = \{ ([\w, ]+) \}", text)[1].split(", ")
        self.meanings = dict(re.findall(r"#define (COMMITS|WRITES) +\((.*)\)", text))
        missing = set(numbers) ^ set(self.when)
        assert not missing, f"without a number or a STEP: {missing}"

    def holds(self, name, way, is_synced):
        """Python's opinion on when a step is made. What it does not know may be so or not."""
        text = self.when[name]
        for short, meaning in self.meanings.items():
            text = re.sub(rf"\b{short}\b", f"({meaning})", text)
        text = re.sub(r"\b(commit\[\w+\]\.\w+|last)\b|base == table", "True", text)
        text = text.replace("&&", " and ").replace("||", " or ").replace("!True", "True")
        text = re.sub(r"!(?!=)", " not ", text)
        names = {w: w for w in self.ways}
        return eval(text, {}, {**names, "way": way, "is_synced": is_synced, "true": True})

    def runs(self):
        """The sequences of the model: lists of (step, must it be there?)."""
        for way, is_synced in itertools.product(self.ways, (False, True)):
            yield [(name, name not in OPTIONAL) for name in self.order
                   if name not in UNTRACED and self.holds(name, way, is_synced)]

    def complaint(self, steps, is_whole):
        """None if these steps are a run, or else where the longest of the model's ends."""
        known = set(self.order) | self.beside
        for step in steps:
            if step not in known:
                return f"{step} is not a step of the model"
        steps = [step for step in steps if step not in self.beside]
        steps = [step for step, _ in itertools.groupby(steps)]
        furthest, expected = 0, set()
        for run in self.runs():
            at, due = follow(run, steps)
            if at == len(steps) and (not due or not is_whole):
                return None
            if at > furthest:
                furthest, expected = at, set()
            if at == furthest:
                expected.add(due[0] if due else "the end")
        before = steps[furthest - 1] if furthest else "the beginning"
        found = steps[furthest] if furthest < len(steps) else "the end"
        return f"after {before} comes {found}, and in the model {' or '.join(sorted(expected))}"


def follow(run, steps):
    """How many of the steps are a beginning of the run, and what it must still make."""
    at = 0
    for index, (name, must_be) in enumerate(run):
        if at < len(steps) and steps[at] == name:
            at += 1
        elif must_be:
            return at, [n for n, m in run[index:] if m]
    return at, []


# ---- the trace -----------------------------------------------------------------------------------

# What is written, by name: the step, and the one by which it gets to the disk.
FILES = [
    (r"/(zir|air)\.pack\.tmp$", "COLLECT", None),
    (r"/(zir|air)\.(pack|index)(\.tmp)?$", "WRITE_OBJECTS", "SYNC_OBJECTS"),
    (r"\.(files|units|sections)\.\d+(\.journal)?(\.tmp\.\d+)?$", "WRITE_STATE", "SYNC_STATE"),
    (r"\.unsettled(\.tmp\.\d+)?$", "MARK", "SYNC_MARK"),
    (r"\.(spare|manifest\.tmp\.\d+)$", "WRITE_SPARE", "SYNC_SPARE"),
    (r"\.manifest$", "EXCHANGE", "SYNC_EXCHANGE"),
    (r"/\.output-\w+(\.\d+)?\.tmp$", "WRITE_DRAFT", "SYNC_DRAFT"),
    (r"/(entries|used_bytes|[0-9a-f]{16}\.latest)(\.tmp\.\d+)?$", "COUNT_ENTRIES", None),
    (r"/(secret(\.tmp\.\d+)?|incremental-cache|CACHEDIR\.TAG|\.gitignore)$", "MAKE_CACHE", None),
    (r"/clock$", "TOUCH_CLOCK", None),
    (r"/lock$", "NOTE_WORK", None),
]


class Reduction:
    def __init__(self, output):
        self.output, self.steps = output, []
        self.files, self.names = {}, {}  # not on the disk: path or (directory, name): step that puts it there
        self.compacts = False
        self.cache = None

    def kind(self, path):
        if path == self.output:
            return "PATCH_OUTPUT", "SYNC_OUTPUT"
        for pattern, step, sync in FILES:
            if re.search(pattern, path):
                self.compacts |= step == "COLLECT"
                if self.compacts and step == "WRITE_OBJECTS":
                    return "COLLECT", None
                return step, sync
        return f"writing {os.path.basename(path)}", None

    def step(self, name):
        """Files of one step are written and synced in turn: that is one step, and one sync."""
        if len(self.steps) > 1 and self.steps[-2] == name and self.steps[-1] == name.replace("WRITE", "SYNC"):
            self.steps.pop()
        if not self.steps or self.steps[-1] != name:
            self.steps.append(name)

    def written(self, path, step=None):
        kind, sync = self.kind(path)
        self.step(step or kind)
        self.files[path] = sync

    def named(self, path, sync):
        self.names[tuple(path.rsplit("/", 1))] = sync

    def synced(self, path):
        done = {self.files.pop(path)} if path in self.files else set()
        for key in [key for key in self.names if key[0] == path]:
            done.add(self.names.pop(key))
        left = set(self.files.values()) | set(self.names.values())
        for sync in sorted(filter(None, done - left)):
            self.step(sync)
        if done or path == self.cache:
            return
        if self.cache and path == os.path.dirname(self.cache):
            self.step("SYNC_CACHE_NAME")
        elif path == self.output or path == os.path.dirname(self.output):
            self.synced_output(path == self.output)
        elif self.cache and os.path.dirname(path) == self.cache:
            # Before the tables, a store with nothing new makes the objects that it has durable.
            self.step("SYNC_NAMED" if "SYNC_CACHE_NAME" in self.steps else "SYNC_OBJECTS")
        else:
            self.step(f"syncing {path}")

    def synced_output(self, is_file):
        if is_file or self.steps[-1:] == ["SYNC_KEPT"]:
            self.step("SYNC_KEPT")
        else:
            self.step("SYNC_OUTPUT_NAME")

    def renamed(self, old, new):
        kind, sync = self.kind(old)
        if new == self.output:
            self.step("RENAME_DRAFT")
            self.named(new, "SYNC_OUTPUT_NAME")
        elif new.endswith(".manifest"):
            self.step("EXCHANGE")
            self.named(new, "SYNC_EXCHANGE")
        else:
            self.step(kind)
            self.named(new, sync)
        if old in self.files:
            self.files[new] = self.files.pop(old)
        self.names.pop(tuple(old.rsplit("/", 1)), None)

    def removed(self, path):
        kind, _ = self.kind(path)
        removal = {"WRITE_STATE": "PRUNE", "WRITE_DRAFT": "DROP_DRAFT", "WRITE_OBJECTS": "PRUNE", "COLLECT": "COLLECT"}
        if kind == "WRITE_DRAFT" and "EXCHANGE" not in self.steps:
            return self.step("WRITE_DRAFT")  # one that a killed build left is made again
        self.files.pop(path, None)
        return self.step(removal.get(kind, f"removing {os.path.basename(path)}"))

    def call(self, name, arguments):
        descriptor = descriptor_path(arguments)
        if name == "flock" and descriptor.endswith("/lock"):
            self.cache = os.path.dirname(descriptor)
            self.step("TAKE_LOCK")
        elif name == "flock":
            self.step("LOCK_DRAFT" if self.kind(descriptor)[0] == "WRITE_DRAFT" else "flock")
        elif name in ("write", "writev", "pwrite64", "pwritev", "ftruncate", "fallocate", "fchmod", "utimensat"):
            path = descriptor if descriptor else paths(arguments)[0]
            if not re.match(r"[12]<", arguments):
                grows = name == "fallocate" and path == self.output
                self.written(path, "GROW_OUTPUT" if grows else None)
        elif name in ("fsync", "fdatasync"):
            self.synced(descriptor)
        elif name.startswith("open") and "O_CREAT" in arguments:
            path = paths(arguments)[0]
            kind, sync = self.kind(path)
            if "O_EXCL" in arguments and kind != "WRITE_DRAFT":  # a draft may lose its name
                self.named(path, sync)
        elif name.startswith("mkdir"):
            self.step("MAKE_CACHE")
        elif name.startswith("rename"):
            self.renamed(*paths(arguments)[:2])
        elif name.startswith("unlink"):
            self.removed(paths(arguments)[0])
        elif re.match(r"(sym)?link|mknod|copy_file_range|sync|rmdir", name):
            self.step(name)


def reduce_trace(lines, output):
    """The steps of a trace, and whether the build ended by itself."""
    reduction = Reduction(output)
    lines = list(lines)
    for name, arguments, _ in successful_calls(lines):
        reduction.call(name, arguments)
    is_whole = any("exit_group(0)" in line for line in lines)
    return reduction.steps, is_whole


def main(model, source, output="out/main.ll"):
    if source == "-":
        steps, is_whole = sys.stdin.read().split(), True
    else:
        with open(source, encoding="utf-8", errors="replace") as trace:
            steps, is_whole = reduce_trace(trace, os.path.abspath(output))
    print("\n".join(steps))
    complaint = Model(model).complaint(steps, is_whole)
    if complaint:
        sys.exit(f"no run of the model: {complaint}")


if __name__ == "__main__":
    main(*sys.argv[1:])
