"""Qwen2.5-Math on MATH: 8 solutions a problem with the logit of an outcome reward model."""

from __future__ import annotations

from math import exp
from pathlib import Path

from branchwise.evals.log import Header, Log, RecordedSample
from branchwise.evals.logs._files import rows, sha256, short
from branchwise.store.records import VerifiedBy


def math_qwen25_rm(folder: Path) -> Log:
    """Read the log: the score is the reward model's logit, squashed into [0, 1]."""
    path = folder / "math_cot_100.jsonl.gz"
    header = Header(
        task="math",
        model="qwen2.5-math (size not named in the file)",
        source="QwenLM/Qwen2.5-Math a45202bd16f1, evaluation/data/eval_rm_maj_example",
        licence="MIT",
        tokens="characters/4",
        verifier="reward_model",
        verified_by=VerifiedBy.MODEL,
        sha256=sha256(path),
    )
    samples = tuple(
        RecordedSample(
            instance=str(row["idx"]),
            index=index,
            correct=bool(correct),
            text=short(text),
            answer=str(answer) or None,
            scores={"reward_model": 1 / (1 + exp(-logit))},
            tokens=-(-len(text) // 4),
        )
        for row in rows(path)
        for index, (correct, text, answer, (logit,)) in enumerate(
            zip(row["score"], row["code"], row["pred"], row["pred_score"], strict=True)
        )
    )
    return Log(header=header, samples=samples)
