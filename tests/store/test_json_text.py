from __future__ import annotations

import json
import math
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branchwise.store.json_text import slowly, to_json
from branchwise.store.records import Json


def _json(numbers: st.SearchStrategy[float]) -> st.SearchStrategy[Json]:
    return st.recursive(
        st.none() | st.booleans() | st.integers() | numbers | st.text(st.characters(exclude_categories=())),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.text(st.characters(exclude_categories=()), max_size=5), inner, max_size=4)
        ),
        max_leaves=10,
    )


@given(_json(st.floats(allow_nan=False, allow_infinity=False)))
def test_what_is_written_reads_as_it_was(value: Json) -> None:
    assert json.loads(to_json(value)) == value
    assert json.loads(to_json(value, sort=False)) == value
    to_json(value).encode()


@given(_json(st.floats(1e-3, 1e15) | st.integers(-(2**60), 2**60).map(float)))
def test_both_writers_write_the_same(value: Json) -> None:
    """So that a request is known again that another version has recorded."""
    assert to_json(value) == slowly(value)


class _Word(StrEnum):
    ONE = "one"


def test_the_order_of_keys_and_the_kind_of_sequence_do_not_matter() -> None:
    assert to_json({"é": 1, "a": (1, 2), "B": _Word.ONE}) == '{"B":"one","a":[1,2],"é":1}'
    assert to_json({"b": 1, "a": 2}, sort=False) == '{"b":1,"a":2}'


def test_what_is_no_number_is_null() -> None:
    assert to_json([math.nan, math.inf, -math.inf]) == "[null,null,null]"


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError):
        to_json({"object": object()})
