r"""Equality of short answers to mathematics questions: types first, exact numbers next, algebra last.

Types are decided here: lists, tuples, intervals, sets, units, names, case. The rest, formulas against
formulas, is decided by math-verify in a child process (docs/decisions/0014).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

from branchwise.tasks.domains.answer_forms import mixed, normal_form, value
from branchwise.tasks.domains.libraries import ask
from branchwise.tasks.domains.units import Unit, cut_unit, letter_unit, scale

_LONGEST = 2000
_FORMULA = 400
"""Most characters of a formula that is passed to math-verify."""
_DEPTH = 20
_SHORT = 3
"""Letters in a row that may be a product, `ab`, beside a formula; more are a word."""
_NAME = re.compile(
    r"^(?P<name>(?:\\[a-z]+|[A-Za-z])(?:_\{?\w{1,3}\}?)?'{0,3}(?:\([\w,.+-]{1,20}\))?|\\angle[A-Z]+|[a-z]{2,12}"
    r"|\([A-Za-z](?:,[A-Za-z])+\))"
    r"(?:=|\\in(?![a-z])|:=)(?P<rest>[^=]+)$"
)
_HOSTILE = re.compile(r"\d{5,}!|\^\{?-?\d{6,}|(?:\^\{?[^{}^]{1,20}){3,}|\d{400,}|!!|\\(?:sum|int|prod|binom)")
_TEXTUAL = re.compile(r"\d:\d|\d_\{?\d|–|\d \d")
"""Clock times, ratios, numbers in a base, ranges and numbers side by side: equal as texts only."""
_PERCENT = re.compile(r"(?<!\s)\s*+(?:%|per ?cent)$", re.IGNORECASE)
_RELATIONS = (re.compile(r"[<>]|\\[lg]eq?(?![a-z])|\\neq?(?![a-z])"), re.compile("="))
_PAIRS = {"(": ")", "[": "]", "\\{": "\\}"}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
    """One formula of an answer."""

    text: str
    name: str = ""
    unit: Unit | None = None
    percent: bool = False


def same_answer(one: str, other: str) -> bool:
    """Whether two answers are proven equal; see `compare`."""
    return compare(one, other) is True


@lru_cache(maxsize=4096)
def compare(one: str, other: str) -> bool | None:
    """Whether two answers are equal; None if undecided.

    Brackets are a type: tuples, open and closed intervals, sets and bare lists differ, except a set and a
    bare list, whose parts may come in any order. If both name units, these must be of one dimension and are
    converted. A per cent is a hundredth. Single letters keep their case. The names of two assignments must be
    equal. Decimals are exact.
    """
    one, other = normal_form(one), normal_form(other)
    if not one or not other:
        return False
    if one == other:
        return True
    if max(len(one), len(other)) >= _LONGEST:
        return None
    (mine, kind, ours), (yours, other_kind, theirs) = _typed(one), _typed(other)
    if kind != other_kind or len(ours) != len(theirs) or (mine and yours and mine != yours):
        return False
    if kind == "list":
        return _any_order(ours, theirs)
    return _all(_same_part(a, b) for a, b in zip(ours, theirs, strict=True))


def _all(told: Iterable[bool | None]) -> bool | None:
    """False if one is False, None if one is undecided, else True."""
    found = list(told)
    if False in found:
        return False
    return None if None in found else True


def _any_order(ours: Sequence[str], theirs: Sequence[str]) -> bool | None:
    """Match the parts of two lists in any order, each once."""
    left, unsure = list(theirs), False
    for part in ours:
        told = [_same_part(part, other) for other in left]
        if True in told:
            del left[told.index(True)]
        elif None in told:
            unsure = True
        else:
            return False
    return None if unsure else True


def _typed(text: str) -> tuple[str, str, list[str]]:
    """The name of an answer with brackets, its kind and its parts; brackets around one part are ignored."""
    name = _NAME.match(text.replace(" ", "")) if text[-1:] in {")", "]", "}"} else None
    if name and _bracketed(name["rest"]):
        return name["name"], *_typed(name["rest"])[1:]
    for opening in _PAIRS:
        if text.startswith(opening) and _bracketed(text):
            closing = "\\}" if text.endswith("\\}") else text[-1]
            parts = _split(text[len(opening) : -len(closing)])
            if len(parts) == 1 and opening != "\\{":
                return (
                    _typed(parts[0]) if opening + closing in {"()", "[]"} else ("", opening + closing, parts)
                )
            if parts == ["\\emptyset"]:
                return "", "set of sets", parts
            return "", "list" if opening == "\\{" else opening + closing, parts
    if "\\cup" in text:
        return "", "union", sorted(re.split(r"\\cup(?![a-z])", text))
    parts = _split(re.sub(r"(?:,\s*)?(?<![A-Za-z\\])(?:\\?and|or)(?![A-Za-z])", ",", text))
    if len(parts) == 1 and parts[0].count("\\pm") == 1:
        parts = [parts[0].replace("\\pm", "+").removeprefix("+"), parts[0].replace("\\pm", "-")]
    return "", "list", parts


def _bracketed(text: str) -> bool:
    """Whether the first bracket of the text closes at its end."""
    depth = 0
    opened = text.startswith(("(", "[", "\\{")) and text.endswith((")", "]", "\\}"))
    for at, sign in enumerate(text):
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(sign, 0)
        if depth == 0 and at and opened:
            return at == len(text) - 1
    return False


def _split(text: str) -> list[str]:
    """Split at commas and semicolons outside brackets and environments."""
    parts, depth = [""], 0
    for at, sign in enumerate(text):
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(sign, 0)
        depth += text.startswith("\\begin", at) - text.startswith("\\end", at)
        if sign in {",", ";"} and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts if part.strip()]


def _part(text: str) -> _Part:
    bare = text.replace(" ", "") if not re.search(r"\d \d", text) else text
    named = _NAME.match(bare)
    rest = named["rest"] if named else text
    percent = rest.endswith("%") or rest.lower().endswith(("percent", "per cent"))
    rest = _PERCENT.sub("", rest)
    number, unit = (rest, None) if percent else cut_unit(rest)
    return _Part(text=number, name=named["name"] if named else "", unit=unit, percent=percent)


def _beside(part: _Part, other: _Part) -> _Part:
    """The part with its letter read as a unit, if the other part makes it one: `5 m` beside `500 cm`."""
    if part.unit is not None or other.unit is None:
        return part
    cut = letter_unit(part.text, other.unit)
    return part if cut is None else replace(part, text=cut[0], unit=cut[1])


def _same_part(one: str, other: str) -> bool | None:
    if one == other:
        return True
    if _bracketed(one) or _bracketed(other) or "\\cup" in one + other:
        nested = "," in one + other or (one, other) != (normal_form(one), normal_form(other))
        return compare(one, other) if nested else None
    a, b = _part(one), _part(other)
    a, b = _beside(a, b), _beside(b, a)
    factors = scale(a.unit, b.unit)
    if factors is None or (a.name and b.name and a.name != b.name):
        return False
    left, right = value(a.text), value(b.text)
    if left is not None and right is not None:
        hundredth = Fraction(1, 100)
        left *= factors[0] * (hundredth if a.percent else 1)
        return left == right * factors[1] * (hundredth if b.percent else 1)
    plain = factors[0] == factors[1] == 1 and a.percent is b.percent
    return _same_formula(a.text, b.text) if plain else None


def _same_formula(one: str, other: str) -> bool | None:
    """Two single formulas without units or names."""
    if _TEXTUAL.search(one) or _TEXTUAL.search(other) or one.count("'") != other.count("'"):
        return one == other
    words = [text for text in (one, other) if _is_word(text)]
    if len(words) == 2 or (words and len(words[0]) > _SHORT):
        return len(words) == 2 and one.casefold() == other.casefold()
    ours, theirs = _letters(one), _letters(other)
    if ours != theirs and {c.lower() for c in ours} == {c.lower() for c in theirs}:
        return False
    alike = all(bool(sign.search(one)) is bool(sign.search(other)) for sign in _RELATIONS)
    if not alike or any(_hostile(text) for text in (one, other)):
        return None
    told = ask("equal", _latex(one), _latex(other))
    return told if isinstance(told, bool) else None


def _hostile(text: str) -> bool:
    """Whether a formula is too long, too deep or too large to be passed to math-verify."""
    depth = deepest = 0
    for sign in text:
        depth += (sign in "({[") - (sign in ")}]")
        deepest = max(deepest, depth)
    return depth != 0 or deepest > _DEPTH or len(text) > _FORMULA or _HOSTILE.search(text) is not None


def _is_word(text: str) -> bool:
    return re.fullmatch(r"[^\W\d_]{2,}(?:[ '-][^\W\d_]+)*", text) is not None and not re.search(
        r"sqrt|pi$", text
    )


def _letters(text: str) -> set[str]:
    """The names of one letter in a formula."""
    return set(re.findall(r"(?<![A-Za-z\\])[A-Za-z](?![A-Za-z])", re.sub(r"\\[A-Za-z]+", " ", text)))


def _latex(text: str) -> str:
    """The formula with mixed numbers as sums and decimals as fractions, so that nothing is rounded."""
    text = (
        re.sub(r"(?<=\d)\s*\\frac\{(\d+)\}\{(\d+)\}", r"+\\frac{\1}{\2}", text)
        if mixed(text) is None
        else text
    )
    text = re.sub(r"\\log_(\w)", r"\\log_{\1}", text)
    text = re.sub(r"(?<![\d.])(\d{0,30})\.(\d{1,30})(?![\d.])", _exact, text)
    return text.replace("%", "\\%").replace("√", "\\sqrt")


def _exact(decimal: re.Match[str]) -> str:
    return f"\\frac{{{int(decimal[1] + decimal[2])}}}{{{10 ** len(decimal[2])}}}"
