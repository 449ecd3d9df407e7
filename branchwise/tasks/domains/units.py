"""Units of measure in short answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

_TABLE: Mapping[str, tuple[str, str]] = {
    "length": ("1", "m meter meters metre metres"),
    "length km": ("1000", "km kilometer kilometers kilometre kilometres"),
    "length cm": ("1/100", "cm centimeter centimeters centimetre centimetres"),
    "length mm": ("1/1000", "mm millimeter millimeters millimetre millimetres"),
    "length in": ("254/10000", "in inch inches"),
    "length ft": ("3048/10000", "ft foot feet"),
    "length yd": ("9144/10000", "yd yard yards"),
    "length mi": ("1609344/1000", "mi mile miles"),
    "time": ("1", "s sec second seconds"),
    "time min": ("60", "min minute minutes"),
    "time h": ("3600", "h hr hrs hour hours"),
    "time d": ("86400", "day days"),
    "time w": ("604800", "week weeks"),
    "mass": ("1", "g gram grams"),
    "mass kg": ("1000", "kg kilogram kilograms"),
    "mass lb": ("45359237/100000", "lb lbs pound pounds"),
    "mass oz": ("45359237/1600000", "oz ounce ounces"),
    "volume": ("1", "l liter liters litre litres"),
    "volume ml": ("1/1000", "ml milliliter milliliters millilitre millilitres"),
    "dollars": ("1", "$ usd dollar dollars"),
    "dollars c": ("1/100", "¢ cent cents"),
    "euros": ("1", "€ eur euro euros"),
    "pounds": ("1", "£ gbp"),
    "angle": ("1", "° degree degrees deg"),
    "angle rad": ("0", "rad radian radians"),
    "plain": ("1", "unit units"),
}
_UNITS = {
    word: (kind.partition(" ")[0], Fraction(factor))
    for kind, (factor, words) in _TABLE.items()
    for word in words.split()
}
_WORDS = r"(?P<words>[A-Za-z°¢€£][A-Za-z°¢€£ .'/-]{0,60}?)(?:\^\{?(?P<power>[23])\}?)?"
_TAIL = re.compile(rf"^(?P<number>.*[\d.)}}!])\s*(?:{_WORDS})$", re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit:
    """Unit of a number, or the noun after it."""

    kind: str
    """Its dimension, such as `length`, or the noun that was written."""
    factor: Fraction = Fraction(1)
    """Size in the dimension's base unit; 0 for one that is not converted."""
    power: int = 1
    known: bool = True


def cut_unit(text: str) -> tuple[str, Unit | None]:
    r"""Cut a unit off an answer: `\text{ cm}^2`, `square feet`, `^\circ`, `\$5`, `5 apples`.

    A single letter after a number is a name, as in `5 x`, not a unit.
    """
    text = re.sub(r"\^\s*+(?:\{\s*+)?\\circ\s*\}?|\\degrees?\b", "°", text.strip())
    if re.fullmatch(r"-?[\d.,]{1,40}\s*\\?\$", text):
        text = f"${text.rstrip('$').rstrip(chr(92)).strip()}"
    money = re.match(r"^(-?)\s*(\\?\$|€|£)\s*(?=[\d.])", text)
    if money:
        kind, factor = _UNITS[money[2].lstrip("\\")]
        return money[1] + _without_words(text[money.end() :]), Unit(kind=kind, factor=factor)
    written = bool(re.search(r"\\(?:text|mathrm|mbox|textrm)\b", text))
    plain = re.sub(
        r"\\(?:text|mathrm|mbox|textrm)\s*\{([^{}]*)\}", lambda found: f" {found[1].strip()}", text
    )
    found = _TAIL.match(plain)
    if found is None or (
        len(found["words"].strip(" .")) == 1 and found["words"] not in {"°", "¢", "€", "£"} and not written
    ):
        return text, None
    unit = _unit(found["words"], int(found["power"] or 1))
    return (text, None) if unit is None else (found["number"].strip(), unit)


def letter_unit(text: str, beside: Unit) -> tuple[str, Unit] | None:
    """Cut a unit of one letter off a number, `5 m`, if the answer beside it names another unit of its dimension."""
    found = re.fullmatch(
        r"(?P<number>-?[\d.,/]{0,40}\d)\s*(?P<letter>[msghlL])(?:\^\{?(?P<power>[23])\}?)?", text
    )
    unit = _unit(found["letter"], int(found["power"] or 1)) if found is not None else None
    if found is None or unit is None or not beside.known or unit.kind != beside.kind:
        return None
    return found["number"], unit


def _unit(words: str, power: int) -> Unit | None:
    names = words.lower().replace(".", "").split()
    for word, number in (("square", 2), ("sq", 2), ("cubic", 3)):
        if names[:1] == [word]:
            names, power = names[1:], number
    if len(names) == 1 and names[0] in _UNITS:
        kind, factor = _UNITS[names[0]]
        return Unit(kind=kind, factor=factor, power=power)
    if not names or any(len(name) < 2 for name in names) or names[0] in {"and", "or", "to", "mod"}:
        return None
    return Unit(kind=" ".join(name.removesuffix("s") for name in names), power=power, known=False)


def _without_words(number: str) -> str:
    """A sum of money without the words after it: `5 dollars each`."""
    found = re.match(r"^([\d.,]*\d)\s*(?:[A-Za-z ]{2,40})?$", number)
    return found[1] if found else number


def scale(one: Unit | None, other: Unit | None) -> tuple[Fraction, Fraction] | None:
    """The factors that convert two numbers to one unit; None if their units are incompatible.

    A unit that only one of them names applies to both.
    """
    same = (Fraction(1), Fraction(1))
    if one is None or other is None or "plain" in {one.kind, other.kind}:
        return (
            None
            if one and other and one.power != other.power and {one.kind, other.kind} != {"plain"}
            else same
        )
    if (one.kind, one.power) != (other.kind, other.power):
        return None
    if one.factor == other.factor:
        return same
    return (one.factor**one.power, other.factor**other.power) if one.factor and other.factor else None
