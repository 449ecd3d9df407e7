"""A task of your own: pay an amount with four coins. A program constrains and checks the answers.

branchwise solve "0.63" --task own_task:coins --model uniform
"""

from __future__ import annotations

import branchwise
from branchwise.models.protocol import OutputFormat
from branchwise.store.errors import BadInput
from branchwise.store.records import Constraints, Verdict, VerifiedBy
from branchwise.tasks.task import Task

COIN = "(50|20|10|5|2|1)"


def cents(problem: str) -> int:
    """The amount in cents; refuses what is none before anything is spent."""
    whole, point, part = problem.strip().partition(".")
    if not (point and whole.isdecimal() and part.isdecimal() and len(part) == 2):
        raise BadInput("The problem must be an amount such as 0.63.")
    return 100 * int(whole) + int(part)


def validate(problem: str) -> None:
    """Refuse what is no amount."""
    cents(problem)


def check(constraints: Constraints, text: str, complete: bool) -> Verdict:
    """Add up the coins."""
    paid = sum(int(coin) for coin in text.split())
    right = paid == constraints.data["cents"]
    return Verdict(
        score=100 if right else -100,
        accepted=right,
        feedback=f"These coins are {paid} cents.",
        verified_by=VerifiedBy.PROGRAM,
        verifier="coins",
    )


coins = Task(
    name="coins",
    about="Pay an amount with four coins.",
    instructions="Pay {problem} with four coins of 50, 20, 10, 5, 2 and 1 cents. Write the coins.",
    validate=validate,
    read_constraints=lambda problem: Constraints(data={"cents": cents(problem)}, source="program"),
    output_format=lambda constraints, text, grain: OutputFormat(regex=f"{COIN}( {COIN}){{3}}"),
    is_complete=lambda text: len(text.split()) == 4,
    check=check,
)

if __name__ == "__main__":
    found = branchwise.solve_sync(
        "0.63", task="own_task:coins", strategy="best_of_n", knobs={"n": 500}, model="uniform"
    )
    print(f"coins: {sorted(map(int, found.text.split()), reverse=True)}")
    print(f"solved: {found.solved}, verified by: {found.verified_by}")
