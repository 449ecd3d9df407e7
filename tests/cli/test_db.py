"""upgrade, export, import and prune as a person types them, and the words for a store that cannot be used."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import sqlite3
from pathlib import Path

import networkx as nx
import pytest

from branchwise.graphs.search.run import Result, solve
from branchwise.graphs.search.state import Options
from branchwise.models.scripted import scripted
from branchwise.store.database.database import Database
from branchwise.store.database.schema import HEAD, VERSION_TABLE
from tests.cli.typed import completed as branchwise
from tests.graphs.search.resume_worker import PROBLEM, _write
from tests.store.databases.write import HERE

ROOT = Path(__file__).parents[2]


def solved(path: Path) -> Result:
    return asyncio.run(
        solve(
            PROBLEM, model=scripted(_write), store=str(path), strategy="step_beam", options=Options(trials=1)
        )
    )


def test_old_runs_are_archived_and_come_back(tmp_path: Path) -> None:
    here, into = tmp_path / "here.sqlite", tmp_path / "archive"
    ids = [solved(here).run_id for _ in range(2)]
    before = [json.loads(branchwise("db", "export", one, store=here).stdout) for one in ids]
    assert branchwise("db", "archive", str(into), "--older", "1h", store=here).stdout == ""
    moved = branchwise("db", "archive", str(into), "--older", "0s", store=here)
    assert moved.stdout.split() == [f"{into}/{one}.json.gz" for one in ids], moved.stderr
    assert json.loads(branchwise("runs", "--json", store=here).stdout) == []
    taken = branchwise("db", "import", *moved.stdout.split(), store=here)
    assert taken.stdout.split() == ids, taken.stderr
    after = [json.loads(branchwise("db", "export", one, store=here).stdout) for one in ids]
    for document in (*before, *after):
        document["runs"][0]["owner"] = None
        for event in document["run_events"]:
            del event["id"]
    assert after == before


def test_archives_are_untrusted(tmp_path: Path) -> None:
    here, file = tmp_path / "here.sqlite", tmp_path / "run.json.gz"
    for content in (b"\x1f\x8b", b"\x1f\x8b" + b"x" * 100, gzip.compress(b"\xff\xfe"), gzip.compress(b"{}")):
        file.write_bytes(content)
        refused = branchwise("db", "import", str(file), store=here)
        assert refused.returncode == 2, refused.stdout
        assert "Traceback" not in refused.stderr


def test_pruning_can_keep_answers_and_costs(tmp_path: Path) -> None:
    here = tmp_path / "here.sqlite"
    was = solved(here)
    assert branchwise("db", "prune", "--keep-answers", store=here).returncode == 2
    assert branchwise("db", "prune", "--older", "1 day", store=here).returncode == 2
    asked = ("db", "prune", "--older", "0s", "--keep-answers")
    tried = branchwise(*asked, "--dry-run", store=here)
    assert json.loads(tried.stdout) == [was.run_id]
    full = here.stat().st_size
    assert json.loads(branchwise(*asked, store=here).stdout) == [was.run_id]
    assert json.loads(branchwise(*asked, store=here).stdout) == []
    left = json.loads(branchwise("results", "--jsonl", store=here).stdout)
    assert (left["run"], left["answer"]) == (was.run_id, was.answer)
    with sqlite3.connect(here) as connection:
        [(calls, tokens)] = connection.execute("SELECT done, tokens FROM run_costs")
        assert (calls, tokens) == (was.usage.calls, was.usage.tokens)
        for table in ("nodes", "texts", "verdicts", "decisions", "lg_checkpoints", "lg_blobs"):
            assert connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone() == (0,)
        assert connection.execute("SELECT SUM(LENGTH(request)), MAX(response) FROM calls").fetchone() == (
            2 * calls,
            None,
        )
    assert full > 0
    shown = branchwise("show", was.run_id, store=here)
    assert (shown.returncode, "Traceback" in shown.stderr) == (0, False), shown.stderr


def test_a_run_goes_to_another_database_and_comes_out_the_same(tmp_path: Path) -> None:
    here, there, file = tmp_path / "here.sqlite", tmp_path / "there.sqlite", tmp_path / "run.json"
    run_id = solved(here).run_id
    written = branchwise("db", "export", run_id, store=here)
    assert (written.returncode, written.stderr) == (0, "")
    file.write_text(written.stdout, encoding="utf-8")
    taken = branchwise("db", "import", str(file), store=there)
    assert (taken.returncode, taken.stdout.strip()) == (0, run_id)
    again = json.loads(branchwise("db", "export", run_id, store=there).stdout)
    first = json.loads(written.stdout)
    for document in (first, again):
        document["runs"][0]["owner"] = None  # nobody of the new place
        for event in document["run_events"]:
            del event["id"]  # counts all runs of a database
    assert again == first
    assert "are identical to the record" in branchwise("replay", run_id, store=there).stdout

    link, graphml, dot = (
        branchwise("db", "export", run_id, "--as", form, store=there).stdout
        for form in ("node-link", "graphml", "dot")
    )
    graph = nx.node_link_graph(json.loads(link), edges="edges")
    assert len(graph) > 4
    assert set(nx.read_graphml(io.BytesIO(graphml.encode())).edges) == set(graph.edges)
    assert dot.count(" -> ") == graph.number_of_edges()

    twice = branchwise("db", "import", str(file), store=there)
    assert (twice.returncode, "already" in twice.stderr) == (3, True)
    file.write_text("{}")
    for arguments in (
        ("db", "import", str(file)),
        ("db", "import", str(tmp_path / "nothing")),
        ("db", "export", run_id, "--as", "grapml"),
        ("db", "export", "nobody"),
    ):
        refused = branchwise(*arguments, store=there)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert "Traceback" not in refused.stderr
    assert json.loads(branchwise("db", "prune", "--days", "1", store=there).stdout) == []
    assert json.loads(branchwise("db", "prune", "--days", "0", store=there).stdout) == [run_id]
    assert json.loads(branchwise("runs", "--json", store=there).stdout) == []


@pytest.mark.parametrize("dump", sorted(HERE.glob("*.sql"))[:-1], ids=lambda dump: dump.stem)
def test_an_old_database_asks_for_its_upgrade(dump: Path, tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript(dump.read_text(encoding="utf-8"))
    connection.close()
    refused = branchwise("runs", store=path)
    assert (refused.returncode, refused.stdout) == (3, "")
    assert "branchwise db upgrade" in " ".join(refused.stderr.split())
    done = branchwise("db", "upgrade", store=path)
    assert (done.returncode, done.stderr.strip()) == (0, f"upgraded from {dump.stem} to {HEAD}")
    assert branchwise("db", "upgrade", store=path).stderr.strip() == "up to date"
    statuses = {run["status"] for run in json.loads(branchwise("runs", "--json", store=path).stdout)}
    assert statuses == {"done", "paused"}
    assert branchwise("show", "last", store=path).returncode == 0


@pytest.mark.parametrize("ill", ["newer", "foreign", "damaged"])
def test_a_store_that_cannot_be_used_is_one_sentence_and_stays_as_it_was(ill: str, tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    Database.open(str(path)).close()
    if ill == "newer":
        connection = sqlite3.connect(path)
        connection.execute(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
    else:
        whole = path.read_bytes()
        path.write_bytes(b"Dear reader, " * 1000 if ill == "foreign" else whole[:4096] + b"\xff" * 40_000)
    before = path.read_bytes()
    for arguments in (("runs",), ("db", "upgrade"), ("submit", str(ROOT / "README.md"))):
        refused = branchwise(*arguments, store=path)
        assert refused.returncode in {2, 3}
        assert refused.stdout == ""
        assert refused.stderr.startswith("branchwise: ")
        assert "Traceback" not in refused.stderr
    assert path.read_bytes() == before
