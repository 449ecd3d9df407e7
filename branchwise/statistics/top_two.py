"""Votes of workers who confuse an answer with one other: the two likeliest choices of each task, and how hard it is.

Source: the top-two model of crowdsourcing (run_TopTwo1.m, run_TopTwo2.m of its authors). A worker i answers among
the two likeliest choices of a task with probability p_i, the first of them with q_j, and else any choice alike. The
released code takes the true first choice for q; here it is the estimated one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_ROUNDS = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class TopTwo:
    """The estimate for each task."""

    first: tuple[int, ...]
    """The likeliest choice of each task, from 1."""
    second: tuple[int, ...]
    reliability: tuple[float, ...]
    """p of each worker."""
    share: tuple[float, ...]
    """q of each task: the first choice's probability between the two; 1 - q is the difficulty."""


def top_two(votes: Sequence[Sequence[int]], choices: int) -> TopTwo:
    """Estimate the two likeliest choices of each task by the two stages of the paper.

    Args:
        votes: One row a worker, one column a task: a choice from 1 to `choices`, or 0 for none.
        choices: Choices of a task, at least 3; with two there is nothing to confuse.

    Raises:
        ValueError: There are no votes, rows differ in length, or there are fewer than three choices.
    """
    if choices < 3 or not votes or not votes[0] or len({len(row) for row in votes}) > 1:
        raise ValueError("Top-two votes need three choices or more, and rows of equal length.")
    given = sum(vote > 0 for row in votes for vote in row) / (len(votes) * len(votes[0]))
    if not given:
        raise ValueError("Top-two votes need at least one vote.")
    signs = [_signs(votes, k, choices, given) for k in range(1, choices)]
    u = [min(1.0, max(0.0, sum(each) / len(signs))) for each in zip(*map(_singular, signs), strict=True)]
    w = [
        [sum(x * a for x, a in zip(col, u, strict=True)) / (2 * given) for col in zip(*X, strict=True)]
        for X in signs
    ]
    nothing = [0.0] * len(votes[0])
    d = [
        [a - b for a, b in zip(low, high, strict=True)]
        for low, high in zip([nothing, *w], [*w, nothing], strict=True)
    ]
    columns = list(zip(*d, strict=True))
    pairs = [sorted(range(choices), key=lambda c: -col[c])[:2] for col in columns]
    p = [_worker(row, pairs, choices) for row in votes]
    norm = math.sqrt(sum(a * a for a in p)) or 1.0
    q = [
        min(0.999, max(0.501, 1 / choices + col[pair[0]] / norm))
        for col, pair in zip(columns, pairs, strict=True)
    ]
    best = [_refined(col, p, share, choices) for col, share in zip(zip(*votes, strict=True), q, strict=True)]
    return TopTwo(
        first=tuple(a for a, _ in best),
        second=tuple(b for _, b in best),
        reliability=tuple(p),
        share=tuple(q),
    )


def _signs(votes: Sequence[Sequence[int]], k: int, choices: int, given: float) -> list[list[float]]:
    middle = given * (choices - 2 * k) / choices
    return [[(vote > k) - (1 <= vote <= k) - middle for vote in row] for row in votes]


def _singular(matrix: Sequence[Sequence[float]]) -> list[float]:
    """The leading left singular vector, with a sum that is not negative, by power iteration."""
    gram = [[sum(a * b for a, b in zip(x, y, strict=True)) for y in matrix] for x in matrix]
    u = [1.0 + i / 1000 for i in range(len(matrix))]
    for _ in range(_ROUNDS):
        u = [sum(a * b for a, b in zip(row, u, strict=True)) for row in gram]
        length = math.sqrt(sum(a * a for a in u))
        if not length:
            return [0.0] * len(matrix)
        u = [a / length for a in u]
    return u if sum(u) >= 0 else [-a for a in u]


def _worker(row: Sequence[int], pairs: Sequence[Sequence[int]], choices: int) -> float:
    answered = [vote - 1 in pair for vote, pair in zip(row, pairs, strict=True) if vote > 0]
    share = sum(answered) / len(answered) if answered else 0.0
    return min(0.999, max(0.001, (share - 2 / choices) / (1 - 2 / choices)))


def _refined(column: Sequence[int], p: Sequence[float], q: float, choices: int) -> tuple[int, int]:
    """The pair of choices under which the votes on a task are likeliest."""

    def likely(a: int, b: int) -> float:
        gains = ((choices * q, a), (choices * (1 - q), b))
        return sum(
            math.log(weight * each / (1 - each) + 1)
            for weight, choice in gains
            for vote, each in zip(column, p, strict=True)
            if vote == choice
        )

    every = [(a, b) for a in range(1, choices + 1) for b in range(1, choices + 1) if a != b]
    return max(every, key=lambda pair: likely(*pair))
