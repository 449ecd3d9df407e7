"""How many actors a queue needs."""

from __future__ import annotations

from dataclasses import dataclass

from branchwise.store.errors import BadInput


@dataclass(frozen=True, kw_only=True, slots=True)
class CrewSize:
    """Bounds on the number of actors, and how many runs each works on at once."""

    least: int
    most: int
    concurrency: int

    def __post_init__(self) -> None:
        if not 0 <= self.least <= self.most or self.most < 1 or self.concurrency < 1:
            raise BadInput(
                f"Actors: from 0 or more to at least 1, not {self.least} to {self.most}, each with one run or more."
            )

    def wanted(self, open_runs: int) -> int:
        """Actors for that many runs that wait or are worked on."""
        return min(self.most, max(self.least, -(-open_runs // self.concurrency)))


def size_of(actors: int | None, least: int | None, most: int | None, concurrency: int) -> CrewSize:
    """Read the options of the command line.

    Raises:
        BadInput: They contradict each other.
    """
    if actors is not None and (least is not None or most is not None):
        raise BadInput("Say either --actors, or --min and --max.")
    if actors is None and most is None:
        raise BadInput("Say how many actors: --actors N, or --min A --max B.")
    if actors is not None:
        return CrewSize(least=actors, most=actors, concurrency=concurrency)
    return CrewSize(least=least or 0, most=most or 0, concurrency=concurrency)
