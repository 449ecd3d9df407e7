"""Every workflow of a paper: short, listed, refused without input, stopped by its budget, and killed at every call."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import branchwise.graphs.workflows
from branchwise.graphs.runtime import registry
from branchwise.graphs.runtime.replay import replay
from branchwise.graphs.runtime.run import resume, run
from branchwise.graphs.runtime.workflow import Workflow
from branchwise.models.protocol import Reply, SampleRequest
from branchwise.models.scripted import scripted
from branchwise.store.errors import BadInput, BudgetSpent, LeaseLost
from branchwise.store.rows import Status
from branchwise.store.store import Store
from tests.graphs.runtime.killing import write
from tests.graphs.workflows.inputs import INPUTS

ROOT = Path(__file__).parents[3]
FILES = sorted(Path(branchwise.graphs.workflows.__file__).parent.glob("[!_]*.py"))
OPTUNA = find_spec("optuna") is not None or bool(os.environ.get("CI"))
NAMES = [path.stem for path in FILES if OPTUNA or path.stem != "archon_search"]
"""Without the one that needs the extra `tuning` where that is not installed, but never in CI."""


def test_there_is_an_input_of_each() -> None:
    assert {path.stem for path in FILES} == set(INPUTS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_workflow_is_a_short_file(path: Path) -> None:
    assert path.read_text(encoding="utf-8").count("\n") < 200


@pytest.mark.parametrize("name", NAMES)
def test_it_is_listed_with_its_paper_and_its_input(name: str) -> None:
    found = dict(registry.catalogue())[name]
    assert isinstance(found, Workflow)
    assert "arXiv" in found.info.paper
    assert found.about
    assert found.records
    assert found.schema is not None
    assert set(INPUTS[name]) <= set(found.schema["properties"])


@pytest.mark.parametrize("name", NAMES)
async def test_it_is_refused_without_its_input_and_nothing_is_stored(name: str, tmp_path: Path) -> None:
    model = scripted(write)
    async with Store.opened(f"sqlite:///{tmp_path}/runs.sqlite") as store:
        with pytest.raises(BadInput, match="needs `"):
            await run(name, {}, model=model, store=store)
        assert not await store.runs()
    assert not model.calls


@pytest.mark.parametrize("name", NAMES)
async def test_it_stops_at_its_budget_and_continues_with_more(name: str, tmp_path: Path) -> None:
    calm, stopped = scripted(write), scripted(write)
    async with Store.opened(f"sqlite:///{tmp_path}/runs.sqlite") as store:
        whole = await run(name, INPUTS[name], model=calm, store=store)
        with pytest.raises(BudgetSpent):
            await run(name, INPUTS[name], model=stopped, store=store, run_id="short", budget={"calls": 1})
        assert stopped.calls == 1
        ended = await resume("short", store=store, model=stopped, budget={"calls": 1_000})
        assert ended.output == whole.output
        assert stopped.calls == calm.calls
        assert (await replay("short", store=store)).exact


@pytest.mark.parametrize("name", NAMES)
async def test_cancelled_in_its_first_call_it_makes_no_later_one(name: str, tmp_path: Path) -> None:
    class Cancelling:
        """The scripted model, of whose first call the run is cancelled."""

        def __init__(self, store: Store) -> None:
            self._store, self._model = store, scripted(write)
            self.name, self.capabilities = self._model.name, self._model.capabilities
            self.calls = 0

        async def sample(self, request: SampleRequest) -> Reply:
            self.calls += 1
            await self._store.cancel("gone")
            return await self._model.sample(request)

        async def aclose(self) -> None:
            """Nothing to let go."""

    calm = scripted(write)
    async with Store.opened(f"sqlite:///{tmp_path}/runs.sqlite") as store:
        await run(name, INPUTS[name], model=calm, store=store)
        model = Cancelling(store)
        with pytest.raises(LeaseLost):
            await run(name, INPUTS[name], model=model, store=store, run_id="gone")
        assert (await store.run("gone")).status is Status.CANCELLED
        # Calls that begin together with the first one are under way when it is cancelled.
        assert model.calls < calm.calls


@pytest.mark.crash
def test_killed_at_every_call_it_repeats_no_committed_call(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/runs.sqlite"
    command = [sys.executable, "-W", "ignore", "-m", "tests.graphs.runtime.killing", url, *NAMES]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=230, check=False)
    reports = [json.loads(line) for line in done.stdout.splitlines()]
    assert [report["flow"] for report in reports] == NAMES, done.stderr
    assert not [report for report in reports if report["wrong"]]
    assert all(report["kills"] >= 2 for report in reports)
