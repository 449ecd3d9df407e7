"""GPT-3.5 on InterCode-SQL by four methods, one run a task each."""

from __future__ import annotations

from pathlib import Path

from branchwise.evals.log import Header, Log, RecordedSample
from branchwise.evals.logs._files import rows, sha256

_METHODS = {
    "1_turns": "one_turn",
    "10_turns": "try_again",
    "react_10_turns": "react",
    "plan_solve": "plan_solve",
}


def intercode_sql(folder: Path) -> Log:
    """Read the log: a method is an arm of one sample. The environment's reward is an outcome, no score."""
    runs, tasks = folder / "runs.jsonl.gz", folder / "tasks.jsonl.gz"
    features = {
        str(row["task_id"]): {"hardness": row["hardness"], "length": float(len(row["query"]))}
        for row in rows(tasks)
    }
    header = Header(
        task="intercode_sql",
        model="gpt-3.5",
        source="princeton-nlp/intercode c3e46d827cfc",
        licence="MIT",
        tokens="characters/4",
        sha256=sha256(runs, tasks),
        notes="Tokens count the actions only; correct is a largest reward of 1.",
        features=features,
    )
    samples = tuple(
        RecordedSample(
            instance=str(row["task_id"]),
            index=0,
            arm=_METHODS[row["strategy"]],
            correct=row["max_reward"] == 1,
            tokens=-(-sum(row["action_chars"]) // 4),
        )
        for row in rows(runs)
        if row["model"] == "gpt-3.5" and row["strategy"] in _METHODS
    )
    return Log(header=header, samples=samples)
