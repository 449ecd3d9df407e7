"""`branchwise run`: a workflow of one's own, with its input from the command line or from a file."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.typed import ECHO, FLOWS, branchwise, good, process

MINE = """
from branchwise.models.scripted import scripted
from langgraph.graph import START, StateGraph
from tests.cli.flows import State, first

graph = StateGraph(State, context_schema=__import__("branchwise").Run)
graph.add_node("first", first)
graph.add_edge(START, "first")

def model():
    return scripted(["Yes."])
"""


def test_a_graph_of_this_folder_runs_with_its_input_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    (tmp_path / "given.json").write_text('{"topic": "the sea"}', encoding="utf-8")
    done = process(tmp_path, "run", "mine:graph", "-i", "@given.json", "--model", "mine:model")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"topic": "the sea", "said": ["Yes."]}
    assert "node first" in done.stderr


def test_a_spent_budget_ends_it_and_its_id_goes_on_with_more(home: Path) -> None:
    words = ("run", f"{FLOWS}:chain", "-i", '{"topic": "tea"}', *ECHO, "--id", "tea", "--calls", "1")
    spent = branchwise(*words)
    assert (spent.exit_code, "budget of calls is spent" in spent.output) == (3, True)
    assert "branchwise resume tea" in spent.output
    done = good("resume", "tea", "--calls", "1")
    assert done["output"]["said"] == ["about tea.", "more on about tea.."]
    assert done["usage"]["calls"] == 2


def test_what_cannot_run_is_refused_and_nothing_is_stored(home: Path) -> None:
    for words, said in (
        (("-i", '{"subject": "tea"}'), "There is no input of"),
        (("-i", '{"topic": 7}'), "The input `topic`"),
        (("-i", "@gone.json"), "`gone.json` cannot be read"),
        (("-i", "tea"), "is not JSON"),
        (("--tokens", "0"), "must be a positive number"),
        (("--tokens", "9" * 400), "must be a positive number"),
        (("--queue", "q", "--id", "x"), "--id is for a run that begins at once"),
    ):
        refused = branchwise("run", f"{FLOWS}:chain", *words, *ECHO)
        assert (refused.exit_code, said in refused.output.replace("\n", " ")) == (2, True), refused.output
    assert branchwise("run", "nowhere:graph").exit_code == 2
    assert good("runs") == []
