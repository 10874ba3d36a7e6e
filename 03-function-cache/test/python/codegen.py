# SPDX-License-Identifier: MIT
"""Stage 3 in Python: which functions must be compiled again?    python3 codegen.py ENTRY.mini

Small and plain: the pseudocode of the lessons, made runnable. It meets the contract in the
README of the stage, and the C of the stage was not looked at to write it.
"""
import json
import os
import sys
from typing import NamedTuple

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../../../02-file-cache/test/python"))
import lower  # stage 2, which finds stage 1
import detect
from detect import SourceError, content_hash
from object_store import ObjectStore


# ---- 3.1 who is who --------------------------------------------------------------------------------


class Unit(NamedTuple):
    path: str  # of its file
    function: lower.Function


class Program:
    """Every file of a program, lowered, and what its names lead to."""

    def __init__(self, entry, files, who):
        self.entry, self.files, self.who = entry, files, who
        self.functions = {path: {function.name: function for function in lowered.functions}
                          for path, lowered in files.items()}

    def units(self):
        for path in detect.by_bytes(self.files):
            for function in self.files[path].functions:
                yield Unit(path, function)

    def path_in_code(self, path):
        """How the code writes the path of a file."""
        return path

    def resolve(self, path, alias, name):
        """The unit that a reference of the file leads to, or None."""
        if alias is not None:
            if alias not in self.files[path].imports:
                return None
            path = detect.resolve(path, self.files[path].imports[alias])
        function = self.functions[path].get(name)
        return Unit(path, function) if function else None

    def named_by(self, unit):
        """(reference, the unit that it leads to or None), in the order of the body."""
        for reference in unit.function.references:
            yield reference, self.resolve(unit.path, reference[0], reference[1])


def identity(unit):
    return f"{unit.path}:{unit.function.name}"


def symbol(program, unit):
    """What the code calls it. Nothing could start a program whose `main` had a path before it."""
    is_entry_point = unit.path == program.entry and unit.function.name == "main"
    return "main" if is_entry_point else f"{program.path_in_code(unit.path)}:{unit.function.name}"


# ---- 3.2 everything that can reach its code, and nothing else --------------------------------------


def interface_key(unit):
    return hash_of(identity(unit), unit.function.interface)


def unit_key(program, unit):
    parts = [program.who, symbol(program, unit), interface_key(unit), unit.function.body]
    for _, target in program.named_by(unit):
        parts.append([symbol(program, target), interface_key(target)] if target else "not found")
    return hash_of(*parts)


def hash_of(*parts):
    """Of a list as a whole: no two lists look alike, as they would if their parts were just joined."""
    return content_hash(json.dumps(parts).encode())


# ---- what is cached: the code of one function ------------------------------------------------------


def emit(program, unit):
    """Text, from the unit itself and from the interfaces of what it names; or SourceErrors."""
    lines, errors = [], []
    for (alias, name, line, column), target in program.named_by(unit):
        if target is None:
            what = f"{alias}.{name}" if alias else name
            errors.append(SourceError(unit.path, line, column, f"nobody declares {what}"))
        else:
            lines.append(f"declare {symbol(program, target)}: {' '.join(target.function.interface)}")
    function = unit.function
    lines.append(f"define {symbol(program, unit)}: {' '.join(function.interface + function.body)}")
    return "\n".join(lines).encode(), errors


# ---- 3.3 and 3.4: look it up, or else compile ------------------------------------------------------


def compile_cached(store, program, unit):
    """("compiled", "cached" or "wrong", the code, errors). What is wrong is not kept."""
    key = unit_key(program, unit)
    if (kept := store.get(key)) is not None:
        return "cached", kept, []
    code, errors = emit(program, unit)
    if errors:
        return "wrong", None, errors
    store.put(key, code)
    return "compiled", code, []


# ---- the program -----------------------------------------------------------------------------------


def load(entry, *programs):
    """The program of an entry, or None if a file cannot be lowered, which is reported."""
    found, who = detect.look(entry), lower.fingerprint(__file__, *programs)
    store, files, errors = ObjectStore(".mini_cache/zir"), {}, []
    for path in detect.by_bytes(found.files):
        try:
            _, files[path], _ = lower.lower_cached(store, who, path, found.files[path]["hash"])
        except SourceError as error:
            errors.append(error)
    store.commit()
    for error in errors:
        detect.tell(error)
    return None if errors else Program(entry, files, who)  # half a program has no keys


def tell(word, unit, code, errors):
    detect.say(word, identity(unit), content_hash(code) if code is not None else "")
    for error in errors:
        detect.tell(error)


def main(arguments):
    if len(arguments) != 1:
        raise detect.UsageError("usage: codegen.py ENTRY.mini")
    program = load(arguments[0])
    if program is None:
        return 1
    store, status = ObjectStore(".mini_cache/air"), 0
    for unit in program.units():
        word, code, errors = compile_cached(store, program, unit)
        tell(word, unit, code, errors)
        status = 1 if errors else status
    store.commit()
    return status


if __name__ == "__main__":
    sys.exit(detect.guarded(main))
