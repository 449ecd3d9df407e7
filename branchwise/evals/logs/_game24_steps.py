"""The steps of the logged chains of thought on Game of 24, with simulated scores of two verifiers for each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

from branchwise.evals.log import Step
from branchwise.evals.logs._files import rows

_STATES = 56
"""States that the logged tree search scored a puzzle (5,633 over 100 puzzles)."""
_SUREST = 60.0
"""GPT-4's value of a state is the sum of three votes of at most 20."""

State = tuple[bool, bool, Sequence[str]]
"""Whether the step was legal, whether 24 could still be reached, and the numbers left."""


def paths(folder: Path) -> dict[str, list[list[State]]]:
    """The states of every chain of thought, by puzzle, in the order of the samples.

    A state whose numbers left could not be read is an illegal step without numbers.
    """
    return {
        str(row["idx"]): [
            [(bool(ok and left), bool(alive and left), left or ()) for ok, alive, left in path]
            for path in row["paths"]
        ]
        for row in rows(folder / "cot_step_paths.jsonl.gz")
    }


def unreadable(chains: Mapping[str, Sequence[Sequence[State]]]) -> int:
    """Number of states whose numbers left could not be read."""
    return sum(not left for paths in chains.values() for path in paths for _, _, left in path)


class Values:
    """Simulated values of states, drawn from those that GPT-4 gave to states of the same depth and truth.

    The log of chains of thought holds no values. The table of the logged tree search says how GPT-4 valued
    reachable and dead states at each depth; a state gets one draw from it, the same wherever it turns up.
    """

    def __init__(self, folder: Path) -> None:
        table = json.loads((folder / "gpt4_value_noise.json").read_text(encoding="utf-8"))
        self._table: Mapping[str, Mapping[str, int]] = table

    def __call__(self, puzzle: str, depth: int, state: State) -> float:
        """A unit reward; 0 for an illegal step, which a program sees."""
        legal, alive, left = state
        if not legal:
            return 0.0
        seen = self._table[f"step{min(depth, 2)}_{'reachable' if alive else 'dead'}"]
        random = Random(f"{puzzle}/{depth}/{'/'.join(sorted(left))}")  # noqa: S311 - repeatable, not secret
        return float(random.choices(list(seen), weights=list(seen.values()))[0]) / _SUREST


def steps(
    puzzle: str, path: Sequence[State], tokens: int, check_tokens: int, values: Values
) -> tuple[Step, ...]:
    """One sample's steps; its tokens are shared evenly among them."""
    if not path:
        return ()
    edges = [round(tokens * i / len(path)) for i in range(len(path) + 1)]
    return tuple(
        Step(
            text=f"{' '.join(left) or 'unreadable'}{'' if legal else ' by an illegal step'}",
            scores={
                "value": values(puzzle, depth, (legal, alive, left)),
                "reachable": float(legal and alive),
            },
            tokens=edges[depth + 1] - edges[depth],
            check_tokens={"value": check_tokens},
        )
        for depth, (legal, alive, left) in enumerate(path)
    )


def check_tokens(all_tokens: float) -> int:
    """Tokens of valuing one state: at most a puzzle's tree search divided by the states that it scored."""
    return round(all_tokens / _STATES)
