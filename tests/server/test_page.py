"""docs/serve.md and examples/serve, as written."""

from __future__ import annotations

import contextlib
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from typer.testing import CliRunner

from branchwise.cli.app import app
from branchwise.graphs import strategies

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/serve.md").read_text(encoding="utf-8")
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
ADDRESS = "http://127.0.0.1:8400"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def documented(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The server of the page's two minutes: its URL and its store."""
    pytest.importorskip("xllamacpp")
    store = str(tmp_path_factory.mktemp("page") / "s.sqlite")
    started = blocks("bash")[0].splitlines()[-1].split()
    assert started[0] == "branchwise"
    command = [sys.executable, "-m", *started, "--port", "0", "--json", "--store", store]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["url"], store
        finally:
            process.terminate()
            assert process.wait(30) == 0


@pytest.mark.embedded
@pytest.mark.timeout(180)
def test_the_two_minutes(documented: tuple[str, str]) -> None:
    url, store = documented
    curl = blocks("bash")[1]
    said = subprocess.run(
        ["sh", "-c", curl.replace(ADDRESS, url)], capture_output=True, text=True, check=True
    )
    assert json.loads(said.stdout)["choices"][0]["message"]["content"]
    script = blocks("python")[0].replace(ADDRESS, url)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(script, "serve.md", "exec"), {})
    total, run_id = printed.getvalue().splitlines()[-1].split()
    shown = CliRunner().invoke(app, ["show", run_id, "--json", "--store", store])
    assert int(total) > 0
    assert json.loads(shown.stdout)["status"] == "done"


@pytest.mark.embedded
@pytest.mark.timeout(180)
def test_tools_of_the_openai_client(documented: tuple[str, str]) -> None:
    with openai.OpenAI(base_url=f"{documented[0]}/v1", api_key="none", max_retries=0) as client:
        reply = client.chat.completions.create(
            model="branchwise/best_of_n",
            messages=[{"role": "user", "content": "What is the weather in Rome?"}],
            tools=[WEATHER],
            tool_choice="required",
            max_completion_tokens=60,
            extra_body={"branchwise": {"knobs": {"n": 1}}},
        )
    assert reply.choices[0].finish_reason == "tool_calls"
    [call, *_] = reply.choices[0].message.tool_calls or []
    assert call.type == "function"
    assert call.function.name == "weather"
    assert isinstance(json.loads(call.function.arguments), dict)


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
