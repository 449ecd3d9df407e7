"""CodeGen-16B on HumanEval: 100 programs a problem and asserts written by the same model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from branchwise.evals.log import Header, Log, RecordedSample
from branchwise.evals.logs._files import rows, sha256, short
from branchwise.store.records import VerifiedBy


def humaneval_codegen16b(folder: Path) -> Log:
    """Read the log: the score is the share of asserts passed, the answer which ones those are."""
    path = folder / "replay_graded.jsonl.gz"
    header = Header(
        task="humaneval",
        model="codegen-16b-mono, temperature 0.8",
        source="microsoft/CodeT 35f54d60b152, graded by executing the official tests",
        licence="MIT",
        tokens="characters/4",
        verifier="asserts",
        verified_by=VerifiedBy.MODEL,
        sha256=sha256(path),
        notes="Up to 40 generated asserts a problem; problems without any have no score and no answer.",
    )
    return Log(header=header, samples=tuple(sample for row in rows(path) for sample in _samples(row)))


def _samples(row: dict[str, Any]) -> Iterator[RecordedSample]:
    asserts = len(row["asserts"])
    for index, program in enumerate(row["order"]):
        passed = row["passes"][program]
        yield RecordedSample(
            instance=row["task_id"],
            index=index,
            correct=bool(row["official"][program]),
            text=f"program {program}",
            answer=short(passed) if asserts else None,
            scores={"asserts": passed.count("1") / asserts} if asserts else {},
            tokens=-(-row["uniq_chars"][program] // 4),
        )
