"""A text with requirements that programs check; the scripted model stands in for a real one.

With a model: branchwise solve "Invite a friend to lunch." --require words=10..45 --require contains=Friday
"""

from __future__ import annotations

import branchwise
from branchwise.models.scripted import scripted

DRAFTS = (
    "Lunch?",
    "Dear Ann, will you come to lunch with me on Friday at noon, at the usual place?",
    "Come to lunch with me on Friday at noon, at the usual place by the river.",
)


def is_finished(text: str) -> str | None:
    """A requirement of your own: None if it is met, otherwise what is wrong."""
    return None if text.rstrip().endswith(".") else "The note must end with a full stop."


def main() -> None:
    """Sample until a draft meets all; without one the run is not solved."""
    result = branchwise.solve_sync(
        "Invite a friend to lunch on Friday.",
        require=["words=10..45", "contains=Friday", "forbids=dear", "requirements:is_finished"],
        strategy="best_of_n",
        knobs={"n": 6},
        model=scripted(DRAFTS),
        budget=6_000,
    )
    print(f"text: {result.text}")
    print(f"solved: {result.solved}, verified by: {result.verified_by}")


if __name__ == "__main__":
    main()
