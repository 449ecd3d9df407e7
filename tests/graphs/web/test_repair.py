"""The environment of examples/repair: worktrees, edits and tests, searched like pages."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from branchwise.environments.restore import PathStep, restore_path
from branchwise.environments.sandbox.bubblewrap import walls
from branchwise.environments.sandbox.limits import SandboxError
from branchwise.environments.spec import EnvironmentSpec
from branchwise.graphs.web.request import WebOptions
from branchwise.graphs.web.run import browse
from branchwise.models.scripted import scripted
from branchwise.models.uniform import uniform
from branchwise.store.errors import BadAction, BadInput

FOLDER = Path(__file__).parents[3] / "examples" / "repair"
RIGHT = 'edit line 6 to "    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)"'


@pytest.fixture
def repair(monkeypatch: pytest.MonkeyPatch) -> Any:
    try:
        walls()
    except SandboxError as error:
        if "CI" in __import__("os").environ:
            raise
        pytest.skip(str(error))
    monkeypatch.syspath_prepend(FOLDER)
    yield __import__("repair")
    sys.modules.pop("repair", None)


def project(name: str) -> str:
    return str(FOLDER / "programs" / name)


async def test_equal_programs_are_equal_states_and_a_commit_brings_them_back(repair: Any) -> None:
    environment = repair.repair(project("leap"))
    session = await environment.reset()
    start = await session.observe()
    assert (start.reward, start.ended, start.title) == (0.0, False, "2 of 5 tests pass")
    outcome = await session.act(await session.read(RIGHT))
    kept = await session.snapshot()
    assert (outcome.observation.reward, outcome.observation.ended) == (1.0, True)
    path = [PathStep(action=await session.read(RIGHT), fingerprint=outcome.observation.fingerprint)]
    for snapshot in (kept, None):
        back = await restore_path(environment, start.fingerprint, path, snapshot=snapshot)
        assert back.method == ("snapshot" if snapshot else "replay")
        assert back.session is not None
        undone = 'edit line 6 to "    return year % 4 == 0 or (year % 100 != 0 or year % 400 == 0)"'
        again = await back.session.act(await back.session.read(undone))
        assert again.observation.fingerprint == start.fingerprint
    await environment.aclose()
    assert not environment.folder.exists()


async def test_what_is_no_edit_costs_no_run_of_the_tests(repair: Any) -> None:
    environment = repair.repair(project("leap"))
    session = await environment.reset()
    for line in (
        'edit line 6 to "    return ("',
        'edit line 99 to ""',
        "edit line 6",
        'edit line 6 to "a\\nb"',
    ):
        with pytest.raises(BadAction):
            await session.read(line)
    assert environment.verdicts == {}
    with pytest.raises(BadInput, match="must hold"):
        repair.repair(str(FOLDER))
    await environment.aclose()


async def test_every_program_is_faulty_and_offers_edits_of_suspect_lines_first(repair: Any) -> None:
    for folder in sorted((FOLDER / "programs").iterdir()):
        if not folder.is_dir():
            continue
        environment = repair.repair(str(folder))
        session = await environment.reset()
        seen = await session.observe()
        listed = [int(action.text.split()[2]) for action in await session.actions()]
        suspects = (await environment.verdict(session.text)).suspects
        assert seen.reward == 0.0, folder.name
        assert listed, folder.name
        assert listed[0] in suspects, folder.name
        await environment.aclose()


async def test_a_search_repairs_a_program_and_a_model_may_write_the_edit(repair: Any, tmp_path: Path) -> None:
    spec = EnvironmentSpec(name="repair:repair", options={"project": project("fences")})
    picked = WebOptions(
        depth=1, max_pages=80, samples=60, value_samples=0, pick_actions=True, knobs={"branching": 60}
    )
    store = f"sqlite:///{tmp_path / 'runs.db'}"
    found = await browse("", spec, model=uniform(), options=picked, store=store)
    assert (found.solved, found.verified_by, found.replayed) == (True, "program", 0)
    assert found.actions == ('edit line 8 to "    return length // gap + 1"',)
    spec = EnvironmentSpec(name="repair:repair", options={"project": project("leap")})
    written = WebOptions(depth=1, max_pages=2, samples=1, value_samples=0)
    model = scripted([f"The years of a century are leap years only if all hold.\nAction: {RIGHT}"])
    found = await browse("", spec, model=model, options=written, store=store)
    assert (found.solved, found.actions) == (True, (RIGHT,))
