"""Holm's correction and the one-sided test that it is used with."""

from __future__ import annotations

import pytest

from branchwise.statistics.holm import holm, p_worse


def test_the_smallest_p_value_is_multiplied_by_the_number_of_hypotheses() -> None:
    """The values of R's p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_a_clear_loss_has_a_small_p_value_and_a_gain_a_large_one() -> None:
    assert p_worse([-0.2, -0.1, -0.3, -0.2]) < 0.001
    assert p_worse([0.2, 0.1, 0.3, 0.2]) > 0.999
    assert p_worse([0.0, 0.0]) == 1.0
    assert p_worse([-0.5]) == 0.0
