"""Scores of answers from paragraphs by log-probabilities: the four methods of arXiv 2203.05115, section 3.3."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Final, Literal

Method = Literal["direct", "rag", "noisy_channel", "experts"]
Kind = Literal["a_qp", "q_ap", "a_p", "q_p"]
"""The text that is scored, and what it is given: answer, question, paragraph."""
Logs = Mapping[tuple[Kind, str, int], float]
"""Log-probabilities by kind, answer ("" for `q_p`) and paragraph; one that is missing counts as 0 probability."""
NEEDS: Final[Mapping[Method, tuple[Kind, ...]]] = {
    "direct": ("a_qp",),
    "rag": ("a_qp",),
    "noisy_channel": ("q_ap", "a_p", "q_p"),
    "experts": ("a_qp", "q_ap"),
}
_NEVER = float("-inf")
_GRID = (0.0, 0.5, 1.0, 2.0)


def scored(
    method: Method,
    logs: Logs,
    answers: Sequence[str],
    shares: Sequence[float],
    weights: Sequence[float] = (1, 1, 1),
) -> dict[str, float]:
    """The logarithm of each answer's score: of its best paragraph, for `rag` the sum over all by their shares.

    Args:
        method: The method.
        logs: The log-probabilities that it needs.
        answers: The answers.
        shares: The share of each paragraph in the similarity of all with the question; they sum to 1.
        weights: Of `experts`: p(a|q,p), p(q|a,p) and the share.
    """
    paragraphs = range(len(shares))
    if method == "rag":
        return {
            one: _sum_of(_log(shares[at]) + logs.get(("a_qp", one, at), _NEVER) for at in paragraphs)
            for one in answers
        }

    def score(one: str, at: int) -> float:
        direct, back = logs.get(("a_qp", one, at), _NEVER), logs.get(("q_ap", one, at), _NEVER)
        if method == "direct":
            return direct
        if method == "experts":
            parts = zip(weights, (direct, back, _log(shares[at])), strict=True)
            return sum(weight * part for weight, part in parts if weight)  # 0 * -inf is no number
        return back + logs.get(("a_p", one, at), _NEVER) - logs.get(("q_p", "", at), 0.0)

    return {one: max((score(one, at) for at in paragraphs), default=_NEVER) for one in answers}


def fit_weights(
    questions: Iterable[tuple[Logs, Sequence[str], Sequence[float], frozenset[str]]],
) -> tuple[float, float, float]:
    """The weights of `experts` that are right most often on labelled questions; of equal ones the nearest to 1.

    Args:
        questions: For each its log-probabilities, answers, shares, and the right answers among them.
    """
    known = list(questions)

    def right(weights: tuple[float, ...]) -> tuple[int, float]:
        hits = 0
        for logs, answers, shares, gold in known:
            scores = scored("experts", logs, answers, shares, weights)
            best = max((scores[one] for one in answers if one in gold), default=_NEVER)
            hits += best > max((scores[one] for one in answers if one not in gold), default=_NEVER)
        return hits, -sum(abs(weight - 1) for weight in weights)

    first, second, third = max(product(_GRID, repeat=3), key=right)
    return first, second, third


def _log(share: float) -> float:
    return math.log(share) if share > 0 else _NEVER


def _sum_of(logs: Iterable[float]) -> float:
    """The logarithm of a sum of probabilities given by their logarithms."""
    values = list(logs)
    most = max(values, default=_NEVER)
    return most if most == _NEVER else most + math.log(sum(math.exp(value - most) for value in values))
