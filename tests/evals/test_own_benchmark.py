"""Benchmarks of a person's own: importable tasks, instances from JSON lines, several models, files of Hugging Face."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypedDict

import pytest
from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime
from typer.testing import CliRunner

from branchwise import Run, tasks
from branchwise.cli.app import app
from branchwise.evals.live.own import benchmark_of, read_instances
from branchwise.models.protocol import OutputFormat
from branchwise.models.scripted import Scripted, scripted
from branchwise.store.errors import BadInput
from branchwise.store.records import Constraints, Verdict, VerifiedBy
from branchwise.tasks.domains.instances import Instance
from branchwise.tasks.task import Task


def product() -> Task:
    """Multiply two digits."""

    def read(problem: str) -> Constraints:
        one, other = map(int, re.findall(r"\d+", problem))
        return Constraints(items=("one digit",), data={"product": one * other}, source="program")

    def check(known: Constraints, text: str, complete: bool) -> Verdict:
        right = text.strip() == str(known.data["product"])
        return Verdict(
            score=100 if right else -100,
            accepted=right,
            feedback="",
            verified_by=VerifiedBy.PROGRAM,
            verifier="product",
        )

    return Task(
        name="product",
        about="Multiply.",
        instructions="{problem}{constraints}",
        read_constraints=read,
        check=check,
        output_format=lambda known, text, grain: OutputFormat(max_tokens=4, regex="[0-9]"),
    )


def instances(folder: Path | None) -> Iterator[Instance]:
    yield Instance(id="own", problem="2*2")


def write(path: Path, *rows: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def test_instances_of_a_file_are_graded_by_what_they_expect_or_by_the_checker(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", {"problem": "2*3", "expected": "6", "id": "six"}, "2*2")
    made = benchmark_of(f"{__name__}:product", file)
    six, four = made.instances(None)
    assert (six.id, four.id) == ("six", "2")
    assert made.grade(six, "6") == {"answer": True}
    assert made.grade(six, "7") == {"answer": False}
    assert made.grade(four, "4") == {"checker": True}
    assert made.grade(four, "5") == {"checker": False}


def test_a_module_brings_its_own_instances() -> None:
    assert [one.id for one in benchmark_of(f"{__name__}:product").instances(None)] == ["own"]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (({"problem": "a", "id": 1}, {"problem": "b", "id": 1}), "is there already"),
        (({"question": "a"},), "neither a text nor an object"),
        (({"problem": "a", "answer": "b"},), "has the field `answer`"),
        (({"problem": "a", "metadata": 3},), "`metadata` is an object"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(tmp_path: Path, rows: tuple[object, ...], said: str) -> None:
    with pytest.raises(BadInput, match=rf"Line \d.*{said}"):
        list(read_instances(write(tmp_path / "a.jsonl", *rows)))


def test_without_instances_or_a_grader_nothing_is_spent(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="--file"):
        benchmark_of("text")
    made = benchmark_of("text", write(tmp_path / "a.jsonl", "What is tea?"))
    with pytest.raises(BadInput, match="Nothing tells what is right"):
        made.grade(next(made.instances(None)), "")
    held = benchmark_of("text", tmp_path / "a.jsonl", ("contains=tea",))
    assert held.grade(next(held.instances(None)), "Tea is a drink.") == {"checker": True}


def test_several_models_and_strategies_come_into_one_table(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", {"problem": "2*3", "expected": "6"})
    words = [
        "bench",
        "run",
        f"{__name__}:product",
        "--file",
        str(file),
        "--seeds",
        "1",
        "--calls",
        "2",
        "--json",
    ]
    where = ["--store", str(tmp_path / "runs.sqlite"), "--strategies", "one,best_of_n:n=2"]
    twice = CliRunner().invoke(app, [*words, *where, "--models", "uniform,uniform"])
    assert twice.exit_code == 2
    assert "names that differ" in twice.output
    table = CliRunner().invoke(app, [*words, *where, "--models", "uniform"])
    assert table.exit_code == 0, table.output
    solved = json.loads(table.stdout)["tables"][0]
    assert [row[0] for row in solved["rows"]] == ["one", "best_of_n:n=2"]


def test_files_of_hugging_face_are_read_as_they_are(tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    import pyarrow as pa  # noqa: PLC0415 - an extra

    place = tmp_path / "gsm8k/main"
    place.mkdir(parents=True)
    rows = [{"question": "How many?", "answer": "Two.\n#### 2"}]
    pq.write_table(pa.Table.from_pylist(rows), place / "test-00000-of-00001.parquet")
    (one,) = tasks.benchmark("gsm8k").instances(tmp_path)
    assert (one.problem, one.gold) == ("How many?", "2")
    facts = {"num_words": None, "relation": None}
    told = {"key": 1, "prompt": "Write.", "instruction_id_list": ["punctuation:no_comma"], "kwargs": [facts]}
    write(tmp_path / "IFEval/ifeval_input_data.jsonl", told)
    (two,) = tasks.benchmark("ifeval").instances(tmp_path)
    assert tasks.benchmark("ifeval").grade(two, "No comma here.")["strict"]
    plan = {
        "calendar_1": {
            "prompt_0shot": "TASK: Meet on Monday.\nSOLUTION:",
            "golden_plan": "x",
            "num_people": 2,
            "num_days": 1,
        }
    }
    (tmp_path / "natural_plan").mkdir()
    (tmp_path / "natural_plan/calendar_scheduling.json").write_text(json.dumps(plan), encoding="utf-8")
    (three,) = tasks.benchmark("calendar").instances(tmp_path)
    assert (three.id, three.problem) == ("calendar_1", "Meet on Monday.")


def test_a_data_file_that_is_missing_or_broken_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"docs/bench.md says where it comes from"):
        list(tasks.benchmark("gsm8k").instances(tmp_path))
    write(tmp_path / "gsm8k/test.jsonl").write_text("no json", encoding="utf-8")
    with pytest.raises(BadInput, match=r"test.jsonl` cannot be read"):
        list(tasks.benchmark("gsm8k").instances(tmp_path))


class Asked(TypedDict, total=False):
    question: str
    tries: int
    answer: str


async def _attempt(state: Asked, runtime: Runtime[Run]) -> Asked:
    for number in range(state.get("tries", 1)):
        reply = await runtime.context.sample(f"try{number}", state["question"], output=r"[0-9]")
        said = reply.samples[0].text
        if said == "6" and state["question"] == "2*3":
            break
    return {"answer": said}


def graph() -> StateGraph[Asked, Run, Asked, Asked]:
    made = StateGraph(Asked, context_schema=Run)
    made.add_sequence([_attempt])
    made.add_edge(START, "_attempt")
    return made


def bench(tmp_path: Path, *words: str) -> dict[str, Any]:
    where = ["--store", str(tmp_path / "runs.sqlite"), "--seeds", "2", "--calls", "8", "--json"]
    done = CliRunner().invoke(app, ["bench", "run", *words, *where])
    assert done.exit_code == 0, done.output
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def column(report: dict[str, Any], table: int, number: int) -> dict[str, str]:
    return {row[0]: row[number] for row in report["tables"][table]["rows"]}


def test_a_workflow_and_strategies_come_into_one_table(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", *({"problem": "2*3", "expected": "6", "id": i} for i in range(4)))
    name = f"{__name__}:graph"
    words = (f"{__name__}:product", "--file", str(file), "--model", "uniform")
    report = bench(tmp_path, *words, "--strategies", f"one,{name},{name}:tries=8,best_of_n:n=4")
    calls = column(report, 1, 3)
    assert list(calls) == ["one", name, f"{name}:tries=8", "best_of_n:n=4"]
    assert calls[name] == "1.0"
    assert float(calls[f"{name}:tries=8"]) > 2
    again = bench(tmp_path, *words, "--strategies", f"one,{name},{name}:tries=8,best_of_n:n=4")
    assert again["tables"] == report["tables"], "the runs were read, not made again"


def test_a_workflow_alone_is_measured_on_its_inputs(tmp_path: Path) -> None:
    given = {"question": "never", "tries": 40}
    file = write(tmp_path / "a.jsonl", {"problem": given, "expected": 6}, {"problem": "2*3", "expected": "6"})
    out = tmp_path / "out"
    report = bench(
        tmp_path, f"{__name__}:graph", "--file", str(file), "--model", "uniform", "--out", str(out)
    )
    [solved] = report["tables"][0]["rows"]
    assert solved[0] == f"{__name__}:graph"
    assert float(solved[-1]) == 50, "the first problem's budget of 8 calls is spent before an answer"
    assert len(list(out.iterdir())) == 4


def test_strategies_are_compared_with_a_workflow_that_is_named_first(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", {"problem": "2*3", "expected": "6"})
    words = (f"{__name__}:graph", "--file", str(file), "--model", f"{__name__}:always_six")
    right = column(bench(tmp_path, *words, "--strategies", "one,best_of_n:n=2"), 0, 1)
    assert list(right) == [f"{__name__}:graph", "one", "best_of_n:n=2"]
    assert all(shown.startswith("100") for shown in right.values())


def test_different_models_and_strategies_come_into_one_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "branchwise.toml").write_text(
        f'[models.good]\nuse = "{__name__}:always_six"\n[models.draw]\nuse = "uniform"\n', encoding="utf-8"
    )
    file = write(
        tmp_path / "a.jsonl", {"problem": "2*3", "expected": "6"}, {"problem": "3*2", "expected": "6"}
    )
    words = (f"{__name__}:product", "--file", str(file), "--models", "good,draw")
    report = bench(tmp_path, *words, "--strategies", f"one,best_of_n:n=2,{__name__}:graph")
    right = column(report, 0, 1)
    assert list(right) == [
        f"{arm} on {model}"
        for model in ("good", "draw")
        for arm in ("one", "best_of_n:n=2", f"{__name__}:graph")
    ]
    assert all(shown.startswith("100") for arm, shown in right.items() if arm.endswith("good"))
    assert "good" in report["facts"]["Model"]
    assert "uniform" in report["facts"]["Model"]


def always_six() -> Scripted:
    """A model of one's own that knows the answer."""
    return scripted(lambda request, seed: "6")


@pytest.mark.parametrize(
    ("problem", "arm", "said"),
    [
        ({"question": "2*3"}, "one", "which only workflows take"),
        ({"nothing": 1}, f"{__name__}:graph", "no input of .* `nothing`"),
        ("2*3", f"{__name__}:graph:tires=3", "Did you mean `tries`"),
    ],
)
def test_what_an_arm_cannot_use_is_refused_before_a_token_is_spent(
    tmp_path: Path, problem: object, arm: str, said: str
) -> None:
    file = write(tmp_path / "a.jsonl", {"problem": problem, "expected": "6"})
    words = ["bench", "run", f"{__name__}:product", "--file", str(file), "--model", "uniform", "--calls", "2"]
    done = CliRunner().invoke(app, [*words, "--store", str(tmp_path / "runs.sqlite"), "--strategies", arm])
    assert done.exit_code == 2
    assert re.search(said, " ".join(done.output.split()))
