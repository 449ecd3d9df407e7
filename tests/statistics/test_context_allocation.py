"""The allocation of a context: the vectors of the specification."""

from __future__ import annotations

from itertools import product

import pytest

from branchwise.statistics.context_allocation import ContextAllocation, MeasuredSetting, Setting, fit

TRUE = ContextAllocation(a=(0.12, 0.02, 0.2), b=(0.5, 0.3), c=-1)
TASKS = ((0.10, 0.04), (0.02, 0.08), (0.05, 0.01))
GRID = list(product((0, 1, 5, 20, 100), (0, 1, 4, 16), (1, 3, 5)))


def data(tasks: tuple[tuple[float, float], ...]) -> list[MeasuredSetting]:
    return [
        MeasuredSetting(setting=setting, gains=gains, accuracy=TRUE.accuracy(setting, gains), questions=1000)
        for gains in tasks
        for setting in GRID
    ]


def test_least_squares_recover_all_six_numbers() -> None:
    found = fit(data(TASKS))
    assert found.a == pytest.approx(TRUE.a)
    assert found.b == pytest.approx(TRUE.b)
    assert found.c == pytest.approx(TRUE.c)
    assert found.accuracy((5, 1, 3), (0.10, 0.04)) == pytest.approx(0.3761, abs=5e-5)


def test_the_best_setting_within_a_budget() -> None:
    def cost(setting: Setting) -> float:
        k, m, n = setting
        return n * (1000 * k + 700 * m + 500)

    best, accuracy = TRUE.choose((0.10, 0.04), 32_000, cost)
    assert best == (20, 16, 1)
    assert accuracy == pytest.approx(0.4009, abs=5e-5)
    assert cost(best) == 31_700
    with pytest.raises(ValueError, match="No setting costs at most 100"):
        TRUE.choose((0.1, 0.04), 100, cost)


def test_one_task_alone_does_not_determine_the_model() -> None:
    with pytest.raises(ValueError, match="two tasks or more"):
        fit(data(TASKS[:1]))
    with pytest.raises(ValueError, match="two tasks or more"):
        fit([])


def test_certain_accuracies_are_half_a_question_away_from_certain() -> None:
    sure = [
        MeasuredSetting(setting=one.setting, gains=one.gains, accuracy=1.0, questions=10)
        for one in data(TASKS)
    ]
    found = fit(sure)
    assert found.accuracy((5, 1, 3), TASKS[0]) == pytest.approx(0.95)
