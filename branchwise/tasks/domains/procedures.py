"""Procedures on a short text, and the four measures of ProcBench (Fujisawa et al. 2024, arXiv 2410.03117)."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_OPERATIONS: tuple[tuple[re.Pattern[str], Callable[[str, re.Match[str]], str | None]], ...] = (
    (re.compile(r"Reverse the text\."), lambda text, m: text[::-1]),
    (re.compile(r"Move the first letter to the end\."), lambda text, m: text[1:] + text[:1]),
    (re.compile(r"Move the last letter to the front\."), lambda text, m: text[-1:] + text[:-1]),
    (re.compile(r"Swap letters (\d+) and (\d+)\."), lambda text, m: _swap(text, int(m[1]), int(m[2]))),
    (re.compile(r"Delete letter (\d+)\."), lambda text, m: _replace(text, int(m[1]), "")),
    (re.compile(r"Write letter (\d+) twice\."), lambda text, m: _replace(text, int(m[1]), None)),
    (re.compile(r"Change letter (\d+) to ([a-z])\."), lambda text, m: _replace(text, int(m[1]), m[2])),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Measures:
    """ProcBench's measures of a sequence of states against the right one."""

    prefix_match_length: int
    """Number of states that are right before the first wrong one (PML)."""
    prefix_accuracy: float
    """That number over the longer of both lengths, in [0, 1] (PA)."""
    sequential_match: bool
    """Whether all states are right (SM)."""
    final_match: bool
    """Whether the last state is right (FM)."""


def measures(states: Sequence[str], right: Sequence[str]) -> Measures:
    """Compare predicted states with the right ones."""
    matched = 0
    for state, wanted in zip(states, right, strict=False):
        if state != wanted:
            break
        matched += 1
    longer = max(len(states), len(right))
    return Measures(
        prefix_match_length=matched,
        prefix_accuracy=matched / longer if longer else 1.0,
        sequential_match=matched == longer,
        final_match=bool(states) and bool(right) and states[-1] == right[-1],
    )


def run_procedure(text: str, steps: Sequence[str]) -> list[str] | None:
    """The state after each step, or None when a step is unknown or impossible."""
    states: list[str] = []
    for step in steps:
        done = None
        for pattern, operation in _OPERATIONS:
            if found := pattern.fullmatch(step):
                done = operation(text, found)
        if done is None or len(done) > 10_000:
            return None
        text = done
        states.append(text)
    return states


def draw_procedure(length: int, seed: int) -> tuple[str, list[str]]:
    """Draw a text of six letters and `length` possible steps; the same arguments give the same procedure."""
    draw = random.Random(f"{length}/{seed}")  # noqa: S311
    text = start = "".join(draw.sample("abcdefghijklmnopqrstuvwxyz", 6))
    steps: list[str] = []
    for _ in range(length):
        first, second = draw.sample(range(1, len(text) + 1), 2)
        options = [
            "Reverse the text.",
            "Move the first letter to the end.",
            "Move the last letter to the front.",
            f"Swap letters {first} and {second}.",
            f"Write letter {first} twice.",
            f"Change letter {first} to {draw.choice('abcdefghijklmnopqrstuvwxyz')}.",
        ]
        steps.append(draw.choice([*options, f"Delete letter {first}."] if len(text) > 3 else options))
        text = (run_procedure(text, steps[-1:]) or [text])[-1]
    return start, steps


def _swap(text: str, first: int, second: int) -> str | None:
    if not 1 <= first <= len(text) or not 1 <= second <= len(text):
        return None
    letters = list(text)
    letters[first - 1], letters[second - 1] = letters[second - 1], letters[first - 1]
    return "".join(letters)


def _replace(text: str, place: int, letter: str | None) -> str | None:
    """Put `letter` at a place counted from 1; None writes the letter there twice."""
    if not 1 <= place <= len(text):
        return None
    new = text[place - 1] * 2 if letter is None else letter
    return text[: place - 1] + new + text[place:]
