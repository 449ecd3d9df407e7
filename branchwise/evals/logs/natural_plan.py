"""Nine models on NATURAL PLAN by three methods, with up to five repair passes under an exact checker."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

from branchwise.evals.log import Header, Log, RecordedSample
from branchwise.evals.logs._files import rows, sha256
from branchwise.store.records import VerifiedBy

_SIZES = ("num_people", "num_days", "num_cities", "duration")


def natural_plan(folder: Path) -> Log:
    """Read the log: an arm is task, model and method, with "repair/" before it for runs with repairs.

    Our constraint checkers judge, so acceptance is the outcome and may be seen.
    """
    runs, problems = folder / "runs.jsonl.gz", folder / "instances_300.jsonl.gz"
    header = Header(
        task="natural_plan",
        model="nine models",
        source="rikhil-amonkar/calendar-planning 2da0e0a34bbe; google-deepmind/natural-plan ca76db336072",
        licence="MIT; data CC-BY-4.0",
        tokens="characters/4",
        verifier="constraints",
        verified_by=VerifiedBy.PROGRAM,
        sha256=sha256(runs, problems),
        notes="Hidden reasoning tokens of DeepSeek-R1 and o3-mini are not in the log: no token curves for them.",
        features={row["id"]: _features(row) for row in rows(problems)},
    )
    chains: dict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows(runs):
        single = row["run"] == "single"
        arm = f"{'' if single else 'repair/'}{row['task']}/{row['model']}/{row['method']}"
        chains[row["id"], arm, row["run"]].append(row)
    counts: dict[tuple[str, str], int] = defaultdict(int)
    samples: list[RecordedSample] = []
    for (instance, arm, _), chain in chains.items():
        begin = counts[instance, arm]
        counts[instance, arm] += len(chain)
        samples += _chain(instance, arm, begin, sorted(chain, key=lambda row: row["pass"]))
    return Log(header=header, samples=tuple(samples))


def _chain(instance: str, arm: str, begin: int, chain: list[dict[str, Any]]) -> list[RecordedSample]:
    return [
        RecordedSample(
            instance=instance,
            index=begin + place,
            arm=arm,
            correct=bool(row["correct"]),
            text=f"{row['run']}, pass {row['pass']}",
            answer=str(row["pred"]) if row["pred"] else None,
            accepted=bool(row["correct"]),
            scores={"constraints": float(row["correct"])},
            tokens=-(-(row["completion_chars"] or 0) // 4),
            prompt_tokens=-(-(row["prompt_chars"] or 0) // 4),
            after=begin + place - 1 if place else None,
        )
        for place, row in enumerate(chain)
    ]


def _features(row: dict[str, Any]) -> dict[str, str | float | bool]:
    sizes = {name: float(row[name]) for name in _SIZES if row.get(name) not in {None, ""}}
    return {"task": row["task"], **sizes}
