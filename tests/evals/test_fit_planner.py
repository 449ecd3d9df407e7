from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from branchwise.agents.planning.difficulty import Difficulty, estimate
from branchwise.agents.planning.policy_table import PolicyTable
from branchwise.cli.bench import bench
from branchwise.cli.planning import planner
from branchwise.evals.fit_planner import fit_planner
from branchwise.evals.log import Header, Log, RecordedSample
from branchwise.graphs import strategies
from branchwise.store.errors import BadInput
from branchwise.store.records import Node, VerifiedBy

HEADER = Header(
    task="t",
    model="m",
    source="s",
    licence="MIT",
    tokens="logged",
    verifier="exact",
    verified_by=VerifiedBy.PROGRAM,
)


def log(instances: int = 24, samples: int = 16) -> Log:
    """Half of the instances are nearly sure, half nearly hopeless, under an exact check."""
    return Log(
        header=HEADER,
        samples=tuple(
            RecordedSample(
                instance=str(i),
                index=k,
                correct=(right := k % 8 != 0 if i % 2 else k == 5),
                accepted=right,
                scores={"exact": float(right)},
                tokens=10,
            )
            for i in range(instances)
            for k in range(samples)
        ),
    )


def test_a_fitted_table_answers_a_live_lookup() -> None:
    table = fit_planner(log(), seeds=2)
    probes = [
        Node(
            id=f"0.{k}", parent="0", complete=True, verified_by=VerifiedBy.PROGRAM, accepted=False, score=0.0
        )
        for k in range(4)
    ]
    hard = estimate(probes, sound=True, maps=table.maps, prior=table.prior)
    easy = Difficulty(pass_at_1=0.95, low=0.9, high=1.0, basis="verified")
    for difficulty in (hard, easy):
        choices = table.lookup(difficulty, 10_000)
        assert choices is not None
        assert callable(strategies.load(choices[0].strategy, **choices[0].knobs))
    assert hard.pass_at_1 < 0.4
    assert PolicyTable.loads(table.dumps()) == table


def test_too_few_labels_make_no_table() -> None:
    with pytest.raises(BadInput, match="needs 20 labelled instances"):
        fit_planner(log(instances=19))
    unlabelled = log()
    samples = tuple(replace(sample, correct=None) for sample in unlabelled.samples)
    with pytest.raises(BadInput, match="here are 0"):
        fit_planner(replace(unlabelled, samples=samples))


def test_the_command_line_fits_and_shows(tmp_path: Path) -> None:
    log().write(tmp_path / "log.jsonl")
    made = CliRunner().invoke(
        planner, ["fit", str(tmp_path / "log.jsonl"), "--out", str(tmp_path / "t.json"), "--seeds", "1"]
    )
    assert made.exit_code == 0, made.output
    shown = CliRunner().invoke(planner, ["show", str(tmp_path / "t.json")])
    assert shown.exit_code == 0
    assert "pass@1 in" in shown.output


def test_the_command_line_refuses_what_is_no_log(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text("[]\n")
    refused = CliRunner().invoke(planner, ["fit", str(tmp_path / "log.jsonl")])
    assert refused.exit_code == 2
    assert "line 1" in refused.output


def test_the_command_line_replays(data: Path) -> None:
    shown = CliRunner().invoke(bench, ["replay", "--data", str(data), "tau_bench_airline"])
    assert shown.exit_code == 0, shown.output
    assert "AVG@4" in shown.output
