"""`branchwise workflows`: what is installed, with the schema of each input."""

from __future__ import annotations

import json
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from branchwise.graphs.runtime import registry
from tests.cli.typed import FLOWS, branchwise, good


def test_installed_workflows_are_listed_with_their_inputs(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = [
        EntryPoint(name="tea", value=f"{FLOWS}:chain", group=registry.GROUP),
        EntryPoint(name="gone", value="nowhere:graph", group=registry.GROUP),
    ]

    def offered(*, group: str, name: str | None = None) -> list[EntryPoint]:
        mine = [point for point in points if point.group == group]
        return [point for point in mine if name in {None, point.name}]

    monkeypatch.setattr("branchwise.store.parts.entry_points", offered)
    registry.forget()
    found: dict[str, dict[str, Any]] = {one["name"]: one for one in good("workflows")}
    assert {"gone", "solve", "tea", "web", "archon"} <= set(found)
    assert found["archon"]["paper"].startswith("Archon, arXiv 2409.15254")
    assert found["archon"]["needs"] == []
    assert "layers" in found["archon"]["input"]["properties"]
    assert "cannot be imported" in found["gone"]["error"]
    assert found["tea"]["input"]["properties"]["topic"] == {"type": "string"}
    assert "problem" in found["solve"]["input"]["properties"]
    assert "goal" in found["web"]["input"]["properties"]
    text = branchwise("workflows").stdout
    assert f"input: {json.dumps(found['tea']['input'])}" in text.replace("\n", "")
    done = branchwise("run", "tea", "-i", '{"topic": "tea"}', "--model", f"{FLOWS}:echo", "--json")
    assert json.loads(done.stdout)["output"]["topic"] == "tea"
    registry.forget()


def test_an_input_may_be_a_file_of_toml(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "three.toml"
    file.write_text('problem = "tea?"\nlayers = [[{type = "generator", samples = 3}], [{type = "fuser"}]]')
    done = branchwise("run", "archon", "-i", f"@{file}", "--model", f"{FLOWS}:echo", "--json")
    assert json.loads(done.stdout)["output"]["at"] == 2
    file.write_text("layers = [[{type =")
    assert "is not TOML" in branchwise("run", "archon", "-i", f"@{file}").stderr
