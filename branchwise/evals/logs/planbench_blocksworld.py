"""A dozen models on Blocksworld, judged by an exact simulator, some with repair turns."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from branchwise.evals.log import Header, Log, RecordedSample
from branchwise.evals.logs._files import rows, sha256
from branchwise.store.records import VerifiedBy


def planbench_blocksworld(folder: Path) -> Log:
    """Read the log: arm "mixed" is one plan of each model and prompt; arm "repair/<model>" chains revisions.

    The simulator is exact, so acceptance is the outcome and may be seen; the score is the share of the goal
    reached, at most 0.9 for a plan that breaks a rule on its way.
    """
    path = folder / "plans.jsonl.gz"
    header = Header(
        task="blocksworld",
        model="about 12 models, one plan each",
        source="karthikv792/LLMs-Planning b008bc432711",
        licence="MIT",
        tokens="characters/4",
        verifier="simulator",
        verified_by=VerifiedBy.PROGRAM,
        sha256=sha256(path),
        notes="Arm `mixed` draws from a mixture of models, not from one; repair turns carry logged tokens.",
    )
    counts: dict[tuple[str, str], int] = defaultdict(int)
    samples = []
    for row in sorted(rows(path), key=lambda row: row.get("turn", 0)):
        turn = row.get("turn")
        instance = f"{row['domain']}/{row['id']}"
        arm = "mixed" if turn is None else f"repair/{row['model'].removesuffix('_chat')}"
        index = counts[instance, arm]
        counts[instance, arm] += 1
        samples.append(
            RecordedSample(
                instance=instance,
                index=index,
                arm=arm,
                correct=bool(row["correct"]),
                text=";".join(row["plan"]) or f"nothing readable, {index}",
                answer=";".join(row["plan"]) or None,
                accepted=bool(row["correct"]),
                scores={"simulator": 1.0 if row["correct"] else min(0.9, row["goal_frac"])},
                tokens=row["completion_tokens"] if turn is not None else -(-row["chars"] // 4),
                prompt_tokens=row["prompt_tokens"] if turn is not None else 0,
                after=index - 1 if turn is not None and index > 0 else None,
            )
        )
    return Log(header=header, samples=tuple(samples))
