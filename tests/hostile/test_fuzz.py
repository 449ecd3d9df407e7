"""What reads a stranger's file or row refuses it with a sentence; a short time of each target."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from branchwise import models
from branchwise.agents.prompts import Prompts
from branchwise.store.errors import BadInput
from branchwise.store.export_schema import MODELS
from branchwise.store.rows import Status
from branchwise.store.store import Store
from branchwise.ui.screenshots import screenshot
from tests.hostile.fuzz import Target, fuzzed
from tests.hostile.targets import TARGETS, exported

SECONDS = 2.0


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.__name__)
async def test_nothing_raw_is_raised(target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    await exported(tmp_path)
    found = await fuzzed(target, tmp_path, seconds=SECONDS, tries=2)
    assert found.raw == {}


async def test_an_import_is_never_queued_and_names_no_code(tmp_path: Path) -> None:
    document = json.loads(await exported(tmp_path))
    run = document["runs"][0]
    run.update(status="queued", queue="default", result=None, finished=None, wake=1.0)
    async with Store.opened("sqlite://") as store:
        restored = await store.restore(json.dumps(document))
        assert (restored.status, restored.queue) == (Status.PAUSED, None)
        assert await store.claim_next("default") is None
    run["spec"]["task"] = "os:getcwd"
    async with Store.opened("sqlite://") as store:
        with pytest.raises(BadInput, match="--trust-code"):
            await store.restore(json.dumps(document))
        assert await store.restore(json.dumps(document), trust_code=True)


DEMANDS: tuple[dict[str, object], ...] = (
    {"task": "os:getcwd"},
    {"input": {"problem": "x", "task": "os:getcwd"}},
    {"workflow": "solve", "input": {"problem": "x", "options": {"verifier": "os:getcwd"}}},
    {"workflow": "os:getcwd", "input": {}},
    {"policy": '{"rows": [{"choices": [{"strategy": "os:abort"}]}]}'},
    {"model": "os:abort"},
    {"model": "os.path:join"},
    {"require": [{"call": "os:path.join"}]},
    {"require": [{"python_type": "os:PathLike"}]},
    {"workflow": "web", "input": {"opening": {"name": "mine:site", "options": {}}}},
    {"workflow": "web", "opening": {"name": "browser", "options": {"executable": "/bin/sh"}}},
    {"workflow": "web", "opening": {"name": "browser", "options": {"secrets": {"a": "OPENAI_API_KEY"}}}},
    {"workflow": "web", "opening": {"name": "browser", "options": {"fork": "http://x/fork"}}},
)
"""Requests that would run code, start a program or hand out a variable of the environment."""


@pytest.mark.parametrize("demand", DEMANDS, ids=json.dumps)
async def test_an_import_demands_nothing_without_being_trusted(
    demand: dict[str, object], tmp_path: Path
) -> None:
    document = json.loads(await exported(tmp_path))
    document["runs"][0]["spec"].update(demand)
    async with Store.opened("sqlite://") as store:
        with pytest.raises(BadInput, match="--trust-code"):
            await store.restore(json.dumps(document))


DEEP = "[" * 900 + "]" * 900


@pytest.mark.parametrize(
    "spec", [{"workflow": []}, {"policy": DEEP}, {"policy": "[NaN]"}], ids=["workflow", "deep", "infinite"]
)
async def test_a_request_of_another_shape_is_bad_input(spec: dict[str, object], tmp_path: Path) -> None:
    document = json.loads(await exported(tmp_path))
    document["runs"][0]["spec"].update(spec)
    async with Store.opened("sqlite://") as store:
        with pytest.raises(BadInput):
            await store.restore(json.dumps(document))


@pytest.mark.parametrize(
    "model", ["uniform", "openai-compatible:gpt", "litellm:x", "embedded:a.gguf", "pool:b"]
)
async def test_an_import_with_a_model_of_a_kind_is_taken(model: str, tmp_path: Path) -> None:
    document = json.loads(await exported(tmp_path))
    document["runs"][0]["spec"].update(model=model, problem="code:abort", metadata={"a": "b:c"})
    async with Store.opened("sqlite://") as store:
        assert (await store.restore(json.dumps(document))).id


def test_the_kinds_of_models_are_known() -> None:
    assert models._SCHEMES.keys() <= MODELS


def test_a_link_out_of_a_prompt_folder_is_not_read(tmp_path: Path) -> None:
    secret, folder = tmp_path / "id_rsa", tmp_path / "prompts"
    secret.write_text("MARK")
    folder.mkdir()
    (folder / "constraint.md").symlink_to(secret)
    with pytest.raises(BadInput, match="link"):
        Prompts(folder=folder).load("constraint", "text")


def test_a_page_reads_no_picture_but_the_runs_own(tmp_path: Path) -> None:
    own, foreign = tmp_path / "r1" / "0.0-abcdef12.jpg", tmp_path / "passport.jpg"
    own.parent.mkdir()
    for file in (own, foreign):
        file.write_bytes(b"\xff\xd8\xff" + file.name.encode())
    found = [screenshot(str(file), "r1") for file in (own, foreign)]
    assert found == [(own.read_bytes(), "image/jpeg"), None]
