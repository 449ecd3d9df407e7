"""GPT-4 on Game of 24: 100 direct (io) and 100 chain-of-thought (cot) answers a puzzle."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from statistics import median
from typing import Any

from branchwise.evals.log import Header, Log, RecordedSample
from branchwise.evals.logs._files import sha256
from branchwise.evals.logs._game24_steps import Values, check_tokens, paths, steps, unreadable
from branchwise.store.records import VerifiedBy


def game24_tot(folder: Path) -> Log:
    """Read the log. The check of a formula is exact, so acceptance is the outcome and may be seen.

    A puzzle's tokens are logged for all samples of an arm together and divided evenly. Where the counter
    was reset within a puzzle (its difference is negative), the arm's median stands in. Chains of thought are
    cut into their steps.
    """
    path = folder / "replay_compact.json.gz"
    chains, values = paths(folder), Values(folder)
    skipped = unreadable(chains)
    header = Header(
        task="game24",
        model="gpt-4 (2023)",
        source="princeton-nlp/tree-of-thought-llm ab400345c5ea",
        licence="MIT",
        tokens="logged",
        verifier="exact",
        verified_by=VerifiedBy.PROGRAM,
        step_verifier="value",
        sha256=sha256(path, folder / "cot_step_paths.jsonl.gz", folder / "gpt4_value_noise.json"),
        notes="The logged tree search is one run a puzzle and is no pool; it is quoted, not replayed. Tree "
        "strategies draw the steps of the chains of thought."
        + (f" {skipped} states could not be read and count as illegal steps." if skipped else ""),
    )
    with gzip.open(path, "rt", encoding="utf-8") as file:
        puzzles = json.load(file)
    usual = {
        key: median(row[key] for row in puzzles.values() if row[key] > 0)
        for key in ("io_tokens", "io_ptokens", "cot_tokens", "cot_ptokens", "tot_tokens")
    }

    def each(row: dict[str, Any], key: str, among: int) -> int:
        tokens: float = row[key] if row[key] > 0 else usual[key]
        return round(tokens / among)

    samples = []
    for puzzle, row in puzzles.items():
        checking = check_tokens(each(row, "tot_tokens", 1))
        for arm in ("io", "cot"):
            tokens = each(row, f"{arm}_tokens", len(row[arm]))
            samples += [
                RecordedSample(
                    instance=puzzle,
                    index=index,
                    arm=arm,
                    correct=bool(right),
                    accepted=bool(right),
                    scores={"exact": float(right)},
                    tokens=tokens,
                    prompt_tokens=each(row, f"{arm}_ptokens", len(row[arm])),
                    steps=steps(puzzle, chains[puzzle][index], tokens, checking, values)
                    if arm == "cot"
                    else (),
                )
                for index, right in enumerate(row[arm])
            ]
    return Log(header=header, samples=tuple(samples))
