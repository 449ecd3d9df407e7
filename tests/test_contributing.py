"""CONTRIBUTING.md does what it says: its files are put where it puts them, and the tests that it names pass."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
_SHOWN = re.compile(
    r"^`(?P<path>[\w/.]+)`\n\n```(?:python|text)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
SHOWN = {found["path"]: found["text"] for found in _SHOWN.finditer((ROOT / "CONTRIBUTING.md").read_text())}
TESTS = [path for path in SHOWN if path.startswith("tests/")]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package and its tests with the files of CONTRIBUTING.md in their places."""
    copy = tmp_path_factory.mktemp("contributing")
    for folder in ("branchwise", "tests"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    for path, text in SHOWN.items():
        assert not (copy / path).exists()
        (copy / path).write_text(text)
    return copy


def run(checkout: Path, *command: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    done = subprocess.run(
        [sys.executable, "-m", *command],
        capture_output=True,
        text=True,
        check=False,
        cwd=checkout,
        env=environment,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_each_part_is_one_file_and_a_test() -> None:
    assert len(TESTS) == 6
    assert [path for path in SHOWN if path not in TESTS and path.endswith(".py")] == [
        "branchwise/graphs/strategies/pair.py",
        "branchwise/tasks/parity.py",
        "branchwise/agents/critic.py",
        "branchwise/graphs/workflows/second_look.py",
        "branchwise/tools/roman.py",
        "branchwise/tools/retrieval/phrase.py",
    ]


def test_the_examples_pass_their_tests_and_those_of_every_strategy_and_task(checkout: Path) -> None:
    every = ["tests/graphs/strategies/test_every_strategy.py", "tests/tasks/test_every_task.py"]
    said = run(
        checkout,
        "pytest",
        "-v",
        "-p",
        "no:cacheprovider",
        "-k",
        "pair or parity or critic or second_look or roman or phrase",
        *TESTS,
        *every,
    )
    for path in TESTS:
        assert f"{path}::" in said
    assert "[pair] PASSED" in said
    assert "[parity] PASSED" in said
    assert "SKIPPED" not in said


def test_the_examples_keep_the_house_rules(checkout: Path) -> None:
    files = [path for path in SHOWN if path.endswith(".py")]
    run(checkout, "ruff", "check", *files)
    run(checkout, "ruff", "format", "--check", *files)
