"""Rules of the house that no linter knows: sizes, links, and that a part is found by its file's name."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(p for p in (ROOT / "branchwise").rglob("*.py") if p.parent.name != "versions")
"""All but migrations, which never change once they are out."""
STRATEGIES = sorted((ROOT / "branchwise/graphs/strategies").glob("*.py"))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def lines(path: Path) -> int:
    return path.read_text(encoding="utf-8").count("\n")


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_a_file_says_what_lives_in_it_and_stays_small(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "a module opens with one line on what lives here"
    assert lines(path) <= 300
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            statements = [part for part in node.body if not _is_text(part)]
            length = (node.end_lineno or 0) - statements[0].lineno + 1 if statements else 0
            assert length <= 50, f"{node.name} has {length} lines"


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


@pytest.mark.parametrize("path", STRATEGIES, ids=name)
def test_a_strategy_is_under_150_lines(path: Path) -> None:
    assert lines(path) <= 150


@pytest.mark.parametrize("room", ["agents", "graphs", "store"])
def test_the_rooms_on_top_are_relative_links_into_the_package(room: str) -> None:
    link = ROOT / room
    if not link.is_symlink():
        pytest.skip("this checkout has no symbolic links")
    assert str(link.readlink()) == f"branchwise/{room}"
    assert link.is_dir()


def test_importing_the_package_loads_no_engine_and_no_client() -> None:
    code = "import branchwise, sys; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.split()
    assert "branchwise" in loaded
    assert not {"litellm", "xllamacpp", "vllm", "langgraph", "openai", "playwright"} & set(loaded)


@pytest.mark.parametrize(
    "line", ["import agents", "from graphs import run", "import store.tree", "from agents.ucb import ucb"]
)
def test_the_linter_forbids_importing_through_the_links(line: str) -> None:
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--select",
        "TID251",
        "--stdin-filename",
        "tests/x.py",
        "-",
    ]
    done = subprocess.run(command, input=line + "\n", capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 1
    assert "is a link: import branchwise." in done.stdout
