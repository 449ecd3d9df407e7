"""No pattern of the package takes more than linear time, whatever text it is matched against."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branchwise.tasks.domains import final_answers, mathematics
from branchwise.tasks.requirements import rules
from tests.hostile.patterns import Use, attacks, steep, uses

USES = list(uses())
PARTS = 8


@pytest.mark.parametrize("part", range(PARTS))
def test_patterns_are_linear(part: int) -> None:
    assert not {use.place: found for use in USES[part::PARTS] if (found := steep(use)) is not None}


def test_the_patterns_of_the_package_are_found() -> None:
    assert len(USES) > 200
    assert len({use.place.partition(":")[0] for use in USES}) > 50
    held = {use.place.removeprefix("branchwise.") for use in USES}
    assert held >= {
        "environments.browser.observation:_VOLATILE",
        "tasks.domains.mathematics:_RELATIONS",
        "tasks.domains.procedures:_OPERATIONS",
        "tasks.domains.trips:_EVENTS",
    }


@pytest.mark.parametrize(
    ("pattern", "method"),
    [(r"^\s*x", "finditer"), (r"(a+)b", "search"), (r"x *y* *z", "fullmatch"), (r"\[.*?\]", "finditer")],
)
def test_a_steep_pattern_is_found(pattern: str, method: str) -> None:
    use = Use(place="here", pattern=re.compile(pattern, re.MULTILINE), method=method)
    assert list(attacks(use.pattern))
    assert steep(use) is not None


TEXTS = st.text(alphabet="<>[]*- \n\ra1", max_size=40)


@given(TEXTS)
def test_rules_that_were_made_linear_count_as_the_official_ones(text: str) -> None:
    stars = len(re.findall(r"^\s*\*[^*].*$", text, re.MULTILINE))
    dashes = len(re.findall(r"^\s*-.*$", text, re.MULTILINE))
    assert rules._bullets(text, {"num_bullets": stars + dashes})
    places = len(re.findall(r"\[.*?\]", text))
    assert rules._placeholders(text, {"num_placeholders": places})
    assert not rules._placeholders(text, {"num_placeholders": places + 1})
    titles = re.findall(r"<<[^\n]+>>", text)
    assert rules._titled(text, {}) == any(title.lstrip("<").rstrip(">").strip() for title in titles)


REWRITTEN = {
    r"\b(?:final |correct )?answer(?:s)?\b[ \t]*(?:[*_]{0,3}[ \t]*:|[*_]{0,3}[ \t]+(?:is|are|=)\b[ \t]*:?|[ \t]*=)"
    r"(?P<rest>[^\n]{0,2000})": final_answers._SAID,
    r",?\s+(?:because|since|as|which|where|but|not|so)\b|\s+\([A-Za-z][A-Za-z -]*\)\.?$": final_answers._REASON,
    r"\s*(?:%|per ?cent)$": mathematics._PERCENT,
}
"""Patterns of answers that take quadratic time, and those of the package in their place."""
WORDS = (
    "answer",
    "answers",
    "is",
    "=",
    ":",
    " ",
    "  ",
    "*",
    "_",
    "\t",
    "x",
    ",",
    "because",
    "not",
    "(a b)",
    "(a b).",
    "\n",
    "%",
)


@pytest.mark.parametrize("before", REWRITTEN, ids=range(len(REWRITTEN)))
@given(st.lists(st.sampled_from(WORDS), max_size=9).map("".join))
def test_what_was_rewritten_matches_the_same(before: str, text: str) -> None:
    after = REWRITTEN[before]
    spans = [
        [found.span() for found in one.finditer(text)] for one in (re.compile(before, re.IGNORECASE), after)
    ]
    assert spans[0] == spans[1]
