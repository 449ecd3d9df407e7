"""Find and compare answers to mathematics questions: a normal form of short LaTeX, no algebra system."""

from __future__ import annotations

import re
from fractions import Fraction

_SAID = re.compile(r"(?:####|(?:final )?answer(?: is)?\s*:?)\s*(?P<rest>[^\n]+)", re.IGNORECASE)
_NUMBER = re.compile(r"-?\$?\d[\d,]*(?:\.\d+)?(?:/\d+)?|-?\.\d+")
_LONGEST = 2000
_DROPPED = (
    r"\\left|\\right|\\!|\\,|\\;|\\:|\\quad|\\ |~|\$|\\displaystyle|\\[bB]ig[lr]?",
    r"\^\{?\\(?:circ|prime)\}?|\\degree|°|\\%|%",
    r"\\mbox\{[^{}]*\}|\s*\\text\{\s+[^{}]*\}$",
    r"\\text\{\s*(?:square |cubic )?(?:units?|cm|m|inches|feet|degrees)[^{}]*\}(?:\^\{?[23]\}?)?",
)
_UNIT = re.compile(
    r"(?<=\d)\s*(?:square |cubic )?(?:units?|cm|inches|feet|degrees|dollars|cents|hours|minutes)$"
)


def final_answer(text: str) -> str | None:
    r"""The answer that a solution ends with: its last `\boxed{}`, else after `Answer:` or `####`, else a number.

    It comes back in normal form, so that equal answers are mostly equal texts.
    """
    found = _boxed(text)
    if found is None:
        said = list(_SAID.finditer(text))
        found = said[-1]["rest"].strip().rstrip(".") if said else None
    if found is None:
        numbers = _NUMBER.findall(text)
        found = numbers[-1] if numbers else None
    return normal_form(found) or None if found is not None else None


def normal_form(answer: str) -> str:
    """Rewrite an answer without layout: spaces, dollars, units, sizes of brackets, kinds of fractions."""
    text = re.sub(r"\\[dt]frac", r"\\frac", answer.strip()[:_LONGEST].replace("−", "-"))
    for dropped in _DROPPED:
        text = re.sub(dropped, "", text)
    text = _UNIT.sub("", text.strip())
    text = re.sub(r"\\(?:text|mathrm|textbf|mathbf)\{([^{}]*)\}", r"\1", text)
    text = re.sub(r"\\frac\s*(\d)\s*(\d)", r"\\frac{\1}{\2}", text)
    text = re.sub(r"\\frac\s*(\d)\s*\{", r"\\frac{\1}{", text)
    text = re.sub(r"\\sqrt\s*(\w)", r"\\sqrt{\1}", text)
    text = re.sub(r"([_^])\{(\w)\}", r"\1\2", text)
    text = text.replace("{,}", ",").replace(" ", "")
    text = re.sub(r"(?<=\d),(?=\d{3}(?:\D|$))", "", text) if _grouped(text) else text
    text = re.sub(r"^(?:[a-zA-Z](?:\([a-zA-Z]\))?|\\angle\s*[A-Z]+)\s*(?:=|\\in)\s*", "", text.strip())
    return re.sub(r"\s+", "", text).rstrip(".")


def same_answer(one: str, other: str) -> bool:
    """Whether two answers are equal: as texts in normal form, as exact numbers, or part by part.

    The parts of a bare list may come in any order; those of a tuple or an interval may not. Answers that only
    algebra could show to be equal count as different.
    """
    one, other = normal_form(one), normal_form(other)
    if one == other or one.casefold() == other.casefold():
        return bool(one)
    left, right = value(one), value(other)
    if left is not None and right is not None:
        return left == right
    ours, theirs = _parts(one), _parts(other)
    if len(ours) < 2 or len(ours) != len(theirs):
        return False
    if _bracketed(one) and _bracketed(other):
        same_ends = one[0] == other[0] and one[-1] == other[-1]
        return same_ends and all(same_answer(a, b) for a, b in zip(ours, theirs, strict=True))
    left_over = list(theirs)
    for part in ours:
        match = next((b for b in left_over if same_answer(part, b)), None)
        if match is None:
            return False
        left_over.remove(match)
    return True


def value(text: str) -> Fraction | None:
    r"""The exact value of an integer, decimal, `a/b` or `\frac{a}{b}`, or None."""
    text = re.sub(r"^(-?)\\frac\{(-?\d+)\}\{(-?\d+)\}$", r"\1\2/\3", text).replace("--", "")
    if not re.fullmatch(r"-?(?:\d{1,200}(?:\.\d{0,200})?|\.\d{1,200})(?:/-?\d{1,200})?", text):
        return None
    over, _, under = text.partition("/")
    divisor = Fraction(under) if under else Fraction(1)
    return Fraction(over) / divisor if divisor else None


def _boxed(text: str) -> str | None:
    r"""What stands in the last `\boxed{}` or `\fbox{}`, brackets counted."""
    start = max(text.rfind("\\boxed{"), text.rfind("\\fbox{"))
    if start < 0:
        return None
    begin = text.index("{", start) + 1
    depth = 1
    for at in range(begin, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if depth == 0:
            return text[begin:at]
    return None


def _grouped(text: str) -> bool:
    """Whether all commas of the text group digits, as in 1,234,567; a list or tuple has others."""
    return re.fullmatch(r"[^,(\[]*-?\d{1,3}(?:,\d{3})+(?:\.\d+)?[^,)\]]*", text) is not None


def _bracketed(text: str) -> bool:
    return text[:1] in {"(", "["} and text[-1:] in {")", "]"} and len(_split(text)) == 1


def _parts(text: str) -> list[str]:
    if _bracketed(text):
        return _split(text[1:-1])
    inner = re.fullmatch(r"\\\{(.*)\\\}", text)
    return _split(inner[1] if inner else re.sub(r"\\?and|or(?![a-z])", ",", text))


def _split(text: str) -> list[str]:
    """Split at commas outside brackets."""
    parts, depth = [""], 0
    for sign in text:
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(sign, 0)
        if sign in {",", ";"} and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return [part for part in parts if part]
