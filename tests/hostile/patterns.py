"""Find patterns of the package whose time grows faster than the text that they are matched against.

Texts are made from a pattern's own parts: whatever it repeats is repeated thousands of times, with and without
what stands before it, and ends in what does not match.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import branchwise

SHORT = 2_000
"""Characters of the first text; those after it have twice and four times as many."""
QUICK = 0.0007
"""Seconds for the first text below which a pattern is not measured any further."""
STEEP = 2.8
"""Growth of the time when the text doubles, from which it is no longer linear: 2 is linear, 4 is quadratic."""
_PALETTE = "a1 \n-*.,:;()[]{}'\"_\\$=/<>@xé"
_TAILS = ("", "\0", "\n\0")
_MANY = 50
"""A repetition that can be as long as this."""
_REPEATS = frozenset({"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"})
_parser: Any = importlib.import_module("re._parser")
_compiler: Any = importlib.import_module("re._compiler")


@dataclass(frozen=True, kw_only=True)
class Use:
    """A pattern and how it is used."""

    place: str
    pattern: re.Pattern[str]
    method: str


def uses() -> Iterator[Use]:
    """Every pattern of the package: those in names of modules, and those that calls of `re` hold in place."""
    seen: set[tuple[str, int, str]] = set()
    trees = {
        module: ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8")) for module in modules()
    }
    for find in (_placed, _held):
        measured = {key[:2] for key in seen}
        for module, tree in trees.items():
            for place, pattern, method in find(module, tree):
                key = (pattern.pattern, pattern.flags, method)
                if key not in seen and not (find is _held and key[:2] in measured):
                    seen.add(key)
                    yield Use(place=f"{module.__name__}:{place}", pattern=pattern, method=method)


def _placed(module: ModuleType, tree: ast.Module) -> Iterator[tuple[str, re.Pattern[str], str]]:
    """The patterns whose use can be told from the call: its line, the pattern, the method."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        yield from ((str(call.lineno), *found) for found in _called(call, module))


def _held(module: ModuleType, tree: ast.Module) -> Iterator[tuple[str, re.Pattern[str], str]]:
    """All patterns in names of a module, with each method that it calls on a variable of a function."""
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    attributes = [func for func in calls if isinstance(func, ast.Attribute) and func.attr in _METHODS]
    methods = {func.attr for func in attributes if _value(func.value, module) is None} - {"split"}
    for name, value in vars(module).items():
        for pattern in _patterns(value):
            yield from ((name, pattern, method) for method in sorted(methods) or ["search"])


def modules() -> Iterator[ModuleType]:
    """The modules of the package that can be imported here and belong to no optional engine."""
    for found in pkgutil.walk_packages(branchwise.__path__, "branchwise."):
        if ".migrations" in found.name or found.name.endswith(("__main__", "sandbox.child")):
            continue
        try:
            module = importlib.import_module(found.name)
        except ImportError:
            continue
        if str(module.__file__).endswith(".py"):
            yield module


def _called(call: ast.Call, module: ModuleType) -> Iterator[tuple[re.Pattern[str], str]]:
    """The patterns that a call matches, and with which method."""
    if not isinstance(call.func, ast.Attribute):
        return
    owner, method = call.func.value, call.func.attr
    if method not in _METHODS:
        return
    if isinstance(owner, ast.Name) and owner.id == "re" and call.args:
        flags = [word.value for word in call.keywords if word.arg == "flags"]
        flags += call.args[_FLAGS_AT.get(method, 2) :]
        source, flag = _value(call.args[0], module), _value(flags[0], module) if flags else 0
        if isinstance(source, str) and isinstance(flag, int):
            yield re.compile(source, flag), method
        elif isinstance(source, re.Pattern):
            yield source, method
        return
    yield from ((pattern, method) for pattern in _patterns(_value(owner, module)))


_METHODS = frozenset({"match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"})
_FLAGS_AT = {"sub": 4, "subn": 4, "split": 3}


def _value(node: ast.AST, module: ModuleType) -> Any:
    """The value of an expression of names of the module, or None."""
    try:
        return eval(compile(ast.Expression(body=node), "", "eval"), dict(vars(module)))  # type: ignore[arg-type]
    except Exception:
        return None


