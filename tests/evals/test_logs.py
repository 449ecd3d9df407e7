"""The adapters on the real logs: known counts, known rates, and nothing hidden that may be seen."""

import gzip
import json
from pathlib import Path
from statistics import fmean

import pytest

from branchwise.evals import logs
from branchwise.evals.log import Log
from branchwise.store.errors import BadInput, UnknownName
from branchwise.store.records import VerifiedBy

KNOWN = {
    "game24_tot": (60, 12_000),
    "humaneval_codegen16b": (109, 10_900),
    "intercode_sql": (689, 2_756),
    "math_qwen25_rm": (67, 536),
    "natural_plan": (201, 14_665),
    "planbench_blocksworld": (474, 10_300),
    "tau_bench_airline": (50, 200),
}


def test_every_adapter_has_a_known_answer() -> None:
    assert set(logs.names()) == set(KNOWN)


@pytest.mark.parametrize("name", logs.names())
def test_counts(name: str, data: Path) -> None:
    log = logs.load(name, data)
    assert (len(log.instances), len(log.samples)) == KNOWN[name]
    assert len(log.header.sha256) == 64
    assert log.header.verifier is None or any(log.header.verifier in s.scores for s in log.samples)


@pytest.mark.parametrize("name", ["math_qwen25_rm", "game24_tot"])
def test_a_log_survives_the_open_format(name: str, data: Path, tmp_path: Path) -> None:
    log = logs.load(name, data)
    log.write(tmp_path / "log.jsonl")
    assert Log.read(tmp_path / "log.jsonl") == log


@pytest.mark.parametrize("name", logs.names())
def test_only_a_sound_check_may_show_the_outcome(name: str, data: Path) -> None:
    log = logs.load(name, data)
    if log.header.verified_by is VerifiedBy.PROGRAM:
        assert all(sample.accepted == sample.correct for sample in log.samples)
    else:
        assert not any(sample.accepted for sample in log.samples)


def test_pass_at_1_of_humaneval(data: Path) -> None:
    log = logs.load("humaneval_codegen16b", data)
    assert fmean(bool(sample.correct) for sample in log.samples) == pytest.approx(0.2414, abs=1e-4)


def test_a_repair_follows_its_first_pass(data: Path) -> None:
    log = logs.load("natural_plan", data)
    for arm in log.arms:
        for pool in log.pools(arm).values():
            known = {sample.index for sample in pool}
            assert all(s.after is None or s.after in known for s in pool)
            assert arm.startswith("repair/") or all(s.after is None for s in pool)


def test_unknown_logs_and_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="Did you mean `game24_tot`"):
        logs.load("game24", tmp_path)
    with pytest.raises(BadInput, match="BRANCHWISE_DATA"):
        logs.load("game24_tot", tmp_path)


def test_a_state_that_cannot_be_read_is_an_illegal_step_and_is_counted(tmp_path: Path) -> None:
    """A line of the model's that could not be parsed is logged as `[0, 0, null]`."""
    folder = tmp_path / "game24_tot"
    folder.mkdir()
    states = [[1, 1, ["4", "6", "5"]], [0, 0, None]]
    lines = json.dumps({"idx": "900", "paths": [states, []]})
    (folder / "cot_step_paths.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    noise = {f"step{i}_{word}": {"3.0": 1} for i in range(3) for word in ("dead", "reachable")}
    (folder / "gpt4_value_noise.json").write_text(json.dumps(noise))
    tokens = {f"{arm}_{kind}": 10 for arm in ("io", "cot", "tot") for kind in ("tokens", "ptokens")}
    puzzle = {"900": {**tokens, "io": [0, 1], "cot": [0, 0]}}
    (folder / "replay_compact.json.gz").write_bytes(gzip.compress(json.dumps(puzzle).encode()))
    log = logs.load("game24_tot", tmp_path)
    [read, empty] = [sample for sample in log.samples if sample.arm == "cot"]
    assert [step.text for step in read.steps] == ["4 6 5", "unreadable by an illegal step"]
    assert read.steps[1].scores == {"value": 0.0, "reachable": 0.0}
    assert empty.steps == ()
    assert "1 states could not be read" in log.header.notes
