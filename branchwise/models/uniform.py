"""Random baseline: sample uniformly from the allowed outputs, to measure how much constraints alone explain."""

from __future__ import annotations

import re
from random import Random
from re import _constants as kind  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from branchwise.models.prices import FREE
from branchwise.models.protocol import Capabilities, Model, OutputFormat, Reply, Sample, SampleRequest
from branchwise.store.errors import Unsupported
from branchwise.store.records import Usage

_TOKEN = re.compile(r"[^\W\d_]+|\d|[^\w\s]|_")
_MANY = 4
"""Maximum repetitions above the minimum, if a pattern sets no limit."""
_TRIES = 1000
"""Number of draws to find one that is not excluded."""
_PRINTABLE = set(range(32, 127))
_DIGITS = {code for code in _PRINTABLE if chr(code).isdigit()}
_WORDS = {code for code in _PRINTABLE if chr(code).isalnum() or chr(code) == "_"}
_CATEGORIES = {
    kind.CATEGORY_DIGIT: _DIGITS,
    kind.CATEGORY_NOT_DIGIT: _PRINTABLE - _DIGITS,
    kind.CATEGORY_WORD: _WORDS,
    kind.CATEGORY_NOT_WORD: _PRINTABLE - _WORDS,
    kind.CATEGORY_SPACE: {32},
    kind.CATEGORY_NOT_SPACE: _PRINTABLE - {32},
}


def uniform() -> Model:
    """Make the random baseline model, for results that constrained decoding alone may explain.

    Choices are equally likely; in a regular expression so are the branches and the members of a class,
    at each position. Words, digits and signs count one token each and the end counts one, which is how small models
    tokenise such texts. It cannot write free text.
    """
    return _Uniform()


class _Uniform:
    name = "uniform"
    price = FREE
    capabilities = Capabilities(prefix=True, choices=True, regex=True, seed=True, excludes=True, many=True)

    async def sample(self, request: SampleRequest) -> Reply:
        texts = [_draw(request.output_format, Random(f"{request.seed}/{i}")) for i in range(request.n)]  # noqa: S311
        samples = tuple(_sample(text, request.output_format.max_tokens) for text in texts)
        written = sum(sample.tokens for sample in samples)
        return Reply(samples=samples, usage=Usage(calls=1, completion_tokens=written))

    async def aclose(self) -> None:
        pass


def _sample(text: str, most: int) -> Sample:
    ends = [token.end() for token in _TOKEN.finditer(text)]
    if len(ends) < most:
        return Sample(text=text, tokens=len(ends) + 1)
    return Sample(text=text[: ends[most - 1]], tokens=most, finish="length")


def _draw(output_format: OutputFormat, rng: Random) -> str:
    if output_format.choices:
        return rng.choice(output_format.choices)
    if output_format.regex is None:
        raise Unsupported(
            "The model `uniform` draws among choices or by a regular expression; it writes no free text. Use a task "
            "that constrains decoding, or another model."
        )
    pattern, excluded = parser.parse(output_format.regex), frozenset(output_format.excluded)
    # Rejection sampling, equivalent to decoding constrained to the remaining texts.
    drawn = (_sequence(pattern, rng) for _ in range(_TRIES))
    return next((text for text in drawn if text not in excluded), "")


def _sequence(items: Any, rng: Random) -> str:
    return "".join(_item(name, value, rng) for name, value in items)


def _item(name: Any, value: Any, rng: Random) -> str:
    if name is kind.SUBPATTERN:
        return _sequence(value[3], rng)
    if name is kind.BRANCH:
        return _sequence(rng.choice(value[1]), rng)
    if name in {kind.MAX_REPEAT, kind.MIN_REPEAT}:
        low, high, inner = value
        most = low + _MANY if high is kind.MAXREPEAT else int(high)
        return "".join(_sequence(inner, rng) for _ in range(rng.randint(low, most)))
    return chr(rng.choice(sorted(_characters(name, value))))


def _characters(name: Any, value: Any) -> set[int]:
    """The characters that a one-character item admits; for classes and negations the printable ASCII ones."""
    if name is kind.LITERAL:
        return {value}
    if name is kind.RANGE:
        return set(range(value[0], value[1] + 1))
    if name is kind.ANY:
        return _PRINTABLE
    if name is kind.NOT_LITERAL:
        return _PRINTABLE - {value}
    if name is kind.CATEGORY:
        return _CATEGORIES[value]
    if name is not kind.IN:
        raise Unsupported(f"The model `uniform` cannot draw by a regular expression with `{name}`.")
    negated = value[0][0] is kind.NEGATE
    members = set().union(*(_characters(*member) for member in value[negated:]))
    return _PRINTABLE - members if negated else members