def _patterns(value: Any) -> list[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        return [value] if isinstance(value.pattern, str) else []
    if isinstance(value, dict):
        value = list(value.values())
    return (
        [one for item in value for one in _patterns(item)]
        if isinstance(value, list | tuple | set | frozenset)
        else []
    )


def steep(use: Use) -> str | None:
    """The text that a pattern is too slow for, described, or None."""
    for text in attacks(use.pattern):
        if _seconds(use, text(SHORT)) < QUICK:
            continue
        times = [min(_seconds(use, text(SHORT * k)) for _ in range(2)) for k in (1, 2, 4)]
        if times[1] > STEEP * times[0] and times[2] > STEEP * times[1]:
            return f"{text(40)!r}: {', '.join(f'{1000 * one:.1f}' for one in times)} ms"
    return None


def _seconds(use: Use, text: str) -> float:
    began = time.process_time()
    if use.method in {"match", "fullmatch", "search"}:
        getattr(use.pattern, use.method)(text)
    else:
        for _ in use.pattern.finditer(text):
            pass
    return time.process_time() - began


@dataclass(frozen=True)
class Attack:
    """A text of any length: a beginning, something repeated, and an end."""

    before: str
    unit: str
    after: str

    def __call__(self, length: int) -> str:
        """The text with about that many characters."""
        return self.before + self.unit * max(1, length // len(self.unit)) + self.after


def attacks(pattern: re.Pattern[str]) -> Iterator[Attack]:
    """Texts made from what the pattern repeats."""
    parsed = _parser.parse(pattern.pattern, pattern.flags)
    made = {
        (before, unit)
        for start, unit in _pumps(parsed, "", parsed)
        for before, unit in ((start, unit), ("", unit), ("", start + unit), ("", start))
        if unit
    }
    yield from (Attack(*one, tail) for one in sorted(made) for tail in _TAILS)


def _pumps(parsed: Any, before: str, whole: Any) -> Iterator[tuple[str, str]]:
    """What is repeated, each with what may stand before it."""
    for place, (kind, told) in enumerate(parsed):
        start = before + _sample(parsed[:place], whole)
        if str(kind) in _REPEATS:
            _, most, inner = told
            if most >= _MANY:
                yield from ((start, unit) for unit in _units(inner, whole))
            yield from _pumps(inner, start, whole)
        for inner in _inner(kind, told):
            yield from _pumps(inner, start, whole)


def _inner(kind: Any, told: Any) -> list[Any]:
    if str(kind) == "SUBPATTERN":
        return [told[3]]
    if str(kind) == "BRANCH":
        return list(told[1])
    if str(kind) in {"ASSERT", "ASSERT_NOT"}:
        return [told[1]]
    return [told] if str(kind) == "ATOMIC_GROUP" else []


def _units(inner: Any, whole: Any) -> list[str]:
    """A few texts that the repeated part matches."""
    if len(inner) == 1 and str(inner[0][0]) in {"IN", "ANY", "NOT_LITERAL", "CATEGORY"}:
        return _chars(inner, whole)[:6]
    if len(inner) == 1 and str(inner[0][0]) in {"SUBPATTERN", "BRANCH"}:
        return [unit for part in _inner(*inner[0]) for unit in _units(part, whole)][:8]
    return [_sample(inner, whole)]


def _sample(parts: Any, whole: Any) -> str:
    """One text that these parts match, as far as it can be told without searching."""
    text = ""
    for part in parts:
        kind, told = str(part[0]), part[1]
        if kind == "LITERAL":
            text += chr(told)
        elif kind in {"IN", "ANY", "NOT_LITERAL", "CATEGORY"}:
            text += (_chars([part], whole) or [""])[0]
        elif kind in _REPEATS:
            text += _sample(told[2], whole) * max(1, min(told[0], 9))
        elif kind in {"SUBPATTERN", "ATOMIC_GROUP", "BRANCH"}:
            inner = _inner(part[0], told)
            text += _sample(inner[0], whole) if inner else ""
    return text


def _chars(parts: Any, whole: Any) -> list[str]:
    """Characters of the palette, and of the class itself, that one part matches."""
    one = _compiler.compile(_parser.SubPattern(whole.state, list(parts)), whole.state.flags)
    told = parts[0][1] if str(parts[0][0]) == "IN" else []
    own = [chr(said) for kind, said in told if str(kind) == "LITERAL"]
    return [char for char in dict.fromkeys([*_PALETTE, *own]) if one.fullmatch(char)]
