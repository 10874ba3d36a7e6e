# SPDX-License-Identifier: MIT
"""The calls of a trace of strace -f -y, as (name, arguments, result)."""
import os
import re


def successful_calls(lines):
    for line in lines:
        call = re.match(r"(?:\d+ +)?(\w+)\((.*)\) += (-?\d+)", line)
        if call and not call[3].startswith("-"):
            yield call[1], call[2], int(call[3])


def descriptor_path(arguments):
    """What the descriptor leads to that a call begins with: 5</a/b>; or None."""
    descriptor = re.match(r"\d+<([^>]*)>", arguments)
    return descriptor and descriptor[1]


def paths(arguments):
    """Each "name" of a call, in the directory that stands before it: 5</a>, "name"."""
    return [os.path.normpath(os.path.join(directory or os.getcwd(), name))
            for directory, name in re.findall(r'(?:<([^>]*)>, )?"([^"]*)"', arguments)]
