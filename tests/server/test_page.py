"""docs/serve.md and examples/serve, as written."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from branchwise.cli.app import app
from branchwise.graphs import strategies

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/serve.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8400"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.embedded
@pytest.mark.timeout(180)
def test_the_two_minutes(tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp")
    install, curl, *_ = blocks("bash")
    started = install.splitlines()[-1].split()
    assert started[0] == "branchwise"
    command = [sys.executable, "-m", *started, "--port", "0", "--json", "--store", str(tmp_path / "s.sqlite")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        try:
            said = subprocess.run(
                ["sh", "-c", curl.replace(ADDRESS, url)], capture_output=True, text=True, check=True
            )
            assert json.loads(said.stdout)["choices"][0]["message"]["content"]
            script = blocks("python")[0].replace(ADDRESS, url)
            printed = subprocess.run(
                [sys.executable, "-c", script], capture_output=True, text=True, check=True
            ).stdout
        finally:
            process.terminate()
            assert process.wait(30) == 0
    total, run_id = printed.splitlines()[-1].split()
    shown = CliRunner().invoke(app, ["show", run_id, "--json", "--store", str(tmp_path / "s.sqlite")])
    assert int(total) > 0
    assert json.loads(shown.stdout)["status"] == "done"


def test_keys_and_names_of_the_page_exist(tmp_path: Path) -> None:
    added = blocks("bash")[2].splitlines()[0]
    words = re.findall(r'"[^"]*"|\'[^\']*\'|\S+', added)[1:]
    given = [word.strip("\"'") for word in words]
    done = CliRunner().invoke(app, [*given, "--store", str(tmp_path / "s.sqlite")])
    assert done.exit_code == 0, done.output
    named = set(re.findall(r"\bbranchwise/([a-z_]+)", PAGE)) - {"auto"}
    assert named
    assert named <= set(strategies.names())


def test_the_compose_file_and_the_unit_name_real_commands() -> None:
    yaml: Any = pytest.importorskip("yaml")
    compose = yaml.safe_load((ROOT / "examples/serve/compose.yaml").read_text(encoding="utf-8"))
    assert set(compose["services"]) == {"postgres", "serve"}
    assert "exec branchwise serve" in compose["services"]["serve"]["command"][-1]  # which gets SIGTERM, then
    unit = (ROOT / "examples/serve/branchwise.service").read_text(encoding="utf-8")
    texts = [compose["services"]["serve"]["command"][-1], unit.replace("\\\n", " ")]
    help_ = CliRunner().invoke(app, ["serve", "--help"], env={"COLUMNS": "200"}).stdout
    for text in texts:
        [command] = re.findall(r"branchwise serve (.*?)(?:;|\n|$)", text)
        for option in re.findall(r"--[a-z-]+", command):
            assert option in help_


def test_a_server_ends_with_0_on_sigterm_and_says_where_it_is(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "branchwise", "serve", "--port", "0", "--model", "uniform", "--json"]
    with subprocess.Popen(
        [*command, "--store", str(tmp_path / "s.sqlite")], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        with urllib.request.urlopen(f"{url}/health") as reply:
            assert reply.status == 200
        began = time.monotonic()
        process.terminate()
        assert process.wait(20) == 0
        assert time.monotonic() - began < 10
