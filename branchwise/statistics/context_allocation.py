"""How to spend a context: accuracy as a function of documents, shots and rounds (arXiv 2410.04343, section 5)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

_EPS: Final = 0.01
"""Added to documents and shots before their logarithm, so that 0 has one."""
DOCUMENTS: Final = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
SHOTS: Final = (0, 1, 2, 4, 8, 16, 32, 64, 128, 256)
ROUNDS: Final = (1, 2, 3, 4, 5)
Setting = tuple[int, int, int]
"""Documents, shots and rounds of a workflow."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasuredSetting:
    """The accuracy of one setting on one task."""

    setting: Setting
    gains: tuple[float, float]
    """How informative the task's context is: accuracy gained by one document and by one shot over none of both."""
    accuracy: float
    questions: int
    """Number of questions that it was measured on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ContextAllocation:
    """The fitted model: logit(accuracy) = c plus the sum of (a + b * gain) * log over documents, shots and rounds."""

    a: tuple[float, float, float]
    b: tuple[float, float]
    """Of documents and shots; rounds have no gain of their own."""
    c: float

    def accuracy(self, setting: Setting, gains: tuple[float, float]) -> float:
        """The predicted accuracy of a setting on a task with these gains."""
        x = sum(
            weight * value
            for weight, value in zip((*self.a, *self.b, self.c), _row(setting, gains), strict=True)
        )
        return 1 / (1 + math.exp(-x)) if x > -700 else 0.0

    def choose(
        self, gains: tuple[float, float], budget: float, cost: Callable[[Setting], float]
    ) -> tuple[Setting, float]:
        """The setting of the grid with the highest predicted accuracy within a budget; of equal ones the cheapest.

        Args:
            gains: Of the task.
            budget: Input tokens of one question, over all its calls.
            cost: The input tokens of a setting.

        Returns:
            The setting and its predicted accuracy.

        Raises:
            ValueError: No setting of the grid is within the budget.
        """
        grid = [(k, m, n) for k in DOCUMENTS for m in SHOTS for n in ROUNDS if cost((k, m, n)) <= budget]
        if not grid:
            raise ValueError(f"No setting costs at most {budget:,.0f} input tokens; the smallest costs more.")
        best = max(grid, key=lambda setting: (self.accuracy(setting, gains), -cost(setting)))
        return best, self.accuracy(best, gains)


def fit(measured: Iterable[MeasuredSetting]) -> ContextAllocation:
    """Fit the model by least squares on the logits.

    Args:
        measured: Settings of at least two tasks with different gains. An accuracy of 0 or 1 counts as half a question
            away from it.

    Raises:
        ValueError: The measurements do not determine the six numbers.
    """
    rows = list(measured)
    left = [_row(one.setting, one.gains) for one in rows]
    right = [_logit(one.accuracy, one.questions) for one in rows]
    size = 6
    normal = [[sum(row[i] * row[j] for row in left) for j in range(size)] for i in range(size)]
    target = [sum(row[i] * value for row, value in zip(left, right, strict=True)) for i in range(size)]
    a1, a2, a3, b1, b2, c = _solved(normal, target)
    return ContextAllocation(a=(a1, a2, a3), b=(b1, b2), c=c)


def _row(setting: Setting, gains: tuple[float, float]) -> tuple[float, ...]:
    documents, shots, rounds = setting
    logs = [math.log(documents + _EPS), math.log(shots + _EPS), math.log(rounds)]
    return (*logs, gains[0] * logs[0], gains[1] * logs[1], 1.0)


def _logit(accuracy: float, questions: int) -> float:
    edge = 0.5 / questions
    clipped = min(max(accuracy, edge), 1 - edge)
    return math.log(clipped / (1 - clipped))


def _solved(matrix: Sequence[Sequence[float]], target: Sequence[float]) -> list[float]:
    """The solution of a small system of equations, by elimination with pivots."""
    rows = [[*row, value] for row, value in zip(matrix, target, strict=True)]
    largest = max((abs(value) for row in matrix for value in row), default=0.0)
    for column in range(len(rows)):
        pivot = max(range(column, len(rows)), key=lambda i: abs(rows[i][column]))
        if abs(rows[pivot][column]) <= 1e-12 * largest:
            raise ValueError(
                "The measurements do not determine the model: vary documents, shots and rounds on two tasks or more."
            )
        rows[column], rows[pivot] = rows[pivot], rows[column]
        for i in range(len(rows)):
            if i != column:
                factor = rows[i][column] / rows[column][column]
                rows[i] = [value - factor * other for value, other in zip(rows[i], rows[column], strict=True)]
    return [row[-1] / row[i] for i, row in enumerate(rows)]
