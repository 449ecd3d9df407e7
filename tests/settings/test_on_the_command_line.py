"""The settings file as commands use it: real processes in a folder of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from branchwise.cli.app import app

ROOT = Path(__file__).parents[2]
PROBLEM = ROOT / "examples/calendar/two_people.txt"


def branchwise(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("BRANCHWISE_", "OPENAI_"))
    }
    home = {
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_DATA_HOME": str(folder / "data"),
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "branchwise", *words]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        env={**kept, **home, **environment},
        cwd=folder,
        check=False,
        timeout=120,
    )


def test_store_model_and_options_of_the_file_are_used_and_stored_with_the_run(tmp_path: Path) -> None:
    (tmp_path / "branchwise.toml").write_text(
        'store = "own.sqlite"\nmodel = "draw"\n[models.draw]\nuse = "uniform"\ntemperature = { generator = 0.25 }\n',
        encoding="utf-8",
    )
    solved = branchwise(tmp_path, "solve", "-f", str(PROBLEM), "--task", "calendar", "--calls", "3", "--json")
    assert solved.returncode in {0, 1}, solved.stderr
    assert (tmp_path / "own.sqlite").is_file()
    (run,) = json.loads(branchwise(tmp_path, "runs", "--json").stdout)
    assert run["model"] == "uniform"
    assert run["spec"]["model_options"]["temperature"] == {"generator": 0.25}
    elsewhere = branchwise(tmp_path, "runs", "--json", BRANCHWISE_STORE=f"sqlite:///{tmp_path}/other.sqlite")
    assert json.loads(elsewhere.stdout) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--model", "gpt-4o"), "Write `openai-compatible:gpt-4o` with the address of its server"),
        (("--model", "opnai-compatible:x"), "Did you mean `openai-compatible`"),
        (("--model", "openai-compatible:x"), "$OPENAI_BASE_URL"),
        (("--model", "uniform", "-m", "max_token=3"), "Did you mean `max_tokens`"),
        (("--model", "uniform", "-m", "max_tokens"), "NAME=VALUE"),
        (("--model", "uniform", "-m", "headers.Authorization=x"), "api_key_env"),
        (("--model", "uniform", "-m", "timeout=3"), "has no option `timeout`"),
        (("--model", "uniform", "-m", "price=a,b"), "IN,OUT"),
    ],
)
def test_what_cannot_be_used_is_refused_with_what_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    asked = ["solve", "What is 17*23?", *words, "--store", str(tmp_path / "runs.sqlite")]
    refused = CliRunner().invoke(app, asked)
    assert refused.exit_code == 2
    assert said in refused.output


def test_a_broken_file_stops_a_command_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "branchwise.toml").write_text('stor = "x"', encoding="utf-8")
    refused = CliRunner().invoke(app, ["runs"])
    assert refused.exit_code == 2
    assert "Did you mean `store`" in refused.output


DRAW = '[models.draw]\nuse = "uniform"\ntemperature = { actor = 0.25, generator = 0.5 }\nprice = [1, 2]\n'


def test_a_web_run_and_a_fork_use_the_options_of_a_model_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "branchwise.toml").write_text(f'store = "own.sqlite"\n{DRAW}', encoding="utf-8")
    own = {"temperature": {"actor": 0.25, "generator": 0.5}, "price": [1.0, 2.0]}
    words = (
        "web garden --environment scripted --strategy best_first --model draw --pick-actions --max-pages 3"
    )
    searched = branchwise(tmp_path, *words.split(), "--no-screenshots", "--json", "-m", "max_tokens=77")
    assert searched.returncode in {0, 1}, searched.stderr
    (run,) = json.loads(branchwise(tmp_path, "runs", "--json").stdout)
    kept = {name: value for name, value in run["spec"]["model_options"].items() if value not in (None, {})}
    assert kept == own | {"max_tokens": 77}

    solve = ("solve", "-f", str(PROBLEM), "--task", "calendar", "--calls", "2", "--json")
    assert branchwise(tmp_path, *solve, "--model", "uniform", "-m", "max_tokens=55").returncode in {0, 1}
    forked = branchwise(tmp_path, "fork", "last", "--model", "draw")
    assert forked.returncode == 0, forked.stderr
    assert branchwise(tmp_path, "fork", "last", "-m", "temperature=0.75").returncode == 0
    last, other, *_ = json.loads(branchwise(tmp_path, "runs", "--json").stdout)
    options = [
        {name: value for name, value in one["spec"]["model_options"].items() if value not in (None, {})}
        for one in (other, last)
    ]
    assert options[0] == own, "of another model no option is taken over"
    assert options[1] == own | {"temperature": 0.75}
    assert branchwise(tmp_path, "resume", last["id"]).returncode in {0, 1}


def test_an_option_that_a_web_run_cannot_use_is_refused(tmp_path: Path) -> None:
    refused = branchwise(
        tmp_path, "web", "--environment", "scripted", "--model", "uniform", "-m", "max_token=3"
    )
    assert refused.returncode == 2
    assert "Did you mean `max_tokens`" in refused.stderr
