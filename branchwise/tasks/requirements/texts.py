"""Requirements on what a text contains, begins and ends with, its case, its language and its sections."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial

from branchwise.store.errors import BadInput
from branchwise.store.records import Json
from branchwise.tasks.domains.languages import CODES, written_in
from branchwise.tasks.requirements.protocol import Finding, Requirement, finding
from branchwise.tasks.requirements.rules import follows

_CASES: Mapping[str, Callable[[str], bool]] = {"lower": str.islower, "upper": str.isupper}


def contains(value: Json) -> Requirement:
    """Require one text, or each of a list, to occur, in any case."""
    texts = _texts("contains", value)

    def check(text: str) -> Finding:
        folded = text.casefold()
        missing = [one for one in texts if one.casefold() not in folded]
        return finding(not missing, f"it lacks {_quoted(missing)}", 1 - len(missing) / len(texts))

    return Requirement(stored={"contains": list(texts)}, words=f"contains {_quoted(texts)}", check=check)


def forbids(value: Json) -> Requirement:
    """Require that words or phrases do not occur, in any case; a word inside a longer word does not count."""
    texts = _texts("forbids", value)
    patterns = {one: re.compile(rf"(?<!\w){re.escape(one)}(?!\w)", re.IGNORECASE) for one in texts}
    inside = {one: re.compile(rf"(?<!\w){re.escape(one)}(?=\W)", re.IGNORECASE) for one in texts}

    def check(text: str) -> Finding:
        there = [one for one, pattern in patterns.items() if pattern.search(text)]
        return finding(not there, f"it has {_quoted(there)}", 1 - len(there) / len(texts))

    def refutes(text: str) -> bool:
        return any(pattern.search(text) for pattern in inside.values())

    return Requirement(
        stored={"forbids": list(texts)},
        words=f"does not contain {_quoted(texts)}",
        check=check,
        refutes=refutes,
    )


def starts(value: Json) -> Requirement:
    """Require how a text begins, in any case, white space aside."""
    (begin,) = _texts("starts", value, most=1)
    folded = begin.strip().casefold()

    def refutes(text: str) -> bool:
        shown = text.strip().casefold()
        return not folded.startswith(shown) and not shown.startswith(folded)

    return Requirement(
        stored={"starts": begin},
        words=f"begins with {_quoted([begin])}",
        check=lambda text: finding(text.strip().casefold().startswith(folded), "it begins otherwise"),
        refutes=refutes,
    )


def ends(value: Json) -> Requirement:
    """Require how a text ends, in any case, white space and quotation marks aside."""
    (end,) = _texts("ends", value, most=1)
    rule = partial(follows, "startend:end_checker", facts={"end_phrase": end})
    return Requirement(
        stored={"ends": end},
        words=f"ends with {_quoted([end])}",
        check=lambda text: finding(rule(text), "it ends otherwise"),
    )


def case(value: Json) -> Requirement:
    """Require letters of one case: "lower" or "upper"."""
    if value not in _CASES:
        raise BadInput(f"The requirement `case` takes lower or upper, not `{value}`.")
    holds, other = _CASES[str(value)], "upper" if value == "lower" else "lower"

    def wrong(text: str) -> bool:
        return any(getattr(letter, f"is{other}")() for letter in text)

    return Requirement(
        stored={"case": value},
        words=f"is written in {value} case only",
        check=lambda text: finding(holds(text), f"it has letters in {other} case or none at all"),
        refutes=wrong,
    )


def language(value: Json) -> Requirement:
    """Require a language by its code (ISO 639-1); needs the library of the extra `grading`."""
    if value not in CODES:
        raise BadInput(f"The requirement `language` takes one of {', '.join(sorted(CODES))}, not `{value}`.")
    return Requirement(
        stored={"language": value},
        words=f"is written in the language `{value}`",
        check=lambda text: finding(
            written_in(text, str(value)) if text.strip() else False,
            "it seems to be written in another language",
        ),
        blocking=True,
    )


def sections(value: Json) -> Requirement:
    """Require Markdown headings of these names, in this order and in any case."""
    names = _texts("sections", value)

    def check(text: str) -> Finding:
        lines = [
            line.strip().strip("#*: ").casefold()
            for line in text.splitlines()
            if line.lstrip().startswith("#")
        ]
        found = 0
        for line in lines:
            found += found < len(names) and line == names[found].strip().casefold()
        return finding(
            found == len(names),
            f"after {found} sections it lacks {_quoted(names[found : found + 1])}",
            found / len(names),
        )

    return Requirement(
        stored={"sections": list(names)},
        words=f"has the sections {_quoted(names)} in this order, each under a Markdown heading",
        check=check,
    )


def one_of(value: Json) -> Requirement:
    """Require one of several texts as the whole text."""
    texts = _texts("one_of", value)
    return Requirement(
        stored={"one_of": list(texts)},
        words=f"is exactly one of {_quoted(texts)}, and nothing else",
        check=lambda text: finding(text.strip() in texts, "it is none of them"),
        refutes=lambda text: not any(one.startswith(text.strip()) for one in texts),
        regex="|".join(re.escape(one) for one in texts),
    )


def _texts(name: str, value: Json, *, most: int = 1_000) -> tuple[str, ...]:
    given = value if isinstance(value, list) else [value]
    if not 1 <= len(given) <= most or not all(isinstance(one, str) and one.strip() for one in given):
        raise BadInput(
            f"The requirement `{name}` takes a text{' or a list of texts' if most > 1 else ''}, not `{value!r:.200}`."
        )
    return tuple(str(one) for one in given)


def _quoted(texts: tuple[str, ...] | list[str]) -> str:
    return ", ".join(f'"{one}"' for one in texts)
