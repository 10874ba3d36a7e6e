# SPDX-License-Identifier: MIT
"""The projects whose builds crash.py crashes: what there was, what is edited, what is run."""
from dataclasses import dataclass, field
from typing import Callable

LONG = "n" + " + n * n" * 60  # so much code that the section does not fit its place any more
BUILD = ("build", "main.mini")


def nothing(_):
    pass


def built(project):
    project.must(*BUILD)


@dataclass
class Scenario:
    edit: Callable = nothing  # of the sources, before the commands that are traced
    before: Callable = built  # what there was
    commands: tuple = (BUILD,)
    killed_at: str = ""  # the first command is, at this call
    product: tuple = ()  # options of all builds
    options: tuple = ()  # ... and of those from then on
    once: tuple = ()  # ... of the traced ones alone
    env: dict = field(default_factory=dict)
    shows: str = ""  # what the trace must have, or it is not what this is about
    parts: tuple = ("a", "b", "c")
    entries: tuple = ("main.mini",)  # that are built after a crash: first the traced one, or "main.mini -o two.ll"


def write(project, name, text):
    with open(f"{project.top}/{name}.mini", "w", encoding="ascii") as file:
        file.write(text)


def body(project, name, expression, more=""):
    write(project, name, f"fn f(n: i32) i32 {{ return {expression}; }}\n{more}")


def entry(project, parts, name="main"):
    write(project, name, "".join(f'import "{part}.mini" as {part};\n' for part in parts) +
          f"fn main() i32 {{ return {' + '.join(f'{part}.f(1)' for part in parts)}; }}\n")


def sources(project, parts):
    for part in {*parts, "d"}:
        body(project, part, "n + 1")
    entry(project, parts)
    entry(project, ("a", "b"), "other")


def edit(expression, more=""):
    return lambda project: body(project, "a", expression, more)


def linked(project):
    built(project)
    project.shell("mv main.ll real.ll; ln -s real.ll main.ll")


def history(project):
    for i in range(6):
        body(project, "a", f"{LONG} + {i}")
        built(project)


def journals(project):
    """Edits, each a few bytes of journal, until the next one makes the table be written again."""
    built(project)
    for i in range(40):
        before = project.bases()
        project.shell("rm -rf ../saved; cp -a . ../saved")
        body(project, "a", f"n + {i}")
        built(project)
        if project.bases() != before:
            return project.shell("rm -rf ./* .mini_cache; cp -a ../saved/. .")
    raise AssertionError("the journals are never folded")


SECOND = "main.mini -o two.ll"
PRODUCTS = ("main.mini", SECOND)
PROGRAM = ("--emit=exe",)


def for_its_owner(project):
    """A program with permissions of the user's."""
    built(project)
    project.shell("chmod 744 main")
    built(project)


def two_products(project):
    built(project)
    project.must("build", *SECOND.split())


def two_entries(project):
    built(project)
    project.must("build", "other.mini")


MANY = tuple(f"p{i}" for i in range(60)) + ("a", "b", "c")  # so many that tables have journals

SCENARIOS = {
    "cold_build": Scenario(before=nothing),
    "body_edit": Scenario(edit("1 + n"), shows="write main.ll"),
    "journaled_edit": Scenario(edit("1 + n"), parts=MANY, shows="write .*journal"),
    "grown_section": Scenario(edit(LONG), shows="write main.ll"),
    "file_added": Scenario(lambda project: entry(project, ("a", "b", "c", "d"))),
    "file_removed": Scenario(lambda project: entry(project, ("a", "c"))),
    "comment_edit": Scenario(edit("n + 1", "// no code\n")),
    "touched_file": Scenario(edit("n + 1")),
    "settings_changed": Scenario(env={"MINIC_TARGET": "aarch64-unknown-linux-gnu"}),
    "output_elsewhere": Scenario(options=("-o", "out/main.ll"),
                                 before=lambda project: project.shell("mkdir out") or built(project)),
    "first_output_elsewhere": Scenario(options=("-o", "out/main.ll"),
                                       before=lambda project: project.shell("mkdir out")),
    "output_is_a_link": Scenario(edit("1 + n"), linked, shows="names . -.output.* main.ll"),
    "program": Scenario(edit("1 + n"), for_its_owner, product=PROGRAM, shows="write main$"),
    "grown_program": Scenario(edit(LONG), product=PROGRAM, shows="write main$"),
    "forced": Scenario(once=("--force",)),
    "compaction": Scenario(edit(LONG + " + 9"), history, once=("--cache-limit", "1"), shows="names .* -zir.pack.tmp"),
    "two_entries": Scenario(edit("1 + n"), two_entries, entries=("main.mini", "other.mini")),
    "two_products": Scenario(edit("1 + n"), two_products, entries=PRODUCTS),
    "second_product": Scenario(edit("1 + n"), two_products, commands=(BUILD, ("build", *SECOND.split())), entries=PRODUCTS[::-1]),
    "new_product": Scenario(edit("1 + n"), commands=(("build", *SECOND.split()),), entries=PRODUCTS[::-1]),
    "interrupted": Scenario(edit("1 + n"), commands=(BUILD, BUILD), killed_at="renameat2"),
    "journal_folded": Scenario(edit("1 + n"), journals, parts=MANY, shows="names .* -.*journal"),
    "dropped": Scenario(commands=(("cache", "drop", "a.mini", "main.mini"), BUILD)),
    "cleaned": Scenario(edit("1 + n"), commands=(("clean", "main.mini"), BUILD)),
}
