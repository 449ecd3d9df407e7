r"""Normal form of short answers to mathematics questions, and their exact values."""

from __future__ import annotations

import re
from fractions import Fraction

from branchwise.tasks.domains.final_answers import last_number, said_answer, unwrapped
from branchwise.tasks.domains.units import cut_unit

_LONGEST = 2000
_SIGNS = {
    "−": "-",
    "\u00a0": " ",
    "½": "\\frac{1}{2}",
    "¼": "\\frac{1}{4}",
    "¾": "\\frac{3}{4}",
    "²": "^2",
    "³": "^3",
    "∞": "\\infty",
    "≥": "\\ge ",
    "≤": "\\le ",
    "≠": "\\ne ",
    "π": "\\pi ",
    "×": "\\times ",
    "±": "\\pm ",
    "·": "\\cdot ",
    "÷": "/",
    "∪": "\\cup ",
    "∅": "\\emptyset",
    "\\varnothing": "\\emptyset",
    "\\{\\}": "\\emptyset",
    "\\$": "$",
}
_LETTER_UNITS = {"m": "meters", "s": "seconds", "g": "grams", "h": "hours", "L": "liters"}
"""Units of one letter, which would read as a name once they are out of `\\text{}`."""
_JOINED = re.compile(r"(?<!\s)\s*+\\(?:text|mathrm|textrm|mbox)\s*\{\s*(?:and|or)\s*\}\s*")
_POWER = re.compile(
    r"(?P<factor>-?\d{1,30}(?:\.\d{1,30})?)(?:\\times|\\cdot|×|·|\*)10\^\{?(?P<power>-?\d{1,3})\}?|10\^\{?(?P<bare>-?\d{1,3})\}?"
)
_DROPPED = re.compile(
    r"\\left|\\right|\\!|\\;|\\:|\\q?quad|~|\\displaystyle|\\limits|\\[bB]ig{1,2}[lrm]?(?![a-z])"
)
_WORDS = re.compile(r"\\(?:text|mathrm|textbf|mathbf|textrm|textit|mbox|operatorname)\s*\{([^{}]*)\}")


def final_answer(text: str) -> str | None:
    """The final answer of a solution in normal form; None without one."""
    found = said_answer(text)
    return None if found is None else normal_form(_without_noun(found)) or None


def final_number(text: str) -> str | None:
    """The final number of a solution: the answer if it is a number, else the last number."""
    found = said_answer(text)
    if found is None:
        return None
    answer = normal_form(_without_noun(found))
    number = last_number(answer)
    plain = number is not None and value(answer) is None and re.fullmatch(r"[^\\=^]*", answer)
    return normal_form(number) if plain and number else answer or None


def _without_noun(answer: str) -> str:
    """`17 apples` becomes 17; a unit of measure is kept, since it changes the value."""
    number, unit = cut_unit(answer)
    return (
        number if unit is not None and not unit.known and value(normal_form(number)) is not None else answer
    )


def normal_form(answer: str) -> str:
    """Rewrite an answer without layout: spaces, sizes of brackets, kinds of fractions, commas that group digits."""
    text = unwrapped(answer[:_LONGEST])
    for sign, plain in _SIGNS.items():
        text = text.replace(sign, plain)
    text = re.sub(r"(?<!\\)\\ ", " ", text)
    text = re.sub(r"^–(?=\s*[\d.\\])", "-", text)
    text = _DROPPED.sub("", re.sub(r"\\,(?=\s)|(?<=\d)\{,\}(?=\d)|(?<=\d),\\!\s*(?=\d)", ",", text))
    text = re.sub(r"\\[dtc]frac(?![a-z])", r"\\frac", text.replace("\\,", "").replace("\\%", "%"))
    text = re.sub(
        r"\\(?:prime|')", "'", re.sub(r"\^\s*+(?:\{\s*+)?(\\prime(?:\s*\\prime)*)\s*\}?", r"\1", text)
    )
    text = _grouped(text)
    text = re.sub(r"(\\log_\w)\s+(?=\d)", r"\1", _JOINED.sub(", ", text))
    text = re.sub(r"(?<=\d)\s+(?=\d+\s*/\s*\d)", "\\\\mixed", text)
    text = re.sub(r"(?<=\d)\s+(?=\d)", "\\\\gap", text)
    text = re.sub(
        r"(?<=\d),\s+(?=\d{3}(?!\d))", ",\\\\gap", text
    )  # else the list would be read as one number
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r"(?<![A-Za-z]) | (?![A-Za-z])", "", text)
    text = _WORDS.sub(lambda found: _LETTER_UNITS.get(found[1].strip(), found[1].strip()), text)
    text = re.sub(r"\\frac\s*(\d)\s*(\d)", r"\\frac{\1}{\2}", text)
    text = re.sub(r"\\frac\s*(\d)\s*\{", r"\\frac{\1}{", text)
    text = re.sub(r"\\frac\s*(\{[^{}]*\})\s*(\d)", r"\\frac\1{\2}", text)
    text = re.sub(r"\\sqrt\s*(\w)", r"\\sqrt{\1}", text)
    text = re.sub(r"([_^])\{(\w)\}", r"\1\2", text)
    return text.rstrip(".").replace("\\gap", " ").replace("\\mixed", " ").strip()


def _grouped(text: str) -> str:
    """Take out the commas and thin spaces that group the digits of one number; those of a list or tuple are kept."""
    if re.fullmatch(r"[^,(\[\\{]*?(?<![\d.])\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?[^,)\]]*", text):
        return text.replace(",", "")
    if re.search(r",\s", text) and not re.match(r"\s*[(\[]|\s*\\\{", text):
        return re.sub(
            r"(?<![\d.,])(\d{1,3}(?:,\d{3})++)(?![\d,]*\d)(?=,\s|\s|$)", lambda m: m[1].replace(",", ""), text
        )
    return text


def value(text: str) -> Fraction | None:
    r"""The exact value of an integer, decimal, `a/b`, `\frac{a}{b}` or mixed number, or None."""
    text = text.strip()
    compound = mixed(text)
    if compound is not None:
        return compound
    scientific = _POWER.fullmatch(text.replace(" ", ""))
    if scientific is not None:
        power = int(scientific["power"] or scientific["bare"])
        return Fraction(scientific["factor"] or 1) * Fraction(10) ** power
    text = re.sub(
        r"^([-+]?)\\frac\{(-?\d+)\}\{(-?\d+)\}$", r"\1\2/\3", text.replace(" / ", "/")
    ).removeprefix("+")
    if not re.fullmatch(r"-?(?:\d{1,200}(?:\.\d{0,200})?|\.\d{1,200})(?:/-?\d{1,200})?", text):
        return None
    over, _, under = text.partition("/")
    divisor = Fraction(under) if under else Fraction(1)
    return Fraction(over) / divisor if divisor else None


def mixed(text: str) -> Fraction | None:
    r"""The value of a mixed number, `3\frac12` or `3 1/2`, or None: beside a fraction a number is added."""
    found = re.fullmatch(
        r"(-?)(\d{1,9})\s*\\frac\{(\d{1,9})\}\{(\d{1,9})\}|(-?)(\d{1,9}) (\d{1,9})/(\d{1,9})", text
    )
    if found is None:
        return None
    sign, whole, over, under = (found[n] if found[2] else found[n + 4] for n in (1, 2, 3, 4))
    if not int(under):
        return None
    return (int(whole) + Fraction(int(over), int(under))) * (-1 if sign else 1)
