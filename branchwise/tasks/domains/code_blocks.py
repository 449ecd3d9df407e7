"""The Python code in a model's reply: fenced blocks as CommonMark has them (section 4.5), read line by line."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

_LONGEST = 100_000
"""Characters of a reply that are examined."""
_TRIES = 8
"""Ends of a block that are tried where its text has fences of its own, as in a docstring."""
_CLOSING_INDENT = 4
"""A closing fence is indented by less than this more than its opening one."""


def code_blocks(text: str) -> Iterator[str]:
    """The text of each fenced block, in order; an unclosed block extends to the end.

    A block may be fenced by backticks or tildes, with any info string, and indented as in a list. If a fence
    inside the code could end the block too early, the first end that gives valid Python is taken.
    """
    lines = text[:_LONGEST].splitlines()
    at = 0
    while at < len(lines):
        fence, indent = _fence(lines[at])
        at += 1
        if not fence:
            continue
        ends = _ends(lines, at, fence, indent)
        end = next((e for e in ends if is_python(_dedented(lines[at:e], indent))), ends[0])
        yield _dedented(lines[at:end], indent)
        at = end + 1


def python_code(text: str, name: str = "") -> str:
    """The code of a reply: its last block that defines `name`, else the last that defines anything, else the last.

    A reply without blocks is code as a whole.
    """
    blocks = list(code_blocks(text))
    if not blocks:
        return text[:_LONGEST]
    for wanted in ([name] if name else []), []:
        for block in reversed(blocks):
            if defines(block, wanted):
                return block
    return blocks[-1]


def defines(code: str, names: Sequence[str] = ()) -> bool:
    """Whether the code defines one of these functions, or any without a name, at the left margin."""
    for line in code.splitlines():
        words = line.removeprefix("async ")
        if words.startswith("def ") and (not names or words[4:].partition("(")[0].strip() in names):
            return True
    return False


def is_python(code: str) -> bool:
    """Whether the text can be parsed as Python."""
    try:
        ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _fence(line: str) -> tuple[str, int]:
    """The fence that a line begins with, at least three signs, and its indentation; empty where there is none."""
    body = line.lstrip(" ")
    sign = body[:1]
    if sign not in {"`", "~"} or not sign:
        return "", 0
    length = len(body) - len(body.lstrip(sign))
    if length < 3 or (sign == "`" and "`" in body[length:]):
        return "", 0
    return sign * length, len(line) - len(body)


def _ends(lines: Sequence[str], begin: int, fence: str, indent: int) -> list[int]:
    """The lines at which a block may end, the first ones only; the end of the text if none closes it."""
    found = []
    for number in range(begin, len(lines)):
        closing, inner = _fence(lines[number])
        bare = lines[number].strip() == closing
        if closing.startswith(fence) and bare and inner < indent + _CLOSING_INDENT:
            found.append(number)
            if len(found) == _TRIES:
                break
    return found or [len(lines)]


def _dedented(lines: Sequence[str], indent: int) -> str:
    """The lines with the opening fence's indentation removed."""
    return "\n".join(line[min(indent, len(line) - len(line.lstrip(" "))) :] for line in lines) + "\n"
