"""What reads a stranger's file or row refuses it with a sentence; a short time of each target."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from branchwise.agents.prompts import Prompts
from branchwise.cli.viewer.page import render
from branchwise.store.errors import BadInput
from branchwise.store.records import Node
from branchwise.store.rows import Status
from branchwise.store.store import Store
from tests.hostile.fuzz import TARGETS, Target, exported, fuzzed

SECONDS = 2.0


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.__name__)
async def test_nothing_raw_is_raised(target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    await exported(tmp_path)
    found = await fuzzed(target, tmp_path, seconds=SECONDS)
    assert found.raw == {}
    assert found.tries >= 2


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
    nodes = [Node(id="0.0", parent="0", text="x")]
    pages = [render({"id": "r1"}, nodes, {"0.0": {"screenshot": str(file)}}) for file in (own, foreign)]
    assert ["data:image/jpeg;base64," in page for page in pages] == [True, False]
