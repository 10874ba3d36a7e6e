# SPDX-License-Identifier: MIT
"""Stage 2 in Python: must a file be lowered again?    python3 lower.py ENTRY.mini

Small and plain: the pseudocode of the lessons, made runnable. It meets the contract in the
README of the stage, and the C of the stage was not looked at to write it.
"""
import json
import os
import re
import sys
from typing import NamedTuple

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../../../01-file-change-detection/test/python"))
import detect  # stage 1
from detect import SourceError, content_hash
from object_store import ObjectStore  # lessons 2.2 to 2.4


# ---- the language ----------------------------------------------------------------------------------

BLANK = re.compile(rb"(?:[ \t\r\n]|//[^\n]*)+")
TOKEN = re.compile(rb'[A-Za-z_]\w*|[0-9]\w*(?:\.[0-9]\w*)?|"(?:[^"\\\n]|\\[^\n])*"'
                   rb"|[=!<>]=|&&|\|\||[(){}\[\],;:.=+\-*/%<>!]", re.ASCII)
NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
KEYWORDS = frozenset("as break const continue else extern false fn if import print return struct true var while "
                     "i32 i64 f64 bool str".split())


def place(source, at):
    """Line and column of a byte, both from 1."""
    return source.count(b"\n", 0, at) + 1, at - source.rfind(b"\n", 0, at)


def error_at(path, source, at, message):
    return SourceError(path, *place(source, at), message)


def check_text(path, source):
    try:
        source.decode()
    except UnicodeDecodeError as error:
        raise error_at(path, source, error.start, "not UTF-8")
    if b"\0" in source:
        raise error_at(path, source, source.index(b"\0"), "a NUL byte")


def tokens(path, source):
    """(text, line, column) of each token."""
    check_text(path, source)
    found, at, line, line_at = [], 0, 1, 0
    while True:
        if blank := BLANK.match(source, at):
            line += source.count(b"\n", at, blank.end())
            at = blank.end()
            line_at = source.rfind(b"\n", 0, at) + 1
        if at == len(source):
            return found
        token = TOKEN.match(source, at)
        if not token:
            what = "the string is not closed" if source[at:at + 1] == b'"' else "no token begins like this"
            raise SourceError(path, line, at - line_at + 1, what)
        found.append((token[0].decode(), line, at - line_at + 1))
        at = token.end()


# ---- what lowering makes of a file -----------------------------------------------------------------


class Function(NamedTuple):
    name: str
    interface: list  # tokens from `fn` up to the brace: what a caller sees
    body: list  # tokens from brace to brace
    references: list  # [alias or None, name, line, column] of each call in the body
    line: int
    column: int


class Lowered(NamedTuple):
    imports: dict  # alias: path as written
    functions: list


def packed(lowered):
    """As bytes. No path of the file and no settings in it: the same file gives the same bytes."""
    return json.dumps(lowered).encode()


def unpacked(data):
    imports, functions = json.loads(data)
    return Lowered(imports, [Function(*function) for function in functions])


class Parser:
    def __init__(self, path, source):
        self.path, self.tokens, self.at = path, tokens(path, source), 0
        self.end = ("", *place(source, len(source)))

    def next(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else self.end

    def take(self):
        token = self.next()
        self.at += 1
        return token

    def wrong(self, token, message):
        return SourceError(self.path, token[1], token[2], message)

    def expect(self, what, fits):
        token = self.take()
        if not fits(token[0]):
            raise self.wrong(token, f"expected {what}, found {token[0] or 'the end of the file'}")
        return token

    def expect_sign(self, sign):
        return self.expect(sign, lambda text: text == sign)

    def expect_name(self, taken):
        token = self.expect("a name", is_name)
        if token[0] in taken:
            raise self.wrong(token, f"{token[0]} is there already")
        return token

    def file(self):
        imports, functions = {}, {}
        while self.next()[0] == "import":
            alias, target = self.one_import(imports)
            imports[alias] = target
        while self.at < len(self.tokens):
            function = self.function({**imports, **functions})
            functions[function.name] = function
        return Lowered(imports, list(functions.values()))

    def one_import(self, taken):
        self.expect_sign("import")
        target = self.expect("a path in quotes", lambda text: text.startswith('"'))[0]
        self.expect_sign("as")
        alias = self.expect_name(taken)[0]
        self.expect_sign(";")
        return alias, target[1:-1]

    def function(self, taken):
        first = self.at
        self.expect_sign("fn")
        name, line, column = self.expect_name(taken)
        while self.next()[0] not in ("{", "}", ";", ""):
            self.take()
        interface = self.tokens[first:self.at]
        body = self.braces()
        return Function(name, texts(interface), texts(body), references(body), line, column)

    def braces(self):
        """The tokens from here to the brace that closes the first one."""
        first, depth = self.at, 0
        opening = self.expect_sign("{")
        self.at = first
        while self.at < len(self.tokens):
            depth += {"{": 1, "}": -1}.get(self.take()[0], 0)
            if depth == 0:
                return self.tokens[first:self.at]
        raise self.wrong(opening, "this brace is not closed")


def is_name(text):
    return text not in KEYWORDS and NAME.fullmatch(text) is not None


def texts(some_tokens):
    return [token[0] for token in some_tokens]


def references(body):
    """What is called: name( or alias.name("""
    found = []
    for at in range(1, len(body) - 1):
        (text, line, column), before = body[at], body[at - 1][0]
        if body[at + 1][0] == "(" and is_name(text):
            alias = body[at - 2][0] if before == "." else None
            found.append([alias, text, line, column])
    return found


def lower(path, source):
    """Only `source` reaches the result; the path is for messages."""
    return Parser(path, source).file()


# ---- 2.1 and 2.2: lower what was never lowered -----------------------------------------------------


def fingerprint(*programs):
    """Who lowers: this very program, the others that are named, and the settings."""
    parts = [os.environ.get("MINIC_TARGET", "")]
    for program in (__file__, *programs):
        with open(program, "rb") as file:
            parts.append(content_hash(file.read()))
    return content_hash(json.dumps(parts).encode())


def key_of(who, source_hash):
    return content_hash(f"{who} {source_hash}".encode())


def lower_cached(store, who, path, source_hash):
    """("cached" or "lowered", Lowered, its id). `who` is the fingerprint. Errors are not kept."""
    if (kept := store.get(key_of(who, source_hash))) is not None:
        return "cached", unpacked(kept), content_hash(kept)
    with open(path, "rb") as file:
        source = file.read()
    lowered = lower(path, source)
    data = packed(lowered)
    store.put(key_of(who, content_hash(source)), data)
    return "lowered", lowered, content_hash(data)


# ---- the program -----------------------------------------------------------------------------------


def main(arguments, kind=ObjectStore):
    if len(arguments) != 1:
        raise detect.UsageError("usage: lower.py ENTRY.mini")
    found = detect.look(arguments[0])
    store, who, status = kind(".mini_cache/zir"), fingerprint(), 0
    for path in detect.by_bytes(found.files):
        try:
            word, _, name = lower_cached(store, who, path, found.files[path]["hash"])
            detect.say(word, path, name)
        except SourceError as error:
            detect.say("wrong", path)
            detect.tell(error)
            status = 1
    store.commit()
    detect.say("objects", len(store))
    return status


if __name__ == "__main__":
    sys.exit(detect.guarded(main))
