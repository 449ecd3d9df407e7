"""Whatever a server sends for ever, a whole `branchwise solve` ends in time, with little memory and a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hostile.endless import MODES, SECONDS, Ended, solved

PATIENCE = SECONDS + 30
"""Seconds that the command may take, its start on a loaded machine included."""
MEMORY = 300 * 2**20


def _contained(found: Ended) -> None:
    assert found.code in {1, 2, 3}, found.said
    assert "branchwise: " in found.said or "no answer: " in found.said
    assert "Traceback" not in found.said
    assert "unexpected" not in found.said
    assert len(found.said) < 2000
    assert found.seconds < PATIENCE
    assert found.resident < MEMORY


@pytest.mark.parametrize("mode", MODES)
def test_replies_without_end_end(mode: str, tmp_path: Path) -> None:
    _contained(solved(mode, tmp_path))


def test_a_list_of_models_without_end_ends(tmp_path: Path) -> None:
    _contained(solved("chunks without end", tmp_path, listing=True))
