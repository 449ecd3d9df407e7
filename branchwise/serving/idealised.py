"""Idealised seconds: the time that calls would take alone on one engine, from their token counts.

2305.02440 (Cheaply evaluating inference efficiency metrics) fits `T = F(prompt) + g * output` per model on dedicated
hardware, so that methods are compared by work and not by what else ran. Here the same for n samples in one call, in
the form that the roofline suggests: a call costs a constant, so much for a prompt token that was not cached, so much
for each step of decoding, whatever the batch, and so much for each token written in a step.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from branchwise.store.errors import BadInput
from branchwise.store.records import Usage

_FEATURES = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Timed:
    """One call that was measured."""

    prompt: int
    """Prompt tokens evaluated anew."""
    completion: int
    """Tokens written, over all samples."""
    samples: int
    seconds: float

    @property
    def row(self) -> tuple[float, ...]:
        """The features of the linear model of seconds."""
        return (1.0, float(self.prompt), self.completion / self.samples, float(self.completion))


@dataclass(frozen=True, kw_only=True, slots=True)
class Idealised:
    """The seconds of a call on one engine, linear in its tokens. No coefficient is negative."""

    call: float = 0.0
    """Seconds of any call."""
    prompt: float = 0.0
    """Seconds a prompt token evaluated anew."""
    step: float = 0.0
    """Seconds a step of decoding: one token for every sample of the call."""
    token: float = 0.0
    """Seconds a token written."""
    calls: int = 0
    """Calls that it was fitted on."""
    error: float = 0.0
    """Median relative error on them."""

    def __call__(self, *, prompt: int, completion: int, samples: int = 1) -> float:
        """Seconds that a call would take.

        Args:
            prompt: Prompt tokens evaluated anew.
            completion: Tokens written, over all samples.
            samples: Samples of the call.
        """
        steps = completion / max(1, samples)
        return self.call + self.prompt * prompt + self.step * steps + self.token * completion

    def of(self, usage: Usage) -> float:
        """Seconds that the calls in `usage` would take one after another, each with as many samples as the mean."""
        each = usage.samples / usage.calls if usage.calls else 1.0
        return (
            self.call * usage.calls
            + self.prompt * (usage.prompt_tokens - usage.cached_tokens)
            + self.step * usage.completion_tokens / max(1.0, each)
            + self.token * usage.completion_tokens
        )


def fit_idealised(timed: Iterable[Timed]) -> Idealised:
    """Fit the seconds of calls by least relative squares, with no negative coefficient.

    Fit on calls that were alone on their engine, or say that they were not: seconds of calls that shared it are
    longer by what the others took.

    Raises:
        BadInput: There are fewer than five calls, which is one more than there are coefficients.
    """
    calls = [call for call in timed if call.seconds > 0 and call.samples > 0]
    if len(calls) <= _FEATURES:
        raise BadInput(f"Five calls with their seconds are needed to fit an engine; there are {len(calls)}.")
    # Relative errors: a short call counts as much as a long one.
    rows = [tuple(value / call.seconds for value in call.row) for call in calls]
    found = min(_candidates(rows), key=lambda one: _loss(rows, one))
    errors = sorted(abs(_dot(row, found) - 1) for row in rows)
    call, prompt, step, token = found
    return Idealised(
        call=call, prompt=prompt, step=step, token=token, calls=len(calls), error=errors[len(errors) // 2]
    )


def _candidates(rows: Sequence[Sequence[float]]) -> Iterable[tuple[float, ...]]:
    """Every least-squares solution on a subset of the coefficients that has none below zero.

    The best non-negative solution is the free solution on the coefficients that it does not hold at zero, so with
    four of them trying all subsets is exact.
    """
    yield (0.0,) * _FEATURES
    for size in range(1, _FEATURES + 1):
        for chosen in combinations(range(_FEATURES), size):
            solved = _solve(rows, chosen)
            if solved is not None and min(solved) >= 0:
                values = dict(zip(chosen, solved, strict=True))
                yield tuple(values.get(index, 0.0) for index in range(_FEATURES))


def _solve(rows: Sequence[Sequence[float]], chosen: Sequence[int]) -> list[float] | None:
    """Least squares of `rows[chosen] @ x = 1` by the normal equations, scaled; None where they are singular."""
    scale = [max(abs(row[i]) for row in rows) or 1.0 for i in chosen]
    part = [[row[i] / s for i, s in zip(chosen, scale, strict=True)] for row in rows]
    size = len(chosen)
    table = [
        [sum(row[i] * row[j] for row in part) for j in range(size)] + [sum(row[i] for row in part)]
        for i in range(size)
    ]
    for pivot in range(size):
        best = max(range(pivot, size), key=lambda i: abs(table[i][pivot]))
        if abs(table[best][pivot]) < 1e-12 * len(rows):
            return None
        table[pivot], table[best] = table[best], table[pivot]
        for other in range(size):
            if other != pivot:
                factor = table[other][pivot] / table[pivot][pivot]
                table[other] = [a - factor * b for a, b in zip(table[other], table[pivot], strict=True)]
    return [table[i][size] / table[i][i] / scale[i] for i in range(size)]


def _loss(rows: Sequence[Sequence[float]], values: Sequence[float]) -> float:
    return sum((_dot(row, values) - 1) ** 2 for row in rows)


def _dot(row: Sequence[float], values: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(row, values, strict=True))
