"""Patterns of users and clients are matched in linear time, or refused with a sentence."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branchwise.models.patterns import linear_pattern
from branchwise.store.errors import BadInput


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"^(a|a)*$", r"(.*)*x", r"^\W*(?:a|b|ab)*c$"])
def test_patterns_that_backtrack_are_linear(pattern: str) -> None:
    compiled, text = linear_pattern(pattern), "a" * 200_000 + "b"
    began = time.process_time()
    assert not compiled.fullmatch(text)
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    "pattern", [r"(?=a)b", r"(a)\1", "(", "a++", "(a{1000}){1000}", "\ud800", "a" * 30_000]
)
def test_what_has_no_linear_matcher_is_refused_with_a_sentence(
    pattern: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(BadInput, match="regular expression"):
        linear_pattern(pattern)
    assert capfd.readouterr() == ("", "")


def test_whole_and_part() -> None:
    number = linear_pattern(r"-?\d{1,3}")
    assert number.fullmatch("-12")
    assert not number.fullmatch("-12 ")
    assert number.search("about 12")


@given(st.text(alphabet=st.characters()))
def test_any_text_can_be_matched(text: str) -> None:
    assert linear_pattern(r"(?s).*").fullmatch(text)
