# SPDX-License-Identifier: MIT
"""One scenario: its builds, their trace, and a directory in which the disks are tried."""
import json
import os
import re
import shutil
import subprocess

import disk
import steps
from scenarios import BUILD, SCENARIOS, body, sources

# With --sync? The builds of what there was, one more before the traced one, the traced one.
MODES = {"plain": (False, None, False), "synced": (True, None, True),
         "synced_after_plain": (True, False, True), "plain_after_synced": (False, True, False),
         "no_boot_id": (False, None, False)}
MORE = "2 * n"  # an edit after the crash, of c.mini
KEPT = re.compile(r"lock|clock|secret|used_bytes|entries|incremental-cache|CACHEDIR.TAG|.gitignore|"
                  r"(zir|air)\.(pack|index)|[0-9a-f]{16}(-[0-9a-f]{8})?\.(manifest|spare|unsettled|latest)")
TABLE = re.compile(r"([0-9a-f]{16}(?:-[0-9a-f]{8})?\.[a-z]+)\.([0-9]+)(\.journal)?")


class Project:
    def __init__(self, work, minic, library, scenario, mode):
        self.top, self.work, self.program, self.library = work + "/project", work, minic, library
        self.scenario, self.mode, self.is_synced = SCENARIOS[scenario], mode, MODES[mode][2]
        self.is_ordered = mode == "synced" and all(command[0] != "cache" for command in self.scenario.commands)
        self.syncs, self.env, self.options = (), {}, ()
        for boot in ("same", "other"):
            with open(f"{work}/{boot}", "w", encoding="ascii") as file:
                file.write(boot)
        self.boot = self.boot_id("same")
        os.mkdir(self.top)
        self.record()

    def boot_id(self, boot):
        return "" if self.mode == "no_boot_id" else f"{self.work}/{boot}"

    # ---- running minic ----

    def environment(self, stamps=""):
        return {"PATH": os.environ["PATH"], "XDG_STATE_HOME": self.work, "LD_PRELOAD": self.library,
                "DISK_BOOT_ID": self.boot, "DISK_STAMPS": stamps, **self.env}

    def command(self, *words):
        words += ("-j1", "-q") if words[0] != "clean" else ("-q",)
        if words[0] == "build":
            words += ("--stats=json", *self.syncs)
        return (self.program, *words, *((*self.scenario.product, *self.options) if words[0] in ("build", "verify") else ()))

    def minic(self, *words, stamps=""):
        """(exit status, what it said)"""
        done = subprocess.run(self.command(*words), cwd=self.top, env=self.environment(stamps), check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout.decode().strip().replace(self.top + "/", "")

    def must(self, *words):
        status, said = self.minic(*words)
        assert status == 0, f"minic {words} exits with {status}: {said}"

    def shell(self, text):
        subprocess.run(text, shell=True, cwd=self.top, check=True)

    def clean_outputs(self):
        """What is right, for each entry."""
        result, old = [], self.options
        self.options = ("--cache-dir", self.work + "/clean", "-o", self.work + "/clean.ll", "--force")
        for entry in self.scenario.entries:
            self.must("build", *entry.split())
            with open(self.work + "/clean.ll", "rb") as file:
                result.append(file.read())
        self.options = old
        return result

    # ---- the trace ----

    def record(self):
        scenario, (before, first, last) = self.scenario, MODES[self.mode]
        sources(self, scenario.parts)
        self.clean_outputs()  # makes the key of the caches
        self.syncs = ("--sync",) if before else ()
        scenario.before(self)
        tracer = steps.Tracer(self.top)
        self.allowed = {"functions_emitted": 0, "files_lowered": 0}  # what the traced builds had to do
        if first is not None:
            self.syncs = ("--sync",) if first else ()
            body(self, "b", "7 * n")
            self.trace(tracer, BUILD)
        self.permitted = self.permissions() if scenario.product else None
        self.env, self.options = scenario.env, scenario.options
        undone = self.read_sources()
        scenario.edit(self)
        self.syncs = ("--sync",) if last else ()
        self.since = len(tracer.steps)
        for number, command in enumerate(scenario.commands):
            self.last = len(tracer.steps)
            kills = scenario.killed_at and number == 0
            self.trace(tracer, command, *(("-e", f"inject={scenario.killed_at}:signal=KILL") if kills else ()))
        self.first, self.steps, self.stamps = tracer.first, tracer.steps, tracer.stamps
        self.names = disk.names_of(self.first, self.steps)
        shown = any(re.match(scenario.shows, line) for line in self.lines())
        assert shown or first is not None, f"the trace has no step like {scenario.shows}"
        self.syncs, self.right, self.statuses = (), {}, []  # of the programs: before the edit, and after
        self.sources = {"edited": self.read_sources(), "undone": undone}
        self.source_stamps = {name: os.stat(f"{self.top}/{name}") for name in self.sources["edited"]}
        for which in ("undone", "edited"):
            self.write_sources(which)
            self.right[which] = self.clean_outputs()
            self.statuses.append(status_of(self.work + "/clean.ll") if scenario.product else None)
            body(self, "c", MORE)
            self.right[which, MORE] = self.clean_outputs()

    def lines(self):
        """The steps, for people."""
        for kind, inode, *rest in self.steps:
            changes = rest[0].items() if kind == "names" else ()
            yield " ".join([kind, self.names[inode], *(name if to is not None else "-" + name for name, to in changes)])

    def trace(self, tracer, command, *options):
        words = self.command(*command, *(self.scenario.once if command is BUILD else ()))
        said = tracer.run(words, self.environment(), *options)
        if command[0] == "build":
            stats = json.loads(said) if said else {}  # nothing is known of one that was killed
            for what in self.allowed:
                self.allowed[what] += stats.get(what, 1000)

    def read_sources(self):
        found = {}
        for name in filter(steps.is_source, os.listdir(self.top)):
            with open(f"{self.top}/{name}", encoding="ascii") as file:
                found[name] = file.read()
        return found

    def write_sources(self, which):
        """Those that differ. Returns the stamps that the edited ones are to have."""
        stamps, there = [], self.read_sources()
        for name, text in self.sources[which].items():
            path = f"{self.top}/{name}"
            if there[name] != text:
                with open(path, "w", encoding="ascii") as file:
                    file.write(text)
            if text == self.sources["edited"][name]:
                shown = self.source_stamps[name]
                stamps.append(stamp(path, (shown.st_ino, shown.st_mtime_ns, shown.st_ctime_ns)))
        return stamps

    # ---- a disk ----

    def put(self, tree, which, choose):
        """Puts a disk and sources there. Returns the stamps that they are to have."""
        for name in os.listdir(self.top):
            path = f"{self.top}/{name}"
            if os.path.isdir(path):
                shutil.rmtree(path)
            elif not steps.is_source(name):
                os.unlink(path)
        made = {}
        for name, inode in steps.paths(tree):
            path, content = self.top + name, tree[inode]
            if inode in made:
                os.link(made[inode], path)
            elif isinstance(content, str):
                os.symlink(content, path)
            elif isinstance(content, bytes):
                with open(path, "wb") as file:
                    file.write(content)
                os.chmod(path, tree[steps.PERMISSIONS][inode])
            elif inode != 0:
                os.mkdir(path, tree[steps.PERMISSIONS][inode])
            made.setdefault(inode, path)
        stamps = [stamp(path, choose(self.stamps[inode])) for inode, path in made.items() if inode in self.stamps]
        return " ".join(stamps + self.write_sources(which))

    def output(self, entry):
        """The bytes of its output, or an error."""
        try:
            with open(f"{self.top}/{self.output_name(entry)}", "rb") as file:
                return file.read()
        except OSError as error:
            return error

    def permissions(self):
        return os.stat(f"{self.top}/{self.output_name(self.scenario.entries[0])}").st_mode & 0o777

    def started(self, entry):
        """The exit status of its output; None if it cannot be started."""
        path = f"{self.top}/{self.output_name(entry)}"
        return status_of(path) if os.access(path, os.X_OK) else None

    def output_name(self, entry):
        if " -o " in entry:
            return entry.split(" -o ")[1]
        return ("out/" if "-o" in self.options else "") + entry[:-5] + ("" if self.scenario.product else ".ll")

    def left_over(self):
        numbers = {}  # of each table there is one
        for name in sorted(os.listdir(self.top + "/.mini_cache")):
            table = TABLE.fullmatch(name)
            if table and numbers.setdefault(table[1], table[2]) != table[2] or not table and not KEPT.fullmatch(name):
                yield f".mini_cache/{name}"
        expected = {".mini_cache", "out", "real.ll", *(os.path.basename(self.output_name(entry)) for entry in self.scenario.entries)}
        for directory in filter(os.path.isdir, (self.top, self.top + "/out")):
            yield from (name for name in os.listdir(directory) if name not in expected and not steps.is_source(name))

    def bases(self):
        """The tables, without their journals."""
        return [name for name in os.listdir(self.top + "/.mini_cache")
                if TABLE.fullmatch(name) and "journal" not in name]


def status_of(program):
    """With which it ends; or why it does not begin."""
    try:
        return subprocess.run([program], check=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL).returncode
    except OSError as error:
        return str(error)


def stamp(path, shown):
    """For DISK_STAMPS: what is there is to be shown with this inode and these times."""
    real = os.lstat(path)
    return f"{real.st_ino} {real.st_ctime_ns} {shown[0]} {shown[1]} {shown[2]}"
