"""What comes out of a store: results, exports, runs and show, with the ids and right answers that went in."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner, Result

from branchwise.cli.app import app
from branchwise.cli.drawing import mermaid, svg
from branchwise.store.records import ROOT, Node
from branchwise.store.tree import Tree

PROBLEM = (Path(__file__).parents[2] / "examples/calendar/two_people.txt").read_text(encoding="utf-8")


def branchwise(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A store with one run that is done and one that waits."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BRANCHWISE_STORE", str(tmp_path / "runs.sqlite"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    lines = [
        {
            "problem": PROBLEM,
            "id": "=first",
            "expected": "Monday, 9:00 - 9:30",
            "metadata": {"source": "mail"},
        },
        {"problem": PROBLEM, "id": "second"},
    ]
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    asked = ("--task", "calendar", "--model", "uniform", "--strategy", "best_of_n", "-k", "n=2", "--json")
    ids = json.loads(branchwise("submit", "in.jsonl", *asked).stdout)
    done = branchwise("resume", ids[0], "--json")
    assert done.exit_code in {0, 1}, done.output
    return str(ids[0])


def test_results_hold_what_went_in_and_what_came_out(store: str) -> None:
    first, second = (json.loads(line) for line in branchwise("results", "--jsonl").stdout.splitlines())
    assert (first["run"], first["id"], first["metadata"]) == (store, "=first", {"source": "mail"})
    assert first["problem"] == PROBLEM
    assert first["verified_by"] == "program"
    assert first["expected"] == "Monday, 9:00 - 9:30"
    assert isinstance(first["right"], bool)
    assert first["tokens"] > 0
    assert first["why"] in {"an answer was accepted", "no trial is left"}
    assert (second["id"], second["status"], second["answer"]) == ("second", "queued", None)
    assert second["why"] == "it waits for a worker"


def test_csv_is_read_back_and_starts_no_formula(store: str) -> None:
    rows = list(csv.DictReader(io.StringIO(branchwise("results", "--csv").stdout)))
    assert rows[0]["run"] == store
    assert rows[0]["id"] == "'=first"
    assert json.loads(rows[0]["metadata"]) == {"source": "mail"}


def test_parquet_holds_the_same_rows(store: str, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq  # noqa: PLC0415 - an extra

    assert branchwise("results", "--parquet", "out.parquet").exit_code == 0
    rows = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert rows[0]["run"] == store
    assert json.loads(rows[0]["metadata"]) == {"source": "mail"}
    assert rows[1]["answer"] is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("results", "--jsonl", "--csv"), "Name one of"),
        (("results", "--status", "dne"), "Did you mean `done`"),
        (("results", "nowhere"), "no run `nowhere`"),
        (("export", "sgv", "last"), "Did you mean `svg`"),
        (("export", "svg", "last", "second"), "--out FOLDER"),
    ],
)
@pytest.mark.usefixtures("store")
def test_what_cannot_be_shown_is_refused_with_a_sentence(words: tuple[str, ...], said: str) -> None:
    refused = branchwise(*words)
    assert refused.exit_code == 2
    assert said in refused.output


def test_runs_and_show_print_problem_answer_verdict_and_why(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "240")
    listed = branchwise("runs").stdout
    assert "program" in listed
    assert "it waits for a worker" in listed
    shown = branchwise("show", store).stdout
    assert "problem: " in shown
    assert "a program checked it; " in shown
    assert "as expected: Monday, 9:00 - 9:30" in shown


@pytest.mark.parametrize("form", ["json", "node-link", "graphml", "dot", "svg", "mermaid"])
def test_every_form_of_export_is_written(store: str, tmp_path: Path, form: str) -> None:
    printed = branchwise("export", form, store)
    assert printed.exit_code == 0
    assert store in printed.stdout
    (saved,) = branchwise("export", form, store, "--out", "folder").stdout.splitlines()
    assert (tmp_path / saved).read_text(encoding="utf-8").strip() == printed.stdout.strip()


HOSTILE = '</text><script>alert(1)</script>"]:::x\nclick n0 "javascript:1" \x1b[31m\u202e'


def hostile() -> Tree:
    nodes = [Node(id=ROOT, parent=None, depth=0, round=0, strategy="", text="")]
    parent = ROOT
    for depth in range(1, 400):
        nodes.append(
            Node(id=f"{parent}.0", parent=parent, depth=depth, round=depth, strategy="x", text=HOSTILE)
        )
        parent = f"{parent}.0"
    return Tree(nodes)


def test_a_drawing_shows_foreign_text_and_obeys_none_of_it() -> None:
    drawn = svg("run", hostile())
    tags = {element.tag.partition("}")[2] for element in ET.fromstring(drawn).iter()}
    assert tags == {"svg", "title", "g", "rect", "text", "tspan", "path"}
    assert "\x1b" not in drawn
    flow = mermaid("run", hostile())
    assert "click" not in [line.split()[0] for line in flow.splitlines()]
    assert "<script" not in flow
    assert flow.count("-->") == 399
