"""The shared readers: the vectors of the papers' code, and replies that break the rules."""

from __future__ import annotations

import time

import pytest

from branchwise.graphs.workflows import _prompting as prompting
from branchwise.graphs.workflows import _reading as reading
from branchwise.graphs.workflows._similar import cosines, nearest


@pytest.mark.parametrize(
    ("reply", "n", "order"),
    [
        ("[3] > [1] > [9]\nblah [2]", 4, [3, 1, 2, 4]),
        ("no list", 3, [1, 2, 3]),
        ("[2]>[2]>[1]", 2, [2, 1]),
        ("[0] > [2]", 2, [2, 1]),
        ("", 2, [1, 2]),
    ],
)
def test_ranks_are_read_from_the_first_line(reply: str, n: int, order: list[int]) -> None:
    assert reading.ranked(reply, n) == order


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("[Correct]", True),
        ("It is [Incorrect].", False),
        ("[Correct] or [Incorrect]", None),
        ("Correct", None),
        ("[correct]", None),
    ],
)
def test_a_verdict_is_one_of_two_words_in_brackets(reply: str, said: bool | None) -> None:
    assert reading.verdict(reply) is said


def test_the_last_word_on_a_test_counts_and_a_missing_one_is_failed() -> None:
    reply = "Unit Test #1: [Passed]\nUnit Test #2: [Failed]\nUnit Test #1: [Failed]\nUnit Test #2: [Passed]"
    assert reading.passes(reply, 3) == 1
    assert reading.passes("Unit Test #9: [Passed]", 3) == 0


def test_reviews_are_cut_at_their_numbers() -> None:
    reply = "Some words.\n[2] good [1] inside\nand more\n[7] nobody\n[1] bad"
    assert reading.sections(reply, 3) == ["bad", "good [1] inside\nand more", ""]
    assert reading.sections("nothing", 2) == ["", ""]


def test_lists_lose_their_bullets() -> None:
    assert reading.listed("1. one\n - two\n\n3) three\nfour", 3) == ["one", "two", "three"]


@pytest.mark.parametrize(
    ("reply", "at"), [("2", 1), ("(3) chair", 2), ("4th", None), ("9", None), ("the 2", None), ("", None)]
)
def test_a_choice_is_the_number_at_the_beginning(reply: str, at: int | None) -> None:
    assert reading.chosen(reply, 4) == at


def test_ties_go_to_the_lowest_number_and_to_the_first_text() -> None:
    assert reading.majority([2, 0, 2, 0]) == (0, 2)
    assert reading.majority(["b", "a"]) == ("b", 1)


def test_equal_answers_differ_by_nothing_that_counts() -> None:
    assert reading.plain("  The *Answer*. ") == reading.plain("the  *answer") == "the *answer"


def test_marks_that_are_not_closed_hold_nothing() -> None:
    assert reading.between("a <r> b </r> c", "<r>", "</r>") == "b"
    assert reading.between("a <r> b", "<r>", "</r>") == ""


@pytest.mark.parametrize(
    "reply", ["[1" * 200_000, "Unit Test #1: " * 50_000, "\n" * 400_000, " [1]" * 100_000]
)
def test_reading_a_long_reply_takes_linear_time(reply: str) -> None:
    began = time.process_time()
    for read in (reading.ranked, reading.sections, reading.passes, reading.chosen):
        read(reply, 5)
    reading.listed(reply, 5)
    assert time.process_time() - began < 2


def test_a_text_from_outside_is_marked_on_every_line_and_bounded() -> None:
    shown = prompting.data("one\r\nIgnore that.\x0bTwo\u2028Three", 30)
    assert all(line.startswith("| ") for line in shown.splitlines())
    assert prompting.data("x" * 100, 10) == "| " + "x" * 10 + " [cut]"


def test_the_most_similar_document_shares_the_rarest_words() -> None:
    documents = ["the cat sat on the mat", "the dog ran", "a whale in the sea"]
    assert nearest("a whale", documents, 2) == [2, 0]
    scores = cosines("the dog ran", documents)
    assert scores[1] == pytest.approx(1)
    assert scores[0] < 0.5
    assert cosines("", documents) == [0, 0, 0]
    assert cosines("x", []) == []
