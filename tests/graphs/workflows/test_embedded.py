"""Every workflow of a paper with the embedded model, from Python and from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from branchwise.graphs.runtime.run import run
from branchwise.models.protocol import Model
from tests.cli.typed import good
from tests.graphs.workflows.inputs import INPUTS, needs_optuna
from tests.models.test_embedded import engine

__all__ = ["engine"]
pytestmark = [pytest.mark.embedded, pytest.mark.usefixtures("walled")]
NAMES = [pytest.param(one, marks=[needs_optuna] if one == "archon_search" else []) for one in INPUTS]
GIVES = {"medprompt_examples": "examples", "archon_search": "layers"}
SHORT = 12
"""Tokens of a sample: what the model says is not tested."""


def short(name: str) -> dict[str, Any]:
    """The input of a workflow with samples as short as they may be."""
    given = dict(INPUTS[name])
    if name == "archon":
        layers: list[list[dict[str, Any]]] = [
            [{"type": "generator"}],
            [{"type": "ranker"}],
            [{"type": "verifier", "first_k": 1}],
        ]
        given["layers"] = [[{**part, "max_tokens": SHORT} for part in layer] for layer in layers]
        return given
    if name == "rerank":
        return {**given, "paragraphs": 1, "score": "direct"}
    return {**given, "max_tokens": SHORT}


@pytest.mark.parametrize("name", NAMES)
async def test_it_comes_to_its_end(name: str, engine: Model) -> None:
    ended = await run(name, short(name), model=engine, store="sqlite://", budget=50_000)
    assert GIVES.get(name, "answer") in ended.output
    assert ended.usage.completion_tokens > 0


def test_it_runs_from_the_command_line(tmp_path: Path) -> None:
    given = json.dumps({**short("drag"), "rounds": 1})
    store = f"sqlite:///{tmp_path}/runs.sqlite"
    done = good("run", "drag", "-i", given, "--model", "embedded", "--tokens", "5000", "--store", store)
    assert done["output"]["answer"]
