"""The documentation site: every page is in its navigation, and a broken link fails the build."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from branchwise.cli.app import app
from tests.site import BUILDER, ROOT, build, pages, stage


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site") / "docs"
    stage(out)
    settings = out / "mkdocs.yml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("paths: [../..]", f"paths: [{json.dumps(str(ROOT))}]"), encoding="utf-8")
    return out


def test_every_page_is_listed_once() -> None:
    listed = [page.path for page in pages()]
    assert len(set(listed)) == len(listed)
    written = {path for path in (ROOT / "docs").rglob("*.md") if path.parent.name != "decisions"}
    assert written - {ROOT / "docs/README.md"} <= set(listed)


def test_navigation_and_summary_have_every_page(staged: Path) -> None:
    navigation = yaml.safe_load((staged / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
    linked = {
        path for part in navigation[1:] for rows in part.values() for row in rows for path in row.values()
    }
    summary = (staged / "source/llms.txt").read_text(encoding="utf-8")
    for page in pages():
        assert page.source == "README.md" or page.source in linked
        assert f"]({page.source}): {page.about}" in summary
        assert (staged / "source" / page.source).is_file()


def test_the_commands_are_those_of_the_program(staged: Path) -> None:
    text = (staged / "source/docs/commands.md").read_text(encoding="utf-8")
    command: Any = get_command(app)
    names = set(command.commands)
    assert {"solve", "run", "serve"} <= names
    assert all(f"\n## `branchwise {name}`\n" in text for name in names)


def test_it_builds_strictly_and_finds_a_broken_link(staged: Path) -> None:
    if not BUILDER.exists() and not os.environ.get("CI"):
        pytest.skip("The site's builder is missing: make docs")
    assert build(staged) == 0
    python = (staged / "site/docs/python.html").read_text(encoding="utf-8")
    assert "The problem in words, or a conversation" in python
    assert (staged / "site/docs/workflows.md").is_file()
    with (staged / "source/docs/web.md").open("a", encoding="utf-8") as page:
        page.write("\n[nowhere](nowhere.md)\n")
    assert build(staged) != 0
