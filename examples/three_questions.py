"""Ask three questions of a store in plain SQL: python examples/three_questions.py [STORE].

Where did the tokens go? What do rejected plans fail at most? How many problems would half the budget have solved?
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from branchwise.store.database.database import Database

QUESTIONS = {
    "Where did the tokens go?": """
        SELECT r.task, s.strategy, COUNT(DISTINCT s.run_id) AS runs, SUM(s.done) AS calls, SUM(s.tokens) AS tokens,
               SUM(s.ambiguous) AS perhaps_billed
        FROM strategy_costs s JOIN runs r ON r.id = s.run_id
        GROUP BY r.task, s.strategy ORDER BY SUM(s.tokens) DESC
    """,
    "What do rejected plans fail at most?": """
        SELECT r.task, COALESCE(n.failed, n.feedback) AS reason, COUNT(*) AS plans
        FROM nodes n JOIN runs r ON r.id = n.run_id
        WHERE n.parent IS NOT NULL AND NOT n.accepted AND COALESCE(n.failed, n.feedback) <> ''
        GROUP BY r.task, COALESCE(n.failed, n.feedback) ORDER BY COUNT(*) DESC, reason LIMIT 10
    """,
    # A run solves its problem at its first accepted plan; what came before is what that took. The budget is the
    # most that any run of the task has spent on samples.
    "How many problems would half the budget have solved?": """
        WITH spent AS (
            SELECT n.run_id, r.task, SUM(n.tokens) AS tokens
            FROM nodes n JOIN runs r ON r.id = n.run_id GROUP BY n.run_id, r.task
        ), budget AS (
            SELECT task, MAX(tokens) AS tokens, COUNT(*) AS runs FROM spent GROUP BY task
        ), solved AS (
            SELECT run_id, MIN(ord) AS ord FROM nodes WHERE complete AND accepted GROUP BY run_id
        ), needed AS (
            SELECT s.run_id, SUM(n.tokens) AS tokens
            FROM solved s JOIN nodes n ON n.run_id = s.run_id AND n.ord <= s.ord GROUP BY s.run_id
        )
        SELECT b.task, b.runs, b.tokens AS budget, COUNT(n.run_id) AS solved,
               COALESCE(SUM(CASE WHEN n.tokens * 2 <= b.tokens THEN 1 ELSE 0 END), 0) AS solved_with_half
        FROM budget b JOIN spent s ON s.task = b.task LEFT JOIN needed n ON n.run_id = s.run_id
        GROUP BY b.task, b.runs, b.tokens ORDER BY b.task
    """,
}


def three_questions(store: str | None, out: Console) -> None:
    """Ask the questions and print the answers."""
    database = Database.open(store)
    for question, query in QUESTIONS.items():
        answer = database.read(_ask(query))
        table = Table(title=question, title_justify="left")
        for name in answer[0] if answer else ["no runs yet"]:
            table.add_column(name)
        for row in answer:
            table.add_row(*(str(value)[:60] for value in row.values()))
        out.print(table)
    database.close()


def _ask(query: str) -> Callable[[sa.Connection], Sequence[sa.RowMapping]]:
    return lambda connection: connection.execute(sa.text(query)).mappings().all()


if __name__ == "__main__":
    three_questions(sys.argv[1] if len(sys.argv) > 1 else None, Console())
