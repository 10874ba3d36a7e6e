#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The exercises of stage 3, solved on top of codegen.py.    python3 exercises.py [--why] ENTRY.mini"""
import json
import sys

import codegen
import detect
import lower
from codegen import hash_of, identity, symbol
from detect import SourceError
from object_store import ObjectStore

# ---- exercise 1: constants are units ---------------------------------------------------------------


class Parser(lower.Parser):
    def function(self, taken):
        """A constant, too, is an interface: all of it, up to the semicolon. It has no body."""
        if self.next()[0] != "const":
            return super().function(taken)
        first = self.at
        self.take()
        name, line, column = self.expect_name(taken)
        while self.next()[0] not in (";", "fn", "const", ""):
            self.take()
        self.expect_sign(";")
        return lower.Function(name, lower.texts(self.tokens[first:self.at]), [], [], line, column)


lower.Parser = Parser


def is_constant(unit):
    return unit.function.interface[0] == "const"


def plain_names(tokens):
    """(alias or None, name) of each name that is not called. Some are locals: they lead nowhere."""
    for at, text in enumerate(tokens):
        before, behind = tokens[at - 1] if at else "", tokens[at + 1] if at + 1 < len(tokens) else ""
        if lower.is_name(text) and behind not in ("(", ":") and before != "const":
            yield (tokens[at - 2] if before == "." else None), text


class Program(codegen.Program):
    def constants_of(self, unit, tokens):
        """The constants that these tokens name, each once. A local of that name costs a compilation."""
        targets = [self.resolve(unit.path, alias, name) for alias, name in plain_names(tokens)]
        constants = {identity(target): target for target in targets if target and is_constant(target)}
        return [constants[name] for name in sorted(constants)]

    def named_by(self, unit):
        yield from super().named_by(unit)
        for constant in self.constants_of(unit, unit.function.interface + unit.function.body):
            yield [None, constant.function.name, 0, 0], constant

    def below(self, unit, seen=()):
        """The interfaces of the constants that a constant is made from; None if they go in a cycle."""
        if identity(unit) in seen:
            return None
        found = []
        for constant in self.constants_of(unit, unit.function.interface):
            inner = self.below(constant, (*seen, identity(unit)))
            if inner is None:
                return None
            found.append([identity(constant), constant.function.interface, inner])
        return found


# ---- exercise 3: parameter names are nothing to a caller -------------------------------------------


def seen_by_others(program, unit):
    """The interface as a caller knows it: a parameter has a type and a place; and what is below a constant."""
    tokens = unit.function.interface
    if is_constant(unit):
        return [tokens, program.below(unit)]
    return [text for at, text in enumerate(tokens) if tokens[at + 1:at + 2] != [":"]]


# ---- exercise 2: why -------------------------------------------------------------------------------


def parts_of_key(program, unit):
    """{what: hash}, in the order in which they are reported; and of each name, in the order of the body."""
    names = [[identity(target), hash_of(symbol(program, target), seen_by_others(program, target))]
             if target else ["", "not found"] for _, target in program.named_by(unit)]
    return {"settings": program.who,
            "signature": hash_of(symbol(program, unit), identity(unit), unit.function.interface),
            "body": hash_of(unit.function.body),
            "calls": names}


def unit_key(program, unit):
    return hash_of(parts_of_key(program, unit))


def why(old, new):
    if old is None:
        return "new"
    for what in ("settings", "signature", "body"):
        if old[what] != new[what]:
            return what
    for before, now in zip(old["calls"], new["calls"]):
        if before != now:
            return f"calls {now[0]}"
    return "lost"


plain_emit = codegen.emit


def emit(program, unit):
    """As before, with the interface as others see it, and an error for constants in a cycle."""
    if program.below(unit) is None:
        function = unit.function
        error = SourceError(unit.path, function.line, function.column, f"{function.name} is defined by itself")
        return b"", [error]
    code, errors = plain_emit(program, unit)
    lines = [f"declare {symbol(program, target)}: {json.dumps(seen_by_others(program, target))}"
             for _, target in program.named_by(unit) if target]
    return "\n".join([*lines, code.decode().split("\n")[-1]]).encode(), errors


codegen.Program, codegen.unit_key, codegen.emit = Program, unit_key, emit


class Whys:
    """What the keys of the last build were made from, kept in the store of the code."""

    def __init__(self, store, entry, wanted):
        self.store, self.key, self.wanted = store, hash_of("parts of keys", entry), wanted
        self.old, self.new = json.loads(store.get(self.key) or b"{}"), {}

    def note(self, program, unit, word):
        parts, name = parts_of_key(program, unit), identity(unit)
        if self.wanted and word == "compiled":
            detect.say("why", name, why(self.old.get(name), parts))
        self.new[name] = self.old.get(name) if word == "wrong" else parts

    def keep(self):
        self.store.put(self.key, json.dumps(self.new).encode())


def main(arguments):
    wanted = arguments[:1] == ["--why"]
    if len(arguments) != 1 + wanted:
        raise detect.UsageError("usage: exercises.py [--why] ENTRY.mini")
    entry = arguments[-1]
    program = codegen.load(entry, __file__)
    if program is None:
        return 1
    store, status = ObjectStore(".mini_cache/air"), 0
    whys = Whys(store, entry, wanted)
    for unit in program.units():
        word, code, errors = codegen.compile_cached(store, program, unit)
        codegen.tell(word, unit, code, errors)
        whys.note(program, unit, word)
        status = 1 if errors else status
    whys.keep()
    store.commit()
    return status


if __name__ == "__main__":
    sys.exit(detect.guarded(main))
