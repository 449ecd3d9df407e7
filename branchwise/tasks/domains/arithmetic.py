"""Exact arithmetic on a few numbers: expressions, operations, and reachability of a target."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from itertools import combinations
from typing import TypeAlias

Numbers: TypeAlias = tuple[Fraction, ...]
"""The numbers left to combine, ascending, so that equal multisets are equal."""

_LONGEST = 200


def combine(left: Fraction, sign: str, right: Fraction) -> Fraction | None:
    """Apply one of `+ - * /` exactly, or None for a division by zero or another sign."""
    if sign == "/":
        return left / right if right else None
    return {"+": left + right, "-": left - right, "*": left * right}.get(sign)


def without(numbers: Numbers, *used: Fraction) -> Numbers | None:
    """The numbers with each of `used` removed once; None if one is missing."""
    rest = list(numbers)
    for number in used:
        if number not in rest:
            return None
        rest.remove(number)
    return tuple(rest)


def moves(numbers: Numbers) -> Iterator[tuple[Fraction, str, Fraction, Fraction, Numbers]]:
    """Every operation on two of the numbers: left, sign, right, result and the numbers after it."""
    for one, two in sorted(set(combinations(numbers, 2))):
        rest = without(numbers, one, two) or ()
        orders = [(one, "+", two), (one, "*", two), (two, "-", one), (two, "/", one)]
        if one != two:
            orders += [(one, "-", two), (one, "/", two)]
        for left, sign, right in orders:
            result = combine(left, sign, right)
            if result is not None:
                yield left, sign, right, result, tuple(sorted((*rest, result)))


@lru_cache(maxsize=100_000)
def reachable(numbers: Numbers, target: Fraction) -> bool:
    """Whether the numbers, each used once, can make the target."""
    if len(numbers) == 1:
        return numbers[0] == target
    return any(reachable(after, target) for *_, after in moves(numbers))


def expression(text: str) -> tuple[Fraction, Numbers] | None:
    """The exact value of an expression of whole numbers, `+ - * /` and brackets, and the numbers it uses.

    The text is hostile: it is parsed, never evaluated, and anything else than those signs gives None.
    """
    if len(text) > _LONGEST:
        return None
    text = text.replace("×", "*").replace("÷", "/").replace("−", "-").strip()
    try:
        return _value(ast.parse(text, mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _value(node: ast.expr) -> tuple[Fraction, Numbers] | None:
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return Fraction(node.value), (Fraction(node.value),)
    signs = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
    if not isinstance(node, ast.BinOp) or type(node.op) not in signs:
        return None
    left, right = _value(node.left), _value(node.right)
    if left is None or right is None:
        return None
    value = combine(left[0], signs[type(node.op)], right[0])
    return None if value is None else (value, tuple(sorted(left[1] + right[1])))
