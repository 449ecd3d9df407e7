"""Files, graders and strategies of a person: what cannot be used is refused before a token is spent."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from branchwise.cli.app import app
from branchwise.cli.queued import read_lines
from branchwise.evals.live.own import read_instances
from branchwise.evals.log import Header, Log, RecordedSample
from branchwise.graphs import strategies
from branchwise.graphs.search import contracts
from branchwise.store.database.locate import locate
from branchwise.store.errors import BadInput, CodeFailed, StoreError, UnknownName
from branchwise.store.tree import Tree
from branchwise.tasks.task import Task
from tests.evals.test_own_benchmark import product

INFO = strategies.info("best_of_n")


def _fail(*given: Any) -> Any:
    raise ZeroDivisionError("own")


def failing_check() -> Task:
    return replace(product(), name="failing", check=_fail)


def picky() -> Task:
    return replace(product(), name="picky", validate=_only_products)


def _only_products(problem: str) -> None:
    if "*" not in problem:
        raise BadInput("It is no product.")


def without_seed(tree: Tree, budget: int) -> dict[str, int]:
    return {}


def _bench(tmp_path: Path, task: str, *more: str) -> Result:
    file = tmp_path / "problems.jsonl"
    file.write_text('"2*3"\n"hello"\n')
    words = ("bench", "run", f"{__name__}:{task}", "--file", str(file), "--model", "uniform", "--calls", "2")
    return CliRunner().invoke(app, [*words, "--store", f"sqlite:///{tmp_path}/runs.sqlite", *more])


@pytest.mark.parametrize(
    ("task", "more", "said"),
    [
        ("failing_check", (), "The grader of `failing` failed, in "),
        ("picky", (), "The problem of `2`: It is no product."),
        ("picky", ("--out", "/proc/nothing/there"), "`--out /proc/nothing/there` cannot be made"),
    ],
)
def test_a_benchmark_that_would_fail_later_is_refused_at_once(
    tmp_path: Path, task: str, more: tuple[str, ...], said: str
) -> None:
    done = _bench(tmp_path, task, *more)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in " ".join(done.stderr.split())
    assert not (tmp_path / "runs.sqlite").exists()


LINES = '\ufeff"2*3"\n{"problem": "line\u2028separator", "id": "b"}\n'


def test_lines_may_begin_with_a_byte_order_mark_and_hold_separators_of_unicode(tmp_path: Path) -> None:
    file = tmp_path / "lines.jsonl"
    file.write_text(LINES, encoding="utf-8")
    assert [one.problem for one in read_instances(file)] == ["2*3", "line\u2028separator"]
    assert list(read_lines(file)) == ["2*3", json.loads(LINES.split("\n")[1])]


@pytest.mark.parametrize("read", [read_instances, read_lines])
def test_a_file_that_cannot_be_read_is_named_once(tmp_path: Path, read: Any) -> None:
    with pytest.raises(BadInput, match=r"`nothing.jsonl` cannot be read: No such file or directory\.$"):
        list(read(Path("nothing.jsonl")))
    (tmp_path / "latin.jsonl").write_bytes(b'"\xff"')
    with pytest.raises(BadInput, match=r"is not text in UTF-8\.$"):
        list(read(tmp_path / "latin.jsonl"))


def test_a_log_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    header = Header(task="t", model="m", source="s", licence="MIT", tokens="logged")
    sample = RecordedSample(instance="1", index=0, correct=True, text="one\u2028two")
    Log(header=header, samples=(sample,)).write(path)
    plain = path.read_text(encoding="utf-8").replace("\\u2028", "\u2028")
    path.write_text(f"\ufeff{plain}", encoding="utf-8")
    assert Log.read(path).samples == (sample,)


def test_a_strategy_with_other_arguments_is_refused_when_it_is_named() -> None:
    with pytest.raises(
        BadInput, match=r"is called as `without_seed\(tree, budget, \*, seed, KNOBS\)`: .*seed"
    ):
        strategies.load(f"{__name__}:without_seed")


def test_a_node_that_the_tree_lacks_is_named() -> None:
    with pytest.raises(CodeFailed, match=r"below '0.77', which is no node of the tree"):
        contracts.allocation({"0.77": 2}, Tree(), 100, "mine")


def test_only_a_near_name_is_suggested() -> None:
    assert "Did you mean `trip`" not in str(UnknownName("task", "multiply", ["calendar", "trip"]))
    assert "Did you mean `calendar`" in str(UnknownName("task", "calender", ["calendar", "trip"]))


@pytest.mark.parametrize("given", ["postgres:", "postgresql:/host/name", "sqlite:runs.sqlite"])
def test_half_a_url_is_no_file(given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreError, match="is not a database URL"):
        locate(given)
    assert list(tmp_path.iterdir()) == []


def test_the_other_name_of_postgresql_is_known() -> None:
    assert locate("postgres://me@host/name").drivername == "postgresql+psycopg"
