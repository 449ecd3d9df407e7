"""GPT-4o on the airline tasks of tau-bench: four trials a task."""

from __future__ import annotations

from pathlib import Path

from branchwise.evals.log import Header, Log, RecordedSample
from branchwise.evals.logs._files import rows, sha256


def tau_bench_airline(folder: Path) -> Log:
    """Read the log: outcomes and lengths only, so nothing can choose among trials."""
    path = folder / "gpt4o_airline_trials.jsonl.gz"
    header = Header(
        task="tau_bench_airline",
        model="gpt-4o",
        source="sierra-research/tau-bench 59a200c6d575",
        licence="MIT",
        tokens="characters/4",
        sha256=sha256(path),
    )
    samples = tuple(
        RecordedSample(
            instance=str(row["task_id"]),
            index=row["trial"],
            correct=row["reward"] == 1,
            tokens=-(-row["assistant_chars"] // 4),
        )
        for row in rows(path)
    )
    return Log(header=header, samples=samples)
