"""Find a time for a meeting: the embedded model proposes, a program checks. No key, no network."""

from __future__ import annotations

from pathlib import Path

import branchwise

PROBLEM = (Path(__file__).parent / "calendar/two_people.txt").read_text(encoding="utf-8")


def main() -> None:
    """Solve the problem and print what came of it."""
    result = branchwise.solve_sync(PROBLEM, task="calendar", budget=20_000)
    print(f"solved: {result.solved}")
    print(f"answer: {result.answer}")
    print(f"verified by: {result.verified_by}")
    print(f"tokens: {result.usage.tokens}")
    print(f"run: {result.run_id}")


if __name__ == "__main__":
    main()
